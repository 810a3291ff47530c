namespace TrainTools.Core.Errors;

/// <summary>What kind of thing went wrong; the cmdlets map it to a PowerShell error category.</summary>
public enum ErrorKind
{
    /// <summary>A parameter or setting has a value that cannot be used.</summary>
    InvalidArgument,

    /// <summary>A file's content is not what its format requires.</summary>
    InvalidData,

    /// <summary>A file, folder, run or device that was named does not exist.</summary>
    NotFound,

    /// <summary>Something is already there and would be lost.</summary>
    AlreadyExists,

    /// <summary>The state does not allow the operation.</summary>
    InvalidOperation,

    /// <summary>Memory, disk or a device ran out.</summary>
    ResourceUnavailable,

    /// <summary>Known, understood, and not supported.</summary>
    NotSupported,

    /// <summary>A file could not be opened, read or written.</summary>
    IO,

    /// <summary>The process or the library below failed in a way nobody foresaw.</summary>
    Unexpected,
}

/// <summary>
/// One clear error: what is wrong, where, and what to do. Everything the user can cause is reported as this type.
/// </summary>
public sealed class TrainToolsException : Exception
{
    /// <summary>Makes an error.</summary>
    /// <param name="errorId">Stable id from <see cref="ErrorIds"/>.</param>
    /// <param name="kind">The kind.</param>
    /// <param name="message">What is wrong and where (file, line, column, tensor, setting), as one or two sentences.</param>
    /// <param name="remedy">What the user can do about it; null where the message says it all.</param>
    /// <param name="target">The file, setting or object concerned; null if there is none.</param>
    /// <param name="inner">The cause.</param>
    public TrainToolsException(string errorId, ErrorKind kind, string message, string? remedy = null, string? target = null, Exception? inner = null)
        : base(message, inner)
    {
        ErrorId = errorId;
        Kind = kind;
        Remedy = remedy;
        Target = target;
    }

    /// <summary>The stable id.</summary>
    public string ErrorId { get; }

    /// <summary>The kind.</summary>
    public ErrorKind Kind { get; }

    /// <summary>What to do, or null.</summary>
    public string? Remedy { get; }

    /// <summary>What it concerns, or null.</summary>
    public string? Target { get; }
}
