using TrainTools.Core.Configuration;
using TrainTools.Core.Serialization;

namespace TrainTools.Core.Tests.Configuration;

/// <summary>Names of layers in the settings of adapters, on a model whose head shares the embedding's table.</summary>
public sealed class AdapterRuleTests
{
    [Theory]
    [InlineData("modules_to_save: [lm_head]", true)]
    [InlineData("target_modules: [q_proj, lm_head]", true)]
    [InlineData("modules_to_save: [lm_head]", false)]
    [InlineData("modules_to_save: [lm_hed]", true, 1)]
    public void A_tied_head_can_be_named(string settings, bool tied, int expected = 0) => Assert.Equal(expected, Check(settings, tied).Count);

    [Fact]
    public void A_name_that_is_nearly_right_is_put_right_beside_the_others()
    {
        var finding = Assert.Single(Check("target_modules: [q_proj, v_prj]", tied: true));
        Assert.Equal("target_modules=q_proj, v_proj", finding.Changes.Single().ToString());
    }

    [Fact]
    public void A_tied_head_counts_where_it_is_named()
    {
        Assert.Equal(0, Head("bias: none"));
        Assert.Equal(100 * 16, Head("modules_to_save: [lm_head]"));
        Assert.Equal(8 * (100 + 16), Head("target_modules: [q_proj, v_proj, lm_head]"));

        static long Head(string settings) => RunForecaster.Create(ConfigYaml.Parse("{finetuning_type: lora, lora_r: 8, " + (settings.Contains("target", StringComparison.Ordinal) ? "" : "target_modules: [q_proj, v_proj], ") + settings + "}"), Facts(true)).TrainableParameters!.Value - (2 * 8 * (16 + 16));
    }

    private static List<ConfigFinding> Check(string settings, bool tied) =>
        [.. ConfigChecker.Check(ConfigYaml.Parse("{finetuning_type: lora, " + settings + "}"), new() { Rules = ["TargetModules"], Facts = Facts(tied) })];

    private static ConfigFacts Facts(bool tied)
    {
        var parameters = new List<ParameterFacts> { Make("model.embed_tokens", 100, 16), Make("model.layers.0.self_attn.q_proj", 16, 16), Make("model.layers.0.self_attn.v_proj", 16, 16) };
        if (!tied)
        {
            parameters.Add(Make("lm_head", 100, 16));
        }

        var model = new ModelFacts { ModelType = "llama", HiddenSize = 16, Layers = 1, Heads = 2, KeyValueHeads = 2, HeadSize = 8, IntermediateSize = 32, VocabularySize = 100, TieWordEmbeddings = tied }.WithParameters(parameters);
        return new ConfigFacts { Model = model };
    }

    private static ParameterFacts Make(string name, params long[] shape) => new(name + ".weight", SafetensorsDtype.F32, shape);
}
