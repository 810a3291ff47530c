namespace TrainTools.Trainer.Generation;

/// <summary>Softmax of one row.</summary>
internal static class LabelProbabilities
{
    /// <summary>Probabilities of logits.</summary>
    public static double[] Of(ReadOnlySpan<float> logits)
    {
        double most = float.NegativeInfinity;
        foreach (var logit in logits)
        {
            most = Math.Max(most, logit);
        }

        var result = new double[logits.Length];
        double sum = 0;
        for (var k = 0; k < result.Length; k++)
        {
            sum += result[k] = Math.Exp(logits[k] - most);
        }

        for (var k = 0; k < result.Length; k++)
        {
            result[k] /= sum;
        }

        return result;
    }
}
