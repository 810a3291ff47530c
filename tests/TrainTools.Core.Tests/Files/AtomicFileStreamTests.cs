using TrainTools.Core.Files;

namespace TrainTools.Core.Tests.Files;

/// <summary>Files that are written whole or not at all.</summary>
public sealed class AtomicFileStreamTests
{
    [Fact]
    public void ADeviceIsNotReplacedByAFile()
    {
        if (OperatingSystem.IsWindows())
        {
            return; // Devices have no paths there.
        }

        var error = Assert.Throws<IOException>(() => new AtomicFileStream("/dev/null"));
        Assert.Contains("is a device", error.Message, StringComparison.Ordinal);
    }
}
