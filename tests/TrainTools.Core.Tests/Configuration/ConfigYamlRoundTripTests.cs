using CsCheck;
using TrainTools.Core.Configuration;

namespace TrainTools.Core.Tests.Configuration;

/// <summary>Random valid configs, from the schema's own bounds, read back equal.</summary>
public class ConfigYamlRoundTripTests
{
    private static readonly Gen<string> AnyText = Gen.OneOf(
        Gen.String[Gen.Char.AlphaNumeric, 1, 12],
        Gen.String[Gen.Char[' ', '~'], 0, 20],
        Gen.OneOfConst("null", "~", "", "true", "no", "1e5", "0x1F", "- a", "a: b", "#x", "a #b", " lead", "trail ", "*a", "&a", "!t", "'", "\"", "\\", "---", "...", "{}", "[]", "line\nbreak", "cr\r\n", "tab\t", "\u0085\u2028\u2029", "\ufeff", "\0\u001b\u007f\u009f", "é漢字", "😀", "C:\\models\\a b", "?", "%", "@a", "`a", "=", "<<", ".inf", "2026-01-01", "1_000", "\u00a0", "\ud7ff\ue000\ufffd"),
        Gen.String[Gen.Char['\u00a1', '\ud7ff'], 0, 6]);

    private static readonly Gen<TrainingConfig> Configs = ConfigSchema.Settings.Aggregate(
        Gen.Const(new TrainingConfig()),
        (configs, setting) => Gen.Select(configs, Gen.Bool, Value(setting), (config, set, value) => set ? setting.With(config, value) : config));

    [Fact]
    public void A_config_reads_back_equal() => Configs.Sample(config => Check(config, new()), iter: 2000);

    [Fact]
    public void A_config_with_comments_reads_back_equal() => Configs.Sample(config => Check(config, new() { Descriptions = true, Header = "a: b\n- c" }), iter: 200);

    [Fact]
    public void A_config_without_defaults_reads_back_equal() => Configs.Sample(config => Check(config, new() { OmitDefaults = true }), iter: 1000);

    [Fact]
    public void Every_leaf_survives_as_an_override() =>
        Configs.Sample(config =>
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

    private static Gen<object?> Value(SettingInfo setting)
    {
        var value = setting.ValueType switch
        {
            var t when t == typeof(bool) => Gen.Bool.Select(b => (object?)b),
            var t when t == typeof(SettingList) => AnyText.List[0, 4].Select(l => (object?)SettingList.From(l)),
            var t when t == typeof(string) => (setting.AllowedValues.Count > 0 ? Gen.OneOfConst(setting.AllowedValues.ToArray()) : AnyText).Select(s => (object?)s),
            var t when t == typeof(int) => Gen.Int[(int)(setting.Minimum ?? -1000), (int)(setting.Maximum ?? int.MaxValue)].Select(i => (object?)i),
            var t when t == typeof(long) => Gen.Long[(long)(setting.Minimum ?? -1000), long.MaxValue].Select(i => (object?)i),
            var t when t == typeof(double) => Gen.OneOf(Gen.Double[setting.Minimum ?? -1e300, setting.Maximum ?? 1e300], Gen.OneOfConst(1e-8, 2e-5, 0.1, 0.5)).Where(d => setting.IsPossible(d)).Select(d => (object?)d),
            var t => Gen.OneOfConst(Enum.GetValues(t).Cast<object?>().ToArray()),
        };
        return setting.IsNullable ? Gen.Int[0, 5].SelectMany(i => i == 0 ? Gen.Const((object?)null) : value) : value;
    }
}
