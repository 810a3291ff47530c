using TrainTools.Core.Training;

namespace TrainTools.Core.Cleaning.LabelErrors;

/// <summary>Out-of-fold probabilities: each row's come from a classifier that has not seen it.</summary>
internal static class CrossValidation
{
    private const int Epochs = 12;

    /// <summary>Trains one classifier a fold.</summary>
    /// <param name="features">Features of a row; called from several threads.</param>
    /// <param name="labels">Label of each row.</param>
    /// <param name="classes">Number of classes.</param>
    /// <param name="folds">Number of folds; each has about the same share of every class.</param>
    /// <param name="seed">Folds and orders depend on it.</param>
    /// <param name="threads">Folds trained at a time.</param>
    /// <param name="cancellationToken">Stops.</param>
    public static ClassProbabilities Run(Func<int, int[]> features, int[] labels, int classes, int folds, long seed, int threads, CancellationToken cancellationToken)
    {
        var fold = Folds(labels, folds, seed);
        var values = new double[(long)labels.Length * classes];
        Parallel.For(0, folds, new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellationToken }, held =>
        {
            var model = new SoftmaxRegression(classes);
            var training = Enumerable.Range(0, labels.Length).Where(row => fold[row] != held).ToArray();
            model.Train(training, features, labels, Epochs, seed, cancellationToken);
            var scores = new float[classes + System.Numerics.Vector<float>.Count];
            for (var row = 0; row < labels.Length; row++)
            {
                if (fold[row] == held)
                {
                    model.Predict(features(row), scores);
                    for (var k = 0; k < classes; k++)
                    {
                        values[((long)row * classes) + k] = scores[k];
                    }
                }
            }
        });
        return new ClassProbabilities(labels, values, classes);
    }

    /// <summary>Fold of each row: the rows of each class dealt out in random order.</summary>
    internal static int[] Folds(int[] labels, int folds, long seed)
    {
        var order = Enumerable.Range(0, labels.Length).ToArray();
        new SeededRandom(seed, RandomPurpose.CrossValidation).Shuffle<int>(order);
        var next = new Dictionary<int, int>();
        var result = new int[labels.Length];
        foreach (var row in order)
        {
            var turn = next.GetValueOrDefault(labels[row], labels[row]);
            result[row] = turn % folds;
            next[labels[row]] = turn + 1;
        }

        return result;
    }
}
