namespace TrainTools.Core.Cleaning.Duplicates;

/// <summary>The numbers in a text (runs of digits), hashed and sorted; the n-th copy of a number counts as one of its own.</summary>
internal static class NumberList
{
    public static ulong[] Of(ReadOnlySpan<char> text)
    {
        var numbers = new List<ulong>();
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsDigit(text[i]))
            {
                continue;
            }

            var hash = 14695981039346656037UL;
            for (; i < text.Length && char.IsDigit(text[i]); i++)
            {
                hash = (hash ^ text[i]) * 1099511628211UL;
            }

            numbers.Add(hash);
        }

        numbers.Sort();
        for (int i = 1, copy = 0; i < numbers.Count; i++)
        {
            copy = numbers[i] == numbers[i - 1] - (ulong)copy ? copy + 1 : 0;
            numbers[i] += (ulong)copy;
        }

        numbers.Sort();
        return [.. numbers];
    }
}
