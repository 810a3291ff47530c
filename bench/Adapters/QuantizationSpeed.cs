using System.Diagnostics;
using System.Globalization;
using TrainTools.Core.Quantization;
using TrainTools.Core.Training;

namespace TrainTools.Bench.Adapters;

/// <summary>Seconds for a billion parameters to NF4 and back, in tensors of 4096 x 4096, beside a plain loop over the table.</summary>
internal static class QuantizationSpeed
{
    private const int Side = 4096;
    private const int Tensors = 60;

    public static void Run(int threads)
    {
        ThreadPool.SetMinThreads(threads, threads);
        var random = new SeededRandom(1, RandomPurpose.RowOrder);
        var values = new float[Side * Side];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = (random.NextInt(20001) - 10000) * 2e-6f;
        }

        var packed = new byte[Nf4.PackedLength(values.Length)];
        var absmax = new float[Nf4.BlockCount(values.Length)];
        var back = new float[values.Length];
        var parameters = (double)Tensors * values.Length;

        Nf4State? state = null;
        var quantize = Seconds(() =>
        {
            Nf4.Quantize(values, packed, absmax);
            state = Nf4State.Create(absmax, [Side, Side], "float32", doubleQuantization: true);
        });
        var dequantize = Seconds(() =>
        {
            var scales = state!.Scales();
            Nf4.Dequantize(packed, scales, back);
        });
        var plain = new Stopwatch();
        plain.Start();
        Plain(values.AsSpan(0, values.Length / 4));
        var slow = plain.Elapsed.TotalSeconds * 4 * Tensors;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{parameters / 1e9:0.00} B parameters, float32, {Environment.ProcessorCount} cores, {state!.BitsPerParameter:0.000} bits a parameter"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"quantise, scales too   {quantize,8:0.00} s  {parameters * 4 / quantize / 1e9,8:0.0} GB/s read"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"back into floats       {dequantize,8:0.00} s  {parameters * 4 / dequantize / 1e9,8:0.0} GB/s written"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"plain loop, one core   {slow,8:0.00} s  (from a quarter of one tensor)"));
    }

    private static double Seconds(Action work)
    {
        work();
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < Tensors; i++)
        {
            work();
        }

        return clock.Elapsed.TotalSeconds;
    }

    private static int Plain(ReadOnlySpan<float> values)
    {
        var sum = 0;
        for (var start = 0; start < values.Length; start += Nf4.BlockSize)
        {
            var block = values.Slice(start, Math.Min(Nf4.BlockSize, values.Length - start));
            var largest = 0f;
            foreach (var value in block)
            {
                largest = Math.Max(largest, Math.Abs(value));
            }

            foreach (var value in block)
            {
                var (code, distance) = (0, float.MaxValue);
                for (var i = 0; i < 16; i++)
                {
                    var d = Math.Abs((value / largest) - Nf4.Levels[i]);
                    (code, distance) = d < distance ? (i, d) : (code, distance);
                }

                sum += code;
            }
        }

        return sum;
    }
}
