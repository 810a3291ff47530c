using System.Text;
using TrainTools.Core.Errors;
using TrainTools.Core.Tokenization.Loading;

namespace TrainTools.Core.Tokenization.Models;

/// <summary>Unigram: of all ways to cover a text with tokens, the one with the greatest sum of scores.</summary>
/// <remarks>
/// Microsoft.ML.Tokenizers' SentencePieceTokenizer reads SentencePiece's own file only. This follows the Hugging Face
/// library (models/unigram): an unknown character costs ten more than the worst token, and neighbouring ones are one token.
/// </remarks>
internal sealed class UnigramModel : ITokenModel
{
    private const double UnknownPenalty = 10;

    private readonly double[] _scores;
    private readonly PrefixTrie _trie = new();
    private readonly int _unknownId;
    private readonly double _unknownScore;
    private readonly int[]? _byteIds;
    private readonly string _file;

    /// <summary>Makes the model.</summary>
    /// <param name="pieces">Tokens and scores (log-probabilities), by id.</param>
    /// <param name="unknownId">Id of the unknown token; null if there is none.</param>
    /// <param name="byteFallback">Whether unknown text becomes its UTF-8 bytes.</param>
    /// <param name="file">The file it comes from, for errors.</param>
    public UnigramModel(IReadOnlyList<(string Token, double Score)> pieces, int? unknownId, bool byteFallback, string file)
    {
        Vocabulary = Vocabulary.FromList([.. pieces.Select(p => p.Token)]);
        _scores = [.. pieces.Select(p => p.Score)];
        _unknownId = unknownId ?? -1;
        _unknownScore = _scores.DefaultIfEmpty(0).Min() - UnknownPenalty;
        _file = file;
        for (var id = 0; id < pieces.Count; id++)
        {
            _trie.Add(pieces[id].Token, id);
        }

        if (byteFallback)
        {
            _byteIds = [.. Enumerable.Range(0, 256).Select(b => Vocabulary.Find($"<0x{b:X2}>"))];
        }
    }

    /// <inheritdoc/>
    public Vocabulary Vocabulary { get; }

    /// <inheritdoc/>
    public ITokenWorker NewWorker() => new Worker(this);

    /// <summary>The best way through one text; its tables are kept between texts.</summary>
    private sealed class Worker(UnigramModel model) : ITokenWorker
    {
        private double[] _best = new double[256];
        private int[] _from = new int[256];
        private int[] _ids = new int[256];
        private readonly List<(int Start, int End)> _path = [];

        public void Tokenize(ReadOnlySpan<char> word, TokenBuffer tokens)
        {
            FindBest(word);
            Trace(word.Length);
            for (var i = _path.Count - 1; i >= 0; i--)
            {
                var (start, end) = _path[i];
                AddToken(word[start..end], start, end, tokens);
            }
        }

        private void FindBest(ReadOnlySpan<char> word)
        {
            if (_best.Length <= word.Length)
            {
                var size = Math.Max(word.Length + 1, _best.Length * 2);
                (_best, _from, _ids) = (new double[size], new int[size], new int[size]);
            }

            _from.AsSpan(0, word.Length + 1).Fill(-1);
            _best[0] = 0;
            for (var start = 0; start < word.Length;)
            {
                var width = char.IsHighSurrogate(word[start]) ? 2 : 1;
                var single = false;
                var node = PrefixTrie.Root;
                for (var end = start; end < word.Length;)
                {
                    node = model._trie.Step(node, word[end++]);
                    if (node < 0)
                    {
                        break;
                    }

                    if (model._trie.IdAt(node) is var id and >= 0)
                    {
                        Offer(start, end, model._scores[id], id);
                        single |= end - start == width;
                    }
                }

                if (!single)
                {
                    if (model._unknownId < 0)
                    {
                        throw new TrainToolsException(
                            ErrorIds.TokenizerTokenMissing,
                            ErrorKind.InvalidData,
                            $"{model._file}: the text holds a character the vocabulary lacks, and the model has no unknown token (unk_id).",
                            "The tokenizer's files are incomplete: download them again.",
                            model._file);
                    }

                    Offer(start, start + width, model._unknownScore, model._unknownId);
                }

                start += width;
            }
        }

        private void Offer(int start, int end, double score, int id)
        {
            var total = score + _best[start];
            if (_from[end] < 0 || total > _best[end])
            {
                _best[end] = total;
                _from[end] = start;
                _ids[end] = id;
            }
        }

        /// <summary>Follows the best way back; neighbouring unknown stretches become one.</summary>
        private void Trace(int length)
        {
            _path.Clear();
            var unknown = false;
            for (var end = length; end > 0; end = _from[end])
            {
                var isUnknown = _ids[end] == model._unknownId;
                if (isUnknown && unknown)
                {
                    _path[^1] = (_from[end], _path[^1].End);
                }
                else
                {
                    _path.Add((_from[end], end));
                }

                unknown = isUnknown;
            }
        }

        private void AddToken(ReadOnlySpan<char> piece, int start, int end, TokenBuffer tokens)
        {
            var id = model.Vocabulary.Find(piece);
            if (id >= 0)
            {
                tokens.Add(id, start, end);
                return;
            }

            if (model._byteIds is { } byteIds)
            {
                var bytes = new byte[Encoding.UTF8.GetByteCount(piece)];
                Encoding.UTF8.GetBytes(piece, bytes);
                if (Array.TrueForAll(bytes, b => byteIds[b] >= 0))
                {
                    foreach (var value in bytes)
                    {
                        tokens.Add(byteIds[value], start, end);
                    }

                    return;
                }
            }

            tokens.Add(model._unknownId, start, end, piece.ToString());
        }
    }
}
