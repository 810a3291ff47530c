using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace TrainTools.Trainer.Models.Parts.Compact;

/// <summary>
/// Products of small float32 matrices on one thread, without the cost of an operator's call. Each element is one chain of
/// fused multiply-adds over blocks of k in ascending order: its bits do not depend on how many rows or columns are computed
/// with it, nor on the number of threads that share the rows.
/// </summary>
internal static unsafe class MatrixKernel
{
    /// <summary>Length of k that is summed before it is added to the result: what is read of B then stays in the first cache.</summary>
    private const int Depth = 256;

    private const int Shallow = 24;
    private const int Tile = 8;

    /// <summary>C = A·B, or C += A·B.</summary>
    /// <param name="a">A(i, k) at a[i · aRow + k · aStep], so that a transposed matrix is read where it lies.</param>
    /// <param name="aRow">Distance of rows of A.</param>
    /// <param name="aStep">Distance of columns of A.</param>
    /// <param name="b">[depth, columns], rows contiguous.</param>
    /// <param name="bRow">Distance of rows of B.</param>
    /// <param name="c">[rows, columns], rows contiguous.</param>
    /// <param name="cRow">Distance of rows of C.</param>
    /// <param name="rows">Rows of A and C.</param>
    /// <param name="columns">Columns of B and C.</param>
    /// <param name="depth">Columns of A, rows of B.</param>
    /// <param name="adds">Whether C is added to.</param>
    public static void Multiply(float* a, nint aRow, nint aStep, float* b, nint bRow, float* c, nint cRow, int rows, int columns, int depth, bool adds)
    {
        for (var start = 0; start < depth; start += Depth)
        {
            var length = Math.Min(Depth, depth - start);
            if (Vector512.IsHardwareAccelerated)
            {
                Block512(a + (start * aStep), aRow, aStep, b + (start * bRow), bRow, c, cRow, rows, columns, length, adds || start > 0);
            }
            else
            {
                Block256(a + (start * aStep), aRow, aStep, b + (start * bRow), bRow, c, cRow, rows, columns, length, adds || start > 0);
            }
        }
    }

    /// <summary>y[j, i] = x[i, j]: [rows, columns] → [columns, rows].</summary>
    public static void Transpose(float* x, nint xRow, float* y, nint yRow, int rows, int columns)
    {
        const int Tile = 16;
        for (var i0 = 0; i0 < rows; i0 += Tile)
        {
            var i1 = Math.Min(rows, i0 + Tile);
            for (var j = 0; j < columns; j++)
            {
                var to = y + (j * yRow);
                var from = x + j;
                for (var i = i0; i < i1; i++)
                {
                    to[i] = from[i * xRow];
                }
            }
        }
    }

    private static void Block512(float* a, nint aRow, nint aStep, float* b, nint bRow, float* c, nint cRow, int rows, int columns, int depth, bool adds)
    {
        if (depth <= Shallow && adds && rows > Tile)
        {
            // Little is read for each number of C: a few of its rows after the others, so that it is gone through in order.
            for (var i = 0; i < rows; i += Tile)
            {
                Block512(a + (i * aRow), aRow, aStep, b, bRow, c + (i * cRow), cRow, Math.Min(Tile, rows - i), columns, depth, adds);
            }

            return;
        }

        var column = 0;
        for (; column + 32 <= columns; column += 32)
        {
            var i = 0;
            for (; i + 8 <= rows; i += 8)
            {
                MatrixTiles512.EightByTwo(a + (i * aRow), aRow, aStep, b + column, bRow, c + (i * cRow) + column, cRow, depth, adds);
            }

            for (; i < rows; i++)
            {
                MatrixTiles512.OneByTwo(a + (i * aRow), aStep, b + column, bRow, c + (i * cRow) + column, depth, adds);
            }
        }

        for (; column + 16 <= columns; column += 16)
        {
            Strip512(a, aRow, aStep, b + column, bRow, c + column, cRow, rows, depth, adds);
        }

        if (column < columns)
        {
            Edge(a, aRow, aStep, b + column, bRow, c + column, cRow, rows, columns - column, depth, adds, 16);
        }
    }

    private static void Strip512(float* a, nint aRow, nint aStep, float* b, nint bRow, float* c, nint cRow, int rows, int depth, bool adds)
    {
        var i = 0;
        for (; i + 8 <= rows; i += 8)
        {
            MatrixTiles512.EightByOne(a + (i * aRow), aRow, aStep, b, bRow, c + (i * cRow), cRow, depth, adds);
        }

        for (; i < rows; i++)
        {
            MatrixTiles512.OneByOne(a + (i * aRow), aStep, b, bRow, c + (i * cRow), depth, adds);
        }
    }

    private static void Block256(float* a, nint aRow, nint aStep, float* b, nint bRow, float* c, nint cRow, int rows, int columns, int depth, bool adds)
    {
        var column = 0;
        for (; column + 16 <= columns; column += 16)
        {
            var i = 0;
            for (; i + 4 <= rows; i += 4)
            {
                MatrixTiles256.FourByTwo(a + (i * aRow), aRow, aStep, b + column, bRow, c + (i * cRow) + column, cRow, depth, adds);
            }

            for (; i < rows; i++)
            {
                MatrixTiles256.OneByOne(a + (i * aRow), aStep, b + column, bRow, c + (i * cRow) + column, depth, adds);
                MatrixTiles256.OneByOne(a + (i * aRow), aStep, b + column + 8, bRow, c + (i * cRow) + column + 8, depth, adds);
            }
        }

        for (; column + 8 <= columns; column += 8)
        {
            Strip256(a, aRow, aStep, b + column, bRow, c + column, cRow, rows, depth, adds);
        }

        if (column < columns)
        {
            Edge(a, aRow, aStep, b + column, bRow, c + column, cRow, rows, columns - column, depth, adds, 8);
        }
    }

    private static void Strip256(float* a, nint aRow, nint aStep, float* b, nint bRow, float* c, nint cRow, int rows, int depth, bool adds)
    {
        for (var i = 0; i < rows; i++)
        {
            MatrixTiles256.OneByOne(a + (i * aRow), aStep, b, bRow, c + (i * cRow), depth, adds);
        }
    }

    /// <summary>The last columns, fewer than a vector's: through copies that are filled up with zeros.</summary>
    [SkipLocalsInit]
    private static void Edge(float* a, nint aRow, nint aStep, float* b, nint bRow, float* c, nint cRow, int rows, int columns, int depth, bool adds, int lanes)
    {
        const int Some = 32;
        var full = stackalloc float[Depth * 16];
        var result = stackalloc float[Some * 16];
        for (var k = 0; k < depth; k++)
        {
            for (var j = 0; j < lanes; j++)
            {
                full[(k * lanes) + j] = j < columns ? b[(k * bRow) + j] : 0;
            }
        }

        for (var start = 0; start < rows; start += Some)
        {
            var length = Math.Min(Some, rows - start);
            if (lanes == 16)
            {
                Strip512(a + (start * aRow), aRow, aStep, full, lanes, result, lanes, length, depth, adds: false);
            }
            else
            {
                Strip256(a + (start * aRow), aRow, aStep, full, lanes, result, lanes, length, depth, adds: false);
            }

            for (var i = 0; i < length; i++)
            {
                var to = c + ((start + i) * cRow);
                for (var j = 0; j < columns; j++)
                {
                    to[j] = adds ? to[j] + result[(i * lanes) + j] : result[(i * lanes) + j];
                }
            }
        }
    }
}
