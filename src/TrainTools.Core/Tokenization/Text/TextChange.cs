namespace TrainTools.Core.Tokenization.Text;

/// <summary>
/// Writes the new content of a <see cref="NormalizedText"/> from left to right, reading the old one as it goes.
/// Each new character is a replacement (it takes the alignment of the next old character, and uses it up) or an
/// insertion (it takes the alignment of the last old character used up).
/// </summary>
internal sealed class TextChange
{
    private readonly NormalizedText _text;
    private char[] _buffer;
    private int[] _starts;
    private int[] _ends;
    private int _count;
    private int _position;

    public TextChange(NormalizedText text, int capacity)
    {
        _text = text;
        capacity = Math.Max(capacity, 4);
        _buffer = new char[capacity];
        _starts = new int[capacity];
        _ends = new int[capacity];
    }

    /// <summary>Units of the old text used up so far.</summary>
    public int Position => _position;

    /// <summary>Whether the old text has been used up.</summary>
    public bool AtEnd => _position >= _text.Length;

    /// <summary>Units (1 or 2) of the next old character; 0 at the end.</summary>
    public int NextWidth => Width(_position);

    /// <summary>Leaves out the next <paramref name="units"/> of the old text.</summary>
    public void Skip(int units) => _position += units;

    /// <summary>Leaves out the next <paramref name="characters"/> code points of the old text.</summary>
    public void SkipCharacters(int characters)
    {
        for (var i = 0; i < characters && !AtEnd; i++)
        {
            _position += NextWidth;
        }
    }

    /// <summary>Keeps the next <paramref name="units"/> of the old text as they are.</summary>
    public void Keep(int units)
    {
        Reserve(units);
        _text.Span.Slice(_position, units).CopyTo(_buffer.AsSpan(_count));
        for (var i = 0; i < units; i++, _position++, _count++)
        {
            _starts[_count] = _text.AlignedStart(_position);
            _ends[_count] = _text.AlignedEnd(_position);
        }
    }

    /// <summary>Keeps everything that is left.</summary>
    public void KeepRest() => Keep(_text.Length - _position);

    /// <summary>Writes a character as <paramref name="step"/> says: 1 inserts it, 0 puts it in place of the next old one, -n leaves out n more after that.</summary>
    public void Write(int codePoint, int step)
    {
        if (step > 0)
        {
            Insert(codePoint);
            return;
        }

        Substitute(codePoint);
        SkipCharacters(-step);
    }

    /// <summary>Writes a character in place of the next old one.</summary>
    public void Substitute(int codePoint)
    {
        var at = Math.Min(_position, _text.Length - 1);
        AppendCodePoint(codePoint, _text.AlignedStart(at), _text.AlignedEnd(at));
        _position += NextWidth;
    }

    /// <summary>Writes a character that stands beside what was used up last.</summary>
    public void Insert(int codePoint)
    {
        if (_position == 0)
        {
            AppendCodePoint(codePoint, _text.OriginalStart, _text.OriginalStart);
            return;
        }

        AppendCodePoint(codePoint, _text.AlignedStart(_position - 1), _text.AlignedEnd(_position - 1));
    }

    /// <summary>Writes a text that stands beside what was used up last.</summary>
    public void Insert(string content)
    {
        for (var i = 0; i < content.Length;)
        {
            var codePoint = char.ConvertToUtf32(content, i);
            Insert(codePoint);
            i += codePoint > 0xFFFF ? 2 : 1;
        }
    }

    /// <summary>Writes units that all take the given alignment.</summary>
    public void AppendAligned(ReadOnlySpan<char> content, int start, int end)
    {
        Reserve(content.Length);
        content.CopyTo(_buffer.AsSpan(_count));
        _starts.AsSpan(_count, content.Length).Fill(start);
        _ends.AsSpan(_count, content.Length).Fill(end);
        _count += content.Length;
    }

    /// <summary>Makes what was written the text's content.</summary>
    public void Apply() => _text.Replace(new string(_buffer, 0, _count), _starts, _ends);

    private int Width(int at)
    {
        var span = _text.Span;
        if (at >= span.Length)
        {
            return 0;
        }

        return char.IsHighSurrogate(span[at]) && at + 1 < span.Length ? 2 : 1;
    }

    private void AppendCodePoint(int codePoint, int start, int end)
    {
        Span<char> units = stackalloc char[2];
        var written = new System.Text.Rune(codePoint).EncodeToUtf16(units);
        AppendAligned(units[..written], start, end);
    }

    private void Reserve(int more)
    {
        var needed = _count + more;
        if (needed <= _buffer.Length)
        {
            return;
        }

        var size = Math.Max(needed, _buffer.Length * 2);
        Array.Resize(ref _buffer, size);
        Array.Resize(ref _starts, size);
        Array.Resize(ref _ends, size);
    }
}
