namespace TrainTools.Core.Tokenization.Text;

/// <summary>A Unicode normalization form.</summary>
internal enum UnicodeForm
{
    Nfd,
    Nfkd,
    Nfc,
    Nfkc,
}

/// <summary>
/// Unicode normalization that reports, for each resulting character, how it relates to the old ones: 1 inserted, 0 in
/// place of the next old character, -n in place of the next one with n more left out. Follows the order in which the
/// unicode-normalization-alignments crate emits them, on which offsets depend.
/// </summary>
internal static class UnicodeForms
{
    private const int SyllableBase = 0xAC00;
    private const int LeadBase = 0x1100;
    private const int VowelBase = 0x1161;
    private const int TrailBase = 0x11A7;
    private const int LeadCount = 19;
    private const int VowelCount = 21;
    private const int TrailCount = 28;
    private const int SyllableCount = LeadCount * VowelCount * TrailCount;

    /// <summary>Whether no form changes a text: everything before U+00A0 is inert, and before U+0300 composed.</summary>
    public static bool IsInert(ReadOnlySpan<char> text, UnicodeForm form) =>
        text.IndexOfAnyExceptInRange('\0', form == UnicodeForm.Nfc ? '\u02FF' : '\u009F') < 0;

    /// <summary>Normalizes a text in place.</summary>
    public static void Apply(NormalizedText text, UnicodeForm form)
    {
        if (IsInert(text.Span, form))
        {
            return;
        }

        var characters = Decompose(text.Span, form is UnicodeForm.Nfkd or UnicodeForm.Nfkc);
        if (form is UnicodeForm.Nfc or UnicodeForm.Nfkc)
        {
            characters = Compose(characters);
        }

        var change = new TextChange(text, text.Length);
        foreach (var (codePoint, step) in characters)
        {
            change.Write(codePoint, step);
        }

        change.Apply();
    }

    private static List<(int CodePoint, int Step)> Decompose(ReadOnlySpan<char> text, bool compatibility)
    {
        var result = new List<(int CodePoint, int Step)>(text.Length);
        var pending = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            var codePoint = rune.Value;
            if (codePoint is >= SyllableBase and < SyllableBase + SyllableCount)
            {
                var index = codePoint - SyllableBase;
                Push(LeadBase + (index / (VowelCount * TrailCount)), 0);
                Push(VowelBase + (index / TrailCount % VowelCount), 1);
                if (index % TrailCount > 0)
                {
                    Push(TrailBase + (index % TrailCount), 1);
                }
            }
            else if (codePoint > 0x7F && UnicodeTables.Decomposition(codePoint, compatibility) is { } mapping)
            {
                for (var i = 0; i < mapping.Length; i++)
                {
                    Push(mapping[i], i == 0 ? 0 : 1);
                }
            }
            else
            {
                Push(codePoint, 0);
            }
        }

        Order(result, pending);
        return result;

        void Push(int codePoint, int step)
        {
            if (UnicodeTables.CombiningClass(codePoint) == 0)
            {
                Order(result, pending);
                pending = result.Count;
            }

            result.Add((codePoint, step));
        }
    }

    /// <summary>Sorts the characters from <paramref name="start"/> on by combining class, equal ones staying in order.</summary>
    private static void Order(List<(int CodePoint, int Step)> characters, int start)
    {
        if (characters.Count - start > 32)
        {
            // Nobody writes this many marks on one letter in earnest: keep the cost of nonsense down.
            var ordered = characters.Skip(start).OrderBy(c => UnicodeTables.CombiningClass(c.CodePoint)).ToList();
            characters.RemoveRange(start, ordered.Count);
            characters.AddRange(ordered);
            return;
        }

        for (var i = start + 1; i < characters.Count; i++)
        {
            var moved = characters[i];
            var classOf = UnicodeTables.CombiningClass(moved.CodePoint);
            var at = i;
            while (at > start && UnicodeTables.CombiningClass(characters[at - 1].CodePoint) > classOf)
            {
                characters[at] = characters[at - 1];
                at--;
            }

            characters[at] = moved;
        }
    }

    private static List<(int CodePoint, int Step)> Compose(List<(int CodePoint, int Step)> characters)
    {
        var result = new List<(int CodePoint, int Step)>(characters.Count);
        var starter = -1;
        var lastClass = -1;
        foreach (var (codePoint, step) in characters)
        {
            var classOf = UnicodeTables.CombiningClass(codePoint);
            if (starter >= 0 && (lastClass < 0 || lastClass < classOf)
                && ComposePair(result[starter].CodePoint, codePoint) is var composite and >= 0)
            {
                result[starter] = (composite, result[starter].Step + step - 1);
                continue;
            }

            if (classOf == 0)
            {
                starter = result.Count;
                lastClass = -1;
            }
            else if (starter >= 0)
            {
                lastClass = classOf;
            }

            result.Add((codePoint, step));
        }

        return result;
    }

    private static int ComposePair(int first, int second)
    {
        if (first is >= LeadBase and < LeadBase + LeadCount && second is >= VowelBase and < VowelBase + VowelCount)
        {
            return SyllableBase + ((((first - LeadBase) * VowelCount) + second - VowelBase) * TrailCount);
        }

        if (first is >= SyllableBase and < SyllableBase + SyllableCount && (first - SyllableBase) % TrailCount == 0
            && second is > TrailBase and < TrailBase + TrailCount)
        {
            return first + second - TrailBase;
        }

        return UnicodeTables.Composition(first, second);
    }
}
