using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace TrainTools.Trainer.Models.Parts.Compact;

/// <summary>
/// Tiles of a product that are held in registers of 256 bits while k goes by, written out since the compiler does not unroll.
/// Names say rows by vectors. Parameters are those of <see cref="MatrixKernel.Multiply"/>.
/// </summary>
internal static unsafe class MatrixTiles256
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FourByTwo(float* a, nint aRow, nint aStep, float* b, nint bRow, float* c, nint cRow, int depth, bool adds)
    {
        var c00 = Vector256<float>.Zero;
        var c01 = Vector256<float>.Zero;
        var c10 = Vector256<float>.Zero;
        var c11 = Vector256<float>.Zero;
        var c20 = Vector256<float>.Zero;
        var c21 = Vector256<float>.Zero;
        var c30 = Vector256<float>.Zero;
        var c31 = Vector256<float>.Zero;
        for (var k = 0; k < depth; k++)
        {
            var b0 = Vector256.Load(b);
            var b1 = Vector256.Load(b + 8);
            var a0 = Vector256.Create(a[0]);
            c00 = Vector256.FusedMultiplyAdd(a0, b0, c00);
            c01 = Vector256.FusedMultiplyAdd(a0, b1, c01);
            var a1 = Vector256.Create(a[aRow]);
            c10 = Vector256.FusedMultiplyAdd(a1, b0, c10);
            c11 = Vector256.FusedMultiplyAdd(a1, b1, c11);
            var a2 = Vector256.Create(a[2 * aRow]);
            c20 = Vector256.FusedMultiplyAdd(a2, b0, c20);
            c21 = Vector256.FusedMultiplyAdd(a2, b1, c21);
            var a3 = Vector256.Create(a[3 * aRow]);
            c30 = Vector256.FusedMultiplyAdd(a3, b0, c30);
            c31 = Vector256.FusedMultiplyAdd(a3, b1, c31);
            a += aStep;
            b += bRow;
        }

        Put(c00, c, adds);
        Put(c01, c + 8, adds);
        Put(c10, c + cRow, adds);
        Put(c11, c + cRow + 8, adds);
        Put(c20, c + (2 * cRow), adds);
        Put(c21, c + (2 * cRow) + 8, adds);
        Put(c30, c + (3 * cRow), adds);
        Put(c31, c + (3 * cRow) + 8, adds);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void OneByOne(float* a, nint aStep, float* b, nint bRow, float* c, int depth, bool adds)
    {
        var c00 = Vector256<float>.Zero;
        for (var k = 0; k < depth; k++)
        {
            var b0 = Vector256.Load(b);
            var a0 = Vector256.Create(a[0]);
            c00 = Vector256.FusedMultiplyAdd(a0, b0, c00);
            a += aStep;
            b += bRow;
        }

        Put(c00, c, adds);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(Vector256<float> sum, float* c, bool adds) => Vector256.Store(adds ? Vector256.Load(c) + sum : sum, c);
}
