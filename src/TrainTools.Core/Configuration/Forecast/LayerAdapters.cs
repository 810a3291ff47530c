namespace TrainTools.Core.Configuration;

/// <summary>Which matrices of a layer get adapters, by what goes into them: that is what the backward pass must keep.</summary>
/// <param name="Projections">Adapters on queries, keys and values (of the hidden state).</param>
/// <param name="Output">Whether the attention's output has one.</param>
/// <param name="Raising">Adapters on gate and up (of the hidden state).</param>
/// <param name="Lowering">Whether down has one.</param>
internal sealed record LayerAdapters(int Projections, bool Output, int Raising, bool Lowering)
{
    private static readonly HashSet<string> ProjectionNames = new(StringComparer.Ordinal) { "q_proj", "k_proj", "v_proj", "qkv_proj", "c_attn", "query_key_value", "query", "key", "value", "q_lin", "k_lin", "v_lin" };
    private static readonly HashSet<string> RaisingNames = new(StringComparer.Ordinal) { "gate_proj", "up_proj", "gate_up_proj", "c_fc", "dense_h_to_4h", "lin1" };
    private static readonly HashSet<string> LoweringNames = new(StringComparer.Ordinal) { "down_proj", "dense_4h_to_h", "lin2" };

    /// <summary>No adapter anywhere.</summary>
    public static LayerAdapters None { get; } = new(0, false, 0, false);

    /// <summary>Those of a config; where the model's layers are not known, on everything.</summary>
    public static LayerAdapters Of(TrainingConfig config, ModelFacts model)
    {
        if (config.Method.FinetuningType == TrainingMethod.Full)
        {
            return None;
        }

        var layers = model.LinearLayers().Where(l => l.Contains(".0.", StringComparison.Ordinal)).ToList();
        var targets = layers.Where(l => AdapterCount.IsTarget(config.Method, l, model)).ToList();
        return layers.Count == 0 ? new LayerAdapters(3, true, 2, true) : new LayerAdapters(
            targets.Count(l => ProjectionNames.Contains(Word(l))),
            targets.Exists(l => !ProjectionNames.Contains(Word(l)) && !IsFeedForward(l)),
            targets.Count(l => RaisingNames.Contains(Word(l)) || l.EndsWith("intermediate.dense", StringComparison.Ordinal)),
            targets.Exists(IsLowering));
    }

    private static bool IsFeedForward(string layer) => RaisingNames.Contains(Word(layer)) || IsLowering(layer) || layer.EndsWith("intermediate.dense", StringComparison.Ordinal);

    private static bool IsLowering(string layer) =>
        LoweringNames.Contains(Word(layer)) || layer.EndsWith("mlp.c_proj", StringComparison.Ordinal)
        || (layer.EndsWith("output.dense", StringComparison.Ordinal) && !layer.EndsWith("attention.output.dense", StringComparison.Ordinal));

    private static string Word(string layer) => layer[(layer.LastIndexOf('.') + 1)..];
}
