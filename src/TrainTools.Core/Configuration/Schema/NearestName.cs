namespace TrainTools.Core.Configuration;

/// <summary>Finds the name a mistyped one was meant to be.</summary>
public static class NearestName
{
    /// <summary>
    /// The candidate with the smallest edit distance (insertion, deletion, substitution and swap of neighbours count one
    /// each; case, hyphens and underscores count nothing), if it is near enough to be a likely typing error.
    /// </summary>
    /// <param name="name">What was written.</param>
    /// <param name="candidates">The right names.</param>
    /// <returns>The nearest name, or null where none is near.</returns>
    public static string? Find(string name, IEnumerable<string> candidates)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(candidates);
        var wanted = Normalize(name);
        if (wanted.Length is 0 or > 100)
        {
            return null;
        }

        string? best = null;
        var bestDistance = int.MaxValue;
        foreach (var candidate in candidates)
        {
            var other = Normalize(candidate);
            var distance = Distance(wanted, other);
            if (wanted.Length >= 4 && distance > 1 && (other.Contains(wanted, StringComparison.Ordinal) || wanted.Contains(other, StringComparison.Ordinal)))
            {
                // "batch_size" for "per_device_train_batch_size": a part of the name is as good as one error.
                distance = Math.Min(distance, 2);
            }

            if (distance < bestDistance)
            {
                (best, bestDistance) = (candidate, distance);
            }
        }

        return bestDistance <= Math.Max(1, wanted.Length / 3) ? best : null;
    }

    /// <summary>The name in lower case without hyphens, underscores and blanks.</summary>
    internal static string Normalize(string name) =>
        string.Concat(name.Where(c => c is not ('_' or '-' or ' ')).Select(char.ToLowerInvariant));

    // Optimal string alignment distance over three rolling rows.
    private static int Distance(string a, string b)
    {
        var beforeLast = new int[b.Length + 1];
        var last = new int[b.Length + 1];
        var row = new int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++)
        {
            last[j] = j;
        }

        for (var i = 1; i <= a.Length; i++)
        {
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = a[i - 1] == b[j - 1] ? 0 : 1;
                row[j] = Math.Min(Math.Min(row[j - 1], last[j]) + 1, last[j - 1] + cost);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    row[j] = Math.Min(row[j], beforeLast[j - 2] + 1);
                }
            }

            (beforeLast, last, row) = (last, row, beforeLast);
        }

        return last[b.Length];
    }
}
