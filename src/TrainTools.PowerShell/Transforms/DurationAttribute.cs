using System.Globalization;
using System.Management.Automation;
using TrainTools.Core.Runs;

namespace TrainTools.PowerShell.Transforms;

/// <summary>Reads durations: a time span, text (hh:mm:ss), or a number of seconds, which PowerShell alone would take for ticks.</summary>
internal sealed class DurationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        if (value is null)
        {
            return null!;
        }

        var duration = value is TimeSpan span ? (span > TimeSpan.Zero ? span : null) : RunRequest.Duration(Convert.ToString(value, CultureInfo.InvariantCulture) ?? "");
        return duration ?? throw new ArgumentTransformationMetadataException($"'{value}' is no duration. Give a time span above zero, such as 08:00:00, or a number of seconds.");
    }
}
