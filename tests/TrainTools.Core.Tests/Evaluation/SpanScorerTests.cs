using System.IO.Compression;
using TrainTools.Core.Evaluation;

namespace TrainTools.Core.Tests.Evaluation;

/// <summary>Entities and their scores: real system outputs with published figures, and the library's own example.</summary>
public sealed class SpanScorerTests
{
    [Theory]
    [InlineData("uh_ritual", 41.86)]
    [InlineData("spinningbytes", 40.78)]
    [InlineData("sjtu_adapt", 40.42)]
    [InlineData("arcada", 39.98)]
    [InlineData("flytxt", 38.35)]
    [InlineData("mic-cis", 37.06)]
    [InlineData("drexel_cci", 26.30)]
    public void The_shared_tasks_systems_have_their_published_f1(string system, double percent)
    {
        var scorer = new SpanScorer();
        var column = -1;
        List<string> given = [], predicted = [];
        foreach (var line in Lines())
        {
            var cells = line.Split('\t');
            if (column < 0)
            {
                column = Array.IndexOf(cells, system);
            }
            else if (line.Length == 0)
            {
                scorer.Add(given, predicted);
                given.Clear();
                predicted.Clear();
            }
            else
            {
                given.Add(cells[0]);
                predicted.Add(cells[column]);
            }
        }

        Assert.Equal(1079, scorer.Overall.Support);
        Assert.Equal(percent, Math.Round(100 * scorer.Overall.F1, 2));
        Assert.Equal(["corporation", "creative-work", "group", "location", "person", "product"], scorer.Types.Select(t => t.Label));
        Assert.Equal(scorer.Overall.F1, scorer.Metrics()["eval_f1"]);
    }

    [Fact]
    public void The_example_of_seqeval_gives_what_seqeval_says()
    {
        // github.com/chakki-works/seqeval, README: f1 0.50, accuracy 0.80; MISC 0, PER 1.
        var scorer = new SpanScorer();
        scorer.Add("O O O B-MISC I-MISC I-MISC O".Split(' '), "O O B-MISC I-MISC I-MISC I-MISC O".Split(' '));
        scorer.Add("B-PER I-PER O".Split(' '), "B-PER I-PER O".Split(' '));
        var metrics = scorer.Metrics();
        Assert.Equal((0.5, 0.8), (metrics["eval_f1"], metrics["eval_accuracy"]));
        Assert.Equal((0.0, 1.0), (metrics["eval_MISC_f1"], metrics["eval_PER_f1"]));
    }

    [Theory]
    [InlineData("I-A I-A O", "A:0-2")]
    [InlineData("B-A B-A I-A", "A:0-1 A:1-3")]
    [InlineData("B-A I-B I-B O", "A:0-1 B:1-3")]
    [InlineData("B-A I-A E-A S-A O S-B", "A:0-3 A:3-4 B:5-6")]
    [InlineData("B-A L-A U-B", "A:0-2 B:2-3")]
    [InlineData("O I-creative-work O", "creative-work:1-2")]
    [InlineData("E-A E-A", "A:0-1 A:1-2")]
    [InlineData("A A O", "A:0-2")]
    [InlineData("", "")]
    public void Spans_follow_conlleval(string tags, string spans) => Assert.Equal(
        spans, string.Join(' ', EntitySpans.Of(tags.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Select(s => $"{s.Type}:{s.Start}-{s.End}")));

    private static IEnumerable<string> Lines()
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(Path.Combine(AppContext.BaseDirectory, "Data", "Evaluation", "wnut17-tags.tsv.gz")), CompressionMode.Decompress));
        while (reader.ReadLine() is { } line)
        {
            yield return line;
        }

        yield return string.Empty; // the last sentence ends with the file
    }
}
