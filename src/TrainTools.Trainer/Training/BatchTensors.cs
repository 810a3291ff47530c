using TorchSharp;
using TrainTools.Core.Samples;
using TrainTools.Trainer.Models;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Training;

/// <summary>Batches as tensors on a device. The tensors belong to the caller's scope.</summary>
internal static class BatchTensors
{
    /// <summary>A decoder's input. Rows are padded on the right, where the causal rule hides it already: no mask is made.</summary>
    public static ModelInput ModelInput(SampleBatch batch, Device device, bool training) => new()
    {
        InputIds = Tensor(batch.InputIds, device).reshape(batch.Rows, batch.Columns),
        DocumentLengths = batch.DocumentLengths,
        Training = training,
    };

    /// <summary>An encoder's input: it sees both ways, so padding is masked.</summary>
    public static ModelInput EncoderInput(SampleBatch batch, Device device, bool training)
    {
        var padded = batch.RowLengths?.Any(l => l < batch.Columns) == true;
        return ModelInput(batch, device, training) with
        {
            AttentionMask = padded ? Tensor(batch.AttentionMask()!, device).reshape(batch.Rows, batch.Columns) : null,
        };
    }

    /// <summary>A one-dimensional int64 tensor.</summary>
    public static Tensor Tensor(long[] values, Device device)
    {
        var tensor = torch.tensor(values);
        return device.type == DeviceType.CPU ? tensor : tensor.to(device);
    }
}
