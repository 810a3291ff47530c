using TorchSharp;
using TrainTools.Trainer.Models.Parts;
using TrainTools.Trainer.Models.Parts.Fused;
using TrainTools.Trainer.Quantization;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Adapters;

/// <summary>A linear layer with a LoRA adapter, with or without DoRA's magnitudes.</summary>
internal sealed class LoraLinear : IFusedAdapter, IAdapterPart
{
    private readonly LinearLayer layer;
    private readonly IFrozenProduct product;
    private readonly double dropout;

    /// <summary>Makes the part; the tensors become its own.</summary>
    public LoraLinear(LinearLayer layer, IFrozenProduct product, AdapterTensor a, AdapterTensor b, AdapterTensor? magnitude, double scale, double dropout, AdapterStart? start = null)
    {
        (this.layer, this.product, A, B, Magnitude, Scale, this.dropout) = (layer, product, a, b, magnitude, scale, dropout);
        Start = start;
        layer.Adapter = this;
    }

    /// <summary>What was taken from the base at the start (PiSSA, OLoRA); null = nothing.</summary>
    public AdapterStart? Start { get; private set; }

    /// <summary>Gives the base back what was taken from it.</summary>
    public void GiveBack() => Start?.GiveBack(layer, Scale);

    /// <summary>Frees <see cref="Start"/>.</summary>
    public void ForgetStart()
    {
        Start?.Dispose();
        Start = null;
    }

    /// <summary>[r, in].</summary>
    public AdapterTensor A { get; }

    /// <summary>[out, r].</summary>
    public AdapterTensor B { get; }

    /// <summary>[out], DoRA; null = none.</summary>
    public AdapterTensor? Magnitude { get; }

    /// <summary>Factor of B·A.</summary>
    public double Scale { get; }

    /// <inheritdoc/>
    public bool Enabled { get; set; } = true;

    /// <inheritdoc/>
    public string Module => layer.Name;

    /// <inheritdoc/>
    public IEnumerable<AdapterTensor> Tensors => Magnitude is null ? [A, B] : [A, B, Magnitude];

    /// <inheritdoc/>
    public Tensor Forward(LinearLayer layer, Tensor input, bool training)
    {
        if (!Enabled)
        {
            return this.layer.BaseForward(input);
        }

        using var scope = NewDisposeScope();
        var flat = input.dim() == 2 ? input : input.flatten(0, -2);
        var mask = training && dropout > 0 ? Drawn(flat) : null;
        var output = Magnitude is null ? Fused(flat, mask) : Dora(flat, mask is null ? null : flat.mul(mask.AsTensor(flat.shape[0])).mul(1 / (1 - dropout)));
        if (input.dim() != 2)
        {
            output = output.view([.. input.shape[..^1], output.shape[^1]]);
        }

        return output.MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public bool HasDropout => dropout > 0;

    /// <inheritdoc/>
    public bool Fuses(bool training, Device device)
    {
        // Masks that come out the same twice are made in the processor's memory.
        ArgumentNullException.ThrowIfNull(device);
        return Enabled && Magnitude is null && A.Value.dtype == ScalarType.Float32 && B.Value.dtype == ScalarType.Float32
            && (!training || dropout == 0 || device.type == DeviceType.CPU);
    }

    /// <inheritdoc/>
    public DropoutMask? Mask(ulong seed) => dropout == 0 ? null : new SeededMask(layer.InFeatures, seed, 1 - dropout);

    /// <inheritdoc/>
    public void AddTo(Tensor output, Tensor input, DropoutMask? mask) => LoraKernel.AddTo(output, input, mask, A.Value, B.Value, Factor(mask));

    /// <inheritdoc/>
    public void Backward(Tensor? target, Tensor gradient, Tensor? input, DropoutMask? mask) =>
        LoraKernel.Backward(target, gradient, input, mask, A.Value, B.Value, Factor(mask));

    /// <inheritdoc/>
    public Tensor MergedWeight()
    {
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        var merged = layer.Matrix().add(B.Value.mm(A.Value).mul(Scale));
        if (Magnitude is not null)
        {
            merged = merged.mul(Magnitude.Value.div(Norm(merged)).unsqueeze(1));
        }

        return (layer.Transposed ? merged.t() : merged).contiguous().MoveToOuterDisposeScope();
    }

    /// <summary>‖W + scale · B·A‖ of each row, DoRA's first magnitudes.</summary>
    public static Tensor Norm(Tensor weight) => weight.norm(1, false, 2f);

    private DropoutMask Drawn(Tensor input) => input.device.type == DeviceType.CPU
        ? new SeededMask(layer.InFeatures, LinearKernel.DrawnSeed(), 1 - dropout)
        : new DrawnMask(empty(input.shape, ScalarType.Bool, input.device).bernoulli_(1 - dropout));

    // The survivors of dropout count for those it took.
    private double Factor(DropoutMask? mask) => mask is null ? Scale : Scale / (1 - dropout);

    private Tensor Fused(Tensor input, DropoutMask? mask)
    {
        var bias = layer.Bias?.Value;
        var trained = bias is { requires_grad: true };
        var output = LoraFunction.Apply(product, input, mask, A.Value, B.Value, trained ? null : layer.Bias?.As(input.dtype), Factor(mask));
        return trained ? output.add(layer.Bias!.As(input.dtype)) : output;
    }

    /// <summary>
    /// DoRA (arXiv 2402.09353): m / ‖W + s·B·A‖ times the adapted product; the norm is a constant to the gradient. With
    /// dropout the base product inside the correction sees the dropped input too, as in PEFT.
    /// </summary>
    private Tensor Dora(Tensor input, Tensor? dropped)
    {
        var adapted = dropped ?? input;
        Tensor norm;
        using (no_grad())
        {
            norm = Norm(layer.Matrix().add(B.Value.mm(A.Value).mul(Scale)));
        }

        var factor = Magnitude!.Value.div(norm).unsqueeze(0);
        var update = nn.functional.linear(nn.functional.linear(adapted.to_type(A.Value.dtype), A.Value), B.Value).mul(Scale);
        var correction = layer.Product(adapted).to_type(factor.dtype).mul(factor.sub(1)).add(update.mul(factor));
        return layer.BaseForward(input).add(correction.to_type(input.dtype));
    }
}
