using System.Buffers;
using System.Runtime.CompilerServices;

using TrainTools.Core.Cleaning.Records;

namespace TrainTools.Core.Cleaning.Checks;

/// <summary>Repetition, shares of letters and symbols, lost characters.</summary>
internal sealed class QualityCheck : IRecordCheck
{
    private const int LeastCharacters = 20;
    private const int LeastForRepetition = 100;
    private const int Gram = 10;

    public void Check(RecordView view, FindingSink sink)
    {
        var replacement = 0;
        foreach (var part in view.Parts)
        {
            if (!part.IsAnswer && view.Record.Shape is not Data.RecordShape.Classification)
            {
                replacement += part.Text.AsSpan().Count('\ufffd');
                continue;
            }

            var statistics = TextStatistics.Of(part.Text);
            replacement += statistics.Replacement;
            if (statistics.Visible >= LeastCharacters)
            {
                sink.Add(CleaningRules.FewLetters, (double)(statistics.Letters + statistics.Digits) / statistics.Visible);
                sink.Add(CleaningRules.Symbols, (double)statistics.Symbols / statistics.Visible);
            }

            if (part.Text.Length >= LeastForRepetition && sink.Settings.IsOn(CleaningRules.Repetition))
            {
                sink.Add(CleaningRules.Repetition, Repetition(part.Text, sink.Settings.Threshold(CleaningRules.Repetition)));
            }
        }

        if (replacement > 0)
        {
            sink.Add(CleaningRules.ReplacementCharacter, replacement);
        }
    }

    /// <summary>Share of a text's 10-character sequences that occurred before in it.</summary>
    /// <param name="text">The text.</param>
    /// <param name="threshold">Looking ends as soon as the share can no longer reach this; the result is then below it.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static double Repetition(ReadOnlySpan<char> text, double threshold)
    {
        var sequences = text.Length - Gram + 1;
        var left = (int)Math.Min(sequences, (1 - threshold) * sequences) + 1;
        var size = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Min(left * 2, 1 << 22));
        var table = ArrayPool<uint>.Shared.Rent(size);
        table.AsSpan(0, size).Clear();
        const uint Base = 0x01000193;
        var leaving = 1u;
        for (var i = 0; i < Gram; i++)
        {
            leaving *= Base;
        }

        uint hash = 0;
        var repeated = 0;
        for (var i = 0; i < text.Length; i++)
        {
            hash = (hash * Base) + text[i] + 1;
            if (i >= Gram)
            {
                hash -= (text[i - Gram] + 1u) * leaving;
            }

            if (i >= Gram - 1)
            {
                if (Seen(table, size, (hash * 0x9E3779B1) | 1))
                {
                    repeated++;
                }
                else if (--left < 0)
                {
                    repeated = 0;
                    break;
                }
            }
        }

        ArrayPool<uint>.Shared.Return(table);
        return (double)repeated / sequences;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Seen(uint[] table, int size, uint key)
    {
        for (int i = (int)(key >> 7) & (size - 1), probes = 0; probes < 32; i = (i + 1) & (size - 1), probes++)
        {
            if (table[i] == key)
            {
                return true;
            }

            if (table[i] == 0)
            {
                table[i] = key;
                return false;
            }
        }

        return false;
    }
}
