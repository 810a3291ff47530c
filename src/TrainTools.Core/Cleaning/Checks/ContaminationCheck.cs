using System.Globalization;

using TrainTools.Core.Cleaning.Records;
using TrainTools.Core.Cleaning.Text;
using TrainTools.Core.Data;

namespace TrainTools.Core.Cleaning.Checks;

/// <summary>
/// Records that hold what a model will be tested on. The value is the share of an evaluation text's word n-grams that the
/// record holds, or 1 where it holds a run of 50 words of it (or four fifths of a shorter one). Texts shorter than two
/// n-grams count whole only: most of one is a way to ask ("How long will it take to get to …") and not yet the question. Texts
/// shorter than one count when the record's input is the same.
/// </summary>
internal sealed class ContaminationCheck : IRecordCheck
{
    private const int LongRun = 50;

    /// <summary>An n-gram in more evaluation texts than this is a common phrase and counts for none.</summary>
    private const int CommonPhrase = 10;

    private readonly int _n;
    private readonly NearEvaluation? _near;
    private readonly Dictionary<ulong, int[]> _grams = [];
    private readonly Dictionary<ulong, int> _short = [];
    private readonly List<EvaluationText> _texts = [];

    private sealed record EvaluationText(string Place, int Words, int Grams)
    {
        /// <summary>Its n-grams that are no common phrases.</summary>
        public int Rare { get; set; }
    }

    /// <summary>Builds the index of the evaluation records' n-grams.</summary>
    /// <param name="evaluation">The evaluation records.</param>
    /// <param name="n">Words an n-gram.</param>
    /// <param name="near">Takes the records too, to find near copies by characters; null = they are not looked for.</param>
    public ContaminationCheck(IEnumerable<TrainingRecord> evaluation, int n, NearEvaluation? near = null)
    {
        _n = n;
        _near = near;
        var places = new Dictionary<ulong, List<int>>();
        foreach (var record in evaluation)
        {
            var input = RecordView.Of(record).Input;
            var words = WordTokens.Hashes(input);
            var place = string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileName(record.SourceFile)}({record.SourceLine})");
            _near?.Add(input, place);
            var grams = Grams(words).Distinct().ToList();
            if (grams.Count == 0)
            {
                if (words.Count > 0)
                {
                    _short.TryAdd(Combine(words), _texts.Count);
                }
            }

            foreach (var gram in grams)
            {
                (places.TryGetValue(gram, out var list) ? list : places[gram] = []).Add(_texts.Count);
            }

            _texts.Add(new EvaluationText(place, words.Count, grams.Count));
        }

        foreach (var (gram, texts) in places)
        {
            if (texts.Count <= CommonPhrase)
            {
                _grams.Add(gram, [.. texts]);
                texts.ForEach(t => _texts[t].Rare++);
            }
        }
    }

    public void Check(RecordView view, FindingSink sink)
    {
        var words = WordTokens.Hashes(view.Input);
        if (words.Count < _n)
        {
            if (words.Count > 0 && _short.TryGetValue(Combine(words), out var same))
            {
                sink.Add(CleaningRules.Contamination, 1, $"equal to {_texts[same].Place}");
            }
        }
        else
        {
            Look(words, sink);
        }

        if (view.Output is not null)
        {
            Look(WordTokens.Hashes(view.Output), sink);
        }

        if (!sink.IsFound(CleaningRules.Contamination) && _near?.Find(view.Input) is { Similarity: > 0 } near)
        {
            sink.Add(CleaningRules.NearContamination, near.Similarity, near.Detail);
        }
    }

    private void Look(List<ulong> words, FindingSink sink)
    {
        Dictionary<int, Overlap>? overlaps = null;
        var position = 0;
        foreach (var gram in Grams(words))
        {
            if (_grams.TryGetValue(gram, out var texts))
            {
                overlaps ??= [];
                foreach (var text in texts)
                {
                    var overlap = overlaps.GetValueOrDefault(text);
                    overlaps[text] = overlap.Next(position);
                }
            }

            position++;
        }

        if (overlaps is null)
        {
            return;
        }

        var (best, value, run) = (-1, 0.0, 0);
        foreach (var (text, overlap) in overlaps)
        {
            var longest = overlap.Longest + _n - 1;
            var share = Share(_texts[text], overlap, longest);
            if (share > value || (share == value && text < best))
            {
                (best, value, run) = (text, share, longest);
            }
        }

        if (best >= 0)
        {
            sink.Add(CleaningRules.Contamination, value, string.Create(
                CultureInfo.InvariantCulture, $"{_texts[best].Place}, {run} words in a row"));
        }
    }

    private double Share(EvaluationText text, Overlap overlap, int longest) =>
        text.Words < 2 * _n ? (overlap.Count >= text.Rare && (longest >= text.Words || text.Rare < text.Grams) ? 1 : 0)
        : longest >= Math.Min(LongRun, 0.8 * text.Words) ? 1
        : Math.Min(1, (double)overlap.Count / text.Grams);

    private IEnumerable<ulong> Grams(List<ulong> words)
    {
        for (var i = 0; i + _n <= words.Count; i++)
        {
            yield return Combine(words, i, _n);
        }
    }

    private static ulong Combine(List<ulong> words) => Combine(words, 0, words.Count);

    private static ulong Combine(List<ulong> words, int start, int count)
    {
        var hash = 0x9E3779B97F4A7C15UL;
        for (var i = start; i < start + count; i++)
        {
            hash = (hash ^ words[i]) * 0xBF58476D1CE4E5B9;
            hash ^= hash >> 29;
        }

        return hash;
    }

    /// <summary>How much of one evaluation text was met: n-grams in all, and the longest run of them.</summary>
    private readonly record struct Overlap(int Count, int Run, int Longest, int Last)
    {
        public Overlap Next(int position)
        {
            var run = Count > 0 && Last == position - 1 ? Run + 1 : 1;
            return new Overlap(Count + 1, run, Math.Max(Longest, run), position);
        }
    }
}
