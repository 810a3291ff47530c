using CsCheck;
using TrainTools.Core.Configuration;
using TrainTools.Core.Data;

namespace TrainTools.Core.Tests.Configuration;

public class ConfigResolverTests
{
    private static readonly ConfigFacts Nothing = new();

    [Theory]
    [InlineData("{}", null, "learning_rate", "2.0e-05")]
    [InlineData("{}", 7e9, "learning_rate", "2.0e-05")]
    [InlineData("{}", 260e3, "learning_rate", "0.0005")]
    [InlineData("{}", 30e9, "learning_rate", "5.0e-06")]
    [InlineData("finetuning_type: lora", 7e9, "learning_rate", "0.0002")]
    [InlineData("finetuning_type: qlora", 70e9, "learning_rate", "0.0001")]
    [InlineData("task_type: token-classification", 110e6, "learning_rate", "3.0e-05")]
    [InlineData("learning_rate: 7e-6", 7e9, "learning_rate", null)]
    [InlineData("{}", 7e9, "max_grad_norm", "1")]
    [InlineData("finetuning_type: lora", 7e9, "max_grad_norm", "1")]
    [InlineData("finetuning_type: qlora", 7e9, "max_grad_norm", "0.3")]
    [InlineData("{}", 30e9, "max_grad_norm", "0.3")]
    [InlineData("dataset_format: preference", 7e9, "max_grad_norm", "0.2")]
    [InlineData("{}", 7e9, "num_train_epochs", "3")]
    [InlineData("{}", 30e9, "num_train_epochs", "2")]
    [InlineData("{task_type: token-classification, early_stopping_patience: 3}", 110e6, "num_train_epochs", "10")]
    [InlineData("max_steps: 100", 7e9, "num_train_epochs", null)]
    [InlineData("{}", 7e9, "warmup_ratio", "0.05")]
    [InlineData("warmup_steps: 10", 7e9, "warmup_ratio", null)]
    [InlineData("lr_scheduler_type: constant", 7e9, "warmup_ratio", "0")]
    [InlineData("{}", 7e9, "min_lr_rate", null)]
    [InlineData("lr_scheduler_type: cosine_with_min_lr", 7e9, "min_lr_rate", "0.1")]
    [InlineData("{lr_scheduler_type: cosine_with_min_lr, min_lr: 1e-6}", 7e9, "min_lr_rate", null)]
    [InlineData("{}", 7e9, "lora_r", null)]
    [InlineData("finetuning_type: lora", 7e9, "lora_r", "16")]
    [InlineData("{finetuning_type: lora, lora_r: 64}", 7e9, "lora_alpha", "128")]
    [InlineData("finetuning_type: lora", 7e9, "target_modules", "all-linear")]
    [InlineData("{}", 7e9, "per_device_train_batch_size", "4")]
    [InlineData("{}", 7e9, "gradient_accumulation_steps", "4")]
    [InlineData("{}", 260e3, "per_device_train_batch_size", "16")]
    [InlineData("per_device_train_batch_size: 2", 7e9, "gradient_accumulation_steps", "8")]
    [InlineData("gradient_accumulation_steps: 16", 7e9, "per_device_train_batch_size", "1")]
    [InlineData("per_device_train_batch_size: 2", 7e9, "per_device_eval_batch_size", "2")]
    [InlineData("{}", 7e9, "eval_strategy", "no")]
    [InlineData("validation_split: 0.1", 7e9, "eval_strategy", "epoch")]
    [InlineData("validation_path: v.jsonl", 7e9, "eval_strategy", "epoch")]
    [InlineData("eval_strategy: steps", 7e9, "eval_steps", "0.1")]
    [InlineData("{eval_strategy: steps, eval_steps: 50, save_strategy: steps}", 7e9, "save_steps", "50")]
    [InlineData("metric_for_best_model: eval_f1", 7e9, "greater_is_better", "true")]
    [InlineData("metric_for_best_model: eval_perplexity", 7e9, "greater_is_better", "false")]
    [InlineData("{}", 7e9, "greater_is_better", "false")]
    [InlineData("{}", 7e9, "max_length", "1024")]
    [InlineData("{}", 7e9, "packing", "true")]
    [InlineData("task_type: sequence-classification", 7e9, "packing", "false")]
    [InlineData("{}", 260e3, "packing", "false")]
    [InlineData("{}", 7e9, "precision", "fp32")]
    public void Open_settings_are_filled_in(string yaml, double? parameters, string setting, string? expected)
    {
        var facts = Nothing with { Model = parameters is null ? null : new ModelFacts { ParameterCount = (long)parameters } };
        var derived = ConfigResolver.Resolve(ConfigYaml.Parse(yaml), facts).Derived.SingleOrDefault(d => d.Setting == setting);
        Assert.Equal(expected, derived is null ? null : ConfigSchema.Get(setting).Format(derived.Value));
        Assert.NotEqual(string.Empty, derived?.Reason);
    }

    [Fact]
    public void Data_and_device_decide_too()
    {
        var facts = new ConfigFacts
        {
            Model = new ModelFacts { ParameterCount = 1_000_000_000, MaxPositions = 512 },
            Data = new DataFacts { Records = 100, Shape = RecordShape.PromptCompletion },
            Device = new DeviceFacts { Kind = "cuda", HasBf16 = true },
        };
        var config = ConfigResolver.Resolve(new TrainingConfig(), facts).Config;
        Assert.Equal(512, config.Data.MaxLength);
        Assert.False(config.Data.Packing);
        Assert.True(config.Data.CompletionOnlyLoss);
        Assert.Equal(Precision.Bf16, config.Runtime.Precision);
        Assert.Equal((4, 1), (config.Batch.PerDeviceTrainBatchSize, config.Batch.GradientAccumulationSteps));
    }

    [Fact]
    public void Resolving_twice_changes_nothing_and_keeps_what_was_given() =>
        Gen.Select(RandomConfigs.Any, Gen.OneOfConst<long?>(null, 260_000, 7_000_000_000, 70_000_000_000), Gen.OneOfConst<long?>(null, 0, 3, 100, 5000)).Sample((config, parameters, records) =>
        {
            var facts = new ConfigFacts { Model = new ModelFacts { ParameterCount = parameters }, Data = new DataFacts { Records = records } };
            var once = ConfigResolver.Resolve(config, facts);
            var twice = ConfigResolver.Resolve(once.Config, facts);
            Assert.Equal(once.Config, twice.Config);
            Assert.Empty(twice.Derived);
            Assert.All(once.Derived, d => Assert.True(ConfigSchema.Get(d.Setting).IsDerived, d.Setting));
            Assert.All(once.Derived, d => Assert.True(ConfigSchema.Get(d.Setting).IsPossible(d.Value), d.ToString()));
            foreach (var setting in ConfigSchema.Settings.Where(s => s.Get(config) is not (null or SettingList { Count: 0 })))
            {
                Assert.Equal(setting.Get(config), setting.Get(once.Config));
            }
        }, iter: 500);
}
