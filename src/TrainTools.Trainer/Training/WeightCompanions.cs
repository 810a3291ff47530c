using TrainTools.Core.Configuration;
using TrainTools.Core.Samples.Labels;
using TrainTools.Trainer.Adapters;

namespace TrainTools.Trainer.Training;

/// <summary>
/// What has to lie beside saved weights so that they can be used by themselves, a checkpoint's as well as the result's: the
/// tokenizer that was trained with, and the labels where there is no config.json to hold them.
/// </summary>
internal static class WeightCompanions
{
    /// <summary>Completes a folder of saved weights.</summary>
    /// <param name="folder">A model or adapter folder.</param>
    /// <param name="model">The run's model and tokenizer.</param>
    /// <param name="labels">The run's labels; null for language.</param>
    public static void Write(string folder, ModelConfig model, LabelSet? labels)
    {
        TokenizerFiles.Copy(model, folder);
        if (labels is not null && AdaptedModelLoader.IsAdapter(folder))
        {
            LabelFile.Write(folder, labels);
        }
    }
}
