using System.Globalization;
using TrainTools.Core.Training;

namespace TrainTools.Bench.Cleaning.Planting;

/// <summary>Made-up personal data and secrets with right check digits.</summary>
internal static class PersonalNoise
{
    private const string Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    private static readonly string[] Names = ["jane.doe", "m_keller", "o.brien77", "li.wei", "support", "a-garcia"];
    private static readonly string[] Hosts = ["mailbox.org", "mail.acme-tools.com", "web.de", "corp.northwind.co.uk"];

    public static string Email(SeededRandom random) => $"{Pick(Names, random)}{random.NextInt(100)}@{Pick(Hosts, random)}";

    public static string Phone(SeededRandom random) => random.NextInt(3) switch
    {
        0 => $"+44 20 {Digits(4, random)} {Digits(4, random)}",
        1 => $"(415) {2 + random.NextInt(7)}{Digits(2, random)}-{Digits(4, random)}",
        _ => $"+49 30 {1 + random.NextInt(9)}{Digits(6, random)}",
    };

    public static string Ip(SeededRandom random) => random.NextInt(4) == 0
        ? $"2a02:{Hex(4, random)}:{Hex(4, random)}::{Hex(3, random)}"
        : $"{81 + random.NextInt(40)}.{random.NextInt(256)}.{random.NextInt(256)}.{1 + random.NextInt(254)}";

    /// <summary>A number of 16 digits whose Luhn sum ends in 0.</summary>
    public static string Card(SeededRandom random)
    {
        var digits = "4" + Digits(14, random);
        var sum = digits.Select((c, i) => i % 2 == 0 ? (c - '0') * 2 is > 9 and var d ? d - 9 : (c - '0') * 2 : c - '0').Sum();
        var card = digits + (char)('0' + ((10 - (sum % 10)) % 10));
        return random.NextInt(2) == 0 ? card : string.Join(' ', card.Chunk(4).Select(c => new string(c)));
    }

    /// <summary>A German account number whose remainder by 97 is 1.</summary>
    public static string Iban(SeededRandom random)
    {
        var account = Digits(18, random);
        var check = 98 - (int)(System.Numerics.BigInteger.Parse(account + "131400", CultureInfo.InvariantCulture) % 97);
        var iban = $"DE{check:00}{account}";
        return random.NextInt(2) == 0 ? iban : string.Join(' ', iban.Chunk(4).Select(c => new string(c)));
    }

    public static string Secret(SeededRandom random) => random.NextInt(4) switch
    {
        0 => "AKIA" + Text(16, random).ToUpperInvariant(),
        1 => "ghp_" + Text(36, random),
        2 => "sk-" + Text(48, random),
        _ => "AIza" + Text(35, random),
    };

    private static string Pick(string[] items, SeededRandom random) => items[random.NextInt(items.Length)];

    private static string Digits(int count, SeededRandom random) => string.Concat(Enumerable.Range(0, count).Select(_ => (char)('0' + random.NextInt(10))));

    private static string Hex(int count, SeededRandom random) => string.Concat(Enumerable.Range(0, count).Select(_ => "123456789abcdef"[random.NextInt(15)]));

    private static string Text(int count, SeededRandom random) => string.Concat(Enumerable.Range(0, count).Select(_ => Letters[random.NextInt(Letters.Length)]));
}
