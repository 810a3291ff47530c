using System.Management.Automation;

namespace TrainTools.PowerShell.Transforms;

/// <summary>
/// Lets an enum parameter take the spelling of configuration files as well: <c>cosine_with_min_lr</c> and <c>causal-lm</c>
/// beside CosineWithMinLr and CausalLm.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class FieldSpellingAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData) =>
        (inputData is PSObject wrapped ? wrapped.BaseObject : inputData) is string text
            ? text.Replace("_", string.Empty, StringComparison.Ordinal).Replace("-", string.Empty, StringComparison.Ordinal)
            : inputData;
}
