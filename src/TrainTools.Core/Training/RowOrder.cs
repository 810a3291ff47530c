namespace TrainTools.Core.Training;

/// <summary>
/// The order in which an epoch visits its rows: as they stand, shuffled, or by a curriculum (easy rows first, then a growing
/// share). A pure function of (seed, epoch), the same length for every epoch.
/// </summary>
public sealed class RowOrder
{
    private readonly int rows;
    private readonly bool shuffle;
    private readonly long seed;
    private readonly CurriculumOrder? curriculum;

    /// <summary>Makes the order.</summary>
    /// <param name="rows">Rows an epoch.</param>
    /// <param name="shuffle">Whether each epoch has an order of its own.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="curriculum">The curriculum; null = none.</param>
    public RowOrder(int rows, bool shuffle, long seed, CurriculumOrder? curriculum = null)
    {
        this.rows = rows;
        this.shuffle = shuffle;
        this.seed = seed;
        this.curriculum = curriculum;
    }

    /// <summary>Row numbers of an epoch.</summary>
    public int[] Epoch(int epoch)
    {
        if (curriculum is not null)
        {
            return curriculum.Epoch(epoch, shuffle, seed);
        }

        var order = new int[rows];
        for (var i = 0; i < rows; i++)
        {
            order[i] = i;
        }

        if (shuffle)
        {
            new SeededRandom(seed, RandomPurpose.RowOrder, epoch).Shuffle<int>(order);
        }

        return order;
    }
}

/// <summary>
/// Easy rows first: the rows open to a step are the easiest share, which grows in a straight line from
/// <c>start</c> to all of them at <c>end</c> of the run. An epoch stays as long as it was; while rows are closed, open ones come again.
/// </summary>
public sealed class CurriculumOrder
{
    private readonly int[] easiestFirst;
    private readonly double start;
    private readonly double end;
    private readonly double epochs;

    /// <summary>Makes the curriculum.</summary>
    /// <param name="difficulty">How hard each row is; equal ones keep their order.</param>
    /// <param name="start">Share of the rows open at the start, above 0 and up to 1.</param>
    /// <param name="end">Share of the run after which all rows are open, 0 to 1.</param>
    /// <param name="epochs">Epochs of the run.</param>
    public CurriculumOrder(IReadOnlyList<double> difficulty, double start, double end, double epochs)
    {
        ArgumentNullException.ThrowIfNull(difficulty);
        easiestFirst = Enumerable.Range(0, difficulty.Count).OrderBy(i => difficulty[i]).ToArray();
        this.start = start;
        this.end = end;
        this.epochs = epochs;
    }

    /// <summary>Rows open at a point of the run (0 to 1), the easiest first.</summary>
    public int OpenRows(double progress)
    {
        var share = end <= 0 ? 1 : Math.Min(1, start + ((1 - start) * Math.Max(0, progress) / end));
        return Math.Clamp((int)Math.Ceiling(share * easiestFirst.Length), 1, easiestFirst.Length);
    }

    internal int[] Epoch(int epoch, bool shuffle, long seed)
    {
        var random = new SeededRandom(seed, RandomPurpose.Curriculum, epoch);
        var order = new int[easiestFirst.Length];
        var waiting = new List<int>(); // open rows that this round has not visited yet, the next one last
        var opened = 0;
        for (var i = 0; i < order.Length; i++)
        {
            var open = OpenRows((epoch + ((double)i / order.Length)) / epochs);
            for (; opened < open; opened++)
            {
                var place = shuffle ? random.NextInt(waiting.Count + 1) : 0;
                waiting.Insert(place, easiestFirst[opened]);
            }

            if (waiting.Count == 0)
            {
                waiting.AddRange(easiestFirst[..open]);
                waiting.Reverse();
                if (shuffle)
                {
                    random.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(waiting));
                }
            }

            order[i] = waiting[^1];
            waiting.RemoveAt(waiting.Count - 1);
        }

        return order;
    }
}
