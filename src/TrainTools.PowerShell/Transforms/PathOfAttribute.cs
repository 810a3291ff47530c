using System.Management.Automation;

namespace TrainTools.PowerShell.Transforms;

/// <summary>
/// Takes this module's own objects for a path: a run, a checkpoint, an exported or a new model stands for its folder. Their
/// text is made for reading and is no path.
/// </summary>
internal sealed class PathOfAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        return value is object[] several ? several.Select(Of).ToArray() : Of(inputData);
    }

    private static object Of(object item)
    {
        var value = item is PSObject wrapped ? wrapped.BaseObject : item;
        return value?.GetType().Namespace?.StartsWith("TrainTools.", StringComparison.Ordinal) == true && PSObject.AsPSObject(value).Properties["Path"]?.Value is string path ? path : item;
    }
}
