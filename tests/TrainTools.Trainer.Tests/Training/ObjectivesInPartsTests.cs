using TorchSharp;
using TrainTools.Core.Configuration;
using TrainTools.Core.Samples;
using TrainTools.Trainer.Models;
using TrainTools.Trainer.Training;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Tests.Training;

/// <summary>Sums and gradients of every kind of encoder's training are those of its batch's parts together.</summary>
public sealed class ObjectivesInPartsTests : IDisposable
{
    private readonly TemporaryFolder temporary = new();

    [Theory]
    [InlineData(TaskType.SequenceClassification, 1)]
    [InlineData(TaskType.SequenceClassification, 3)]
    [InlineData(TaskType.TokenClassification, 0)]
    [InlineData(TaskType.MaskedLm, 0)]
    public void Parts_give_what_the_batch_gives(TaskType task, int targets)
    {
        using var scope = NewDisposeScope();
        var folder = TinyEncoder.Write(temporary["model"]);
        using var model = PretrainedModelLoader.Load(folder, new PretrainedModelOptions { Task = task, Labels = ["a", "b", "c"] });
        foreach (var parameter in model.Parameters.Values)
        {
            parameter.requires_grad_();
        }

        ITrainingObjective objective = model switch
        {
            SequenceClassifier classifier => new SequenceClassificationObjective(classifier, CPU, 0.1, [0.5f, 1, 2]),
            TokenClassifier tagger => new TokenClassificationObjective(tagger, CPU, 0.1, [0.5f, 1, 2]),
            _ => new MaskedLanguageObjective((MaskedLanguageModel)model, CPU, new TokenMasking(4, 22, 0.3, wholeWords: false, 3)),
        };
        List<TrainingSample> rows = [.. Enumerable.Range(0, 7).Select(row => new TrainingSample
        {
            InputIds = [.. Enumerable.Range(0, 4 + row).Select(i => 5 + (((3 * row) + (5 * i)) % 17))],
            Labels = [.. Enumerable.Range(0, 4 + row).Select(i => i == 0 ? TrainingSample.Ignored : (row + i) % 3)],
            RowTargets = targets == 0 ? null : targets == 1 ? [row % 3] : [row % 2, 1, (row / 2) % 2],
            IsPassedOver = row == 3,
            RecordIndexes = [row],
        })];
        var batch = new SampleCollator(0).Collate(rows);
        var parts = BatchParts.Of(batch, 20);
        Assert.InRange(parts.Count, 2, 7);

        objective.BeginStep(0);
        Assert.Equal(objective.CountTargets(batch), parts.Sum(objective.CountTargets));
        Assert.Equal(objective.Weight(batch), parts.Sum(objective.Weight), 1e-9);
        var whole = objective.Backward(batch, 0.1);
        var expected = model.Parameters.ToDictionary(p => p.Key, p => p.Value.grad?.clone());
        foreach (var parameter in model.Parameters.Values)
        {
            parameter.grad = null;
        }

        var sums = parts.Where(p => objective.CountTargets(p) > 0).Select(p => objective.Backward(p, 0.1)).ToList();
        Assert.Equal(whole.Loss.ToDouble(), sums.Sum(s => s.Loss.ToDouble()), 1e-4);
        Assert.Equal(whole.Correct.ToInt64(), sums.Sum(s => s.Correct.ToInt64()));
        Assert.Equal(whole.Targets, sums.Sum(s => s.Targets));
        Assert.Contains(expected.Values, g => g is not null);
        foreach (var (name, parameter) in model.Parameters)
        {
            var gradient = expected[name];
            Assert.Equal(gradient is null, parameter.grad is null);
            if (gradient is not null)
            {
                Assert.InRange(parameter.grad!.sub(gradient).abs().max().ToDouble(), 0, 1e-5 * Math.Max(1, gradient.abs().max().ToDouble()));
            }
        }
    }

    public void Dispose() => temporary.Dispose();
}
