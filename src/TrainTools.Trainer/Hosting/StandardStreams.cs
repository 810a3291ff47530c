using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using TrainTools.Core.Errors;

namespace TrainTools.Trainer.Hosting;

/// <summary>
/// Keeps the event stream to itself. libtorch and TorchSharp print to standard output in places; so the process takes
/// its standard output away for events at the very start and points descriptor 1 (and the console) at standard error.
/// A run then sends both, native messages and the last words of an abort included, to its log file, where they survive
/// whoever started the process.
/// </summary>
public sealed partial class StandardStreams : IDisposable
{
    private const int Output = 1;
    private const int Error = 2;
    private readonly StreamWriter console;

    private StandardStreams(Stream events, Stream originalError)
    {
        Events = events;
        console = new StreamWriter(originalError) { AutoFlush = true };
    }

    /// <summary>What was standard output when the process began. Only events go there.</summary>
    public Stream Events { get; }

    /// <summary>Splits the streams. Called once, before anything else touches the console.</summary>
    public static StandardStreams Split()
    {
        var streams = new StandardStreams(Duplicate(Output), Duplicate(Error));
        Redirect(Output, Error);
        RenewConsole();
        return streams;
    }

    /// <summary>Writes a line to what was standard error when the process began: for a person or a scheduler's log.</summary>
    public void Tell(string line)
    {
        try
        {
            console.WriteLine(line);
        }
        catch (IOException)
        {
            // Nobody reads it any more. The line is in the log and in the event stream as well.
        }
    }

    /// <summary>Appends everything that is printed from now on to a file.</summary>
    /// <exception cref="TrainToolsException"><see cref="ErrorIds.RunFolderNotWritable"/>.</exception>
    public static void LogTo(string path)
    {
        try
        {
            using var file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
            if (OperatingSystem.IsWindows())
            {
                WindowsLog(file);
            }
            else
            {
                var descriptor = (int)file.DangerousGetHandle();
                _ = UnixSeek(descriptor, 0, 2);
                Check(UnixDuplicateTo(descriptor, Output));
                Check(UnixDuplicateTo(descriptor, Error));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TrainToolsException(
                ErrorIds.RunFolderNotWritable, ErrorKind.IO, $"'{path}' cannot be written: {e.Message}", "Give this user write access to the run folder.", path, e);
        }

        RenewConsole();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Events.Dispose();
        console.Dispose();
    }

    /// <summary>The console holds duplicates of the descriptors it was first used with: it is given new ones.</summary>
    private static void RenewConsole()
    {
        var error = new StreamWriter(Console.OpenStandardError()) { AutoFlush = true };
        Console.SetError(error);
        Console.SetOut(error);
    }

    /// <summary>A stream to what the descriptor is now, whatever it becomes later.</summary>
    private static Stream Duplicate(int descriptor)
    {
        if (!OperatingSystem.IsWindows())
        {
            // .NET duplicates the descriptor here, and writes at its own position: also right for a file that others append to.
            return descriptor == Output ? Console.OpenStandardOutput() : Console.OpenStandardError();
        }

        var process = WindowsCurrentProcess();
        _ = WindowsDuplicate(process, WindowsStandard(descriptor), process, out var duplicate, 0, false, 2);
        return new FileStream(new SafeFileHandle(duplicate, ownsHandle: true), FileAccess.Write, bufferSize: 0);
    }

    private static void Redirect(int descriptor, int target)
    {
        if (OperatingSystem.IsWindows())
        {
            _ = WindowsCrtDuplicateTo(target, descriptor);
            _ = WindowsSetStandard(-10 - descriptor, WindowsStandard(target));
        }
        else
        {
            Check(UnixDuplicateTo(target, descriptor));
        }
    }

    // The C runtime (native libraries) and the Win32 standard handles (.NET) are set apart from each other.
    private static void WindowsLog(SafeFileHandle file)
    {
        var process = WindowsCurrentProcess();
        _ = WindowsDuplicate(process, file.DangerousGetHandle(), process, out var duplicate, 0, false, 2);
        _ = WindowsSeek(duplicate, 0, 0, 2);
        const int append = 8;
        var descriptor = WindowsCrtOpen(duplicate, append);
        foreach (var stream in (int[])[Output, Error])
        {
            _ = WindowsCrtDuplicateTo(descriptor, stream);
            _ = WindowsSetStandard(-10 - stream, duplicate);
        }
    }

    private static nint WindowsStandard(int descriptor) => WindowsGetStandard(-10 - descriptor);

    private static void Check(int result)
    {
        if (result < 0)
        {
            throw new IOException($"a standard stream could not be redirected: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    [LibraryImport("libc", EntryPoint = "dup2", SetLastError = true)]
    private static partial int UnixDuplicateTo(int descriptor, int target);

    [LibraryImport("libc", EntryPoint = "lseek")]
    private static partial long UnixSeek(int descriptor, long offset, int origin);

    [LibraryImport("kernel32.dll", EntryPoint = "GetStdHandle")]
    private static partial nint WindowsGetStandard(int which);

    [LibraryImport("kernel32.dll", EntryPoint = "SetStdHandle")]
    private static partial int WindowsSetStandard(int which, nint handle);

    [LibraryImport("kernel32.dll", EntryPoint = "GetCurrentProcess")]
    private static partial nint WindowsCurrentProcess();

    [LibraryImport("kernel32.dll", EntryPoint = "DuplicateHandle")]
    private static partial int WindowsDuplicate(
        nint sourceProcess, nint source, nint targetProcess, out nint target, uint access, [MarshalAs(UnmanagedType.Bool)] bool inherit, uint options);

    [LibraryImport("kernel32.dll", EntryPoint = "SetFilePointerEx")]
    private static partial int WindowsSeek(nint file, long distance, nint position, uint origin);

    [LibraryImport("ucrtbase.dll", EntryPoint = "_dup2")]
    private static partial int WindowsCrtDuplicateTo(int descriptor, int target);

    [LibraryImport("ucrtbase.dll", EntryPoint = "_open_osfhandle")]
    private static partial int WindowsCrtOpen(nint handle, int flags);
}
