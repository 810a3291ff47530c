using System.Numerics;

namespace TrainTools.Core.Tokenization.Models;

/// <summary>
/// The merge rules of a byte-pair encoding: for two neighbouring token ids, the rule's rank (lower goes first) and the
/// id they become. Open addressing over flat arrays: this lookup is most of the work of encoding an unknown word.
/// </summary>
internal sealed class MergeTable
{
    private readonly ulong[] _keys;
    private readonly int[] _ranks;
    private readonly int[] _results;
    private readonly int _mask;
    private readonly int _shift;

    public MergeTable(int count)
    {
        var size = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(count * 2, 16));
        _keys = new ulong[size];
        Array.Fill(_keys, ulong.MaxValue);
        _ranks = new int[size];
        _results = new int[size];
        _mask = size - 1;
        _shift = 64 - BitOperations.Log2((uint)size);
    }

    /// <summary>Adds a rule; a later rule for the same pair replaces the earlier one, as in the library's hash map.</summary>
    public void Add(int left, int right, int rank, int result)
    {
        var key = Key(left, right);
        var at = Slot(key);
        while (_keys[at] != ulong.MaxValue && _keys[at] != key)
        {
            at = (at + 1) & _mask;
        }

        _keys[at] = key;
        _ranks[at] = rank;
        _results[at] = result;
    }

    /// <summary>Looks a pair up: its rank and the resulting id, or rank <see cref="int.MaxValue"/>.</summary>
    public int Find(int left, int right, out int result)
    {
        var key = Key(left, right);
        var at = Slot(key);
        while (true)
        {
            var found = _keys[at];
            if (found == key)
            {
                result = _results[at];
                return _ranks[at];
            }

            if (found == ulong.MaxValue)
            {
                result = -1;
                return int.MaxValue;
            }

            at = (at + 1) & _mask;
        }
    }

    private static ulong Key(int left, int right) => ((ulong)(uint)left << 32) | (uint)right;

    private int Slot(ulong key) => (int)((key * 0x9E3779B97F4A7C15UL) >> _shift) & _mask;
}
