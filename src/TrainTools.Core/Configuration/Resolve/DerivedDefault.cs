namespace TrainTools.Core.Configuration;

/// <summary>A setting that was unset and got its value from something else.</summary>
/// <param name="Setting">YAML name.</param>
/// <param name="Value">The value.</param>
/// <param name="Reason">What it was derived from ("10 x full fine-tuning, because finetuning_type is lora").</param>
public sealed record DerivedDefault(string Setting, object? Value, string Reason)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Setting} = {ConfigSchema.Get(Setting).Format(Value)}: {Reason}";
}
