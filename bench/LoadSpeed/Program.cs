using System.Diagnostics;
using System.Globalization;
using TorchSharp;
using TrainTools.Core.Serialization;
using TrainTools.Trainer.Backend;
using TrainTools.Trainer.Models.Loading;
using static TorchSharp.torch;

// How fast a safetensors file becomes tensors, beside reading it and throwing it away, and what memory that takes: the
// process's own (anonymous) memory grows by the tensors themselves, while pages of the mapped file can be dropped any time.
//
//   dotnet run -c Release --project bench/LoadSpeed [-- GIGABYTES]
double gigabytes = args.Length > 0 ? double.Parse(args[0], CultureInfo.InvariantCulture) : 1;
TorchBackend.Initialize();
string path = Path.Combine(Path.GetTempPath(), $"traintools-load-{Environment.ProcessId}.safetensors");
try
{
    Generate(path, gigabytes);
    Console.WriteLine(FormattableString.Invariant($"{new FileInfo(path).Length / 1e9:0.00} GB of F32 in {path}, {Environment.ProcessorCount} processors"));
    for (int round = 1; round <= 3; round++)
    {
        Measure(round, "cat file > /dev/null", () => ReadAway(path));
        Measure(round, "load as stored (F32)", () => Load(path, null));
        Measure(round, "load converted (BF16)", () => Load(path, ScalarType.BFloat16));
    }
}
finally
{
    File.Delete(path);
}

static void Measure(int round, string what, Func<string> action)
{
    GC.Collect();
    var watch = Stopwatch.StartNew();
    string more = action();
    Console.WriteLine(FormattableString.Invariant($"round {round}  {what,-24} {watch.Elapsed.TotalSeconds,6:0.00} s{more}"));
}

static void Generate(string path, double gigabytes)
{
    const long Elements = 4096 * 4096;
    byte[] piece = new byte[1 << 20];
    new Random(1).NextBytes(piece);
    var items = Enumerable.Range(0, Math.Max(1, (int)(gigabytes * 1e9 / (Elements * 4)))).Select(i => new SafetensorsItem(
        $"layers.{i}.weight",
        SafetensorsDtype.F32,
        [4096, 4096],
        stream =>
        {
            for (long done = 0; done < Elements * 4; done += piece.Length)
            {
                stream.Write(piece);
            }
        })).ToList();
    SafetensorsWriter.Write(path, items);
}

// cat itself where there is one, otherwise the same by hand.
static string ReadAway(string path)
{
    if (!OperatingSystem.IsWindows())
    {
        var start = new ProcessStartInfo("/bin/sh") { ArgumentList = { "-c", "cat \"$1\" > /dev/null", "sh", path } };
        using var process = Process.Start(start)!;
        process.WaitForExit();
        return string.Empty;
    }

    byte[] buffer = new byte[1 << 17];
    using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1, FileOptions.SequentialScan);
    while (stream.Read(buffer) > 0)
    {
    }

    return string.Empty;
}

// What is said of memory is read after each tensor, the largest counts.
static string Load(string path, ScalarType? type)
{
    using var scope = NewDisposeScope();
    using var file = SafetensorsFile.Open(path);
    double before = OwnMemory();
    double most = before;
    long bytes = 0;
    foreach (var entry in file.Entries)
    {
        var tensor = TensorBytes.Read(file, entry, type);
        bytes += tensor.NumberOfElements * tensor.ElementSize;
        most = Math.Max(most, OwnMemory());
    }

    return double.IsNaN(most)
        ? string.Empty
        : FormattableString.Invariant($"   tensors {bytes / 1e9:0.00} GB, own memory grew by {(most - before) / 1e9:0.00} GB");
}

// Memory of this process that no file stands behind, in bytes; NaN where the system does not say.
static double OwnMemory()
{
    const string Status = "/proc/self/status";
    string? line = File.Exists(Status) ? File.ReadLines(Status).FirstOrDefault(l => l.StartsWith("RssAnon:", StringComparison.Ordinal)) : null;
    return line is null ? double.NaN : double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) * 1024;
}
