using System.Text.Json;
using TorchSharp;
using TrainTools.Trainer.Models;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Tests.Models;

/// <summary>The real pretrained Llama against logits, losses, gradients and texts computed independently in float64.</summary>
public sealed class StoriesGoldenTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Data", "stories260k");
    private static readonly JsonElement Golden = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, "golden.json"))).RootElement;

    [Fact]
    public void LogitsOfThePromptEqualTheGolden()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var model = PretrainedModelLoader.LoadCausal(Folder);
        float[] expected = Golden.GetProperty("prompt_logits").EnumerateArray().SelectMany(r => r.EnumerateArray()).Select(v => v.GetSingle()).ToArray();

        var logits = model.Logits(model.HiddenStates(new ModelInput { InputIds = Row(Ids(Golden.GetProperty("prompt_ids"))) }));

        Assert.Equal([1, 5, 512], logits.shape);
        double worst = logits.view(-1).sub(tensor(expected)).abs().max().ToDouble();
        Assert.True(worst < 1e-4, $"largest difference {worst}");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void LossesEqualTheGolden(int index)
    {
        using var scope = NewDisposeScope();
        using var model = PretrainedModelLoader.LoadCausal(Folder);
        var golden = Golden.GetProperty("loss")[index];

        double loss = Loss(model, Ids(golden.GetProperty("ids"))).ToDouble();

        Assert.Equal(golden.GetProperty("mean_cross_entropy").GetDouble(), loss, 1e-5);
    }

    [Fact]
    public void GradientsEqualCentralDifferences()
    {
        using var scope = NewDisposeScope();
        using var model = PretrainedModelLoader.LoadCausal(Folder);
        var golden = Golden.GetProperty("loss")[1];
        foreach (var parameter in model.Parameters.Values)
        {
            parameter.requires_grad_(true);
        }

        Loss(model, Ids(golden.GetProperty("ids"))).backward();

        foreach (var check in golden.GetProperty("gradient_checks").EnumerateArray())
        {
            var gradient = model.Parameters[check.GetProperty("tensor").GetString()!].grad!;
            long[] index = check.GetProperty("index").EnumerateArray().Select(v => v.GetInt64()).ToArray();
            double actual = index.Aggregate(gradient, (t, i) => t[i]).ToDouble();
            Assert.Equal(check.GetProperty("grad").GetDouble(), actual, 1e-4);
        }
    }

    [Theory]
    [InlineData("greedy_from_bos", 1)]
    [InlineData("greedy_from_prompt", 5)]
    [InlineData("greedy_from_prompt_2", 7)]
    public void GreedyTextEqualsTheGoldenIdForId(string name, int prompt)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var model = PretrainedModelLoader.LoadCausal(Folder);
        using var cache = new KeyValueCache();
        long[] expected = Ids(Golden.GetProperty(name).GetProperty("ids"));
        var ids = expected.Take(prompt).ToList();
        long[] next = [.. ids];
        while (ids.Count < expected.Length)
        {
            using var step = NewDisposeScope();
            var hidden = model.HiddenStates(new ModelInput { InputIds = Row(next), Cache = cache });
            long best = model.Logits(hidden.select(1, -1)).argmax(-1).ToInt64();
            ids.Add(best);
            next = [best];
        }

        Assert.Equal(expected, ids);
    }

    private static Tensor Loss(CausalLanguageModel model, long[] ids)
    {
        var logits = model.Logits(model.HiddenStates(new ModelInput { InputIds = Row(ids) }));
        return nn.functional.cross_entropy(logits[0, ..^1], tensor(ids.Skip(1).ToArray()));
    }

    private static Tensor Row(long[] ids) => tensor(ids).unsqueeze(0);

    private static long[] Ids(JsonElement list) => list.EnumerateArray().Select(v => v.GetInt64()).ToArray();
}
