using System.Text;
using TrainTools.Core.Training;

namespace TrainTools.Bench.Cleaning;

/// <summary>Prompts and answers of made-up words, their frequencies as in language (Zipf), one in twenty a copy and one in twenty nearly a copy.</summary>
internal static class GeneratedText
{
    private const int Words = 20_000;
    private const string Syllables = "ba be bi bo bu ca ce co da de di do fa fe fi ga ge go ha he hi ho la le li lo ma me mi mo na ne ni no pa pe po ra re ri ro sa se si so ta te ti to va ve vi an en in on er is at th st";

    /// <summary>Writes JSON Lines and gives the file's path.</summary>
    /// <param name="records">Number of records.</param>
    /// <param name="words">Words a record on average: two fifths prompt, three fifths answer.</param>
    public static string Write(int records, int words)
    {
        var path = Path.Combine(Path.GetTempPath(), $"traintools-{Path.GetRandomFileName()}.jsonl");
        var random = new SeededRandom(11, RandomPurpose.PlantedNoise);
        var vocabulary = Vocabulary(random);
        using var file = new StreamWriter(path, append: false, new UTF8Encoding(false), 1 << 20);
        var recent = new string[1000];
        for (var i = 0; i < records; i++)
        {
            var line = i < recent.Length || random.NextInt(10) > 0 ? Line(vocabulary, words, random) : recent[random.NextInt(recent.Length)];
            if (i >= recent.Length && random.NextInt(20) == 0)
            {
                line = NearCopy(recent[random.NextInt(recent.Length)], random);
            }

            recent[random.NextInt(recent.Length)] = line;
            if (i < recent.Length)
            {
                recent[i] = line;
            }

            file.Write(line);
            file.Write('\n');
        }

        return path;
    }

    private static string Line(string[] vocabulary, int words, SeededRandom random)
    {
        var line = new StringBuilder("{\"prompt\":\"");
        Sentences(line, vocabulary, Some(words * 2 / 5, random), random);
        line.Append("\",\"completion\":\"");
        Sentences(line, vocabulary, Some(words * 3 / 5, random), random);
        return line.Append("\"}").ToString();
    }

    private static int Some(int words, SeededRandom random) => Math.Max(2, (int)(words * (0.5 + random.NextDouble())));

    private static void Sentences(StringBuilder line, string[] vocabulary, int words, SeededRandom random)
    {
        for (var i = 0; i < words; i++)
        {
            // Log-uniform ranks: the frequency of a rank falls as one over it.
            var word = vocabulary[(int)Math.Exp(random.NextDouble() * Math.Log(Words)) - 1];
            if (i % 14 == 0)
            {
                line.Append(char.ToUpperInvariant(word[0])).Append(word, 1, word.Length - 1);
            }
            else
            {
                line.Append(word);
            }

            line.Append(i == words - 1 || i % 14 == 13 ? ". " : " ");
        }

        line.Length--;
    }

    /// <summary>The line with one letter in a hundred changed.</summary>
    private static string NearCopy(string line, SeededRandom random)
    {
        var text = new StringBuilder(line);
        var first = line.IndexOf(':', StringComparison.Ordinal) + 2;
        for (var i = first; i < text.Length - 2; i++)
        {
            if (text[i] == 'e' && random.NextInt(12) == 0)
            {
                text[i] = 'a';
            }
        }

        // The name of the second field stays as it was.
        const string Field = "\",\"completion\":\"";
        var at = line.IndexOf(Field, StringComparison.Ordinal);
        return text.Remove(at, Field.Length).Insert(at, Field).ToString();
    }

    private static string[] Vocabulary(SeededRandom random)
    {
        var syllables = Syllables.Split(' ');
        var words = new HashSet<string>();
        while (words.Count < Words)
        {
            // Frequent words are short.
            var count = 1 + (int)Math.Log10(words.Count + 1) + random.NextInt(2);
            words.Add(string.Concat(Enumerable.Range(0, Math.Max(1, count)).Select(_ => syllables[random.NextInt(syllables.Length)])));
        }

        return [.. words];
    }
}
