using System.Text.RegularExpressions;
using TrainTools.Core.Errors;
using static TrainTools.Core.Configuration.FindingSeverity;
using static TrainTools.Core.Configuration.RuleContext;

namespace TrainTools.Core.Configuration;

/// <summary>Rules on device, precision, threads and seed.</summary>
internal static partial class DeviceRules
{
    public static IReadOnlyList<ConfigRule> All { get; } =
    [
        new()
        {
            Id = "DeviceName",
            Title = "The device is named as libtorch names it",
            Settings = ["device"],
            Source = Sources.Semantics,
            Levels = "Error",
            Why = "Devices are auto, cpu, cuda and cuda:n.",
            Test = c => DeviceName().IsMatch(c.Config.Runtime.Device) ? None : Found(Error, $"'{c.Config.Runtime.Device}' is not a device.", "auto, cpu, cuda or cuda:0", [("device", "auto")]),
        },
        new()
        {
            Id = "DevicePresent",
            Title = "The device is there",
            Settings = ["device"],
            Source = Sources.Semantics,
            Levels = "Error",
            Why = "A run on a device that is not there ends before its first step.",
            Test = c => Device(c).Problem is not { } problem || !c.Config.Runtime.Device.StartsWith("cuda", StringComparison.Ordinal) ? None : Found(
                Error, $"The device '{c.Config.Runtime.Device}' is not there: {problem}.", "a device of this machine", [("device", "auto")], "Get-TrainingBackend shows what there is.", errorId: ErrorIds.DeviceUnavailable),
        },
        new()
        {
            Id = "Bf16Device",
            Title = "The device computes in bf16",
            Settings = ["precision", "device"],
            Source = "measured: on a CPU without native bf16 a training step took 50 times longer",
            Levels = "Warning where the device has no bf16 of its own",
            Why = "Without native bf16 every product is emulated.",
            Test = c => c.Config.Runtime.Precision == Precision.Bf16 && Device(c).HasBf16 == false ? Found(
                Warning, $"{Name(c)} has no bf16 of its own: a step can take 50 times longer.", "fp32", [("precision", Precision.Fp32)]) : None,
        },
        new()
        {
            Id = "Fp16Device",
            Title = "fp16 runs on a CUDA device",
            Settings = ["precision", "device"],
            Source = "transformers issue 30559; LLaVA issue 363",
            Levels = "Error on a CPU",
            Why = "fp16 needs loss scaling and half-precision kernels, which a CPU lacks.",
            Test = c => c.Config.Runtime.Precision == Precision.Fp16 && !Device(c).IsCuda ? Found(Error, expected: "fp32", set: [("precision", Precision.Fp32)]) : None,
        },
        new()
        {
            Id = "Fp16Overflow",
            Title = "fp16 is taken only where bf16 is not to be had",
            Settings = ["precision", "learning_rate", "model_name_or_path"],
            Source = "transformers issue 30559; unsloth-zoo pull request 866; model cards of Gemma",
            Levels = "Warning on a device with bf16, and for models known to overflow (Gemma)",
            Why = "fp16 ends at 65,504: activations of large models overflow, the loss becomes NaN, and steps are skipped while the scale is searched for. bf16 has the range of fp32.",
            Test = c =>
            {
                if (c.Config.Runtime.Precision != Precision.Fp16 || !Device(c).IsCuda)
                {
                    return None;
                }

                var gemma = c.Facts.Model?.ModelType?.StartsWith("gemma", StringComparison.Ordinal) == true;
                return Device(c).HasBf16 == true ? Found(Warning, $"{Name(c)} computes in bf16, which has the range of fp32; fp16 ends at 65,504.", "bf16", [("precision", Precision.Bf16)])
                    : gemma ? Found(Warning, "Gemma's activations go beyond fp16's range of 65,504: the loss becomes NaN.", "fp32 (or bf16 on a newer device)", [("precision", Precision.Fp32)])
                    : None;
            },
        },
        new()
        {
            Id = "ThreadCount",
            Title = "There are not more threads than cores",
            Settings = ["num_threads"],
            Source = "measured: OpenMP's waiting threads take the cores from working ones",
            Levels = "Warning",
            Why = "More threads than cores wait for each other.",
            Test = c => c.Config.Runtime.NumThreads is not { } threads || threads <= Environment.ProcessorCount ? None : Found(
                Warning, $"{threads} threads on {Environment.ProcessorCount} cores wait for each other.", $"at most {Environment.ProcessorCount}", [("num_threads", Environment.ProcessorCount)]),
        },
        new()
        {
            Id = "SeedRange",
            Title = "The seed is one that other tools take",
            Settings = ["seed"],
            Source = "numpy.random.seed, which transformers' set_seed calls",
            Levels = "Info above 4,294,967,295",
            Why = "NumPy refuses larger seeds, so the run could not be repeated with the Python tools.",
            Test = c => c.Config.Runtime.Seed <= uint.MaxValue ? None : Found(Info, expected: "0 to 4294967295", set: [("seed", 42L)]),
        },
        new()
        {
            Id = "SeedSpread",
            Title = "One seed is one sample",
            Settings = ["seed", "dataset_path"],
            Source = "Mosbach et al., On the Stability of Fine-tuning BERT (2021); Dodge et al., Fine-Tuning Pretrained Language Models (2020)",
            Levels = "Info for classifiers and taggers on fewer than 2,500 records",
            Why = "On small data the same settings with another seed can differ by several points.",
            Test = c => c.Practice.IsClassifier && c.Outline is { Records: < 2500 } run ? Found(
                Info, $"On {run.Records} records the same settings with another seed can differ by several points.", "three seeds or more", remedy: "Compare runs with seed=1, seed=2, seed=3 before trusting a difference.") : None,
        },
    ];

    private static DeviceFacts Device(RuleContext c) => c.Facts.Device.For(c.Config.Runtime.Device);

    private static string Name(RuleContext c) => Device(c).Name ?? Device(c).Kind;

    [GeneratedRegex("^(auto|cpu|cuda(:[0-9]{1,3})?)$")]
    private static partial Regex DeviceName();
}
