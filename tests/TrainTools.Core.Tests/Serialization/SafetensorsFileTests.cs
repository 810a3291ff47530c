using System.Buffers.Binary;
using System.Text;
using TrainTools.Core.Errors;
using TrainTools.Core.Serialization;

namespace TrainTools.Core.Tests.Serialization;

public sealed class SafetensorsFileTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("traintools-st-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void ReadsWhatTheFormatDescribes()
    {
        string path = Write("""{"__metadata__":{"format":"pt"},"a":{"dtype":"I16","shape":[2,1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[],"data_offsets":[4,8]},"c":{"dtype":"U8","shape":[0,7],"data_offsets":[8,8]}}   """, [1, 0, 2, 0, 0, 0, 128, 63]);

        using var file = SafetensorsFile.Open(path);

        Assert.Equal("pt", file.Header.Metadata["format"]);
        Assert.Equal(["a", "b", "c"], file.Entries.Select(e => e.Name));
        Assert.True(file.TryGet("a", out var a));
        Assert.Equal([2L, 1L], a.Shape);
        Assert.Equal([1, 0, 2, 0], file.Bytes(a).ToArray());
        Assert.True(file.TryGet("b", out var b));
        Assert.Equal(1f, BitConverter.ToSingle(file.Bytes(b)));
        Assert.False(file.TryGet("d", out _));
    }

    [Fact]
    public void ReadsPartsOfATensorAndSaysWhereTheFileEndsTooEarly()
    {
        string path = Write("""{"a":{"dtype":"U8","shape":[6],"data_offsets":[0,6]}}   """, [1, 2, 3, 4, 5, 6]);
        using var file = SafetensorsFile.Open(path);
        Assert.True(file.TryGet("a", out var a));
        var part = new byte[3];
        file.Read(a, 2, part);
        Assert.Equal([3, 4, 5], part);

        // What a file looks like that has been cut since it was opened.
        var error = Assert.Throws<TrainToolsException>(() => file.Read(a, 4, part));
        Assert.Equal(ErrorIds.SafetensorsTruncated, error.ErrorId);
        Assert.Contains("'a'", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}""", 6, "overlaps")]
    [InlineData("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[2],"data_offsets":[5,7]}}""", 7, "hole of 1 bytes before tensor 'b'")]
    [InlineData("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[1,5]}}""", 5, "hole")]
    [InlineData("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}""", 9, "5 bytes after the last tensor")]
    [InlineData("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"a":{"dtype":"U8","shape":[0],"data_offsets":[4,4]}}""", 4, "'a' occurs twice")]
    [InlineData("""{"a":{"dtype":"U8","dtype":"U8","shape":[4],"data_offsets":[0,4]}}""", 4, "two 'dtype'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,4]}}""", 4, "takes 16 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}""", 0, "overflows")]
    [InlineData("""{"a":{"dtype":"F32","shape":[9223372036854775807],"data_offsets":[0,0]}}""", 0, "overflows")]
    [InlineData("""{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,0]}}""", 0, "whole numbers")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,0]}}""", 0, "whole numbers")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,0]}}""", 0, "whole numbers")]
    [InlineData("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[-4,0]}}""", 4, "whole numbers")]
    [InlineData("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[4,0]}}""", 4, "span -4")]
    [InlineData("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4,8]}}""", 4, "more than 2 numbers")]
    [InlineData("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[0]}}""", 4, "lacks")]
    [InlineData("""{"a":{"dtype":"U8","shape":[4]}}""", 4, "lacks")]
    [InlineData("""{"a":{"dtype":"Q7","shape":[4],"data_offsets":[0,4]}}""", 4, "unknown dtype 'Q7'")]
    [InlineData("""{"a":{"dtype":7,"shape":[4],"data_offsets":[0,4]}}""", 4, "not valid JSON")]
    [InlineData("""{"a":[1]}""", 0, "not an object")]
    [InlineData("""{"__metadata__":{"x":1}}""", 0, "not a string")]
    [InlineData("""{"__metadata__":{"x":"1","x":"2"}}""", 0, "occurs twice")]
    [InlineData("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}""", 4, "not valid JSON")]
    [InlineData("""[{"a":1}]""", 0, "does not start with '{'")]
    [InlineData("""{} {}""", 0, "not valid JSON")]
    [InlineData("", 0, "does not start with '{'")]
    public void RefusesAHeaderThatDoesNotHold(string header, int dataLength, string says)
    {
        var error = Assert.Throws<TrainToolsException>(() => SafetensorsFile.Open(Write(header, new byte[dataLength])));

        Assert.Equal(ErrorIds.SafetensorsInvalid, error.ErrorId);
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
        Assert.NotNull(error.Remedy);
    }

    [Fact]
    public void RefusesDeepJsonWithoutFollowingIt()
    {
        string header = "{\"a\":{\"x\":" + new string('[', 2_000_000) + new string(']', 2_000_000) + "}}";

        var error = Assert.Throws<TrainToolsException>(() => SafetensorsFile.Open(Write(header, [])));

        Assert.Equal(ErrorIds.SafetensorsInvalid, error.ErrorId);
    }

    [Theory]
    [InlineData(ulong.MaxValue, ErrorIds.SafetensorsInvalid)]
    [InlineData(1UL << 63, ErrorIds.SafetensorsInvalid)]
    [InlineData(100_000_001UL, ErrorIds.SafetensorsInvalid)]
    [InlineData(100_000_000UL, ErrorIds.SafetensorsTruncated)]
    [InlineData(17UL, ErrorIds.SafetensorsTruncated)]
    public void RefusesAHeaderLengthBeyondTheFileWithoutAllocatingIt(ulong length, string id)
    {
        string path = Path.Combine(folder, "length.safetensors");
        byte[] bytes = new byte[8 + 16];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, length);
        File.WriteAllBytes(path, bytes);
        long before = GC.GetAllocatedBytesForCurrentThread();

        var error = Assert.Throws<TrainToolsException>(() => SafetensorsFile.Open(path));

        Assert.Equal(id, error.ErrorId);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1_000_000);
    }

    [Fact]
    public void ATensorOfAnyClaimedSizeIsRefusedWithoutAllocatingIt()
    {
        string path = Write("""{"a":{"dtype":"F32","shape":[1000000000000],"data_offsets":[0,4000000000000]}}""", new byte[64]);
        long before = GC.GetAllocatedBytesForCurrentThread();

        var error = Assert.Throws<TrainToolsException>(() => SafetensorsFile.Open(path));

        Assert.Equal(ErrorIds.SafetensorsTruncated, error.ErrorId);
        Assert.Contains("'a' ends at byte 4000000000000", error.Message, StringComparison.Ordinal);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1_000_000);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public void AFileWithoutALengthIsIncomplete(int bytes)
    {
        string path = Path.Combine(folder, "short.safetensors");
        File.WriteAllBytes(path, new byte[bytes]);

        Assert.Equal(ErrorIds.SafetensorsTruncated, Assert.Throws<TrainToolsException>(() => SafetensorsFile.Open(path)).ErrorId);
    }

    [Fact]
    public void EveryCutOfAGoodFileIsRefused()
    {
        string path = Write("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}""", [1, 2, 3, 4]);
        byte[] whole = File.ReadAllBytes(path);
        for (int length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(path, whole[..length]);
            var error = Assert.Throws<TrainToolsException>(() => SafetensorsFile.Open(path));
            Assert.Equal(ErrorIds.SafetensorsTruncated, error.ErrorId);
        }
    }

    [Fact]
    public void EveryFlippedByteOfAHeaderIsReadOrRefusedAndNothingElse()
    {
        string path = Write("""{"a":{"dtype":"U8","shape":[2,2],"data_offsets":[0,4]},"b":{"dtype":"I16","shape":[1],"data_offsets":[4,6]}}""", new byte[6]);
        byte[] good = File.ReadAllBytes(path);
        foreach (byte flip in (byte[])[1, 2, 8, 32, 128, 255])
        {
            for (int at = 0; at < good.Length - 6; at++)
            {
                byte[] bad = [.. good];
                bad[at] ^= flip;
                File.WriteAllBytes(path, bad);
                try
                {
                    using var file = SafetensorsFile.Open(path);
                    Assert.Equal(6, file.Entries.Sum(e => e.ByteLength));
                }
                catch (TrainToolsException e)
                {
                    Assert.Contains(e.ErrorId, (string[])[ErrorIds.SafetensorsInvalid, ErrorIds.SafetensorsTruncated]);
                }
            }
        }
    }

    [Fact]
    public void AMissingFileIsOneClearError() =>
        Assert.Equal(ErrorIds.ModelFileUnreadable, Assert.Throws<TrainToolsException>(() => SafetensorsFile.Open(Path.Combine(folder, "none"))).ErrorId);

    [Fact]
    public void WhatIsWrittenIsReadBackAndAlignedToItsElements()
    {
        string path = Path.Combine(folder, "out.safetensors");
        SafetensorsItem Item(string name, SafetensorsDtype dtype, byte[] bytes, params long[] shape) => new(name, dtype, shape, s => s.Write(bytes));
        SafetensorsWriter.Write(path, [Item("byte", SafetensorsDtype.U8, [7], 1), Item("ü\"", SafetensorsDtype.BF16, [1, 2], 1), Item("wide", SafetensorsDtype.F64, new byte[16], 2), Item("none", SafetensorsDtype.F32, [], 0, 3)]);

        using var file = SafetensorsFile.Open(path);

        Assert.All(file.Entries, e => Assert.Equal(0, e.Offset % e.Dtype.ElementSize()));
        Assert.Equal(0, file.Entries[0].Offset % 8);
        Assert.True(file.TryGet("ü\"", out var entry));
        Assert.Equal([1, 2], file.Bytes(entry).ToArray());
        Assert.Equal("pt", file.Header.Metadata["format"]);
    }

    [Fact]
    public void AFailedWriteLeavesTheOldFile()
    {
        string path = Path.Combine(folder, "kept.safetensors");
        File.WriteAllText(path, "old");
        var item = new SafetensorsItem("a", SafetensorsDtype.U8, [2], s => s.WriteByte(1));

        Assert.Throws<InvalidOperationException>(() => SafetensorsWriter.Write(path, [item]));

        Assert.Equal("old", File.ReadAllText(path));
        Assert.Equal([path], Directory.EnumerateFiles(folder));
    }

    private string Write(string header, byte[] data)
    {
        string path = Path.Combine(folder, "file.safetensors");
        byte[] json = Encoding.UTF8.GetBytes(header);
        byte[] bytes = new byte[8 + json.Length + data.Length];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, (ulong)json.Length);
        json.CopyTo(bytes, 8);
        data.CopyTo(bytes, 8 + json.Length);
        File.WriteAllBytes(path, bytes);
        return path;
    }
}
