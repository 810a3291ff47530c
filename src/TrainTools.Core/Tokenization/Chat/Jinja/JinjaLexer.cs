using System.Globalization;
using System.Text;

namespace TrainTools.Core.Tokenization.Chat.Jinja;

/// <summary>
/// Splits a template into tokens as Jinja2's lexer does with trim_blocks and lstrip_blocks on and
/// keep_trailing_newline off: the settings of transformers. Source: jinja2/lexer.py.
/// </summary>
internal sealed class JinjaLexer
{
    private static readonly string[] Operators =
    [
        "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";",
    ];

    private readonly string source;
    private readonly List<Token> tokens = [];
    private int position;
    private int line = 1;

    private JinjaLexer(string source) => this.source = source;

    public static List<Token> Tokenize(string template)
    {
        var source = template.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        if (source.EndsWith('\n'))
        {
            source = source[..^1];
        }

        var lexer = new JinjaLexer(source);
        lexer.Run();
        return lexer.tokens;
    }

    private void Run()
    {
        var lineStarting = true;
        while (position < source.Length)
        {
            var open = FindOpening(position);
            var end = open < 0 ? source.Length : open;
            var text = source[position..end];
            if (open < 0)
            {
                AddData(text);
                break;
            }

            var kind = source[open + 1]; // '{', '%' or '#'
            var sign = open + 2 < source.Length && source[open + 2] is '-' or '+' ? source[open + 2] : '\0';
            var kept = text;
            if (sign == '-')
            {
                kept = PythonText.TrimEnd(text);
            }
            else if (sign != '+' && kind != '{')
            {
                // lstrip_blocks: white space between the line's start and the block goes.
                var start = text.LastIndexOf('\n') + 1;
                if ((start > 0 || lineStarting) && IsBlank(text.AsSpan(start)))
                {
                    kept = text[..start];
                }
            }

            AddData(kept);
            line += CountLines(text);
            position = open + (sign == '\0' ? 2 : 3);
            switch (kind)
            {
                case '#':
                    SkipComment();
                    break;
                case '%' when TryRaw():
                    break;
                case '%':
                    tokens.Add(new Token(TokenKind.BlockBegin, "{%", line));
                    Expression(block: true);
                    break;
                default:
                    tokens.Add(new Token(TokenKind.VariableBegin, "{{", line));
                    Expression(block: false);
                    break;
            }

            lineStarting = position > 0 && source[position - 1] == '\n';
        }

        tokens.Add(new Token(TokenKind.End, string.Empty, line));
    }

    private int FindOpening(int from)
    {
        for (var i = source.IndexOf('{', from); i >= 0 && i + 1 < source.Length; i = source.IndexOf('{', i + 1))
        {
            if (source[i + 1] is '{' or '%' or '#')
            {
                return i;
            }
        }

        return -1;
    }

    private void SkipComment()
    {
        var end = source.IndexOf("#}", position, StringComparison.Ordinal);
        if (end < 0)
        {
            throw Fail("Missing end of comment tag");
        }

        line += CountLines(source.AsSpan(position, end - position));
        CloseTag(end, end > position ? source[end - 1] : '\0');
    }

    /// <summary>Moves behind a block's or comment's end: "-" takes all white space after it, otherwise trim_blocks takes one line end.</summary>
    private void CloseTag(int end, char sign)
    {
        position = end + 2;
        if (sign == '-')
        {
            SkipWhiteSpace();
        }
        else if (sign != '+' && position < source.Length && source[position] == '\n')
        {
            position++;
            line++;
        }
    }

    private bool TryRaw()
    {
        var p = position;
        while (p < source.Length && char.IsWhiteSpace(source[p]))
        {
            p++;
        }

        if (string.CompareOrdinal(source, p, "raw", 0, 3) != 0)
        {
            return false;
        }

        p += 3;
        var gap = p;
        while (p < source.Length && char.IsWhiteSpace(source[p]))
        {
            p++;
        }

        var trim = p < source.Length && source[p] == '-';
        if (trim)
        {
            p++;
        }

        if (string.CompareOrdinal(source, p, "%}", 0, 2) != 0)
        {
            return false;
        }

        _ = gap;
        position = p + 2;
        if (trim)
        {
            SkipWhiteSpace();
        }

        for (var open = source.IndexOf("{%", position, StringComparison.Ordinal); open >= 0; open = source.IndexOf("{%", open + 2, StringComparison.Ordinal))
        {
            var q = open + 2;
            var sign = q < source.Length && source[q] is '-' or '+' ? source[q] : '\0';
            q += sign == '\0' ? 0 : 1;
            while (q < source.Length && char.IsWhiteSpace(source[q]))
            {
                q++;
            }

            if (string.CompareOrdinal(source, q, "endraw", 0, 6) != 0)
            {
                continue;
            }

            q += 6;
            while (q < source.Length && char.IsWhiteSpace(source[q]))
            {
                q++;
            }

            var endSign = q < source.Length && source[q] is '-' or '+' ? source[q] : '\0';
            q += endSign == '\0' ? 0 : 1;
            if (string.CompareOrdinal(source, q, "%}", 0, 2) != 0)
            {
                continue;
            }

            var text = source[position..open];
            line += CountLines(text);
            var start = text.LastIndexOf('\n') + 1;
            AddData(sign == '-' ? PythonText.TrimEnd(text) : sign != '+' && start > 0 && IsBlank(text.AsSpan(start)) ? text[..start] : text);
            CloseTag(q, endSign);
            return true;
        }

        throw Fail("Missing end of raw directive");
    }

    private void Expression(bool block)
    {
        var balance = new Stack<char>();
        while (true)
        {
            if (position >= source.Length)
            {
                throw Fail($"unexpected end of template, expected '{(block ? "%}" : "}}")}'");
            }

            if (balance.Count == 0 && TryEnd(block))
            {
                return;
            }

            var c = source[position];
            if (char.IsWhiteSpace(c))
            {
                line += c == '\n' ? 1 : 0;
                position++;
            }
            else if (c is '\'' or '"')
            {
                ReadString(c);
            }
            else if (char.IsAsciiDigit(c))
            {
                ReadNumber();
            }
            else if (c == '_' || char.IsLetter(c))
            {
                var start = position;
                while (position < source.Length && (source[position] == '_' || char.IsLetterOrDigit(source[position])))
                {
                    position++;
                }

                tokens.Add(new Token(TokenKind.Name, source[start..position], line));
            }
            else
            {
                ReadOperator(balance);
            }
        }
    }

    private bool TryEnd(bool block)
    {
        var c = source[position];
        var signed = c == '-' || (block && c == '+');
        var end = position + (signed ? 1 : 0);
        if (string.CompareOrdinal(source, end, block ? "%}" : "}}", 0, 2) != 0)
        {
            return false;
        }

        tokens.Add(new Token(block ? TokenKind.BlockEnd : TokenKind.VariableEnd, block ? "%}" : "}}", line));
        if (block)
        {
            CloseTag(end, signed ? c : '\0');
        }
        else
        {
            position = end + 2;
            if (signed)
            {
                SkipWhiteSpace();
            }
        }

        return true;
    }

    private void ReadOperator(Stack<char> balance)
    {
        foreach (var op in Operators)
        {
            if (string.CompareOrdinal(source, position, op, 0, op.Length) != 0)
            {
                continue;
            }

            switch (op)
            {
                case "{":
                    balance.Push('}');
                    break;
                case "(":
                    balance.Push(')');
                    break;
                case "[":
                    balance.Push(']');
                    break;
                case "}" or ")" or "]":
                    if (balance.Count == 0 || balance.Peek() != op[0])
                    {
                        throw Fail(balance.Count == 0 ? $"unexpected '{op}'" : $"unexpected '{op}', expected '{balance.Peek()}'");
                    }

                    balance.Pop();
                    break;
            }

            tokens.Add(new Token(TokenKind.Operator, op, line));
            position += op.Length;
            return;
        }

        throw Fail($"unexpected char '{source[position]}' at {position}");
    }

    private void ReadNumber()
    {
        var start = position;
        if (source[position] == '0' && position + 1 < source.Length && char.ToLowerInvariant(source[position + 1]) is 'x' or 'o' or 'b')
        {
            var radix = char.ToLowerInvariant(source[position + 1]) switch { 'x' => 16, 'o' => 8, _ => 2 };
            position += 2;
            while (position < source.Length && (char.IsAsciiHexDigit(source[position]) || source[position] == '_'))
            {
                position++;
            }

            var digits = source[(start + 2)..position].Replace("_", string.Empty, StringComparison.Ordinal);
            try
            {
                tokens.Add(new Token(TokenKind.Integer, Convert.ToInt64(digits, radix).ToString(CultureInfo.InvariantCulture), line));
            }
            catch (Exception e) when (e is FormatException or OverflowException or ArgumentException)
            {
                throw Fail($"invalid number '{source[start..position]}'");
            }

            return;
        }

        Digits();
        var real = false;
        if (position + 1 < source.Length && source[position] == '.' && char.IsAsciiDigit(source[position + 1]))
        {
            real = true;
            position++;
            Digits();
        }

        if (position < source.Length && source[position] is 'e' or 'E')
        {
            var p = position + 1;
            p += p < source.Length && source[p] is '+' or '-' ? 1 : 0;
            if (p < source.Length && char.IsAsciiDigit(source[p]))
            {
                real = true;
                position = p;
                Digits();
            }
        }

        var text = source[start..position].Replace("_", string.Empty, StringComparison.Ordinal);
        tokens.Add(new Token(real ? TokenKind.Float : TokenKind.Integer, text, line));
    }

    private void Digits()
    {
        while (position < source.Length && (char.IsAsciiDigit(source[position]) || source[position] == '_'))
        {
            position++;
        }
    }

    private void ReadString(char quote)
    {
        var text = new StringBuilder();
        var start = position++;
        while (true)
        {
            if (position >= source.Length)
            {
                position = start;
                throw Fail($"unexpected char '{quote}' at {start}");
            }

            var c = source[position++];
            if (c == quote)
            {
                break;
            }

            line += c == '\n' ? 1 : 0;
            if (c == '\\' && position < source.Length)
            {
                Escape(text);
            }
            else
            {
                text.Append(c);
            }
        }

        tokens.Add(new Token(TokenKind.String, text.ToString(), line));
    }

    private void Escape(StringBuilder text)
    {
        var c = source[position++];
        switch (c)
        {
            case 'n': text.Append('\n'); break;
            case 't': text.Append('\t'); break;
            case 'r': text.Append('\r'); break;
            case 'b': text.Append('\b'); break;
            case 'f': text.Append('\f'); break;
            case 'v': text.Append('\v'); break;
            case 'a': text.Append('\a'); break;
            case '\n': line++; break;
            case '\\' or '\'' or '"': text.Append(c); break;
            case 'x': text.Append(CodePoint(2)); break;
            case 'u': text.Append(CodePoint(4)); break;
            case 'U': text.Append(CodePoint(8)); break;
            case >= '0' and <= '7':
                var value = c - '0';
                for (var i = 0; i < 2 && position < source.Length && source[position] is >= '0' and <= '7'; i++)
                {
                    value = (value * 8) + (source[position++] - '0');
                }

                text.Append((char)value);
                break;
            default:
                text.Append('\\').Append(c);
                break;
        }
    }

    private string CodePoint(int digits)
    {
        if (position + digits <= source.Length
            && int.TryParse(source.AsSpan(position, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
            && value is >= 0 and <= 0x10FFFF)
        {
            position += digits;
            return value is >= 0xD800 and < 0xE000 || value < 0x10000 ? ((char)value).ToString() : char.ConvertFromUtf32(value);
        }

        throw Fail("invalid escape in a string");
    }

    private void SkipWhiteSpace()
    {
        while (position < source.Length && PythonText.IsSpace(source[position]))
        {
            line += source[position] == '\n' ? 1 : 0;
            position++;
        }
    }

    private void AddData(string text)
    {
        if (text.Length > 0)
        {
            tokens.Add(new Token(TokenKind.Data, text, line));
        }
    }

    private static bool IsBlank(ReadOnlySpan<char> text)
    {
        foreach (var c in text)
        {
            if (!PythonText.IsSpace(c))
            {
                return false;
            }
        }

        return true;
    }

    private static int CountLines(ReadOnlySpan<char> text) => System.MemoryExtensions.Count(text, '\n');

    private JinjaException Fail(string message) => new("TemplateSyntaxError", message, line);
}
