namespace TrainTools.Trainer.Tests;

/// <summary>
/// Tests that run by themselves: those that depend on libtorch's random generator or count its tensors share both with
/// everything else in the process.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "Alone";
}
