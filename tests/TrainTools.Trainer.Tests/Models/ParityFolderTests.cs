using TrainTools.Parity;

namespace TrainTools.Trainer.Tests.Models;

/// <summary>The parity command takes golden data at any depth: all of it, one kind, one case.</summary>
public sealed class ParityFolderTests
{
    private static readonly string Data = Path.Combine(AppContext.BaseDirectory, "Data");

    [Theory]
    [InlineData("models", "models/", 22)]
    [InlineData("models/phi3", "models/phi3", 1)]
    [InlineData("variants/gemma3_yarn", "models/gemma3_yarn", 1)]
    [InlineData("lora", "lora/", 10)]
    [InlineData("lora/gpt2_lora", "lora/gpt2_lora", 1)]
    [InlineData("losses", "losses/", 2)]
    public void AFolderCutOutOfItsTreeStandsForItsOwnCases(string folder, string prefix, int least)
    {
        var cases = ParityRunner.Find(Path.Combine(Data, folder));

        Assert.InRange(cases.Count, least, least == 1 ? 1 : int.MaxValue);
        Assert.All(cases, c => Assert.StartsWith(prefix, c.Name, StringComparison.Ordinal));
    }

    [Fact]
    public void ALoraCaseFindsItsBaseFromItsOwnFolder()
    {
        var results = ParityRunner.Run(ParityRunner.Find(Path.Combine(Data, "lora", "llama_rslora")).Single());

        Assert.True(results.Count > 10);
        Assert.All(results, r => Assert.True(r.Passed, $"{r.What}: {r.Detail}"));
    }

    [Fact]
    public void WhatHoldsNothingIsSaidAndAFailureIsCounted()
    {
        using var folder = new TrainTools.Parity.TemporaryFolder();
        using var output = new StringWriter();
        Assert.Equal(-1, ParityRunner.RunAll(folder.Path, output));
        Assert.Equal("0 passed, 0 failed" + Environment.NewLine, output.ToString());

        // A case that cannot even be run is a failed one.
        string broken = Directory.CreateDirectory(Path.Combine(folder.Path, "models", "broken")).FullName;
        foreach (string name in (string[])["config.json", "inputs.json", "expected.json"])
        {
            File.WriteAllText(Path.Combine(broken, name), "{}");
        }

        Assert.Equal(1, ParityRunner.RunAll(folder.Path, output));
        Assert.EndsWith("0 passed, 1 failed" + Environment.NewLine, output.ToString(), StringComparison.Ordinal);
    }
}
