using System.Text;
using System.Text.Json;

namespace TrainTools.Core.Diagnostics.Logs;

/// <summary>Logs in JSON: trainer_state.json of transformers, and lines of JSON or of printed Python dictionaries.</summary>
internal static class JsonLogs
{
    /// <summary>Reads trainer_state.json; of a file that breaks off, the entries before the break.</summary>
    public static TrainingLog ReadTrainerState(string path)
    {
        var bytes = PythonNumbers.ToJson(File.ReadAllBytes(path));
        var rows = new List<LogRow>();
        var problems = new List<string>();
        var state = new LogRow();
        try
        {
            ReadState(bytes, state, rows, problems);
        }
        catch (JsonException e)
        {
            problems.Add($"The file breaks off or is damaged at line {e.LineNumber + 1}: {rows.Count} log entries before it were read.");
        }

        double? epochSteps = state["num_train_epochs"] is > 0 and var epochs && state["max_steps"] is > 0 and var steps ? steps / epochs : null;
        return LogAssembly.Make(path, "trainer_state.json", rows, problems, new RunFacts
        {
            MaxSteps = state["max_steps"] is > 0 and var max ? (int)max : null,
            StepsPerEpoch = epochSteps,
            MicroBatchRows = state["train_batch_size"] is > 0 and var batch ? (int)batch : null,
        });
    }

    /// <summary>Reads lines; those that are no entries are passed over, and told where other lines are.</summary>
    public static TrainingLog ReadLines(string path)
    {
        var rows = new List<LogRow>();
        var problems = new List<string>();
        var (number, bad, firstBad) = (0, 0, 0);
        foreach (var line in File.ReadLines(path))
        {
            number++;
            var text = line.Trim();
            if (text.Length == 0)
            {
                continue;
            }

            if (TryParse(text) is { } row)
            {
                rows.Add(row);
            }
            else if (text[0] == '{' || text.Contains("{'", StringComparison.Ordinal))
            {
                bad++;
                firstBad = firstBad == 0 ? number : firstBad;
            }
        }

        if (bad > 0)
        {
            problems.Add($"{(bad == 1 ? "One line is" : $"{bad} lines are")} broken (line {firstBad}{(bad > 1 ? " first" : string.Empty)}); {rows.Count} entries were read.");
        }

        return LogAssembly.Make(path, "JSON lines", rows, problems);
    }

    private static LogRow? TryParse(string text)
    {
        // A console log of transformers holds printed dictionaries, with whatever a progress bar left before them.
        var brace = text.IndexOf("{'", StringComparison.Ordinal);
        var end = text.LastIndexOf('}');
        if (brace >= 0 && end > brace)
        {
            text = text[brace..(end + 1)].Replace('\'', '"');
        }
        else if (text[0] != '{')
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(PythonNumbers.ToJson(Encoding.UTF8.GetBytes(text)));
            return document.RootElement.ValueKind == JsonValueKind.Object ? Row(document.RootElement) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static LogRow Row(JsonElement item)
    {
        var row = new LogRow();
        foreach (var property in item.EnumerateObject())
        {
            switch (property.Value.ValueKind)
            {
                case JsonValueKind.Number:
                    row.Set(property.Name, property.Value.GetDouble());
                    break;
                case JsonValueKind.String:
                    row.SetText(property.Name, property.Value.GetString()!);
                    break;
            }
        }

        return row;
    }

    // Token by token, so that what stands before a break is kept.
    private static void ReadState(byte[] bytes, LogRow state, List<LogRow> rows, List<string> problems)
    {
        var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip });
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("not an object", null, 0, 0);
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            if (name == "log_history" && reader.TokenType == JsonTokenType.StartArray)
            {
                ReadHistory(ref reader, rows, problems);
            }
            else if (reader.TokenType == JsonTokenType.Number)
            {
                state.Set(name, reader.GetDouble());
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private static void ReadHistory(ref Utf8JsonReader reader, List<LogRow> rows, List<string> problems)
    {
        var (number, bad, firstBad) = (0, 0, 0);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            number++;
            if (reader.TokenType == JsonTokenType.StartObject)
            {
                rows.Add(ReadEntry(ref reader));
                continue;
            }

            reader.Skip();
            bad++;
            firstBad = firstBad == 0 ? number : firstBad;
        }

        if (bad > 0)
        {
            problems.Add($"{(bad == 1 ? "One entry" : $"{bad} entries")} of log_history {(bad == 1 ? "is no object" : "are no objects")} (entry {firstBad}{(bad > 1 ? " first" : string.Empty)}); {rows.Count} entries were read.");
        }
    }

    private static LogRow ReadEntry(ref Utf8JsonReader reader)
    {
        var row = new LogRow();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            switch (reader.TokenType)
            {
                case JsonTokenType.Number:
                    row.Set(name, reader.GetDouble());
                    break;
                case JsonTokenType.String:
                    row.SetText(name, reader.GetString()!);
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        return row;
    }
}
