using System.Runtime.InteropServices;
using TorchSharp;
using TrainTools.Core.Serialization;
using TrainTools.Core.Tokenization;
using TrainTools.Trainer.Models;

namespace TrainTools.Bench.Classification;

/// <summary>
/// A start that is not quite from scratch: the word embeddings of a static embedding model (Model2Vec: tokenizer.json and one
/// int8 tensor "embeddings"), whose word pieces are among the encoder's. Everything else keeps its fresh weights.
/// </summary>
internal static class StaticEmbeddings
{
    private const string Table = "bert.embeddings.word_embeddings.weight";
    private const double RootMeanSquare = 0.04; // the encoder's own initializer_range

    /// <summary>Copies the rows of the pieces that both know, each scaled to the size of fresh ones; gives their number.</summary>
    public static int Fill(PretrainedModel model, PretrainedTokenizer tokenizer, string folder)
    {
        var known = PretrainedTokenizer.Load(folder);
        using var file = SafetensorsFile.Open(Path.Combine(folder, "model.safetensors"));
        var entry = file.Entries.Single(e => e.Name == "embeddings");
        var (rows, width) = ((int)entry.Shape[0], (int)entry.Shape[1]);
        var values = MemoryMarshal.Cast<byte, sbyte>(file.Bytes(entry));
        var filled = 0;
        using var grad = torch.no_grad();
        var table = model.Parameters[Table];
        for (var id = 0; id < tokenizer.VocabularySize; id++)
        {
            if (tokenizer.IdToToken(id) is not { } piece || known.TokenToId(piece) is not { } row || row >= rows)
            {
                continue;
            }

            var vector = new float[width];
            double squares = 0;
            for (var k = 0; k < width; k++)
            {
                vector[k] = values[(row * width) + k];
                squares += vector[k] * vector[k];
            }

            var scale = squares == 0 ? 0 : (float)(RootMeanSquare / Math.Sqrt(squares / width));
            using var target = table[id];
            using var source = torch.tensor(vector).mul(scale);
            target.copy_(source);
            filled++;
        }

        return filled;
    }
}
