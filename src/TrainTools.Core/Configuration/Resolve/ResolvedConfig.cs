namespace TrainTools.Core.Configuration;

/// <summary>A config whose derived settings are filled in.</summary>
/// <param name="Config">The config.</param>
/// <param name="Derived">What was filled in, and from what.</param>
public sealed record ResolvedConfig(TrainingConfig Config, IReadOnlyList<DerivedDefault> Derived);
