using System.Text.Json;
using TorchSharp;
using TrainTools.Trainer.Models.Parts;
using TrainTools.Trainer.Training;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Tests.Training;

/// <summary>Against transformers' own figures and against libtorch's cross-entropy with its own backward pass.</summary>
public class ChunkedCrossEntropyTests
{
    [Theory]
    [InlineData(64L << 20)]
    [InlineData(4 * 11 * 2)] // two tokens a chunk
    public void Losses_are_those_of_transformers(long chunkBytes)
    {
        using var scope = NewDisposeScope();
        foreach (var item in TestFiles.Json("losses", "losses.json").GetProperty("cross_entropy").EnumerateArray())
        {
            var rows = item.GetProperty("logits").EnumerateArray().ToList();
            var vocabulary = rows[0][0].GetArrayLength();
            var (logits, targets) = Shifted(item, vocabulary);

            Assert.Equal(item.GetProperty("causal_lm_loss").GetDouble(), Loss(logits, targets, vocabulary, 0, chunkBytes, out var count), 1e-6);
            Assert.Equal(item.GetProperty("causal_lm_loss_num_items_7").GetDouble(), Loss(logits, targets, vocabulary, 0, chunkBytes, out _) * count / 7, 1e-6);
            foreach (var smoothed in item.GetProperty("label_smoothing").EnumerateArray())
            {
                var epsilon = smoothed.GetProperty("epsilon").GetDouble();
                Assert.Equal(smoothed.GetProperty("shift_labels_true").GetDouble(), Loss(logits, targets, vocabulary, epsilon, chunkBytes, out _), 1e-6);
            }
        }
    }

    [Theory]
    [InlineData(0.0, 1 << 20)]
    [InlineData(0.1, 1 << 20)]
    [InlineData(0.0, 4 * 37 * 3)]
    [InlineData(0.2, 4 * 37 * 3)]
    public void Gradients_are_those_of_the_plain_way(double smoothing, long chunkBytes)
    {
        using var scope = NewDisposeScope();
        random.manual_seed(1);
        var input = randn(17, 8);
        var inner = randn(8, 8).requires_grad_();
        var weight = randn(37, 8).requires_grad_();
        var targets = randint(0, 37, [17], ScalarType.Int64);

        var logits = nn.functional.linear(nn.functional.linear(input, inner).tanh(), weight);
        var plain = nn.functional.cross_entropy(logits, targets, reduction: nn.Reduction.Sum, label_smoothing: smoothing);
        plain.mul(0.25).backward();
        var (innerGradient, weightGradient) = (inner.grad!.clone(), weight.grad!.clone());
        var right = logits.argmax(-1).eq(targets).sum().ToInt64();
        inner.grad = null;
        weight.grad = null;

        var loss = new ChunkedCrossEntropy(h => nn.functional.linear(h, weight), 37, smoothing, chunkBytes);
        var sums = loss.Backward(nn.functional.linear(input, inner).tanh(), targets, 0.25);

        Assert.Equal(plain.ToDouble(), sums.Loss.ToDouble(), 1e-4);
        Assert.Equal((17, right), (sums.Targets, sums.Correct.ToInt64()));
        Assert.True(inner.grad!.allclose(innerGradient, 1e-5, 1e-5));
        Assert.True(weight.grad!.allclose(weightGradient, 1e-5, 1e-5));
        if (smoothing == 0)
        {
            Assert.Equal(plain.ToDouble(), loss.Evaluate(nn.functional.linear(input, inner).tanh(), targets).Loss.ToDouble(), 1e-4);
        }
    }

    [Theory]
    [InlineData(8, 37, 64, true)] // all rows at once
    [InlineData(8, 37, 3, true)] // the small models' kernels, several chunks
    [InlineData(8, 37, 3, false)]
    [InlineData(300, 37, 3, true)] // wider than those kernels go
    [InlineData(300, 37, 17, true)]
    [InlineData(300, 37, 3, false)]
    [InlineData(300, 37, 3, false, true)]
    [InlineData(64, 20_000, 5, true)] // a larger vocabulary than they go
    [InlineData(64, 20_000, 5, false)]
    public void A_plain_head_gives_the_same_in_any_number_of_chunks(int width, int vocabulary, int rows, bool trained, bool sparing = false)
    {
        using var scope = NewDisposeScope();
        random.manual_seed(2);
        var input = randn(17, 8);
        var inner = randn(width, 8).requires_grad_();
        var head = new LinearLayer("lm_head", new ModelParameter("lm_head.weight", [vocabulary, width], ParameterInit.Normal, true), null, transposed: false);
        head.Weight.Value = randn(vocabulary, width).mul_(0.2).requires_grad_(trained);
        var targets = randint(0, vocabulary, [17], ScalarType.Int64);

        var logits = nn.functional.linear(nn.functional.linear(input, inner).tanh(), head.Weight.Value);
        var plain = nn.functional.cross_entropy(logits, targets, reduction: nn.Reduction.Sum, label_smoothing: 0.1);
        plain.mul(0.25).backward();
        var (innerGradient, weightGradient) = (inner.grad!.clone(), head.Weight.Value.grad?.clone());
        var right = logits.argmax(-1).eq(targets).sum().ToInt64();
        inner.grad = null;
        head.Weight.Value.grad = null;

        var loss = new ChunkedCrossEntropy(h => h, vocabulary, 0.1, 4L * vocabulary * rows, () => head, sparing);
        var sums = loss.Backward(nn.functional.linear(input, inner).tanh(), targets, 0.25);

        Assert.Equal(plain.ToDouble(), sums.Loss.ToDouble(), 1e-3);
        Assert.Equal((17, right), (sums.Targets, sums.Correct.ToInt64()));
        Assert.True(inner.grad!.allclose(innerGradient, 1e-4, 1e-5));
        Assert.Equal(trained, head.Weight.Value.grad is not null);
        Assert.True(!trained || head.Weight.Value.grad!.allclose(weightGradient!, 1e-4, 1e-5));
    }

    [Theory]
    [InlineData(64)]
    [InlineData(3)]
    public void A_head_that_is_trained_alone_gets_its_gradient(int rows)
    {
        using var scope = NewDisposeScope();
        var head = Head(300, 37);
        var (hidden, targets) = (randn(17, 300), randint(0, 37, [17], ScalarType.Int64));
        nn.functional.cross_entropy(nn.functional.linear(hidden, head.Weight.Value), targets, reduction: nn.Reduction.Sum).backward();
        var expected = head.Weight.Value.grad!.clone();
        foreach (var plain in (bool[])[true, false])
        {
            head.Weight.Value.grad = null;
            var loss = new ChunkedCrossEntropy(h => head.Forward(h, training: true), 37, 0, 4L * 37 * rows, () => plain ? head : null);
            loss.Backward(hidden.alias(), targets, 1);
            Assert.True(head.Weight.Value.grad!.allclose(expected, 1e-4, 1e-5));
        }
    }

    [Theory]
    [InlineData(8, 37)]
    [InlineData(300, 37)]
    [InlineData(300, -1)]
    public void A_label_outside_the_vocabulary_is_an_error_and_not_a_write(int width, long label)
    {
        using var scope = NewDisposeScope();
        var head = Head(width, 37);
        var loss = new ChunkedCrossEntropy(h => h, 37, 0, 1 << 20, () => head);
        var hidden = randn(5, width).requires_grad_().mul(1);
        var thrown = Assert.Throws<ArgumentOutOfRangeException>(() => loss.Backward(hidden, tensor([1L, 2, label, 3, 4]), 1));
        Assert.Contains("outside the vocabulary of 37", thrown.Message, StringComparison.Ordinal);
    }

    private static LinearLayer Head(int width, int vocabulary)
    {
        var head = new LinearLayer("lm_head", new ModelParameter("lm_head.weight", [vocabulary, width], ParameterInit.Normal, true), null, transposed: false);
        head.Weight.Value = randn(vocabulary, width).mul_(0.2).requires_grad_();
        return head;
    }

    private static double Loss(Tensor logits, Tensor targets, int vocabulary, double smoothing, long chunkBytes, out long count)
    {
        count = targets.shape[0];
        var leaf = logits.detach().requires_grad_();
        var backward = new ChunkedCrossEntropy(h => h.mul(1), vocabulary, smoothing, chunkBytes).Backward(leaf.mul(1), targets, 1.0 / count).Loss.ToDouble() / count;
        Assert.Equal(new ChunkedCrossEntropy(h => h, vocabulary, smoothing, chunkBytes).Evaluate(logits, targets).Loss.ToDouble() / count, backward, 1e-6);
        return backward;
    }

    /// <summary>Logits [N, V] that predict a label, and those labels [N].</summary>
    private static (Tensor Logits, Tensor Targets) Shifted(JsonElement item, int vocabulary)
    {
        var logits = new List<float>();
        var targets = new List<long>();
        var labels = item.GetProperty("labels");
        for (var row = 0; row < labels.GetArrayLength(); row++)
        {
            for (var i = 1; i < labels[row].GetArrayLength(); i++)
            {
                if (labels[row][i].GetInt64() != -100)
                {
                    targets.Add(labels[row][i].GetInt64());
                    logits.AddRange(item.GetProperty("logits")[row][i - 1].EnumerateArray().Select(v => v.GetSingle()));
                }
            }
        }

        return (tensor(logits.ToArray()).reshape(-1, vocabulary), tensor(targets.ToArray()));
    }
}
