using System.IO.Hashing;
using System.Runtime.InteropServices;

using TrainTools.Core.Cleaning.Duplicates;
using TrainTools.Core.Cleaning.Records;
using TrainTools.Core.Cleaning.Text;

namespace TrainTools.Core.Cleaning.Pipeline;

/// <summary>
/// The normalised input and output of the record at hand, one behind the other in memory that each thread uses again:
/// most of what a record's texts are looked at for needs no string of its own.
/// </summary>
internal sealed class NormalizedTexts
{
    /// <summary>Room in front of the texts for what else makes records differ.</summary>
    private const int HeaderLength = 6;

    [ThreadStatic]
    private static NormalizedTexts? s_current;

    private char[] _chars = new char[4096];
    private int _inputLength;
    private int _outputLength;

    /// <summary>Normalises the texts of a record. What comes back is valid until the thread's next call.</summary>
    public static NormalizedTexts Of(RecordView view, TextNormalization normalization)
    {
        var texts = s_current ??= new NormalizedTexts();
        texts.Set(view.Input, view.Output, normalization);
        return texts;
    }

    /// <summary>The normalised input.</summary>
    public ReadOnlySpan<char> Input => _chars.AsSpan(HeaderLength, _inputLength);

    /// <summary>The normalised output; empty where there is none.</summary>
    public ReadOnlySpan<char> Output => HasOutput ? _chars.AsSpan(HeaderLength + _inputLength + 1, _outputLength) : [];

    /// <summary>Whether there is an output.</summary>
    public bool HasOutput => _outputLength >= 0;

    /// <summary>Input, separator and output; the input alone where there is no output.</summary>
    public ReadOnlySpan<char> Whole => _chars.AsSpan(HeaderLength, Length);

    private int Length => HasOutput ? _inputLength + 1 + _outputLength : _inputLength;

    /// <summary>A hash of the texts, of what the record's label or tags are, and of what kind of record it is.</summary>
    public UInt128 Hash(int kind, string? outcome)
    {
        var end = HeaderLength + Length;
        Reserve(end + (outcome?.Length ?? 0));
        outcome?.CopyTo(_chars.AsSpan(end));
        _chars[0] = (char)kind;
        _chars[1] = HasOutput ? '\u0001' : '\0';
        MemoryMarshal.Write(MemoryMarshal.AsBytes(_chars.AsSpan(2, 2)), in _inputLength);
        MemoryMarshal.Write(MemoryMarshal.AsBytes(_chars.AsSpan(4, 2)), in _outputLength);
        return XxHash128.HashToUInt128(MemoryMarshal.AsBytes(_chars.AsSpan(0, end + (outcome?.Length ?? 0))));
    }

    private void Set(string input, string? output, TextNormalization normalization)
    {
        _outputLength = -1;
        _inputLength = Add(input, HeaderLength, normalization);
        if (output is not null)
        {
            _chars[HeaderLength + _inputLength] = NearDuplicateSignature.Separator;
            _outputLength = Add(output, HeaderLength + _inputLength + 1, normalization);
        }
    }

    private int Add(string text, int start, TextNormalization normalization)
    {
        Reserve(start + TextNormalizer.MostCharacters(text.Length) + 1);
        if (TextNormalizer.Normalize(text, normalization, _chars.AsSpan(start), out var length) is { } longer)
        {
            Reserve(start + longer.Length + 1);
            longer.CopyTo(_chars.AsSpan(start));
        }

        return length;
    }

    private void Reserve(int length)
    {
        if (length > _chars.Length)
        {
            Array.Resize(ref _chars, Math.Max(length, 2 * _chars.Length));
        }
    }
}
