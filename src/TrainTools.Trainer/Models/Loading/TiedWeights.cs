using TrainTools.Core.Serialization;
using TrainTools.Trainer.Models.Families;

namespace TrainTools.Trainer.Models.Loading;

/// <summary>
/// What a checkpoint says of weights that its config ties, handled as transformers does: equal copies are one, a copy
/// alone takes the original's place, and copies that differ mean that the config is wrong and nothing is tied.
/// </summary>
/// <param name="Tied">Whether head and embedding share their weight.</param>
/// <param name="Aliases">Names in the files to be read as another; null = left aside.</param>
internal sealed record TiedWeights(bool Tied, IReadOnlyDictionary<string, string?> Aliases)
{
    private static readonly Dictionary<string, string?> None = [];

    public static TiedWeights Read(Checkpoint checkpoint, ModelFamily family, bool tied)
    {
        if (!tied)
        {
            return new TiedWeights(false, None);
        }

        var aliases = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (var name in family.TiedNames)
        {
            var copy = checkpoint.Find(name.Copy, family.Names.BasePrefix);
            var original = checkpoint.Find(name.Original, family.Names.BasePrefix);
            if (copy is not null && original is not null && !Same(copy.Value, original.Value))
            {
                return new TiedWeights(false, None);
            }

            aliases[name.Copy] = original is null ? name.Original : null;
        }

        return new TiedWeights(true, aliases);
    }

    private static unsafe bool Same((SafetensorsFile File, SafetensorsEntry Entry) a, (SafetensorsFile File, SafetensorsEntry Entry) b)
    {
        if (a.Entry.Dtype != b.Entry.Dtype || !a.Entry.Shape.SequenceEqual(b.Entry.Shape))
        {
            return false;
        }

        const int Step = 1 << 24;
        for (long start = 0; start < a.Entry.ByteLength; start += Step)
        {
            int count = (int)Math.Min(Step, a.Entry.ByteLength - start);
            var left = new ReadOnlySpan<byte>(a.File.Pointer(a.Entry) + start, count);
            var right = new ReadOnlySpan<byte>(b.File.Pointer(b.Entry) + start, count);
            if (!left.SequenceEqual(right))
            {
                return false;
            }
        }

        return true;
    }
}
