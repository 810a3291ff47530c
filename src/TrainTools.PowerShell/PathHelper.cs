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
    /// Full paths of what is to be read. A pattern gives its matches; a plain path is given back whether something is there or
    /// not, because what should be there decides how its absence is reported. A path that can't be resolved at all, or a
    /// pattern without a match, is reported as a non-terminating error and left out.
    /// </summary>
    /// <remarks>
    /// A name with brackets is a pattern by the rules of the shell. Where it comes through the pipeline and something of just
    /// that name is there, that is what is meant: it is the path of a run or a file. Given as an argument it is meant where
    /// the pattern has no match.
    /// </remarks>
    /// <param name="command">The cmdlet on whose location paths are based and that reports errors.</param>
    /// <param name="paths">Paths, with wildcards unless <paramref name="literal"/>.</param>
    /// <param name="literal">Whether <c>*</c>, <c>?</c>, <c>[]</c> and <c>`</c> stand for themselves.</param>
    /// <param name="mayBeNone">Whether a pattern without a match is no error.</param>
    public static IEnumerable<string> Resolve(CommandBase command, IEnumerable<string> paths, bool literal, bool mayBeNone = false)
    {
        foreach (var path in paths)
        {
            Collection<string> resolved;
            try
            {
                resolved = literal ? [ResolveNew(command, path)] : ResolveRead(command, path);
                if (resolved.Count == 0 && !mayBeNone)
                {
                    throw new TrainToolsException(
                        ErrorIds.PathNotFound, ErrorKind.NotFound, $"Nothing matches '{path}'.", "Check the pattern; a relative one is taken from the shell's location.", path);
                }
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
            : (IEnumerable<string>)[ResolveNew(command, Unescape(path))])];

    private static Collection<string> ResolveRead(CommandBase command, string path)
    {
        if (!WildcardPattern.ContainsWildcardCharacters(path))
        {
            return [ResolveNew(command, Unescape(path))];
        }

        var exact = path.AsSpan().IndexOfAny('*', '?') < 0 ? ResolveNew(command, path) : null;
        var exists = exact is not null && System.IO.Path.Exists(exact);
        if (exists && command.MyInvocation.ExpectingInput)
        {
            return [exact!];
        }

        var found = ResolvePattern(command, path);
        return found.Count == 0 && exists ? [exact!] : found;
    }

    /// <summary>The name that a path with escaped wildcards stands for, as completion writes one: <c>a`[1`]</c> is <c>a[1]</c>.</summary>
    private static string Unescape(string path) =>
        path.Contains('`', StringComparison.Ordinal) && !WildcardPattern.ContainsWildcardCharacters(path) ? WildcardPattern.Unescape(path) : path;

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
