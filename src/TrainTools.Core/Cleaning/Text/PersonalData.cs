using System.Buffers;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace TrainTools.Core.Cleaning.Text;

/// <summary>A find of personal data or of a secret.</summary>
/// <param name="Rule">The rule it belongs to.</param>
/// <param name="Start">Where it begins.</param>
/// <param name="Length">Its length.</param>
internal readonly record struct PersonalFind(CleaningRule Rule, int Start, int Length);

/// <summary>Finds e-mail addresses, telephone numbers, IP addresses, card numbers, IBANs, keys and tokens.</summary>
internal static partial class PersonalData
{
    private static readonly SearchValues<string> KeyHints = SearchValues.Create(
        [
            "AKIA", "ASIA", "ghp_", "gho_", "ghs_", "ghu_", "github_pat_", "glpat-", "sk-", "sk_live_", "rk_live_", "pk_live_", "xoxb-", "xoxp-", "xoxa-", "xoxs-", "AIza",
            "PRIVATE KEY-----", "eyJ", "npm_", "hf_", "SG.", "AccountKey=", "DefaultEndpointsProtocol", "dop_v1_", "shpat_", "pypi-",
        ],
        StringComparison.Ordinal);

    /// <summary>All finds that are wanted, by place; of finds that overlap the first and longest.</summary>
    public static IReadOnlyList<PersonalFind> Find(string text, Func<CleaningRule, bool> isWanted)
    {
        List<PersonalFind>? finds = null;
        var span = text.AsSpan();
        if (span.Contains('@'))
        {
            Add(ref finds, text, CleaningRules.Email, isWanted, Email(), IsEmail);
        }

        if (span.ContainsAny(KeyHints))
        {
            Add(ref finds, text, CleaningRules.Secret, isWanted, Key(), IsKey);
        }

        var digits = span.IndexOfAnyInRange('0', '9');
        if (digits >= 0)
        {
            Numbers(ref finds, text, digits, isWanted);
        }

        return finds is null ? [] : finds.Count < 2 ? finds : WithoutOverlaps(finds);
    }

    /// <summary>The text with finds replaced by the names of their kinds.</summary>
    public static string Mask(string text, IEnumerable<PersonalFind> finds)
    {
        var result = new StringBuilder(text.Length);
        var copied = 0;
        foreach (var find in finds)
        {
            result.Append(text, copied, find.Start - copied).Append(Placeholder(find.Rule));
            copied = find.Start + find.Length;
        }

        return result.Append(text, copied, text.Length - copied).ToString();
    }

    private static string Placeholder(CleaningRule rule) => "[" + rule.Id[4..].ToUpperInvariant() + "]";

    private static void Numbers(ref List<PersonalFind>? finds, string text, int first, Func<CleaningRule, bool> isWanted)
    {
        if (text.AsSpan().CountAtLeast('.', 3) || text.AsSpan().CountAtLeast(':', 3))
        {
            Add(ref finds, text, CleaningRules.IpAddress, isWanted, Ip(), IsPublicIp);
        }

        if (!HasLongNumber(text.AsSpan(first)))
        {
            return;
        }

        Add(ref finds, text, CleaningRules.CardNumber, isWanted, Card(), m => IsCard(m.ValueSpan));
        Add(ref finds, text, CleaningRules.Iban, isWanted, IbanPattern(), m => IsIban(m.ValueSpan));
        Add(ref finds, text, CleaningRules.Phone, isWanted, Phone(), IsPhone);
    }

    private static bool CountAtLeast(this ReadOnlySpan<char> text, char wanted, int count) => text.Count(wanted) >= count;

    /// <summary>Whether seven digits occur with at most two other characters between neighbours.</summary>
    private static bool HasLongNumber(ReadOnlySpan<char> text)
    {
        var digits = 0;
        var gap = 0;
        foreach (var c in text)
        {
            if (char.IsAsciiDigit(c))
            {
                digits++;
                gap = 0;
                if (digits >= 7)
                {
                    return true;
                }
            }
            else if (++gap > 2)
            {
                digits = 0;
            }
        }

        return false;
    }

    private static void Add(ref List<PersonalFind>? finds, string text, CleaningRule rule, Func<CleaningRule, bool> isWanted, Regex pattern, Func<Match, bool> isRight)
    {
        if (!isWanted(rule))
        {
            return;
        }

        for (var match = pattern.Match(text); match.Success; match = match.NextMatch())
        {
            if (isRight(match))
            {
                (finds ??= []).Add(new PersonalFind(rule, match.Index, match.Length));
            }
        }
    }

    private static List<PersonalFind> WithoutOverlaps(List<PersonalFind> finds)
    {
        finds.Sort((a, b) => a.Start != b.Start ? a.Start.CompareTo(b.Start) : b.Length.CompareTo(a.Length));
        var end = 0;
        var result = new List<PersonalFind>(finds.Count);
        foreach (var find in finds)
        {
            if (find.Start >= end)
            {
                result.Add(find);
                end = find.Start + find.Length;
            }
        }

        return result;
    }

    /// <summary>Addresses under names kept for examples belong to nobody.</summary>
    private static bool IsEmail(Match match)
    {
        var domain = match.ValueSpan[(match.ValueSpan.IndexOf('@') + 1)..];
        return !domain.Equals("example.com", StringComparison.OrdinalIgnoreCase)
            && !domain.Equals("example.org", StringComparison.OrdinalIgnoreCase)
            && !domain.Equals("example.net", StringComparison.OrdinalIgnoreCase)
            && !domain.Contains("..", StringComparison.Ordinal);
    }

    /// <summary>Random enough: digits and letters, or a block whose frame says what it is.</summary>
    private static bool IsKey(Match match)
    {
        var key = match.ValueSpan;
        return key.StartsWith("-----") || ((key.StartsWith("AKIA") || key.StartsWith("ASIA")) && Distinct(key) >= 8) || (key.ContainsAnyInRange('0', '9') && key.ContainsAnyInRange('A', 'z') && Distinct(key) >= 8);
    }

    private static int Distinct(ReadOnlySpan<char> text)
    {
        Span<bool> seen = stackalloc bool[128];
        var count = 0;
        foreach (var c in text)
        {
            if (c < 128 && !seen[c])
            {
                seen[c] = true;
                count++;
            }
        }

        return count;
    }

    private static bool IsPublicIp(Match match)
    {
        if (!IPAddress.TryParse(match.ValueSpan, out var address))
        {
            return false;
        }

        var bytes = address.GetAddressBytes();
        if (bytes.Length == 16)
        {
            return !IPAddress.IsLoopback(address) && !address.IsIPv6LinkLocal && !address.IsIPv6UniqueLocal && !address.IsIPv6Multicast
                && (bytes[0] & 0xe0) == 0x20 && !(bytes[0] == 0x20 && bytes[1] == 0x01 && bytes[2] == 0x0d && bytes[3] == 0xb8);
        }

        return bytes switch
        {
            [0 or 10 or 127 or >= 224, ..] => false,
            [100, >= 64 and <= 127, ..] => false,
            [169, 254, ..] or [192, 168, ..] or [192, 0, 0 or 2, _] or [198, 51, 100, _] or [203, 0, 113, _] => false,
            [172, >= 16 and <= 31, ..] => false,
            [198, 18 or 19, ..] => false,
            [<= 9, <= 20, <= 20, <= 20] => false, // version numbers
            _ => true,
        };
    }

    /// <summary>Luhn's check digit, and not one digit over and over.</summary>
    internal static bool IsCard(ReadOnlySpan<char> text)
    {
        Span<int> digits = stackalloc int[20];
        var count = 0;
        foreach (var c in text)
        {
            if (char.IsAsciiDigit(c) && count < digits.Length)
            {
                digits[count++] = c - '0';
            }
        }

        if (count is < 13 or > 19 || digits[..count].IndexOfAnyExcept(digits[0]) < 0 || digits[0] is 0 or 1 or 7 or 8 or 9)
        {
            return false;
        }

        var sum = 0;
        for (var i = 0; i < count; i++)
        {
            var digit = digits[count - 1 - i];
            sum += i % 2 == 0 ? digit : digit >= 5 ? (2 * digit) - 9 : 2 * digit;
        }

        return sum % 10 == 0;
    }

    /// <summary>ISO 13616: the number's remainder by 97 is 1.</summary>
    internal static bool IsIban(ReadOnlySpan<char> text)
    {
        var compact = text.ToString().Replace(" ", "", StringComparison.Ordinal);
        if (compact.Length is < 15 or > 34)
        {
            return false;
        }

        var remainder = 0;
        foreach (var c in compact.AsSpan(4).ToString() + compact[..4])
        {
            remainder = char.IsAsciiDigit(c) ? ((remainder * 10) + c - '0') % 97 : ((remainder * 100) + c - 'A' + 10) % 97;
        }

        return remainder == 1;
    }

    /// <summary>Eight to fifteen digits that are no date.</summary>
    private static bool IsPhone(Match match)
    {
        var digits = 0;
        foreach (var c in match.ValueSpan)
        {
            digits += char.IsAsciiDigit(c) ? 1 : 0;
        }

        return digits is >= 8 and <= 15 && !DateLike().IsMatch(match.ValueSpan);
    }

    [GeneratedRegex(@"(?<![\w.+-])[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}[A-Za-z]{2,24}(?![\w@])")]
    private static partial Regex Email();

    [GeneratedRegex(
        @"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36,}|\bgithub_pat_[A-Za-z0-9_]{40,}|\bglpat-[A-Za-z0-9_-]{20,}|\b[spr]k_live_[A-Za-z0-9]{20,}|\bsk-(?:proj-|ant-)?[A-Za-z0-9_-]{20,}|\bxox[abps]-[A-Za-z0-9-]{10,}|\bAIza[A-Za-z0-9_-]{35}|\bnpm_[A-Za-z0-9]{36}|\bhf_[A-Za-z0-9]{30,}|\bSG\.[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}|\bAccountKey=[A-Za-z0-9+/=]{40,}|\bdop_v1_[a-f0-9]{64}|\bshpat_[a-f0-9]{32}|\bpypi-[A-Za-z0-9_-]{50,}|\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}|-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----")]
    private static partial Regex Key();

    [GeneratedRegex(@"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?!\.?\d)|(?<![\w:])(?:[0-9A-Fa-f]{1,4}:){3,7}(?::?[0-9A-Fa-f]{1,4}){1,4}(?![\w:])")]
    private static partial Regex Ip();

    [GeneratedRegex(@"(?<![\w.,$€£-])(?:\d{13,19}|\d{4}(?<gap>[ -])\d{4}\k<gap>\d{4}\k<gap>\d{1,7}|3\d{3}(?<gap>[ -])\d{6}\k<gap>\d{5})(?![\w-]|[.,]\d)")]
    private static partial Regex Card();

    [GeneratedRegex(@"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")]
    private static partial Regex IbanPattern();

    [GeneratedRegex(
        @"(?<![\w.,/+*=$€£-])(?:\+\d{1,3}(?:[ .-]?\(?\d{1,5}\)?){2,5}|(?:1[ .-])?(?:\(\d{3}\) ?|\d{3}(?<gap>[ .-]))\d{3}[ .-]\d{4}|0\d{1,4}[ ./-]\d{2,8}(?:[ .-]\d{2,5}){0,4}|0\d{9,10})(?![\w=*+/]|[.,-]\d)")]
    private static partial Regex Phone();

    [GeneratedRegex(@"^(?:0?\d[-./ ]\d{1,2}[-./ ]\d{4}|0\d[-./ ]0?\d[-./ ]\d{2})$")]
    private static partial Regex DateLike();
}
