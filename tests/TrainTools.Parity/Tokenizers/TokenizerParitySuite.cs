namespace TrainTools.Parity.Tokenizers;

/// <summary>
/// Tokenizers against what the models' own libraries gave: a tokenizer folder with its golden files, a folder of such
/// folders, or golden data with a tokenizers/ folder in it.
/// </summary>
public sealed class TokenizerParitySuite : IParitySuite
{
    /// <inheritdoc/>
    public string Name => "tokenizers";

    /// <inheritdoc/>
    public IEnumerable<ParityCase> Find(string folder)
    {
        var places = new[] { folder, Path.Combine(folder, "tokenizers") }.Where(Directory.Exists);
        return places
            .SelectMany(place => Directory.EnumerateDirectories(place).Order(StringComparer.Ordinal))
            .Prepend(folder)
            .Where(TokenizerParity.Applies)
            .Distinct(StringComparer.Ordinal)
            .Select(found => new ParityCase($"{Name}/{Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(found)))}", () => Compare(found)));
    }

    private static IEnumerable<Comparison> Compare(string folder) => TokenizerParity.Run(folder)
        .Where(result => result.Compared > 0)
        .Select(result => Comparison.Exact($"{result.Name} ({result.Compared})", result.Passed, result.Failure));
}
