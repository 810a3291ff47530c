using TorchSharp;

namespace TrainTools.Trainer.Training;

/// <summary>Weights as they were at a moment, in the host's memory. Written and freed on whatever thread has it.</summary>
/// <param name="copies">The copies; freed with this.</param>
/// <param name="save">Writes them into a folder.</param>
public sealed class WeightsSnapshot(IEnumerable<torch.Tensor> copies, Action<string> save) : IDisposable
{
    private readonly torch.Tensor[] tensors = [.. copies];

    /// <summary>A copy that belongs to no scope.</summary>
    public static torch.Tensor Copy(torch.Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        using var grad = torch.no_grad();
        using var detached = tensor.detach();
        var copy = tensor.device_type == DeviceType.CPU ? detached.clone() : detached.cpu();
        return copy.DetachFromDisposeScope();
    }

    /// <summary>Writes the weights as <see cref="TrainedWeights.Save"/> would have.</summary>
    public void Save(string folder) => save(folder);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in tensors)
        {
            tensor.Dispose();
        }
    }
}
