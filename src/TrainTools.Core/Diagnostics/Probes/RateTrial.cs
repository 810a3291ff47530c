namespace TrainTools.Core.Diagnostics.Probes;

/// <summary>A branch at one learning rate.</summary>
/// <param name="LearningRate">The rate.</param>
/// <param name="FirstLoss">Median loss of its first steps.</param>
/// <param name="Loss">Median loss of the second half of the steps it was to have; infinite where it broke off or was not finite.</param>
/// <param name="Steps">Steps it came to.</param>
public sealed record RateTrial(double LearningRate, double FirstLoss, double Loss, int Steps)
{
    /// <summary>Whether the loss fell.</summary>
    public bool Falls => Loss < FirstLoss;

    /// <inheritdoc/>
    public override string ToString() => $"{Figure.Of(Loss)} at {Figure.Of(LearningRate)}";
}
