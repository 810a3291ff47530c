using System.Text.Json;
using TrainTools.Core.Runs;

namespace TrainTools.Core.Backend;

/// <summary>Which libtorch is used and why, and what it can compute on: what the trainer's `backend` verb prints.</summary>
public sealed record BackendReport
{
    /// <summary>TrainTools' version.</summary>
    public required string TrainToolsVersion { get; init; }

    /// <summary>Version of the .NET runtime the trainer runs on.</summary>
    public required string DotNetVersion { get; init; }

    /// <summary>TorchSharp's version.</summary>
    public required string TorchSharpVersion { get; init; }

    /// <summary>Version of the libtorch that was loaded; null if none was or it does not say.</summary>
    public string? LibTorchVersion { get; init; }

    /// <summary>System and processor, as the packages name them.</summary>
    public required string RuntimeIdentifier { get; init; }

    /// <summary>Every place that was looked at, in order.</summary>
    public IReadOnlyList<BackendCandidate> Candidates { get; init; } = [];

    /// <summary>Every native library that was loaded.</summary>
    public IReadOnlyList<BackendLibrary> Libraries { get; init; } = [];

    /// <summary>Whether TorchSharp's library was adapted to an older C++ runtime in a private copy.</summary>
    public bool BindingPatched { get; init; }

    /// <summary>Threads libtorch uses for one operator.</summary>
    public int Threads { get; init; }

    /// <summary>What can be computed on.</summary>
    public IReadOnlyList<BackendDevice> Devices { get; init; } = [];

    /// <summary>Whether CUDA can be used.</summary>
    public bool CudaAvailable { get; init; }

    /// <summary>Why CUDA can or cannot be used, in a sentence.</summary>
    public string CudaReason { get; init; } = "";

    /// <summary>What went wrong; null if the backend works.</summary>
    public TrainerError? Error { get; init; }

    /// <summary>The report as one line of JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, TrainerEvent.JsonOptions);

    /// <summary>Reads a report; null where the text is none.</summary>
    public static BackendReport? TryParse(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<BackendReport>(text, TrainerEvent.JsonOptions);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>A place where libtorch may be.</summary>
/// <param name="Source">TRAINTOOLS_LIBTORCH, installed, nuget, python.</param>
/// <param name="Path">The folder.</param>
/// <param name="Version">libtorch's version there; null if it is not there or does not say.</param>
/// <param name="Taken">Whether it was chosen.</param>
/// <param name="Reason">Why, or why not.</param>
public sealed record BackendCandidate(string Source, string Path, string? Version, bool Taken, string Reason)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Source}: {Path}: {Reason}";
}

/// <summary>A native library that was loaded.</summary>
/// <param name="Name">Its name without prefix and ending.</param>
/// <param name="Path">The file.</param>
public sealed record BackendLibrary(string Name, string Path)
{
    /// <inheritdoc/>
    public override string ToString() => Path;
}

/// <summary>Something to compute on.</summary>
/// <param name="Device">Name as in the configuration: cpu, cuda:0.</param>
/// <param name="Description">Name of the hardware.</param>
/// <param name="MemoryBytes">Its memory; null if unknown.</param>
public sealed record BackendDevice(string Device, string Description, long? MemoryBytes)
{
    /// <summary>Whether it multiplies bf16 matrices itself; null if not known.</summary>
    public bool? HasBf16 { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Device;
}
