using TorchSharp;
using TrainTools.Trainer.Backend;

namespace TrainTools.Trainer.Tests.Backend;

/// <summary>Loops on the threads of libtorch's operators.</summary>
public sealed class OperatorThreadsTests
{
    public OperatorThreadsTests() => TorchBackend.Initialize();

    [Fact]
    public void AreThereWhereLibtorchHasThem() => Assert.Equal(OperatingSystem.IsLinux(), OperatorThreads.Available);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(1000)]
    public void EachTaskIsDoneOnce(int tasks)
    {
        var done = new int[tasks];
        OperatorThreads.For(tasks, i => Interlocked.Increment(ref done[i]));
        Assert.All(done, d => Assert.Equal(1, d));
    }

    [Theory]
    [InlineData(0, 7)]
    [InlineData(6, 7)]
    [InlineData(7, 7)]
    [InlineData(100_001, 64)]
    public void PiecesCoverEachNumberOnce(int count, int size)
    {
        var done = new int[count];
        OperatorThreads.ForPieces(count, size, (start, length) =>
        {
            Assert.InRange(length, 1, size);
            for (var i = start; i < start + length; i++)
            {
                Interlocked.Increment(ref done[i]);
            }
        });
        Assert.All(done, d => Assert.Equal(1, d));
    }

    [Fact]
    public void WhatATaskThrowsIsThrownAndTheNextLoopWorks()
    {
        var thrown = Assert.Throws<InvalidDataException>(() => OperatorThreads.For(50, i => throw new InvalidDataException("task")));
        Assert.Equal("task", thrown.Message);
        EachTaskIsDoneOnce(50);
    }

    [Fact]
    public void ALoopWithinALoopAndOperatorsBetweenLoopsWork()
    {
        var sums = new long[8];
        OperatorThreads.For(8, i => OperatorThreads.For(100, j => sums[i] += j));
        Assert.All(sums, s => Assert.Equal(4950, s));
        using var scope = torch.NewDisposeScope();
        var x = torch.ones(300, 300);
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(300, x.mm(x)[0, 0].ToSingle());
            EachTaskIsDoneOnce(16);
        }
    }

    [Fact]
    public void OneThreadIsEnough()
    {
        var threads = torch.get_num_threads();
        torch.set_num_threads(1);
        try
        {
            var caller = Environment.CurrentManagedThreadId;
            OperatorThreads.For(20, _ => Assert.Equal(caller, Environment.CurrentManagedThreadId));
        }
        finally
        {
            torch.set_num_threads(threads);
        }
    }
}
