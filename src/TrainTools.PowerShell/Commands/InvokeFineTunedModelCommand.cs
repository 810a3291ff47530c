using System.Management.Automation;
using TrainTools.Core.Errors;
using TrainTools.Core.Evaluation;
using TrainTools.Core.Runs;

namespace TrainTools.PowerShell.Commands;

/// <summary>
/// Lets a model answer texts: a language model continues them, a classifier labels them, a tagger finds their entities. A
/// language model takes the most likely token each time unless -Temperature, -TopK or -TopP asks for sampling. All texts of a
/// pipeline go to one trainer process; each answer is given as it comes. With -EvaluatePath a classifier or tagger is judged
/// on labelled data.
/// </summary>
[Cmdlet(VerbsLifecycle.Invoke, "FineTunedModel", DefaultParameterSetName = PromptSet)]
[OutputType(typeof(GeneratedText), typeof(ClassifiedText), typeof(TaggedText), ParameterSetName = [PromptSet])]
[OutputType(typeof(EvaluationReport), ParameterSetName = [EvaluateSet])]
public sealed partial class InvokeFineTunedModelCommand : CommandBase
{
    private const string PromptSet = "Prompt";
    private const string EvaluateSet = "Evaluate";

    private TrainerProcess? trainer;
    private string? pathInUse;
    private string? model;

    /// <summary>A model folder, or a run folder whose result is meant.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "ModelPath")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(Completers.RunCompleter))]
    [Transforms.PathOf]
    public string Path { get; set; } = string.Empty;

    /// <summary>Folder of an adapter's base; left out, the one that the adapter names.</summary>
    [Parameter]
    [Alias("BasePath")]
    [ValidateNotNullOrEmpty]
    public string? BaseModelPath { get; set; }

    /// <summary>Texts to continue, to classify or to tag.</summary>
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = PromptSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Text")]
    [ValidateNotNullOrEmpty]
    public string[] Prompt { get; set; } = [];

    /// <summary>Most tokens to generate for a prompt.</summary>
    [Parameter(ParameterSetName = PromptSet)]
    [Alias("max_new_tokens")]
    [ValidateRange(1, 1_000_000)]
    public int MaxNewTokens { get; set; } = 128;

    /// <summary>Divides the logits before sampling: below 1 the likely tokens gain, above 1 the unlikely ones.</summary>
    [Parameter(ParameterSetName = PromptSet)]
    [ValidateRange(0.01, 100.0)]
    public double Temperature { get; set; } = 1;

    /// <summary>Sample among this many most likely tokens; 0 = all.</summary>
    [Parameter(ParameterSetName = PromptSet)]
    [Alias("top_k")]
    [ValidateRange(0, int.MaxValue)]
    public int TopK { get; set; }

    /// <summary>Sample among the most likely tokens that together have this probability; 1 = all.</summary>
    [Parameter(ParameterSetName = PromptSet)]
    [Alias("top_p")]
    [ValidateRange(0.0, 1.0)]
    public double TopP { get; set; } = 1;

    /// <summary>Seed of the sampling: the same seed gives the same text.</summary>
    [Parameter(ParameterSetName = PromptSet)]
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

        if (ParameterSetName == EvaluateSet)
        {
            Evaluate();
            return;
        }

        foreach (var prompt in Prompt)
        {
            trainer!.Ask(Request(prompt));
            var answer = Answer();
            switch (answer)
            {
                case GeneratedText or ClassifiedText or TaggedText:
                    WriteObject(answer);
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
            TrainerLocator.Find(), model = FindModel(), Device, BaseModelPath is null ? null : PathHelper.ResolveNew(this, BaseModelPath));
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
        if (!Directory.Exists(path))
        {
            throw new TrainToolsException(ErrorIds.ModelFolderNotFound, ErrorKind.NotFound, $"There is no folder '{path}'.", "Give a run, a checkpoint, a model or an adapter.", path);
        }

        if (FineTuneRun.TryOpen(new RunFolder(path)) is not { } run)
        {
            return path;
        }

        return run.ModelPath ?? throw new TrainToolsException(
            ErrorIds.ModelFolderNotFound, ErrorKind.NotFound, $"The run {run.Name} has no model: it is {run.State}.", "Name one of its checkpoints, or a run that is completed.", path);
    }
}
