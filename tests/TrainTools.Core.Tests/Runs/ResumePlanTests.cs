using System.Text.Json;
using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;
using TrainTools.Core.Runs;

namespace TrainTools.Core.Tests.Runs;

/// <summary>Which checkpoint a run goes on from, and what is said about what has changed.</summary>
public sealed class ResumePlanTests : IDisposable
{
    private readonly RunFolder folder = new(Directory.CreateTempSubdirectory("traintools-test-").FullName);
    private readonly TrainingConfig config;
    private readonly string data;

    public ResumePlanTests()
    {
        data = Path.Combine(folder.Path, "data.jsonl");
        File.WriteAllText(data, "{\"text\": \"a\"}\n");
        var model = Path.Combine(folder.Path, "base");
        Directory.CreateDirectory(model);
        File.WriteAllText(Path.Combine(model, "config.json"), "{}");
        File.WriteAllText(Path.Combine(model, "tokenizer.json"), "{}");
        File.WriteAllText(Path.Combine(model, "tokenizer_config.json"), "{}");
        File.WriteAllText(Path.Combine(model, "model.safetensors"), "weights");
        config = new TrainingConfig
        {
            Model = new ModelConfig { ModelNameOrPath = model },
            Data = new DataConfig { DatasetPath = [data] },
            Optimization = new OptimizationConfig { LearningRate = 1e-3 },
        };
        File.WriteAllText(folder.ConfigPath, ConfigYaml.Write(config));
    }

    public void Dispose() => Directory.Delete(folder.Path, recursive: true);

    [Fact]
    public void Without_a_checkpoint_the_run_begins() => Assert.Null(Plan(config).Checkpoint);

    [Fact]
    public void The_newest_goes_on_and_nothing_is_said_where_nothing_has_changed()
    {
        Save(5);
        Save(10);
        var plan = Plan(config);
        Assert.Equal(10, plan.Checkpoint!.Step);
        Assert.Empty(plan.Warnings);
        Assert.Empty(plan.Differences);
    }

    [Theory]
    [InlineData("5")]
    [InlineData("step-000005")]
    [InlineData("folder")]
    public void A_checkpoint_can_be_named(string how)
    {
        Save(5);
        Save(10);
        Assert.Equal(5, ResumePlan.Create(folder, config, Hashes(config), checkpoint: how == "folder" ? folder.CheckpointPath(5) : how).Checkpoint!.Step);
        Assert.Equal(ErrorIds.CheckpointNotFound, Assert.Throws<TrainToolsException>(() => ResumePlan.Create(folder, config, Hashes(config), checkpoint: "7")).ErrorId);
    }

    public static TheoryData<string, string> Damages
    {
        get
        {
            var all = new TheoryData<string, string>();
            foreach (var file in (string[])["state.json", "run-config.yaml", "model.safetensors", "optimizer.safetensors", "checksums.sha256"])
            {
                foreach (var how in (string[])["truncated", "emptied", "bit", "deleted"])
                {
                    all.Add(file, how);
                }
            }

            return all;
        }
    }

    [Theory]
    [MemberData(nameof(Damages))]
    public void A_damaged_checkpoint_is_passed_over_with_a_warning_whichever_file_it_is(string file, string how)
    {
        Save(5);
        Save(10);
        Damage(Path.Combine(folder.CheckpointPath(10), file), how);
        var plan = Plan(config);
        Assert.Equal(5, plan.Checkpoint!.Step);
        Assert.Equal(10, Assert.Single(plan.Damaged).Step);
        var warning = Assert.Single(plan.Warnings);
        Assert.Contains("step-000010", warning, StringComparison.Ordinal);
        Assert.Contains("of step 5", warning, StringComparison.Ordinal);

        // Named, it is an error; alone, too.
        Assert.Equal(ErrorIds.CheckpointInvalid, Assert.Throws<TrainToolsException>(() => ResumePlan.Create(folder, config, Hashes(config), checkpoint: "10")).ErrorId);
        Directory.Delete(folder.CheckpointPath(5), recursive: true);
        Assert.Equal(ErrorIds.CheckpointInvalid, Assert.Throws<TrainToolsException>(() => Plan(config)).ErrorId);
    }

    [Fact]
    public void A_list_of_checksums_that_ends_early_is_damage()
    {
        Save(5);
        var list = Path.Combine(folder.CheckpointPath(5), CheckpointManifest.FileName);
        var lines = File.ReadAllLines(list);
        for (var kept = 1; kept < lines.Length; kept++)
        {
            File.WriteAllLines(list, lines.Take(kept));
            Assert.Contains("does not list", CheckpointManifest.FindDamage(folder.CheckpointPath(5)), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void What_lies_ahead_is_set_aside_and_nothing_is_deleted()
    {
        Save(5);
        Save(10);
        Save(15);
        Damage(Path.Combine(folder.CheckpointPath(15), "state.json"), "bit");
        ResumePlan.Create(folder, config, Hashes(config)).SetAside(folder);
        Assert.Equal([5, 10], RunCheckpoint.Find(folder).Select(c => c.Step));
        ResumePlan.Create(folder, config, Hashes(config), checkpoint: "5").SetAside(folder);
        Assert.Equal([5], RunCheckpoint.Find(folder).Select(c => c.Step));
        Assert.True(File.Exists(Path.Combine(folder.CheckpointsPath, "step-000015.damaged", "state.json")));
        Assert.True(File.Exists(Path.Combine(folder.CheckpointsPath, "step-000010.superseded", "state.json")));
    }

    [Fact]
    public void A_setting_that_changes_the_training_is_named_and_refused_without_force()
    {
        Save(5);
        var changed = config with { Optimization = config.Optimization with { LearningRate = 2e-3 }, Runtime = config.Runtime with { Seed = 7 } };
        var error = Assert.Throws<TrainToolsException>(() => Plan(changed));
        Assert.Equal((ErrorIds.ResumeRefused, ErrorKind.InvalidArgument), (error.ErrorId, error.Kind));
        Assert.Contains("learning_rate was 0.001 and is 0.002", error.Message, StringComparison.Ordinal);
        Assert.Contains("seed was 42 and is 7", error.Message, StringComparison.Ordinal);

        var plan = ResumePlan.Create(folder, changed, Hashes(changed), force: true);
        Assert.Equal(2, plan.Warnings.Count(w => w.Contains("(forced)", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_setting_that_does_not_change_the_training_stops_nobody()
    {
        Save(5);
        var plan = Plan(config with
        {
            OutputDir = "elsewhere",
            Checkpoints = new CheckpointConfig { SaveSteps = 3, SaveTotalLimit = 9 },
            Logging = new LoggingConfig { LoggingSteps = 7 },
            Evaluation = config.Evaluation with { EvalSteps = 5 },
        });
        Assert.Empty(plan.Warnings);
        Assert.All(plan.Differences, d => Assert.Equal(DifferenceEffect.None, d.Effect));
        Assert.Contains("num_threads", Assert.Single(Plan(config with { Runtime = config.Runtime with { NumThreads = 3 } }).Warnings), StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("data.jsonl", "the data file")]
    [InlineData("base/model.safetensors", "the base model's model.safetensors")]
    [InlineData("base/config.json", "the base model's config.json")]
    [InlineData("base/tokenizer.json", "the tokenizer's tokenizer.json")]
    [InlineData("base/tokenizer_config.json", "the tokenizer's tokenizer_config.json")]
    public void A_file_that_has_changed_or_gone_is_named_and_refused(string file, string name)
    {
        Save(5);
        File.AppendAllText(Path.Combine(folder.Path, file), " ");
        var error = Assert.Throws<TrainToolsException>(() => Plan(config));
        Assert.Equal(ErrorIds.ResumeRefused, error.ErrorId);
        Assert.Contains(name, error.Message, StringComparison.Ordinal);
        Assert.Contains("has changed", error.Message, StringComparison.Ordinal);

        File.Delete(Path.Combine(folder.Path, file));
        Assert.Contains("is gone", Assert.Throws<TrainToolsException>(() => Plan(config)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Data_that_only_moved_is_the_same_data()
    {
        Save(5);
        var moved = Path.Combine(folder.Path, "moved.jsonl");
        File.Move(data, moved);
        Assert.Empty(Plan(config with { Data = config.Data with { DatasetPath = [moved] } }).Warnings);

        var other = Path.Combine(folder.Path, "other.jsonl");
        File.WriteAllText(other, "{}");
        Assert.Contains("is new", Assert.Throws<TrainToolsException>(() => Plan(config with { Data = config.Data with { DatasetPath = [moved, other] } })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_version_is_a_warning()
    {
        Save(5);
        var plan = ResumePlan.Create(folder, config, Hashes(config), new Dictionary<string, string> { ["libtorch"] = "2.11.0" });
        Assert.Contains("Libtorch was 2.10.0 and is 2.11.0", Assert.Single(plan.Warnings), StringComparison.Ordinal);
    }

    private static IReadOnlyDictionary<string, string> Hashes(RunFolder of, TrainingConfig with) => RunHashes.Of(of, with);

    private IReadOnlyDictionary<string, string> Hashes(TrainingConfig with) => Hashes(folder, with);

    private ResumePlan Plan(TrainingConfig with) => ResumePlan.Create(folder, with, Hashes(with));

    private void Save(int step)
    {
        var path = folder.CheckpointPath(step);
        Directory.CreateDirectory(path);
        File.WriteAllText(Path.Combine(path, "model.safetensors"), "weights of step " + step);
        File.WriteAllText(Path.Combine(path, "optimizer.safetensors"), "moments of step " + step);
        File.WriteAllText(Path.Combine(path, "run-config.yaml"), ConfigYaml.Write(config));
        File.WriteAllText(Path.Combine(path, "state.json"), JsonSerializer.Serialize(
            new CheckpointIdentity { Version = 2, Step = step, Hashes = Hashes(config), Versions = new Dictionary<string, string> { ["libtorch"] = "2.10.0" } }, TrainerEvent.JsonOptions));
        CheckpointManifest.Write(path);
    }

    private static void Damage(string path, string how)
    {
        var bytes = File.ReadAllBytes(path);
        switch (how)
        {
            case "truncated":
                File.WriteAllBytes(path, bytes[..(bytes.Length / 2)]);
                break;
            case "emptied":
                File.WriteAllBytes(path, []);
                break;
            case "deleted":
                File.Delete(path);
                break;
            default:
                bytes[bytes.Length / 2] ^= 1;
                File.WriteAllBytes(path, bytes);
                break;
        }
    }
}
