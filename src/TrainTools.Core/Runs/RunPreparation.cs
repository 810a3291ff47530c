using System.Globalization;
using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;
using TrainTools.Core.Files;

namespace TrainTools.Core.Runs;

/// <summary>Makes a run folder ready for a trainer: an empty folder with the resolved configuration in it.</summary>
public static class RunPreparation
{
    /// <summary>A folder for a run whose configuration names none: <c>runs/MODEL-DATE-TIME</c> under a folder.</summary>
    public static string ChooseFolder(string parent, TrainingConfig config, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(config);
        var model = Path.GetFileName(Path.TrimEndingDirectorySeparator(config.Model.ModelNameOrPath ?? string.Empty));
        var name = string.Create(CultureInfo.InvariantCulture, $"{(model.Length > 0 ? model : "run")}-{now:yyyyMMdd-HHmmss}");
        var path = Path.Combine(parent, "runs", name);
        for (var number = 2; Path.Exists(path); number++)
        {
            path = Path.Combine(parent, "runs", string.Create(CultureInfo.InvariantCulture, $"{name}-{number}"));
        }

        return path;
    }

    /// <summary>Whether a run may begin in a folder: it does not exist or is empty, or what is there may be replaced.</summary>
    /// <exception cref="TrainToolsException"><see cref="ErrorIds.OutputFolderNotEmpty"/>, or <see cref="ErrorIds.RunInUse"/>.</exception>
    public static void EnsureFree(RunFolder folder, bool replace)
    {
        ArgumentNullException.ThrowIfNull(folder);
        if (File.Exists(folder.Path))
        {
            throw new TrainToolsException(
                ErrorIds.OutputFolderNotEmpty, ErrorKind.AlreadyExists, $"The output folder {folder.Path} is a file.", "Choose another output folder.", folder.Path);
        }

        if (!Directory.Exists(folder.Path) || !Directory.EnumerateFileSystemEntries(folder.Path).Any())
        {
            return;
        }

        if (!replace)
        {
            throw new TrainToolsException(
                ErrorIds.OutputFolderNotEmpty, ErrorKind.AlreadyExists, $"The output folder {folder.Path} is not empty.", "Choose another one, or replace the run in it with -Force.", folder.Path);
        }

        if (RunLock.IsHeld(folder))
        {
            throw new TrainToolsException(
                ErrorIds.RunInUse, ErrorKind.InvalidOperation, $"A trainer works on the run folder {folder.Path}.", "Stop it with Stop-FineTune, or choose another output folder.", folder.Path);
        }
    }

    /// <summary>
    /// Makes the folder and writes config.yaml into it. Of what is there already, only what a run has written is removed:
    /// a folder named by mistake loses nothing of its own.
    /// </summary>
    /// <param name="folder">The run folder; <see cref="EnsureFree"/> has agreed to it.</param>
    /// <param name="resolved">The configuration and what was derived in it.</param>
    public static void Create(RunFolder folder, ResolvedConfig resolved)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(resolved);
        if (Directory.Exists(folder.Path))
        {
            Clear(folder);
        }

        Directory.CreateDirectory(folder.Path);
        AtomicFile.WriteText(folder.ConfigPath, ConfigYaml.Write(resolved.Config with { OutputDir = folder.Path }, new ConfigYamlOptions { Derived = resolved.Derived }));
    }

    private static void Clear(RunFolder folder)
    {
        foreach (var file in (string[])
        [
            folder.ConfigPath, folder.MetricsPath, folder.MetricsCsvPath, folder.DiagnosesPath, folder.RunInfoPath, folder.StopRequestPath, folder.ReservePath, folder.ReportPath, folder.RemediesPath,
            folder.EvaluationPath, folder.PredictionsPath, folder.OutOfFoldPath,
            .. LogRotation.Files(folder.LogPath),
            .. Directory.EnumerateFiles(folder.Path, "events.out.tfevents.*"),
        ])
        {
            File.Delete(file);
        }

        foreach (var inside in (string[])[folder.CheckpointsPath, folder.ModelPath, folder.AdapterPath])
        {
            if (Directory.Exists(inside))
            {
                Directory.Delete(inside, recursive: true);
            }
        }
    }
}
