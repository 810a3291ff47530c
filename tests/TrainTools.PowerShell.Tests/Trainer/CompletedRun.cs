using System.Management.Automation;

namespace TrainTools.PowerShell.Tests.Trainer;

/// <summary>One short run that the tests of a collection look at.</summary>
public sealed class CompletedRun : IDisposable
{
    public const int Steps = 4;

    private readonly TemporaryFolder folder = new();

    public CompletedRun()
    {
        Data = Example.FewRecords(folder, 16);
        Path = System.IO.Path.Combine(folder.Path, "run");
        Result = Shell.Run(
            """
            $config = New-TrainingConfig -ModelPath $args[0] -DatasetPath $args[1] -OutputPath $args[2] -MaxSteps $args[3] -BatchSize 4 -NumThreads 1
            $config | Start-FineTune -Verbose
            """, Example.Model, Data, Path, Steps);
        Assert.Empty(Result.Errors.Select(e => e.ToString()));
        Run = Assert.Single(Result.Output);
    }

    public Shell Shell { get; } = new();

    public string Data { get; }

    public string Path { get; }

    public ShellResult Result { get; }

    public PSObject Run { get; }

    public void Dispose()
    {
        Shell.Dispose();
        folder.Dispose();
    }
}

/// <summary>Tests that start trainers run one after the other: each trainer wants the machine for itself.</summary>
[CollectionDefinition(Name)]
public sealed class TrainerCollection : ICollectionFixture<CompletedRun>
{
    public const string Name = "Trainer";
}
