using System.Management.Automation;
using TrainTools.Core.Errors;

namespace TrainTools.PowerShell;

/// <summary>Makes PowerShell's error records: the one place that knows which category a kind of error has.</summary>
internal static class ErrorRecords
{
    /// <summary>The record of an error: stable id, category, what it concerns, and the remedy as recommended action.</summary>
    /// <param name="error">The error.</param>
    /// <param name="target">The object concerned; null = what the error names.</param>
    public static ErrorRecord From(TrainToolsException error, object? target = null)
    {
        var record = new ErrorRecord(error, error.ErrorId, Category(error.Kind), target ?? error.Target);
        if (error.Remedy is not null)
        {
            // The error view shows it under the message.
            record.ErrorDetails = new ErrorDetails(error.Message) { RecommendedAction = error.Remedy };
        }

        return record;
    }

    /// <summary>The record of any error that a user can cause; what the file system says is put as FileAccessFailed.</summary>
    public static ErrorRecord From(Exception error, object? target = null) => error switch
    {
        TrainToolsException known => From(known, target),
        _ => From(new TrainToolsException(ErrorIds.FileAccessFailed, ErrorKind.IO, error.Message, inner: error), target),
    };

    private static ErrorCategory Category(ErrorKind kind) => kind switch
    {
        ErrorKind.InvalidArgument => ErrorCategory.InvalidArgument,
        ErrorKind.InvalidData => ErrorCategory.InvalidData,
        ErrorKind.NotFound => ErrorCategory.ObjectNotFound,
        ErrorKind.AlreadyExists => ErrorCategory.ResourceExists,
        ErrorKind.InvalidOperation => ErrorCategory.InvalidOperation,
        ErrorKind.ResourceUnavailable => ErrorCategory.ResourceUnavailable,
        ErrorKind.NotSupported => ErrorCategory.NotImplemented,
        ErrorKind.IO => ErrorCategory.ReadError,
        _ => ErrorCategory.NotSpecified,
    };
}
