namespace TrainTools.Core.Tokenization.Models;

/// <summary>What turns a word into tokens: byte-pair encoding, WordPiece, Unigram or a word list.</summary>
internal interface ITokenModel
{
    /// <summary>The model's own tokens.</summary>
    Vocabulary Vocabulary { get; }

    /// <summary>Makes something that tokenizes with this model. The model is shared by all threads, a worker is not.</summary>
    ITokenWorker NewWorker();
}

/// <summary>A model at work on one thread, with its scratch space and its cache.</summary>
internal interface ITokenWorker
{
    /// <summary>Adds the tokens of <paramref name="word"/>, which is not empty, to <paramref name="tokens"/>.</summary>
    void Tokenize(ReadOnlySpan<char> word, TokenBuffer tokens);
}

/// <summary>Tokens of one word: ids, the stretch of the word each stands for, and its text where that is not the vocabulary's.</summary>
internal sealed class TokenBuffer
{
    private int[] _ids = new int[64];
    private int[] _starts = new int[64];
    private int[] _ends = new int[64];
    private string?[] _texts = new string?[64];

    /// <summary>Number of tokens.</summary>
    public int Count { get; private set; }

    public ReadOnlySpan<int> Ids => _ids.AsSpan(0, Count);

    public void Clear() => Count = 0;

    /// <summary>Forgets all tokens but the first <paramref name="count"/>.</summary>
    public void Truncate(int count) => Count = count;

    /// <summary>Adds a token that stands for the units from <paramref name="start"/> to <paramref name="end"/> of the word.</summary>
    public void Add(int id, int start, int end, string? text = null)
    {
        if (Count == _ids.Length)
        {
            Array.Resize(ref _ids, Count * 2);
            Array.Resize(ref _starts, Count * 2);
            Array.Resize(ref _ends, Count * 2);
            Array.Resize(ref _texts, Count * 2);
        }

        _ids[Count] = id;
        _starts[Count] = start;
        _ends[Count] = end;
        _texts[Count] = text;
        Count++;
    }

    public (int Id, int Start, int End, string? Text) this[int index] => (_ids[index], _starts[index], _ends[index], _texts[index]);
}
