using TrainTools.Core.Backend;
using TrainTools.Core.Configuration;

namespace TrainTools.Core.Tests.Configuration;

public class DeviceFactsTests
{
    private static readonly CudaDriverState Two = new(null, "12.8", [new BackendDevice("cuda:0", "A100", 80L << 30) { HasBf16 = true }, new BackendDevice("cuda:1", "T4", 16L << 30) { HasBf16 = false }]);

    [Theory]
    [InlineData("cuda", "A100", 80, true)]
    [InlineData("auto", "A100", 80, true)]
    [InlineData("cuda:1", "T4", 16, false)]
    public void A_device_is_described_by_the_driver(string device, string name, long gigabytes, bool bf16)
    {
        var facts = DeviceFacts.OfCuda(device, Two);
        Assert.Equal((name, gigabytes << 30, bf16, null), (facts.Name, facts.MemoryBytes, facts.HasBf16, facts.Problem));
        Assert.True(facts.IsCuda);
    }

    [Fact]
    public void What_is_not_there_says_why()
    {
        Assert.Equal("the driver has 2 devices, counted from 0", DeviceFacts.OfCuda("cuda:2", Two).Problem);
        Assert.Equal("no driver", DeviceFacts.OfCuda("cuda", new CudaDriverState("no driver", null, [])).Problem);
    }

    [Theory]
    [InlineData("cpu")]
    [InlineData("gpu")]
    public void Anything_else_is_the_processor(string device) => Assert.Equal("cpu", DeviceFacts.Of(device).Kind);
}
