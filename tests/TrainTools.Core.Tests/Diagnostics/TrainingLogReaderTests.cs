using System.Globalization;
using System.Text;
using TrainTools.Core.Configuration;
using TrainTools.Core.Diagnostics;
using TrainTools.Core.Diagnostics.Logs;
using TrainTools.Core.Errors;
using TrainTools.Core.Runs;

namespace TrainTools.Core.Tests.Diagnostics;

public sealed class TrainingLogReaderTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("traintools").FullName;

    [Fact]
    public void Reads_the_state_file_of_a_real_Trainer_run()
    {
        var log = TrainingLogReader.Read(TestData.Path("Logs", "trainer_state.json"));
        Assert.Equal(("trainer_state.json", 8, 8), (log.Format, log.Steps.Count, log.Facts.MaxSteps));
        Assert.Equal(4, log.Facts.StepsPerEpoch);
        Assert.Equal(2, log.Facts.MicroBatchRows);
        Assert.Equal(1e-3, log.Facts.LearningRate!.Value, 1e-9);
        Assert.True(log.Facts.HasGradNorm);
        Assert.Empty(log.Problems);
        Assert.Contains(log.Lacks, l => l.StartsWith("evaluation loss", StringComparison.Ordinal));

        // The last entry is the run's mean, not a step's loss.
        Assert.All(log.Steps, s => Assert.InRange(s.Loss, 4, 9));
    }

    [Fact]
    public void A_state_file_with_NaN_as_Python_writes_it_is_diagnosed()
    {
        var path = WriteState(Entries(120).Select((e, i) => i < 80 ? e : $$"""{"epoch": {{F(i / 40.0)}}, "grad_norm": NaN, "learning_rate": 0.0005, "loss": 0.0, "step": {{i + 1}}}"""));
        var log = TrainingLogReader.Read(path);
        Assert.Equal(120, log.Steps.Count);
        var diagnosis = log.Diagnose().First(d => d.IsRoot && d.Severity == FindingSeverity.Error);
        Assert.Equal((Symptoms.NonFinite, 81), (diagnosis.Symptom, diagnosis.FirstStep));
    }

    [Fact]
    public void Of_a_state_file_that_breaks_off_what_stands_before_is_read()
    {
        var path = WriteState(Entries(60));
        var text = File.ReadAllText(path);
        File.WriteAllText(path, text[..(text.IndexOf("\"step\": 41", StringComparison.Ordinal) - 20)]);
        var log = TrainingLogReader.Read(path);
        Assert.Equal(40, log.Steps.Count);
        Assert.Contains("40 log entries", Assert.Single(log.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public void An_entry_that_is_none_does_not_end_the_log()
    {
        var log = TrainingLogReader.Read(WriteState(Entries(60).SelectMany((e, i) => i == 30 ? new[] { "17", "[1, {\"loss\": 3}]", e } : [e])));
        Assert.Equal(60, log.Steps.Count);
        Assert.Contains("2 entries of log_history are no objects (entry 31 first); 60 entries", Assert.Single(log.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public void A_table_with_decimal_commas_is_read()
    {
        var path = Path.Combine(folder, "log.csv");
        File.WriteAllLines(path, ["step;train_loss;lr", "1;2,5;1,0E-03", "2;2,25;5,0E-04", "3;2,125;0"]);
        var log = TrainingLogReader.Read(path);
        Assert.Equal([2.5, 2.25, 2.125], log.Steps.Select(s => s.Loss));
        Assert.Equal(1e-3, log.Facts.LearningRate!.Value, 1e-12);
    }

    // The form of a chart's CSV export: quoted names, the x axis first, three columns a run and figure.
    [Theory]
    [InlineData("\"Step\"", "")]
    [InlineData("\"train/global_step\"", "\"brisk-pond-1 - _step\",\"brisk-pond-1 - _step__MIN\",\"brisk-pond-1 - _step__MAX\",")]
    [InlineData("\"Step\"", "", "lora - r16 - brisk-pond-1")]
    public void Reads_a_chart_that_Weights_and_Biases_exported(string axis, string counter, string run = "brisk-pond-1")
    {
        var path = Path.Combine(folder, "wandb_export_2026-01-02T10_11_12.345+01_00.csv");
        var lines = Enumerable.Range(1, 60).Select(s =>
        {
            var count = counter.Length == 0 ? "" : $"\"{(2 * s) + 1}\",\"{(2 * s) + 1}\",\"{(2 * s) + 1}\",";
            var loss = F(3 * Math.Exp(-0.01 * s));
            var rate = F(1e-4);
            var held = s % 20 == 0 ? "\"2.5\",\"2.5\",\"2.5\"" : "\"\",\"\",\"\"";
            return $"\"{10 * s}\",{count}\"{loss}\",\"0.5\",\"9.5\",\"{rate}\",\"{rate}\",\"{rate}\",{held}";
        });
        string Three(string name) => string.Join(",", new[] { "", "__MIN", "__MAX" }.Select(e => $"\"{run} - {name}{e}\""));
        File.WriteAllLines(path, lines.Prepend($"{axis},{counter}{Three("train/loss")},{Three("train/learning_rate")},{Three("eval/loss")}"));
        var log = TrainingLogReader.Read(path);
        Assert.Equal((60, 3), (log.Steps.Count, log.Evaluations.Count));
        Assert.Equal(Enumerable.Range(1, 60).Select(s => 10 * s), log.Steps.Select(s => s.Step));
        Assert.Equal(Enumerable.Range(1, 60).Select(s => 3 * Math.Exp(-0.01 * s)), log.Steps.Select(s => s.Loss));
        Assert.Equal((1e-4, false), (log.Facts.LearningRate, log.Facts.HasGradNorm));
        Assert.Empty(log.Problems);
    }

    [Fact]
    public void A_chart_of_several_runs_is_a_clear_error_and_that_of_a_group_says_so()
    {
        var path = Path.Combine(folder, "wandb.csv");
        File.WriteAllLines(path, ["\"Step\",\"a-1 - train/loss\",\"a-1 - train/loss__MIN\",\"a-1 - train/loss__MAX\",\"b-2 - train/loss\",\"b-2 - train/loss__MIN\",\"b-2 - train/loss__MAX\"", "\"1\",\"2\",\"2\",\"2\",\"3\",\"3\",\"3\""]);
        var error = Assert.Throws<TrainToolsException>(() => TrainingLogReader.Read(path));
        Assert.Equal(ErrorIds.TrainingLogInvalid, error.ErrorId);
        Assert.Contains("2 runs in one table: a-1, b-2", error.Message, StringComparison.Ordinal);
        File.WriteAllLines(path, ["\"Step\",\"Group: a - train/loss\",\"Group: a - train/loss__MIN\",\"Group: a - train/loss__MAX\"", "\"1\",\"2\",\"2\",\"2\""]);
        Assert.Contains(TrainingLogReader.Read(path).Problems, p => p.Contains("means over the runs of a group", StringComparison.Ordinal));
    }

    [Fact]
    public void What_a_log_lacks_is_said_and_not_guessed()
    {
        var path = Path.Combine(folder, "loss.csv");
        File.WriteAllLines(path, Enumerable.Range(1, 200).Select(s => $"{s},{F(s < 100 ? 3 * Math.Exp(-0.01 * s) : 1.1 * Math.Exp(0.02 * (s - 100)))}").Prepend("step,loss"));
        var explodes = TrainingLogReader.Read(path).Diagnose().Single(d => d.Symptom == Symptoms.LossExplodes);
        Assert.Equal(CauseIds.LearningRateTooHigh, explodes.Cause!.Id);
        Assert.Contains("the log does not say what it was", explodes.Cause.Reason, StringComparison.Ordinal);
        Assert.Empty(explodes.Remedy!.Changes);

        File.WriteAllLines(path, Enumerable.Range(1, 60).Select(s => $"{s},{(s < 5 ? "3" : "nan")}").Prepend("step,loss"));
        var broken = TrainingLogReader.Read(path).Diagnose().Single(d => d.Symptom == Symptoms.NonFinite);
        Assert.All(broken.Causes.SelectMany(c => c.Remedies).SelectMany(r => r.Changes), c => Assert.DoesNotContain("warmup", c.Setting, StringComparison.Ordinal));
    }

    [Fact]
    public void A_table_of_runs_is_no_log_of_one()
    {
        var path = Path.Combine(folder, "runs.csv");
        File.WriteAllLines(path, ["Name,State,train/loss,_step", "brisk-1,finished,0.4,100", "brisk-2,finished,0.5,100"]);
        Assert.Contains("One step is logged: too few", Assert.Single(TrainingLogReader.Read(path).Problems), StringComparison.Ordinal);
        File.WriteAllLines(path, ["step,accuracy,evaluation", "1,0.4,2", "2,0.5,1"]);
        Assert.Contains("This one has step, accuracy, evaluation.", Assert.Throws<TrainToolsException>(() => TrainingLogReader.Read(path)).Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("4,2.0,,", true)]
    [InlineData("4,2.0,1.5,", true)]
    [InlineData("4,2.0,1.5,0.001", false)]
    public void A_last_step_that_is_there_in_part_does_not_hide_a_signal(string last, bool isLeftOut)
    {
        var path = Path.Combine(folder, "log.csv");
        File.WriteAllLines(path, ["step,loss,grad_norm,lr", "1,3.0,1.0,0.001", "2,2.5,1.0,0.001", "3,2.2,1.0,0.001", last]);
        var log = TrainingLogReader.Read(path);
        Assert.Equal(isLeftOut ? 3 : 4, log.Steps.Count);
        Assert.Equal(isLeftOut, log.Problems.Any(p => p.Contains("last step (4) is there in part", StringComparison.Ordinal)));
        Assert.True(log.Facts.HasGradNorm);
        Assert.True(log.Facts.HasLearningRate);
    }

    [Theory]
    [InlineData("{\"log_history\": [{\"los", ErrorIds.TrainingLogInvalid)]
    [InlineData("{}", ErrorIds.TrainingLogEmpty)]
    [InlineData("", ErrorIds.TrainingLogInvalid)]
    [InlineData("\0\u0001\u0002", ErrorIds.TrainingLogInvalid)]
    [InlineData("[1, 2]", ErrorIds.TrainingLogInvalid)]
    public void A_state_file_without_anything_in_it_is_a_clear_error(string text, string errorId)
    {
        var path = Path.Combine(folder, "trainer_state.json");
        File.WriteAllText(path, text);
        var error = Assert.Throws<TrainToolsException>(() => TrainingLogReader.Read(path));
        Assert.Equal(errorId, error.ErrorId);
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_newest_checkpoint_of_an_output_folder_holds_the_log()
    {
        foreach (var step in new[] { 20, 100, 60 })
        {
            var checkpoint = Directory.CreateDirectory(Path.Combine(folder, $"checkpoint-{step}")).FullName;
            File.Move(WriteState(Entries(step)), Path.Combine(checkpoint, "trainer_state.json"));
        }

        Assert.Equal(100, TrainingLogReader.Read(folder).Steps.Count);
    }

    [Fact]
    public void Reads_events_that_another_program_wrote()
    {
        // Written by TorchSharp's SummaryWriter: the loss falls for 160 steps and then rises by 2 % a step.
        var log = TrainingLogReader.Read(TestData.Path("Logs", "tensorboard"));
        Assert.Equal((240, 6), (log.Steps.Count, log.Evaluations.Count));
        Assert.Equal(Enumerable.Range(1, 240), log.Steps.Select(s => s.Step));
        Assert.Equal(5e-4, log.Facts.LearningRate!.Value, 1e-9);
        var diagnosis = log.Diagnose().First(d => d.IsRoot && d.Severity == FindingSeverity.Error);
        Assert.Equal(Symptoms.LossExplodes, diagnosis.Symptom);
        Assert.InRange(diagnosis.FirstStep, 130, 190);
        Assert.Equal("learning_rate", diagnosis.Remedy!.Changes[0].Setting);
    }

    [Theory]
    [InlineData(-7, "breaks off")]
    [InlineData(0, "checksum is wrong")]
    public void Of_events_that_are_damaged_the_records_before_are_read(int cut, string why)
    {
        var source = Directory.GetFiles(TestData.Path("Logs", "tensorboard"))[0];
        var bytes = File.ReadAllBytes(source);
        var path = Path.Combine(folder, Path.GetFileName(source));
        if (cut < 0)
        {
            bytes = bytes[..(bytes.Length / 2)];
        }
        else
        {
            bytes[bytes.Length / 2] ^= 0xFF;
        }

        File.WriteAllBytes(path, bytes);
        var log = TrainingLogReader.Read(path);
        Assert.InRange(log.Steps.Count, 90, 130);
        var problem = Assert.Single(log.Problems);
        Assert.Contains("damaged", problem, StringComparison.Ordinal);
        Assert.Contains("were read", problem, StringComparison.Ordinal);
        Assert.True(problem.Contains(why, StringComparison.Ordinal) || problem.Contains("checksum of its length", StringComparison.Ordinal), problem);
    }

    [Fact]
    public void A_later_event_file_replaces_the_steps_it_does_again()
    {
        WriteEvents("a", 1, 60, 3);
        Thread.Sleep(1100);
        WriteEvents("b", 41, 80, 2);
        var log = TrainingLogReader.Read(folder);
        Assert.Equal(80, log.Steps.Count);
        Assert.Equal(3, log.Steps[39].Loss);
        Assert.Equal(2, log.Steps[40].Loss);
    }

    [Theory]
    [InlineData("step,epoch,train_loss,val_loss,lr-Adam", ",")]
    [InlineData("global_step;epoch;loss;eval_loss;x", ";")]
    public void Reads_tables_with_gaps(string header, string delimiter)
    {
        var text = new StringBuilder("\uFEFF" + header + "\n");
        for (var step = 1; step <= 100; step++)
        {
            text.AppendLine(string.Join(delimiter, F(step), "0", F(3 - (step / 100.0)), step % 25 == 0 ? F(2.5) : "", ""));
        }

        var path = Path.Combine(folder, "metrics.csv");
        File.WriteAllText(path, text + "5" + delimiter + "broken\n");
        var log = TrainingLogReader.Read(path);
        Assert.Equal((100, 4), (log.Steps.Count, log.Evaluations.Count));
        Assert.Equal(2, log.Steps[^1].Loss);
        Assert.Contains("line 102", Assert.Single(log.Problems), StringComparison.Ordinal);
        Assert.Contains(log.Lacks, l => l.StartsWith("gradient norm", StringComparison.Ordinal));
        Assert.DoesNotContain(log.Diagnose(), d => d.Symptom == Symptoms.NonFinite);
    }

    [Fact]
    public void Reads_LLaMA_Factory_s_log()
    {
        var path = Path.Combine(folder, "trainer_log.jsonl");
        File.WriteAllLines(path, Enumerable.Range(1, 20).Select(i => i % 10 == 0
            ? $$"""{"current_steps": {{5 * i}}, "total_steps": 200, "eval_loss": 1.5, "epoch": {{F(i / 20.0)}}, "percentage": 50.0, "elapsed_time": "0:01:10", "remaining_time": "0:01:10"}"""
            : $$"""{"current_steps": {{5 * i}}, "total_steps": 200, "loss": {{F(2.0 - (i / 40.0))}}, "lr": 5e-05, "epoch": {{F(i / 20.0)}}, "percentage": 2.5, "elapsed_time": "0:00:05", "remaining_time": "0:03:15"}"""));
        var log = TrainingLogReader.Read(folder);
        Assert.Equal((18, 2, 200), (log.Steps.Count, log.Evaluations.Count, log.Facts.MaxSteps));
        Assert.Equal(5e-5, log.Facts.LearningRate);
        Assert.Equal(5, log.Steps[0].Step);
    }

    [Fact]
    public void Reads_the_dictionaries_in_a_console_log_and_counts_them()
    {
        // As transformers and Axolotl print them between progress bars.
        var path = Path.Combine(folder, "train.log");
        File.WriteAllText(path, """
            [2025-01-01 10:00:00,000] [INFO] [axolotl] starting
              1%|          | 1/100 [00:01<01:40]{'loss': 2.31, 'grad_norm': 1.5, 'learning_rate': 2e-05, 'epoch': 0.01}
            {'loss': 2.25, 'grad_norm': nan, 'learning_rate': 4e-05, 'epoch': 0.02}
            {'eval_loss': 2.2, 'eval_runtime': 1.0, 'epoch': 0.02}
            {'loss': '2.20', 'grad_norm': '1.2', 'learning_rate': '6e-05', 'epoch': '0.03'}
            {'loss': 2.1, 'grad
            {'train_runtime': 10.0, 'train_loss': 2.25, 'epoch': 0.03}
            """);
        var log = TrainingLogReader.Read(path);
        Assert.Equal([2.31, 2.25, 2.20], log.Steps.Select(s => s.Loss));
        Assert.Equal([1, 2, 3], log.Steps.Select(s => s.Step));
        Assert.Equal((2, 2.2), (log.Evaluations[0].Step, log.Evaluations[0].Metrics["eval_loss"]));
        Assert.Contains("line 6", Assert.Single(log.Problems), StringComparison.Ordinal);
        Assert.Contains(log.Lacks, l => l.StartsWith("step numbers", StringComparison.Ordinal));
        Assert.Contains(log.Diagnose(), d => d.Symptom == Symptoms.NonFinite);
    }

    [Fact]
    public void Reads_this_tool_s_own_run_with_its_settings()
    {
        var run = new RunFolder(folder);
        File.WriteAllText(run.ConfigPath, ConfigYaml.Write(new TrainingConfig { Optimization = new OptimizationConfig { LearningRate = 0.25 }, Duration = new DurationConfig { MaxSteps = 90 } }));
        using (var metrics = MetricsLog.Open(run.MetricsPath, 0))
        {
            for (var step = 1; step <= 60; step++)
            {
                metrics.Append(new TrainingStep { Step = step, Loss = 2 + (0.2 * step), GradNorm = 1, LearningRate = 0.25, NumInputTokens = 10, NumSupervisedTokens = 5, UpdateRatio = 0.3 });
            }
        }

        File.AppendAllText(run.MetricsPath, "{\"step\": 61, \"lo");
        var log = TrainingLogReader.Read(folder);
        Assert.Equal((60, 90), (log.Steps.Count, log.Facts.MaxSteps));
        var root = log.Diagnose().First(d => d.IsRoot && d.Severity == FindingSeverity.Error);
        Assert.Equal((Symptoms.UpdateTooLarge, CauseIds.LearningRateTooHigh, "0.25"), (root.Symptom, root.Cause!.Id, root.Remedy!.Changes[0].OldValue));
    }

    [Fact]
    public void What_is_no_log_is_a_clear_error()
    {
        Assert.Equal(ErrorIds.TrainingLogNotFound, Error(Path.Combine(folder, "nowhere")));
        Assert.Equal(ErrorIds.TrainingLogUnknown, Error(folder));
        var other = Path.Combine(folder, "picture.png");
        File.WriteAllText(other, "x");
        Assert.Equal(ErrorIds.TrainingLogUnknown, Error(other));
    }

    [Fact]
    public void A_hundred_thousand_entries_are_read_and_diagnosed_without_a_finding()
    {
        var random = new Random(3);
        var path = Path.Combine(folder, "long.csv");
        File.WriteAllLines(path, Enumerable.Range(1, 100_000).Select(s => $"{s},{F(MadeUpRun.Healthy(s / 50) * Math.Exp(0.1 * (random.NextDouble() - 0.5)))}").Prepend("step,loss"));
        var log = TrainingLogReader.Read(path);
        Assert.Equal(100_000, log.Steps.Count);
        Assert.DoesNotContain(log.Diagnose(), d => d.Severity >= FindingSeverity.Warning);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static string F(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private static string Error(string path) => Assert.Throws<TrainToolsException>(() => TrainingLogReader.Read(path)).ErrorId;

    private static IEnumerable<string> Entries(int count) => Enumerable.Range(0, count).Select(i =>
        $$"""{"epoch": {{F((i + 1) / 40.0)}}, "grad_norm": {{F(1.2 + (0.1 * (i % 3)))}}, "learning_rate": 0.0005, "loss": {{F(3 * Math.Exp(-0.005 * i))}}, "step": {{i + 1}}}""");

    private string WriteState(IEnumerable<string> entries)
    {
        var path = Path.Combine(folder, "trainer_state.json");
        File.WriteAllText(path, $$"""
            {
              "best_metric": null,
              "global_step": 120,
              "log_history": [
                {{string.Join(",\n    ", entries)}}
              ],
              "max_steps": 120,
              "num_train_epochs": 3,
              "train_batch_size": 8
            }
            """);
        return path;
    }

    private void WriteEvents(string name, int from, int to, double loss)
    {
        using var board = TensorBoardLog.Create(folder);
        for (var step = from; step <= to; step++)
        {
            board.Append(step, [new("train/loss", loss), new($"train/{name}", 1)]);
        }
    }
}
