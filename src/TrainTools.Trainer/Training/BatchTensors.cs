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

    /// <summary>A one-dimensional int64 tensor.</summary>
    public static Tensor Tensor(long[] values, Device device)
    {
        var tensor = torch.tensor(values);
        return device.type == DeviceType.CPU ? tensor : tensor.to(device);
    }
}
