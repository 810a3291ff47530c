using TrainTools.Core.Configuration;

namespace TrainTools.PowerShell;

/// <summary>Says on the verbose stream which defaults a run would take, and from what.</summary>
internal static class ConfigReport
{
    /// <summary>Writes a line for each derived default; looks at nothing unless someone listens.</summary>
    public static void WriteDerived(CommandBase command, TrainingConfig config)
    {
        if (!command.IsVerbose)
        {
            return;
        }

        foreach (var derived in ConfigResolver.Resolve(config, ConfigFacts.Gather(config)).Derived)
        {
            command.WriteVerbose(derived.ToString());
        }
    }
}
