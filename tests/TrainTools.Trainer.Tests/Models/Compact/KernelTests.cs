using System.Numerics;
using TrainTools.Trainer.Backend;
using TrainTools.Trainer.Models.Parts.Compact;

namespace TrainTools.Trainer.Tests.Models.Compact;

/// <summary>Kernels of small models against their formulas in doubles, at sizes that end inside a vector.</summary>
public unsafe class KernelTests
{
    public static TheoryData<int, int, int> Sizes => new()
    {
        { 1, 1, 1 }, { 8, 32, 64 }, { 7, 31, 5 }, { 33, 47, 257 }, { 64, 172, 64 }, { 13, 16, 300 }, { 5, 100, 12 }, { 40, 8, 600 },
    };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Products_are_the_sums_they_stand_for(int rows, int columns, int depth)
    {
        var (a, b, c) = (Numbers(rows * depth, 1), Numbers(depth * columns, 2), Numbers(rows * columns, 3));
        foreach (var (transposed, adds) in ((bool, bool)[])[(false, false), (false, true), (true, false), (true, true)])
        {
            var (plain, wide) = ((float[])c.Clone(), (float[])c.Clone());
            Multiply(a, b, plain, rows, columns, depth, transposed, adds);
            for (var i = 0; i < rows; i++)
            {
                for (var j = 0; j < columns; j++)
                {
                    double sum = adds ? wide[(i * columns) + j] : 0;
                    for (var k = 0; k < depth; k++)
                    {
                        sum += (double)a[transposed ? (k * rows) + i : (i * depth) + k] * b[(k * columns) + j];
                    }

                    Assert.Equal(sum, plain[(i * columns) + j], 1e-5 * Math.Sqrt(depth));
                }
            }
        }
    }

    [Fact]
    public void A_row_of_a_product_does_not_depend_on_the_rows_beside_it()
    {
        const int Rows = 29, Columns = 43, Depth = 301;
        var (a, b) = (Numbers(Rows * Depth, 1), Numbers(Depth * Columns, 2));
        var together = new float[Rows * Columns];
        Multiply(a, b, together, Rows, Columns, Depth, transposed: false, adds: false);
        for (var i = 0; i < Rows; i++)
        {
            var alone = new float[Columns];
            Multiply(a[(i * Depth)..((i + 1) * Depth)], b, alone, 1, Columns, Depth, transposed: false, adds: false);
            Assert.Equal(together[(i * Columns)..((i + 1) * Columns)], alone);
        }
    }

    [Fact]
    public void The_exponential_is_within_two_units_of_the_last_place()
    {
        for (var x = -87f; x < 88; x += 0.0137f)
        {
            var expected = Math.Exp(x);
            Assert.Equal(expected, Exponential.Of(new Vector<float>(x))[0], 2.4e-7 * expected);
        }

        Assert.True(float.IsNaN(Exponential.Of(new Vector<float>(float.NaN))[0]));
        Assert.InRange(Exponential.Of(new Vector<float>(-1000))[0], 0, 2e-38f);
        Assert.InRange(Exponential.Of(new Vector<float>(float.NegativeInfinity))[0], 0, 2e-38f);
    }

    [Theory]
    [InlineData(3, 0)]
    [InlineData(37, 0.1)]
    [InlineData(512, 0)]
    [InlineData(1001, 0.3)]
    public void Cross_entropy_and_its_gradient_are_the_closed_form(int vocabulary, double smoothing)
    {
        var logits = Numbers(vocabulary, 5);
        var (target, scale) = (vocabulary / 3, 0.25);
        var largest = logits.Max();
        var normalizer = largest + Math.Log(logits.Sum(x => Math.Exp((double)x - largest)));
        var expected = ((1 - smoothing) * (normalizer - logits[target])) + (smoothing * (normalizer - logits.Average(x => (double)x)));
        var row = (float[])logits.Clone();
        fixed (float* x = row)
        {
            Assert.Equal(expected, CrossEntropyRow.Run(x, vocabulary, target, (float)scale, (float)smoothing, out var correct), 1e-5);
            Assert.Equal(logits[target] == largest, correct);
        }

        for (var i = 0; i < vocabulary; i++)
        {
            var slope = Math.Exp(logits[i] - normalizer) - (smoothing / vocabulary) - (i == target ? 1 - smoothing : 0);
            Assert.Equal(scale * slope, row[i], 1e-6);
        }

        row = (float[])logits.Clone();
        row[0] = float.NaN;
        fixed (float* x = row)
        {
            Assert.True(float.IsNaN(CrossEntropyRow.Run(x, vocabulary, target, 1, 0, out _)));
            Assert.All(row, v => Assert.True(float.IsNaN(v)));
        }
    }

    [Fact]
    public void Every_task_is_done_once_and_its_failure_is_thrown()
    {
        WorkerThreads.Use(2);
        try
        {
            for (var round = 0; round < 200; round++)
            {
                var done = new int[round];
                WorkerThreads.For(round, i =>
                {
                    Interlocked.Increment(ref done[i]);
                    WorkerThreads.For(3, _ => { }); // a loop within a task runs where it is
                });
                Assert.All(done, n => Assert.Equal(1, n));
            }

            Assert.Throws<InvalidDataException>(() => WorkerThreads.For(8, i =>
            {
                if (i == 5)
                {
                    throw new InvalidDataException();
                }
            }));
        }
        finally
        {
            WorkerThreads.Use(1);
        }
    }

    private static void Multiply(float[] left, float[] right, float[] result, int rows, int columns, int depth, bool transposed, bool adds)
    {
        fixed (float* a = left, b = right, c = result)
        {
            MatrixKernel.Multiply(a, transposed ? 1 : depth, transposed ? rows : 1, b, columns, c, columns, rows, columns, depth, adds);
        }
    }

    private static float[] Numbers(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)((random.NextDouble() * 4) - 2))];
    }
}
