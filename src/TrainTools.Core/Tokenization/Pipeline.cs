using System.Collections.Concurrent;
using System.Text;
using TrainTools.Core.Tokenization.Decoders;
using TrainTools.Core.Tokenization.Models;
using TrainTools.Core.Tokenization.Normalizers;
using TrainTools.Core.Tokenization.PostProcessors;
using TrainTools.Core.Tokenization.PreTokenizers;
using TrainTools.Core.Tokenization.Text;

namespace TrainTools.Core.Tokenization;

/// <summary>The parts of a tokenizer.json put together: text to tokens and back, without settings of any one model family.</summary>
internal sealed class Pipeline
{
    private readonly ConcurrentBag<ITokenWorker> _workers = [];

    public required ITokenModel Model { get; init; }

    public required AddedVocabulary Added { get; init; }

    public INormalizer? Normalizer { get; init; }

    public IPreTokenizer? PreTokenizer { get; init; }

    public IPostProcessor? PostProcessor { get; init; }

    public IDecoder? Decoder { get; init; }

    /// <summary>Encodes one text, without truncation and post-processing. Offsets are code points.</summary>
    /// <param name="text">The text.</param>
    /// <param name="typeId">Segment id of its tokens.</param>
    /// <param name="word">Word index of all its tokens; null: each part is a word of its own.</param>
    public TokenRows Encode(string text, int typeId, int? word = null)
    {
        text = UnicodeText.Sanitize(text);
        var cut = Added.Extract(text, Normalizer);
        PreTokenizer?.Apply(cut);
        var codePoints = new CodePointIndex(text);
        var worker = Rent();
        var tokens = new TokenBuffer();
        var rows = new List<TokenRow>();
        for (var index = 0; index < cut.Parts.Count; index++)
        {
            var part = cut.Parts[index];
            tokens.Clear();
            if (part.IsToken)
            {
                tokens.Add(part.TokenId, 0, part.Text.Length, part.Text.Value);
            }
            else
            {
                worker.Tokenize(part.Text.Span, tokens);
            }

            for (var i = 0; i < tokens.Count; i++)
            {
                var (id, start, end, content) = tokens[i];
                var (from, to) = start < end
                    ? (part.Text.AlignedStart(start), part.Text.AlignedEnd(end - 1))
                    : (part.Text.OriginalStart + start, part.Text.OriginalStart + start);
                rows.Add(new TokenRow(id, content ?? Model.Vocabulary.TokenOf(id) ?? "")
                {
                    Start = codePoints[from],
                    End = codePoints[to],
                    Word = word ?? index,
                    TypeId = typeId,
                });
            }
        }

        _workers.Add(worker);
        return new TokenRows(rows);
    }

    /// <summary>Adds the post-processor's tokens and joins the texts.</summary>
    public TokenRows PostProcess(TokenRows first, TokenRows? second, bool addSpecialTokens)
    {
        var texts = second is null ? new List<TokenRows> { first } : [first, second];
        for (var i = 0; i < texts.Count; i++)
        {
            var sequence = i;
            texts[i].ChangeAll((_, row) => row with { Sequence = sequence, TypeId = sequence });
        }

        if (PostProcessor is not null)
        {
            texts = PostProcessor.Process(texts, addSpecialTokens);
        }

        return texts.Count == 1 ? texts[0] : texts.Aggregate(new TokenRows(), (joined, next) => joined.Join(next));
    }

    /// <summary>Text of token ids; ids nobody knows are passed over.</summary>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens)
    {
        var pieces = new List<string>(ids.Length);
        foreach (var id in ids)
        {
            if ((Added.DecodingText(id) ?? Model.Vocabulary.TokenOf(id)) is not { } token || (skipSpecialTokens && Added.IsSpecial(token)))
            {
                continue;
            }

            pieces.Add(token);
        }

        return Decoder is null ? string.Join(' ', pieces) : string.Concat(Decoder.Decode(pieces));
    }

    private ITokenWorker Rent() => _workers.TryTake(out var worker) ? worker : Model.NewWorker();
}
