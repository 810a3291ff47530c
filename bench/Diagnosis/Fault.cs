namespace TrainTools.Bench.Diagnosis;

/// <summary>
/// A way for a run to go wrong. A new one is one file in Faults: a class that derives from this, with a public constructor
/// without parameters; the command finds it.
/// </summary>
internal abstract class Fault
{
    /// <summary>Name on the command line and in tables.</summary>
    public abstract string Name { get; }

    /// <summary>Causes (<see cref="Core.Diagnostics.CauseIds"/>) that name it rightly.</summary>
    public abstract IReadOnlyList<string> Causes { get; }

    /// <summary>Whether it can begin in the middle of a run; half of its seeds then do.</summary>
    public virtual bool CanBeginLate => false;

    /// <summary>Whether it can happen in a setting.</summary>
    public virtual bool Fits(Setting setting) => true;

    /// <summary>Puts it in.</summary>
    public abstract void Inject(Injection run);

    public static IReadOnlyList<Fault> All { get; } =
    [
        .. typeof(Fault).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(Fault)) && !t.IsAbstract)
            .Select(t => (Fault)Activator.CreateInstance(t)!).OrderBy(f => f.Name, StringComparer.Ordinal),
    ];
}
