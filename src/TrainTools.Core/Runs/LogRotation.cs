using System.Globalization;

namespace TrainTools.Core.Runs;

/// <summary>Keeps a log from growing without end: trainer.log, trainer.log.1 (newest) to trainer.log.3 (oldest).</summary>
public static class LogRotation
{
    /// <summary>Size at which a log is put aside.</summary>
    public const long MaxBytes = 10 << 20;

    /// <summary>Logs kept beside the present one.</summary>
    public const int Kept = 3;

    /// <summary>The log and what was put aside of it, whether there or not.</summary>
    public static IEnumerable<string> Files(string path) => Enumerable.Range(0, Kept + 1).Select(n => Name(path, n));

    /// <summary>Puts a log aside if it has grown large. Whoever has it open goes on writing to the old one.</summary>
    /// <returns>Whether it did.</returns>
    public static bool Rotate(string path, long maxBytes = MaxBytes)
    {
        var log = new FileInfo(path);
        if (!log.Exists || log.Length < maxBytes)
        {
            return false;
        }

        File.Delete(Name(path, Kept));
        for (var number = Kept - 1; number >= 0; number--)
        {
            if (File.Exists(Name(path, number)))
            {
                File.Move(Name(path, number), Name(path, number + 1), overwrite: true);
            }
        }

        return true;
    }

    private static string Name(string path, int number) => number == 0 ? path : string.Create(CultureInfo.InvariantCulture, $"{path}.{number}");
}
