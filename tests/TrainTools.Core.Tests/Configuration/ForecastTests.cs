using TrainTools.Core.Configuration;
using TrainTools.Core.Runs;
using TrainTools.Core.Serialization;
using static TrainTools.Core.Configuration.FindingSeverity;

namespace TrainTools.Core.Tests.Configuration;

/// <summary>The forecast against closed forms; against real runs it is held by bench/Forecast. Rules on it are named by rule.</summary>
public class ForecastTests
{
    private const int Hidden = 512, Intermediate = 1408, KeyValue = 256, Layers = 8, Vocabulary = 32_000;

    [Fact]
    public void Parameters_of_adapters_are_rank_times_in_plus_out()
    {
        long Lora(string settings) => RunForecaster.Create(ConfigYaml.Parse($"finetuning_type: lora\nlora_r: 8\n{settings}"), Facts()).TrainableParameters!.Value;
        const long Rank = 8;
        var all = Layers * Rank * ((2 * (Hidden + Hidden)) + (2 * (Hidden + KeyValue)) + (3 * (Hidden + Intermediate)));
        Assert.Equal(all, Lora(""));
        Assert.Equal(Layers * Rank * ((Hidden + Hidden) + (Hidden + KeyValue)), Lora("target_modules: [q_proj, v_proj]"));
        Assert.Equal(all - (Layers * Rank * (Hidden + Intermediate)), Lora("exclude_modules: [gate_proj]"));
        Assert.Equal(all + ((long)Vocabulary * Hidden), Lora("modules_to_save: [lm_head]"));
        Assert.Equal(Layers * ((Rank * (Hidden + Hidden)) + Hidden), Lora("target_modules: [o_proj]\nuse_dora: true"));
        Assert.Equal(Facts().Model!.ParameterCount, RunForecaster.Create(new TrainingConfig(), Facts()).TrainableParameters);
    }

    [Fact]
    public void Steps_and_tokens_follow_from_the_records()
    {
        var forecast = RunForecaster.Create(ConfigYaml.Parse("{packing: false, per_device_train_batch_size: 4, gradient_accumulation_steps: 4, num_train_epochs: 3, validation_split: 0.1, max_length: 150}"), Facts());
        // 1,000 records, 100 held out, 225 micro-batches, 57 updates an epoch.
        Assert.Equal((900L, 900, 171), (forecast.Records, forecast.Rows, forecast.Steps));
        Assert.Equal(900 * 150 * 3, forecast.Tokens);
        Assert.False(forecast.IsRough);
        Assert.Equal(12 * Facts().Model!.ParameterCount, forecast.CheckpointBytes);
    }

    [Fact]
    public void Memory_has_the_parts_that_arithmetic_says()
    {
        var parameters = Facts().Model!.ParameterCount!.Value;
        long Part(string settings, string name) => RunForecaster.Create(ConfigYaml.Parse("packing: false\n" + settings), Facts()).Memory!.Parts.Single(p => p.Name == name).Bytes;
        Assert.Equal(4 * parameters, Part("gradient_accumulation_steps: 2", "weights"));
        Assert.Equal(8 * parameters, Part("gradient_accumulation_steps: 2", "optimizer states"));
        Assert.Equal(4 * parameters, Part("gradient_accumulation_steps: 2", "gradients"));
        var linear = Layers * ((2L * Hidden * Hidden) + (2L * Hidden * KeyValue) + (3L * Hidden * Intermediate));
        Assert.Equal((long)(linear * 4.5 / 8), Part("finetuning_type: qlora\nbnb_4bit_use_double_quant: false", "quantised weights"));
        Assert.Equal(4 * (parameters - linear), Part("finetuning_type: qlora", "weights"));
        // int8: a byte each, and four for each row's scale.
        var rows = Layers * ((2L * Hidden) + (2L * KeyValue) + (2L * Intermediate) + Hidden);
        Assert.Equal(linear + (4 * rows), Part("finetuning_type: qlora\nquantization_bit: 8", "quantised weights"));
    }

    [Fact]
    public void What_is_kept_for_the_backward_pass_depends_on_where_the_adapters_are()
    {
        long Activations(string settings) => RunForecaster.Create(ConfigYaml.Parse("{packing: false, max_length: 150, per_device_train_batch_size: 32, gradient_accumulation_steps: 2, finetuning_type: lora, lora_r: 8, " + settings + (settings.Contains("dropout", StringComparison.Ordinal) ? "}" : ", lora_dropout: 0}")), Facts()).Memory!.Parts.Single(p => p.Name == "activations").Bytes;
        // Of 32 rows six fit into 1,024 tokens, which makes six parts of six rows at most.
        const long Tokens = 6 * 150, Element = 4;
        var attention = Activations("target_modules: [q_proj, v_proj]");
        // Adapters inside the nodes make again what they need, masks too.
        Assert.Equal(attention, Activations("target_modules: [q_proj, v_proj, down_proj]"));
        Assert.Equal(attention, Activations("target_modules: [q_proj, k_proj, v_proj], lora_dropout: 0.1"));
        Assert.Equal(attention, Activations("target_modules: [q_proj, v_proj, gate_proj, up_proj]"));
        // The output projection is a node of its own, whose input attention keeps anyway; the small product is made again.
        Assert.Equal(attention, Activations("target_modules: [q_proj, v_proj, o_proj], lora_dropout: 0.1"));
        // DoRA takes the smaller nodes: an adapter on down keeps its input.
        Assert.True(Activations("target_modules: [q_proj, v_proj, down_proj], use_dora: true") - Activations("target_modules: [q_proj, v_proj], use_dora: true") >= Layers * Tokens * Element * Intermediate);
    }

    [Fact]
    public void With_adapters_a_batch_is_computed_in_parts_on_the_cpu()
    {
        long Activations(string method, int rows) => RunForecaster.Create(
            ConfigYaml.Parse($"{{packing: false, max_length: 150, per_device_train_batch_size: {rows}, finetuning_type: {method}}}"), Facts()).Memory!.Parts.Single(p => p.Name == "activations").Bytes;
        Assert.Equal(Activations("lora", 6), Activations("lora", 12));
        Assert.Equal(Activations("lora", 6), Activations("lora", 36));
        Assert.True(Activations("lora", 4) < Activations("lora", 6));
        Assert.Equal(2 * Activations("full", 8), Activations("full", 16));
    }

    [Fact]
    public void More_work_never_needs_less_memory()
    {
        long Peak(string settings) => RunForecaster.Create(ConfigYaml.Parse("packing: false\ngradient_accumulation_steps: 2\n" + settings), Facts()).Memory!.PeakBytes;
        Assert.True(Peak("per_device_train_batch_size: 2") < Peak("per_device_train_batch_size: 4"));
        Assert.True(Peak("max_length: 100") < Peak("max_length: 200"));
        Assert.True(Peak("gradient_checkpointing: true\nper_device_train_batch_size: 16") < Peak("per_device_train_batch_size: 16"));
        const string Many = "\nper_device_train_batch_size: 32";
        const string Few = "\nper_device_train_batch_size: 2";
        Assert.True(Peak("finetuning_type: lora\nlora_dropout: 0" + Few) < Peak(Few));
        Assert.True(Peak("finetuning_type: qlora\nlora_dropout: 0" + Few) < Peak("finetuning_type: lora\nlora_dropout: 0" + Few));
        Assert.True(Peak("finetuning_type: lora\nlora_dropout: 0" + Many) <= Peak("finetuning_type: lora\nlora_dropout: 0.1" + Many));
    }

    [Fact]
    public void What_is_not_known_is_not_forecast()
    {
        var forecast = RunForecaster.Create(new TrainingConfig(), new ConfigFacts());
        Assert.Null(forecast.Memory);
        Assert.Null(forecast.Steps);
        Assert.Null(forecast.Duration);
        Assert.True(forecast.IsRough);
    }

    [Fact]
    public void Time_comes_from_a_run_of_the_same_work()
    {
        using var folder = new TemporaryFolder();
        var config = ConfigResolver.Resolve(ConfigYaml.Parse($"{{model_name_or_path: /m, output_dir: '{folder.Path}/next', packing: false, per_device_train_batch_size: 4, gradient_accumulation_steps: 4, num_train_epochs: 3, max_length: 150}}"), Facts()).Config;
        Assert.Null(RunForecaster.Create(config, Facts()).Duration);

        var run = new RunFolder(Path.Combine(folder.Path, "before"));
        Directory.CreateDirectory(run.Path);
        File.WriteAllText(run.ConfigPath, ConfigYaml.Write(config with { OutputDir = run.Path, Optimization = config.Optimization with { LearningRate = 1 } }));
        using (var log = MetricsLog.Open(run.MetricsPath, 0))
        {
            foreach (var seconds in new[] { 9.0, 2.0, 2.0, 2.5 })
            {
                log.Append(new TrainingStep { Step = 1, NumInputTokens = 1000, StepSeconds = seconds });
            }
        }

        // The median of 111, 400, 500 and 500 tokens a second is 500.
        var forecast = RunForecaster.Create(config, Facts());
        Assert.Equal(1000 * 150 * 3 / 500.0, forecast.Duration!.Value.TotalSeconds, 3);
        Assert.Equal(run.Path, forecast.DurationFrom);

        File.WriteAllText(run.ConfigPath, ConfigYaml.Write(config with { Batch = config.Batch with { PerDeviceTrainBatchSize = 1 } }));
        Assert.Null(RunForecaster.Create(config, Facts()).Duration);
    }

    [Fact]
    public void MemoryFits_halves_the_batch_until_it_does()
    {
        const string Yaml = "{packing: false, max_length: 1024, per_device_train_batch_size: 16, gradient_accumulation_steps: 1}";
        var peak = RunForecaster.Create(ConfigYaml.Parse(Yaml), Facts(2000)).Memory!.PeakBytes;
        var finding = Assert.Single(Check("MemoryFits", Yaml, Facts(2000, peak - 1)));
        Assert.Equal(Error, finding.Severity);
        Assert.Contains("the device has", finding.Why, StringComparison.Ordinal);
        Assert.Contains(finding.Evidence, e => e.StartsWith("activations: ", StringComparison.Ordinal));
        var fixedConfig = ConfigChecker.Fix(ConfigYaml.Parse(Yaml), [finding]).Config;
        Assert.Equal(16, fixedConfig.Batch.PerDeviceTrainBatchSize * fixedConfig.Batch.GradientAccumulationSteps);
        Assert.Empty(ConfigChecker.Check(fixedConfig, new() { Rules = ["MemoryFits"], Facts = Facts(2000, peak - 1) }));

        Assert.Equal(Warning, Assert.Single(Check("MemoryFits", Yaml, Facts(2000, (long)(peak / 0.86)))).Severity);
        Assert.Empty(Check("MemoryFits", Yaml, Facts(2000, (long)(peak / 0.84))));
        Assert.Contains("adapters", Assert.Single(Check("MemoryFits", Yaml, Facts(2000, 100 << 20))).Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void CheckpointingNeedless_knows_what_there_is()
    {
        const string Yaml = "{packing: false, max_length: 256, per_device_train_batch_size: 4, gradient_accumulation_steps: 1, gradient_checkpointing: true}";
        var without = RunForecaster.Create(ConfigYaml.Parse(Yaml.Replace("true", "false", StringComparison.Ordinal)), Facts()).Memory!.PeakBytes;
        Assert.Equal("gradient_checkpointing=false", Assert.Single(Check("CheckpointingNeedless", Yaml, Facts(memory: 2 * without))).Changes.Single().ToString());
        Assert.Empty(Check("CheckpointingNeedless", Yaml, Facts(memory: (2 * without) - 2)));
    }

    [Fact]
    public void DiskFits_compares_with_what_is_free()
    {
        using var folder = new TemporaryFolder();
        var huge = Facts() with { Model = Facts().Model! with { ParameterCount = 1L << 50 } };
        var finding = Assert.Single(Check("DiskFits", $"output_dir: '{folder.Path}/run'", huge));
        Assert.Equal(Error, finding.Severity);
        Assert.Contains("are free", finding.Why, StringComparison.Ordinal);
        Assert.Empty(Check("DiskFits", $"output_dir: '{folder.Path}/run'", Facts() with { Model = Facts().Model! with { ParameterCount = 1000 } }));
    }

    private static ConfigFacts Facts(double meanTokens = 200, long? memory = null)
    {
        var parameters = new List<ParameterFacts> { Make("model.embed_tokens", Vocabulary, Hidden), Make("lm_head", Vocabulary, Hidden) };
        for (var i = 0; i < Layers; i++)
        {
            parameters.AddRange([
                Make($"model.layers.{i}.self_attn.q_proj", Hidden, Hidden), Make($"model.layers.{i}.self_attn.k_proj", KeyValue, Hidden), Make($"model.layers.{i}.self_attn.v_proj", KeyValue, Hidden), Make($"model.layers.{i}.self_attn.o_proj", Hidden, Hidden),
                Make($"model.layers.{i}.mlp.gate_proj", Intermediate, Hidden), Make($"model.layers.{i}.mlp.up_proj", Intermediate, Hidden), Make($"model.layers.{i}.mlp.down_proj", Hidden, Intermediate), Make($"model.layers.{i}.input_layernorm", Hidden)]);
        }

        return new ConfigFacts
        {
            Model = new ModelFacts { ModelType = "llama", HiddenSize = Hidden, Layers = Layers, Heads = 8, KeyValueHeads = 4, HeadSize = 64, IntermediateSize = Intermediate, VocabularySize = Vocabulary }.WithParameters(parameters),
            Data = new DataFacts { Records = 1000, MeanTokens = meanTokens },
            Device = new DeviceFacts { MemoryBytes = memory },
        };
    }

    private static ParameterFacts Make(string name, params long[] shape) => new(name + ".weight", SafetensorsDtype.F32, shape);

    private static IReadOnlyList<ConfigFinding> Check(string rule, string yaml, ConfigFacts facts) => ConfigChecker.Check(ConfigYaml.Parse(yaml), new() { Rules = [rule], Facts = facts });
}
