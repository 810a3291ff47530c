using TrainTools.Core.Configuration;
using TrainTools.Core.Evaluation;
using TrainTools.Core.Samples;
using TrainTools.Core.Samples.Labels;

namespace TrainTools.Core.Tests.Evaluation;

/// <summary>Metrics of labels against the figures in scikit-learn's and SciPy's own documentation, and by hand.</summary>
public sealed class ScoreTests
{
    [Fact]
    public void Means_over_classes_are_scikit_learns()
    {
        // sklearn.metrics.f1_score: y_true [0,1,2,0,1,2], y_pred [0,2,1,0,0,1]: macro 0.2666, micro 0.3333, weighted 0.2666;
        // precision macro 0.2222, recall macro 0.3333.
        var metrics = ClassificationScores.Metrics(ConfusionMatrix.Of(["a", "b", "c"], [0, 1, 2, 0, 1, 2], [0, 2, 1, 0, 0, 1]));
        Assert.Equal(4.0 / 15, metrics["eval_f1_macro"], 1e-12);
        Assert.Equal(4.0 / 15, metrics["eval_f1_weighted"], 1e-12);
        Assert.Equal(1.0 / 3, metrics["eval_f1_micro"], 1e-12);
        Assert.Equal(2.0 / 9, metrics["eval_precision_macro"], 1e-12);
        Assert.Equal(1.0 / 3, metrics["eval_recall_macro"], 1e-12);
        Assert.Equal(metrics["eval_f1_macro"], metrics["eval_f1"]);
    }

    [Fact]
    public void Of_two_classes_the_second_is_the_positive_one()
    {
        var metrics = ClassificationScores.Metrics(ConfusionMatrix.Of(["ham", "spam"], [1, 1, 1, 0], [1, 0, 1, 1]));
        Assert.Equal(2.0 / 3, metrics["eval_precision"], 1e-12);
        Assert.Equal(2.0 / 3, metrics["eval_f1"], 1e-12);
        // sklearn.metrics.matthews_corrcoef: y_true [+1,+1,+1,-1], y_pred [+1,-1,+1,+1]: -0.33
        Assert.Equal(-1.0 / 3, metrics["eval_matthews_correlation"], 1e-12);
    }

    [Fact]
    public void A_class_that_never_comes_is_in_no_mean()
    {
        var metrics = ClassificationScores.Metrics(ConfusionMatrix.Of(["a", "b", "never"], [0, 1], [0, 1]));
        Assert.Equal(1, metrics["eval_f1_macro"]);
    }

    [Fact]
    public void Confused_pairs_come_by_their_number()
    {
        var matrix = ConfusionMatrix.Of(["a", "b"], [0, 0, 0, 1], [1, 1, 0, 0]);
        Assert.Equal([new ConfusedPair("a", "b", 2, 2.0 / 3), new ConfusedPair("b", "a", 1, 1)], matrix.Confused());
    }

    [Fact]
    public void Several_labels_are_scored_by_row_and_by_class()
    {
        // sklearn: accuracy_score([[0,1],[1,1]], ones) 0.5; hamming_loss([[0,1],[1,1]], zeros) 0.75
        bool[][] given = [[false, true], [true, true]];
        Assert.Equal(0.5, MultiLabelScores.Metrics(["a", "b"], given, [[true, true], [true, true]])["eval_accuracy"]);
        var none = MultiLabelScores.Metrics(["a", "b"], given, [[false, false], [false, false]]);
        Assert.Equal((0.75, 0.0), (none["eval_hamming_loss"], none["eval_f1_micro"]));
        var all = MultiLabelScores.Metrics(["a", "b"], given, [[true, true], [true, true]]);
        Assert.Equal(2 * 0.75 / 1.75, all["eval_f1_micro"], 1e-12);
        Assert.Equal(((2.0 / 3) + 1) / 2, all["eval_f1_macro"], 1e-12);
        Assert.Equal(((2.0 / 3) + 1) / 2, all["eval_f1_samples"], 1e-12);
    }

    [Fact]
    public void Correlations_are_scipys()
    {
        // scipy.stats.spearmanr([1,2,3,4,5], [5,6,7,8,7]): 0.8207826816681233
        var metrics = RegressionScores.Metrics([1, 2, 3, 4, 5], [5, 6, 7, 8, 7]);
        Assert.Equal(0.8207826816681233, metrics["eval_spearmanr"], 1e-12);
        Assert.Equal((16 + 16 + 16 + 16 + 4) / 5.0, metrics["eval_mse"], 1e-12);
        // sklearn.metrics.r2_score([3,-0.5,2,7], [2.5,0,2,8]): 0.948...; mean_squared_error 0.375
        var other = RegressionScores.Metrics([3, -0.5, 2, 7], [2.5, 0, 2, 8]);
        Assert.Equal((0.375, 0.5), (other["eval_mse"], other["eval_mae"]));
        Assert.Equal(0.9486081370449679, other["eval_r2"], 1e-12);
        Assert.True(double.IsNaN(RegressionScores.Metrics([1, 1], [2, 3])["eval_pearson"]));
    }

    [Fact]
    public void Windows_of_a_record_are_judged_as_one_sentence()
    {
        // An entity of three words, cut between two windows: right only where both are seen together.
        var labels = new LabelSet(["B-x", "I-x", "O"]);
        var scorer = new TagScorer(labels);
        TrainingSample Window(int[] words, int[] tags, int[]? whole) => new()
        {
            InputIds = [0, .. words, 0],
            Labels = [TrainingSample.Ignored, .. tags, TrainingSample.Ignored],
            WordIds = [-1, .. words, -1],
            WordLabels = whole,
            RecordIndexes = [7],
        };
        float[] Say(params int[] tags) => [.. tags.SelectMany(t => Enumerable.Range(0, 3).Select(k => k == t ? 5f : 0f))];
        scorer.Add([Window([0, 1], [2, 0], [2, 0, 1, 1, 2])], Say(2, 0));
        scorer.Add([Window([2, 3, 4], [1, 1, 2], null)], Say(1, 1, 2));
        Assert.Equal(1, scorer.Metrics()["eval_f1"]);
        Assert.Equal("O B-x I-x I-x O", Assert.Single(scorer.Predictions()).Predicted);
    }

    [Theory]
    [InlineData("eval_f1", true)]
    [InlineData("eval_mse", false)]
    [InlineData("eval_hamming_loss", false)]
    [InlineData("eval_spearmanr", true)]
    public void Errors_are_better_when_small(string metric, bool greater) => Assert.Equal(greater, Core.Training.EvaluationTracker.GreaterIsBetterByName(metric));

    [Fact]
    public void Every_metric_of_a_scorer_is_one_that_a_run_can_be_judged_by()
    {
        foreach (var problem in Enum.GetValues<ProblemType>())
        {
            var labels = new LabelSet(problem == ProblemType.Regression ? ["score"] : ["a", "b"], problem);
            var scorer = new SequenceScorer(labels);
            var width = labels.Names.Count;
            scorer.Add([new TrainingSample { InputIds = [], Labels = [], RowTargets = problem == ProblemType.MultiLabelClassification ? [1, 0] : [1], RecordIndexes = [0] }], new float[width]);
            Assert.All(scorer.Metrics().Keys, m => Assert.True(EvaluationMetrics.IsOf(TaskType.SequenceClassification, m, problem, labels.Names), m));

            // And the other way round: what is offered is measured. The losses are the evaluator's.
            Assert.All(EvaluationMetrics.Of(TaskType.SequenceClassification, problem).Where(m => !m.StartsWith("eval_loss", StringComparison.Ordinal)), m => Assert.Contains(m, scorer.Metrics().Keys));
        }

        var tags = new TagScorer(new LabelSet(["B-x", "I-y", "O"]));
        tags.Add([new TrainingSample { InputIds = [0], Labels = [2], WordIds = [0], WordLabels = [2], RecordIndexes = [0] }], [0, 0, 1]);
        Assert.All(tags.Metrics().Keys, m => Assert.True(EvaluationMetrics.IsOf(TaskType.TokenClassification, m, null, tags.Labels.Names), m));
        Assert.All(EvaluationMetrics.Of(TaskType.TokenClassification).Where(m => !m.StartsWith("eval_loss", StringComparison.Ordinal)), m => Assert.Contains(m, tags.Metrics().Keys));
        Assert.Equal(0, tags.Metrics()["eval_y_f1"]); // neither there nor predicted, and yet a metric to be judged by
        Assert.Empty(tags.Report(tags.Predictions()).Classes);
    }

    [Fact]
    public void Several_labels_have_the_cells_of_scikit_learns_multilabel_confusion_matrix()
    {
        // sklearn.metrics.multilabel_confusion_matrix, the example of its documentation: y_true [[1,0,1],[0,1,0]], y_pred [[1,0,0],[0,1,1]]
        // gives [[[1,0],[0,1]], [[1,0],[0,1]], [[0,1],[1,0]]], each [[tn, fp], [fn, tp]].
        var scorer = new SequenceScorer(new LabelSet(["a", "b", "c"], ProblemType.MultiLabelClassification));
        TrainingSample Row(int record, params float[] targets) => new() { InputIds = [], Labels = [], RowTargets = targets, RecordIndexes = [record] };
        scorer.Add([Row(0, 1, 0, 1), Row(1, 0, 1, 0)], [2, -2, -2, -2, 2, 2]);
        var report = scorer.Report(scorer.Predictions());
        Assert.Equal([new LabelConfusion("a", 1, 0, 0, 1), new LabelConfusion("b", 1, 0, 0, 1), new LabelConfusion("c", 0, 1, 1, 0)], report.LabelConfusions);
        Assert.Null(report.Confusion);
    }
}
