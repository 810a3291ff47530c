using System.Buffers.Binary;
using System.Text;

namespace TrainTools.Trainer.Backend;

/// <summary>
/// The parts of a 64-bit little-endian ELF shared object that the dynamic loader reads: names, imported symbols and
/// symbol versions. Layout: System V ABI and the GNU symbol versioning supplement.
/// </summary>
public sealed class ElfFile
{
    private const int SymbolSize = 24;
    private readonly byte[] bytes;
    private readonly List<(ulong Address, ulong FileOffset, ulong FileSize)> segments = [];
    private readonly Dictionary<long, ulong> dynamic = [];

    private ElfFile(byte[] bytes)
    {
        this.bytes = bytes;
        if (bytes.Length < 64 || !bytes.AsSpan(0, 4).SequenceEqual("\u007fELF"u8))
        {
            throw new InvalidDataException("it is not an ELF file");
        }

        if (bytes[4] != 2 || bytes[5] != 1)
        {
            throw new InvalidDataException("it is not a 64-bit little-endian ELF file");
        }

        Machine = U16(18);
        ReadSegments();
        Versions = ReadNeededVersions();
        DefinedVersions = ReadDefinedVersions();
    }

    /// <summary>The processor (62 = x86-64, 183 = AArch64).</summary>
    public int Machine { get; }

    /// <summary>Versions the file asks for, in file order.</summary>
    public IReadOnlyList<NeededVersion> Versions { get; }

    /// <summary>Names of the versions the file provides.</summary>
    public IReadOnlyList<string> DefinedVersions { get; }

    /// <summary>File offset of the string table of the dynamic symbols.</summary>
    internal long StringTable => Offset(Entry(5));

    /// <summary>Size of that table in bytes.</summary>
    internal long StringTableSize => (long)Entry(10);

    /// <summary>Reads an image.</summary>
    /// <exception cref="InvalidDataException">The bytes are not such a file; the message continues "because …".</exception>
    public static ElfFile Parse(byte[] bytes)
    {
        try
        {
            return new ElfFile(bytes);
        }
        catch (Exception e) when (e is ArgumentException or IndexOutOfRangeException or OverflowException or KeyNotFoundException)
        {
            throw new InvalidDataException("its headers point outside the file or lack a table", e);
        }
    }

    /// <summary>Every dynamic symbol: name, its offset in the string table, version index and whether it is imported.</summary>
    public IEnumerable<DynamicSymbol> Symbols()
    {
        var table = Offset(Entry(6));
        var versions = dynamic.TryGetValue(0x6ffffff0, out var address) ? Offset(address) : -1;

        // The symbol table carries no length of its own; in every linker's output the string table follows it directly.
        var count = (int)((StringTable - table) / SymbolSize);
        for (var i = 0; i < count; i++)
        {
            var at = table + ((long)i * SymbolSize);
            var name = U32(at);
            var versionOffset = versions + (2L * i);
            yield return new DynamicSymbol(
                Text(name), name, versions < 0 ? 0 : U16(versionOffset) & 0x7fff, versionOffset, U16(at + 6) == 0);
        }
    }

    /// <summary>Entries of the import table that hold functions' addresses: where each lies, from the image's start, and what it is of.</summary>
    public IEnumerable<(ulong Address, string Symbol)> JumpSlots()
    {
        // DT_JMPREL and DT_PLTRELSZ; a record: where, symbol and kind, addend, 8 bytes each.
        if (!dynamic.TryGetValue(23, out var table) || !dynamic.TryGetValue(2, out var size))
        {
            yield break;
        }

        var symbols = Offset(Entry(6));
        var start = Offset(table);
        for (var at = start; at < start + (long)size; at += SymbolSize)
        {
            yield return (U64(at), Text(U32(symbols + ((long)(U64(at + 8) >> 32) * SymbolSize))));
        }
    }

    /// <summary>The System V hash by which a version is looked up.</summary>
    internal static uint Hash(string name)
    {
        uint h = 0;
        foreach (var c in Encoding.ASCII.GetBytes(name))
        {
            h = (h << 4) + c;
            var g = h & 0xf0000000;
            h = (h ^ (g >> 24)) & ~g;
        }

        return h;
    }

    /// <summary>A string of the dynamic string table.</summary>
    internal string Text(uint offset)
    {
        var start = checked((int)(StringTable + offset));
        var length = bytes.AsSpan(start).IndexOf((byte)0);
        return length < 0 ? throw new InvalidDataException("a name has no end") : Encoding.ASCII.GetString(bytes, start, length);
    }

    private void ReadSegments()
    {
        var headers = (long)U64(32);
        var size = U16(54);
        var count = U16(56);
        (ulong Offset, ulong Size)? dynamicSegment = null;
        for (var i = 0; i < count; i++)
        {
            var at = headers + ((long)i * size);
            switch (U32(at))
            {
                case 1: // PT_LOAD
                    segments.Add((U64(at + 16), U64(at + 8), U64(at + 32)));
                    break;
                case 2: // PT_DYNAMIC
                    dynamicSegment = (U64(at + 8), U64(at + 32));
                    break;
            }
        }

        if (dynamicSegment is not { } d)
        {
            throw new InvalidDataException("it is not a shared library");
        }

        for (ulong i = 0; i < d.Size; i += 16)
        {
            var tag = (long)U64((long)(d.Offset + i));
            if (tag == 0)
            {
                break;
            }

            dynamic.TryAdd(tag, U64((long)(d.Offset + i) + 8));
        }
    }

    private List<NeededVersion> ReadNeededVersions()
    {
        var found = new List<NeededVersion>();
        if (!dynamic.TryGetValue(0x6ffffffe, out var address))
        {
            return found;
        }

        var file = Offset(address);
        for (var files = Entry(0x6fffffff); files > 0; files--)
        {
            var library = Text(U32(file + 4));
            var entry = file + U32(file + 8);
            for (var count = U16(file + 2); count > 0; count--)
            {
                found.Add(new NeededVersion(library, Text(U32(entry + 8)), U16(entry + 6), U32(entry + 8), entry));
                entry += U32(entry + 12);
            }

            if (U32(file + 12) is var next and > 0)
            {
                file += next;
            }
            else
            {
                break; // the last one, whatever the stated number
            }
        }

        return found;
    }

    private List<string> ReadDefinedVersions()
    {
        var found = new List<string>();
        if (!dynamic.TryGetValue(0x6ffffffc, out var address))
        {
            return found;
        }

        var definition = Offset(address);
        for (var count = Entry(0x6ffffffd); count > 0; count--)
        {
            found.Add(Text(U32(definition + U32(definition + 12))));
            if (U32(definition + 16) is var next and > 0)
            {
                definition += next;
            }
            else
            {
                break;
            }
        }

        return found;
    }

    private ulong Entry(long tag) => dynamic[tag];

    private long Offset(ulong address)
    {
        foreach (var (start, offset, size) in segments)
        {
            if (address >= start && address - start < size)
            {
                return checked((long)(address - start + offset));
            }
        }

        throw new InvalidDataException("a table lies outside its segments");
    }

    private ushort U16(long at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(checked((int)at), 2));

    private uint U32(long at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(checked((int)at), 4));

    private ulong U64(long at) => BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(checked((int)at), 8));
}

/// <summary>A version the file asks another library for.</summary>
/// <param name="Library">The other library's SONAME.</param>
/// <param name="Name">The version.</param>
/// <param name="Index">Index by which symbols refer to it.</param>
/// <param name="NameOffset">Offset of the name in the string table.</param>
/// <param name="FileOffset">Where the record lies in the file.</param>
public sealed record NeededVersion(string Library, string Name, int Index, uint NameOffset, long FileOffset);

/// <summary>A symbol the dynamic loader sees.</summary>
/// <param name="Name">Its name.</param>
/// <param name="NameOffset">Offset of the name in the string table.</param>
/// <param name="VersionIndex">Index of its version; 0 and 1 mean none.</param>
/// <param name="VersionOffset">Where that index lies in the file.</param>
/// <param name="IsImport">Whether another library provides it.</param>
public sealed record DynamicSymbol(string Name, uint NameOffset, int VersionIndex, long VersionOffset, bool IsImport);
