using System.Text.Json.Nodes;
using TrainTools.Core.Models;

namespace TrainTools.Core.Configuration;

/// <summary>Reads the fields of config.json that the rules need, under the names that the families give them.</summary>
internal static class ModelConfigReader
{
    // Families whose checkpoints share input and output embedding unless config.json says otherwise.
    private static readonly HashSet<string> Tied = new(StringComparer.Ordinal) { "gpt2", "bert", "roberta", "distilbert", "gemma", "gemma2", "gemma3_text" };

    /// <summary>The facts; a nested text_config (models with images) is looked into where the outer one lacks a field.</summary>
    public static ModelFacts Read(ModelConfigFile file)
    {
        var type = file.ModelType;
        var sections = new[] { file, file.SectionOrNull("text_config") }.OfType<ModelConfigFile>().ToArray();
        int? Size(params string[] names) => sections.SelectMany(s => names.Select(s.SizeOrNull)).FirstOrDefault(n => n is not null);
        double Share(params string[] names) => sections.SelectMany(s => names.Select(n => s.Number(n, 0))).FirstOrDefault(n => n > 0);

        var hidden = Size("hidden_size", "n_embd", "dim") ?? 0;
        var heads = Size("num_attention_heads", "n_head", "n_heads") ?? 0;
        var positions = Size("max_position_embeddings", "n_positions");
        return new ModelFacts
        {
            ModelType = type,
            HiddenSize = hidden,
            Layers = Size("num_hidden_layers", "n_layer", "n_layers") ?? 0,
            Heads = heads,
            KeyValueHeads = Size("num_key_value_heads") ?? heads,
            HeadSize = Size("head_dim") ?? (heads > 0 ? hidden / heads : 0),
            IntermediateSize = Size("intermediate_size", "n_inner", "hidden_dim") ?? 4 * hidden,
            VocabularySize = Size("vocab_size") ?? 0,
            // RoBERTa's table begins behind the padding position.
            MaxPositions = type == "roberta" && positions is { } n ? n - 1 - (file.IntegerOrNull("pad_token_id") ?? 1) : positions,
            TieWordEmbeddings = sections.FirstOrDefault(s => s.Has("tie_word_embeddings"))?.Flag("tie_word_embeddings", false) ?? Tied.Contains(type),
            AttentionDropout = Share("attention_dropout", "attention_probs_dropout_prob", "attn_pdrop"),
            HiddenDropout = Share("hidden_dropout_prob", "resid_pdrop", "hidden_dropout", "dropout"),
            LabelCount = file.SizeOrNull("num_labels") ?? (file.Json["id2label"] as JsonObject)?.Count,
        };
    }
}
