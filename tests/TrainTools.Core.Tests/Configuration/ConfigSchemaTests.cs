using System.Reflection;
using TrainTools.Core.Configuration;

namespace TrainTools.Core.Tests.Configuration;

public class ConfigSchemaTests
{
    [Fact]
    public void Every_property_of_the_tree_is_a_setting()
    {
        var properties = typeof(TrainingConfig).GetProperties().SelectMany(p => p.PropertyType.Namespace == typeof(TrainingConfig).Namespace && p.PropertyType.IsClass
            ? p.PropertyType.GetProperties() : [p]);
        Assert.Equal(properties.Select(p => p.Name).Where(n => n != "EqualityContract").Order(), ConfigSchema.Settings.Select(s => s.ParameterName).Order());
    }

    [Fact]
    public void Names_are_unique_over_settings_and_sections()
    {
        var names = ConfigSchema.Settings.Select(s => s.Name).Concat(ConfigSchema.Sections.Select(s => s.Name)).Append("extends").ToList();
        Assert.Equal(names.Count, names.Distinct(StringComparer.OrdinalIgnoreCase).Count());
        var parameters = ConfigSchema.Settings.Select(s => s.ParameterName).ToList();
        Assert.Equal(parameters.Count, parameters.Distinct(StringComparer.OrdinalIgnoreCase).Count());
    }

    [Fact]
    public void Csharp_names_are_the_twins_of_yaml_names()
    {
        foreach (var setting in ConfigSchema.Settings)
        {
            Assert.Equal(setting.Name.Replace("_", "", StringComparison.Ordinal), setting.ParameterName, ignoreCase: true);
        }
    }

    [Fact]
    public void Every_setting_and_section_is_described_and_defaults_are_possible()
    {
        foreach (var setting in ConfigSchema.Settings)
        {
            Assert.False(string.IsNullOrWhiteSpace(setting.Description), setting.Name);
            Assert.True(setting.DefaultValue is null ? setting.IsNullable : setting.IsPossible(setting.DefaultValue), setting.Name);
        }

        Assert.All(ConfigSchema.Sections, s => Assert.False(string.IsNullOrWhiteSpace(s.Description), s.Name));
    }

    [Fact]
    public void A_description_names_other_settings_as_they_are_written()
    {
        Assert.Contains("min_lr_rate", ConfigSchema.Get("min_lr").Description, StringComparison.Ordinal);
    }

    [Fact]
    public void With_changes_one_leaf_of_a_copy()
    {
        var before = new TrainingConfig();
        var after = ConfigSchema.Get("learning_rate").With(before, 3e-4);
        Assert.Null(before.Optimization.LearningRate);
        Assert.Equal(before with { Optimization = before.Optimization with { LearningRate = 3e-4 } }, after);
        Assert.Throws<ArgumentException>(() => ConfigSchema.Get("learning_rate").With(before, "fast"));
        Assert.Throws<ArgumentException>(() => ConfigSchema.Get("weight_decay").With(before, null));
    }

    [Fact]
    public void Configs_compare_by_value()
    {
        var a = new TrainingConfig { Data = new DataConfig { DatasetPath = ["a.jsonl", "b.jsonl"] } };
        var b = new TrainingConfig { Data = new DataConfig { DatasetPath = new List<string> { "a.jsonl", "b.jsonl" } } };
        Assert.Equal(a, b);
        Assert.Equal(a.GetHashCode(), b.GetHashCode());
        Assert.NotEqual(a, b with { Data = b.Data with { DatasetPath = ["b.jsonl", "a.jsonl"] } });
    }

    [Theory]
    [InlineData("learnig_rate", "learning_rate")]
    [InlineData("learningRate", "learning_rate")]
    [InlineData("epochs", "num_train_epochs")]
    [InlineData("batch_size", "per_device_train_batch_size")]
    [InlineData("lora_rank", "lora_r")]
    [InlineData("warmup_step", "warmup_steps")]
    [InlineData("scheduel", "schedule")]
    [InlineData("zzzzzzzz", null)]
    [InlineData("", null)]
    public void Nearest_finds_what_was_meant(string written, string? meant) => Assert.Equal(meant, ConfigSchema.Nearest(written));

    [Theory]
    [InlineData(2e-5, "2.0e-05")]
    [InlineData(1.5e-7, "1.5e-07")]
    [InlineData(0.01, "0.01")]
    [InlineData(3, "3")]
    [InlineData(1e300, "1.0e+300")]
    public void Numbers_are_written_as_yaml_1_1_and_1_2_read_them(double value, string text) =>
        Assert.Equal(text, ConfigSchema.Get("learning_rate").Format(value));
}
