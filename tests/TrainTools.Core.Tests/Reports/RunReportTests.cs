using TrainTools.Core.Configuration;
using TrainTools.Core.Diagnostics;
using TrainTools.Core.Diagnostics.Remedies;
using TrainTools.Core.Reports;
using TrainTools.Core.Runs;
using TrainTools.Core.Tests.Diagnostics;

namespace TrainTools.Core.Tests.Reports;

public sealed class RunReportTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(100_000)]
    public void A_run_of_any_length_becomes_one_page_of_bounded_size_that_needs_nothing_from_elsewhere(int steps)
    {
        var page = RunReportPage.Render(Made(steps));
        Assert.InRange(page.Length, 4_000, 400_000);
        Assert.DoesNotContain("http", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("NaN", page.Replace("NaN or infinity", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Equal(steps > 0, page.Contains("<path d=\"M", StringComparison.Ordinal) && page.Contains("Gradient norm before clipping", StringComparison.Ordinal));
    }

    [Fact]
    public void Diagnoses_are_numbered_alike_in_the_list_and_on_the_charts()
    {
        var run = new MadeUpRun { Noise = 0.05 }.Go(500).Go(200, s => MadeUpRun.Healthy(500) * Math.Exp(0.01 * (s - 500)));
        var page = RunReportPage.Render(Made(700) with { Diagnoses = run.Engine.Diagnoses });
        var number = run.Engine.Diagnoses.ToList().FindIndex(d => d.IsRoot && d.Severity >= FindingSeverity.Warning) + 1;
        Assert.Contains($"<span class=\"number\">{number}</span>", page, StringComparison.Ordinal);
        Assert.Contains($"<title>{number}: ", page, StringComparison.Ordinal);
        Assert.Contains("learning_rate: 0.001 →", page, StringComparison.Ordinal);
    }

    [Fact]
    public void What_comes_from_a_run_is_text_and_never_markup()
    {
        var page = RunReportPage.Render(Made(50) with { Name = "<script>alert(1)</script>" });
        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("&lt;script&gt;", page, StringComparison.Ordinal);
    }

    [Fact]
    public void A_spike_of_one_step_in_a_hundred_thousand_is_still_on_the_picture()
    {
        var x = Enumerable.Range(1, 100_000).Select(i => (double)i).ToArray();
        var y = x.Select(i => i == 54_321 ? 9.0 : 1.0).ToArray();
        var (thinX, thinY) = Thinning.Extremes(x, y);
        Assert.InRange(thinX.Length, Thinning.Columns, 2 * Thinning.Columns);
        Assert.Equal(54_321, thinX[Array.IndexOf(thinY, 9.0)]);
        Assert.True(thinX.SequenceEqual(thinX.Order()));
    }

    [Fact]
    public void Medians_pass_over_spikes_and_gaps_and_stay_at_a_straight_line_to_its_ends()
    {
        var x = Enumerable.Range(0, 300).Select(i => (double)i).ToArray();
        var y = x.Select(i => i is 50 ? double.NaN : i is 100 ? 1000 : 300 - i).ToArray();
        var (_, smooth) = Thinning.Medians(x, y);
        for (var i = 0; i < smooth.Length; i++)
        {
            Assert.InRange(smooth[i], 300 - i - 2, 300 - i + 2);
        }
    }

    [Fact]
    public void Runs_beside_each_other_show_the_best_and_the_settings_that_differ()
    {
        var one = Made(60) with { Name = "one", Config = Config(1e-3) };
        var two = Made(60) with { Name = "two", Config = Config(2e-3), Evaluations = [Evaluation(60, 1.05)] };
        var table = RunComparison.Of([one, two]);
        Assert.Equal(1, table.Single(r => r.Name == "best evaluation loss").Best);
        Assert.Equal(["0.001", "0.002"], table.Single(r => r.Name == "learning_rate").Values);
        Assert.DoesNotContain(table, r => r.Name == "weight_decay");
        Assert.Contains("<svg", RunReportPage.Render([one, two]), StringComparison.Ordinal);
    }

    [Fact]
    public void A_remedy_that_the_run_applied_to_itself_is_told()
    {
        var folder = new RunFolder(Directory.CreateTempSubdirectory("traintools").FullName);
        try
        {
            File.WriteAllText(folder.ConfigPath, "learning_rate: 5e-4\n");
            RemedyLog.Append(folder, new AppliedRemedy
            {
                At = DateTimeOffset.UnixEpoch,
                Diagnosis = new MadeUpRun { Noise = 0.05 }.Go(500).Go(200, s => MadeUpRun.Healthy(500) * Math.Exp(0.01 * (s - 500))).Engine.Diagnoses[0],
                Changes = [new RemedyChange("learning_rate", "0.1", "0.0005")],
                StoppedAfterStep = 5,
                BackToStep = 0,
            });
            Assert.Contains("the run begins anew and changes learning_rate: 0.1 → 0.0005", System.Net.WebUtility.HtmlDecode(RunReportPage.Render(ReportedRun.Read(folder.Path))), StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder.Path, recursive: true);
        }
    }

    [Fact]
    public void A_chart_becomes_a_picture()
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName() + ".png");
        try
        {
            PngChart.Write(path, RunCharts.Of(Made(200))[0], 600, 300);
            byte[] start = [0x89, (byte)'P', (byte)'N', (byte)'G'];
            var bytes = File.ReadAllBytes(path);
            Assert.Equal(start, bytes[..4]);
            Assert.Equal(600, System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(16)));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_report_that_cannot_be_written_is_told_and_not_thrown() =>
        Assert.Contains("could not be written", RunReport.TryWrite(new RunFolder(Path.Combine(Path.GetTempPath(), Path.GetRandomFileName()))), StringComparison.Ordinal);

    private static TrainingConfig Config(double rate) => new() { Optimization = new OptimizationConfig { LearningRate = rate, MaxGradNorm = 1 } };

    private static EvaluationResult Evaluation(int step, double loss) => new() { Step = step, Metrics = new Dictionary<string, double> { ["eval_loss"] = loss } };

    private static ReportedRun Made(int steps)
    {
        var random = new Random(3);
        return new ReportedRun
        {
            Name = "made-up",
            Path = "made-up",
            Config = Config(1e-3),
            Steps =
            [
                .. Enumerable.Range(1, steps).Select(s => new TrainingStep
                {
                    Step = s,
                    Loss = s % 97 == 0 ? double.NaN : MadeUpRun.Healthy(s) * Math.Exp(0.1 * random.NextDouble()),
                    GradNorm = s % 97 == 0 ? double.NaN : 0.5 + random.NextDouble(),
                    LearningRate = 1e-3 * (1 - ((double)s / steps)),
                    NumInputTokens = 1000,
                    StepSeconds = 0.1,
                    ResidentBytes = 1_000_000_000 + s,
                }),
            ],
            Evaluations = steps < 10 ? [] : [.. Enumerable.Range(1, 10).Select(i => Evaluation(i * steps / 10, 1 + (1.0 / i)))],
            Diagnoses = [],
        };
    }
}
