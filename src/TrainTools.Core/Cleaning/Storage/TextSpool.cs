using System.Text;

namespace TrainTools.Core.Cleaning.Storage;

/// <summary>
/// Texts by number, in memory up to a budget and in a temporary file beyond it. Twelve bytes a text stay in memory. Texts
/// are added in order from one thread; reading is safe from several once adding is done.
/// </summary>
internal sealed class TextSpool(long memoryBytes) : IDisposable
{
    private readonly BlockStore _bytes = new(memoryBytes);
    private readonly List<long> _offsets = [];
    private readonly List<int> _lengths = [];

    /// <summary>Texts added.</summary>
    public int Count => _offsets.Count;

    /// <summary>Bytes in the temporary file.</summary>
    public long SpilledBytes => _bytes.SpilledBytes;

    /// <summary>Adds the next text.</summary>
    public void Add(ReadOnlySpan<char> text)
    {
        var length = Encoding.UTF8.GetByteCount(text);
        var bytes = length <= 4096 ? stackalloc byte[length] : new byte[length];
        Encoding.UTF8.GetBytes(text, bytes);
        Add(bytes);
    }

    /// <summary>Adds the next text, in UTF-8.</summary>
    public void Add(ReadOnlySpan<byte> text)
    {
        _offsets.Add(_bytes.Append(text));
        _lengths.Add(text.Length);
    }

    /// <summary>The text with a number.</summary>
    public string this[int index]
    {
        get
        {
            var length = _lengths[index];
            var bytes = length <= 4096 ? stackalloc byte[length] : new byte[length];
            _bytes.Read(_offsets[index], bytes);
            return Encoding.UTF8.GetString(bytes);
        }
    }

    public void Dispose() => _bytes.Dispose();
}
