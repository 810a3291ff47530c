using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Text.Json.Nodes;
using TrainTools.Core.Data;
using TrainTools.Core.Errors;

namespace TrainTools.PowerShell.Transforms;

/// <summary>
/// Lets a parameter for records take what other commands give: tables and objects with the fields of a record (Import-Csv,
/// ConvertFrom-Json). Left to itself the engine would make a record without content of any table.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class RecordAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        if (!RowAttribute.IsRow(inputData))
        {
            return inputData;
        }

        try
        {
            return TrainingRecord.Of((JsonObject)Node(inputData)!);
        }
        catch (TrainToolsException e)
        {
            // What names a file is left to the parameters for paths.
            throw new ArgumentTransformationMetadataException($"{e.Message} {e.Remedy}", NamesFile(inputData) ? new PSInvalidCastException(e.Message, e) : e);
        }
    }

    private static bool NamesFile(object row) =>
        PSObject.AsPSObject(row).Properties.Any(p => p.Name.ToUpperInvariant() is "PATH" or "LITERALPATH" or "PSPATH" or "LP");

    private static JsonNode? Node(object? value)
    {
        var bare = value is PSObject wrapped ? wrapped.BaseObject : value;
        return bare switch
        {
            null => null,
            string text => JsonValue.Create(text),
            bool flag => JsonValue.Create(flag),
            double or float or decimal => JsonValue.Create(Convert.ToDouble(bare, CultureInfo.InvariantCulture)),
            sbyte or byte or short or ushort or int or uint or long => JsonValue.Create(Convert.ToInt64(bare, CultureInfo.InvariantCulture)),
            IDictionary map => Object(map.Keys.Cast<object>().Select(k => (k.ToString()!, map[k]))),
            PSCustomObject => Object(PSObject.AsPSObject(value).Properties.Select(p => (p.Name, (object?)p.Value))),
            IEnumerable list => new JsonArray([.. list.Cast<object?>().Select(Node)]),
            _ => JsonValue.Create(Convert.ToString(bare, CultureInfo.InvariantCulture)),
        };
    }

    private static JsonObject Object(IEnumerable<(string Name, object? Value)> fields)
    {
        var result = new JsonObject();
        foreach (var (name, value) in fields)
        {
            result[name] = Node(value);
        }

        return result;
    }
}

/// <summary>Lets a parameter for paths pass tables and objects by, so that they come to the parameter for records and are not taken for names.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class RowAttribute : ArgumentTransformationAttribute
{
    /// <summary>Whether a value is a table or an object made of properties.</summary>
    public static bool IsRow(object? value) => (value is PSObject wrapped ? wrapped.BaseObject : value) is PSCustomObject or IDictionary;

    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        if (!IsRow(inputData))
        {
            return inputData;
        }

        // The inner exception tells the engine to try the next parameter.
        const string Message = "An object is no path.";
        throw new ArgumentTransformationMetadataException(Message, new PSInvalidCastException(Message));
    }
}
