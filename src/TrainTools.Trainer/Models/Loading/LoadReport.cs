namespace TrainTools.Trainer.Models.Loading;

/// <summary>What reading a model's weights came across beside the parameters themselves.</summary>
/// <param name="Initialized">Parameters of a new head that no file has, filled anew.</param>
/// <param name="Ignored">Tensors of the files that the task has no use for (another head, known non-parameters).</param>
public sealed record LoadReport(IReadOnlyList<string> Initialized, IReadOnlyList<string> Ignored)
{
    /// <summary>Nothing to report.</summary>
    public static LoadReport Empty { get; } = new([], []);
}
