namespace TrainTools.Core.Data;

/// <summary>How a data file is laid out.</summary>
public enum DatasetFileFormat
{
    /// <summary>Found by content.</summary>
    Auto,

    /// <summary>One JSON object a line.</summary>
    JsonLines,

    /// <summary>A JSON array of objects, or objects one after another over several lines.</summary>
    Json,

    /// <summary>Comma-separated values (RFC 4180); semicolons and bars are recognised too.</summary>
    Csv,

    /// <summary>Tab-separated values.</summary>
    Tsv,

    /// <summary>Apache Parquet.</summary>
    Parquet,

    /// <summary>One word and its tag a line, a blank line between sentences.</summary>
    Conll,

    /// <summary>Plain text.</summary>
    Text,
}

/// <summary>What one record of a plain text file is.</summary>
public enum TextUnit
{
    /// <summary>Each line that is not blank.</summary>
    Line,

    /// <summary>Lines up to the next blank line.</summary>
    Paragraph,

    /// <summary>The whole file.</summary>
    Document,
}

/// <summary>Whether the first row of a CSV or TSV file names the columns.</summary>
public enum HeaderMode
{
    /// <summary>It does if one of its cells is the name of a known field.</summary>
    Auto,

    /// <summary>It does.</summary>
    Yes,

    /// <summary>It does not; columns are called by <see cref="DatasetReaderOptions.ColumnNames"/> or column1, column2, …</summary>
    No,
}
