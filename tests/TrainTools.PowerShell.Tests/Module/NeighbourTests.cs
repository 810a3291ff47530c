namespace TrainTools.PowerShell.Tests.Module;

/// <summary>Another module with another YamlDotNet in the same process, whichever is imported first.</summary>
public sealed class NeighbourTests
{
    private static readonly string Neighbour = Path.Combine(
        AppContext.BaseDirectory.Replace("TrainTools.PowerShell.Tests", "YamlNeighbour", StringComparison.Ordinal), "YamlNeighbour.dll");

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Both_read_with_their_own(bool neighbourFirst)
    {
        using var folder = new TemporaryFolder();
        var config = folder.File("config.yaml", "optimization:\n  learning_rate: 0.0005\n");
        const string ours = "\"ours: $((Import-TrainingConfig '{0}').Optimization.LearningRate)\"";
        var own = string.Format(null, ours, config);
        var theirs = $"Import-Module '{Neighbour}'; ConvertFrom-NeighbourYaml 'a: b'";
        var (code, output, error) = HostProcess.Run("-Command", (neighbourFirst ? theirs + "; " + own : own + "; " + theirs)
            + "; [AppDomain]::CurrentDomain.GetAssemblies() | ForEach-Object { $_.GetName() } | Where-Object { $_.Name -eq 'YamlDotNet' } | ForEach-Object { \"loaded: $($_.Version.Major)\" }");

        Assert.Equal("", error);
        Assert.Equal(0, code);
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Assert.Contains("15.0: a=b", lines);
        Assert.Contains("ours: 0.0005", lines);
        Assert.Equal(["loaded: 15", "loaded: 18"], lines.Where(l => l.StartsWith("loaded", StringComparison.Ordinal)).Order());
    }
}
