using TrainTools.Core.Tokenization.Models;

namespace TrainTools.Core.Tokenization.Loading;

/// <summary>An added token as a file describes it; its id may be left to the vocabulary.</summary>
/// <param name="Content">The text.</param>
/// <param name="Id">The id the file gives, or null.</param>
/// <param name="Flags">A token with the file's flags; its content and id are not used.</param>
internal sealed record AddedTokenEntry(string Content, int? Id, AddedToken Flags)
{
    /// <summary>Whether the file gives the text alone: then another file's flags for it count.</summary>
    public bool IsBare { get; init; }

    /// <summary>Reads {"id", "content", flags}; <paramref name="special"/> stands for a missing flag of that name.</summary>
    public static AddedTokenEntry Read(JsonPart part, bool special)
    {
        var content = part.Text("content");
        special = part.Flag("special", special);
        var flags = new AddedToken(content, 0)
        {
            Special = special,
            StripLeft = part.Flag("lstrip", false),
            StripRight = part.Flag("rstrip", false),
            SingleWord = part.Flag("single_word", false),
            Normalized = part.Flag("normalized", !special),
        };
        return new AddedTokenEntry(content, part.NumberOrNull("id"), flags);
    }

    /// <summary>
    /// Gives every entry its id: the vocabulary's if the token is in it (whatever the file says, as in the library), else
    /// the one the file gives, else the next free one. A later entry for the same text replaces the flags.
    /// </summary>
    public static List<AddedToken> Resolve(IReadOnlyList<AddedTokenEntry> entries, Vocabulary vocabulary, string file)
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        var owners = new Dictionary<int, string>();
        var tokens = new List<AddedToken>();
        var next = vocabulary.Count;
        foreach (var (content, given, flags) in entries)
        {
            if (content.Length == 0)
            {
                continue;
            }

            if (!ids.TryGetValue(content, out var id))
            {
                id = vocabulary.Find(content) is var known and >= 0 ? known : given ?? next;
                if (id is < 0 or >= Vocabulary.IdLimit)
                {
                    throw TokenizerErrors.OutOfRange(file, content, id, Vocabulary.IdLimit);
                }

                if (owners.TryGetValue(id, out var owner) || (vocabulary.TokenOf(id) is { } other && (owner = other) != content))
                {
                    throw TokenizerErrors.Invalid(file, "added_tokens", $"'{content}' has id {id}, which is that of '{owner}'");
                }

                ids.Add(content, id);
                owners.Add(id, content);
                next = Math.Max(next, id + 1);
            }

            tokens.Add(flags with { Content = content, Id = id });
        }

        return tokens;
    }
}
