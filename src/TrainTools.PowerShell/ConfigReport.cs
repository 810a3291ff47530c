using TrainTools.Core.Configuration;

namespace TrainTools.PowerShell;

/// <summary>Says on the verbose stream which defaults a run would take, and from what.</summary>
internal static class ConfigReport
{
    /// <summary>Writes a line for each derived default; looks at nothing unless someone listens.</summary>
    public static void WriteDerived(CommandBase command, TrainingConfig config)
    {
        if (command.IsVerbose)
        {
            WriteDerived(command, ConfigResolver.Resolve(config));
        }
    }

    /// <summary>Writes a line for each derived default of a config that is resolved already.</summary>
    public static void WriteDerived(CommandBase command, ResolvedConfig resolved)
    {
        foreach (var derived in resolved.Derived)
        {
            command.WriteVerbose(derived.ToString());
        }
    }
}
