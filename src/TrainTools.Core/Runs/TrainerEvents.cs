using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace TrainTools.Core.Runs;

/// <summary>
/// One line of the trainer's event stream: a JSON object with its kind under "event". The trainer writes it to the
/// standard output it was started with (and nothing else goes there); the cmdlets and any other program read it.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "event")]
[JsonDerivedType(typeof(RunStarted), "started")]
[JsonDerivedType(typeof(TrainingStep), "step")]
[JsonDerivedType(typeof(EvaluationResult), "evaluation")]
[JsonDerivedType(typeof(DiagnosisRaised), "diagnosis")]
[JsonDerivedType(typeof(CheckpointSaved), "checkpoint")]
[JsonDerivedType(typeof(LogMessage), "log")]
[JsonDerivedType(typeof(RunResult), "result")]
[JsonDerivedType(typeof(TrainerError), "error")]
[JsonDerivedType(typeof(GeneratedText), "generated")]
[JsonDerivedType(typeof(ExportedModel), "exported")]
[JsonDerivedType(typeof(InitializedModel), "initialized")]
[JsonDerivedType(typeof(ClassifiedText), "classified")]
[JsonDerivedType(typeof(TaggedText), "tagged")]
public abstract record TrainerEvent
{
    /// <summary>Options of the stream: snake_case names, named non-finite numbers, nulls left out.</summary>
    public static JsonSerializerOptions JsonOptions { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
        AllowOutOfOrderMetadataProperties = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The event as one line of JSON, without a line end.</summary>
    public string ToJsonLine() => JsonSerializer.Serialize(this, JsonOptions);

    /// <summary>Reads one line; null where the line is not an event.</summary>
    public static TrainerEvent? TryParse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize<TrainerEvent>(line, JsonOptions);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            return null;
        }
    }
}

/// <summary>The run is prepared and the first step is next.</summary>
public sealed record RunStarted : TrainerEvent
{
    /// <summary>Optimizer steps of the whole run.</summary>
    public required int MaxSteps { get; init; }

    /// <summary>Step the run continues from; 0 for a new run.</summary>
    public int FirstStep { get; init; }

    /// <summary>Epochs of the whole run.</summary>
    public double NumTrainEpochs { get; init; }

    /// <summary>Samples (rows after packing) an epoch.</summary>
    public int Samples { get; init; }

    /// <summary>Trainable parameters.</summary>
    public long TrainableParameters { get; init; }

    /// <summary>All parameters.</summary>
    public long TotalParameters { get; init; }

    /// <summary>Device of the run ("cpu", "cuda:0").</summary>
    public string Device { get; init; } = "cpu";
}

/// <summary>The signals of one optimizer step.</summary>
public sealed record TrainingStep : TrainerEvent
{
    /// <summary>1-based number of the optimizer step.</summary>
    public required int Step { get; init; }

    /// <summary>Epochs done after this step, as a fraction.</summary>
    public double Epoch { get; init; }

    /// <summary>Cross-entropy per supervised token (nats) over the step's whole window, before the update.</summary>
    public double Loss { get; init; }

    /// <summary>Global L2 norm of the gradient before clipping.</summary>
    public double GradNorm { get; init; }

    /// <summary>Learning rate used by this update.</summary>
    public double LearningRate { get; init; }

    /// <summary>Tokens of the window without padding.</summary>
    public long NumInputTokens { get; init; }

    /// <summary>Supervised tokens of the window.</summary>
    public long NumSupervisedTokens { get; init; }

    /// <summary>Wall time of the step in seconds.</summary>
    public double StepSeconds { get; init; }

    /// <summary>Share of supervised tokens predicted right; null where it was not computed.</summary>
    public double? MeanTokenAccuracy { get; init; }

    /// <summary>Whether the gradient was scaled down.</summary>
    public bool Clipped { get; init; }

    /// <summary>Resident memory of the trainer in bytes; null where it was not sampled.</summary>
    public long? ResidentBytes { get; init; }

    /// <summary>Memory held on the device in bytes; null on the CPU or where it was not sampled.</summary>
    public long? DeviceBytes { get; init; }

    /// <summary>Part of <see cref="StepSeconds"/> spent waiting for the batch; null where it was not measured.</summary>
    public double? DataSeconds { get; init; }

    /// <summary>
    /// Processor time of the trainer in the step, all its threads together, without the wait for the batch; null where it was
    /// not measured or the device is not the CPU. Unlike wall time it does not grow with what else the machine does.
    /// </summary>
    public double? CpuSeconds { get; init; }

    /// <summary>True where the parameters were left as they were: the gradient was not finite, or there was no target.</summary>
    public bool? Skipped { get; init; }

    /// <summary>Rows of the window without a single supervised token; null where they were not counted.</summary>
    public int? RowsWithoutTargets { get; init; }

    /// <summary>Records of the window that the run passes over on purpose (remedy: auto); null where there are none.</summary>
    public int? RecordsPassedOver { get; init; }

    /// <summary>First tensor found to hold NaN or infinity, by name; null where all are finite or it was not looked for.</summary>
    public string? NonFiniteTensor { get; init; }

    /// <summary>
    /// Norm of the first micro-batch's gradient as if it were the whole step (its own mean loss), before clipping; null where
    /// the window is one micro-batch or it was not sampled.
    /// </summary>
    public double? MicroGradNorm { get; init; }

    /// <summary>Median over the trained matrices of the norm of the update over the norm of the weights; sampled.</summary>
    public double? UpdateRatio { get; init; }

    /// <summary>Gradient norm before clipping by group of layers ("embeddings", "layers.0", …, "head"); sampled.</summary>
    public IReadOnlyDictionary<string, double>? GroupGradNorms { get; init; }

    /// <summary>Trainable tensors that the update left exactly as they were, by name; sampled, null where it was not looked at.</summary>
    public IReadOnlyList<string>? StillParameters { get; init; }

    /// <summary>Adapters whose B matrix is all zeros, so that they change nothing; sampled.</summary>
    public int? ZeroAdapters { get; init; }

    /// <summary>Adapters in all; null where there are none or it was not sampled.</summary>
    public int? Adapters { get; init; }

    /// <summary>
    /// Indexes of the training records in the window. Not written: they follow from the seed and the step.
    /// </summary>
    [JsonIgnore]
    public IReadOnlyList<long>? Records { get; init; }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"step {Step}: loss {Loss:F4}");
}

/// <summary>One evaluation.</summary>
public sealed record EvaluationResult : TrainerEvent
{
    /// <summary>Step after which it was made.</summary>
    public required int Step { get; init; }

    /// <summary>Epochs done.</summary>
    public double Epoch { get; init; }

    /// <summary>Metrics under the Trainer's names (eval_loss, eval_mean_token_accuracy, …).</summary>
    public required IReadOnlyDictionary<string, double> Metrics { get; init; }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"step {Step}: {string.Join(", ", Metrics.Select(m => string.Create(CultureInfo.InvariantCulture, $"{m.Key} {m.Value:G5}")))}");
}

/// <summary>A diagnosis was raised, changed or closed.</summary>
public sealed record DiagnosisRaised : TrainerEvent
{
    /// <summary>What happened to it.</summary>
    public required Diagnostics.DiagnosisChange Change { get; init; }

    /// <summary>The diagnosis as it is now.</summary>
    public required Diagnostics.Diagnosis Diagnosis { get; init; }
}

/// <summary>A checkpoint is complete on disk.</summary>
public sealed record CheckpointSaved : TrainerEvent
{
    /// <summary>Step of the checkpoint.</summary>
    public required int Step { get; init; }

    /// <summary>Its folder.</summary>
    public required string Path { get; init; }

    /// <summary>Bytes of its tensors.</summary>
    public long? Bytes { get; init; }

    /// <summary>Seconds that training stood still for it.</summary>
    public double? HeldSeconds { get; init; }

    /// <summary>Seconds until it was complete on the disk.</summary>
    public double? WriteSeconds { get; init; }
}

/// <summary>Something the user may want to know.</summary>
public sealed record LogMessage : TrainerEvent
{
    /// <summary>debug, verbose, information or warning.</summary>
    public required string Level { get; init; }

    /// <summary>The message.</summary>
    public required string Message { get; init; }
}

/// <summary>How the run ended.</summary>
public sealed record RunResult : TrainerEvent
{
    /// <summary>How the run ended.</summary>
    public required RunState State { get; init; }

    /// <summary>Steps done.</summary>
    public required int Steps { get; init; }

    /// <summary>Loss of the first step.</summary>
    public double? FirstLoss { get; init; }

    /// <summary>Loss of the last step.</summary>
    public double? FinalLoss { get; init; }

    /// <summary>Mean of the step losses.</summary>
    public double? TrainLoss { get; init; }

    /// <summary>Last evaluation's metrics.</summary>
    public IReadOnlyDictionary<string, double>? EvaluationMetrics { get; init; }

    /// <summary>Wall time of training in seconds.</summary>
    public double TrainSeconds { get; init; }

    /// <summary>Tokens trained on.</summary>
    public long NumInputTokens { get; init; }

    /// <summary>Folder of the resulting model or adapter; null where none was saved.</summary>
    public string? ModelPath { get; init; }

    /// <summary>Latest checkpoint; null if there is none.</summary>
    public string? CheckpointPath { get; init; }
}

/// <summary>The run cannot go on.</summary>
public sealed record TrainerError : TrainerEvent
{
    /// <summary>Stable id.</summary>
    public required string ErrorId { get; init; }

    /// <summary>Name of the <see cref="Errors.ErrorKind"/>.</summary>
    public required string Kind { get; init; }

    /// <summary>What is wrong and where.</summary>
    public required string Message { get; init; }

    /// <summary>What to do.</summary>
    public string? Remedy { get; init; }

    /// <summary>What it concerns.</summary>
    public string? Target { get; init; }

    /// <summary>0-based number of the generation request it concerns; null where the whole process ends with it.</summary>
    public int? Index { get; init; }

    /// <summary>The event of an exception.</summary>
    public static TrainerError From(Errors.TrainToolsException exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return new TrainerError
        {
            ErrorId = exception.ErrorId,
            Kind = exception.Kind.ToString(),
            Message = exception.Message,
            Remedy = exception.Remedy,
            Target = exception.Target,
        };
    }

    /// <summary>The exception of this event, as it was thrown in the trainer.</summary>
    public Errors.TrainToolsException ToException() => new(
        ErrorId, Enum.TryParse<Errors.ErrorKind>(Kind, out var kind) ? kind : Errors.ErrorKind.Unexpected, Message, Remedy, Target);

    /// <inheritdoc/>
    public override string ToString() => Message;
}

/// <summary>Text answered by a generation request.</summary>
public sealed record GeneratedText : TrainerEvent
{
    /// <summary>0-based number of the request.</summary>
    public required int Index { get; init; }

    /// <summary>The prompt as it was given.</summary>
    public required string Prompt { get; init; }

    /// <summary>The generated text.</summary>
    public required string Text { get; init; }

    /// <summary>Generated tokens.</summary>
    public int Tokens { get; init; }

    /// <summary>"stop" (end of text) or "length".</summary>
    public string? FinishReason { get; init; }

    /// <summary>Seconds taken.</summary>
    public double Seconds { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Text;
}
