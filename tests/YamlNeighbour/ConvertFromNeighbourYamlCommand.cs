using System.Management.Automation;
using YamlDotNet.Serialization;

namespace YamlNeighbour;

/// <summary>Reads YAML the way any module would, with the YamlDotNet that lies beside it.</summary>
[Cmdlet(VerbsData.ConvertFrom, "NeighbourYaml")]
[OutputType(typeof(string))]
public sealed class ConvertFromNeighbourYamlCommand : PSCmdlet
{
    [Parameter(Mandatory = true, Position = 0)]
    public string Text { get; set; } = string.Empty;

    protected override void ProcessRecord()
    {
        var values = new DeserializerBuilder().Build().Deserialize<Dictionary<string, string>>(Text);
        WriteObject($"{typeof(DeserializerBuilder).Assembly.GetName().Version!.ToString(2)}: {string.Join(", ", values.Select(v => $"{v.Key}={v.Value}"))}");
    }
}
