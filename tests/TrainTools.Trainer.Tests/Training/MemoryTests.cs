using TorchSharp;
using TrainTools.Core.Configuration;
using TrainTools.Core.Samples;
using TrainTools.Core.Training;
using TrainTools.Parity.Training;
using TrainTools.Trainer.Training;

namespace TrainTools.Trainer.Tests.Training;

public sealed class MemoryTests : IDisposable
{
    private readonly TemporaryFolder temporary = new();

    [Fact]
    public void Ten_thousand_steps_leave_nothing_behind()
    {
        using var harness = new TrainingRig(TinyModel.Write(temporary["model"]));
        List<TrainingSample> documents = [.. Enumerable.Range(0, 40).Select(i =>
        {
            int[] ids = [.. Enumerable.Range(0, 3 + (i % 7)).Select(j => ((i * 5) + (j * 3)) % 32)];
            return new TrainingSample { InputIds = ids, Labels = ids, RecordIndexes = [i] };
        })];
        var packs = SamplePacker.Pack(documents, 16, PackingStrategy.Bfd).ToList();
        var plan = StepPlan.Create(packs.Count, 2, 2, epochs: 1, maxSteps: 10_000);
        var evaluator = new Evaluator(harness.Objective, documents, 8, new SampleCollator(0));

        long tensors = 0;
        long bytes = 0;
        var heap = new ManagedHeap();
        using var source = new BatchSource(packs, plan, new RowOrder(packs.Count, shuffle: true, seed: 1), new SampleCollator(0));
        foreach (var window in source.Steps())
        {
            harness.Step.Run(window, 1e-3);

            // As the trainer's loop does: else the runtime's youngest generation grows with the processor's cache.
            heap.Tidy();
            if (window.Step % 500 == 0)
            {
                evaluator.Run();
            }

            if (window.Step == 1000)
            {
                (tensors, bytes) = Held();
            }
        }

        var (tensorsAtEnd, bytesAtEnd) = Held();
        Assert.Equal(tensors, tensorsAtEnd);
        Assert.True(bytesAtEnd - bytes < 32 << 20, $"resident memory grew by {(bytesAtEnd - bytes) >> 20} MB");
    }

    public void Dispose() => temporary.Dispose();

    private static (long Tensors, long Bytes) Held()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return (torch.Tensor.TotalCount, Environment.WorkingSet);
    }
}
