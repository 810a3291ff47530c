using System.Text.Json.Nodes;
using TorchSharp;
using TrainTools.Core.Adapters;
using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;
using TrainTools.Core.Runs;
using TrainTools.Core.Samples.Labels;
using TrainTools.Core.Serialization;
using TrainTools.Parity.Models;
using TrainTools.Trainer.Adapters;
using TrainTools.Trainer.Export;
using TrainTools.Trainer.Models;
using TrainTools.Trainer.Models.Loading;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Tests.Export;

public sealed class ModelExporterTests : IDisposable
{
    private static readonly string Data = Path.Combine(AppContext.BaseDirectory, "Data");
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("llama_lora", "llama")]
    [InlineData("llama_dora", "llama")]
    [InlineData("gpt2_lora", "gpt2")]
    [InlineData("llama_lora_modules_to_save", "llama")]
    public void A_merged_export_gives_the_logits_that_PEFT_gives_after_merging(string name, string model)
    {
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        var export = Export(r => r with { Merge = true }, Source(name), @base: model);
        Assert.Equal(("model", true, "float32", 1), (export.Kind, export.Merged, export.Dtype, export.Adapters));
        Assert.InRange(export.LogitDifference!.Value, 0, 1e-4);
        Assert.Equal(1e-4, export.LogitBound);

        using var merged = PretrainedModelLoader.LoadCausal(export.Path);
        var fixture = new ModelFixture(Path.Combine(Data, "models", model));
        var input = ModelFixture.Input(fixture.ForwardRows);
        using var golden = SafetensorsFile.Open(Path.Combine(Data, "lora", name, "logits.safetensors"));
        Assert.True(golden.TryGet("logits_merged", out var entry));
        var difference = merged.Logits(merged.HiddenStates(input)).sub(TensorBytes.Read(golden, entry)).abs().mul(input.AttentionMask!.unsqueeze(-1));
        Assert.True(difference.max().ToDouble() < 1e-4);
    }

    [Fact]
    public void Sixteen_bits_in_shards_are_an_indexed_folder_whose_config_says_so()
    {
        var export = Export(r => r with { Merge = true, Dtype = ModelDtype.BFloat16, MaxShardBytes = 30_000 }, Source("llama_lora"), @base: "llama");
        Assert.True(export.WeightFiles.Count > 2);
        Assert.InRange(export.LogitDifference!.Value, 1e-6, 5e-2);
        Assert.True(File.Exists(Path.Combine(export.Path, "model.safetensors.index.json")));
        Assert.Contains("bfloat16", File.ReadAllText(Path.Combine(export.Path, "config.json")), StringComparison.Ordinal);
        using var file = SafetensorsFile.Open(Path.Combine(export.Path, export.WeightFiles[0]));
        Assert.All(file.Entries, e => Assert.Equal(SafetensorsDtype.BF16, e.Dtype));
    }

    [Fact]
    public void An_adapter_is_copied_byte_by_byte_and_may_be_given_another_name_for_its_base()
    {
        var source = Path.Combine(Data, "lora", "llama_lora", "trained");
        var export = Export(r => r, Source("llama_lora"), @base: "llama");
        Assert.Equal(("adapter", false, 0.0), (export.Kind, export.Merged, export.LogitDifference));
        foreach (var name in (string[])["adapter_model.safetensors", "adapter_config.json"])
        {
            Assert.Equal(File.ReadAllBytes(Path.Combine(source, name)), File.ReadAllBytes(Path.Combine(export.Path, name)));
        }

        export = Export(r => r with { BaseModelName = "owner/name", SkipCheck = true, BaseModelPath = null, Overwrite = true }, Source("llama_lora"));
        Assert.Null(export.LogitDifference);
        Assert.Equal("owner/name", AdapterConfigFile.Read(export.Path).BaseModelNameOrPath);
        Assert.Contains("base_model: owner/name\n", File.ReadAllText(Path.Combine(export.Path, "README.md")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_classifiers_labels_go_with_its_adapter_into_every_export()
    {
        // The base has other labels, and another number of them.
        var source = Directory.CreateDirectory(folder["source"]).FullName;
        foreach (var file in Directory.GetFiles(Path.Combine(Data, "lora", "bert_seqcls_lora", "trained")))
        {
            File.Copy(file, Path.Combine(source, Path.GetFileName(file)));
        }

        using var weights = SafetensorsFile.Open(Path.Combine(source, "adapter_model.safetensors"));
        var count = (int)weights.Entries.Single(e => e.Name.EndsWith("classifier.bias", StringComparison.Ordinal)).Shape[0];
        var labels = new LabelSet([.. Enumerable.Range(0, count).Select(i => $"class {i}")], ProblemType.SingleLabelClassification);
        LabelFile.Write(source, labels);
        var @base = Directory.CreateDirectory(folder["base"]).FullName;
        foreach (var file in Directory.GetFiles(Path.Combine(Data, "models", "bert_mlm")))
        {
            File.Copy(file, Path.Combine(@base, Path.GetFileName(file)));
        }

        ExportedModel Of(bool merge) => new ModelExporter().Export(
            new ExportRequest { OutputPath = folder[merge ? "merged" : "adapter"], Sources = [new() { Path = source }], BaseModelPath = @base, Merge = merge }, new Nobody());
        Assert.Equal(labels.Names, LabelFile.Read(Of(merge: true).Path)!.Names);
        Assert.Equal(labels.Names, LabelFile.Read(Of(merge: false).Path)!.Names);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(32)] // beyond the sum of the ranks: nothing is lost
    public void Several_adapters_are_their_weighted_sum(int? rank)
    {
        // The sum by its definition, from the files: W + Σ w · scale · B · A.
        using var scope = NewDisposeScope();
        var names = new[] { "llama_lora", "llama_lora_rank_pattern" };
        double[] weights = [0.7, -0.4];
        const string Module = "model.layers.1.self_attn.q_proj";
        using var model = PretrainedModelLoader.LoadCausal(Path.Combine(Data, "models", "llama"));
        var expected = model.Parameters[Module + ".weight"].to_type(ScalarType.Float64);
        for (var i = 0; i < names.Length; i++)
        {
            var path = Path.Combine(Data, "lora", names[i], "trained");
            using var file = SafetensorsFile.Open(Path.Combine(path, "adapter_model.safetensors"));
            Assert.True(file.TryGet($"base_model.model.{Module}.lora_A.weight", out var a));
            Assert.True(file.TryGet($"base_model.model.{Module}.lora_B.weight", out var b));
            expected = expected.add(TensorBytes.Read(file, b, ScalarType.Float64).mm(TensorBytes.Read(file, a, ScalarType.Float64)).mul(weights[i] * AdapterConfigFile.Read(path).ScaleOf(Module)));
        }

        var sources = names.Select((n, i) => Source(n) with { Weight = weights[i] }).ToArray();
        var merged = Export(r => r with { Merge = true, Rank = rank, Sources = sources }, sources[0], @base: "llama");
        using var result = PretrainedModelLoader.LoadCausal(merged.Path);
        Assert.True(result.Parameters[Module + ".weight"].sub(expected).abs().max().ToDouble() < 1e-5);

        var sum = Export(r => r with { Rank = rank, Sources = sources, OutputPath = folder["sum"] }, sources[0], @base: "llama");
        using var grad = no_grad();
        using var adapter = AdapterModel.Load(model, sum.Path);
        Assert.Equal(names.Length, sum.Adapters);
        var ids = new ModelInput { InputIds = tensor(new long[] { 3, 17, 5, 9, 11, 2 }).unsqueeze(0) };
        var difference = model.Logits(model.HiddenStates(ids)).sub(result.Logits(result.HiddenStates(ids))).abs().max().ToDouble();
        Assert.InRange(difference, 0, 1e-4);
    }

    [Fact]
    public void Weights_beyond_float16_are_caught_and_nothing_is_kept()
    {
        var damaged = folder["large"];
        using (var model = PretrainedModelLoader.LoadCausal(Path.Combine(Data, "models", "llama")))
        {
            using (no_grad())
            {
                model.Parameters["model.layers.0.mlp.up_proj.weight"].mul_(1e7f);
                model.Parameters["model.layers.0.mlp.down_proj.weight"].mul_(1e-7f);
            }

            PretrainedModelWriter.Save(model, damaged);
        }

        var error = Assert.Throws<TrainToolsException>(() => Export(r => r with { Dtype = ModelDtype.Float16 }, new ExportSource { Path = damaged }));
        Assert.Equal(ErrorIds.ExportCheckFailed, error.ErrorId);
        Assert.False(Directory.Exists(folder["out"]));
        Assert.False(Directory.Exists(folder["out.partial"]));
    }

    [Fact]
    public void Nothing_is_merged_into_a_quantised_base_but_a_merged_model_can_be_quantised()
    {
        var small = Export(r => r with { Merge = true, QuantizationBit = 4 }, Source("llama_lora"), @base: "llama");
        Assert.Equal("nf4", small.Dtype);
        Assert.Null(small.LogitBound);
        Assert.InRange(small.LogitDifference!.Value, 1e-3, 1);
        var error = Assert.Throws<TrainToolsException>(() => Export(r => r with { Merge = true, BaseModelPath = small.Path, OutputPath = folder["again"] }, Source("llama_lora")));
        Assert.Equal(ErrorIds.AdapterMergeUnsupported, error.ErrorId);
    }

    [Fact]
    public void What_cannot_be_exported_says_why()
    {
        var llama = Path.Combine(Data, "models", "llama");
        Refused(ErrorIds.ExportRequestInvalid, "whole model", r => r with { Merge = true }, new ExportSource { Path = llama });
        Refused(ErrorIds.ExportRequestInvalid, "without another type", r => r with { Dtype = ModelDtype.Float16 }, Source("llama_lora"));
        Refused(ErrorIds.ExportRequestInvalid, "only adapters", r => r with { Sources = [Source("llama_lora"), new ExportSource { Path = llama }] }, Source("llama_lora"));
        Refused(ErrorIds.AdapterMergeUnsupported, "use_dora", r => r with { Merge = true, BaseModelPath = llama, Sources = [Source("llama_dora"), Source("llama_lora")] }, Source("llama_dora"));
        Refused(ErrorIds.AdapterMergeUnsupported, "modules_to_save", r => r with { Merge = true, BaseModelPath = llama, Sources = [Source("llama_lora"), Source("llama_lora_modules_to_save")] }, Source("llama_dora"));

        // A cut file is not passed on, even where nothing is compared.
        var cut = Directory.CreateDirectory(folder["cut"]).FullName;
        foreach (var file in Directory.GetFiles(Source("llama_lora").Path))
        {
            File.WriteAllBytes(Path.Combine(cut, Path.GetFileName(file)), file.EndsWith(".safetensors", StringComparison.Ordinal) ? File.ReadAllBytes(file)[..^100] : File.ReadAllBytes(file));
        }

        Refused(ErrorIds.SafetensorsTruncated, "cut", r => r with { SkipCheck = true }, new ExportSource { Path = cut });
        Refused(ErrorIds.ModelFolderNotFound, "nowhere", r => r, new ExportSource { Path = folder["nowhere"] });
        Refused(ErrorIds.ModelFolderNotFound, "base", r => r with { Merge = true }, Source("llama_lora"));
        Directory.CreateDirectory(folder["out"]);
        File.WriteAllText(folder["out/mine.txt"], "x");
        Refused(ErrorIds.ExportOutputExists, "there already", r => r with { SkipCheck = true }, Source("llama_lora"));
        Assert.True(File.Exists(folder["out/mine.txt"]));
    }

    private static ExportSource Source(string name) => new() { Path = Path.Combine(Data, "lora", name, "trained") };

    private ExportedModel Export(Func<ExportRequest, ExportRequest> change, ExportSource source, string? @base = null) => new ModelExporter().Export(
        change(new ExportRequest { OutputPath = folder["out"], Sources = [source], BaseModelPath = @base is null ? null : Path.Combine(Data, "models", @base) }), new Nobody());

    private void Refused(string id, string message, Func<ExportRequest, ExportRequest> change, ExportSource source)
    {
        var error = Assert.Throws<TrainToolsException>(() => Export(change, source));
        Assert.Equal(id, error.ErrorId);
        Assert.Contains(message, error.Message, StringComparison.OrdinalIgnoreCase);
        Assert.NotNull(error.Remedy);
    }

    private sealed class Nobody : IEventSink
    {
        public void Send(TrainerEvent item)
        {
        }
    }
}
