using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace TrainTools.Trainer.Models.Parts.Compact;

/// <summary>
/// Tiles of a product that are held in registers of 512 bits while k goes by, written out since the compiler does not unroll.
/// Names say rows by vectors. Parameters are those of <see cref="MatrixKernel.Multiply"/>.
/// </summary>
internal static unsafe class MatrixTiles512
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void EightByTwo(float* a, nint aRow, nint aStep, float* b, nint bRow, float* c, nint cRow, int depth, bool adds)
    {
        var c00 = Vector512<float>.Zero;
        var c01 = Vector512<float>.Zero;
        var c10 = Vector512<float>.Zero;
        var c11 = Vector512<float>.Zero;
        var c20 = Vector512<float>.Zero;
        var c21 = Vector512<float>.Zero;
        var c30 = Vector512<float>.Zero;
        var c31 = Vector512<float>.Zero;
        var c40 = Vector512<float>.Zero;
        var c41 = Vector512<float>.Zero;
        var c50 = Vector512<float>.Zero;
        var c51 = Vector512<float>.Zero;
        var c60 = Vector512<float>.Zero;
        var c61 = Vector512<float>.Zero;
        var c70 = Vector512<float>.Zero;
        var c71 = Vector512<float>.Zero;
        for (var k = 0; k < depth; k++)
        {
            var b0 = Vector512.Load(b);
            var b1 = Vector512.Load(b + 16);
            var a0 = Vector512.Create(a[0]);
            c00 = Vector512.FusedMultiplyAdd(a0, b0, c00);
            c01 = Vector512.FusedMultiplyAdd(a0, b1, c01);
            var a1 = Vector512.Create(a[aRow]);
            c10 = Vector512.FusedMultiplyAdd(a1, b0, c10);
            c11 = Vector512.FusedMultiplyAdd(a1, b1, c11);
            var a2 = Vector512.Create(a[2 * aRow]);
            c20 = Vector512.FusedMultiplyAdd(a2, b0, c20);
            c21 = Vector512.FusedMultiplyAdd(a2, b1, c21);
            var a3 = Vector512.Create(a[3 * aRow]);
            c30 = Vector512.FusedMultiplyAdd(a3, b0, c30);
            c31 = Vector512.FusedMultiplyAdd(a3, b1, c31);
            var a4 = Vector512.Create(a[4 * aRow]);
            c40 = Vector512.FusedMultiplyAdd(a4, b0, c40);
            c41 = Vector512.FusedMultiplyAdd(a4, b1, c41);
            var a5 = Vector512.Create(a[5 * aRow]);
            c50 = Vector512.FusedMultiplyAdd(a5, b0, c50);
            c51 = Vector512.FusedMultiplyAdd(a5, b1, c51);
            var a6 = Vector512.Create(a[6 * aRow]);
            c60 = Vector512.FusedMultiplyAdd(a6, b0, c60);
            c61 = Vector512.FusedMultiplyAdd(a6, b1, c61);
            var a7 = Vector512.Create(a[7 * aRow]);
            c70 = Vector512.FusedMultiplyAdd(a7, b0, c70);
            c71 = Vector512.FusedMultiplyAdd(a7, b1, c71);
            a += aStep;
            b += bRow;
        }

        Put(c00, c, adds);
        Put(c01, c + 16, adds);
        Put(c10, c + cRow, adds);
        Put(c11, c + cRow + 16, adds);
        Put(c20, c + (2 * cRow), adds);
        Put(c21, c + (2 * cRow) + 16, adds);
        Put(c30, c + (3 * cRow), adds);
        Put(c31, c + (3 * cRow) + 16, adds);
        Put(c40, c + (4 * cRow), adds);
        Put(c41, c + (4 * cRow) + 16, adds);
        Put(c50, c + (5 * cRow), adds);
        Put(c51, c + (5 * cRow) + 16, adds);
        Put(c60, c + (6 * cRow), adds);
        Put(c61, c + (6 * cRow) + 16, adds);
        Put(c70, c + (7 * cRow), adds);
        Put(c71, c + (7 * cRow) + 16, adds);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void EightByOne(float* a, nint aRow, nint aStep, float* b, nint bRow, float* c, nint cRow, int depth, bool adds)
    {
        var c00 = Vector512<float>.Zero;
        var c10 = Vector512<float>.Zero;
        var c20 = Vector512<float>.Zero;
        var c30 = Vector512<float>.Zero;
        var c40 = Vector512<float>.Zero;
        var c50 = Vector512<float>.Zero;
        var c60 = Vector512<float>.Zero;
        var c70 = Vector512<float>.Zero;
        for (var k = 0; k < depth; k++)
        {
            var b0 = Vector512.Load(b);
            var a0 = Vector512.Create(a[0]);
            c00 = Vector512.FusedMultiplyAdd(a0, b0, c00);
            var a1 = Vector512.Create(a[aRow]);
            c10 = Vector512.FusedMultiplyAdd(a1, b0, c10);
            var a2 = Vector512.Create(a[2 * aRow]);
            c20 = Vector512.FusedMultiplyAdd(a2, b0, c20);
            var a3 = Vector512.Create(a[3 * aRow]);
            c30 = Vector512.FusedMultiplyAdd(a3, b0, c30);
            var a4 = Vector512.Create(a[4 * aRow]);
            c40 = Vector512.FusedMultiplyAdd(a4, b0, c40);
            var a5 = Vector512.Create(a[5 * aRow]);
            c50 = Vector512.FusedMultiplyAdd(a5, b0, c50);
            var a6 = Vector512.Create(a[6 * aRow]);
            c60 = Vector512.FusedMultiplyAdd(a6, b0, c60);
            var a7 = Vector512.Create(a[7 * aRow]);
            c70 = Vector512.FusedMultiplyAdd(a7, b0, c70);
            a += aStep;
            b += bRow;
        }

        Put(c00, c, adds);
        Put(c10, c + cRow, adds);
        Put(c20, c + (2 * cRow), adds);
        Put(c30, c + (3 * cRow), adds);
        Put(c40, c + (4 * cRow), adds);
        Put(c50, c + (5 * cRow), adds);
        Put(c60, c + (6 * cRow), adds);
        Put(c70, c + (7 * cRow), adds);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void OneByTwo(float* a, nint aStep, float* b, nint bRow, float* c, int depth, bool adds)
    {
        var c00 = Vector512<float>.Zero;
        var c01 = Vector512<float>.Zero;
        for (var k = 0; k < depth; k++)
        {
            var b0 = Vector512.Load(b);
            var b1 = Vector512.Load(b + 16);
            var a0 = Vector512.Create(a[0]);
            c00 = Vector512.FusedMultiplyAdd(a0, b0, c00);
            c01 = Vector512.FusedMultiplyAdd(a0, b1, c01);
            a += aStep;
            b += bRow;
        }

        Put(c00, c, adds);
        Put(c01, c + 16, adds);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void OneByOne(float* a, nint aStep, float* b, nint bRow, float* c, int depth, bool adds)
    {
        var c00 = Vector512<float>.Zero;
        for (var k = 0; k < depth; k++)
        {
            var b0 = Vector512.Load(b);
            var a0 = Vector512.Create(a[0]);
            c00 = Vector512.FusedMultiplyAdd(a0, b0, c00);
            a += aStep;
            b += bRow;
        }

        Put(c00, c, adds);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(Vector512<float> sum, float* c, bool adds) => Vector512.Store(adds ? Vector512.Load(c) + sum : sum, c);
}
