using ICSharpCode.SharpZipLib.GZip;

namespace TrainTools.Core.Data.Sources;

/// <summary>
/// The content of a gzip file. The library throws away what it has inflated into the caller's buffer when the file ends early or
/// is damaged; here that is given first, and the error comes with the next read.
/// </summary>
internal sealed class GZipContent : GZipInputStream
{
    /// <summary>Bytes a read, so that a wrong check sum, after which the count is gone, costs no more than these.</summary>
    private const int Chunk = 4096;

    private Exception? _fault;

    public GZipContent(Stream file)
        : base(file, 1 << 16) => IsStreamOwner = false;

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count)
    {
        if (_fault is not null)
        {
            throw new InvalidDataException(_fault.Message, _fault);
        }

        var before = inf.TotalOut;
        try
        {
            return base.Read(buffer, offset, Math.Min(count, Chunk));
        }
        catch (Exception e) when (StreamBuffer.IsDamage(e) && inf.TotalOut > before)
        {
            _fault = e;
            return (int)(inf.TotalOut - before);
        }
    }
}
