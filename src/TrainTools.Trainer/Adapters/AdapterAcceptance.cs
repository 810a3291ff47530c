using System.Globalization;
using TorchSharp;
using TrainTools.Core.Errors;
using TrainTools.Trainer.Models;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Adapters;

/// <summary>
/// What is checked at the end of every adapter run: each B moved away from where it began, the adapter changes the model's
/// function, and the saved adapter read again gives the same function.
/// </summary>
public static class AdapterAcceptance
{
    private const int NamesShown = 4;
    private const double ConvertedBound = 1e-3;

    /// <summary>Checks the adapter itself.</summary>
    /// <param name="adapter">The trained adapter, not quantised away from its base.</param>
    /// <param name="forward">The model's output for a probe of real data.</param>
    /// <param name="couldMove">Whether any step had a learning rate above 0; an adapter that none had is where it began by right.</param>
    /// <exception cref="TrainToolsException"><see cref="ErrorIds.AdapterDead"/>.</exception>
    public static void Check(AdapterModel adapter, Func<Tensor> forward, bool couldMove = true)
    {
        ArgumentNullException.ThrowIfNull(adapter);
        ArgumentNullException.ThrowIfNull(forward);
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        var all = adapter.Parameters.Where(p => AdapterModel.MustMove(p.Name)).ToList();
        var dead = all.Where(adapter.IsStill).Select(p => p.Name).ToList();
        if (couldMove && dead.Count > 0)
        {
            throw Dead($"{dead.Count} of {all.Count} lora_B matrices are after training what they were before it ({string.Join(", ", dead.Take(NamesShown))}{(dead.Count > NamesShown ? ", …" : string.Empty)}), so the adapter does nothing there");
        }

        var broken = adapter.Parameters.Where(p => !p.Value.isfinite().all().item<bool>()).Select(p => p.Name).ToList();
        if (broken.Count > 0)
        {
            throw Dead($"{broken.Count} tensors of the adapter are not finite ({string.Join(", ", broken.Take(NamesShown))})");
        }

        if (!couldMove)
        {
            return;
        }

        var on = forward();
        adapter.Enabled = false;
        var off = forward();
        adapter.Enabled = true;
        if (on.sub(off).abs().max().ToDouble() == 0)
        {
            throw Dead("the model answers the same with the adapter and without it");
        }
    }

    /// <summary>Reads the saved adapter onto the same base and compares: equal to the last bit.</summary>
    /// <returns>The greatest difference of the outputs.</returns>
    public static double CheckSaved(AdapterModel adapter, string folder, Func<Tensor> forward)
    {
        ArgumentNullException.ThrowIfNull(adapter);
        ArgumentNullException.ThrowIfNull(forward);
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        var before = forward();
        if (adapter.Config.TakesFromBase)
        {
            return CheckConverted(adapter, folder, before, forward);
        }

        adapter.Restore(folder);
        var difference = before.sub(forward()).abs().max().ToDouble();
        return difference == 0 ? difference : throw Dead(string.Create(CultureInfo.InvariantCulture, $"the saved adapter gives outputs that differ by {difference}"));
    }

    // The base gets back what was taken from it, and the plain adapter that was saved is put on it: the same sums in another order.
    private static double CheckConverted(AdapterModel adapter, string folder, Tensor before, Func<Tensor> forward)
    {
        var model = adapter.Base;
        adapter.Dispose();
        using var plain = AdapterModel.Load(model, folder);
        var difference = before.sub(forward()).abs().max().ToDouble();
        var bound = ConvertedBound * before.abs().max().ToDouble();
        return difference <= bound ? difference
            : throw Dead(string.Create(CultureInfo.InvariantCulture, $"the saved adapter, on the base as it was, gives outputs that differ by {difference:G3}, and {bound:G3} is the bound"));
    }

    private static TrainToolsException Dead(string what) => new(
        ErrorIds.AdapterDead, ErrorKind.InvalidOperation, $"The adapter did not pass its acceptance check: {what}.",
        "Check that the learning rate is above 0 (1e-4 to 3e-4 for LoRA), that the run had steps after warm-up, and that nothing froze the adapter.");
}
