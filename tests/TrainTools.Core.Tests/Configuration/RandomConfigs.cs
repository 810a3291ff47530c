using CsCheck;
using TrainTools.Core.Configuration;

namespace TrainTools.Core.Tests.Configuration;

/// <summary>Random configs, every value within the schema's own bounds.</summary>
internal static class RandomConfigs
{
    private static readonly Gen<string> AnyText = Gen.OneOf(
        Gen.String[Gen.Char.AlphaNumeric, 1, 12],
        Gen.String[Gen.Char[' ', '~'], 0, 20],
        Gen.OneOfConst("null", "~", "", "true", "no", "1e5", "0x1F", "- a", "a: b", "#x", "a #b", " lead", "trail ", "*a", "&a", "!t", "'", "\"", "\\", "---", "...", "{}", "[]", "line\nbreak", "cr\r\n", "tab\t", "\u0085\u2028\u2029", "\ufeff", "\0\u001b\u007f\u009f", "é漢字", "😀", "C:\\models\\a b", "?", "%", "@a", "`a", "=", "<<", ".inf", "2026-01-01", "1_000", "\u00a0", "\ud7ff\ue000\ufffd"),
        Gen.String[Gen.Char['\u00a1', '\ud7ff'], 0, 6]);

    public static readonly Gen<TrainingConfig> Any = Within(0, 1e300);

    /// <summary>Configs whose numbers with a fraction are 0 or have a magnitude within bounds. Made so, not filtered: of whole configs nearly all would be refused.</summary>
    public static Gen<TrainingConfig> Within(double least, double most) => ConfigSchema.Settings.Aggregate(
        Gen.Const(new TrainingConfig()),
        (configs, setting) => Gen.Select(configs, Gen.Bool, Value(setting, least, most), (config, set, value) => set ? setting.With(config, value) : config));

    private static Gen<object?> Value(SettingInfo setting, double least, double most)
    {
        var value = setting.ValueType switch
        {
            var t when t == typeof(bool) => Gen.Bool.Select(b => (object?)b),
            var t when t == typeof(SettingList) => AnyText.List[0, 4].Select(l => (object?)SettingList.From(l)),
            var t when t == typeof(string) => (setting.AllowedValues.Count > 0 ? Gen.OneOfConst(setting.AllowedValues.ToArray()) : AnyText).Select(s => (object?)s),
            var t when t == typeof(int) => Gen.Int[(int)(setting.Minimum ?? -1000), (int)(setting.Maximum ?? int.MaxValue)].Select(i => (object?)i),
            var t when t == typeof(long) => Gen.Long[(long)(setting.Minimum ?? -1000), long.MaxValue].Select(i => (object?)i),
            var t when t == typeof(double) => Gen.OneOf(Gen.Double[setting.Minimum ?? -most, setting.Maximum ?? most], Gen.OneOfConst(1e-8, 2e-5, 0.1, 0.5)).Where(d => setting.IsPossible(d) && (d == 0 || Math.Abs(d) >= least)).Select(d => (object?)d),
            var t => Gen.OneOfConst(Enum.GetValues(t).Cast<object?>().ToArray()),
        };
        return setting.IsNullable ? Gen.Int[0, 5].SelectMany(i => i == 0 ? Gen.Const((object?)null) : value) : value;
    }
}
