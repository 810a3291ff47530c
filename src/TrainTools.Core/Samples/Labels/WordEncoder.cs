using System.Text;
using TrainTools.Core.Tokenization;

namespace TrainTools.Core.Samples.Labels;

/// <summary>Words as one or more windows of tokens.</summary>
/// <param name="Windows">Rows of at most max_length tokens.</param>
/// <param name="Owner">For each word the window that speaks for it and its first token there; (-1, -1) for a word without tokens.</param>
public sealed record EncodedWords(IReadOnlyList<WordWindow> Windows, IReadOnlyList<(int Window, int Position)> Owner);

/// <summary>A window of tokens.</summary>
/// <param name="Ids">Token ids, the model's own around them.</param>
/// <param name="WordIds">Word of each token; -1 for the model's own.</param>
public sealed record WordWindow(int[] Ids, int[] WordIds);

/// <summary>
/// Tokens of words, by the places of the tokens in the joined text, so that every kind of tokenizer sees the words as it
/// would in a sentence. What is longer than a row goes into windows that overlap; each word is labelled, and answered for,
/// in one window only: the one where it stands farthest from an edge that is not the text's own.
/// </summary>
/// <param name="tokenizer">The model's tokenizer.</param>
/// <param name="maxLength">Most tokens of a window; null = no limit.</param>
/// <param name="stride">Tokens by which windows overlap.</param>
public sealed class WordEncoder(PretrainedTokenizer tokenizer, int? maxLength, int stride)
{
    private readonly EncodeOptions options = new() { MaxLength = maxLength, Stride = maxLength is null ? 0 : stride, TruncationSide = TokenSide.Right };

    /// <summary>Encodes words.</summary>
    public EncodedWords Encode(IReadOnlyList<string> words)
    {
        ArgumentNullException.ThrowIfNull(words);
        var (text, ranges) = Join(words);
        var encoding = tokenizer.EncodeText(text, null, options);
        var first = new int[words.Count];
        Array.Fill(first, int.MaxValue);
        var windows = new List<(WordWindow Window, TokenEncoding Encoding)>();
        foreach (var part in encoding.Overflowing.Prepend(encoding))
        {
            var wordIds = WordsOf(part, ranges);
            windows.Add((new WordWindow(part.Ids, wordIds), part));
            for (var i = 0; i < wordIds.Length; i++)
            {
                if (wordIds[i] >= 0)
                {
                    first[wordIds[i]] = Math.Min(first[wordIds[i]], part.Offsets[i].Start);
                }
            }
        }

        return new EncodedWords([.. windows.Select(w => w.Window)], Owners(windows, first));
    }

    private static (string Text, (int Start, int End)[] Ranges) Join(IReadOnlyList<string> words)
    {
        var text = new StringBuilder();
        var ranges = new (int Start, int End)[words.Count];
        var at = 0; // in code points, as offsets are
        for (var i = 0; i < words.Count; i++)
        {
            if (i > 0)
            {
                text.Append(' ');
                at++;
            }

            var length = words[i].EnumerateRunes().Count();
            ranges[i] = (at, at + length);
            text.Append(words[i]);
            at += length;
        }

        return (text.ToString(), ranges);
    }

    // Both are in order: one walk. A token that takes the blank before a word with it belongs to the word.
    private static int[] WordsOf(TokenEncoding part, (int Start, int End)[] ranges)
    {
        var result = new int[part.Count];
        var word = 0;
        for (var i = 0; i < result.Length; i++)
        {
            var (start, end) = part.Offsets[i];
            if (part.SpecialTokensMask[i] == 1 || end <= start)
            {
                result[i] = -1;
                continue;
            }

            while (word > 0 && ranges[word].Start > start)
            {
                word--;
            }

            while (word < ranges.Length && ranges[word].End <= start)
            {
                word++;
            }

            result[i] = word < ranges.Length && ranges[word].Start < end ? word : -1;
            word = Math.Min(word, ranges.Length - 1);
        }

        return result;
    }

    private static (int Window, int Position)[] Owners(List<(WordWindow Window, TokenEncoding Encoding)> windows, int[] first)
    {
        var owners = new (int Window, int Position)[first.Length];
        var margins = new int[first.Length];
        Array.Fill(owners, (-1, -1));
        for (var w = 0; w < windows.Count; w++)
        {
            var (window, encoding) = windows[w];
            var begin = Array.FindIndex(window.WordIds, id => id >= 0);
            var end = Array.FindLastIndex(window.WordIds, id => id >= 0);
            for (var i = Math.Max(0, begin); i <= end; i++)
            {
                var word = window.WordIds[i];
                if (word < 0 || encoding.Offsets[i].Start != first[word] || (i > 0 && window.WordIds[i - 1] == word))
                {
                    continue; // only a word's first token stands for it
                }

                var left = w == 0 ? int.MaxValue : i - begin;
                var right = w == windows.Count - 1 ? int.MaxValue : end - i;
                if (owners[word].Window < 0 || Math.Min(left, right) > margins[word])
                {
                    owners[word] = (w, i);
                    margins[word] = Math.Min(left, right);
                }
            }
        }

        return owners;
    }
}
