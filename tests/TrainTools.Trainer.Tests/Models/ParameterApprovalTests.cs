using TrainTools.Trainer.Models;

namespace TrainTools.Trainer.Tests.Models;

/// <summary>
/// Names, order and shapes of every family's parameters against approval files. They are a contract with checkpoints,
/// adapters and optimizer states on disk: the files were written from transformers' own models and change with them only.
/// </summary>
public sealed class ParameterApprovalTests
{
    private static readonly string Data = Path.Combine(AppContext.BaseDirectory, "Data");

    public static TheoryData<string> Names { get; } = new(Directory.EnumerateFiles(Path.Combine(Data, "Approvals"), "*.txt").Select(f => Path.GetFileNameWithoutExtension(f)).Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Names))]
    public void ParametersAreTheApprovedOnes(string name)
    {
        using var model = PretrainedModelLoader.Load(Path.Combine(Data, "models", name));

        string actual = string.Concat(model.Parameters.Select(p => $"{p.Key} [{string.Join(", ", p.Value.shape)}]\n"));

        Assert.Equal(File.ReadAllText(Path.Combine(Data, "Approvals", name + ".txt")).ReplaceLineEndings("\n"), actual);
    }
}
