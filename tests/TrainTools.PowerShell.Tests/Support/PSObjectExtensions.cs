using System.Management.Automation;

namespace TrainTools.PowerShell.Tests;

/// <summary>Reads objects the way a script does: by property names, because the types live in a load context of their own.</summary>
public static class PSObjectExtensions
{
    /// <summary>The value at a dotted path of properties.</summary>
    public static object? Get(this PSObject item, string path)
    {
        object? value = item;
        foreach (var name in path.Split('.'))
        {
            var property = PSObject.AsPSObject(value!).Properties[name];
            Assert.True(property is not null, $"{value} has no property {name}");
            value = property.Value;
            if (value is null)
            {
                return null;
            }
        }

        return value is PSObject wrapped ? wrapped.BaseObject : value;
    }

    /// <summary>The value at a path as text, in invariant form.</summary>
    public static string? Text(this PSObject item, string path) =>
        LanguagePrimitives.ConvertTo<string>(item.Get(path));
}
