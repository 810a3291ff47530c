namespace TrainTools.Host;

/// <summary>The host cannot begin: wrong arguments, or no module where it should be.</summary>
public sealed class HostUsageException(string message) : Exception(message);
