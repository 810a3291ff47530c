using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;

namespace TrainTools.Core.Tests.Configuration;

public class ConfigCheckerTests
{
    [Fact]
    public void Rules_are_chosen_by_name_and_wildcard()
    {
        var config = new TrainingConfig();
        Assert.Equal(["ModelUsable"], ConfigChecker.Check(config, new() { Rules = ["modelusable"] }).Select(f => f.RuleId));
        Assert.Equal(["DatasetExists"], ConfigChecker.Check(config, new() { Rules = ["Model*", "DatasetExists"], ExcludeRules = ["Model?sable"] }).Select(f => f.RuleId));
        var error = Assert.Throws<TrainToolsException>(() => ConfigChecker.Check(config, new() { Rules = ["ModelUsabel"] }));
        Assert.Equal(ErrorIds.ConfigRuleUnknown, error.ErrorId);
        Assert.Contains("ModelUsable", error.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Findings_are_complete_and_the_gravest_come_first()
    {
        var findings = ConfigChecker.Check(new TrainingConfig());
        Assert.False(ConfigChecker.IsUsable(findings));
        Assert.Equal(findings.OrderByDescending(f => f.Severity).Select(f => f.Severity), findings.Select(f => f.Severity));
        Assert.All(findings, f =>
        {
            Assert.Contains(ConfigRules.All, r => r.Id == f.RuleId);
            Assert.NotNull(ConfigSchema.Find(f.Setting));
            Assert.NotEmpty(f.Why);
            Assert.NotEmpty(f.Source!);
        });
    }

    [Fact]
    public void Rules_are_described_and_read_settings_that_exist()
    {
        Assert.Equal(ConfigRules.All.Count, ConfigRules.All.Select(r => r.Id).Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.All(ConfigRules.All, r =>
        {
            Assert.Matches("^[A-Z][A-Za-z0-9]+$", r.Id);
            Assert.NotEmpty(r.Title);
            Assert.NotEmpty(r.Why);
            Assert.NotEmpty(r.Levels);
            Assert.NotEmpty(r.Settings);
            Assert.All(r.Settings, s => Assert.NotNull(ConfigSchema.Find(s)));
        });
    }

    [Fact]
    public void Fix_applies_the_remedies_of_warnings_and_errors_without_contradiction()
    {
        static ConfigFinding Finding(FindingSeverity severity, params SettingChange[] changes) =>
            new() { RuleId = "Any", Severity = severity, Setting = "weight_decay", Why = "x", Changes = changes };
        var (config, applied) = ConfigChecker.Fix(new TrainingConfig(),
        [
            Finding(FindingSeverity.Info, new SettingChange("seed", 1L)),
            Finding(FindingSeverity.Warning, new SettingChange("weight_decay", 0.5), new SettingChange("logging_steps", 7)),
            Finding(FindingSeverity.Warning, new SettingChange("max_steps", 10)),
            Finding(FindingSeverity.Error, new SettingChange("weight_decay", 0.1)),
        ]);
        Assert.Equal(0.1, config.Optimization.WeightDecay);
        Assert.Equal(10, config.Duration.MaxSteps);
        Assert.Equal(42, config.Runtime.Seed);
        Assert.Equal(1, config.Logging.LoggingSteps);
        Assert.Equal(2, applied.Count);
    }

    [Fact]
    public void FixAll_ends_what_settings_can_end()
    {
        var config = ConfigYaml.Parse("{learning_rate: 1e-3, weight_decay: 0, max_grad_norm: 5, num_train_epochs: 20, warmup_ratio: 0.5, load_best_model_at_end: true, early_stopping_patience: 3, lora_r: 8, lr_scheduler_type: linear, min_lr: 1e-5}");
        var facts = new ConfigFacts { Model = new ModelFacts { ParameterCount = 7_000_000_000 }, Data = new DataFacts { Records = 3000, MeanTokens = 200 } };
        var result = ConfigChecker.FixAll(config, new() { Facts = facts, ExcludeRules = ["ModelUsable", "DatasetExists", "OutputFolder"] });
        Assert.Empty(result.Remaining.Where(f => f.Severity > FindingSeverity.Info).Select(f => f.ToString()));
        Assert.True(result.Applied.Count >= 8, string.Join("; ", result.Applied));
        Assert.Equal(2e-5, result.Config.Optimization.LearningRate);
        Assert.Null(result.Config.Schedule.MinLr);
        Assert.Equal(10, result.Config.Duration.NumTrainEpochs);
    }
}
