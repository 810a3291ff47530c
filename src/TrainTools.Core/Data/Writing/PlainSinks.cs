using System.Text;

using TrainTools.Core.Errors;

namespace TrainTools.Core.Data.Writing;

/// <summary>CoNLL: a word, a tab and its tag a line, a blank line after each sentence.</summary>
internal sealed class ConllSink(Stream stream, string path) : IRecordSink
{
    public void Write(TrainingRecord record)
    {
        if (record.Shape != RecordShape.TokenClassification)
        {
            throw PlainSink.Unfit(path, record, "CoNLL holds words with tags only");
        }

        if (record.Tokens!.Count != record.Tags!.Count)
        {
            throw PlainSink.Unfit(path, record, "the numbers of words and tags differ");
        }

        var text = new StringBuilder();
        for (var i = 0; i < record.Tokens.Count; i++)
        {
            if (record.Tokens[i].Length == 0 || record.Tokens[i].Any(char.IsWhiteSpace))
            {
                throw PlainSink.Unfit(path, record, "a word is empty or holds white space");
            }

            text.Append(record.Tokens[i]).Append('\t').Append(record.Tags[i]).Append('\n');
        }

        stream.Write(Encoding.UTF8.GetBytes(text.Append('\n').ToString()));
    }

    public void Complete()
    {
    }

    public void Dispose()
    {
    }
}

/// <summary>Plain text, a record a line.</summary>
internal sealed class PlainSink(Stream stream, string path) : IRecordSink
{
    public static TrainToolsException Unfit(string path, TrainingRecord record, string why) => new(
        ErrorIds.DatasetWriteFailed,
        ErrorKind.InvalidArgument,
        FormattableString.Invariant($"Record {record.Index} cannot be written to {path}: {why}."),
        "Write JSON Lines (.jsonl), which holds everything.",
        path);

    public void Write(TrainingRecord record)
    {
        if (record.Shape != RecordShape.Text)
        {
            throw Unfit(path, record, "a text file holds plain text only");
        }

        if (record.Text!.AsSpan().ContainsAny('\n', '\r'))
        {
            throw Unfit(path, record, "its text has line breaks, and each line of a text file is a record");
        }

        stream.Write(Encoding.UTF8.GetBytes(record.Text + "\n"));
    }

    public void Complete()
    {
    }

    public void Dispose()
    {
    }
}
