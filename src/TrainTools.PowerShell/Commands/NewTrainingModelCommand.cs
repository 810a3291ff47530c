using System.Management.Automation;
using System.Text.Json;
using System.Text.Json.Nodes;
using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;
using TrainTools.Core.Runs;
using TrainTools.PowerShell.Transforms;

namespace TrainTools.PowerShell.Commands;

/// <summary>
/// Makes a model with fresh weights from a config.json and a tokenizer: a Hugging Face folder to train from scratch. A small
/// encoder made so learns a classification of a few thousand texts in minutes on a CPU. The work is done by a trainer process.
/// </summary>
[Cmdlet(VerbsCommon.New, "TrainingModel", SupportsShouldProcess = true)]
[OutputType(typeof(InitializedModel))]
public sealed class NewTrainingModelCommand : CommandBase
{
    // A field of an enum of Core would make the runtime look for Core before the module can say where it is.
    private object? task;
    private TrainerProcess? trainer;

    /// <summary>A config.json, or the folder it is in.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath")]
    [ValidateNotNullOrEmpty]
    public string ConfigPath { get; set; } = string.Empty;

    /// <summary>Folder to write.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [ValidateNotNullOrEmpty]
    public string OutputPath { get; set; } = string.Empty;

    /// <summary>Folder of the tokenizer; left out, the config's folder.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? TokenizerPath { get; set; }

    /// <summary>Fields of config.json to replace, as name=value: hidden_size=256, num_hidden_layers=4.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] Set { get; set; } = [];

    /// <summary>The head; left out, masked tokens for encoders and next tokens for decoders. A run makes the head of its task by itself.</summary>
    [Parameter]
    [FieldSpelling]
    public TaskType Task
    {
        get => task is TaskType given ? given : default;
        set => task = value;
    }

    /// <summary>Seed of the weights.</summary>
    [Parameter]
    public long Seed { get; set; } = 42;

    /// <summary>Replace what is in the output folder.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void Process()
    {
        var output = PathHelper.ResolveNew(this, OutputPath);
        var request = new InitRequest
        {
            ConfigPath = PathHelper.ResolveNew(this, ConfigPath),
            TokenizerPath = TokenizerPath is null ? null : PathHelper.ResolveNew(this, TokenizerPath),
            OutputPath = output,
            Overrides = Overrides(),
            Task = task is TaskType given ? given : null,
            Seed = Seed,
            Overwrite = Force,
        };
        if (!ShouldProcess(output, "Make a model with fresh weights"))
        {
            return;
        }

        trainer = TrainerProcess.StartInit(TrainerLocator.Find(), request);
        foreach (var made in trainer.Events(Cancellation).OfType<InitializedModel>())
        {
            WriteObject(made);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            trainer?.Dispose();
        }

        base.Dispose(disposing);
    }

    private JsonObject Overrides()
    {
        var result = new JsonObject();
        foreach (var entry in Set)
        {
            var at = entry.IndexOf('=', StringComparison.Ordinal);
            if (at < 1)
            {
                throw new TrainToolsException(ErrorIds.ConfigValueInvalid, ErrorKind.InvalidArgument, $"-Set '{entry}' is not name=value.", "Write it like hidden_size=256.", nameof(Set));
            }

            result[entry[..at].Trim()] = Value(entry[(at + 1)..].Trim());
        }

        return result;
    }

    private static JsonNode? Value(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return JsonValue.Create(text);
        }
    }
}
