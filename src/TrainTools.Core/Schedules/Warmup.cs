namespace TrainTools.Core.Schedules;

/// <summary>How long the learning rate rises.</summary>
public static class Warmup
{
    /// <summary>
    /// Steps of one number that means either: below 1 a share of the run, rounded up; from 1 on a number of steps, its
    /// fraction cut off (the rule of transformers 5).
    /// </summary>
    public static int Steps(double value, int totalSteps) =>
        value < 1 ? (int)Math.Ceiling(totalSteps * value) : (int)value;

    /// <summary>Steps of the two settings: the number of steps wins, else the share, rounded up; neither = 0.</summary>
    public static int Steps(int? steps, double? ratio, int totalSteps) =>
        steps is { } s and > 0 ? s : ratio is { } r ? (int)Math.Ceiling(totalSteps * r) : 0;
}
