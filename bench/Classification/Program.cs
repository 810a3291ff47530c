using System.Globalization;
using TrainTools.Bench.Classification;
using TrainTools.Core.Data;
using TrainTools.Core.Evaluation;

// Small encoders from scratch on real data, and what they are compared with.
//   dotnet run -c Release --project bench/Classification -- banking77 FOLDER [threads]   (train.csv, test.csv)
//   … -- sms-spam FILE [threads]           label TAB text a line; a fifth is held out, duplicates left out
//   … -- noise FILE [threads]              the same with 20 % of the training labels flipped: three seeds, with and without smoothing and dropout
//   … -- wnut17 FOLDER [EMBEDDINGS] [threads]   wnut17train.conll, emerging.dev.conll, emerging.test.annotated; with a bag-of-features baseline;
//                                          EMBEDDINGS: a static embedding model for a second run whose words begin with its vectors
//   … -- spans GOLD PREDICTED…             span F1 of CoNLL files of tags against a gold file
CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
if (args.Length < 2)
{
    Console.Error.WriteLine("usage: banking77 FOLDER | sms-spam FILE | noise FILE | wnut17 FOLDER [EMBEDDINGS] | spans GOLD PREDICTED… (threads last)");
    return 2;
}

var threads = args.Length > 2 && int.TryParse(args[^1], out var given) ? given : 2;
using var scratch = new ScratchRun(threads);
switch (args[0])
{
    case "banking77":
        scratch.Train("banking77", args[1] + "/train.csv", args[1] + "/test.csv", epochs: 6, seed: 42, noisy: true);
        return 0;
    case "sms-spam":
        var (train, test) = SmsSpam.Split(args[1], scratch.Folder, 42, noise: 0);
        scratch.Train("sms-spam", train, test, epochs: 5, seed: 42, noisy: true);
        return 0;
    case "noise":
        Console.WriteLine("seed  smoothing  dropout  accuracy  macro F1");
        foreach (var seed in (long[])[1, 2, 3])
        {
            var (flipped, clean) = SmsSpam.Split(args[1], scratch.Folder, seed, noise: 0.2);
            foreach (var noisy in (bool[])[false, true])
            {
                var report = scratch.Train($"noise-{seed}-{noisy}", flipped, clean, epochs: 5, seed, noisy, quiet: true);
                Console.WriteLine($"{seed,4}  {(noisy ? 0.1 : 0),9}  {(noisy ? 0.3 : 0.1),7}  {report.Accuracy,8:F4}  {report.MacroF1,8:F4}");
            }
        }

        return 0;
    case "wnut17":
        var baseline = NerBaseline.Run(args[1] + "/wnut17train.conll", args[1] + "/emerging.test.annotated");
        Console.WriteLine($"bag of features: span F1 {100 * baseline.F1:F2} (precision {100 * baseline.Precision:F2}, recall {100 * baseline.Recall:F2})");
        scratch.Tag("wnut17", args[1], epochs: 10);
        if (args.Length > 2 && Directory.Exists(args[2]))
        {
            scratch.Tag("wnut17-embeddings", args[1], epochs: 15, args[2].TrimEnd('/'));
        }

        return 0;
    case "spans":
        foreach (var file in args.Skip(2))
        {
            Console.WriteLine($"{Path.GetFileName(file),-24} {100 * Spans(args[1], file):F2}");
        }

        return 0;
    default:
        Console.Error.WriteLine($"There is no part '{args[0]}'.");
        return 2;
}

static double Spans(string gold, string predicted)
{
    var scorer = new SpanScorer();
    List<TrainingRecord> Read(string path) => [.. new DatasetReader(new DatasetReaderOptions { FileFormat = DatasetFileFormat.Conll, Strict = true }).Read([path])];
    foreach (var (given, answer) in Read(gold).Zip(Read(predicted)))
    {
        scorer.Add(given.Tags!, answer.Tags!);
    }

    return scorer.Overall.F1;
}
