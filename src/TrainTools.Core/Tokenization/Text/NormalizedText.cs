namespace TrainTools.Core.Tokenization.Text;

/// <summary>
/// A stretch of text on its way through the tokenizer, with, for each UTF-16 unit, the range of the original text it
/// came from. Slices share their parent's buffers; a change makes buffers of its own.
/// </summary>
/// <remarks>
/// The alignments follow those of the Hugging Face tokenizers library (tokenizer/normalizer.rs), which keeps them
/// per UTF-8 byte: both give every unit of a code point the same range, so offsets come out equal.
/// </remarks>
internal sealed class NormalizedText
{
    private string _buffer;
    private int[]? _starts;
    private int[]? _ends;
    private int _offset;
    private int _length;

    /// <summary>The whole of an original text, which must hold no unpaired surrogates.</summary>
    public NormalizedText(string original)
        : this(original, null, null, 0, original.Length, 0, original.Length)
    {
    }

    private NormalizedText(string buffer, int[]? starts, int[]? ends, int offset, int length, int originalStart, int originalEnd)
    {
        _buffer = buffer;
        _starts = starts;
        _ends = ends;
        _offset = offset;
        _length = length;
        OriginalStart = originalStart;
        OriginalEnd = originalEnd;
    }

    /// <summary>First UTF-16 unit of the original this stretch covers.</summary>
    public int OriginalStart { get; }

    /// <summary>One past the last UTF-16 unit of the original this stretch covers.</summary>
    public int OriginalEnd { get; }

    /// <summary>UTF-16 units of the text as it now is.</summary>
    public int Length => _length;

    /// <summary>The text as it now is.</summary>
    public ReadOnlySpan<char> Span => _buffer.AsSpan(_offset, _length);

    /// <summary>The text as it now is, as a string.</summary>
    public string Value => _offset == 0 && _length == _buffer.Length ? _buffer : _buffer.Substring(_offset, _length);

    /// <summary>Start, in the original, of what unit <paramref name="index"/> came from.</summary>
    public int AlignedStart(int index)
    {
        var at = _offset + index;
        if (_starts is not null)
        {
            return _starts[at];
        }

        // No change so far: the buffer is the original.
        return char.IsLowSurrogate(_buffer[at]) ? at - 1 : at;
    }

    /// <summary>End, in the original, of what unit <paramref name="index"/> came from.</summary>
    public int AlignedEnd(int index)
    {
        var at = _offset + index;
        if (_ends is not null)
        {
            return _ends[at];
        }

        return char.IsHighSurrogate(_buffer[at]) ? at + 2 : at + 1;
    }

    /// <summary>
    /// The part from <paramref name="start"/> to <paramref name="end"/>, in units of the text as it now is. Even of the whole,
    /// a slice covers only what its characters came from, not what was stripped off the ends.
    /// </summary>
    public NormalizedText Slice(int start, int end)
    {
        var (originalStart, originalEnd) = start < end ? (AlignedStart(start), AlignedEnd(end - 1)) : (OriginalStart + start, OriginalStart + start);
        return new NormalizedText(_buffer, _starts, _ends, _offset + start, end - start, originalStart, originalEnd);
    }

    /// <summary>Puts text in front; it is aligned with the first character that is there. Nothing happens to an empty text.</summary>
    public void Prepend(string text)
    {
        if (_length == 0 || text.Length == 0)
        {
            return;
        }

        var change = new TextChange(this, _length + text.Length);
        var first = change.NextWidth;
        change.AppendAligned(text, AlignedStart(0), AlignedEnd(0));
        for (var i = 0; i < first; i++)
        {
            // The library re-inserts the first character with its own alignment.
            change.AppendAligned(_buffer.AsSpan(_offset + i, 1), AlignedStart(0), AlignedEnd(0));
        }

        change.Skip(first);
        change.KeepRest();
        change.Apply();
    }

    /// <summary>Replaces the buffers; called by <see cref="TextChange"/>.</summary>
    internal void Replace(string buffer, int[] starts, int[] ends)
    {
        _buffer = buffer;
        _starts = starts;
        _ends = ends;
        _offset = 0;
        _length = buffer.Length;
    }
}
