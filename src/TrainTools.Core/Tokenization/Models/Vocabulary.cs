using TrainTools.Core.Tokenization.Loading;

namespace TrainTools.Core.Tokenization.Models;

/// <summary>Tokens and their ids, both ways.</summary>
internal sealed class Vocabulary
{
    /// <summary>No vocabulary in use comes near this; an id beyond it is damage, and must not cost memory.</summary>
    public const int IdLimit = 1 << 24;

    private readonly Dictionary<string, int> _ids;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _spans;
    private readonly string?[] _tokens;

    private Vocabulary(Dictionary<string, int> ids, string?[] tokens)
    {
        _ids = ids;
        _spans = ids.GetAlternateLookup<ReadOnlySpan<char>>();
        _tokens = tokens;
    }

    /// <summary>Number of entries.</summary>
    public int Count => _ids.Count;

    /// <summary>Largest id plus one.</summary>
    public int Size => _tokens.Length;

    /// <summary>All entries.</summary>
    public IReadOnlyDictionary<string, int> Entries => _ids;

    /// <summary>Reads {"token": id, …}.</summary>
    public static Vocabulary FromObject(JsonPart part)
    {
        if (!part.IsObject)
        {
            throw part.Wrong("an object of token: id");
        }

        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var entry in part.Element.EnumerateObject())
        {
            string token;
            try
            {
                token = entry.Name;
            }
            catch (InvalidOperationException e)
            {
                throw TokenizerErrors.Invalid(part.File, part.Path, "a token is not valid Unicode", e);
            }

            var value = new JsonPart(entry.Value, part.File, part.Path);
            if (entry.Value.ValueKind != System.Text.Json.JsonValueKind.Number || !entry.Value.TryGetInt64(out var id))
            {
                throw value.Wrong($"a whole number as the id of '{token}'");
            }

            ids[token] = Checked(part.File, token, id);
        }

        var tokens = new string?[ids.Count == 0 ? 0 : ids.Values.Max() + 1];
        foreach (var (token, id) in ids)
        {
            tokens[id] = token;
        }

        return new Vocabulary(ids, tokens);
    }

    /// <summary>Tokens whose ids are their positions; of a repeated token the last position counts.</summary>
    public static Vocabulary FromList(IReadOnlyList<string> tokens)
    {
        var ids = new Dictionary<string, int>(tokens.Count, StringComparer.Ordinal);
        for (var id = 0; id < tokens.Count; id++)
        {
            ids[tokens[id]] = id;
        }

        return new Vocabulary(ids, [.. tokens]);
    }

    /// <summary>Id of a token, or -1.</summary>
    public int Find(ReadOnlySpan<char> token) => _spans.TryGetValue(token, out var id) ? id : -1;

    /// <summary>Token of an id, or null.</summary>
    public string? TokenOf(int id) => (uint)id < (uint)_tokens.Length ? _tokens[id] : null;

    private static int Checked(string file, string token, long id) =>
        id is >= 0 and < IdLimit ? (int)id : throw TokenizerErrors.OutOfRange(file, token, id, IdLimit);
}
