using System.Text.Json;

namespace TrainTools.Core.Configuration;

/// <summary>Reads the fields of config.json that the rules need, under the names that the families give them.</summary>
internal sealed class ModelConfigReader
{
    private readonly JsonElement root;
    private readonly JsonElement? text;

    public ModelConfigReader(JsonElement root)
    {
        this.root = root.ValueKind == JsonValueKind.Object ? root : throw new FormatException("a JSON object is expected.");
        text = root.TryGetProperty("text_config", out var inner) && inner.ValueKind == JsonValueKind.Object ? inner : null;
    }

    public ModelFacts Read()
    {
        var hidden = Number("hidden_size", "n_embd", "dim") ?? 0;
        var heads = Number("num_attention_heads", "n_head", "n_heads") ?? 0;
        var intermediate = Number("intermediate_size", "n_inner", "hidden_dim");
        return new ModelFacts
        {
            ModelType = Find("model_type") is { ValueKind: JsonValueKind.String } type ? type.GetString() : null,
            Architectures = Find("architectures") is { ValueKind: JsonValueKind.Array } names
                ? [.. names.EnumerateArray().Where(n => n.ValueKind == JsonValueKind.String).Select(n => n.GetString()!)]
                : [],
            HiddenSize = hidden,
            Layers = Number("num_hidden_layers", "n_layer", "n_layers") ?? 0,
            Heads = heads,
            KeyValueHeads = Number("num_key_value_heads") ?? heads,
            HeadSize = Number("head_dim") ?? (heads > 0 ? hidden / heads : 0),
            IntermediateSize = intermediate ?? 4 * hidden,
            VocabularySize = Number("vocab_size") ?? 0,
            MaxPositions = Positions(),
            // Most families tie unless told otherwise; those that do not say so in every checkpoint on disk.
            TieWordEmbeddings = Find("tie_word_embeddings") is { ValueKind: JsonValueKind.True or JsonValueKind.False } tie
                ? tie.GetBoolean()
                : Find("model_type") is { ValueKind: JsonValueKind.String } t && t.GetString() is "gpt2" or "bert" or "roberta" or "distilbert" or "gemma" or "gemma2" or "gemma3_text",
            LabelCount = Number("num_labels") ?? (Find("id2label") is { ValueKind: JsonValueKind.Object } labels ? labels.EnumerateObject().Count() : null),
        };
    }

    private int? Positions()
    {
        var positions = Number("max_position_embeddings", "n_positions");
        // RoBERTa's table starts behind the padding position.
        return positions is { } n && Find("model_type")?.GetString() == "roberta" ? n - 1 - (Number("pad_token_id") ?? 1) : positions;
    }

    private int? Number(params string[] names)
    {
        foreach (var name in names)
        {
            if (Find(name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt32(out var number) && number > 0)
            {
                return number;
            }
        }

        return null;
    }

    private JsonElement? Find(string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value
        : text is { } inner && inner.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null ? value
        : null;
}
