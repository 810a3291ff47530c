namespace TrainTools.Core.Diagnostics;

/// <summary>The loss of one evaluation.</summary>
/// <param name="Name">Name of the metric.</param>
/// <param name="Loss">Its value.</param>
/// <param name="Step">Step after which it was measured.</param>
public readonly record struct EvaluationLoss(string Name, double Loss, int Step);
