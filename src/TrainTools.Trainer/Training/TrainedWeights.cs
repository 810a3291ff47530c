using TorchSharp;
using TrainTools.Core.Runs;
using TrainTools.Core.Samples;
using TrainTools.Trainer.Adapters;
using TrainTools.Trainer.Models;

namespace TrainTools.Trainer.Training;

/// <summary>What a run trains, saves and restores: a whole model, or an adapter on one.</summary>
public abstract class TrainedWeights
{
    /// <summary>The model that computes.</summary>
    public abstract PretrainedModel Model { get; }

    /// <summary>All parameters of the computation, trained or not.</summary>
    public abstract long TotalParameters { get; }

    /// <summary>Tokens of a micro-batch that are computed at a time; null = all of them.</summary>
    public virtual int? PartTokens => null;

    /// <summary>Parameters by group.</summary>
    /// <param name="weightDecay">Decay of what decays.</param>
    /// <param name="loraPlus">LoRA+'s rates; null = one rate for all.</param>
    public abstract IReadOnlyList<ParameterGroup> Groups(double weightDecay, LoraPlusRates? loraPlus = null);

    /// <summary>Writes the weights into a folder, as Hugging Face or PEFT files.</summary>
    public abstract void Save(string folder);

    /// <summary>Writes the result of a run; an adapter so that it fits the base as it was.</summary>
    public virtual void SaveResult(string folder) => Save(folder);

    /// <summary>A copy of the weights in the host's memory, to be written while training goes on; null where there is no such way.</summary>
    public virtual WeightsSnapshot? Snapshot() => null;

    /// <summary>Bytes of what <see cref="Save"/> writes, within a few kilobytes.</summary>
    public virtual long SavedBytes => Groups(0).Sum(g => g.Tensors.Sum(t => t.numel() * t.ElementSize));

    /// <summary>Copies saved weights back.</summary>
    public abstract void Restore(string folder);

    /// <summary>Where the result of a run belongs.</summary>
    public abstract string ResultPath(RunFolder folder);
}

/// <summary>Full fine-tuning.</summary>
public sealed class FullWeights : TrainedWeights
{
    private readonly double? layerDecay;

    /// <summary>Every parameter of the model gets a gradient, but for what is frozen.</summary>
    /// <param name="model">The model.</param>
    /// <param name="frozen">What is left as it is; null = nothing.</param>
    /// <param name="layerDecay">Factor from each layer's learning rate to that of the layer below it; null = one rate for all.</param>
    public FullWeights(PretrainedModel model, FrozenParts? frozen = null, double? layerDecay = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        Model = model;
        this.layerDecay = layerDecay;
        foreach (var (name, parameter) in model.Parameters)
        {
            parameter.requires_grad_(frozen?.Contains(model, name) != true);
        }
    }

    /// <inheritdoc/>
    public override PretrainedModel Model { get; }

    /// <inheritdoc/>
    public override long TotalParameters => Model.Parameters.Values.Sum(t => t.numel());

    /// <inheritdoc/>
    public override IReadOnlyList<ParameterGroup> Groups(double weightDecay, LoraPlusRates? loraPlus = null) => ParameterGroup.ForModel(Model, weightDecay, layerDecay);

    /// <inheritdoc/>
    public override void Save(string folder) => PretrainedModelWriter.Save(Model, folder);

    /// <inheritdoc/>
    public override WeightsSnapshot? Snapshot()
    {
        var copies = Model.Parameters.ToDictionary(p => p.Key, p => WeightsSnapshot.Copy(p.Value), StringComparer.Ordinal);
        return new WeightsSnapshot(copies.Values, folder => PretrainedModelWriter.Save(Model, folder, parameters: copies));
    }

    /// <inheritdoc/>
    public override long SavedBytes => Model.Parameters.Values.Sum(t => t.numel() * t.ElementSize);

    /// <inheritdoc/>
    public override void Restore(string folder)
    {
        using var saved = PretrainedModelLoader.Load(folder, new PretrainedModelOptions());
        using var grad = torch.no_grad();
        foreach (var (name, tensor) in Model.Parameters)
        {
            tensor.copy_(saved.Parameters[name]);
        }
    }

    /// <inheritdoc/>
    public override string ResultPath(RunFolder folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        return folder.ModelPath;
    }
}

/// <summary>LoRA and its kin: the adapter alone is trained, saved and restored.</summary>
public sealed class AdapterWeights(AdapterModel adapter) : TrainedWeights
{
    /// <summary>The adapter.</summary>
    public AdapterModel Adapter { get; } = adapter;

    /// <inheritdoc/>
    public override PretrainedModel Model => Adapter.Base;

    /// <inheritdoc/>
    /// <remarks>Gradients of adapters are small: adding up those of parts costs next to nothing. A graphics card wants large products.</remarks>
    public override int? PartTokens => Model.Device.type == DeviceType.CPU && Adapter.TrainableParameters * BatchParts.AdapterShare <= TotalParameters ? BatchParts.AdapterTokens : null;

    /// <inheritdoc/>
    public override long TotalParameters => Adapter.TrainableParameters + Model.ParameterSlots.Sum(p => p.Shape.Aggregate(1L, (n, s) => n * s));

    /// <inheritdoc/>
    public override IReadOnlyList<ParameterGroup> Groups(double weightDecay, LoraPlusRates? loraPlus = null) =>
        ParameterGroup.ForAdapter(Adapter, weightDecay, loraPlus);

    /// <inheritdoc/>
    public override void Save(string folder) => Adapter.Save(folder);

    /// <inheritdoc/>
    public override void SaveResult(string folder) => Adapter.SaveForOriginalBase(folder);

    /// <inheritdoc/>
    public override WeightsSnapshot? Snapshot()
    {
        var copies = Adapter.Parameters.Select(p => p with { Value = WeightsSnapshot.Copy(p.Value) }).ToList();
        return new WeightsSnapshot(copies.Select(c => c.Value), folder => Adapter.Save(folder, copies));
    }

    /// <inheritdoc/>
    public override void Restore(string folder) => Adapter.Restore(folder);

    /// <inheritdoc/>
    public override string ResultPath(RunFolder folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        return folder.AdapterPath;
    }
}
