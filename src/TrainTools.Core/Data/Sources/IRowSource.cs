namespace TrainTools.Core.Data.Sources;

/// <summary>Cuts a file into rows.</summary>
internal interface IRowSource
{
    /// <summary>The rows, in order. A bad one is in the sequence with its problem.</summary>
    IEnumerable<SourceRow> Read();
}
