using System.Globalization;
using TrainTools.Core.Tokenization.Text;

namespace TrainTools.Core.Tokenization.Patterns;

/// <summary>Reads [...] and the escapes that stand for characters or sets of them.</summary>
internal static class CharacterSetReader
{
    /// <summary>Reads a bracket expression whose '[' has been passed; stops behind its ']'.</summary>
    public static CodePointSet Read(string pattern, ref int at, bool ignoreCase, int depth = 0)
    {
        if (depth > 50)
        {
            throw Wrong(at, "too many nested sets");
        }

        var negated = at < pattern.Length && pattern[at] == '^';
        if (negated)
        {
            at++;
        }

        var set = CodePointSet.Empty;
        CodePointSet? left = null;
        var first = true;
        while (true)
        {
            if (at >= pattern.Length)
            {
                throw Wrong(at, "']' is missing");
            }

            if (pattern[at] == ']' && !first)
            {
                at++;
                break;
            }

            first = false;
            if (string.CompareOrdinal(pattern, at, "&&", 0, 2) == 0)
            {
                at += 2;
                left = left is null ? set : left.Intersect(set);
                set = CodePointSet.Empty;
                continue;
            }

            set = set.Union(ReadItem(pattern, ref at, ignoreCase, depth));
        }

        set = left is null ? set : left.Intersect(set);
        set = ignoreCase ? CaseFolding.Close(set) : set;
        return negated ? set.Complement() : set;
    }

    /// <summary>Reads an escape at its '\': a set, or null and a single character. <paramref name="bare"/>: outside brackets.</summary>
    public static CodePointSet? ReadEscape(string pattern, ref int at, bool bare, out int literal)
    {
        literal = 0;
        if (at + 1 >= pattern.Length)
        {
            throw Wrong(at, "a lone '\\' at the end");
        }

        var letter = pattern[at + 1];
        at += 2;
        switch (letter)
        {
            case 's':
                return CharacterClasses.Space;
            case 'S':
                return CharacterClasses.Space.Complement();
            case 'd':
                return CharacterClasses.Digit;
            case 'D':
                return CharacterClasses.Digit.Complement();
            case 'w':
                return bare ? CharacterClasses.BareWord : CharacterClasses.Word;
            case 'W':
                return (bare ? CharacterClasses.BareWord : CharacterClasses.Word).Complement();
            case 'h':
                return CharacterClasses.HexDigit;
            case 'H':
                return CharacterClasses.HexDigit.Complement();
            case 'p':
            case 'P':
                return ReadProperty(pattern, ref at, letter == 'P');
            case 'x' when at < pattern.Length && pattern[at] == '{':
                var end = pattern.IndexOf('}', at);
                literal = Hex(pattern, at + 1, end < 0 ? throw Wrong(at, "'}' is missing") : end - at - 1);
                at = end + 1;
                return null;
            case 'x':
                literal = Hex(pattern, at, 2);
                at += 2;
                return null;
            case 'u':
                literal = Hex(pattern, at, 4);
                at += 4;
                return null;
            case 'Q' or 'E' or 'N' or 'O' or 'c' or 'C' or 'M':
                throw Wrong(at - 2, $"'\\{letter}' is not supported");
        }

        literal = letter switch
        {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'f' => '\f',
            'v' => '\v',
            'a' => '\a',
            'e' => 0x1B,
            '0' => 0,
            _ => letter,
        };
        if (char.IsHighSurrogate(letter) && at < pattern.Length)
        {
            literal = char.ConvertToUtf32(letter, pattern[at++]);
        }

        return null;
    }

    private static CodePointSet ReadItem(string pattern, ref int at, bool ignoreCase, int depth)
    {
        if (pattern[at] == '[')
        {
            if (at + 1 < pattern.Length && pattern[at + 1] == ':' && pattern.IndexOf(":]", at, StringComparison.Ordinal) is var close and > 0)
            {
                var name = pattern[(at + 2)..close];
                at = close + 2;
                var plain = name.TrimStart('^');
                return Named(plain is "punct" or "word" ? $"[{plain}]" : plain, plain.Length < name.Length, at);
            }

            at++;
            return Read(pattern, ref at, ignoreCase, depth + 1);
        }

        var set = ReadCharacter(pattern, ref at, out var start);
        if (set is not null)
        {
            return set;
        }

        // A '-' before the closing bracket, or before another set, is itself.
        if (at + 1 >= pattern.Length || pattern[at] != '-' || pattern[at + 1] is ']' or '[')
        {
            return CodePointSet.Of((start, start));
        }

        at++;
        var more = ReadCharacter(pattern, ref at, out var end);
        if (more is not null)
        {
            return more.Union(CodePointSet.Of((start, start), ('-', '-')));
        }

        return start <= end ? CodePointSet.Of((start, end)) : throw Wrong(at, "the range is empty");
    }

    private static CodePointSet? ReadCharacter(string pattern, ref int at, out int character)
    {
        if (pattern[at] == '\\')
        {
            if (at + 1 < pattern.Length && pattern[at + 1] == 'b')
            {
                at += 2;
                character = '\b';
                return null;
            }

            return ReadEscape(pattern, ref at, bare: false, out character);
        }

        character = char.IsSurrogatePair(pattern, at) ? char.ConvertToUtf32(pattern, at) : pattern[at];
        at += character > 0xFFFF ? 2 : 1;
        return null;
    }

    private static CodePointSet ReadProperty(string pattern, ref int at, bool negated)
    {
        if (at >= pattern.Length || pattern[at] != '{')
        {
            // \pL, as some engines allow it.
            if (at < pattern.Length && char.IsAsciiLetter(pattern[at]))
            {
                return Named(pattern[at++].ToString(), negated, at);
            }

            throw Wrong(at, "'{' is missing");
        }

        var end = pattern.IndexOf('}', at);
        if (end < 0)
        {
            throw Wrong(at, "'}' is missing");
        }

        var name = pattern[(at + 1)..end];
        at = end + 1;
        if (name.StartsWith('^'))
        {
            (name, negated) = (name[1..], !negated);
        }

        foreach (var key in new[] { "script=", "sc=", "general_category=", "gc=", "Script=", "General_Category=" })
        {
            name = name.StartsWith(key, StringComparison.Ordinal) ? name[key.Length..] : name;
        }

        return Named(name, negated, at);
    }

    private static CodePointSet Named(string name, bool negated, int at)
    {
        var set = CharacterClasses.Named(name) ?? throw Wrong(at, $"there is no character class '{name}'");
        return negated ? set.Complement() : set;
    }

    private static int Hex(string pattern, int at, int length) =>
        length is > 0 and <= 6 && at + length <= pattern.Length
        && int.TryParse(pattern.AsSpan(at, length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
        && value <= CodePointSet.Last
            ? value
            : throw Wrong(at, "a hexadecimal code point is expected");

    private static FormatException Wrong(int at, string problem) => new($"{problem} (at character {at + 1})");
}
