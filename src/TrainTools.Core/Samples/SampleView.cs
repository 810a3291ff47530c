using System.Text;
using TrainTools.Core.Tokenization;

namespace TrainTools.Core.Samples;

/// <summary>A token of a row.</summary>
/// <param name="Position">0-based place in the row.</param>
/// <param name="Id">Its id.</param>
/// <param name="Text">Its text; a token that is part of a character shows as the replacement character.</param>
/// <param name="Document">0-based number of its document in the row.</param>
/// <param name="IsSupervised">Whether there is a loss on it: the model learns to write it.</param>
public sealed record SampleToken(int Position, int Id, string Text, int Document, bool IsSupervised);

/// <summary>A row as the model will see it, decoded: what it reads and what it learns to write.</summary>
public sealed class SampleView
{
    private const string Green = "\u001b[32m";
    private const string Gray = "\u001b[90m";
    private const string Cyan = "\u001b[36m";
    private const string Reset = "\u001b[0m";
    private readonly PretrainedTokenizer tokenizer;
    private readonly IReadOnlyList<Run> runs;
    private IReadOnlyList<SampleToken>? tokens;

    /// <summary>Makes the view of a row.</summary>
    /// <param name="sample">The row.</param>
    /// <param name="tokenizer">The tokenizer it was made with.</param>
    /// <param name="set">"training" or "validation".</param>
    /// <param name="row">0-based number of the row within its set.</param>
    /// <param name="places">File and line of its records, in order.</param>
    public SampleView(TrainingSample sample, PretrainedTokenizer tokenizer, string set, int row, IReadOnlyList<string> places)
    {
        ArgumentNullException.ThrowIfNull(sample);
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(places);
        this.tokenizer = tokenizer;
        (Sample, Set, Row, Places) = (sample, set, row, places);
        DocumentLengths = sample.DocumentLengths ?? [sample.Length];
        runs = FindRuns();
        SupervisedTokens = runs.Where(r => r.IsSupervised).Sum(r => r.Length);
    }

    /// <summary>The row itself.</summary>
    public TrainingSample Sample { get; }

    /// <summary>"training" or "validation".</summary>
    public string Set { get; }

    /// <summary>0-based number of the row within its set, in the order of the file.</summary>
    public int Row { get; }

    /// <summary>Numbers of the records in the row.</summary>
    public IReadOnlyList<long> Records => Sample.RecordIndexes;

    /// <summary>File and line of each.</summary>
    public IReadOnlyList<string> Places { get; }

    /// <summary>Tokens.</summary>
    public int Length => Sample.Length;

    /// <summary>Tokens with a loss on them. A document's first token never has one: nothing stands before it.</summary>
    public int SupervisedTokens { get; }

    /// <summary>Their share, 0 to 1.</summary>
    public double SupervisedShare => Length == 0 ? 0 : (double)SupervisedTokens / Length;

    /// <summary>Lengths of the documents, which do not see each other; one = the row is one piece.</summary>
    public IReadOnlyList<int> DocumentLengths { get; }

    /// <summary>Token ids.</summary>
    public IReadOnlyList<int> InputIds => Sample.InputIds;

    /// <summary>Labels by position; -100 = none.</summary>
    public IReadOnlyList<int> Labels => Sample.Labels;

    /// <summary>What a classifier of the whole row learns, as the record gives it (several labels with commas); null for other tasks.</summary>
    public string? RowLabel { get; init; }

    /// <summary>Every token with its text.</summary>
    public IReadOnlyList<SampleToken> Tokens => tokens ??= [.. Pieces()];

    /// <summary>Everything the model reads.</summary>
    public string Text => string.Concat(runs.Select(r => r.Text));

    /// <summary>The stretches it learns to write.</summary>
    public IReadOnlyList<string> SupervisedText => [.. runs.Where(r => r.IsSupervised).Select(r => r.Text)];

    /// <summary>
    /// The row for reading: what is learnt stands in ⟦ ⟧, and a line stands before each document of a packed row. Control
    /// characters in the data are shown as symbols, so that they cannot act on a terminal.
    /// </summary>
    /// <param name="color">What is learnt in green, the rest in gray.</param>
    public string Render(bool color)
    {
        var text = new StringBuilder();
        var document = -1;
        foreach (var run in runs)
        {
            if (run.Document != document && DocumentLengths.Count > 1)
            {
                document = run.Document;
                text.Append(text.Length > 0 && text[^1] != '\n' ? "\n" : "").Append(color ? Cyan : "").Append(Heading(document)).Append(color ? Reset : "").Append('\n');
            }

            text.Append(color ? run.IsSupervised ? Green : Gray : "")
                .Append(run.IsSupervised ? "⟦" : "").Append(Visible(run.Text)).Append(run.IsSupervised ? "⟧" : "")
                .Append(color ? Reset : "");
        }

        return text.ToString();
    }

    /// <inheritdoc/>
    public override string ToString() => Render(color: false);

    private string Heading(int document)
    {
        var place = Places.Count == DocumentLengths.Count ? ", " + Places[document] : "";
        return FormattableString.Invariant($"── document {document + 1} of {DocumentLengths.Count}{place}, {DocumentLengths[document]} tokens ──");
    }

    private List<Run> FindRuns()
    {
        var found = new List<Run>();
        var at = 0;
        for (var document = 0; document < DocumentLengths.Count; document++)
        {
            var (start, end) = (at, at + DocumentLengths[document]);
            var before = string.Empty;
            while (at < end)
            {
                var from = at;
                var supervised = IsSupervised(at, start);
                for (at++; at < end && IsSupervised(at, start) == supervised; at++)
                {
                }

                // By what it adds to the text so far: a decoder may treat the beginning of what it is given in its own way.
                var whole = tokenizer.Decode(Sample.InputIds.AsSpan(start, at - start), skipSpecialTokens: false);
                var text = whole.StartsWith(before, StringComparison.Ordinal) ? whole[before.Length..] : tokenizer.Decode(Sample.InputIds.AsSpan(from, at - from), skipSpecialTokens: false);
                found.Add(new Run(document, supervised, at - from, text));
                before = whole;
            }
        }

        return found;
    }

    private bool IsSupervised(int position, int documentStart) => position > documentStart && Sample.Labels[position] != TrainingSample.Ignored;

    private IEnumerable<SampleToken> Pieces()
    {
        const int Context = 4; // enough for a character in bytes
        var start = 0;
        for (var document = 0; document < DocumentLengths.Count; document++)
        {
            for (var i = start; i < start + DocumentLengths[document]; i++)
            {
                var from = Math.Max(start, i - Context);
                var before = from == i ? string.Empty : tokenizer.Decode(Sample.InputIds.AsSpan(from, i - from), skipSpecialTokens: false);
                var whole = tokenizer.Decode(Sample.InputIds.AsSpan(from, i + 1 - from), skipSpecialTokens: false);
                var text = whole.StartsWith(before, StringComparison.Ordinal) ? whole[before.Length..] : tokenizer.Decode([Sample.InputIds[i]], skipSpecialTokens: false);
                yield return new SampleToken(i, Sample.InputIds[i], text, document, IsSupervised(i, start));
            }

            start += DocumentLengths[document];
        }
    }

    private static string Visible(string text)
    {
        if (!text.Any(c => char.IsControl(c) && c is not ('\n' or '\t')))
        {
            return text;
        }

        var visible = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            visible.Append(!char.IsControl(c) || c is '\n' or '\t' ? c : c < ' ' ? (char)(0x2400 + c) : c == '\u007f' ? '\u2421' : '\ufffd');
        }

        return visible.ToString();
    }

    private sealed record Run(int Document, bool IsSupervised, int Length, string Text);
}
