using System.Runtime.ExceptionServices;
using TorchSharp;

namespace TrainTools.Trainer.Adapters;

/// <summary>
/// Carries an exception out of a backward function written here. One that left it would end the process, since native code
/// lies in between: it is kept, null gradients are returned, and whoever called backward throws it afterwards.
/// It lets go of gradients, too: the objects of those that came in and of those that were returned belong to the scope of
/// whoever called backward, and would keep every layer's gradients in memory until the whole pass is over.
/// </summary>
public static class AutogradGuard
{
    // What native code has taken over from the node before this one. The nodes of a pass run one after another on a thread.
    [ThreadStatic]
    private static List<torch.Tensor>? taken;

    private static ExceptionDispatchInfo? failure;

    /// <summary>The same for a node whose incoming gradients stay with whoever called backward.</summary>
    public static List<torch.Tensor> Run(int gradients, Func<List<torch.Tensor>> body) => Run(gradients, [], body);

    /// <summary>Runs a backward body; on failure gives the number of undefined gradients asked for.</summary>
    /// <param name="gradients">Number of gradients to give.</param>
    /// <param name="incoming">Gradients of the node's outputs; they are let go of when the next node runs.</param>
    /// <param name="body">Gives the gradients of the node's inputs, new tensors; these are let go of as well.</param>
    public static List<torch.Tensor> Run(int gradients, IEnumerable<torch.Tensor?> incoming, Func<List<torch.Tensor>> body)
    {
        ArgumentNullException.ThrowIfNull(incoming);
        ArgumentNullException.ThrowIfNull(body);
        Release();
        try
        {
            var results = body();
            taken = [.. incoming.Concat(results).OfType<torch.Tensor>().Where(t => !t.IsInvalid)];
            return results;
        }
#pragma warning disable CA1031 // Every exception: none may reach native code.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Interlocked.CompareExchange(ref failure, ExceptionDispatchInfo.Capture(e), null);
            return [.. Enumerable.Repeat<torch.Tensor>(null!, gradients)];
        }
    }

    /// <summary>After a pass: lets go of the last node's gradients, and throws what a backward function failed with, once.</summary>
    public static void ThrowIfFailed()
    {
        Release();
        Interlocked.Exchange(ref failure, null)?.Throw();
    }

    private static void Release()
    {
        foreach (var tensor in taken ?? [])
        {
            tensor.Dispose();
        }

        taken = null;
    }
}
