using System.Runtime.ExceptionServices;
using TorchSharp;

namespace TrainTools.Trainer.Adapters;

/// <summary>
/// Carries an exception out of a backward function written here. One that left it would end the process, since native code
/// lies in between: it is kept, null gradients are returned, and whoever called backward throws it afterwards.
/// </summary>
public static class AutogradGuard
{
    private static ExceptionDispatchInfo? failure;

    /// <summary>Runs a backward body; on failure gives the number of undefined gradients asked for.</summary>
    public static List<torch.Tensor> Run(int gradients, Func<List<torch.Tensor>> body)
    {
        ArgumentNullException.ThrowIfNull(body);
        try
        {
            return body();
        }
#pragma warning disable CA1031 // Every exception: none may reach native code.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Interlocked.CompareExchange(ref failure, ExceptionDispatchInfo.Capture(e), null);
            return [.. Enumerable.Repeat<torch.Tensor>(null!, gradients)];
        }
    }

    /// <summary>Throws what a backward function failed with, once.</summary>
    public static void ThrowIfFailed() => Interlocked.Exchange(ref failure, null)?.Throw();
}
