using System.Globalization;
using System.Reflection;
using System.Text.Json;

namespace TrainTools.Core.Configuration;

/// <summary>One leaf of the config tree: its names, type, bounds and how to read and change it.</summary>
public sealed class SettingInfo
{
    private readonly PropertyInfo? sectionProperty;
    private readonly PropertyInfo property;
    private readonly SettingAttribute attribute;

    internal SettingInfo(PropertyInfo? sectionProperty, PropertyInfo property, SettingAttribute attribute)
    {
        this.sectionProperty = sectionProperty;
        this.property = property;
        this.attribute = attribute;
        Section = sectionProperty?.GetCustomAttribute<SettingAttribute>()!.Name;
        var underlying = Nullable.GetUnderlyingType(property.PropertyType);
        ValueType = underlying ?? property.PropertyType;
        IsNullable = underlying is not null || new NullabilityInfoContext().Create(property).WriteState == NullabilityState.Nullable;
        AllowedValues = ValueType.IsEnum ? Enum.GetNames(ValueType).Select(n => EnumName(ValueType, n)).ToArray() : attribute.Values;
        DefaultValue = Get(new TrainingConfig());
    }

    /// <summary>Name in YAML ("learning_rate").</summary>
    public string Name => attribute.Name;

    /// <summary>YAML name of its section ("optimization"); null at the top level.</summary>
    public string? Section { get; }

    /// <summary>Path in C# ("Optimization.LearningRate").</summary>
    public string PropertyPath => sectionProperty is null ? property.Name : $"{sectionProperty.Name}.{property.Name}";

    /// <summary>Name in C# and of the cmdlet parameter ("LearningRate").</summary>
    public string ParameterName => property.Name;

    /// <summary>Type of a value that is set: double, int, long, bool, string, an enum or <see cref="SettingList"/>.</summary>
    public Type ValueType { get; }

    /// <summary>Whether it can be null (unset).</summary>
    public bool IsNullable { get; }

    /// <summary>Whether it holds several values.</summary>
    public bool IsList => ValueType == typeof(SettingList);

    /// <summary>Whether the resolver fills it in where it is unset.</summary>
    public bool IsDerived => attribute.IsDerived;

    /// <summary>Whether it names files or folders.</summary>
    public bool IsPath => attribute.IsPath;

    /// <summary>Whether a list holds name=value entries.</summary>
    public bool IsMap => attribute.IsMap;

    /// <summary>Unit; null if none.</summary>
    public string? Unit => attribute.Unit;

    /// <summary>Least possible value; null if unbounded.</summary>
    public double? Minimum => double.IsNaN(attribute.Minimum) ? null : attribute.Minimum;

    /// <summary>Greatest possible value; null if unbounded.</summary>
    public double? Maximum => double.IsNaN(attribute.Maximum) ? null : attribute.Maximum;

    /// <summary>Whether the value must be above <see cref="Minimum"/>.</summary>
    public bool MinimumExclusive => attribute.MinimumExclusive;

    /// <summary>Whether the value must be below <see cref="Maximum"/>.</summary>
    public bool MaximumExclusive => attribute.MaximumExclusive;

    /// <summary>The possible values as written in YAML; empty where any is possible.</summary>
    public IReadOnlyList<string> AllowedValues { get; }

    /// <summary>Value in an empty config; null where it is derived or unset.</summary>
    public object? DefaultValue { get; }

    /// <summary>What the setting is; empty where the documentation file is not beside the assembly.</summary>
    public string Description => SettingDocs.OfProperty(property);

    /// <summary>What one of <see cref="AllowedValues"/> means; empty if not known.</summary>
    public string DescribeValue(string allowedValue) =>
        ValueType.IsEnum && Enum.GetNames(ValueType).FirstOrDefault(n => EnumName(ValueType, n) == allowedValue) is { } member
            ? SettingDocs.OfMember(ValueType, member)
            : string.Empty;

    /// <summary>The value in a config.</summary>
    public object? Get(TrainingConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return property.GetValue(sectionProperty is null ? config : sectionProperty.GetValue(config));
    }

    /// <summary>A copy of a config with another value. The value must be of <see cref="ValueType"/>, or null where <see cref="IsNullable"/>; bounds are not looked at.</summary>
    public TrainingConfig With(TrainingConfig config, object? value)
    {
        ArgumentNullException.ThrowIfNull(config);
        if (value is null ? !IsNullable : !ValueType.IsInstanceOfType(value))
        {
            throw new ArgumentException($"{Name} cannot hold {(value is null ? "null" : value.GetType().Name)}.", nameof(value));
        }

        var copy = config with { };
        if (sectionProperty is null)
        {
            property.SetValue(copy, value);
            return copy;
        }

        var section = RecordClone.Of(sectionProperty.GetValue(config)!);
        property.SetValue(section, value);
        sectionProperty.SetValue(copy, section);
        return copy;
    }

    /// <summary>Whether a config holds something else than the default.</summary>
    public bool IsSet(TrainingConfig config) => !Equals(Get(config), DefaultValue);

    /// <summary>A value as it is written in YAML, lists with commas.</summary>
    public string Format(object? value) => value switch
    {
        null => "null",
        bool b => b ? "true" : "false",
        double d => FormatNumber(d),
        Enum e => EnumName(ValueType, e.ToString()),
        SettingList list => list.ToString(),
        IFormattable f => f.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? string.Empty,
    };

    /// <summary>Shortest text of a number that reads back equal, as YAML 1.1 and 1.2 both read it ("2.0e-05", "0.01", "3").</summary>
    internal static string FormatNumber(double value)
    {
        var text = value.ToString("R", CultureInfo.InvariantCulture);
        var e = text.IndexOf('E', StringComparison.Ordinal);
        if (e < 0)
        {
            return text;
        }

        var mantissa = text[..e];
        return (mantissa.Contains('.', StringComparison.Ordinal) ? mantissa : mantissa + ".0") + "e" + text[(e + 1)..];
    }

    /// <summary>What the bounds demand ("above 0", "at least 1", "from 0 to below 1"); null if there are none.</summary>
    public string? DescribeBounds()
    {
        var low = Minimum is { } min ? (MinimumExclusive ? "above " : "at least ") + Plain(min) : null;
        var high = Maximum is { } max ? (MaximumExclusive ? "below " : "at most ") + Plain(max) : null;
        return low is null ? high : high is null ? low : $"{low} and {high}";
    }

    /// <summary>Whether a value is within the bounds and among <see cref="AllowedValues"/>.</summary>
    public bool IsPossible(object? value) => value switch
    {
        double d => double.IsFinite(d) && IsWithinBounds(d),
        int i => IsWithinBounds(i),
        long l => IsWithinBounds(l),
        string s => AllowedValues.Count == 0 || AllowedValues.Contains(s),
        _ => true,
    };

    /// <inheritdoc/>
    public override string ToString() => Name;

    private static string Plain(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private bool IsWithinBounds(double value) =>
        !(Minimum is { } min && (MinimumExclusive ? value <= min : value < min))
        && !(Maximum is { } max && (MaximumExclusive ? value >= max : value > max));

    private static string EnumName(Type type, string member) =>
        type.GetField(member)?.GetCustomAttribute<SettingValueAttribute>()?.Name ?? JsonNamingPolicy.SnakeCaseLower.ConvertName(member);
}

/// <summary>Copies a record whose type is only known at run time.</summary>
internal static class RecordClone
{
    /// <summary>The copy.</summary>
    public static object Of(object record) =>
        record.GetType().GetMethod("<Clone>$", BindingFlags.Instance | BindingFlags.Public)!.Invoke(record, null)!;
}
