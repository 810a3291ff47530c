using System.Diagnostics;
using System.Reflection;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Tests.Backend;

/// <summary>A number that is handed to libtorch lives until the call is over, whatever the garbage collector does meanwhile.</summary>
public class ScalarLifetimeTests
{
    [Fact]
    public void TorchSharps_methods_keep_their_arguments() =>
        Assert.True(typeof(TorchSharp.torch).Assembly.GetCustomAttribute<DebuggableAttribute>()?.IsJITOptimizerDisabled);

    // With the assembly as it comes, about one call in a thousand fails here.
    [Fact]
    public void Numbers_survive_collections_during_the_call()
    {
        using var stop = new CancellationTokenSource();
        var collector = new Thread(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                GC.Collect(0);
            }
        });
        collector.Start();
        using var scope = NewDisposeScope();
        var sum = zeros(8);
        var one = ones(8);
        const int Calls = 20_000;
        try
        {
            for (var i = 0; i < Calls; i++)
            {
                using var inner = NewDisposeScope();
                sum.add_(0.5).add_(one);
            }
        }
        finally
        {
            stop.Cancel();
            collector.Join();
        }

        Assert.Equal(1.5f * Calls, sum[0].item<float>());
    }
}
