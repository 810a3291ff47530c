using System.Collections.Concurrent;
using TrainTools.Core.Tokenization.Decoders;
using TrainTools.Core.Tokenization.Models;
using TrainTools.Core.Tokenization.Normalizers;
using TrainTools.Core.Tokenization.PostProcessors;
using TrainTools.Core.Tokenization.PreTokenizers;
using TrainTools.Core.Tokenization.Text;

namespace TrainTools.Core.Tokenization;

/// <summary>The parts of a tokenizer.json put together: text to tokens and back.</summary>
internal sealed class Pipeline
{
    private readonly ConcurrentBag<ITokenWorker> _workers = [];
    private readonly INormalizer? _normalizer;
    private readonly IPreTokenizer? _preTokenizer;
    private readonly IPostProcessor? _postProcessor;
    private readonly IDecoder? _decoder;
    private readonly ByteWordPath? _byteWords;
    private readonly (int[] Before, int[] After)? _frame;

    public Pipeline(
        ITokenModel model, AddedVocabulary added, INormalizer? normalizer, IPreTokenizer? preTokenizer, IPostProcessor? postProcessor, IDecoder? decoder)
    {
        Model = model;
        Added = added;
        _normalizer = normalizer;
        _preTokenizer = preTokenizer;
        _postProcessor = postProcessor;
        _decoder = decoder;
        _byteWords = ByteWordPath.For(model, preTokenizer);
        _frame = FindFrame();
    }

    public ITokenModel Model { get; }

    public AddedVocabulary Added { get; }

    /// <summary>How many tokens are put around one text, or a pair.</summary>
    public int AddedTokens(bool isPair) => _postProcessor?.AddedTokens(isPair) ?? 0;

    /// <summary>Encodes one text, without truncation and post-processing. Offsets are code points.</summary>
    /// <param name="text">The text.</param>
    /// <param name="typeId">Segment id of its tokens.</param>
    /// <param name="word">Word index of all its tokens; null: each part is a word of its own.</param>
    public TokenRows Encode(string text, int typeId, int? word = null)
    {
        text = UnicodeText.Sanitize(text);
        var cut = Added.Extract(text, _normalizer);
        if (_byteWords is null)
        {
            _preTokenizer?.Apply(cut);
        }

        var codePoints = new CodePointIndex(text);
        var worker = Rent();
        var tokens = new TokenBuffer();
        var rows = new List<TokenRow>();
        var words = 0;
        foreach (var part in cut.Parts)
        {
            tokens.Clear();
            if (part.IsToken)
            {
                tokens.Add(part.TokenId, 0, part.Text.Length, part.Text.Value);
                AddRows(part.Text);
            }
            else if (_byteWords is not null)
            {
                _byteWords.ForEachWord(part.Text, (BpeWorker)worker, tokens, () => AddRows(part.Text));
            }
            else
            {
                worker.Tokenize(part.Text.Span, tokens);
                AddRows(part.Text);
            }
        }

        _workers.Add(worker);
        return new TokenRows(rows);

        void AddRows(NormalizedText source)
        {
            for (var i = 0; i < tokens.Count; i++)
            {
                var (id, start, end, content) = tokens[i];
                var (from, to) = start < end
                    ? (source.AlignedStart(start), source.AlignedEnd(end - 1))
                    : (source.OriginalStart, source.OriginalStart);
                rows.Add(new TokenRow(id, content ?? Model.Vocabulary.TokenOf(id) ?? "")
                {
                    Start = codePoints[from],
                    End = codePoints[to],
                    Word = word ?? words,
                    TypeId = typeId,
                });
            }

            words++;
        }
    }

    /// <summary>Ids of one text, with the model's tokens around it if wanted. Keeps no offsets, so it is several times as fast.</summary>
    public int[] EncodeIds(string text, bool addSpecialTokens)
    {
        if (addSpecialTokens && _frame is null)
        {
            return [.. PostProcess(Encode(text, 0), null, true).Rows.Select(r => r.Id)];
        }

        var cut = Added.Extract(UnicodeText.Sanitize(text), _normalizer);
        if (_byteWords is null)
        {
            _preTokenizer?.Apply(cut);
        }

        var worker = Rent();
        var tokens = new TokenBuffer();
        var ids = new List<int>((text.Length / 3) + 4);
        if (addSpecialTokens)
        {
            ids.AddRange(_frame!.Value.Before);
        }

        foreach (var part in cut.Parts)
        {
            if (part.IsToken)
            {
                ids.Add(part.TokenId);
            }
            else if (_byteWords is not null)
            {
                _byteWords.AddIds(part.Text, (BpeWorker)worker, ids);
            }
            else
            {
                tokens.Clear();
                worker.Tokenize(part.Text.Span, tokens);
                ids.AddRange(tokens.Ids);
            }
        }

        _workers.Add(worker);
        if (addSpecialTokens)
        {
            ids.AddRange(_frame!.Value.After);
        }

        return [.. ids];
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

        if (_postProcessor is not null)
        {
            texts = _postProcessor.Process(texts, addSpecialTokens);
        }

        return texts.Count == 1 ? texts[0] : texts.Aggregate(new TokenRows(), (joined, next) => joined.Join(next));
    }

    /// <summary>Text of token ids; ids nobody knows are passed over.</summary>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens)
    {
        var pieces = new List<string>(ids.Length);
        foreach (var id in ids)
        {
            if ((Added.DecodingText(id) ?? Model.Vocabulary.TokenOf(id)) is { } token && !(skipSpecialTokens && Added.IsSpecial(token)))
            {
                pieces.Add(token);
            }
        }

        return _decoder is null ? string.Join(' ', pieces) : string.Concat(_decoder.Decode(pieces));
    }

    private ITokenWorker Rent() => _workers.TryTake(out var worker) ? worker : Model.NewWorker();

    /// <summary>What the post-processor puts before and behind a single text, if it is as simple as that.</summary>
    private (int[] Before, int[] After)? FindFrame()
    {
        const int Probe = -7;
        var rows = PostProcess(new TokenRows([new TokenRow(Probe, "")]), null, addSpecialTokens: true).Rows;
        var at = rows.FindIndex(r => r.Id == Probe);
        return at >= 0 && rows.FindLastIndex(r => r.Id == Probe) == at
            ? ([.. rows[..at].Select(r => r.Id)], [.. rows[(at + 1)..].Select(r => r.Id)])
            : null;
    }
}
