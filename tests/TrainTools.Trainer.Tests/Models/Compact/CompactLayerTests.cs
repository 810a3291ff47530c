using TorchSharp;
using TrainTools.Core.Samples;
using TrainTools.Trainer.Backend;
using TrainTools.Trainer.Models;
using TrainTools.Trainer.Models.Parts.Compact;
using TrainTools.Trainer.Training;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Tests.Models.Compact;

/// <summary>The layer of small models against the general one, and against itself on other threads.</summary>
public class CompactLayerTests
{
    public static TheoryData<string, int[], bool> Cases => new()
    {
        { "llama", [2], false },
        { "llama", [33, 33, 33], false },
        { "llama", [5, 64, 1, 31, 32], true },
        { "llama_tied_rope3", [47, 12], false }, // shorter rows are padded
        { "qwen2", [29, 29], false }, // biases
        { "mistral", [3, 6, 20], true }, // a window that some documents outgrow
        { "smollm3", [70], false }, // layers without rotary positions
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Losses_gradients_and_hidden_states_are_those_of_the_general_way(string name, int[] lengths, bool packed)
    {
        var general = Pass(name, lengths, packed, allowed: false, out var generalStates, out var generalLoss);
        var compact = Pass(name, lengths, packed, allowed: true, out var states, out var loss);

        Assert.Equal(generalLoss, loss, 1e-5 * Math.Max(1, generalLoss));
        Close("hidden states", generalStates, states);
        Assert.Equal(general.Keys, compact.Keys);
        foreach (var (parameter, expected) in general)
        {
            Close(parameter, expected, compact[parameter]);
        }
    }

    [Fact]
    public void Threads_change_no_bit()
    {
        int[] lengths = [40, 17, 3, 90];
        var once = Pass("llama", lengths, packed: true, allowed: true, out var onceStates, out var onceLoss);
        WorkerThreads.Use(2);
        try
        {
            for (var i = 0; i < 3; i++)
            {
                var again = Pass("llama", lengths, packed: true, allowed: true, out var states, out var loss);
                Assert.Equal(onceLoss, loss);
                Assert.Equal(onceStates, states);
                Assert.All(once, p => Assert.Equal(p.Value, again[p.Key]));
            }
        }
        finally
        {
            WorkerThreads.Use(1);
        }
    }

    [Fact]
    public void A_second_batch_adds_to_the_gradients_and_frozen_weights_get_none()
    {
        using var scope = NewDisposeScope();
        using var model = PretrainedModelLoader.LoadCausal(TestFiles.Model("llama"));
        var frozen = model.Parameters.Keys.Where(n => n.Contains("k_proj", StringComparison.Ordinal) || n.Contains("layernorm", StringComparison.Ordinal)).ToHashSet();
        foreach (var (name, parameter) in model.Parameters)
        {
            parameter.requires_grad_(!frozen.Contains(name));
        }

        var objective = new CausalLanguageObjective(model, CPU);
        var batch = Batch([9, 9], packed: false);
        objective.Backward(batch, 0.5);
        var first = Gradients(model);
        objective.Backward(batch, 0.5);
        var second = Gradients(model);

        Assert.Equal(model.Parameters.Keys.Where(n => !frozen.Contains(n)), first.Keys);
        Assert.All(first, p => Close(p.Key, [.. p.Value.Select(v => 2 * v)], second[p.Key]));
    }

    [Fact]
    public void A_model_that_is_dropped_before_its_backward_pass_leaves_nothing()
    {
        using var model = PretrainedModelLoader.LoadCausal(TestFiles.Model("llama"));
        foreach (var parameter in model.Parameters.Values)
        {
            parameter.requires_grad_(true);
        }

        long before = 0;
        for (var i = 0; i < 6; i++)
        {
            using (NewDisposeScope())
            {
                model.HiddenStates(new ModelInput { InputIds = tensor(new long[] { 1, 2, 3, 4 }).unsqueeze(0), Training = true });
            }

            GC.Collect();
            GC.WaitForPendingFinalizers();
            GC.Collect();
            GC.WaitForPendingFinalizers();
            before = i == 2 ? Tensor.TotalCount : before;
        }

        Assert.Equal(before, Tensor.TotalCount);
    }

    private static Dictionary<string, float[]> Pass(string name, int[] lengths, bool packed, bool allowed, out float[] states, out double loss)
    {
        using var scope = NewDisposeScope();
        using var model = PretrainedModelLoader.LoadCausal(TestFiles.Model(name));
        foreach (var parameter in model.Parameters.Values)
        {
            parameter.requires_grad_(true);
        }

        CompactLayer.Allowed = allowed;
        try
        {
            var batch = Batch(lengths, packed);
            loss = new CausalLanguageObjective(model, CPU).Backward(batch, 0.01).Loss.ToDouble();
            using var grad = no_grad();
            states = model.HiddenStates(new ModelInput { InputIds = tensor(batch.InputIds).reshape(batch.Rows, batch.Columns), DocumentLengths = batch.DocumentLengths, Training = true }).data<float>().ToArray();
            return Gradients(model);
        }
        finally
        {
            CompactLayer.Allowed = true;
        }
    }

    private static Dictionary<string, float[]> Gradients(CausalLanguageModel model) =>
        model.Parameters.Where(p => p.Value.grad is not null).ToDictionary(p => p.Key, p => p.Value.grad!.data<float>().ToArray());

    private static SampleBatch Batch(int[] lengths, bool packed) => new SampleCollator(0).Collate(
        [.. lengths.Select((length, row) =>
        {
            int[] ids = [.. Enumerable.Range(0, length).Select(i => ((row * 61) + (i * 17)) % 250)];
            return new TrainingSample { InputIds = ids, Labels = ids, RecordIndexes = [row] };
        })],
        paddingFree: packed);

    private static void Close(string what, float[] expected, float[] actual)
    {
        var size = Math.Sqrt(expected.Average(v => (double)v * v));
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.True(Math.Abs(expected[i] - actual[i]) <= 2e-5 * Math.Max(Math.Abs(expected[i]), Math.Max(size, 1e-6)) * 5, $"{what}[{i}]: {actual[i]} for {expected[i]} (size {size})");
        }
    }
}
