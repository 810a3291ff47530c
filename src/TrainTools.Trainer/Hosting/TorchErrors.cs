using System.Runtime.InteropServices;
using TrainTools.Core.Errors;
using TrainTools.Core.Files;

namespace TrainTools.Trainer.Hosting;

/// <summary>Makes one clear error of whatever was thrown.</summary>
public static class TorchErrors
{
    private static readonly string[] MemoryPhrases = ["out of memory", "not enough memory", "can't allocate memory", "cannot allocate memory"];

    /// <summary>
    /// The error to report: a <see cref="TrainToolsException"/> as it is, exhausted memory as
    /// <see cref="ErrorIds.OutOfMemory"/>, a full disk as what it is, all else as <see cref="ErrorIds.TrainerFailed"/>
    /// with the first line of its message (libtorch appends a C++ stack).
    /// </summary>
    public static TrainToolsException Translate(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        if (exception is TrainToolsException known && (known.ErrorId == ErrorIds.DiskFull || !DiskSpace.RanOut(known)))
        {
            return known;
        }

        if (DiskSpace.RanOut(exception))
        {
            return new TrainToolsException(
                ErrorIds.DiskFull, ErrorKind.ResourceUnavailable, $"The disk is full: {FirstLine(exception.Message)}",
                "Free some space (or lower save_total_limit) and resume the run: its finished checkpoints are whole.", inner: exception);
        }

        var message = FirstLine(exception.Message);
        if (exception is OutOfMemoryException
            || (exception is ExternalException && MemoryPhrases.Any(p => message.Contains(p, StringComparison.OrdinalIgnoreCase))))
        {
            return new TrainToolsException(
                ErrorIds.OutOfMemory,
                ErrorKind.ResourceUnavailable,
                $"Memory ran out: {message}",
                "Lower per_device_train_batch_size (and raise gradient_accumulation_steps by the same factor), lower max_length, turn gradient_checkpointing on, or train adapters (finetuning_type: lora).",
                inner: exception);
        }

        return exception is IOException or UnauthorizedAccessException
            ? new TrainToolsException(ErrorIds.TrainerFailed, ErrorKind.IO, message, "Check the free space and the permissions of the folders of the run.", inner: exception)
            : new TrainToolsException(
                ErrorIds.TrainerFailed, ErrorKind.Unexpected, $"The trainer failed: {message} ({exception.GetType().Name})", "The stack is in trainer.log of the run folder.", inner: exception);
    }

    private static string FirstLine(string message)
    {
        var end = message.IndexOfAny(['\r', '\n']);
        return (end < 0 ? message : message[..end]).Trim();
    }
}
