namespace TrainTools.Core.Data.Writing;

/// <summary>Puts records into a stream in one layout.</summary>
internal interface IRecordSink : IDisposable
{
    /// <summary>Takes the next record.</summary>
    void Write(TrainingRecord record);

    /// <summary>Writes what is left.</summary>
    void Complete();
}
