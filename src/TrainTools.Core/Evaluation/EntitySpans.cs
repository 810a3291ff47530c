namespace TrainTools.Core.Evaluation;

/// <summary>An entity: words [Start, End) of a type.</summary>
/// <param name="Type">Its type.</param>
/// <param name="Start">First word.</param>
/// <param name="End">One past the last.</param>
public readonly record struct EntitySpan(string Type, int Start, int End);

/// <summary>
/// Entities of tags, as conlleval finds them and seqeval does in its default mode: lenient, so that I- without B- begins an
/// entity, and so does a change of type. Tags are BIO (either kind), BIOES, or BILOU, whose L and U count as E and S. A tag
/// without a prefix counts as inside.
/// </summary>
public static class EntitySpans
{
    /// <summary>The entities of a sentence's tags, in order.</summary>
    public static IReadOnlyList<EntitySpan> Of(IReadOnlyList<string> tags)
    {
        ArgumentNullException.ThrowIfNull(tags);
        var spans = new List<EntitySpan>();
        var (before, typeBefore) = ('O', string.Empty);
        var begin = 0;
        for (var i = 0; i <= tags.Count; i++)
        {
            var (tag, type) = i < tags.Count ? Split(tags[i]) : ('O', string.Empty);
            if (Ends(before, tag, typeBefore, type))
            {
                spans.Add(new EntitySpan(typeBefore, begin, i));
            }

            if (Starts(before, tag, typeBefore, type))
            {
                begin = i;
            }

            (before, typeBefore) = (tag, type);
        }

        return spans;
    }

    /// <summary>The prefix (B, I, E, S or O) and type of a tag.</summary>
    public static (char Prefix, string Type) Split(string tag)
    {
        ArgumentNullException.ThrowIfNull(tag);
        if (tag is "O" or "")
        {
            return ('O', string.Empty);
        }

        if (tag.Length > 1 && tag[1] is '-' or '_' && tag[0] is 'B' or 'I' or 'E' or 'S' or 'L' or 'U' or 'M')
        {
            return (tag[0] switch { 'L' => 'E', 'U' => 'S', 'M' => 'I', var prefix => prefix }, tag[2..]);
        }

        return tag is "B" or "I" or "E" or "S" ? (tag[0], "_") : ('I', tag);
    }

    private static bool Ends(char before, char tag, string typeBefore, string type) => before switch
    {
        'E' or 'S' => true,
        'B' or 'I' => tag is 'B' or 'S' or 'O' || typeBefore != type,
        _ => false,
    };

    private static bool Starts(char before, char tag, string typeBefore, string type) => tag switch
    {
        'B' or 'S' => true,
        'E' or 'I' => before is 'E' or 'S' or 'O' || typeBefore != type,
        _ => false,
    };
}

/// <summary>
/// Counts entities that are right in borders and type, as conlleval and seqeval do, and words whose tag is right. Add a
/// sentence at a time.
/// </summary>
public sealed class SpanScorer
{
    private readonly Dictionary<string, (long Correct, long Predicted, long Support)> types = new(StringComparer.Ordinal);
    private long words;
    private long rightWords;

    /// <summary>Adds a sentence.</summary>
    /// <param name="given">Given tags.</param>
    /// <param name="predicted">Predicted tags, as many.</param>
    public void Add(IReadOnlyList<string> given, IReadOnlyList<string> predicted)
    {
        ArgumentNullException.ThrowIfNull(given);
        ArgumentNullException.ThrowIfNull(predicted);
        if (given.Count != predicted.Count)
        {
            throw new ArgumentException($"{predicted.Count} predicted tags for {given.Count} words", nameof(predicted));
        }

        words += given.Count;
        rightWords += given.Where((tag, i) => tag == predicted[i]).Count();
        var there = EntitySpans.Of(given);
        var found = EntitySpans.Of(predicted);
        var known = there.ToHashSet();
        foreach (var span in there)
        {
            Count(span.Type, 0, 0, 1);
        }

        foreach (var span in found)
        {
            Count(span.Type, known.Contains(span) ? 1 : 0, 1, 0);
        }
    }

    /// <summary>Score of each type, in the order of their names.</summary>
    public IReadOnlyList<ClassScore> Types =>
        [.. types.OrderBy(t => t.Key, StringComparer.Ordinal).Select(t => ClassScore.Of(t.Key, t.Value.Correct, t.Value.Predicted, t.Value.Support))];

    /// <summary>Score of all entities together.</summary>
    public ClassScore Overall => ClassScore.Of("overall", types.Values.Sum(t => t.Correct), types.Values.Sum(t => t.Predicted), types.Values.Sum(t => t.Support));

    /// <summary>Share of words with the right tag.</summary>
    public double Accuracy => (double)rightWords / Math.Max(1, words);

    /// <summary>The metrics under the names of transformers' run_ner: eval_precision, eval_recall, eval_f1, eval_accuracy, and the same for each type (eval_person_f1).</summary>
    public Dictionary<string, double> Metrics()
    {
        var overall = Overall;
        var metrics = new Dictionary<string, double>(StringComparer.Ordinal)
        {
            ["eval_precision"] = overall.Precision,
            ["eval_recall"] = overall.Recall,
            ["eval_f1"] = overall.F1,
            ["eval_accuracy"] = Accuracy,
        };
        ClassificationScores.AddMeans(metrics, Types);
        foreach (var type in Types)
        {
            metrics[$"eval_{type.Label}_precision"] = type.Precision;
            metrics[$"eval_{type.Label}_recall"] = type.Recall;
            metrics[$"eval_{type.Label}_f1"] = type.F1;
        }

        return metrics;
    }

    private void Count(string type, long correct, long predicted, long support)
    {
        var was = types.GetValueOrDefault(type);
        types[type] = (was.Correct + correct, was.Predicted + predicted, was.Support + support);
    }
}
