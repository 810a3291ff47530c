using System.Text.Json;
using TorchSharp;
using TrainTools.Trainer.Training;
using static TorchSharp.torch;

namespace TrainTools.Parity.Training;

/// <summary>losses/losses.json: cross-entropy over shifted labels, by items, smoothed; in one chunk and in many.</summary>
public sealed class LossesParitySuite : IParitySuite
{
    /// <inheritdoc/>
    public string Name => "losses";

    /// <inheritdoc/>
    public IEnumerable<ParityCase> Find(string folder)
    {
        foreach (var (item, index) in Golden.Read(folder, Name, "losses.json")?.GetProperty("cross_entropy").EnumerateArray().Select((c, i) => (c, i)) ?? [])
        {
            yield return new ParityCase($"{Name}/{index}", () => Compare(item));
        }
    }

    private static IEnumerable<Comparison> Compare(JsonElement item)
    {
        using var scope = NewDisposeScope();
        var (logits, targets) = Shifted(item);
        var (count, vocabulary) = (logits.shape[0], logits.shape[1]);
        foreach (var chunkBytes in (long[])[64L << 20, 8 * vocabulary])
        {
            double Loss(double smoothing) => new ChunkedCrossEntropy(h => h.mul(1), vocabulary, smoothing, chunkBytes)
                .Backward(logits.detach().requires_grad_().mul(1), targets, 1.0 / count).Loss.ToDouble() / count;
            var where = chunkBytes > 1 << 20 ? "one chunk" : "chunks of two tokens";
            yield return Comparison.Relative($"mean, {where}", [Loss(0)], [item.Number("causal_lm_loss", 0)], 1e-5);
            yield return Comparison.Relative($"over seven items, {where}", [Loss(0) * count / 7], [item.Number("causal_lm_loss_num_items_7", 0)], 1e-5);
            var smoothed = item.GetProperty("label_smoothing").EnumerateArray().ToList();
            yield return Comparison.Relative($"smoothed, {where}", [.. smoothed.Select(s => Loss(s.Number("epsilon", 0)))], [.. smoothed.Select(s => s.Number("shift_labels_true", 0))], 1e-5);
        }
    }

    /// <summary>Logits [N, V] that predict a label, and those labels [N].</summary>
    private static (Tensor Logits, Tensor Targets) Shifted(JsonElement item)
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

        return (tensor(logits.ToArray()).reshape(targets.Count, -1), tensor(targets.ToArray()));
    }
}
