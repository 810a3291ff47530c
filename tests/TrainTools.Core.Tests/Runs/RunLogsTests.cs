using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using TrainTools.Core.Runs;

namespace TrainTools.Core.Tests.Runs;

public sealed class RunLogsTests : IDisposable
{
    private readonly RunFolder folder = new(Directory.CreateTempSubdirectory("traintools-test-").FullName);

    // The check value of CRC-32C ("123456789" gives E3069283), masked by hand: rotated right by 15 bits, plus A282EAD8.
    [Fact]
    public void The_checksum_is_the_masked_crc32c() =>
        Assert.Equal(unchecked((uint)(((0xE3069283ul >> 15) | (0xE3069283ul << 17)) & 0xFFFFFFFF) + 0xA282EAD8), TensorBoardLog.MaskedChecksum("123456789"u8));

    [Fact]
    public void Every_log_holds_the_same_figures()
    {
        using (var logs = new RunLogs(folder, 0, tensorBoard: true))
        {
            logs.Append(Step(1, 2.5));
            logs.Append(Step(2, double.NaN));
            logs.Append(new EvaluationResult { Step = 2, Epoch = 1, Metrics = new Dictionary<string, double> { ["eval_loss"] = 1.25, ["eval_perplexity"] = Math.Exp(1.25) } });
            logs.Append(new RunResult { State = RunState.Completed, Steps = 2, TrainLoss = 2 });
        }

        var lines = File.ReadAllLines(folder.MetricsPath).Select(l => JsonDocument.Parse(l).RootElement).ToList();
        Assert.Equal(4, lines.Count);
        Assert.Equal(2.5, lines[0].GetProperty("loss").GetDouble());
        Assert.Equal("NaN", lines[1].GetProperty("loss").GetString());
        Assert.Equal(1.25, lines[2].GetProperty("eval_loss").GetDouble());

        var table = File.ReadAllLines(folder.MetricsCsvPath).Select(l => l.Split(',')).ToList();
        Assert.All(table, row => Assert.Equal(table[0].Length, row.Length));
        Assert.Equal(["1", "0.5", "2.5", "0.75", "0.001"], table[1][..5]);
        Assert.Equal("NaN", table[2][2]);
        Assert.Equal("1.25", table[3][Array.IndexOf(table[0], "eval_loss")]);
        Assert.Equal("", table[3][Array.IndexOf(table[0], "loss")]);

        var events = ReadEvents();
        Assert.Equal((0L, "file_version", "brain.Event:2", 0f), events[0]);
        Assert.Contains((1L, "scalar", "train/loss", 2.5f), events);
        Assert.Contains((2L, "scalar", "train/loss", float.NaN), events);
        Assert.Contains((2L, "scalar", "eval/loss", 1.25f), events);
        Assert.Contains((1L, "scalar", "train/learning_rate", 0.001f), events);
    }

    [Fact]
    public void A_resumed_run_does_not_tell_a_step_twice()
    {
        using (var logs = new RunLogs(folder, 0, tensorBoard: false))
        {
            for (var i = 1; i <= 5; i++)
            {
                logs.Append(Step(i, i));
            }
        }

        using (var logs = new RunLogs(folder, 3, tensorBoard: false))
        {
            logs.Append(Step(4, 40));
        }

        Assert.Equal(["step", "1", "2", "3", "4"], File.ReadAllLines(folder.MetricsCsvPath).Select(l => l.Split(',')[0]));
        Assert.Equal("40", File.ReadAllLines(folder.MetricsCsvPath)[^1].Split(',')[2]);
        Assert.Equal(4, File.ReadAllLines(folder.MetricsPath).Length);
        Assert.Empty(Directory.EnumerateFiles(folder.Path, "events.out.*"));
    }

    public void Dispose() => Directory.Delete(folder.Path, recursive: true);

    private static TrainingStep Step(int step, double loss) => new() { Step = step, Epoch = 0.5 * step, Loss = loss, GradNorm = 0.75, LearningRate = 0.001, NumInputTokens = 10, StepSeconds = 0.1 };

    /// <summary>A reader of its own: frames with their checksums, then the fields of Event, Summary and Value by their wire types.</summary>
    private List<(long Step, string Kind, string Text, float Value)> ReadEvents()
    {
        var bytes = File.ReadAllBytes(Assert.Single(Directory.EnumerateFiles(folder.Path, "events.out.tfevents.*")));
        var events = new List<(long, string, string, float)>();
        for (var at = 0; at < bytes.Length;)
        {
            var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(at));
            Assert.Equal(TensorBoardLog.MaskedChecksum(bytes.AsSpan(at, 8)), BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at + 8)));
            var data = bytes[(at + 12)..(at + 12 + length)];
            Assert.Equal(TensorBoardLog.MaskedChecksum(data), BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at + 12 + length)));
            at += 16 + length;

            var fields = Fields(data).ToList();
            Assert.InRange(BitConverter.Int64BitsToDouble(fields.Single(f => f.Field == 1).Number), 1.7e9, 1e10); // wall time
            var step = fields.Single(f => f.Field == 2).Number;
            events.AddRange(fields.Where(f => f.Field == 3).Select(f => (step, "file_version", Encoding.UTF8.GetString(f.Bytes), 0f)));
            foreach (var value in fields.Where(f => f.Field == 5).SelectMany(f => Fields(f.Bytes)).Select(v => Fields(v.Bytes).ToList()))
            {
                events.Add((step, "scalar", Encoding.UTF8.GetString(value.Single(f => f.Field == 1).Bytes), BitConverter.Int32BitsToSingle((int)value.Single(f => f.Field == 2).Number)));
            }
        }

        return events;
    }

    private static IEnumerable<(int Field, long Number, byte[] Bytes)> Fields(byte[] message)
    {
        for (var at = 0; at < message.Length;)
        {
            var key = Varint(message, ref at);
            var field = (int)(key >> 3);
            switch (key & 7)
            {
                case 0:
                    yield return (field, (long)Varint(message, ref at), []);
                    break;
                case 1:
                    yield return (field, BinaryPrimitives.ReadInt64LittleEndian(message.AsSpan(at)), []);
                    at += 8;
                    break;
                case 5:
                    yield return (field, BinaryPrimitives.ReadInt32LittleEndian(message.AsSpan(at)), []);
                    at += 4;
                    break;
                default:
                    var length = (int)Varint(message, ref at);
                    yield return (field, 0, message[at..(at + length)]);
                    at += length;
                    break;
            }
        }
    }

    private static ulong Varint(byte[] message, ref int at)
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var part = message[at++];
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
            {
                return value;
            }
        }
    }
}
