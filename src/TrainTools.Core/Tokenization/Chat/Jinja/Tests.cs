namespace TrainTools.Core.Tokenization.Chat.Jinja;

internal delegate bool Test(object? value, CallArguments arguments);

/// <summary>The tests of "is". Source: jinja2/tests.py.</summary>
internal static class Tests
{
    private static readonly Dictionary<string, Test> All = new(StringComparer.Ordinal)
    {
        ["defined"] = (v, _) => v is not Undefined,
        ["undefined"] = (v, _) => v is Undefined,
        ["none"] = (v, _) => v is null,
        ["boolean"] = (v, _) => v is bool,
        ["true"] = (v, _) => v is true,
        ["false"] = (v, _) => v is false,
        ["integer"] = (v, _) => v is long,
        ["float"] = (v, _) => v is double,
        ["number"] = (v, _) => Py.IsNumber(v),
        ["string"] = (v, _) => v is string or Markup,
        ["mapping"] = (v, _) => v is PyDict,
        ["sequence"] = (v, _) => v is string or Markup or PyList or PyTuple or PyDict or PyRange or Undefined,
        ["iterable"] = (v, _) => v is string or Markup or PyList or PyTuple or PyDict or PyRange or PyView or PyGenerator or Undefined or LoopContext,
        ["callable"] = (v, _) => v is Callable or Undefined,
        ["sameas"] = (v, a) => SameAs(v, a.Require(0, "other", "sameas")),
        ["escaped"] = (v, _) => v is Markup,
        ["lower"] = (v, _) => PythonText.IsLower(Py.Str(v)),
        ["upper"] = (v, _) => PythonText.IsUpper(Py.Str(v)),
        ["odd"] = (v, _) => Modulo(v, 2L) == 1,
        ["even"] = (v, _) => Modulo(v, 2L) == 0,
        ["divisibleby"] = (v, a) => Modulo(v, a.Require(0, "num", "divisibleby")) == 0,
        ["in"] = (v, a) => Py.Contains(a.Require(0, "seq", "in"), v),
        ["filter"] = (v, _) => v is string s && Filters.Find(s) is not null,
        ["test"] = (v, _) => v is string s && Find(s) is not null,
        ["eq"] = Compare("=="),
        ["equalto"] = Compare("=="),
        ["=="] = Compare("=="),
        ["ne"] = Compare("!="),
        ["!="] = Compare("!="),
        ["lt"] = Compare("<"),
        ["lessthan"] = Compare("<"),
        ["<"] = Compare("<"),
        ["le"] = Compare("<="),
        ["<="] = Compare("<="),
        ["gt"] = Compare(">"),
        ["greaterthan"] = Compare(">"),
        [">"] = Compare(">"),
        ["ge"] = Compare(">="),
        [">="] = Compare(">="),
    };

    public static Test? Find(string name) => All.GetValueOrDefault(name);

    private static Test Compare(string op) => (v, a) =>
    {
        var other = a.Require(0, "other", op);
        return op switch
        {
            "==" => Py.AreEqual(v, other),
            "!=" => !Py.AreEqual(v, other),
            "<" => Py.Compare(v, other, op) < 0,
            "<=" => Py.Compare(v, other, op) <= 0,
            ">" => Py.Compare(v, other, op) > 0,
            _ => Py.Compare(v, other, op) >= 0,
        };
    };

    private static double Modulo(object? value, object? by) => Py.ToDouble(Arithmetic.Binary("%", value, by));

    private static bool SameAs(object? a, object? b) => (a, b) switch
    {
        (null, null) => true,
        (bool x, bool y) => x == y,
        (long x, long y) => x == y,
        (string x, string y) => x == y,
        _ => ReferenceEquals(a, b),
    };
}
