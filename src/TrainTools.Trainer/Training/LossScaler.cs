namespace TrainTools.Trainer.Training;

/// <summary>
/// The loss scale of float16: gradients are computed of the loss times this number, so that small ones do not vanish. It
/// halves when a gradient overflows (that update is left out) and doubles after a long time without. torch's GradScaler rule.
/// </summary>
/// <param name="scale">First scale.</param>
public sealed class LossScaler(double scale = 65536)
{
    private const int GrowthInterval = 2000;

    /// <summary>The scale of the next step.</summary>
    public double Scale { get; private set; } = scale;

    /// <summary>Steps without overflow since the last change.</summary>
    public int GoodSteps { get; private set; }

    /// <summary>Takes in whether a step's gradient was finite.</summary>
    public void Update(bool finite)
    {
        GoodSteps = finite ? GoodSteps + 1 : 0;
        if (!finite)
        {
            Scale = Math.Max(1, Scale / 2);
        }
        else if (GoodSteps == GrowthInterval)
        {
            Scale *= 2;
            GoodSteps = 0;
        }
    }

    /// <summary>Continues from a checkpoint.</summary>
    public void Restore(double newScale, int goodSteps) => (Scale, GoodSteps) = (newScale, goodSteps);
}
