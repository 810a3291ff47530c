using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using TrainTools.Core.Tokenization.Text;

namespace TrainTools.Core.Tokenization.Patterns;

/// <summary>
/// Translates a pattern of the regex engine the Hugging Face library uses (Oniguruma with Ruby's syntax) into a .NET
/// pattern that matches the same text.
/// </summary>
/// <remarks>
/// .NET matches UTF-16 units, so its \p{L} or [^\s] never see a character beyond U+FFFF; its (?i), \w, \b and \s follow
/// other tables; and it has no possessive quantifiers. Every set is therefore worked out as code points and written
/// with surrogate pairs, and case is folded here. Groups match but do not capture. Back-references are refused.
/// </remarks>
internal sealed class PatternTranslator
{
    private const int DepthLimit = 100;

    private readonly string _pattern;
    private readonly StringBuilder _output = new();
    private int _at;
    private int _depth;
    private bool _ignoreCase;
    private bool _dotAll;
    private bool _extended;

    private PatternTranslator(string pattern)
    {
        _pattern = pattern;
    }

    /// <summary>The .NET pattern; to be used with <see cref="RegexOptions.CultureInvariant"/> and no other option.</summary>
    /// <exception cref="FormatException">The pattern is malformed or uses something unknown; the message says what and where.</exception>
    public static string Translate(string pattern)
    {
        var translator = new PatternTranslator(pattern);
        translator.Alternation();
        if (!translator.AtEnd)
        {
            throw translator.Wrong("unmatched ')'");
        }

        return translator._output.ToString();
    }

    private bool AtEnd => _at >= _pattern.Length;

    private void Alternation()
    {
        if (++_depth > DepthLimit)
        {
            throw Wrong("too many nested groups");
        }

        var (ignoreCase, dotAll, extended) = (_ignoreCase, _dotAll, _extended);
        while (!AtEnd && _pattern[_at] != ')')
        {
            if (_pattern[_at] == '|')
            {
                _at++;
                _output.Append('|');
            }
            else
            {
                Term();
            }
        }

        (_ignoreCase, _dotAll, _extended) = (ignoreCase, dotAll, extended);
        _depth--;
    }

    /// <summary>An atom and its quantifiers.</summary>
    private void Term()
    {
        if (_extended && SkipBlank())
        {
            return;
        }

        var start = _output.Length;
        if (Atom())
        {
            Quantifiers(start);
        }
    }

    /// <summary>Whether something was written that can be repeated.</summary>
    private bool Atom()
    {
        switch (_pattern[_at])
        {
            case '(':
                return Group();
            case '[':
                _at++;
                Set(CharacterSetReader.Read(_pattern, ref _at, _ignoreCase));
                return true;
            case '.':
                _at++;
                Set(_dotAll ? CharacterClasses.Named("any")! : CharacterClasses.NewLine.Complement());
                return true;
            case '^':
                // Ruby's anchors are those of lines, and there is no line after a final line feed.
                _at++;
                _output.Append(@"(?:\A|(?<=\n)(?!\z))");
                return true;
            case '$':
                _at++;
                _output.Append(@"(?=\n|\z)");
                return true;
            case '\\':
                return Escape();
            case '*' or '+' or '?':
                throw Wrong("nothing to repeat");
            default:
                Literal(CodePointAt());
                return true;
        }
    }

    private bool Group()
    {
        _at++;
        var opening = "(?:";
        if (Accept("?#"))
        {
            var end = _pattern.IndexOf(')', _at);
            _at = end < 0 ? throw Wrong("unterminated comment") : end + 1;
            return false;
        }

        if (Accept("?:"))
        {
        }
        else if (Accept("?=") || Accept("?!") || Accept("?>") || Accept("?<=") || Accept("?<!"))
        {
            var start = _pattern.LastIndexOf('(', _at - 1);
            opening = _pattern[start.._at];
        }
        else if (Accept("?<") || Accept("?'"))
        {
            while (!AtEnd && _pattern[_at] is not ('>' or '\''))
            {
                _at++;
            }

            _at++;
        }
        else if (Accept("?"))
        {
            return OptionGroup();
        }

        _output.Append(opening);
        Alternation();
        Close();
        return true;
    }

    /// <summary>(?imx-imx) up to the end of the enclosing group, or (?imx-imx:…).</summary>
    private bool OptionGroup()
    {
        var (ignoreCase, dotAll, extended) = (_ignoreCase, _dotAll, _extended);
        var on = true;
        while (!AtEnd && _pattern[_at] is not (')' or ':'))
        {
            switch (_pattern[_at])
            {
                case '-':
                    on = false;
                    break;
                case 'i':
                    _ignoreCase = on;
                    break;
                case 'm':
                    _dotAll = on;
                    break;
                case 'x':
                    _extended = on;
                    break;
                default:
                    throw Wrong($"the group option '{_pattern[_at]}' is unknown");
            }

            _at++;
        }

        _output.Append("(?:");
        var scoped = Accept(":");
        if (!scoped)
        {
            Close(write: false);
        }

        // Without a colon the options, and the group written for them, reach to the end of the enclosing one.
        Alternation();
        if (scoped)
        {
            Close();
        }
        else
        {
            _output.Append(')');
        }

        (_ignoreCase, _dotAll, _extended) = (ignoreCase, dotAll, extended);
        return scoped;
    }

    private void Close(bool write = true)
    {
        if (AtEnd || _pattern[_at] != ')')
        {
            throw Wrong("')' is missing");
        }

        _at++;
        if (write)
        {
            _output.Append(')');
        }
    }

    private bool Escape()
    {
        if (_at + 1 >= _pattern.Length)
        {
            throw Wrong("a lone '\\' at the end");
        }

        switch (_pattern[_at + 1])
        {
            case 'A' or 'z' or 'Z' or 'G':
                _output.Append(_pattern, _at, 2);
                _at += 2;
                return true;
            case 'b':
            case 'B':
                var word = CharacterClasses.Write(CharacterClasses.BareWord);
                var boundary = $"(?:(?<={word})(?!{word})|(?<!{word})(?={word}))";
                _output.Append(_pattern[_at + 1] == 'b' ? boundary : $"(?!{boundary})");
                _at += 2;
                return true;
            case 'R':
                _output.Append(@"(?>\r\n|[\n-\r\u0085\u2028\u2029])");
                _at += 2;
                return true;
            case >= '1' and <= '9' or 'k' or 'g':
                throw Wrong("back-references and subexpression calls are not supported");
            case 'K' or 'X' or 'y' or 'Y':
                throw Wrong($"'\\{_pattern[_at + 1]}' is not supported");
            default:
                var set = CharacterSetReader.ReadEscape(_pattern, ref _at, bare: true, out var literal);
                if (set is null)
                {
                    Literal(literal);
                }
                else
                {
                    Set(set);
                }

                return true;
        }
    }

    private void Literal(int codePoint)
    {
        var variants = _ignoreCase ? CaseFolding.Variants(codePoint) : [codePoint];
        if (variants.Count > 1 || codePoint > 0xFFFF)
        {
            Set(CodePointSet.Of(variants.Select(v => (v, v))));
        }
        else
        {
            _output.Append(CultureInfo.InvariantCulture, $"\\u{codePoint:X4}");
        }
    }

    private void Set(CodePointSet set) => _output.Append(CharacterClasses.Write(set));

    /// <summary>Quantifiers of the atom written from <paramref name="start"/> on; several wrap one another.</summary>
    private void Quantifiers(int start)
    {
        while (!AtEnd)
        {
            if (_extended && SkipBlank())
            {
                continue;
            }

            var interval = _pattern[_at] == '{';
            var quantifier = ReadQuantifier();
            if (quantifier is null)
            {
                return;
            }

            // In Ruby's syntax {n,m}+ repeats a repetition, and {n}? makes exactly n optional.
            if (!interval && Accept("+"))
            {
                _output.Insert(start, "(?>").Append(quantifier).Append(')');
            }
            else if (!(interval && !quantifier.Contains(',', StringComparison.Ordinal)) && Accept("?"))
            {
                _output.Append(quantifier).Append('?');
            }
            else
            {
                _output.Append(quantifier);
            }

            _output.Insert(start, "(?:").Append(')');
        }
    }

    /// <summary>* + ? or {n}, {n,}, {,m}, {n,m}; null, without moving, for anything else (a literal brace).</summary>
    private string? ReadQuantifier()
    {
        var character = _pattern[_at];
        if (character is '*' or '+' or '?')
        {
            _at++;
            return character.ToString();
        }

        var match = character == '{' ? Regex.Match(_pattern[_at..], @"^\{(\d{0,6})(,?)(\d{0,6})\}", RegexOptions.CultureInvariant) : Match.Empty;
        if (!match.Success || (match.Groups[1].Length == 0 && match.Groups[3].Length == 0))
        {
            return null;
        }

        _at += match.Length;
        var from = match.Groups[1].Length == 0 ? "0" : match.Groups[1].Value;
        return "{" + from + match.Groups[2].Value + match.Groups[3].Value + "}";
    }

    /// <summary>In extended mode: white space and comments mean nothing.</summary>
    private bool SkipBlank()
    {
        var start = _at;
        while (!AtEnd && char.IsWhiteSpace(_pattern[_at]))
        {
            _at++;
        }

        if (!AtEnd && _pattern[_at] == '#')
        {
            var end = _pattern.IndexOf('\n', _at);
            _at = end < 0 ? _pattern.Length : end + 1;
        }

        return _at > start;
    }

    private bool Accept(string text)
    {
        if (string.CompareOrdinal(_pattern, _at, text, 0, text.Length) != 0)
        {
            return false;
        }

        _at += text.Length;
        return true;
    }

    private int CodePointAt()
    {
        var codePoint = char.IsSurrogatePair(_pattern, _at) ? char.ConvertToUtf32(_pattern, _at) : _pattern[_at];
        _at += codePoint > 0xFFFF ? 2 : 1;
        return codePoint;
    }

    private FormatException Wrong(string problem) => new($"{problem} (at character {_at + 1})");
}
