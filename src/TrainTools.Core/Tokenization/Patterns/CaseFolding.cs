using TrainTools.Core.Tokenization.Text;

namespace TrainTools.Core.Tokenization.Patterns;

/// <summary>Which code points match each other when a pattern ignores case.</summary>
internal static class CaseFolding
{
    /// <summary>Characters that fold to another one's lower case without being its upper case (Unicode's CaseFolding, status C).</summary>
    private static readonly (int Character, int Fold)[] More =
    [
        (0xB5, 0x3BC), (0x17F, 's'), (0x345, 0x3B9), (0x3C2, 0x3C3), (0x3D0, 0x3B2), (0x3D1, 0x3B8), (0x3D5, 0x3C6), (0x3D6, 0x3C0),
        (0x3F0, 0x3BA), (0x3F1, 0x3C1), (0x3F5, 0x3B5), (0x1E9B, 0x1E61), (0x1FBE, 0x3B9), (0x1C80, 0x432), (0x1C81, 0x434),
        (0x1C82, 0x43E), (0x1C83, 0x441), (0x1C84, 0x442), (0x1C85, 0x442), (0x1C86, 0x44A), (0x1C87, 0x463), (0x1C88, 0xA64B),
    ];

    private static readonly Lazy<Dictionary<int, List<int>>> Classes = new(Build);

    /// <summary>All code points a code point matches, itself included.</summary>
    public static IReadOnlyList<int> Variants(int codePoint) =>
        Classes.Value.TryGetValue(codePoint, out var variants) ? variants : [codePoint];

    /// <summary>A set with all variants of its members.</summary>
    public static CodePointSet Close(CodePointSet set)
    {
        var added = Classes.Value.Where(c => set.Contains(c.Key)).SelectMany(c => c.Value).Select(c => (c, c));
        return CodePointSet.Of(set.Ranges.Concat(added));
    }

    private static Dictionary<int, List<int>> Build()
    {
        var folds = new Dictionary<int, List<int>>();
        foreach (var (character, fold) in UnicodeTables.LowerCase.Select(e => (e.Key, e.Value)).Concat(More))
        {
            if (!folds.TryGetValue(fold, out var list))
            {
                list = [fold];
                folds.Add(fold, list);
            }

            list.Add(character);
        }

        var classes = new Dictionary<int, List<int>>();
        foreach (var list in folds.Values)
        {
            foreach (var member in list)
            {
                classes[member] = list;
            }
        }

        return classes;
    }
}
