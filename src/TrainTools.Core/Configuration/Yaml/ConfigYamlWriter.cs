using System.Globalization;
using System.Text;

namespace TrainTools.Core.Configuration;

/// <summary>Writes a config as YAML that reads back equal.</summary>
internal static class ConfigYamlWriter
{
    public static string Write(TrainingConfig config, ConfigYamlOptions options)
    {
        var text = new StringBuilder();
        Comment(text, string.Empty, options.Header);
        var reasons = options.Derived.ToDictionary(d => d.Setting, d => d.Reason, StringComparer.Ordinal);
        foreach (var setting in ConfigSchema.Settings.Where(s => s.Section is null))
        {
            Setting(text, setting, config, options, reasons, string.Empty);
        }

        foreach (var section in ConfigSchema.Sections)
        {
            var body = new StringBuilder();
            foreach (var setting in section.Settings)
            {
                Setting(body, setting, config, options, reasons, "  ");
            }

            if (body.Length > 0)
            {
                if (options.Descriptions)
                {
                    text.Append('\n');
                    Comment(text, string.Empty, section.Description);
                }

                text.Append(section.Name).Append(":\n").Append(body);
            }
        }

        return text.Length == 0 ? "{}\n" : text.ToString();
    }

    private static void Setting(StringBuilder text, SettingInfo setting, TrainingConfig config, ConfigYamlOptions options, Dictionary<string, string> reasons, string indent)
    {
        var value = setting.Get(config);
        // A null that is not the default must be written, or it would read back as the default.
        if (value is null ? setting.DefaultValue is null : options.OmitDefaults && !setting.IsSet(config))
        {
            return;
        }

        if (options.Descriptions)
        {
            Comment(text, indent, Describe(setting));
        }

        text.Append(indent).Append(setting.Name).Append(':');
        if (value is SettingList list)
        {
            text.Append(list.Count == 0 ? " []" : string.Empty);
            Reason(text, setting, reasons);
            text.Append('\n');
            foreach (var item in list)
            {
                text.Append(indent).Append("  - ").Append(YamlText.Quote(item)).Append('\n');
            }

            return;
        }

        text.Append(' ').Append(value is string s ? YamlText.Quote(s) : value is Enum ? YamlText.Quote(setting.Format(value)) : setting.Format(value));
        Reason(text, setting, reasons);
        text.Append('\n');
    }

    private static string Describe(SettingInfo setting)
    {
        var text = new StringBuilder(setting.Description);
        if (setting.AllowedValues.Count > 0)
        {
            text.Append(" One of ").AppendJoin(", ", setting.AllowedValues).Append('.');
        }

        return text.Append(setting.Unit is null ? string.Empty : string.Create(CultureInfo.InvariantCulture, $" [{setting.Unit}]")).ToString();
    }

    private static void Reason(StringBuilder text, SettingInfo setting, Dictionary<string, string> reasons)
    {
        if (reasons.TryGetValue(setting.Name, out var reason))
        {
            text.Append("  # derived: ").Append(OneLine(reason));
        }
    }

    private static void Comment(StringBuilder text, string indent, string? comment)
    {
        if (!string.IsNullOrEmpty(comment))
        {
            foreach (var line in comment.Split('\n'))
            {
                text.Append(indent).Append("# ").Append(OneLine(line)).Append('\n');
            }
        }
    }

    private static string OneLine(string text) => string.Concat(text.Select(c => YamlText.IsPrintable(c) ? c : ' ')).Trim();
}
