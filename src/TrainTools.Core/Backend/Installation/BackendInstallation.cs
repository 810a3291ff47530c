namespace TrainTools.Core.Backend.Installation;

/// <summary>What an installation came to.</summary>
public enum BackendInstallationStatus
{
    /// <summary>The backend was installed now.</summary>
    Installed,

    /// <summary>It was there before, in this version: nothing was done.</summary>
    AlreadyInstalled,
}

/// <summary>A backend that is installed.</summary>
/// <param name="Backend">Cpu, CudaWindows, CudaLinux or FromPython.</param>
/// <param name="Version">libtorch's version.</param>
/// <param name="Path">Folder of the installed backend.</param>
/// <param name="Library">Folder with the libraries: the same, or that of a Python installation.</param>
/// <param name="SizeBytes">Bytes of the libraries that were written; 0 where none were.</param>
/// <param name="Verified">Whether every package was held against a checksum; null where nothing was installed now.</param>
public sealed record BackendInstallation(string Backend, string Version, string Path, string Library, long SizeBytes, bool? Verified)
{
    /// <summary>Whether it was installed now or before.</summary>
    public BackendInstallationStatus Status { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Path;
}

/// <summary>How far an installation has come.</summary>
/// <param name="Activity">What is being done: Downloading, Checking, Unpacking.</param>
/// <param name="Item">The package or file.</param>
/// <param name="Done">Bytes done of this item.</param>
/// <param name="Total">Bytes of this item; 0 if unknown.</param>
/// <param name="Number">Which item, from 1.</param>
/// <param name="Count">How many items.</param>
public sealed record InstallationProgress(string Activity, string Item, long Done, long Total, int Number, int Count);
