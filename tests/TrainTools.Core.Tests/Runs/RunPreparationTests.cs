using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;
using TrainTools.Core.Runs;

namespace TrainTools.Core.Tests.Runs;

public sealed class RunPreparationTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 3, 4, 5, 6, 7, TimeSpan.Zero);
    private static readonly ResolvedConfig Resolved = new(new TrainingConfig(), []);

    private readonly string folder = Directory.CreateTempSubdirectory("traintools-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_run_without_a_folder_is_named_after_its_model_and_the_time()
    {
        var config = new TrainingConfig { Model = new ModelConfig { ModelNameOrPath = Path.Combine(folder, "llama") + Path.DirectorySeparatorChar } };
        Assert.Equal(Path.Combine(folder, "runs", "llama-20260304-050607"), RunPreparation.ChooseFolder(folder, config, Now));
        Assert.Equal(Path.Combine(folder, "runs", "run-20260304-050607"), RunPreparation.ChooseFolder(folder, new TrainingConfig(), Now));
    }

    [Fact]
    public void Two_runs_in_one_second_have_two_folders()
    {
        Directory.CreateDirectory(RunPreparation.ChooseFolder(folder, new TrainingConfig(), Now));
        Assert.Equal(Path.Combine(folder, "runs", "run-20260304-050607-2"), RunPreparation.ChooseFolder(folder, new TrainingConfig(), Now));
    }

    [Fact]
    public void A_folder_that_is_new_or_empty_is_free()
    {
        RunPreparation.EnsureFree(new RunFolder(Path.Combine(folder, "new")), replace: false);
        RunPreparation.EnsureFree(new RunFolder(folder), replace: false);
    }

    [Fact]
    public void A_folder_with_something_in_it_is_not()
    {
        File.WriteAllText(Path.Combine(folder, "a"), "");
        var error = Assert.Throws<TrainToolsException>(() => RunPreparation.EnsureFree(new RunFolder(folder), replace: false));
        Assert.Equal((ErrorIds.OutputFolderNotEmpty, ErrorKind.AlreadyExists), (error.ErrorId, error.Kind));
        RunPreparation.EnsureFree(new RunFolder(folder), replace: true);
    }

    [Fact]
    public void A_file_in_the_place_of_the_folder_is_refused_whatever_was_allowed()
    {
        var file = Path.Combine(folder, "a");
        File.WriteAllText(file, "");
        var error = Assert.Throws<TrainToolsException>(() => RunPreparation.EnsureFree(new RunFolder(file), replace: true));
        Assert.Equal(ErrorIds.OutputFolderNotEmpty, error.ErrorId);
    }

    [Fact]
    public void A_folder_that_a_trainer_holds_is_refused()
    {
        var run = new RunFolder(folder);
        using var held = RunLock.Acquire(run);
        var error = Assert.Throws<TrainToolsException>(() => RunPreparation.EnsureFree(run, replace: true));
        Assert.Equal(ErrorIds.RunInUse, error.ErrorId);
    }

    [Fact]
    public void What_a_run_wrote_is_replaced_and_everything_else_stays()
    {
        var run = new RunFolder(folder);
        foreach (var file in (string[])[run.MetricsPath, run.RunInfoPath, run.StopRequestPath, Path.Combine(folder, "events.out.tfevents.1"), Path.Combine(folder, "notes.txt")])
        {
            File.WriteAllText(file, "old");
        }

        foreach (var inside in (string[])[run.CheckpointPath(1), run.ModelPath, Path.Combine(folder, "mine")])
        {
            Directory.CreateDirectory(inside);
            File.WriteAllText(Path.Combine(inside, "file"), "old");
        }

        RunPreparation.Create(run, Resolved);

        Assert.Equal(["config.yaml", "mine", "notes.txt"], Directory.EnumerateFileSystemEntries(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal(folder, ConfigYaml.Read(run.ConfigPath).OutputDir);
    }
}
