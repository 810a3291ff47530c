using TrainTools.Core.Data;
using TrainTools.Core.Training;

namespace TrainTools.Bench.Cleaning.Planting;

/// <summary>A record with noise in it.</summary>
/// <param name="Record">The record.</param>
/// <param name="IsCopy">Whether it stands beside the record it was made of; otherwise it takes its place.</param>
/// <param name="Intended">The record as a repair should give it back; null where nothing is to be repaired.</param>
/// <param name="Expected">Whether the check should find it: false for a copy that was edited beyond the threshold.</param>
internal sealed record Planting(TrainingRecord Record, bool IsCopy = false, TrainingRecord? Intended = null, bool Expected = true);

/// <summary>A kind of noise.</summary>
/// <param name="Name">What is done.</param>
/// <param name="Rules">Ids of the rules that are to find it.</param>
/// <param name="Plant">Makes it of a record; null where the record offers no place for it.</param>
/// <param name="Share">How often, beside the other kinds.</param>
internal sealed record Noise(string Name, string[] Rules, Func<TrainingRecord, SeededRandom, Planting?> Plant, double Share = 1);

/// <summary>Where a noise was planted.</summary>
/// <param name="Noise">What was planted.</param>
/// <param name="Index">Number of the noisy record.</param>
/// <param name="Original">Number of the record it was made of.</param>
/// <param name="Planting">What was made.</param>
internal sealed record Plant(Noise Noise, int Index, int Original, Planting Planting);

/// <summary>A set with noise in it.</summary>
internal sealed record NoisySet(IReadOnlyList<TrainingRecord> Records, IReadOnlyList<Plant> Plants)
{
    /// <summary>Plants noises, each into its share of the records; no record gets two.</summary>
    public static NoisySet Make(BenchSet set, IReadOnlyList<Noise> noises, double share, long seed)
    {
        var records = set.Records.ToList();
        var copies = new List<(Noise Noise, int Original, Planting Planting)>();
        var plants = new List<Plant>();
        var order = Enumerable.Range(0, records.Count).ToArray();
        var random = new SeededRandom(seed, RandomPurpose.PlantedNoise);
        random.Shuffle<int>(order);
        var free = new LinkedList<int>(order);
        foreach (var noise in noises)
        {
            var wanted = Math.Max(5, (int)(share * noise.Share * set.Records.Count));
            for (var node = free.First; node is not null && wanted > 0;)
            {
                var next = node.Next;
                if (noise.Plant(set.Records[node.Value], random) is { } planting)
                {
                    wanted--;
                    free.Remove(node);
                    if (planting.IsCopy)
                    {
                        copies.Add((noise, node.Value, planting));
                    }
                    else
                    {
                        records[node.Value] = planting.Record;
                        plants.Add(new Plant(noise, node.Value, node.Value, planting));
                    }
                }

                node = next;
            }
        }

        random.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(copies));
        foreach (var (noise, original, planting) in copies)
        {
            plants.Add(new Plant(noise, records.Count, original, planting));
            records.Add(planting.Record);
        }

        return new NoisySet(records, plants);
    }
}
