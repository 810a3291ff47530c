using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;
using TrainTools.Core.Runs;

namespace TrainTools.Core.Diagnostics;

/// <summary>Which diagnoses end a run (-StopOn).</summary>
public sealed class StopRule
{
    private readonly HashSet<string> symptoms = new(StringComparer.OrdinalIgnoreCase);
    private FindingSeverity? severity;

    private StopRule()
    {
    }

    /// <summary>Reads ids of symptoms and severities.</summary>
    /// <exception cref="TrainToolsException"><see cref="ErrorIds.SymptomUnknown"/>.</exception>
    public static StopRule Parse(IEnumerable<string> names)
    {
        ArgumentNullException.ThrowIfNull(names);
        var rule = new StopRule();
        foreach (var name in names)
        {
            if (Enum.TryParse<FindingSeverity>(name, ignoreCase: true, out var severity) && Enum.IsDefined(severity) && !char.IsDigit(name[0]))
            {
                rule.severity = rule.severity is { } known && known < severity ? known : severity;
            }
            else
            {
                rule.symptoms.Add(Symptoms.Find(name)?.Id ?? throw new TrainToolsException(
                    ErrorIds.SymptomUnknown, ErrorKind.InvalidArgument, $"'{name}' is neither a symptom nor a severity.",
                    $"Use Warning, Error or one of {string.Join(", ", Symptoms.All.Select(s => s.Id))}.", name));
            }
        }

        return rule;
    }

    /// <summary>Whether a diagnosis ends the run: one that is explained by another does not.</summary>
    public bool Applies(DiagnosisRaised item)
    {
        ArgumentNullException.ThrowIfNull(item);
        return item.Change != DiagnosisChange.Closed && item.Diagnosis.IsRoot
            && (symptoms.Contains(item.Diagnosis.Symptom) || item.Diagnosis.Severity >= severity);
    }
}
