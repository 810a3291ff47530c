namespace TrainTools.Core.Cleaning.Text;

/// <summary>
/// Guesses a text's language: by its script where that decides, else by the most frequent function words of sixteen
/// languages in Latin script and three in Cyrillic. Made for telling apart whole answers, not single words: texts with
/// fewer than four such words stay undecided.
/// </summary>
public static class LanguageGuess
{
    private const int LeastHits = 4;

    private static readonly (string Language, string Words)[] FunctionWords =
    [
        ("en", "the of and to in is that it was for on are with as be at this have from or by not but what all were when we there can an your which their if will how you he she his her him has had they does did each"),
        ("de", "der die und das ist nicht ein eine zu den mit sich auf für dem von auch als an werden aus wie wird oder sind bei nach einen im kann wir ich es haben einer"),
        ("fr", "le la les de des et un une est que dans qui pour pas sur au avec ce il par plus sont ne se vous nous mais cette elle être ou son sa ses aux du"),
        ("es", "el la los de que y en un una es por con para no se las del lo como más pero sus al está son este su hay también fue muy si cuando qué"),
        ("it", "il la di che e un una per non con del della sono le si come è più anche nel alla dei i da al gli lo ma questo ha essere delle nella"),
        ("pt", "o a de que e do da em um uma para com não os no se na por mais as dos como mas foi ao ele das tem seu sua ou é você são pelo pela"),
        ("nl", "de het een en van is dat in op te zijn met voor niet die aan er om ook als bij maar of uit door naar wordt worden dit hebben je ik kan deze heeft"),
        ("sv", "och att det som en på är av för med den till inte om ett har de jag var så men vi kan från när man eller ska också efter detta vid"),
        ("da", "og at det som en på er af for med den til ikke om et har de jeg var så men vi kan fra når man eller skal også efter dette ved blev"),
        ("fi", "ja on ei että se oli hän ovat mutta kun niin tai myös kuin joka mitä sen voi olla tämä ole hänen jos sitä nyt vain minä ollut he"),
        ("pl", "i w na z się nie do że jest to o jak po za od co dla tak ale jego czy przez które oraz być są ich przy lub ma tym może"),
        ("cs", "a se v na je že to s z do o i jako ve by za pro ale který jsou při jeho po od nebo které podle být této jsem není"),
        ("ro", "și de la în a pe cu nu o că este un din pentru care mai sunt ca se sau prin o fi au dar al ale lui cum această"),
        ("hu", "a az és hogy nem is egy ez de meg volt csak mint már még vagy ha el van kell ezt azt minden után amely lehet"),
        ("tr", "ve bir bu için de da ile olarak çok daha ne gibi en olan kadar var ama sonra ben değil her o mi ki veya olduğu"),
        ("id", "yang dan di dengan untuk pada dari ini itu tidak dalam akan adalah ke juga atau saya oleh bisa sebagai ada anda mereka telah karena"),
        ("ru", "и в не на что он с как это по но его из к а за то от я было о так для же все вы мы она или бы только быть также может"),
        ("uk", "і в не на що він з як це по але його із до та за від я було о так для же все ви ми вона або також може є"),
        ("bg", "и в не на че той с като това по но го от за да се са е ще или със при има може бъде които"),
    ];

    private static readonly Dictionary<string, ushort[]> Index = BuildIndex();

    /// <summary>Languages that can be told apart.</summary>
    public static IReadOnlyList<string> Known { get; } = [.. FunctionWords.Select(f => f.Language), "ar", "el", "he", "hi", "ja", "ka", "ko", "th", "zh"];

    /// <summary>The language as ISO 639-1; null if the text leaves it open.</summary>
    public static string? Of(ReadOnlySpan<char> text)
    {
        var scripts = Scripts.Count(text);
        var letters = scripts.Sum();
        if (letters < 10)
        {
            return null;
        }

        var main = Array.IndexOf(scripts, scripts.Max());
        return Scripts.Names[main] switch
        {
            "Latin" or "Cyrillic" => ByWords(text),
            "Greek" => "el",
            "Hebrew" => "he",
            "Arabic" => "ar",
            "Devanagari" => "hi",
            "Thai" => "th",
            "Georgian" => "ka",
            "Hangul" => "ko",
            "Kana" => "ja",
            "Han" => scripts[Array.IndexOf([.. Scripts.Names], "Kana")] > letters / 20 ? "ja" : "zh",
            _ => null,
        };
    }

    private static string? ByWords(ReadOnlySpan<char> text)
    {
        Span<double> scores = stackalloc double[FunctionWords.Length];
        scores.Clear();
        var lookup = Index.GetAlternateLookup<ReadOnlySpan<char>>();
        Span<char> word = stackalloc char[16];
        var hits = 0;
        var length = 0;
        for (var i = 0; i <= text.Length; i++)
        {
            if (i < text.Length && char.IsLetter(text[i]))
            {
                if (length < word.Length)
                {
                    word[length] = char.ToLowerInvariant(text[i]);
                }

                length++;
                continue;
            }

            if (length > 0 && length <= word.Length && lookup.TryGetValue(word[..length], out var languages))
            {
                hits++;
                foreach (var language in languages)
                {
                    scores[language] += 1.0 / languages.Length;
                }
            }

            length = 0;
        }

        var best = 0;
        for (var i = 1; i < scores.Length; i++)
        {
            best = scores[i] > scores[best] ? i : best;
        }

        return hits >= LeastHits && scores[best] >= 2 ? FunctionWords[best].Language : null;
    }

    private static Dictionary<string, ushort[]> BuildIndex() => FunctionWords
        .SelectMany((f, number) => f.Words.Split(' ').Distinct().Select(word => (word, number)))
        .GroupBy(p => p.word, StringComparer.Ordinal)
        .ToDictionary(g => g.Key, g => g.Select(p => (ushort)p.number).ToArray(), StringComparer.Ordinal);
}
