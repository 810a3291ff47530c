using System.Text;
using TrainTools.Core.Errors;
using TrainTools.Core.Models;

namespace TrainTools.Core.Tests.Models;

public sealed class ModelFolderTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("traintools-model-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void AMissingFolderAndAMissingConfigAreNamed()
    {
        Assert.Equal(ErrorIds.ModelFolderNotFound, Error(() => ModelConfigFile.Read(Path.Combine(folder, "none"))).ErrorId);
        var error = Error(() => ModelConfigFile.Read(folder));
        Assert.Equal(ErrorIds.ModelConfigMissing, error.ErrorId);
        Assert.Contains(folder, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("")]
    [InlineData("""{"a":1,"a":2}""")]
    public void AConfigThatIsNoJsonObjectIsInvalid(string text)
    {
        File.WriteAllText(Path.Combine(folder, "config.json"), text);

        Assert.Equal(ErrorIds.ModelConfigInvalid, Error(() => ModelConfigFile.Read(folder)).ErrorId);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"model_type":null}""")]
    [InlineData("""{"model_type":""}""")]
    public void AConfigWithoutModelTypeSaysSo(string text) =>
        Assert.Equal(ErrorIds.ModelTypeMissing, Error(() => _ = Config(text).ModelType).ErrorId);

    [Theory]
    [InlineData("""{"n":1.5}""")]
    [InlineData("""{"n":"1"}""")]
    [InlineData("""{"n":0}""")]
    [InlineData("""{"n":-3}""")]
    [InlineData("""{"n":1e30}""")]
    [InlineData("""{"n":true}""")]
    public void ASizeThatIsNoneNamesTheKeyAndTheValue(string text)
    {
        var error = Error(() => Config(text).SizeOrNull("n"));

        Assert.Equal(ErrorIds.ModelConfigInvalid, error.ErrorId);
        Assert.Contains("'n' must be", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AbsentAndNullAreToldApartWhereTheyMeanDifferentThings()
    {
        var config = Config("""{"window":null,"size":16.0}""");

        Assert.Null(config.IntegerOr("window", 4096));
        Assert.Equal(4096, config.IntegerOr("other", 4096));
        Assert.Equal(16, config.Size("size", 1));
    }

    [Theory]
    [InlineData("pytorch_model.bin")]
    [InlineData("model.pt")]
    [InlineData("some.ckpt")]
    public void PicklesAreRefusedWithTheReasonAndAWayOut(string name)
    {
        File.WriteAllText(Path.Combine(folder, name), "x");

        var error = Error(() => ModelWeightFiles.Find(folder));

        Assert.Equal(ErrorIds.ModelWeightsPickled, error.ErrorId);
        Assert.Contains("can run any program", error.Message, StringComparison.Ordinal);
        Assert.Contains("safetensors", error.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void NoWeightsAtAllIsSaid() =>
        Assert.Equal(ErrorIds.ModelWeightsMissing, Error(() => ModelWeightFiles.Find(folder)).ErrorId);

    [Fact]
    public void AnIndexNamesItsShardsOnceAndInOrder()
    {
        Index("""{"metadata":{},"weight_map":{"b":"model-2.safetensors","a":"model-1.safetensors","c":"model-2.safetensors"}}""");
        File.WriteAllText(Path.Combine(folder, "model-1.safetensors"), "");
        File.WriteAllText(Path.Combine(folder, "model-2.safetensors"), "");

        Assert.Equal(["model-1.safetensors", "model-2.safetensors"], ModelWeightFiles.Find(folder).Select(f => Path.GetFileName(f)));
    }

    [Fact]
    public void AnIndexThatNamesAMissingFileSaysWhich()
    {
        Index("""{"weight_map":{"a":"model-00001-of-00002.safetensors"}}""");

        var error = Error(() => ModelWeightFiles.Find(folder));

        Assert.Equal(ErrorIds.ModelShardMissing, error.ErrorId);
        Assert.Contains("model-00001-of-00002.safetensors", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"weight_map":{"a":"../other.safetensors"}}""")]
    [InlineData("""{"weight_map":{"a":"/etc/passwd"}}""")]
    [InlineData("""{"weight_map":{"a":"..\\other.safetensors"}}""")]
    [InlineData("""{"weight_map":{"a":"model.bin"}}""")]
    [InlineData("""{"weight_map":{"a":7}}""")]
    [InlineData("""{"weight_map":{}}""")]
    [InlineData("""{"weight_map":[]}""")]
    [InlineData("""{}""")]
    [InlineData("{")]
    public void AnIndexThatReachesElsewhereOrMakesNoSenseIsRefused(string text)
    {
        Index(text);

        Assert.Equal(ErrorIds.ModelIndexInvalid, Error(() => ModelWeightFiles.Find(folder)).ErrorId);
    }

    private static ModelConfigFile Config(string text) => ModelConfigFile.Parse(Encoding.UTF8.GetBytes(text), "config.json");

    private static TrainToolsException Error(Action action) => Assert.Throws<TrainToolsException>(action);

    private void Index(string text) => File.WriteAllText(Path.Combine(folder, ModelWeightFiles.IndexName), text);
}
