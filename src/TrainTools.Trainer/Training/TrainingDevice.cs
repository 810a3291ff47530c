using System.Globalization;
using TorchSharp;
using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;
using TrainTools.Trainer.Backend;

namespace TrainTools.Trainer.Training;

/// <summary>Which device a run uses, refused in clear words where it is not there.</summary>
public static class TrainingDevice
{
    /// <summary>Finds the device of a setting.</summary>
    /// <param name="setting">auto, cpu, cuda or cuda:n.</param>
    /// <exception cref="TrainToolsException"><see cref="ErrorIds.DeviceUnavailable"/>, <see cref="ErrorIds.ConfigValueInvalid"/>.</exception>
    public static torch.Device Find(string setting)
    {
        ArgumentNullException.ThrowIfNull(setting);
        var backend = TorchBackend.Initialize();
        switch (setting)
        {
            case "cpu":
                return torch.CPU;
            case "auto":
                return backend.CudaProblem is null && torch.cuda.is_available() ? Cuda(0) : torch.CPU;
        }

        var index = 0;
        if (setting != "cuda" && !(setting.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(setting.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out index)))
        {
            throw new TrainToolsException(
                ErrorIds.ConfigValueInvalid, ErrorKind.InvalidArgument, $"device is '{setting}', which names no device.", "Use auto, cpu, cuda or cuda:0.", "device");
        }

        var problem = backend.CudaProblem ?? (torch.cuda.is_available() ? null : "libtorch finds no CUDA device or driver");
        var count = problem is null ? torch.cuda.device_count() : 0;
        if (problem is null && index >= count)
        {
            problem = $"there {(count == 1 ? "is 1 CUDA device" : $"are {count} CUDA devices")}, counted from 0";
        }

        return problem is null ? Cuda(index) : throw new TrainToolsException(
            ErrorIds.DeviceUnavailable, ErrorKind.ResourceUnavailable, $"The device '{setting}' is not there: {problem}.",
            "Run Get-TrainingBackend to see why, or set device to cpu or auto.", "device");
    }

    /// <summary>The type of the computation, refused where the device cannot do it.</summary>
    public static torch.ScalarType ComputeType(Precision precision, torch.Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        return precision switch
        {
            Precision.Fp32 => torch.ScalarType.Float32,
            Precision.Bf16 => torch.ScalarType.BFloat16,
            Precision.Fp16 when device.type != DeviceType.CPU => torch.ScalarType.Float16,
            _ => throw new TrainToolsException(
                ErrorIds.ConfigValueInvalid, ErrorKind.InvalidArgument, "precision fp16 needs a CUDA device: on a CPU its gradients underflow and it is slower than fp32.",
                "Set precision to fp32, or device to cuda.", "precision"),
        };
    }

    private static torch.Device Cuda(int index) => torch.device(DeviceType.CUDA, index);
}
