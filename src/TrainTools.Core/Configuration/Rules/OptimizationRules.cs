using static TrainTools.Core.Configuration.ConfigText;
using static TrainTools.Core.Configuration.FindingSeverity;
using static TrainTools.Core.Configuration.RuleContext;

namespace TrainTools.Core.Configuration;

/// <summary>Rules on the optimizer and on regularisation.</summary>
internal static class OptimizationRules
{
    public static IReadOnlyList<ConfigRule> All { get; } =
    [
        new()
        {
            Id = "LearningRateRange",
            Title = "The learning rate fits the method and the model's size",
            Settings = ["learning_rate", "finetuning_type", "task_type"],
            Source = "see the table of ranges in docs/tuning-notes.md; each range names its source",
            Levels = "Warning outside the range",
            Why = "Adapters take about ten times the rate of full fine-tuning, and large models a smaller one. Too high a rate destroys what the model knows; too low a one leaves it as it was.",
            Test = c =>
            {
                var (rate, range) = (c.Config.Optimization.LearningRate!.Value, c.Practice.LearningRate);
                return range.Contains(rate) ? None : Found(
                    Warning,
                    $"{Number(rate)} is {(rate > range.High ? $"{Times(rate / range.High)} above" : $"{Times(range.Low / rate)} below")} the range for {range.For}: {(rate > range.High ? "the loss is likely to spike or diverge" : "the loss is likely to stay where it is")}.",
                    range.ToString(),
                    [("learning_rate", range.Start)],
                    source: range.Source);
            },
        },
        new()
        {
            Id = "WeightDecayZero",
            Title = "Weight decay is off",
            Settings = ["weight_decay", "finetuning_type"],
            Source = Sources.Notes,
            Levels = "Warning for full fine-tuning, Info for adapters",
            Why = "0.01 is the usual value and 0 hardly ever the right one: without decay weights can grow without bound. QLoRA's and Axolotl's recipes do use 0 for adapters.",
            Test = c => c.Config.Optimization.WeightDecay != 0 ? None : Found(
                c.Practice.IsAdapter ? Info : Warning, expected: TuningPractice.WeightDecay.ToString(), set: [("weight_decay", TuningPractice.WeightDecay.Start)]),
        },
        new()
        {
            Id = "WeightDecayHigh",
            Title = "Weight decay is high",
            Settings = ["weight_decay"],
            Source = "Axolotl's notes on training stability",
            Levels = "Warning above 0.1",
            Why = "Decay above 0.1 pulls fine-tuned weights (and above all adapters, which start at zero) back faster than most data moves them.",
            Test = c => c.Config.Optimization.WeightDecay <= TuningPractice.WeightDecay.High ? None : Found(
                Warning, expected: TuningPractice.WeightDecay.ToString(), set: [("weight_decay", TuningPractice.WeightDecay.Start)]),
        },
        new()
        {
            Id = "ClippingOff",
            Title = "Gradients are not clipped",
            Settings = ["max_grad_norm"],
            Source = Sources.Notes,
            Levels = "Warning at 0",
            Why = "One bad batch can then throw the model off for good.",
            Test = c => c.Config.Optimization.MaxGradNorm != 0 ? None : Found(Warning, expected: c.Practice.MaxGradNorm.ToString(), set: [("max_grad_norm", c.Practice.MaxGradNorm.Start)]),
        },
        new()
        {
            Id = "ClippingRange",
            Title = "The clipping threshold fits the method and the model's size",
            Settings = ["max_grad_norm", "finetuning_type", "dataset_format"],
            Source = Sources.Notes,
            Levels = "Warning above the range, Info below it",
            Why = "The notes: full fine-tuning 1.0; LoRA and QLoRA 0.3 to 1.0; above 13 B parameters 0.1 to 0.5; RLHF and PPO 0.1 to 0.3.",
            Test = c =>
            {
                var (norm, range) = (c.Config.Optimization.MaxGradNorm!.Value, c.Practice.MaxGradNorm);
                return norm == 0 || range.Contains(norm) ? None : Found(
                    norm > range.High ? Warning : Info,
                    norm > range.High
                        ? $"{Number(norm)} lets larger updates through than is wise for {range.For} ({range})."
                        : $"{Number(norm)} is below what is usual for {range.For} ({range}): it lowers the effective learning rate whenever it acts. Some recipes (SmolLM3: 0.2) do so on purpose.",
                    range.ToString(),
                    [("max_grad_norm", range.Start)]);
            },
        },
        new()
        {
            Id = "AdamBetas",
            Title = "Adam's decay rates are in order",
            Settings = ["adam_beta2", "adam_beta1"],
            Source = "Kingma and Ba, Adam (2015); Reddi et al., On the Convergence of Adam (2018)",
            Levels = "Warning where adam_beta2 is below adam_beta1, or is 0",
            Why = "The second moment must be averaged over longer than the first; else single gradients set the size of the step.",
            Test = c => c.Config.Optimization is { AdamBeta2: > 0 } o && o.AdamBeta2 >= o.AdamBeta1 ? None : Found(
                Warning, $"adam_beta2 ({Number(c.Config.Optimization.AdamBeta2)}) is below adam_beta1 ({Number(c.Config.Optimization.AdamBeta1)}): single gradients set the size of the step.", "0.95 to 0.999, and not below adam_beta1", [("adam_beta1", 0.9), ("adam_beta2", 0.999)]),
        },
        new()
        {
            Id = "AdamEpsilon",
            Title = "Adam's epsilon is small",
            Settings = ["adam_epsilon"],
            Source = Sources.Transformers,
            Levels = "Warning above 1e-4",
            Why = "A large epsilon swallows the second moment: the optimizer becomes plain momentum with a far smaller step.",
            Test = c => c.Config.Optimization.AdamEpsilon <= 1e-4 ? None : Found(Warning, expected: "1e-8 to 1e-6", set: [("adam_epsilon", 1e-8)]),
        },
        new()
        {
            Id = "NeftuneRange",
            Title = "NEFTune's noise is in its published range",
            Settings = ["neftune_noise_alpha", "task_type"],
            Source = "Jain et al., NEFTune (2023)",
            Levels = "Warning above 15; Info for a task that is not instruction tuning",
            Why = "The paper tried 5, 10 and 15 on instruction tuning of language models.",
            Test = c => c.Config.Optimization.NeftuneNoiseAlpha is not > 0 ? None
                : c.Config.Optimization.NeftuneNoiseAlpha > 15 ? Found(Warning, "Noise beyond alpha 15 drowns the embeddings.", "5 to 15", [("neftune_noise_alpha", 5.0)])
                : c.Config.Task.TaskType != TaskType.CausalLm ? Found(Info, "NEFTune is known to help instruction tuning; for this task nothing is published.", "unset", [("neftune_noise_alpha", null)])
                : None,
        },
    ];

    private static string Times(double factor) => factor >= 10 ? $"{factor:0} times" : FormattableString.Invariant($"{factor:0.#} times");
}
