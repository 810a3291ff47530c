using TrainTools.Bench.Cleaning;
using TrainTools.Bench.Cleaning.Planting;
using TrainTools.Core.Errors;

const string Usage = """
    usage: dotnet run -c Release --project bench/Cleaning -- COMMAND

      jaccard --texts FILE --field NAME --truth FILE.tsv [--shingle 5] [--normalization lowercase] [--thresholds 0.6,0.7,0.8,0.9]
          near duplicates by MinHash held against the exact similarity of all pairs (columns i, j, intersection, union, jaccard)
      label-errors FOLDER [--method prune_by_noise_rate]
          confident learning held against golden.json and human votes; any sets <set>_test_set_pyx.npy, <set>_test_set_original_labels.npy
      planted FOLDER [--sets a,b] [--seed 7] [--share 0.02] [--removed FILE] [--missed FILE] [--leaked FILE] [--threads 2]
          noise planted into the data sets in the folders below FOLDER, precision and recall of each check, and what is removed untouched
      speed [--records 10000,100000,1000000] [--threads 1,2] [--checks exact,near,sft] [--texts FILE] [--memory-limit BYTES]
          megabytes and records a second and peak memory, each in a process of its own, beside all pairs compared
    """;
try
{
    var arguments = new Arguments(args);
    return arguments.Command switch
    {
        "jaccard" => JaccardBench.Run(arguments),
        "label-errors" => LabelErrorBench.Run(arguments),
        "planted" => PlantedBench.Run(arguments),
        "speed" => SpeedBench.Run(arguments),
        SpeedBench.CaseCommand => SpeedBench.RunCase(arguments),
        _ => Fail(Usage),
    };
}
catch (Exception e) when (e is TrainToolsException or UsageException)
{
    return Fail($"{e.Message}\n\n{Usage}");
}

static int Fail(string text)
{
    Console.Error.WriteLine(text);
    return 2;
}
