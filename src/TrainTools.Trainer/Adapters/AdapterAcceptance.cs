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

    /// <summary>Checks the adapter itself.</summary>
    /// <param name="adapter">The trained adapter, not quantised away from its base.</param>
    /// <param name="forward">The model's output for a probe of real data.</param>
    /// <exception cref="TrainToolsException"><see cref="ErrorIds.AdapterDead"/>.</exception>
    public static void Check(AdapterModel adapter, Func<Tensor> forward)
    {
        ArgumentNullException.ThrowIfNull(adapter);
        ArgumentNullException.ThrowIfNull(forward);
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        var all = adapter.Parameters.Where(p => p.Name.Contains("lora_B", StringComparison.Ordinal)).ToList();
        var dead = all.Where(p => p.Value.count_nonzero().ToInt64() == 0).Select(p => p.Name).ToList();
        if (dead.Count > 0)
        {
            throw Dead($"{dead.Count} of {all.Count} lora_B matrices are still zero after training ({string.Join(", ", dead.Take(NamesShown))}{(dead.Count > NamesShown ? ", …" : string.Empty)}), so the adapter does nothing there");
        }

        var broken = adapter.Parameters.Where(p => !p.Value.isfinite().all().item<bool>()).Select(p => p.Name).ToList();
        if (broken.Count > 0)
        {
            throw Dead($"{broken.Count} tensors of the adapter are not finite ({string.Join(", ", broken.Take(NamesShown))})");
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

    /// <summary>Reads the saved adapter onto the same base and compares.</summary>
    /// <returns>The greatest difference of the outputs.</returns>
    public static double CheckSaved(AdapterModel adapter, string folder, Func<Tensor> forward)
    {
        ArgumentNullException.ThrowIfNull(adapter);
        ArgumentNullException.ThrowIfNull(forward);
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        var before = forward();
        adapter.Restore(folder);
        var difference = before.sub(forward()).abs().max().ToDouble();
        return difference == 0 ? difference : throw Dead(string.Create(CultureInfo.InvariantCulture, $"the saved adapter gives outputs that differ by {difference}"));
    }

    private static TrainToolsException Dead(string what) => new(
        ErrorIds.AdapterDead, ErrorKind.InvalidOperation, $"The adapter did not pass its acceptance check: {what}.",
        "Check that the learning rate is above 0 (1e-4 to 3e-4 for LoRA), that the run had steps after warm-up, and that nothing froze the adapter.");
}
