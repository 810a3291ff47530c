using System.Globalization;

using TrainTools.Core.Cleaning.Records;
using TrainTools.Core.Cleaning.Text;

namespace TrainTools.Core.Cleaning.Checks;

/// <summary>Texts in other languages or scripts than those asked for. What stays undecided is let be.</summary>
internal sealed class LanguageCheck : IRecordCheck
{
    private readonly IReadOnlyList<string> _languages;
    private readonly bool[] _scripts;

    public LanguageCheck(IReadOnlyList<string> languages, IReadOnlyList<string> scripts)
    {
        _languages = languages;
        _scripts = [.. Scripts.Names.Select(n => scripts.Contains(n, StringComparer.OrdinalIgnoreCase))];
    }

    public void Check(RecordView view, FindingSink sink)
    {
        foreach (var part in view.Parts)
        {
            if (_languages.Count > 0 && LanguageGuess.Of(part.Text) is { } language && !_languages.Contains(language, StringComparer.OrdinalIgnoreCase))
            {
                sink.Add(CleaningRules.Language, 1, $"{part.Role}: {language}");
            }

            if (Array.IndexOf(_scripts, true) >= 0)
            {
                CheckScripts(part, sink);
            }
        }
    }

    private void CheckScripts(TextPart part, FindingSink sink)
    {
        var counts = Scripts.Count(part.Text);
        var letters = counts.Sum();
        if (letters < 5)
        {
            return;
        }

        var foreign = counts.Where((_, script) => !_scripts[script]).Sum();
        var most = Array.IndexOf(counts, counts.Where((_, script) => !_scripts[script]).DefaultIfEmpty().Max());
        sink.Add(CleaningRules.Script, (double)foreign / letters, string.Create(
            CultureInfo.InvariantCulture, $"{part.Role}: {(most < 0 ? "" : Scripts.Names[most])}"));
    }
}
