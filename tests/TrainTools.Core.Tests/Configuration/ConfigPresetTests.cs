using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;

namespace TrainTools.Core.Tests.Configuration;

public class ConfigPresetTests
{
    public static TheoryData<string> Names => [.. ConfigPresets.All.Select(p => p.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_preset_breaks_no_rule_where_it_belongs(string name)
    {
        var config = ConfigPresets.Apply(name);
        var classifier = config.Task.TaskType != TaskType.CausalLm;
        var facts = new ConfigFacts
        {
            Model = new ModelFacts { ParameterCount = classifier ? 110_000_000 : name == "large-model" ? 70_000_000_000 : 7_000_000_000, ModelType = classifier ? "bert" : "llama", MaxPositions = 4096 },
            Data = new DataFacts { Records = name == "small-data" ? 800 : 20_000, MeanTokens = 300 },
            Device = new DeviceFacts { Kind = "cuda", HasBf16 = true },
        };
        var findings = ConfigChecker.Check(config, new() { Facts = facts, ExcludeRules = ["ModelUsable", "DatasetExists", "OutputFolder"] });
        Assert.Empty(findings);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_preset_changes_only_what_it_sets(string name)
    {
        var preset = ConfigPresets.All.Single(p => p.Name == name);
        var under = new TrainingConfig { OutputDir = "x", Runtime = new() { Seed = 3 } };
        var config = ConfigPresets.Apply(name.ToUpperInvariant(), under);
        foreach (var setting in ConfigSchema.Settings)
        {
            var change = preset.Settings.SingleOrDefault(s => s.Setting == setting.Name);
            Assert.Equal(change is null ? setting.Get(under) : change.Value, setting.Get(config));
        }
    }

    [Fact]
    public void An_unknown_preset_names_the_nearest()
    {
        var error = Assert.Throws<TrainToolsException>(() => ConfigPresets.Apply("sft-loar"));
        Assert.Equal(ErrorIds.ConfigPresetUnknown, error.ErrorId);
        Assert.Contains("sft-lora", error.Remedy, StringComparison.Ordinal);
    }
}
