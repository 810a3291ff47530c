using System.Globalization;
using System.Text.Unicode;

namespace TrainTools.Core.Data.Sources;

/// <summary>One line of a file, without its line end.</summary>
/// <param name="Number">1-based.</param>
/// <param name="Bytes">Valid until the next line is asked for.</param>
/// <param name="Problem">What is wrong with the line as text; null if nothing is.</param>
internal readonly record struct TextLine(long Number, ReadOnlyMemory<byte> Bytes, string? Problem);

/// <summary>Cuts a stream into lines (LF or CRLF) and checks that each is UTF-8 without NUL bytes.</summary>
internal sealed class LineReader(StreamBuffer buffer, int maxLineBytes)
{
    private int _pending;
    private long _number;

    /// <summary>Lines read so far.</summary>
    public long Number => _number;

    /// <summary>Reads the next line; false at the end. A cut-off last line of a damaged stream is left out.</summary>
    public bool TryRead(out TextLine line)
    {
        buffer.Consume(_pending);
        _pending = 0;
        var scanned = 0;
        while (true)
        {
            var found = buffer.Span[scanned..].IndexOf((byte)'\n');
            if (found >= 0)
            {
                line = Make(scanned + found, 1);
                return true;
            }

            scanned = buffer.Span.Length;
            if (scanned > maxLineBytes)
            {
                line = SkipRest();
                return true;
            }

            if (!buffer.Fill())
            {
                line = default;
                if (scanned == 0 || buffer.Fault is not null)
                {
                    return false;
                }

                line = Make(scanned, 0);
                return true;
            }
        }
    }

    private TextLine Make(int length, int lineEnd)
    {
        _pending = length + lineEnd;
        _number++;
        var bytes = buffer.Memory[..length];
        if (length > 0 && bytes.Span[length - 1] == '\r')
        {
            bytes = bytes[..^1];
        }

        return new TextLine(_number, bytes, Check(bytes.Span));
    }

    private TextLine SkipRest()
    {
        _number++;
        long skipped = 0;
        while (true)
        {
            var found = buffer.Span.IndexOf((byte)'\n');
            if (found >= 0)
            {
                skipped += found;
                buffer.Consume(found + 1);
                break;
            }

            skipped += buffer.Span.Length;
            buffer.Consume(buffer.Span.Length);
            if (!buffer.Fill())
            {
                break;
            }
        }

        return new TextLine(_number, default, string.Create(
            CultureInfo.InvariantCulture, $"the line has {skipped:N0} bytes, more than the limit of {maxLineBytes:N0}"));
    }

    /// <summary>What makes bytes unusable as text; null if nothing does.</summary>
    public static string? Check(ReadOnlySpan<byte> bytes)
    {
        if (!Utf8.IsValid(bytes))
        {
            return string.Create(CultureInfo.InvariantCulture, $"not valid UTF-8 at byte {InvalidAt(bytes) + 1}");
        }

        var nul = bytes.IndexOf((byte)0);
        return nul < 0 ? null : string.Create(CultureInfo.InvariantCulture, $"a NUL byte at byte {nul + 1}");
    }

    private static int InvalidAt(ReadOnlySpan<byte> bytes)
    {
        var at = 0;
        while (System.Text.Rune.DecodeFromUtf8(bytes[at..], out _, out var consumed) == System.Buffers.OperationStatus.Done)
        {
            at += consumed;
        }

        return at;
    }
}
