using TorchSharp;
using TrainTools.Trainer.Models;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Tests.Models;

/// <summary>The same tokens in another form give the same states: with a cache, as documents of one row, layer by layer through a runner.</summary>
public sealed class ForwardFormsTests
{
    private static readonly string Data = Path.Combine(AppContext.BaseDirectory, "Data");

    public static TheoryData<string> Decoders { get; } = new(DecoderNames());

    public static TheoryData<string> All { get; } = new(Folders().Select(Name));

    /// <summary>Decoders whose earlier states do not depend on what comes later, nor on how long the row becomes.</summary>
    public static TheoryData<string> CausalOfAnyLength { get; } = new(DecoderNames().Where(n => !IsLengthBound(n) && !n.Contains("gemma3_both", StringComparison.Ordinal)));

    /// <summary>Models that do not depend on how long the row becomes.</summary>
    public static TheoryData<string> OfAnyLength { get; } = new(Folders().Select(Name).Where(n => !IsLengthBound(n)));

    [Theory]
    [MemberData(nameof(CausalOfAnyLength))]
    public void ACacheGivesTheStatesOfTheWholeRow(string name)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var model = PretrainedModelLoader.LoadCausal(Path.Combine(Data, name));
        const int Length = 14;
        var ids = Ids(Length, 1);
        var whole = model.HiddenStates(new ModelInput { InputIds = ids });
        using var cache = new KeyValueCache();
        var parts = new List<Tensor>();
        foreach (int count in (int[])[5, 1, 1, 3, 1, 1, 1, 1])
        {
            parts.Add(model.HiddenStates(new ModelInput { InputIds = ids.narrow(1, cache.Length, count), Cache = cache }));
        }

        Assert.Equal(Length, cache.Length);
        AssertClose(whole, cat(parts, 1));
    }

    [Theory]
    [MemberData(nameof(OfAnyLength))]
    public void DocumentsOfARowAreRowsOfTheirOwn(string name)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var model = PretrainedModelLoader.Load(Path.Combine(Data, name));
        var documents = new[] { Ids(9, 1), Ids(3, 2), Ids(12, 3) };
        var packed = Output(model, new ModelInput { InputIds = cat(documents, 1), DocumentLengths = [9, 3, 12] });
        var alone = documents.Select(d => Output(model, new ModelInput { InputIds = d })).ToList();

        AssertClose(cat(alone, model is SequenceClassifier ? 0 : 1), packed);
    }

    [Theory]
    [MemberData(nameof(Decoders))]
    public void ChangingADocumentLeavesTheOthersBitForBit(string name)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var model = PretrainedModelLoader.LoadCausal(Path.Combine(Data, name));
        Tensor Run(long seed) => model.HiddenStates(new ModelInput { InputIds = cat([Ids(6, 1), Ids(5, seed), Ids(8, 3)], 1), DocumentLengths = [6, 5, 8] });

        var one = Run(20);
        var other = Run(21);

        Assert.True(one[0, ..6].equal(other[0, ..6]).all().item<bool>());
        Assert.True(one[0, 11..].equal(other[0, 11..]).all().item<bool>());
        Assert.False(one[0, 6..11].equal(other[0, 6..11]).all().item<bool>());
    }

    [Theory]
    [MemberData(nameof(All))]
    public void ARunnerSeesEveryLayerAndMayRunItTwice(string name)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var model = PretrainedModelLoader.Load(Path.Combine(Data, name));
        var input = new ModelInput { InputIds = Ids(10, 4), AttentionMask = ones(1, 10, ScalarType.Int64) };
        var plain = Output(model, input);
        var runner = new Twice();
        model.LayerRunner = runner;

        var run = Output(model, input);

        Assert.True(plain.equal(run).all().item<bool>());
        Assert.Equal(Enumerable.Range(0, model.LayerCount), runner.Layers);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void AForwardPassLeavesNoTensorBehind(string name)
    {
        using var outer = NewDisposeScope();
        using var noGrad = no_grad();
        using var model = PretrainedModelLoader.Load(Path.Combine(Data, name));
        void Pass()
        {
            using var scope = NewDisposeScope();
            var mask = ones(2, 10, ScalarType.Int64);
            mask[0, ..4] = 0;
            Output(model, new ModelInput { InputIds = cat([Ids(10, 4), Ids(10, 5)], 0), AttentionMask = mask });
            Output(model, new ModelInput { InputIds = Ids(10, 4), DocumentLengths = [4, 6] });
        }

        Pass();
        long before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        Pass();

        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    /// <summary>Rotary frequencies of these depend on the longest sequence, so a longer row is another function.</summary>
    private static bool IsLengthBound(string name) =>
        new[] { "dynamic", "longrope", "qwen3_windows", "phi3_long", "phi3_short_window" }.Any(n => name.Contains(n, StringComparison.Ordinal));

    private static IEnumerable<string> Folders() =>
        Directory.EnumerateDirectories(Path.Combine(Data, "models")).Concat(Directory.EnumerateDirectories(Path.Combine(Data, "variants"))).Order(StringComparer.Ordinal);

    private static IEnumerable<string> DecoderNames() =>
        Folders().Where(f => Class(f).EndsWith("ForCausalLM", StringComparison.Ordinal) || Class(f) == "GPT2LMHeadModel").Select(Name);

    private static string Name(string folder) => Path.GetRelativePath(Data, folder).Replace('\\', '/');

    private static string Class(string folder)
    {
        string json = File.ReadAllText(Path.Combine(folder, "config.json"));
        return System.Text.Json.JsonDocument.Parse(json).RootElement.GetProperty("architectures")[0].GetString()!;
    }

    /// <summary>[1, length] ids from 5 to 45, below every vocabulary here.</summary>
    private static Tensor Ids(int length, long seed) =>
        tensor(Enumerable.Range(0, length).Select(i => 5 + (((i + 1) * 7919 * (seed + 3) / 13) % 41)).ToArray()).unsqueeze(0);

    private static Tensor Output(PretrainedModel model, ModelInput input) => model switch
    {
        CausalLanguageModel m => m.HiddenStates(input),
        MaskedLanguageModel m => m.Logits(m.HiddenStates(input)),
        TokenClassifier m => m.Logits(input),
        SequenceClassifier m => m.Logits(input),
        _ => throw new NotSupportedException(),
    };

    private static void AssertClose(Tensor expected, Tensor actual)
    {
        Assert.Equal(expected.shape, actual.shape);
        double difference = expected.sub(actual).abs().max().ToDouble();
        Assert.True(difference < 1e-4, $"largest difference {difference}");
    }

    private sealed class Twice : ILayerRunner
    {
        public List<int> Layers { get; } = [];

        public Tensor Run(int layer, Func<Tensor, Tensor> forward, Tensor hidden)
        {
            Layers.Add(layer);
            using (NewDisposeScope())
            {
                forward(hidden);
            }

            return forward(hidden);
        }
    }
}
