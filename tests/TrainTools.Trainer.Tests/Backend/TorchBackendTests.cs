using TorchSharp;
using TrainTools.Trainer.Backend;

namespace TrainTools.Trainer.Tests.Backend;

public class TorchBackendTests
{
    [Fact]
    public void TensorsWorkAfterInitialization()
    {
        using var scope = torch.NewDisposeScope();
        var product = torch.nn.functional.linear(torch.ones(2, 3), torch.arange(12, torch.float32).reshape(4, 3));
        Assert.Equal(new float[] { 3, 12, 21, 30, 3, 12, 21, 30 }, product.data<float>().ToArray());
    }

    [Fact]
    public void InitializingAgainReturnsTheSame() => Assert.Same(TorchBackend.Initialize(), TorchBackend.Initialize());

    [Fact]
    public void TheStatedVersionsAreThoseOfTorchSharp()
    {
        Assert.Equal(Core.Backend.BackendPlatform.LibTorchVersion + ".0", torch.__version__);
        Assert.Equal(Core.Backend.BackendPlatform.TorchSharpVersion, typeof(torch).Assembly.GetName().Version!.ToString(3));
    }

    [Fact]
    public void OneCopyOfEachLibraryIsLoaded()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var info = TorchBackend.Initialize();
        var loaded = File.ReadLines("/proc/self/maps").Where(l => l.Contains('/')).Select(l => l[l.IndexOf('/')..]).Distinct()
            .Where(p => Path.GetFileName(p).Contains("torch_cpu") || Path.GetFileName(p).Contains("LibTorchSharp")).Order(StringComparer.Ordinal);
        Assert.Equal(
            new[] { Path.Combine(info.LibTorchFolder, "libtorch_cpu.so"), info.BindingPath }.Order(StringComparer.Ordinal), loaded);
    }
}
