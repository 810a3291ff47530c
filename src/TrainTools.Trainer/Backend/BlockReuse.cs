using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace TrainTools.Trainer.Backend;

/// <summary>
/// Lets libtorch's large tensors come from a <see cref="BlockCache"/>. libtorch gets memory of the C library through two entries
/// of c10's import table (posix_memalign and free); those are pointed here, as a preloaded allocator would, but for c10 alone.
/// On Linux only, only where the two entries are what a plain load leaves, and only in a process that asks for it by
/// <see cref="Core.Runs.AllocatorSettings.ReuseVariable"/>: nothing is forced, and without it everything works as before.
/// </summary>
internal static unsafe partial class BlockReuse
{
    private const int NoMemory = 12; // ENOMEM
    private const int ReadWrite = 3;
    private const int PrivateAnonymous = 0x22;
    private static readonly BlockCache Cache = new(Map, (address, size) => _ = munmap(address, size));
    private static delegate* unmanaged<void**, nuint, nuint, int> systemAlign;
    private static delegate* unmanaged<void*, void> systemFree;

    /// <summary>Whether it is in force.</summary>
    public static bool InForce { get; private set; }

    /// <summary>Points c10's entries here; false where this process is not as expected, and then nothing is changed.</summary>
    /// <param name="c10">Path of the loaded libc10.so.</param>
    public static bool Install(string c10)
    {
        if (InForce || !OperatingSystem.IsLinux() || !NativeLibrary.TryLoad("libc.so.6", out var libc)
            || !NativeLibrary.TryGetExport(libc, "posix_memalign", out var align) || !NativeLibrary.TryGetExport(libc, "free", out var free)
            || !NativeLibrary.TryGetExport(libc, "labs", out var nothing))
        {
            return false;
        }

        try
        {
            var slots = ElfFile.Parse(File.ReadAllBytes(c10)).JumpSlots().Where(s => s.Symbol is "posix_memalign" or "free").ToLookup(s => s.Symbol, s => s.Address);
            var image = MemoryMap.Of(c10);
            if (slots["posix_memalign"].ToArray() is not [var alignAt] || slots["free"].ToArray() is not [var freeAt]
                || image.Slot(alignAt, align) is not { } alignSlot || image.Slot(freeAt, free) is not { } freeSlot)
            {
                return false;
            }

            systemAlign = (delegate* unmanaged<void**, nuint, nuint, int>)align;
            systemFree = (delegate* unmanaged<void*, void>)free;

            // Compiled before libtorch's threads can meet them. First free, then what gives out what only it can take back.
            RuntimeHelpers.PrepareMethod(typeof(BlockReuse).GetMethod(nameof(Free), System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Static)!.MethodHandle);
            Volatile.Write(ref *(nint*)freeSlot, (nint)(delegate* unmanaged[Cdecl]<void*, void>)&Free);
            Volatile.Write(ref *(nint*)alignSlot, (nint)(delegate* unmanaged[Cdecl]<void**, nuint, nuint, int>)&Align);

            // Destructors of the libraries run after the runtime has ended: from then on nothing is given back any more.
            AppDomain.CurrentDomain.ProcessExit += (_, _) =>
            {
                Volatile.Write(ref *(nint*)alignSlot, align);
                Volatile.Write(ref *(nint*)freeSlot, nothing);
            };
            return InForce = true;
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Align(void** result, nuint alignment, nuint size)
    {
        if (size < BlockCache.Smallest || alignment > 4096)
        {
            return systemAlign(result, alignment, size);
        }

        var address = Cache.Take(size);
        *result = (void*)address;
        return address == 0 ? NoMemory : 0;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Free(void* address)
    {
        // What is given out here begins on a page; hardly anything else does.
        if (((nuint)address & 4095) != 0 || address == null || !Cache.Return((nint)address))
        {
            systemFree(address);
        }
    }

    private static nint Map(nuint size)
    {
        var address = mmap(0, size, ReadWrite, PrivateAnonymous, -1, 0);
        return address == -1 ? 0 : address;
    }

    [LibraryImport("libc.so.6")]
    private static partial nint mmap(nint address, nuint length, int protection, int flags, int file, long offset);

    [LibraryImport("libc.so.6")]
    private static partial int munmap(nint address, nuint length);

    /// <summary>Where a library lies in this process.</summary>
    private sealed class MemoryMap
    {
        private readonly List<(ulong Start, ulong End, bool Writable)> parts = [];

        /// <summary>Reads /proc/self/maps.</summary>
        public static MemoryMap Of(string path)
        {
            var map = new MemoryMap();
            var real = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? Path.GetFullPath(path);
            ulong end = 0;
            foreach (var line in File.ReadLines("/proc/self/maps"))
            {
                // start-end perms offset device inode path; the library's zeroed data follows it without a name.
                var words = line.Split(' ', 6, StringSplitOptions.RemoveEmptyEntries);
                var range = words[0].Split('-');
                var start = Convert.ToUInt64(range[0], 16);
                var named = words.Length == 6 ? words[5] : string.Empty;
                if (named == real || (named.Length == 0 && start == end && map.parts.Count > 0))
                {
                    end = Convert.ToUInt64(range[1], 16);
                    map.parts.Add((start, end, words[1][1] == 'w'));
                }
            }

            return map;
        }

        /// <summary>The address of an import's entry; null unless it can be written and holds the function itself or the stub that would look it up.</summary>
        public nint? Slot(ulong offset, nint function)
        {
            var address = parts.Count == 0 ? 0 : parts[0].Start + offset;
            if (!parts.Any(p => p.Writable && address >= p.Start && address + 8 <= p.End))
            {
                return null;
            }

            var value = *(ulong*)address;
            return value == (ulong)function || parts.Any(p => !p.Writable && value >= p.Start && value < p.End) ? (nint)address : null;
        }
    }
}
