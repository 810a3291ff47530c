using TrainTools.Core.Tokenization.Models;
using TrainTools.Core.Tokenization.Patterns;
using TrainTools.Core.Tokenization.PreTokenizers;
using TrainTools.Core.Tokenization.Text;

namespace TrainTools.Core.Tokenization;

/// <summary>
/// The short way through byte-level BPE, which most models use: a scanner finds the words and their bytes go straight
/// into the merges, without cutting the text up and writing it out in the byte alphabet first. Same tokens, same offsets.
/// </summary>
internal sealed class ByteWordPath
{
    private readonly WordScanner _scanner;
    private readonly bool _addPrefixSpace;

    private ByteWordPath(WordScanner scanner, bool addPrefixSpace)
    {
        _scanner = scanner;
        _addPrefixSpace = addPrefixSpace;
    }

    /// <summary>The short way for a model and a pre-tokenizer, or null if there is none.</summary>
    public static ByteWordPath? For(ITokenModel model, IPreTokenizer? preTokenizer)
    {
        if (model is not BpeModel { EncodesBytes: true })
        {
            return null;
        }

        return preTokenizer switch
        {
            ByteLevelPreTokenizer { UseRegex: true } bytes => new ByteWordPath(Gpt2Scanner.Instance, bytes.AddPrefixSpace),
            PreTokenizerSequence
            {
                Steps: [SplitPreTokenizer { Pattern: WordScanner scanner, Behavior: SplitBehavior.Isolated, Invert: false },
                    ByteLevelPreTokenizer { UseRegex: false, AddPrefixSpace: false }]
            } => new ByteWordPath(scanner, false),
            _ => null,
        };
    }

    /// <summary>Adds the ids of a part.</summary>
    public void AddIds(NormalizedText part, BpeWorker worker, List<int> ids)
    {
        Prepare(part);
        var text = part.Span;
        for (var start = 0; start < text.Length;)
        {
            var end = _scanner.Next(text, start);
            ids.AddRange(worker.TokenizeBytes(text[start..end]).Ids);
            start = end;
        }
    }

    /// <summary>Calls <paramref name="addWord"/> with the tokens of each word; their offsets are units of the part.</summary>
    public void ForEachWord(NormalizedText part, BpeWorker worker, TokenBuffer tokens, Action addWord)
    {
        Prepare(part);
        var text = part.Span;
        for (var start = 0; start < text.Length;)
        {
            var end = _scanner.Next(text, start);
            tokens.Clear();
            worker.TokenizeBytes(text[start..end]).CopyTo(tokens, start);
            addWord();
            start = end;
        }
    }

    private void Prepare(NormalizedText part)
    {
        if (_addPrefixSpace && !part.Span.StartsWith(' '))
        {
            part.Prepend(" ");
        }
    }
}
