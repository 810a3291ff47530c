using System.Text;

namespace TrainTools.Docs;

/// <summary>Puts what the built module knows (syntax, how parameters bind) into the pages and leaves the prose as it is.</summary>
public static class HelpUpdater
{
    private const string Front = "---\nexternal help file: TrainTools.dll-Help.xml\nModule Name: TrainTools\nonline version:\nschema: 2.0.0\n---\n";

    private static readonly Dictionary<string, string> Standard = new()
    {
        ["WhatIf"] = "Say what would be done, and do nothing.",
        ["Confirm"] = "Ask before anything is done.",
    };

    private const string CommonParameters =
        "### CommonParameters\nThis cmdlet has the common parameters: -Debug, -ErrorAction, -ErrorVariable, -InformationAction, -InformationVariable,\n"
        + "-OutBuffer, -OutVariable, -PipelineVariable, -ProgressAction, -Verbose, -WarningAction and -WarningVariable.\n"
        + "[about_CommonParameters](https://go.microsoft.com/fwlink/?LinkID=113216) describes them.\n";

    /// <summary>The pages that are not current, with what they should be.</summary>
    /// <param name="manifest">Manifest of the built module.</param>
    /// <param name="folder">Folder of the pages.</param>
    /// <param name="docComments">Documentation file of the cmdlets' assembly, for what no page says yet.</param>
    public static IEnumerable<(string File, string Text)> Update(string manifest, string folder, string? docComments = null)
    {
        var comments = new DocComments(docComments);
        foreach (var command in ModuleCommands.Read(manifest))
        {
            var file = Path.Combine(folder, command.Name + ".md");
            var old = File.Exists(file) ? File.ReadAllText(file).ReplaceLineEndings("\n") : null;
            var text = Page(command, old ?? NewPage(command, comments), comments);
            if (text != old)
            {
                yield return (file, text);
            }
        }
    }

    private static string Page(ModuleCommand command, string old, DocComments comments)
    {
        var text = PageText.Replace(old, "SYNTAX", string.Join("\n", command.Syntaxes.Select(s =>
            $"### {s.Set}{(s.IsDefault ? " (Default)" : "")}\n```\n{s.Text}\n```\n")));
        var prose = PageText.Parts(PageText.Section(old, "PARAMETERS"));
        return PageText.Replace(text, "PARAMETERS", string.Concat(command.Parameters.Select(p =>
            $"### -{p.Name}\n{Prose(p)}\n\n{string.Join("\n", p.Bindings.Select(Yaml))}\n")) + CommonParameters);

        string Prose(HelpParameter parameter) =>
            prose.TryGetValue("-" + parameter.Name, out var known) && PageText.BeforeYaml(known) is { Length: > 0 } written ? written
            : Standard.GetValueOrDefault(parameter.Name) ?? comments.OfProperty(command.Type, parameter.Name) ?? string.Empty;
    }

    private static string Yaml(ParameterBinding binding)
    {
        var text = new StringBuilder("```yaml\n");
        void Line(string key, string value) => text.Append(key).Append(':').Append(value.Length > 0 ? " " + value : "").Append('\n');
        Line("Type", binding.Type);
        Line("Parameter Sets", string.Join(", ", binding.Sets));
        Line("Aliases", string.Join(", ", binding.Aliases));
        if (binding.AcceptedValues.Count > 0)
        {
            Line("Accepted values", string.Join(", ", binding.AcceptedValues));
        }

        text.Append('\n');
        Line("Required", binding.Required ? "True" : "False");
        Line("Position", binding.Position);
        Line("Default value", binding.Default);
        Line("Accept pipeline input", binding.PipelineInput);
        Line("Accept wildcard characters", binding.Wildcards ? "True" : "False");
        return text.Append("```\n").ToString();
    }

    private static string NewPage(ModuleCommand command, DocComments comments) =>
        $"{Front}\n# {command.Name}\n\n## SYNOPSIS\n{comments.OfType(command.Type)}\n\n## SYNTAX\n\n## DESCRIPTION\n{comments.OfType(command.Type)}\n\n"
        + "## EXAMPLES\n\n## PARAMETERS\n\n## INPUTS\n\n## OUTPUTS\n\n"
        + string.Concat(command.OutputTypes.Select(t => $"### {t}\n\n")) + "## NOTES\n\n## RELATED LINKS\n";
}
