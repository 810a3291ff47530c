using System.Globalization;

namespace TrainTools.Core.Tokenization.Text;

/// <summary>
/// Decompositions, compositions, lower case, scripts and a few classes, from the embedded UnicodeTables.txt.
/// </summary>
/// <remarks>
/// string.Normalize and char.ToLower are of no use here: under InvariantGlobalization .NET returns non-ASCII text
/// unnormalized, elsewhere both follow whatever ICU the process has loaded, and the trainer and a PowerShell session
/// must agree to the last token. The library the models were made with also keeps to older Unicode versions.
/// </remarks>
internal static class UnicodeTables
{
    private static readonly Lazy<Data> Loaded = new(Data.Read);

    /// <summary>General category Mark.</summary>
    public static CodePointSet CombiningMarks => Loaded.Value.Sets["mark"];

    /// <summary>General category Punctuation, as BERT's pre-tokenizer knows it.</summary>
    public static CodePointSet Punctuation => Loaded.Value.Sets["punctuation"];

    /// <summary>General category Nonspacing_Mark, as BERT's normalizer knows it.</summary>
    public static CodePointSet NonspacingMarks => Loaded.Value.Sets["nonspacing"];

    /// <summary>General category Format, as BERT's normalizer knows it.</summary>
    public static CodePointSet Format => Loaded.Value.Sets["format"];

    /// <summary>The full decomposition of a code point (Hangul apart), or null if it has none.</summary>
    public static int[]? Decomposition(int codePoint, bool compatibility)
    {
        var data = Loaded.Value;
        return compatibility && data.Compatibility.TryGetValue(codePoint, out var mapping) ? mapping : data.Canonical.GetValueOrDefault(codePoint);
    }

    /// <summary>The primary composite of a pair (Hangul apart), or -1.</summary>
    public static int Composition(int first, int second) =>
        Loaded.Value.Composition.GetValueOrDefault((first, second), -1);

    /// <summary>Canonical combining class.</summary>
    public static int CombiningClass(int codePoint) => codePoint < 0x300 ? 0 : Loaded.Value.Classes.GetValueOrDefault(codePoint);

    /// <summary>Simple lower case.</summary>
    public static int Lower(int codePoint)
    {
        if (codePoint < 0x80)
        {
            return codePoint is >= 'A' and <= 'Z' ? codePoint + 32 : codePoint;
        }

        return Loaded.Value.Lower.GetValueOrDefault(codePoint, codePoint);
    }

    /// <summary>All code points whose simple lower case is another one, with it.</summary>
    public static IReadOnlyDictionary<int, int> LowerCase => Loaded.Value.Lower;

    /// <summary>Marks that are alphabetic (vowel signs, mostly).</summary>
    public static CodePointSet AlphabeticMarks => Loaded.Value.Sets["alphabetic mark"];

    /// <summary>The scripts a regular expression can name ("Han", "Old_Persian"), as "property " and the name.</summary>
    public static IReadOnlyDictionary<string, CodePointSet> Sets => Loaded.Value.Sets;

    /// <summary>Number of a code point's script, as the UnicodeScripts pre-tokenizer knows it; 0 if it has none. The numbers only tell scripts apart.</summary>
    public static int ScriptOf(int codePoint)
    {
        var data = Loaded.Value;
        var at = Array.BinarySearch(data.ScriptStarts, codePoint);
        at = at >= 0 ? at : ~at - 1;
        return at >= 0 && codePoint <= data.ScriptEnds[at] ? data.ScriptNumbers[at] : 0;
    }

    private sealed class Data
    {
        public Dictionary<int, int[]> Canonical { get; } = [];

        public Dictionary<int, int[]> Compatibility { get; } = [];

        public Dictionary<(int, int), int> Composition { get; } = [];

        public Dictionary<int, int> Classes { get; } = [];

        public Dictionary<int, int> Lower { get; } = [];

        public Dictionary<string, CodePointSet> Sets { get; } = new(StringComparer.Ordinal);

        public int[] ScriptStarts { get; private set; } = [];

        public int[] ScriptEnds { get; private set; } = [];

        public int[] ScriptNumbers { get; private set; } = [];

        public static Data Read()
        {
            var data = new Data();
            var ranges = new Dictionary<string, List<(int Start, int End)>>(StringComparer.Ordinal);
            using var reader = new StreamReader(typeof(UnicodeTables).Assembly.GetManifestResourceStream("UnicodeTables.txt")!);
            var section = "";
            while (reader.ReadLine() is { } line)
            {
                if (line.StartsWith('#'))
                {
                    continue;
                }

                if (line.StartsWith('@'))
                {
                    section = line[1..];
                    continue;
                }

                data.AddLine(section, line, ranges);
            }

            data.FinishSets(ranges);
            return data;
        }

        private void AddLine(string section, string line, Dictionary<string, List<(int Start, int End)>> ranges)
        {
            var parts = line.Split('=');
            switch (section)
            {
                case "canonical":
                    Canonical.Add(Hex(parts[0]), [.. parts[1].Split(' ').Select(Hex)]);
                    break;
                case "compatibility":
                    Compatibility.Add(Hex(parts[0]), [.. parts[1].Split(' ').Select(Hex)]);
                    break;
                case "composition":
                    var pair = parts[0].Split(' ');
                    Composition.Add((Hex(pair[0]), Hex(pair[1])), Hex(parts[1]));
                    break;
                case "class":
                    var (first, last) = Range(parts[0]);
                    for (var codePoint = first; codePoint <= last; codePoint++)
                    {
                        Classes.Add(codePoint, Hex(parts[1]));
                    }

                    break;
                case "lowercase":
                    var run = line.Split(' ');
                    for (var codePoint = Hex(run[0]); codePoint <= Hex(run[1]); codePoint += Hex(run[2]))
                    {
                        Lower.Add(codePoint, codePoint + int.Parse(run[3], CultureInfo.InvariantCulture));
                    }

                    break;
                default:
                    if (!ranges.TryGetValue(section, out var list))
                    {
                        list = [];
                        ranges.Add(section, list);
                    }

                    list.AddRange(line.Split(' ').Select(Range));
                    break;
            }
        }

        private void FinishSets(Dictionary<string, List<(int Start, int End)>> ranges)
        {
            var scripts = new List<(int Start, int End, int Number)>();
            foreach (var (name, list) in ranges)
            {
                Sets.Add(name, CodePointSet.Of(list));
                if (name.StartsWith("script ", StringComparison.Ordinal))
                {
                    var number = Sets.Count;
                    scripts.AddRange(list.Select(r => (r.Start, r.End, number)));
                }
            }

            scripts.Sort();
            ScriptStarts = [.. scripts.Select(s => s.Start)];
            ScriptEnds = [.. scripts.Select(s => s.End)];
            ScriptNumbers = [.. scripts.Select(s => s.Number)];
        }

        private static int Hex(string text) => int.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

        private static (int Start, int End) Range(string text)
        {
            var dash = text.IndexOf('-', StringComparison.Ordinal);
            return dash < 0 ? (Hex(text), Hex(text)) : (Hex(text[..dash]), Hex(text[(dash + 1)..]));
        }
    }
}
