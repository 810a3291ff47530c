using System.Management.Automation;
using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace TrainTools.PowerShell.Tests.Module;

/// <summary>What a reviewer looks for in every cmdlet, walked over whatever the module exports.</summary>
public sealed partial class CmdletConventionTests(ModuleFixture module) : IClassFixture<ModuleFixture>
{
    // Verbs that change something by what they mean; Invoke and Split are looked at by their parameters.
    private static readonly string[] ChangingVerbs = ["Start", "Stop", "Export", "Install", "Remove", "Set", "Clear", "Save", "Update"];

    private static readonly string[] WritingParameters = ["DestinationPath", "ReportPath", "VerdictPath", "RejectedPath"];

    [Fact]
    public void The_manifest_exports_what_the_assembly_has()
    {
        var assembly = module.Commands[0].ImplementingType.Assembly;
        var declared = assembly.GetExportedTypes().Select(t => t.GetCustomAttribute<CmdletAttribute>()).OfType<CmdletAttribute>().Select(c => $"{c.VerbName}-{c.NounName}");
        Assert.Equal(declared.Order(), module.Commands.Select(c => c.Name).Order());
    }

    [Fact]
    public void Names_have_an_approved_verb_and_a_singular_noun_of_the_module()
    {
        var verbs = typeof(VerbsCommon).Assembly.GetExportedTypes().Where(t => t.Namespace == "System.Management.Automation" && t.Name.StartsWith("Verbs", StringComparison.Ordinal))
            .SelectMany(t => t.GetFields(BindingFlags.Public | BindingFlags.Static)).Select(f => (string)f.GetValue(null)!).ToHashSet();
        Assert.All(module.Commands, c =>
        {
            Assert.Contains(c.Verb, verbs);
            Assert.Matches(Noun(), c.Noun);
            Assert.False(c.Noun.EndsWith('s') && !c.Noun.EndsWith("sis", StringComparison.Ordinal), $"{c.Name} is in the plural");
            Assert.Equal($"{c.Verb}{c.Noun}Command", c.ImplementingType.Name);
            Assert.True(c.ImplementingType.IsSealed, c.Name);
        });
    }

    [Fact]
    public void Every_cmdlet_has_a_Pester_file_of_its_own()
    {
        var folder = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Shell.Manifest)!, "..", "..", "tests", "Pester"));
        Assert.All(module.Commands, c => Assert.True(File.Exists(Path.Combine(folder, $"{c.Name}.Tests.ps1")), c.Name));
    }

    [Fact]
    public void Every_cmdlet_says_what_it_gives() => Assert.All(module.Commands, c => Assert.NotEmpty(c.OutputType));

    [Fact]
    public void Whatever_changes_something_can_be_asked_first() =>
        Assert.All(module.Commands.Where(c => ChangingVerbs.Contains(c.Verb) || WritingParameters.Any(c.Parameters.ContainsKey)), c =>
            Assert.True(c.ImplementingType.GetCustomAttribute<CmdletAttribute>()!.SupportsShouldProcess, c.Name));

    [Fact]
    public void No_parameter_is_a_bool_and_all_are_in_the_singular_and_in_Pascal_case() =>
        Assert.All(OwnParameters(), p =>
        {
            Assert.NotEqual(typeof(bool), p.Parameter.ParameterType);
            Assert.Matches("^[A-Z][A-Za-z0-9]*$", p.Parameter.Name);
            if (p.Parameter.ParameterType.IsArray)
            {
                Assert.False(p.Parameter.Name.EndsWith('s') && !p.Parameter.Name.EndsWith("ss", StringComparison.Ordinal), $"{p.Command.Name} -{p.Parameter.Name} is in the plural");
            }
        });

    [Fact]
    public void The_same_parameter_has_the_same_type_everywhere()
    {
        // What holds one value in one cmdlet may hold several in another.
        static Type Element(Type type) => Nullable.GetUnderlyingType(type) ?? (type.IsArray ? type.GetElementType()! : type);
        string[] differOnPurpose = ["InputObject", "Format"];
        var byName = OwnParameters().GroupBy(p => p.Parameter.Name).Where(g => !differOnPurpose.Contains(g.Key));
        Assert.All(byName, g => Assert.Single(g.Select(p => Element(p.Parameter.ParameterType)).Distinct()));
    }

    [Fact]
    public void A_path_with_wildcards_has_a_literal_twin() =>
        Assert.All(module.Commands.Where(c => c.Parameters.TryGetValue("Path", out var path) && path.Attributes.OfType<SupportsWildcardsAttribute>().Any()), c =>
            Assert.Contains("PSPath", c.Parameters["LiteralPath"].Aliases));

    [Fact]
    public void No_parameter_set_takes_more_than_one_value_from_the_pipeline() =>
        Assert.All(module.Commands.SelectMany(c => c.ParameterSets), s => Assert.True(s.Parameters.Count(p => p.ValueFromPipeline) <= 1, s.ToString()));

    [Fact]
    public void Every_type_that_comes_out_has_a_view_and_says_something_as_text()
    {
        var viewed = Directory.GetFiles(Path.GetDirectoryName(Shell.Manifest)!, "*.Format.ps1xml").SelectMany(f => XDocument.Load(f).Descendants("TypeName")).Select(e => e.Value);
        Assert.Empty(Types().Select(t => t.FullName).Except(viewed));
        Assert.All(Types(), t => Assert.NotEqual(typeof(object), t.GetMethod("ToString", Type.EmptyTypes)!.DeclaringType));
    }

    // The types of the output, and what their lists hold.
    private List<Type> Types()
    {
        var found = new List<Type>();
        var open = new Queue<Type>(module.Commands.SelectMany(c => c.OutputType).Select(t => t.Type));
        while (open.TryDequeue(out var type))
        {
            if (type.Namespace?.StartsWith("TrainTools", StringComparison.Ordinal) != true || type.IsEnum || found.Contains(type))
            {
                continue;
            }

            found.Add(type);
            foreach (var property in type.GetProperties().Select(p => p.PropertyType).Where(t => t.IsArray || t.IsGenericType))
            {
                open.Enqueue(property.IsArray ? property.GetElementType()! : property.GetGenericArguments()[^1]);
            }
        }

        return found;
    }

    private IEnumerable<(CmdletInfo Command, ParameterMetadata Parameter)> OwnParameters()
    {
        var common = Cmdlet.CommonParameters.Concat(Cmdlet.OptionalCommonParameters).ToHashSet();
        return module.Commands.SelectMany(c => c.Parameters.Values.Where(p => !common.Contains(p.Name)).Select(p => (c, p)));
    }

    [GeneratedRegex("^(Training|FineTune|FineTuned|Dataset)[A-Za-z]*$")]
    private static partial Regex Noun();
}
