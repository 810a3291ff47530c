namespace TrainTools.Docs;

/// <summary>The help of one cmdlet, as its Markdown page has it.</summary>
/// <param name="Name">Name of the cmdlet.</param>
/// <param name="Synopsis">One sentence.</param>
/// <param name="Syntaxes">One for each parameter set.</param>
/// <param name="Description">Paragraphs.</param>
/// <param name="Examples">In order.</param>
/// <param name="Parameters">In order, without the common ones.</param>
/// <param name="Inputs">Types from the pipeline.</param>
/// <param name="Outputs">Types to the pipeline.</param>
/// <param name="Notes">Paragraphs.</param>
/// <param name="Links">Texts with addresses; an address may be empty.</param>
public sealed record HelpPage(
    string Name,
    string Synopsis,
    IReadOnlyList<HelpSyntax> Syntaxes,
    IReadOnlyList<string> Description,
    IReadOnlyList<HelpExample> Examples,
    IReadOnlyList<HelpParameter> Parameters,
    IReadOnlyList<HelpType> Inputs,
    IReadOnlyList<HelpType> Outputs,
    IReadOnlyList<string> Notes,
    IReadOnlyList<HelpLink> Links);

/// <summary>How the cmdlet is written with one parameter set.</summary>
public sealed record HelpSyntax(string Set, bool IsDefault, string Text);

/// <summary>An example: what it does, the code, what to see in the outcome.</summary>
public sealed record HelpExample(string Title, IReadOnlyList<string> Introduction, string Code, IReadOnlyList<string> Remarks);

/// <summary>A parameter: what it is, and how it binds in each group of parameter sets where that differs.</summary>
public sealed record HelpParameter(string Name, IReadOnlyList<string> Description, IReadOnlyList<ParameterBinding> Bindings)
{
    /// <summary>How it binds in a set; null where the set does not have it.</summary>
    public ParameterBinding? In(string set) =>
        Bindings.FirstOrDefault(b => b.Sets.Contains(set)) ?? Bindings.FirstOrDefault(b => b.Sets.Contains(ParameterBinding.AllSets));
}

/// <summary>How a parameter binds in some parameter sets: the block of YAML on a page.</summary>
/// <param name="Type">Short name of its type.</param>
/// <param name="Sets">Parameter sets, or <see cref="AllSets"/>.</param>
/// <param name="Aliases">Other names.</param>
/// <param name="AcceptedValues">The values that can be; empty where any can.</param>
/// <param name="Required">Whether it must be given.</param>
/// <param name="Position">A number, or Named.</param>
/// <param name="Default">What it is where it is not given.</param>
/// <param name="PipelineInput">False, or True with how.</param>
/// <param name="Wildcards">Whether it takes them.</param>
public sealed record ParameterBinding(
    string Type,
    IReadOnlyList<string> Sets,
    IReadOnlyList<string> Aliases,
    IReadOnlyList<string> AcceptedValues,
    bool Required,
    string Position,
    string Default,
    string PipelineInput,
    bool Wildcards)
{
    /// <summary>Stands for all parameter sets.</summary>
    public const string AllSets = "(All)";

    /// <summary>Whether it is a switch, which has no value of its own.</summary>
    public bool IsSwitch => Type == "SwitchParameter";
}

/// <summary>A type from or to the pipeline.</summary>
public sealed record HelpType(string Name, IReadOnlyList<string> Description);

/// <summary>A related page.</summary>
public sealed record HelpLink(string Text, string Address);
