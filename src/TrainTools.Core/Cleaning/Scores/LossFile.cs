using System.Globalization;
using System.Text.Json;

using TrainTools.Core.Cleaning.LabelErrors;
using TrainTools.Core.Errors;

namespace TrainTools.Core.Cleaning.Scores;

/// <summary>One loss a record: a .npy vector, or a line each with a number or an object with a field loss.</summary>
internal static class LossFile
{
    public static IReadOnlyList<double> Read(string path)
    {
        if (path.EndsWith(".npy", StringComparison.OrdinalIgnoreCase))
        {
            return NpyFile.Read(path).Values;
        }

        if (!File.Exists(path))
        {
            throw new TrainToolsException(ErrorIds.DatasetNotFound, ErrorKind.NotFound, $"The file with losses {path} does not exist.", "Check the path.", path);
        }

        var losses = new List<double>();
        foreach (var line in File.ReadLines(path))
        {
            if (line.AsSpan().Trim().Length > 0)
            {
                losses.Add(Parse(line.Trim(), path, losses.Count + 1));
            }
        }

        return losses;
    }

    private static double Parse(string line, string path, int number)
    {
        if (double.TryParse(line, CultureInfo.InvariantCulture, out var value))
        {
            return value;
        }

        try
        {
            using var json = JsonDocument.Parse(line);
            if (json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("loss", out var loss) && loss.TryGetDouble(out value))
            {
                return value;
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Told below, with the place.
        }

        throw new TrainToolsException(
            ErrorIds.DatasetLineInvalid, ErrorKind.InvalidData, FormattableString.Invariant($"{path}({number}): neither a number nor an object with a number as loss."),
            "Give one loss a record, in the records' order.", path);
    }
}
