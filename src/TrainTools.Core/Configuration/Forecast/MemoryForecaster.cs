using TrainTools.Core.Samples;
using static TrainTools.Core.Configuration.ConfigText;

namespace TrainTools.Core.Configuration;

/// <summary>Reckons a run's peak memory by part.</summary>
internal static class MemoryForecaster
{
    // .NET, libtorch's libraries and thread stacks, measured with a model of no size; a CUDA context on the device.
    private const long CpuProcess = 276L << 20;
    private const long CudaProcess = 600L << 20;

    // Between its tensors the trainer may keep this share of their memory free (BlockCache).
    private const long ShareOfGaps = 64;

    // The trainer's chunks of logits (ChunkedCrossEntropy).
    private const long LogitsChunk = 16L << 20;

    // Those of a plain head are larger by this, unless weights are quantised (ChunkedCrossEntropy).
    private const long PlainHeadFactor = 4;
    private const long LeastRows = 128;

    /// <summary>The forecast; null where the model's sizes are not known.</summary>
    /// <param name="config">A resolved config.</param>
    /// <param name="facts">Model, data, device.</param>
    /// <param name="trainable">Trainable parameters.</param>
    public static MemoryForecast? Create(TrainingConfig config, ConfigFacts facts, long trainable)
    {
        if (facts.Model is not { HiddenSize: > 0, Layers: > 0, ParameterCount: > 0 and var total } model)
        {
            return null;
        }

        var device = facts.Device.For(config.Runtime.Device);
        var full = config.Method.FinetuningType == TrainingMethod.Full;
        var half = config.Runtime.Precision is Precision.Bf16 or Precision.Fp16;
        var element = half ? 2 : 4;
        var whole = Batch(config, facts);
        var batch = AtATime(whole, config, parts: !full && !device.IsCuda && trainable * BatchParts.AdapterShare <= total);

        var weights = Weights(config, model, total, full ? 0 : trainable);
        var process = new MemoryPart("process", device.IsCuda ? CudaProcess : CpuProcess, device.IsCuda ? "CUDA context and kernels" : ".NET, libtorch and threads");
        var states = new MemoryPart("optimizer states", 8 * trainable, $"two moments x {Count(trainable)} x 4 bytes");
        var gradients = new MemoryPart("gradients", 4 * trainable, $"{Count(trainable)} x 4 bytes");
        var activations = Activations(config, model, batch, element, half && full ? total : 0);
        var logits = Logits(config, model, batch, element);
        var dequantised = AdapterCount.HasQuantizedBase(config, model) ? LargestQuantized(model) * 4 : 0;
        var layer = new MemoryPart(
            "temporaries", (long)(new ActivationModel(model, config, batch.Tokens).BackwardPerToken * batch.Tokens * element) + dequantised, "gradients within one layer");

        // While the last micro-batch begins its backward pass all activations are there, and with accumulation all
        // gradients too; at its end the gradients are whole and the activations gone.
        var accumulates = config.Batch.GradientAccumulationSteps > 1 || batch.Tokens < whole.Tokens;
        var head = Head(config, model, full);
        var first = accumulates ? gradients : new MemoryPart("gradients", head, "the output layer's come first");
        MemoryPart[] early = [process, .. weights, states, first, activations, logits.Bytes >= layer.Bytes ? logits : layer];
        MemoryPart[] late = [process, .. weights, states, gradients, layer];
        // A base that is quantised is so layer by layer.
        MemoryPart[] loading = AdapterCount.HasQuantizedBase(config, model)
            ? [process, .. weights, new MemoryPart("one layer", 4 * LargestQuantized(model), "before it is quantised")]
            : [process, new MemoryPart("weights", 4 * total, $"{Count(total)} x 4 bytes")];
        (MemoryPart[] Parts, string Moment)[] moments =
        [
            (early, "the begin of the backward pass"),
            (late, "the end of the backward pass"),
            (loading, "loading the model"),
        ];
        var (parts, moment) = moments.MaxBy(m => m.Parts.Sum(p => p.Bytes));
        if (!device.IsCuda)
        {
            parts = [.. parts, new MemoryPart("gaps", (parts.Sum(p => p.Bytes) - process.Bytes) / ShareOfGaps, "between tensors, kept for the next ones")];
        }

        return new MemoryForecast([.. parts.Where(p => p.Bytes > 0)], moment, device.MemoryBytes);
    }

    /// <summary>The largest micro-batch.</summary>
    internal static (long Rows, long Length, long Tokens) Batch(TrainingConfig config, ConfigFacts facts)
    {
        long rows = config.Batch.PerDeviceTrainBatchSize ?? 1;
        long limit = config.Data.MaxLength ?? 1024;
        var longest = facts.Sample?.Rows.Count > 0 ? facts.Sample.Rows.Max(r => r.Length) : limit;
        if (config.Data.Packing == true && config.Task.TaskType == TaskType.CausalLm)
        {
            var available = facts.Data is { Records: { } records, MeanTokens: { } mean } ? (long)(records * mean) : long.MaxValue;
            return (1, Math.Min(longest, limit), Math.Min(rows * limit, available));
        }

        var length = Math.Min(longest, limit);
        rows = Math.Min(rows, facts.Data?.Records ?? rows);
        return (rows, length, rows * length);
    }

    // Where adapters are trained on the CPU a micro-batch is computed in parts of whole rows, unless much else is trained with them (AdapterWeights).
    private static (long Rows, long Length, long Tokens) AtATime((long Rows, long Length, long Tokens) batch, TrainingConfig config, bool parts)
    {
        if (!parts)
        {
            return batch;
        }

        // Packed rows are one row of the computation, and are cut where one of them ends.
        var packed = config.Data.Packing == true && config.Task.TaskType == TaskType.CausalLm;
        var rows = packed ? Math.Max(1, config.Batch.PerDeviceTrainBatchSize ?? 1) : batch.Rows;
        var row = batch.Tokens / Math.Max(1, rows);
        var largest = BatchParts.LargestRows(rows, row, BatchParts.AdapterTokens);
        return (packed ? batch.Rows : largest, batch.Length, largest * row);
    }

    private static MemoryPart[] Weights(TrainingConfig config, ModelFacts model, long total, long adapters)
    {
        var own = new List<MemoryPart>();
        if (AdapterCount.HasQuantizedBase(config, model))
        {
            var quantized = AdapterCount.Quantized(model);
            own.Add((model.QuantizedBits ?? config.Method.QuantizationBit) == 8 ? Int8(model, quantized) : Nf4(quantized, config.Method.Bnb4BitUseDoubleQuant));
            own.Add(new MemoryPart("weights", 4 * (total - quantized), $"{Count(total - quantized)} x 4 bytes"));
        }
        else
        {
            own.Add(new MemoryPart("weights", 4 * total, $"{Count(total)} x 4 bytes"));
        }

        if (adapters > 0)
        {
            own.Add(new MemoryPart("adapters", 4 * adapters, $"{Count(adapters)} x 4 bytes"));
        }

        return [.. own];
    }

    // The scales of 64 weights each take half a bit, or 0.127 where they are quantised themselves.
    private static MemoryPart Nf4(long quantized, bool doubleQuant)
    {
        var bits = doubleQuant ? 4.127 : 4.5;
        return new MemoryPart("quantised weights", (long)(quantized * bits / 8), $"{Count(quantized)} x {Number(bits)} bits (NF4)");
    }

    private static MemoryPart Int8(ModelFacts model, long quantized)
    {
        var rows = model.Parameters.Where(p => AdapterCount.IsQuantized(p, model)).Sum(p => p.Shape[0]);
        return new MemoryPart("quantised weights", quantized + (4 * rows), $"{Count(quantized)} x 8 bits, {Count(rows)} rows x 4 bytes (int8)");
    }

    private static MemoryPart Activations(TrainingConfig config, ModelFacts model, (long Rows, long Length, long Tokens) batch, int element, long castWeights)
    {
        var activation = new ActivationModel(model, config, batch.Tokens);
        var layer = (activation.PerTokenAndLayer * batch.Tokens) + (activation.AttentionWeights(batch.Length) * batch.Rows);
        // Embedding and last norm at the ends; with checkpointing one layer whole, and of the others their input.
        var ends = 4.0 * model.HiddenSize * batch.Tokens;
        var elements = config.Batch.GradientCheckpointing
            ? layer + ((model.Layers * (double)model.HiddenSize * batch.Tokens) + ends)
            : (layer * model.Layers) + ends;
        var how = $"{Count(batch.Tokens)} tokens x {model.Layers} layers{(config.Batch.GradientCheckpointing ? ", their inputs and one of them whole" : string.Empty)}";
        return new MemoryPart("activations", (long)(elements * element) + (2 * castWeights), castWeights > 0 ? how + ", and weights cast to 16 bits" : how);
    }

    private static MemoryPart Logits(TrainingConfig config, ModelFacts model, (long Rows, long Length, long Tokens) batch, int element)
    {
        if (config.Task.TaskType is TaskType.SequenceClassification or TaskType.TokenClassification)
        {
            return new MemoryPart("logits", 0, "a few labels");
        }

        // Logits become their gradient in place; in 16 bits there is a copy of them. A masked model's head is more than a product.
        var factor = element == 4 && config.Task.TaskType == TaskType.CausalLm && !AdapterCount.HasQuantizedBase(config, model) && !AdapterCount.IsOnHead(config, model) ? PlainHeadFactor : 1;
        var least = AdapterCount.HasQuantizedBase(config, model) ? LeastRows : 1;
        var chunk = Math.Min(batch.Tokens, Math.Max(least, factor * LogitsChunk / (4L * Math.Max(1, model.VocabularySize))));
        var bytes = chunk * model.VocabularySize * (element < 4 ? 4 + (2 * element) : 4L);
        // Hidden states of the supervised positions and their gradients.
        var states = 2L * batch.Tokens * model.HiddenSize * element;
        return new MemoryPart("logits", bytes + states, $"{Count(chunk)} positions x {Count(model.VocabularySize)} tokens at a time");
    }

    // The output layer's gradient is whole before any other is begun.
    private static long Head(TrainingConfig config, ModelFacts model, bool full) =>
        full && config.Task.TaskType is TaskType.CausalLm or TaskType.MaskedLm ? 4L * model.VocabularySize * model.HiddenSize : 0;

    // The trainer quantises linear layers, heads excepted.
    private static long LargestQuantized(ModelFacts model) =>
        model.Parameters.Where(p => AdapterCount.IsQuantized(p, model)).Select(p => p.Count).DefaultIfEmpty((long)model.HiddenSize * model.IntermediateSize).Max();

}
