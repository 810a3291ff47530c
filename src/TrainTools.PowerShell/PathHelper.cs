using System.Collections.ObjectModel;
using System.Management.Automation;
using TrainTools.Core.Errors;

namespace TrainTools.PowerShell;

/// <summary>
/// Turns what a user typed into full paths of the file system: relative to the shell's location (never the process's
/// current directory), through PSDrives, with wildcards where they are allowed.
/// </summary>
internal static class PathHelper
{
    private const string FileSystem = "FileSystem";

    /// <summary>
    /// Full paths of what is to be read. A pattern gives its matches, possibly none; a plain path is given back whether
    /// something is there or not, because what should be there decides how its absence is reported. A path that can't be
    /// resolved at all is reported as a non-terminating error and left out.
    /// </summary>
    /// <param name="command">The cmdlet on whose location paths are based and that reports errors.</param>
    /// <param name="paths">Paths, with wildcards unless <paramref name="literal"/>.</param>
    /// <param name="literal">Whether <c>*</c>, <c>?</c> and <c>[]</c> stand for themselves.</param>
    public static IEnumerable<string> Resolve(CommandBase command, IEnumerable<string> paths, bool literal)
    {
        foreach (var path in paths)
        {
            IReadOnlyList<string> resolved;
            try
            {
                resolved = !literal && WildcardPattern.ContainsWildcardCharacters(path) ? ResolvePattern(command, path) : [ResolveNew(command, path)];
            }
            catch (TrainToolsException e)
            {
                command.WriteError(ErrorRecords.From(e, path));
                continue;
            }

            foreach (var full in resolved)
            {
                yield return full;
            }
        }
    }

    /// <summary>The shell's location in the file system.</summary>
    public static string Location(PSCmdlet command) => command.SessionState.Path.CurrentFileSystemLocation.ProviderPath;

    /// <summary>Full path of something that need not exist. Wildcards stand for themselves.</summary>
    /// <exception cref="TrainToolsException">PathNotFileSystem or PathNotFound (no such drive).</exception>
    public static string ResolveNew(PSCmdlet command, string path)
    {
        try
        {
            var full = command.SessionState.Path.GetUnresolvedProviderPathFromPSPath(path, out var provider, out _);
            return provider.Name == FileSystem ? full : throw NotFileSystem(path, provider);
        }
        catch (Exception e) when (e is ItemNotFoundException or System.Management.Automation.DriveNotFoundException or ProviderNotFoundException)
        {
            throw NotFound(path, e);
        }
    }

    /// <summary>
    /// Full paths of files to read: a pattern gives its matches in the order of their names; what has no match is kept as
    /// it is, so that a later check can name it.
    /// </summary>
    public static string[] ResolveForConfig(PSCmdlet command, IEnumerable<string> paths) =>
        [.. paths.SelectMany(path => WildcardPattern.ContainsWildcardCharacters(path) && ResolvePattern(command, path) is { Count: > 0 } found
            ? found.Order(StringComparer.Ordinal)
            : (IEnumerable<string>)[ResolveNew(command, path)])];

    private static Collection<string> ResolvePattern(PSCmdlet command, string path)
    {
        try
        {
            var found = command.SessionState.Path.GetResolvedProviderPathFromPSPath(path, out var provider);
            return provider.Name == FileSystem ? found : throw NotFileSystem(path, provider);
        }
        catch (Exception e) when (e is ItemNotFoundException or System.Management.Automation.DriveNotFoundException or ProviderNotFoundException)
        {
            throw NotFound(path, e);
        }
    }

    private static TrainToolsException NotFound(string path, Exception inner) =>
        new(ErrorIds.PathNotFound, ErrorKind.NotFound, $"There is nothing at '{path}'.", "Check the path; a relative one is taken from the shell's location.", path, inner);

    private static TrainToolsException NotFileSystem(string path, ProviderInfo provider) =>
        new(ErrorIds.PathNotFileSystem, ErrorKind.InvalidArgument, $"'{path}' lies in the provider {provider.Name}, not in the file system.", "Give a path to a file or folder.", path);
}
