namespace TrainTools.Core.Configuration;

/// <summary>A named set of settings to start from.</summary>
/// <param name="Name">Name ("sft-lora").</param>
/// <param name="Description">What it is for.</param>
/// <param name="Settings">The settings, as changes to the defaults.</param>
public sealed record ConfigPreset(string Name, string Description, IReadOnlyList<SettingChange> Settings)
{
    /// <inheritdoc/>
    public override string ToString() => Name;
}
