using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using TrainTools.Core.Configuration;
using TrainTools.Core.Files;

namespace TrainTools.Core.Samples;

/// <summary>
/// Encoded records on disk, so that a run that is resumed or started again need not tokenise again. A file is named after
/// a hash of everything that its content depends on: the data, the tokenizer, the template, the settings and this code. A
/// file that is not whole is treated as if it were not there.
/// </summary>
/// <param name="folder">Where the files are; made when the first is written.</param>
public sealed class SampleCache(string folder)
{
    private const int Version = 2;
    private const string Extension = ".samples";
    private static readonly byte[] Magic = "TTSAMPLE"u8.ToArray();
    private static readonly string[] TokenizerFiles =
    [
        "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt", "vocab.txt", "chat_template.jinja", "chat_template.json",
    ];

    /// <summary>Where the files are.</summary>
    public string Folder { get; } = folder;

    /// <summary>SHA-256, in hex, of everything that the encoded records depend on.</summary>
    /// <param name="config">The resolved configuration.</param>
    /// <param name="files">The data files, in order.</param>
    public static string Key(TrainingConfig config, IEnumerable<string> files)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(files);
        var text = new StringBuilder();
        void Add(string name, string value) => text.Append(name).Append('\n').Append(value).Append('\n');

        Add("version", FormattableString.Invariant($"{Version} {typeof(SampleCache).Assembly.ManifestModule.ModuleVersionId}"));
        Add("task", config.Task.TaskType.ToString());

        // Which files, their order and how they are split is told apart from what becomes of one record.
        Add("settings", (config.Data with
        {
            DatasetPath = [], ValidationPath = [], ValidationSplit = null, Shuffle = true, Curriculum = false, CurriculumStart = 1, CurriculumEnd = 1,
        }).ToString());
        foreach (var file in files)
        {
            Add(file, FileHash.Sha256(file));
        }

        var tokenizer = config.Model.TokenizerPath ?? config.Model.ModelNameOrPath ?? string.Empty;
        foreach (var file in TokenizerFiles.Select(n => Path.Combine(tokenizer, n)).Append(config.Model.ChatTemplatePath ?? string.Empty).Where(File.Exists))
        {
            Add(Path.GetFileName(file), FileHash.Sha256(file));
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }

    /// <summary>The records of a key; null where they are not there or not whole.</summary>
    /// <param name="name">What they are for ("training"): one file is kept for each.</param>
    /// <param name="key">Their key.</param>
    public PreparedSamples? Read(string name, string key)
    {
        var path = PathOf(name, key);
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20);
            var length = file.Length - SHA256.HashSizeInBytes;
            using var hash = SHA256.Create();
            PreparedSamples samples;
            using (var hashed = new CryptoStream(file, hash, CryptoStreamMode.Read, leaveOpen: true))
            using (var reader = new BinaryReader(hashed, Encoding.UTF8, leaveOpen: true))
            {
                samples = ReadSamples(reader, length);

                // The hash stands at the end: what is hashed ends before it, so the rest is compared by hand.
                var given = reader.ReadBytes(SHA256.HashSizeInBytes);
                if (reader.Read() >= 0 || given.Length != SHA256.HashSizeInBytes || !HashOf(path, length).AsSpan().SequenceEqual(given))
                {
                    return null;
                }
            }

            return samples;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or FormatException or OverflowException or OutOfMemoryException)
        {
            return null;
        }
    }

    /// <summary>Writes records, and removes those that were kept for the same purpose under another key.</summary>
    /// <param name="name">What they are for.</param>
    /// <param name="key">Their key.</param>
    /// <param name="samples">The records.</param>
    public void Write(string name, string key, PreparedSamples samples)
    {
        ArgumentNullException.ThrowIfNull(samples);
        Directory.CreateDirectory(Folder);
        foreach (var old in Directory.EnumerateFiles(Folder, name + "-*" + Extension))
        {
            File.Delete(old);
        }

        AtomicFile.Write(PathOf(name, key), stream =>
        {
            using var hash = SHA256.Create();
            using (var hashed = new CryptoStream(stream, hash, CryptoStreamMode.Write, leaveOpen: true))
            using (var writer = new BinaryWriter(hashed, Encoding.UTF8, leaveOpen: true))
            {
                WriteSamples(writer, samples);
                writer.Flush();
                hashed.FlushFinalBlock();
            }

            stream.Write(hash.Hash!);
        });
    }

    private string PathOf(string name, string key) => Path.Combine(Folder, $"{name}-{key[..16]}{Extension}");

    private static byte[] HashOf(string path, long length)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1 << 20];
        for (var left = length; left > 0;)
        {
            var read = file.Read(buffer, 0, (int)Math.Min(left, buffer.Length));
            if (read == 0)
            {
                break;
            }

            hash.AppendData(buffer, 0, read);
            left -= read;
        }

        return hash.GetHashAndReset();
    }

    private static void WriteSamples(BinaryWriter writer, PreparedSamples samples)
    {
        writer.Write(Magic);
        writer.Write(samples.Records);
        writer.Write(samples.Truncated);
        writer.Write(samples.TokensLost);
        writer.Write(samples.PromptSplits);
        writer.Write(samples.FirstPromptSplit ?? string.Empty);
        writer.Write(samples.Dropped.Count);
        foreach (var dropped in samples.Dropped)
        {
            writer.Write(dropped.RecordIndex);
            writer.Write(dropped.File ?? string.Empty);
            writer.Write(dropped.Line);
            writer.Write(dropped.Length);
            writer.Write((int)dropped.Reason);
        }

        writer.Write(samples.Samples.Count);
        foreach (var sample in samples.Samples)
        {
            writer.Write(sample.RecordIndexes.Length);
            writer.Write(MemoryMarshal.AsBytes(sample.RecordIndexes.AsSpan()));
            writer.Write(sample.Length);
            writer.Write(MemoryMarshal.AsBytes(sample.InputIds.AsSpan()));
            writer.Write(MemoryMarshal.AsBytes(sample.Labels.AsSpan()));
            writer.Write(sample.Difficulty ?? double.NaN);
            writer.Write(sample.RowTargets?.Length ?? -1);
            writer.Write(MemoryMarshal.AsBytes(sample.RowTargets.AsSpan()));
        }
    }

    private static PreparedSamples ReadSamples(BinaryReader reader, long length)
    {
        if (!reader.ReadBytes(Magic.Length).AsSpan().SequenceEqual(Magic))
        {
            throw new FormatException("not a file of samples");
        }

        var (records, truncated, lost, splits, firstSplit) = (reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64(), Text(reader));
        var dropped = new DroppedRecord[Count(reader, length)];
        for (var i = 0; i < dropped.Length; i++)
        {
            dropped[i] = new DroppedRecord(reader.ReadInt64(), Text(reader), reader.ReadInt64(), reader.ReadInt32(), (DropReason)reader.ReadInt32());
        }

        var samples = new TrainingSample[Count(reader, length)];
        for (var i = 0; i < samples.Length; i++)
        {
            var indexes = Array<long>(reader, Count(reader, length));
            var tokens = Count(reader, length);
            samples[i] = new TrainingSample
            {
                RecordIndexes = indexes,
                InputIds = Array<int>(reader, tokens),
                Labels = Array<int>(reader, tokens),
                Difficulty = reader.ReadDouble() is var difficulty && double.IsNaN(difficulty) ? null : difficulty,
                RowTargets = reader.ReadInt32() is >= 0 and var targets ? Array<float>(reader, targets) : null,
            };
        }

        return new PreparedSamples { Samples = samples, Dropped = dropped, Records = records, Truncated = truncated, TokensLost = lost, PromptSplits = splits, FirstPromptSplit = firstSplit };
    }

    private static string? Text(BinaryReader reader) => reader.ReadString() is { Length: > 0 } text ? text : null;

    private static int Count(BinaryReader reader, long length) =>
        reader.ReadInt32() is >= 0 and var count && count <= length ? count : throw new FormatException("a count that the file cannot hold");

    private static T[] Array<T>(BinaryReader reader, int count)
        where T : unmanaged
    {
        var values = new T[count];
        reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }
}
