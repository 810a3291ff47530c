using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

using TrainTools.Core.Errors;
using TrainTools.Core.Files;

namespace TrainTools.Core.Cleaning.Reports;

/// <summary>First line of a verdict file: what the run was, so that it can be decided anew.</summary>
/// <param name="Verdicts">Version of the format.</param>
/// <param name="Records">Records of the run.</param>
/// <param name="Options">Its options.</param>
/// <param name="Inputs">Its input files.</param>
public sealed record VerdictHeader(int Verdicts, int Records, CleaningOptions Options, IReadOnlyList<FileHash> Inputs);

/// <summary>Verdicts as JSON Lines: a header, then one object a verdict in the order of the records.</summary>
public static class VerdictFile
{
    private const int Version = 1;

    /// <summary>Options of all cleaning files: snake_case names, actions and rules in words, infinities by name, nulls left out.</summary>
    public static JsonSerializerOptions Json { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    /// <summary>Writes a run's verdicts, whole or not at all.</summary>
    public static void Write(string path, CleaningRun run) => AtomicFile.Write(path, stream =>
    {
        Line(stream, new VerdictHeader(Version, run.Records, run.Options, [.. run.Files.Where(File.Exists).Select(CleaningReport.Hash)]));
        foreach (var verdict in run.Verdicts)
        {
            Line(stream, verdict);
        }
    });

    /// <summary>Writes one verdict as a line.</summary>
    public static void Line<T>(Stream stream, T value)
    {
        JsonSerializer.Serialize(stream, value, Json);
        stream.WriteByte((byte)'\n');
    }

    /// <summary>Reads a file.</summary>
    /// <exception cref="TrainToolsException">DatasetNotFound, VerdictFileInvalid with the line.</exception>
    public static (VerdictHeader Header, IReadOnlyList<CleaningVerdict> Verdicts) Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new TrainToolsException(ErrorIds.DatasetNotFound, ErrorKind.NotFound, $"The verdict file {path} does not exist.", "Check the path.", path);
        }

        VerdictHeader? header = null;
        var verdicts = new List<CleaningVerdict>();
        var number = 0;
        foreach (var line in File.ReadLines(path))
        {
            number++;
            try
            {
                if (header is null)
                {
                    header = JsonSerializer.Deserialize<VerdictHeader>(line, Json);
                    if (header?.Verdicts != Version || header.Options is null || header.Inputs is null)
                    {
                        throw Invalid(path, number, "it does not begin with the header of a verdict file", null);
                    }
                }
                else
                {
                    verdicts.Add(JsonSerializer.Deserialize<CleaningVerdict>(line, Json)!);
                }
            }
            catch (JsonException e)
            {
                throw Invalid(path, number, e.Message, e);
            }
        }

        return header is null ? throw Invalid(path, 1, "it is empty", null) : (header, verdicts);
    }

    private static TrainToolsException Invalid(string path, int line, string what, Exception? inner) => new(
        ErrorIds.VerdictFileInvalid, ErrorKind.InvalidData, FormattableString.Invariant($"{path}({line}): no usable verdict file: {what}."),
        "Give a file that was written by -VerdictPath.", path, inner);
}
