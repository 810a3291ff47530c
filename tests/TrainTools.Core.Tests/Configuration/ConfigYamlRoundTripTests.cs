using CsCheck;
using TrainTools.Core.Configuration;

namespace TrainTools.Core.Tests.Configuration;

/// <summary>Random valid configs, from the schema's own bounds, read back equal.</summary>
public class ConfigYamlRoundTripTests
{
    [Fact]
    public void A_config_reads_back_equal() => RandomConfigs.Any.Sample(config => Check(config, new()), iter: 2000);

    [Fact]
    public void A_config_with_comments_reads_back_equal() => RandomConfigs.Any.Sample(config => Check(config, new() { Descriptions = true, Header = "a: b\n- c" }), iter: 200);

    [Fact]
    public void A_config_without_defaults_reads_back_equal() => RandomConfigs.Any.Sample(config => Check(config, new() { OmitDefaults = true }), iter: 1000);

    [Fact]
    public void Every_leaf_survives_as_an_override() =>
        RandomConfigs.Any.Sample(config =>
        {
            foreach (var setting in ConfigSchema.Settings.Where(s => !s.IsList && s.ValueType != typeof(string)))
            {
                var value = setting.Get(config);
                if (value is not null)
                {
                    Assert.Equal(value, setting.Get(ConfigYaml.Set(new TrainingConfig(), setting.Name, setting.Format(value))));
                }
            }
        }, iter: 200);

    private static void Check(TrainingConfig config, ConfigYamlOptions options) => Assert.Equal(config, ConfigYaml.Parse(ConfigYaml.Write(config, options)));
}
