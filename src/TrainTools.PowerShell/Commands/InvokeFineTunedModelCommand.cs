using System.Management.Automation;
using TrainTools.Core.Errors;
using TrainTools.Core.Runs;

namespace TrainTools.PowerShell.Commands;

/// <summary>
/// Lets a model continue prompts. The most likely token is taken each time unless -Temperature, -TopK or -TopP asks for
/// sampling. All prompts of a pipeline go to one trainer process; each answer is given as it comes.
/// </summary>
[Cmdlet(VerbsLifecycle.Invoke, "FineTunedModel")]
[OutputType(typeof(GeneratedText))]
public sealed class InvokeFineTunedModelCommand : CommandBase
{
    private TrainerProcess? trainer;
    private string? pathInUse;

    /// <summary>A model folder, or a run folder whose result is meant.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "ModelPath")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(Completers.RunCompleter))]
    public string Path { get; set; } = string.Empty;

    /// <summary>Folder of an adapter's base; left out, the one that the adapter names.</summary>
    [Parameter]
    [Alias("BasePath")]
    [ValidateNotNullOrEmpty]
    public string? BaseModelPath { get; set; }

    /// <summary>Texts to continue.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string[] Prompt { get; set; } = [];

    /// <summary>Most tokens to generate for a prompt.</summary>
    [Parameter]
    [Alias("max_new_tokens")]
    [ValidateRange(1, 1_000_000)]
    public int MaxNewTokens { get; set; } = 128;

    /// <summary>Divides the logits before sampling: below 1 the likely tokens gain, above 1 the unlikely ones.</summary>
    [Parameter]
    [ValidateRange(0.01, 100.0)]
    public double Temperature { get; set; } = 1;

    /// <summary>Sample among this many most likely tokens; 0 = all.</summary>
    [Parameter]
    [Alias("top_k")]
    [ValidateRange(0, int.MaxValue)]
    public int TopK { get; set; }

    /// <summary>Sample among the most likely tokens that together have this probability; 1 = all.</summary>
    [Parameter]
    [Alias("top_p")]
    [ValidateRange(0.0, 1.0)]
    public double TopP { get; set; } = 1;

    /// <summary>Seed of the sampling: the same seed gives the same text.</summary>
    [Parameter]
    public long Seed { get; set; } = 42;

    /// <summary>auto, cpu, cuda or cuda:n.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(Completers.SettingCompleter))]
    [ValidateNotNullOrEmpty]
    public string Device { get; set; } = "auto";

    /// <inheritdoc/>
    protected override void Begin()
    {
        if (Path.Length > 0)
        {
            Load();
        }
    }

    /// <inheritdoc/>
    protected override void Process()
    {
        if (Path != pathInUse)
        {
            // Another model came down the pipeline.
            trainer?.EndRequests();
            trainer?.Dispose();
            Load();
        }

        foreach (var prompt in Prompt)
        {
            trainer!.Ask(Request(prompt));
            switch (Answer())
            {
                case GeneratedText text:
                    WriteObject(text);
                    break;
                case TrainerError error:
                    WriteError(ErrorRecords.From(error.ToException(), prompt));
                    break;
            }
        }
    }

    /// <inheritdoc/>
    protected override void End() => trainer?.EndRequests();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            trainer?.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Load()
    {
        pathInUse = null;
        trainer = TrainerProcess.StartGeneration(
            TrainerLocator.Find(), FindModel(), Device, BaseModelPath is null ? null : PathHelper.ResolveNew(this, BaseModelPath));
        pathInUse = Path;
    }

    private TrainerEvent? Answer()
    {
        try
        {
            return trainer!.Read(Cancellation);
        }
        catch (TrainToolsException e)
        {
            // Not this prompt but the model or the trainer: the other prompts would fail the same way.
            ThrowTerminatingError(ErrorRecords.From(e));
            throw;
        }
    }

    private GenerationRequest Request(string prompt)
    {
        var given = MyInvocation.BoundParameters;
        return new GenerationRequest
        {
            Prompt = prompt,
            MaxNewTokens = MaxNewTokens,
            DoSample = given.ContainsKey(nameof(Temperature)) || given.ContainsKey(nameof(TopK)) || given.ContainsKey(nameof(TopP)),
            Temperature = Temperature,
            TopK = TopK,
            TopP = TopP,
            Seed = Seed,
        };
    }

    private string FindModel()
    {
        var path = PathHelper.ResolveNew(this, Path);
        if (FineTuneRun.TryOpen(new RunFolder(path)) is not { } run)
        {
            return path;
        }

        return run.ModelPath ?? throw new TrainToolsException(
            ErrorIds.ModelFolderNotFound, ErrorKind.NotFound, $"The run {run.Name} has no model: it is {run.State}.", "Name one of its checkpoints, or a run that is completed.", path);
    }
}
