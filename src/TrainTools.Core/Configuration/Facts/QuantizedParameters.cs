using TrainTools.Core.Errors;
using TrainTools.Core.Quantization;
using TrainTools.Core.Serialization;

namespace TrainTools.Core.Configuration;

/// <summary>The parameters of files in which bitsandbytes may have quantised some: with the shapes they stand for, without what lies beside them.</summary>
internal static class QuantizedParameters
{
    /// <summary>The parameters in the files' order. A state that cannot be read leaves the packed shape: loading says what is wrong with it.</summary>
    public static List<ParameterFacts> Read(IEnumerable<string> paths)
    {
        var found = new List<ParameterFacts>();
        var shapes = new Dictionary<string, IReadOnlyList<long>>(StringComparer.Ordinal);
        foreach (var path in paths)
        {
            using var file = SafetensorsFile.Open(path);
            foreach (var entry in file.Entries)
            {
                if (entry.Name.EndsWith(Nf4State.StateSuffix, StringComparison.Ordinal) && Shape(file, entry) is { } shape)
                {
                    shapes[entry.Name[..^Nf4State.StateSuffix.Length]] = shape;
                }
                else if (!QuantizedNames.IsCompanion(entry.Name))
                {
                    found.Add(new ParameterFacts(entry.Name, entry.Dtype, entry.Shape));
                }
            }
        }

        return [.. found.Select(p => shapes.TryGetValue(p.Name, out var shape) ? p with { Shape = shape } : p)];
    }

    private static IReadOnlyList<long>? Shape(SafetensorsFile file, SafetensorsEntry state)
    {
        try
        {
            return Nf4State.FromJson(file.Bytes(state), state.Name).Shape;
        }
        catch (TrainToolsException)
        {
            return null;
        }
    }
}
