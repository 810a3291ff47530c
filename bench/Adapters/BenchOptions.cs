using System.Globalization;

namespace TrainTools.Bench.Adapters;

/// <summary>The command line.</summary>
internal sealed record BenchOptions(
    string Verb, IReadOnlyList<string> Models, IReadOnlyList<string> Methods, int Rows, double Dropout, bool Checkpointing, double Seconds, int Threads, string Folder)
{
    public static BenchOptions? Parse(string[] arguments)
    {
        if (arguments is not [("train" or "quantize" or "--case") and var verb, .. var rest])
        {
            return null;
        }

        var options = new BenchOptions(verb, [], ["full", "lora", "naive", "qlora"], 4, 0.05, false, 20, 2, string.Empty);
        var models = new List<string>();
        for (var i = 0; i < rest.Length; i++)
        {
            var value = i + 1 < rest.Length ? rest[i + 1] : string.Empty;
            switch (rest[i])
            {
                case "a" or "b":
                    models.Add(rest[i]);
                    continue;
                case "--checkpointing":
                    options = options with { Checkpointing = true };
                    continue;
                case "--methods":
                    options = options with { Methods = value.Split(',') };
                    break;
                case "--folder":
                    options = options with { Folder = value };
                    break;
                case "--rows":
                    options = options with { Rows = int.Parse(value, CultureInfo.InvariantCulture) };
                    break;
                case "--dropout":
                    options = options with { Dropout = double.Parse(value, CultureInfo.InvariantCulture) };
                    break;
                case "--seconds":
                    options = options with { Seconds = double.Parse(value, CultureInfo.InvariantCulture) };
                    break;
                case "--threads":
                    options = options with { Threads = int.Parse(value, CultureInfo.InvariantCulture) };
                    break;
                default:
                    return null;
            }

            i++;
        }

        return options with { Models = models.Count == 0 ? ["a", "b"] : models };
    }

    public IEnumerable<string> ForCase(string model, string method, string folder) =>
    [
        "--case", model, "--folder", folder, "--methods", method, "--rows", Text(Rows), "--dropout", Text(Dropout), "--seconds", Text(Seconds), "--threads", Text(Threads),
        .. Checkpointing ? (string[])["--checkpointing"] : [],
    ];

    private static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);
}
