using TrainTools.Trainer.Models;

namespace TrainTools.Trainer.Tests.Training;

/// <summary>Writes BERT folders with a vocabulary of a few words and fresh weights.</summary>
internal static class TinyEncoder
{
    public static readonly string[] Words = ["good", "fine", "nice", "bad", "poor", "sad", "the", "film", "was", "anna", "paris", "bob", "rome", "lives", "in", "##s", "."];

    public static string Write(string folder, int hidden = 16, int layers = 2, double dropout = 0)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllLines(Path.Combine(folder, "vocab.txt"), (string[])["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", .. Words]);
        File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), """{"tokenizer_class":"BertTokenizer","do_lower_case":true,"pad_token":"[PAD]","unk_token":"[UNK]","cls_token":"[CLS]","sep_token":"[SEP]","mask_token":"[MASK]"}""");
        var share = dropout.ToString(System.Globalization.CultureInfo.InvariantCulture);
        File.WriteAllText(Path.Combine(folder, "config.json"), $$"""
            {"model_type": "bert", "hidden_size": {{hidden}}, "intermediate_size": {{2 * hidden}}, "num_hidden_layers": {{layers}}, "num_attention_heads": 2,
             "vocab_size": {{Words.Length + 5}}, "max_position_embeddings": 32, "hidden_dropout_prob": {{share}}, "attention_probs_dropout_prob": {{share}}, "initializer_range": 0.1}
            """);
        using var model = PretrainedModelLoader.Initialize(folder);
        PretrainedModelWriter.Save(model, folder);
        return folder;
    }
}
