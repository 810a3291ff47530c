namespace TrainTools.Bench.Diagnosis;

/// <summary>A share with its 95 % interval by Wilson.</summary>
internal readonly record struct Share(int Hits, int All)
{
    public override string ToString()
    {
        if (All == 0)
        {
            return "–";
        }

        const double z = 1.96;
        var (n, p) = ((double)All, (double)Hits / All);
        var middle = (p + (z * z / (2 * n))) / (1 + (z * z / n));
        var half = z / (1 + (z * z / n)) * Math.Sqrt((p * (1 - p) / n) + (z * z / (4 * n * n)));
        return FormattableString.Invariant($"{p:0.000} ({Math.Max(0, middle - half):0.00}–{Math.Min(1, middle + half):0.00}), {Hits}/{All}");
    }
}
