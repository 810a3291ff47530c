using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;

namespace TrainTools.Core.Tests.Configuration;

public class ConfigYamlTests
{
    [Fact]
    public void Settings_stand_in_their_section_or_at_the_top()
    {
        var config = ConfigYaml.Parse("""
            # a comment
            model_name_or_path: models/llama
            learning_rate: 1e-4
            data:
              dataset_path: [a.jsonl, "b c.jsonl"]
              packing: true
            schedule:
              lr_scheduler_type: cosine-with-min-lr
              min_lr_rate: .1
            num_train_epochs: 3
            eval_strategy: no
            seed: 7
            """);
        Assert.Equal("models/llama", config.Model.ModelNameOrPath);
        Assert.Equal(1e-4, config.Optimization.LearningRate);
        Assert.Equal(["a.jsonl", "b c.jsonl"], config.Data.DatasetPath);
        Assert.True(config.Data.Packing);
        Assert.Equal(LrSchedulerType.CosineWithMinLr, config.Schedule.LrSchedulerType);
        Assert.Equal(0.1, config.Schedule.MinLrRate);
        Assert.Equal(3, config.Duration.NumTrainEpochs);
        Assert.Equal(IntervalStrategy.No, config.Evaluation.EvalStrategy);
        Assert.Equal(7, config.Runtime.Seed);
    }

    [Theory]
    [InlineData("")]
    [InlineData("# nothing\n")]
    [InlineData("---\n...\n")]
    [InlineData("null")]
    [InlineData("data:\n")]
    public void An_empty_document_is_the_default_config(string yaml) => Assert.Equal(new TrainingConfig(), ConfigYaml.Parse(yaml));

    [Fact]
    public void Json_is_read_too() =>
        Assert.Equal(5e-5, ConfigYaml.Parse("{\"learning_rate\": 5e-5, \"data\": {\"dataset_path\": [\"x\"]}}").Optimization.LearningRate);

    [Theory]
    [InlineData("seed: 1\nlearnig_rate: 1e-4\n", 2, 1, "learnig_rate", "learning_rate")]
    [InlineData("optimization:\n  weight_decy: 0\n", 2, 3, "weight_decy", "weight_decay")]
    [InlineData("data:\n  learning_rate: 1e-4\n", 2, 3, "learning_rate", "belongs to optimization")]
    [InlineData("<<: {seed: 1}\n", 1, 1, "<<", null)]
    public void An_unknown_key_is_refused_with_its_place_and_the_nearest(string yaml, int line, int column, string key, string? nearest)
    {
        var error = Assert.Throws<TrainToolsException>(() => ConfigYaml.Parse(yaml, "run.yaml"));
        Assert.Equal(ErrorIds.ConfigKeyUnknown, error.ErrorId);
        Assert.Contains($"run.yaml, line {line}, column {column}: ", error.Message, StringComparison.Ordinal);
        Assert.Contains($"'{key}'", error.Message, StringComparison.Ordinal);
        Assert.Contains(nearest ?? "list of settings", error.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("learning_rate: fast", 1, 16, "a number above 0")]
    [InlineData("learning_rate: -1e-4", 1, 16, "a number above 0")]
    [InlineData("learning_rate: .inf", 1, 16, "a number above 0")]
    [InlineData("learning_rate: [1, 2]", 1, 16, "a number above 0")]
    [InlineData("learning_rate: {a: 1}", 1, 16, "a number above 0")]
    [InlineData("seed: 1\nbatch:\n  per_device_train_batch_size: 2.5", 3, 32, "a whole number at least 1")]
    [InlineData("per_device_train_batch_size: 0", 1, 30, "a whole number at least 1")]
    [InlineData("max_steps: 99999999999", 1, 12, "a whole number")]
    [InlineData("lora_dropout: 1", 1, 15, "at least 0 and below 1")]
    [InlineData("packing: maybe", 1, 10, "true or false")]
    [InlineData("weight_decay:", 1, 14, "0.01")]
    [InlineData("lr_scheduler_type: cosin", 1, 20, "Did you mean cosine?")]
    [InlineData("optim: sgd", 1, 8, "adamw_torch_fused")]
    [InlineData("data: 5", 1, 7, "dataset_path")]
    [InlineData("dataset_path: [[a]]", 1, 15, "flat list")]
    [InlineData("seed: 1\noptimization: {learning_rate: 1}\nlearning_rate: 2", 3, 1, "Keep one")]
    public void A_wrong_value_is_refused_with_its_place(string yaml, int line, int column, string remedy)
    {
        var error = Assert.Throws<TrainToolsException>(() => ConfigYaml.Parse(yaml));
        Assert.Equal(ErrorIds.ConfigValueInvalid, error.ErrorId);
        Assert.StartsWith($"line {line}, column {column}: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(remedy, error.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a: b: c", "not YAML")]
    [InlineData("data: [a", "not YAML")]
    [InlineData("data:\n\tseed: 1", "not YAML")]
    [InlineData("- a\n- b", "mapping")]
    [InlineData("just text", "mapping")]
    [InlineData("seed: 1\n---\nseed: 2", "second document")]
    [InlineData("seed: 1\nseed: 2", "second time")]
    [InlineData("seed: *x", "no anchor")]
    [InlineData("seed: !!int 3", "tag")]
    [InlineData("model: !System.Diagnostics.Process {}", "tag")]
    [InlineData("? [a]\n: 1", "single word")]
    public void A_broken_document_is_refused_with_its_place(string yaml, string what)
    {
        var error = Assert.Throws<TrainToolsException>(() => ConfigYaml.Parse(yaml));
        Assert.Equal(ErrorIds.ConfigFileInvalid, error.ErrorId);
        Assert.Matches(@"^line \d+, column \d+: ", error.Message);
        Assert.Contains(what, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_problems_of_a_file_are_named_together()
    {
        var error = Assert.Throws<TrainToolsException>(() => ConfigYaml.Parse("learnig_rate: 1\nseed: x\npacking: maybe"));
        Assert.Equal(ErrorIds.ConfigKeyUnknown, error.ErrorId);
        Assert.Contains("line 2, column 7", error.Message, StringComparison.Ordinal);
        Assert.Contains("line 3, column 10", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Anchors_work_and_bombs_are_refused()
    {
        Assert.Equal(["q", "v"], ConfigYaml.Parse("target_modules: &m [q, v]\nmodules_to_save: *m").Method.ModulesToSave);

        var bomb = "seed: 1\na: &a [x,x,x,x,x,x,x,x,x,x]\n" + string.Concat(Enumerable.Range(1, 8).Select(i =>
            $"{(char)('a' + i)}: &{(char)('a' + i)} [{string.Join(",", Enumerable.Repeat("*" + (char)('a' + i - 1), 10))}]\n"));
        var error = Assert.Throws<TrainToolsException>(() => ConfigYaml.Parse(bomb));
        Assert.Equal(ErrorIds.ConfigFileInvalid, error.ErrorId);
        Assert.Contains("more than 20,000 values", error.Message, StringComparison.Ordinal);

        Assert.Contains("nested more than", Assert.Throws<TrainToolsException>(() => ConfigYaml.Parse("a: " + new string('[', 5000))).Message, StringComparison.Ordinal);
        Assert.Equal(ErrorIds.ConfigFileInvalid, Assert.Throws<TrainToolsException>(() => ConfigYaml.Parse("seed: " + new string('1', 2_000_000))).ErrorId);
        Assert.Equal(ErrorIds.ConfigFileInvalid, Assert.Throws<TrainToolsException>(() => ConfigYaml.Parse("a: &a [*a]")).ErrorId);
    }

    [Fact]
    public void Relative_paths_are_taken_from_the_file()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("conf/run.yaml", "dataset_path: ../data/a.jsonl\nmodel: {model_name_or_path: /models/x}\noutput_dir: out\n");
        var config = ConfigYaml.Read(file);
        Assert.Equal([Path.Combine(folder.Path, "data", "a.jsonl")], config.Data.DatasetPath);
        Assert.Equal(Path.GetFullPath("/models/x"), config.Model.ModelNameOrPath);
        Assert.Equal(Path.Combine(folder.Path, "conf", "out"), config.OutputDir);
    }

    [Fact]
    public void A_file_extends_others_and_each_has_its_own_folder()
    {
        using var folder = new TemporaryFolder();
        folder.Write("base/base.yaml", "dataset_path: a.jsonl\nlearning_rate: 1e-4\nweight_decay: 0.1\n");
        folder.Write("second.yaml", "weight_decay: 0.2\npacking: true\n");
        var file = folder.Write("run.yaml", "extends: [base/base.yaml, second.yaml]\npacking: null\nseed: 3\n");
        var config = ConfigYaml.Read(file);
        Assert.Equal([Path.Combine(folder.Path, "base", "a.jsonl")], config.Data.DatasetPath);
        Assert.Equal(1e-4, config.Optimization.LearningRate);
        Assert.Equal(0.2, config.Optimization.WeightDecay);
        Assert.Null(config.Data.Packing);
        Assert.Equal(3, config.Runtime.Seed);
    }

    [Fact]
    public void Extends_that_lead_back_or_nowhere_are_refused()
    {
        using var folder = new TemporaryFolder();
        folder.Write("a.yaml", "extends: b.yaml\n");
        folder.Write("b.yaml", "seed: 1\nextends: a.yaml\n");
        var loop = Assert.Throws<TrainToolsException>(() => ConfigYaml.Read(Path.Combine(folder.Path, "a.yaml")));
        Assert.Equal(ErrorIds.ConfigFileInvalid, loop.ErrorId);
        Assert.Contains("b.yaml, line 2, column 10", loop.Message, StringComparison.Ordinal);

        var file = folder.Write("c.yaml", "extends: absent.yaml\n");
        var absent = Assert.Throws<TrainToolsException>(() => ConfigYaml.Read(file));
        Assert.Equal(ErrorIds.ConfigFileNotFound, absent.ErrorId);
        Assert.Contains("c.yaml extends it", absent.Message, StringComparison.Ordinal);

        for (var i = 0; i < 12; i++)
        {
            folder.Write($"d{i}.yaml", $"extends: d{i + 1}.yaml\n");
        }

        Assert.Contains("more than 8", Assert.Throws<TrainToolsException>(() => ConfigYaml.Read(Path.Combine(folder.Path, "d0.yaml"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_absent_or_not_text_is_refused()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal(ErrorIds.ConfigFileNotFound, Assert.Throws<TrainToolsException>(() => ConfigYaml.Read(Path.Combine(folder.Path, "no.yaml"))).ErrorId);
        var file = Path.Combine(folder.Path, "bad.yaml");
        File.WriteAllBytes(file, [0x73, 0xff, 0xfe, 0x80]);
        Assert.Equal(ErrorIds.ConfigFileInvalid, Assert.Throws<TrainToolsException>(() => ConfigYaml.Read(file)).ErrorId);
        File.WriteAllBytes(file, [0xef, 0xbb, 0xbf, .. "seed: 5\r\npacking: true\r\n"u8]);
        Assert.Equal(5, ConfigYaml.Read(file).Runtime.Seed);
    }

    [Fact]
    public void Overrides_take_names_and_values_as_text()
    {
        var config = ConfigYaml.Override(new TrainingConfig(), ["learning_rate=1e-4", "target_modules=[q_proj, v_proj]", "modules_to_save=a,b", "optimization.weight_decay = 0", "packing=null", "output_dir=runs/a=b"]);
        Assert.Equal(1e-4, config.Optimization.LearningRate);
        Assert.Equal(["q_proj", "v_proj"], config.Method.TargetModules);
        Assert.Equal(["a", "b"], config.Method.ModulesToSave);
        Assert.Equal(0, config.Optimization.WeightDecay);
        Assert.Equal("runs/a=b", config.OutputDir);
        Assert.Equal(ErrorIds.ConfigKeyUnknown, Assert.Throws<TrainToolsException>(() => ConfigYaml.Override(config, ["learnin_rate=1"])).ErrorId);
        Assert.Equal(ErrorIds.ConfigValueInvalid, Assert.Throws<TrainToolsException>(() => ConfigYaml.Override(config, ["learning_rate=x"])).ErrorId);
        Assert.Equal(ErrorIds.ConfigValueInvalid, Assert.Throws<TrainToolsException>(() => ConfigYaml.Override(config, ["learning_rate"])).ErrorId);
    }

    [Fact]
    public void Derived_values_are_marked_where_they_are_written()
    {
        var config = new TrainingConfig { Optimization = new() { LearningRate = 2e-4 } };
        var yaml = ConfigYaml.Write(config, new() { Header = "Two\nlines", Descriptions = true, Derived = [new("learning_rate", 2e-4, "LoRA\nadapters")] });
        Assert.StartsWith("# Two\n# lines\n", yaml, StringComparison.Ordinal);
        Assert.Contains("  learning_rate: 0.0002  # derived: LoRA adapters\n", yaml, StringComparison.Ordinal);
        Assert.Contains("  # Decoupled weight decay.\n  weight_decay: 0.01\n", yaml, StringComparison.Ordinal);
        Assert.Equal(config, ConfigYaml.Parse(yaml));
        Assert.Equal("optimization:\n  learning_rate: 0.0002\n", ConfigYaml.Write(config, new() { OmitDefaults = true }));
    }
}
