using System.Globalization;
using System.Management.Automation;
using TrainTools.Core.Runs;

namespace TrainTools.PowerShell.Transforms;

/// <summary>Reads moments: a date, or text; a time of day alone (06:00) is the next one.</summary>
internal sealed class MomentAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        return value switch
        {
            null => null!,
            DateTimeOffset moment => moment,
            DateTime date => new DateTimeOffset(date),
            _ => RunRequest.Moment(Convert.ToString(value, CultureInfo.InvariantCulture) ?? "", DateTimeOffset.Now)
                ?? throw new ArgumentTransformationMetadataException($"'{value}' is no moment. Give a date and time, or a time of day such as 06:00."),
        };
    }
}
