using TorchSharp;
using TrainTools.Trainer.Models;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Tests.Models;

/// <summary>Dropout only in training and by the generator; a computation in bf16 near the one in fp32.</summary>
public sealed class DropoutAndPrecisionTests
{
    private static readonly string Data = Path.Combine(AppContext.BaseDirectory, "Data", "models");

    [Theory]
    [InlineData("llama", "attention")]
    [InlineData("gemma2", "attention")]
    [InlineData("phi3", "hidden")]
    [InlineData("gpt2", "hidden")]
    [InlineData("gpt2", "attention")]
    [InlineData("gpt_neox", "hidden")]
    [InlineData("bert_seqcls", "hidden")]
    [InlineData("bert_seqcls", "attention")]
    [InlineData("bert_seqcls", "classifier")]
    [InlineData("roberta_seqcls", "classifier")]
    [InlineData("distilbert_seqcls", "classifier")]
    [InlineData("distilbert_tokcls", "hidden")]
    public void DropoutIsOnInTrainingAndFollowsTheSeed(string name, string which)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var options = new PretrainedModelOptions
        {
            AttentionDropout = which == "attention" ? 0.4 : null,
            HiddenDropout = which == "hidden" ? 0.4 : null,
            ClassifierDropout = which == "classifier" ? 0.4 : null,
        };
        using var plain = PretrainedModelLoader.Load(Path.Combine(Data, name));
        using var model = PretrainedModelLoader.Load(Path.Combine(Data, name), options);
        Tensor Run(PretrainedModel m, long seed, bool training)
        {
            manual_seed(seed);
            return Output(m, new ModelInput { InputIds = tensor(new long[,] { { 7, 8, 9, 10, 11, 12 } }), Training = training });
        }

        var still = Run(plain, 1, training: false);
        Assert.True(still.equal(Run(model, 1, training: false)).all().item<bool>());
        Assert.False(still.equal(Run(model, 1, training: true)).all().item<bool>());
        Assert.True(Run(model, 2, training: true).equal(Run(model, 2, training: true)).all().item<bool>());
        Assert.False(Run(model, 2, training: true).equal(Run(model, 3, training: true)).all().item<bool>());
    }

    [Fact]
    public void EmbeddingNoiseIsUniformInItsRangeAndOnlyInTraining()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var model = PretrainedModelLoader.LoadCausal(Path.Combine(Data, "llama"));
        var ids = tensor(new long[,] { { 7, 8, 9, 10 } });
        Tensor Run(bool training) => model.HiddenStates(new ModelInput { InputIds = ids, Training = training });
        var (inference, training) = (Run(training: false), Run(training: true));
        Assert.True(training.equal(Run(training: true)).all().item<bool>());
        model.NeftuneNoiseAlpha = 5;

        Assert.True(inference.equal(Run(training: false)).all().item<bool>());
        Assert.False(training.equal(Run(training: true)).all().item<bool>());
    }

    [Theory]
    [InlineData("llama")]
    [InlineData("gemma3_text")]
    [InlineData("olmo2")]
    [InlineData("gpt2")]
    [InlineData("bert_tokcls")]
    public void Bf16IsNearFp32AndGradientsReachTheMasters(string name)
    {
        using var scope = NewDisposeScope();
        using var model = PretrainedModelLoader.Load(Path.Combine(Data, name));
        var input = new ModelInput { InputIds = tensor(new long[,] { { 7, 8, 9, 10, 11, 12 } }) };
        Tensor wide;
        using (no_grad())
        {
            wide = Output(model, input);
        }

        model.ComputeType = ScalarType.BFloat16;
        var parameter = model.Parameters.Values.First(p => p.dim() == 2).requires_grad_(true);
        var narrow = Output(model, input);
        narrow.sum().backward();

        Assert.Equal(ScalarType.BFloat16, narrow.dtype);
        double error = narrow.detach().to_type(ScalarType.Float32).sub(wide).norm().ToDouble() / wide.norm().ToDouble();
        Assert.InRange(error, 1e-6, 0.05);
        using var gradient = parameter.grad!;
        Assert.Equal(ScalarType.Float32, gradient.dtype);
        Assert.True(gradient.isfinite().all().item<bool>());
    }

    private static Tensor Output(PretrainedModel model, ModelInput input) => model switch
    {
        CausalLanguageModel m => m.Logits(m.HiddenStates(input)),
        TokenClassifier m => m.Logits(input),
        SequenceClassifier m => m.Logits(input),
        _ => throw new NotSupportedException(),
    };
}
