using System.Text.Json.Nodes;
using TorchSharp;
using TrainTools.Core.Models;
using TrainTools.Core.Serialization;
using TrainTools.Trainer.Models;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Tests.Models;

public sealed class PretrainedModelWriterTests : IDisposable
{
    private static readonly string Source = Path.Combine(AppContext.BaseDirectory, "Data", "stories260k");
    private readonly string folder = Directory.CreateTempSubdirectory("traintools-save-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData(long.MaxValue, 1)]
    [InlineData(200_000, 6)]
    public void WhatIsSavedIsWhatWasLoadedBitForBit(long maxShardBytes, int files)
    {
        using (var model = PretrainedModelLoader.LoadCausal(Source))
        {
            PretrainedModelWriter.Save(model, folder, new PretrainedModelWriterOptions { MaxShardBytes = maxShardBytes });
        }

        var saved = ModelWeightFiles.Find(folder);
        Assert.Equal(files, saved.Count);
        using var original = SafetensorsFile.Open(ModelWeightFiles.Find(Source)[0]);
        int seen = 0;
        foreach (string path in saved)
        {
            using var file = SafetensorsFile.Open(path);
            Assert.Equal("pt", file.Header.Metadata["format"]);
            foreach (var entry in file.Entries)
            {
                Assert.True(original.TryGet(entry.Name, out var before));
                Assert.Equal(before.Dtype, entry.Dtype);
                Assert.Equal(before.Shape, entry.Shape);
                Assert.True(original.Bytes(before).SequenceEqual(file.Bytes(entry)), entry.Name);
                Assert.Equal(0, entry.Offset % entry.Dtype.ElementSize());
                seen++;
            }
        }

        Assert.Equal(original.Entries.Count, seen);
        Assert.Empty(Directory.EnumerateFiles(folder, "*.tmp*"));
    }

    [Fact]
    public void ConfigKeepsUnknownFieldsAndCompanionsAreCopied()
    {
        string source = Path.Combine(folder, "source");
        string target = Path.Combine(folder, "target");
        Directory.CreateDirectory(source);
        foreach (string file in Directory.EnumerateFiles(Source))
        {
            File.Copy(file, Path.Combine(source, Path.GetFileName(file)));
        }

        var config = (JsonObject)JsonNode.Parse(File.ReadAllText(Path.Combine(source, "config.json")))!;
        config["x_unknown"] = new JsonObject { ["größe"] = new JsonArray(1, null, "é", 1e-7) };
        File.WriteAllText(Path.Combine(source, "config.json"), config.ToJsonString());
        File.WriteAllText(Path.Combine(source, "tokenizer_config.json"), "{}");

        using (var model = PretrainedModelLoader.LoadCausal(source))
        {
            PretrainedModelWriter.Save(model, target);
        }

        Assert.True(JsonNode.DeepEquals(config, JsonNode.Parse(File.ReadAllText(Path.Combine(target, "config.json")))));
        Assert.Equal("{}", File.ReadAllText(Path.Combine(target, "tokenizer_config.json")));
        Assert.True(File.Exists(Path.Combine(target, "generation_config.json")));
    }

    [Fact]
    public void AnotherTypeIsWrittenAndSaidInTheConfigAndStaleShardsGo()
    {
        using var scope = NewDisposeScope();
        using (var model = PretrainedModelLoader.LoadCausal(Source))
        {
            PretrainedModelWriter.Save(model, folder, new PretrainedModelWriterOptions { MaxShardBytes = 200_000 });
            PretrainedModelWriter.Save(model, folder, new PretrainedModelWriterOptions { ParameterType = ScalarType.BFloat16 });
        }

        Assert.Equal(["model.safetensors"], Directory.EnumerateFiles(folder, "model*").Select(Path.GetFileName));
        using var again = PretrainedModelLoader.LoadCausal(folder, new PretrainedModelOptions { ParameterType = null });
        using var before = PretrainedModelLoader.LoadCausal(Source);
        Assert.Equal("bfloat16", again.ConfigJson["torch_dtype"]!.GetValue<string>());
        foreach (var (name, value) in again.Parameters)
        {
            Assert.Equal(ScalarType.BFloat16, value.dtype);
            Assert.True(before.Parameters[name].to_type(ScalarType.BFloat16).equal(value).all().item<bool>());
        }
    }
}
