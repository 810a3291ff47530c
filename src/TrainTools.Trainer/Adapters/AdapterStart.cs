using System.Globalization;
using TorchSharp;
using TrainTools.Core.Errors;
using TrainTools.Trainer.Models.Parts;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Adapters;

/// <summary>
/// First values of A and B that are parts of the base's own weight, which keeps the rest: the r greatest singular directions
/// (PiSSA, arXiv 2404.02948; pissa_niter_N finds them by N power iterations in place of the whole decomposition), or the
/// first r of a QR decomposition (OLoRA, arXiv 2406.01775). Source: peft 0.20, tuners/lora/layer.py.
/// </summary>
internal sealed class AdapterStart : IDisposable
{
    private const int Oversampling = 6;

    private AdapterStart(Tensor a, Tensor b)
    {
        A = a.DetachFromDisposeScope();
        B = b.DetachFromDisposeScope();
    }

    /// <summary>[r, in].</summary>
    public Tensor A { get; }

    /// <summary>[out, r].</summary>
    public Tensor B { get; }

    /// <summary>Decomposes a layer's weight and takes scale · B·A from it.</summary>
    /// <exception cref="TrainToolsException"><see cref="ErrorIds.AdapterTypeUnsupported"/>: the base is quantised, or the rank is beyond the layer.</exception>
    public static AdapterStart Take(LinearLayer layer, int rank, double scale, string init)
    {
        if (layer.FrozenProduct is not null)
        {
            throw new TrainToolsException(
                ErrorIds.AdapterTypeUnsupported, ErrorKind.NotSupported, $"init_lora_weights {init} takes a part of '{layer.Name}' away, which is quantised.",
                "Use init_lora_weights true with qlora, or lora.", "init_lora_weights");
        }

        using var scope = NewDisposeScope();
        using var grad = no_grad();
        var matrix = layer.Matrix();
        if (rank > Math.Min(matrix.shape[0], matrix.shape[1]))
        {
            throw new TrainToolsException(
                ErrorIds.AdapterTypeUnsupported, ErrorKind.InvalidArgument,
                string.Create(CultureInfo.InvariantCulture, $"'{layer.Name}' is [{matrix.shape[0]}, {matrix.shape[1]}] and has no {rank} directions for init_lora_weights {init}."),
                "Lower lora_r.", "lora_r");
        }

        var (a, b) = init == "olora" ? QrParts(matrix, rank) : SingularParts(matrix, rank, scale, init);
        var start = new AdapterStart(a.contiguous().MoveToOuterDisposeScope(), b.contiguous().MoveToOuterDisposeScope());
        start.Add(layer, -scale);
        return start;
    }

    /// <summary>Gives a layer back what was taken from it.</summary>
    public void GiveBack(LinearLayer layer, double scale) => Add(layer, scale);

    public void Dispose()
    {
        A.Dispose();
        B.Dispose();
    }

    private void Add(LinearLayer layer, double factor)
    {
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        var part = B.mm(A).mul_(factor);
        var weight = layer.Weight.Value;
        weight.copy_(weight.to_type(ScalarType.Float32).add(layer.Transposed ? part.t() : part));
    }

    private static (Tensor A, Tensor B) QrParts(Tensor matrix, int rank)
    {
        var (q, r) = linalg.qr(matrix);
        return (r.narrow(0, 0, rank), q.narrow(1, 0, rank));
    }

    private static (Tensor A, Tensor B) SingularParts(Tensor matrix, int rank, double scale, string init)
    {
        var (u, s, v) = init == "pissa" ? linalg.svd(matrix, fullMatrices: false)
            : LowRank(matrix, rank, int.Parse(init["pissa_niter_".Length..], CultureInfo.InvariantCulture));
        var root = s.narrow(0, 0, rank).div(scale).sqrt();
        return (v.narrow(0, 0, rank).mul(root.unsqueeze(1)), u.narrow(1, 0, rank).mul(root));
    }

    /// <summary>Randomised singular value decomposition (Halko, Martinsson, Tropp 2011, algorithms 4.4 and 5.1), from a fixed seed.</summary>
    private static (Tensor U, Tensor S, Tensor V) LowRank(Tensor matrix, int rank, int iterations)
    {
        using var generator = new Generator(0);
        var width = Math.Min(rank + Oversampling, Math.Min(matrix.shape[0], matrix.shape[1]));
        var basis = linalg.qr(matrix.mm(randn([matrix.shape[1], width], ScalarType.Float32, generator: generator).to(matrix.device))).Q;
        for (var i = 0; i < iterations; i++)
        {
            basis = linalg.qr(matrix.mm(linalg.qr(matrix.t().mm(basis)).Q)).Q;
        }

        var (u, s, v) = linalg.svd(basis.t().mm(matrix), fullMatrices: false);
        return (basis.mm(u), s, v);
    }
}
