using System.Management.Automation;

namespace TrainTools.PowerShell.Tests.Trainer;

/// <summary>Each wrong input is one error with a stable id, says where it is, and shows no stack.</summary>
[Collection(TrainerCollection.Name)]
public sealed class WrongInputTests(CompletedRun done) : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void No_such_model_folder()
    {
        var error = Start(Path.Combine(folder.Path, "nowhere"), done.Data);
        AssertError(error, "ModelFolderNotFound", ErrorCategory.ObjectNotFound, "nowhere");
    }

    [Fact]
    public void A_model_config_without_model_type()
    {
        var model = Example.ModelCopy(folder);
        File.WriteAllText(Path.Combine(model, "config.json"), """{"hidden_size": 64}""");
        AssertError(Start(model, done.Data), "ModelTypeMissing", ErrorCategory.InvalidData, "config.json");
    }

    [Fact]
    public void Truncated_safetensors()
    {
        var model = Example.ModelCopy(folder);
        using (var file = File.OpenWrite(Path.Combine(model, "model.safetensors")))
        {
            file.SetLength(file.Length / 2);
        }

        AssertError(Start(model, done.Data), "SafetensorsTruncated", ErrorCategory.InvalidData, "model.safetensors");
    }

    [Fact]
    public void A_line_that_is_not_JSON()
    {
        var data = folder.File("bad.jsonl", File.ReadLines(Example.Data).First() + "\n{\"prompt\": \"a\", \n" + File.ReadLines(Example.Data).First() + "\n");
        var error = Start(Example.Model, data);
        AssertError(error, "DatasetLineInvalid", ErrorCategory.InvalidData, "bad.jsonl");
        Assert.Contains("bad.jsonl(2)", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_data_set() =>
        AssertError(Start(Example.Model, folder.File("empty.jsonl", "")), "DatasetEmpty", ErrorCategory.InvalidData, "empty.jsonl");

    [Fact]
    public void A_data_set_that_is_not_there() =>
        AssertError(Start(Example.Model, Path.Combine(folder.Path, "none.jsonl")), "DatasetNotFound", ErrorCategory.ObjectNotFound, "none.jsonl");

    [Fact]
    public void An_unknown_key_in_a_file()
    {
        var error = done.Shell.Error("Start-FineTune $args[0]", folder.File("run.yaml", "learning_rat: 1\n"));
        AssertError(error, "ConfigKeyUnknown", ErrorCategory.InvalidData, "line 1");
        Assert.Contains("learning_rate", error.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
    }

    [Fact]
    public void A_negative_learning_rate_in_a_file() =>
        AssertError(done.Shell.Error("Start-FineTune $args[0]", folder.File("run.yaml", "learning_rate: -1\n")), "ConfigValueInvalid", ErrorCategory.InvalidData, "learning_rate");

    [Fact]
    public void One_bad_configuration_does_not_keep_the_others_back()
    {
        var result = done.Shell.Run(
            """
            $bad = New-TrainingConfig -ModelPath nowhere -DatasetPath $args[1] -OutputPath "$($args[2])/a"
            $good = New-TrainingConfig -ModelPath $args[0] -DatasetPath $args[1] -OutputPath "$($args[2])/b" -MaxSteps 2 -BatchSize 1 -NumThreads 1
            $bad, $good | Start-FineTune
            """, Example.Model, done.Data, folder.Path);
        Assert.Single(result.Errors);
        Assert.Equal("b", Assert.Single(result.Output).Get("Name"));
    }

    private static void AssertError(ErrorRecord error, string id, ErrorCategory category, string place)
    {
        Assert.StartsWith(id + ",", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(category, error.CategoryInfo.Category);
        Assert.Contains(place, error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error.ToString(), StringComparison.Ordinal);
        Assert.NotNull(error.TargetObject);
    }

    private ErrorRecord Start(string model, string data) => done.Shell.Error(
        "New-TrainingConfig -ModelPath $args[0] -DatasetPath $args[1] -OutputPath $args[2] -MaxSteps 2 -NumThreads 1 | Start-FineTune", model, data, Path.Combine(folder.Path, "run"));
}
