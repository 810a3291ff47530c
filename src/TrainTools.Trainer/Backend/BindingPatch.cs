using System.Buffers.Binary;
using System.Text;
using TrainTools.Core.Errors;

namespace TrainTools.Trainer.Backend;

/// <summary>What the binding library needs of this system's C++ runtime.</summary>
public enum BindingFit
{
    /// <summary>It loads as it is.</summary>
    Fits,

    /// <summary>It loads after the one import of GCC 13's runtime is renamed in a private copy.</summary>
    NeedsPatch,

    /// <summary>The C or C++ runtime lacks more than that.</summary>
    TooOld,
}

/// <summary>
/// Makes libLibTorchSharp.so 0.107.0 loadable where libstdc++ is one release too old (Debian 12, Ubuntu 22.04).
/// The file asks for exactly one symbol of GCC 13, the function that initialises the standard streams; GCC 12 does the
/// same work in the constructor of std::ios_base::Init, which ignores its object and only counts. So in a private copy
/// that one import is renamed, moved to the oldest version, and the version requirement nobody uses any more is made a
/// second GLIBCXX_3.4.30. No code is touched.
/// </summary>
public static class BindingPatch
{
    internal const string MissingVersion = "GLIBCXX_3.4.32";
    private const string StandInVersion = "GLIBCXX_3.4.30";
    private const string OldestVersion = "GLIBCXX_3.4";
    private const string Import = "_ZSt21ios_base_library_initv";
    private const string Replacement = "_ZNSt8ios_base4InitC1Ev";
    private const string CxxRuntime = "libstdc++.so.6";
    private const string CRuntime = "libc.so.6";

    /// <summary>Compares what the binding asks for with what the system's C and C++ runtimes provide.</summary>
    /// <param name="binding">libLibTorchSharp.so.</param>
    /// <param name="provided">Versions that libc.so.6 and libstdc++.so.6 define, together.</param>
    /// <returns>The verdict and the versions that are missing.</returns>
    public static (BindingFit Fit, IReadOnlyList<string> Missing) Judge(ElfFile binding, IReadOnlyCollection<string> provided)
    {
        ArgumentNullException.ThrowIfNull(binding);
        string[] missing = [.. binding.Versions.Where(v => v.Library is CxxRuntime or CRuntime && !provided.Contains(v.Name)).Select(v => v.Name).Order(StringComparer.Ordinal)];
        return missing switch
        {
            [] => (BindingFit.Fits, missing),
            [MissingVersion] when provided.Contains(StandInVersion) => (BindingFit.NeedsPatch, missing),
            _ => (BindingFit.TooOld, missing),
        };
    }

    /// <summary>The patched copy of an image.</summary>
    /// <param name="image">Bytes of libLibTorchSharp.so; left as they are.</param>
    /// <param name="path">Where they come from, for messages.</param>
    /// <exception cref="TrainToolsException"><see cref="ErrorIds.BackendFileUnexpected"/>: the file is not built as expected; nothing is guessed.</exception>
    public static byte[] Apply(byte[] image, string path)
    {
        ElfFile elf;
        DynamicSymbol[] symbols;
        try
        {
            elf = ElfFile.Parse(image);
            symbols = [.. elf.Symbols()];
        }
        catch (Exception e) when (e is InvalidDataException or ArgumentException or OverflowException)
        {
            throw Unexpected(path, e is InvalidDataException ? e.Message : "its symbol table is damaged", e);
        }

        var runtime = elf.Versions.Where(v => v.Library == CxxRuntime).ToArray();
        var missing = Single(runtime, MissingVersion, path);
        var standIn = Single(runtime, StandInVersion, path);
        var oldest = Single(runtime, OldestVersion, path);

        var users = symbols.Where(s => s.VersionIndex == missing.Index).ToArray();
        if (users is not [{ IsImport: true, Name: Import } symbol])
        {
            throw Unexpected(path, $"{MissingVersion} is asked for by {users.Length} symbols ({string.Join(", ", users.Take(3).Select(u => u.Name))}), not by {Import} alone");
        }

        // A linker may let one name end in another's bytes: renaming in place must not change a second name.
        var end = symbol.NameOffset + (uint)Import.Length;
        var shared = symbols.Where(s => s != symbol).Select(s => (s.NameOffset, s.Name))
            .Concat(elf.Versions.Select(v => (v.NameOffset, v.Name)))
            .FirstOrDefault(n => n.NameOffset <= end && n.NameOffset + (uint)n.Name.Length >= symbol.NameOffset && n.Name.Length > 0);
        if (shared.Name is not null)
        {
            throw Unexpected(path, $"the name {Import} shares its bytes with {shared.Name}");
        }

        var patched = (byte[])image.Clone();
        var name = patched.AsSpan(checked((int)(elf.StringTable + symbol.NameOffset)), Import.Length);
        name.Clear();
        Encoding.ASCII.GetBytes(Replacement, name);
        BinaryPrimitives.WriteUInt16LittleEndian(patched.AsSpan(checked((int)symbol.VersionOffset)), (ushort)oldest.Index);

        // A version-need record: hash (4 bytes), flags (2), index (2), name (4), next (4).
        var record = patched.AsSpan(checked((int)missing.FileOffset), 16);
        BinaryPrimitives.WriteUInt32LittleEndian(record, ElfFile.Hash(StandInVersion));
        BinaryPrimitives.WriteUInt32LittleEndian(record[8..], standIn.NameOffset);
        return patched;
    }

    private static NeededVersion Single(NeededVersion[] versions, string name, string path)
    {
        var found = versions.Where(v => v.Name == name).ToArray();
        return found.Length == 1 ? found[0] : throw Unexpected(path, $"it names {name} of {CxxRuntime} {found.Length} times, not once");
    }

    private static TrainToolsException Unexpected(string path, string reason, Exception? inner = null) => new(
        ErrorIds.BackendFileUnexpected,
        ErrorKind.InvalidData,
        $"'{path}' cannot be made to load with this system's C++ runtime: {reason}.",
        $"Use TorchSharp's own file unchanged, or a system whose libstdc++ provides {MissingVersion} (GCC 13: Debian 13, Ubuntu 24.04 or newer).",
        path,
        inner);
}
