using TrainTools.Core.Errors;

namespace TrainTools.Core.Data.Mapping;

/// <summary>A row that is no record. Never leaves the reader.</summary>
internal sealed class RowException(string reason) : Exception(reason)
{
    public string ErrorId { get; init; } = ErrorIds.DatasetLineInvalid;
}
