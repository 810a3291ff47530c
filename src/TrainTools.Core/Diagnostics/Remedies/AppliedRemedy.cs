namespace TrainTools.Core.Diagnostics.Remedies;

/// <summary>A remedy that a run applied to itself, as remedies.jsonl keeps it.</summary>
public sealed record AppliedRemedy
{
    /// <summary>When.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>What had been diagnosed, whole: the log of diagnoses forgets what came after the checkpoint.</summary>
    public required Diagnosis Diagnosis { get; init; }

    /// <summary>Settings that were changed.</summary>
    public required IReadOnlyList<RemedyChange> Changes { get; init; }

    /// <summary>Records that are passed over from now on.</summary>
    public IReadOnlyList<long> SkippedRecords { get; init; } = [];

    /// <summary>Step after which the run was stopped.</summary>
    public required int StoppedAfterStep { get; init; }

    /// <summary>Step of the checkpoint it went back to; 0 = begun anew.</summary>
    public required int BackToStep { get; init; }

    /// <summary>What was done, in a sentence.</summary>
    public string Describe()
    {
        var what = SkippedRecords.Count > 0 ? $"passes over the records {Figure.Records(SkippedRecords)}" : $"changes {string.Join("; ", Changes)}";
        var where = BackToStep > 0 ? $"goes back to the checkpoint of step {BackToStep}" : "begins anew";
        return $"{SymptomCatalog.Get(Diagnosis.Symptom).Title} at step {Diagnosis.FirstStep} ({Diagnosis.Cause?.Title}): the run {where} and {what} (remedy: auto).";
    }
}
