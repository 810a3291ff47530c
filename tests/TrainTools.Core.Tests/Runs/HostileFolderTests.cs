using System.Text;
using TrainTools.Core.Configuration;
using TrainTools.Core.Data;
using TrainTools.Core.Errors;
using TrainTools.Core.Files;
using TrainTools.Core.Models;
using TrainTools.Core.Runs;

namespace TrainTools.Core.Tests.Runs;

/// <summary>Names, links and nesting made to do harm.</summary>
public sealed class HostileFolderTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("traintools-test-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Theory]
    [InlineData("../outside.safetensors")]
    [InlineData("/etc/passwd")]
    [InlineData("sub/shard.safetensors")]
    [InlineData("..")]
    [InlineData("C:\\\\x.safetensors")]
    public void An_index_of_shards_leads_nowhere(string name)
    {
        File.WriteAllText(Path.Combine(root, "model.safetensors.index.json"), "{\"weight_map\": {\"a\": \"" + name + "\"}}");
        Assert.Equal(ErrorIds.ModelIndexInvalid, Assert.Throws<TrainToolsException>(() => ModelWeightFiles.Find(root)).ErrorId);
    }

    [Fact]
    public void A_link_out_of_the_folder_is_not_followed_and_one_within_is()
    {
        var folder = Path.Combine(root, "model");
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(root, "secret"), "x");
        File.WriteAllText(Path.Combine(folder, "real"), "x");
        Link("in", "real");
        Link("out", "../secret");
        Link("chain", "out");
        Link("circle", "circle");
        Link("dangling", "../not-there");
        Directory.CreateSymbolicLink(Path.Combine(folder, "up"), root);

        SafeLinks.Ensure(folder, Path.Combine(folder, "real"));
        SafeLinks.Ensure(folder, Path.Combine(folder, "in"));
        SafeLinks.Ensure(folder, Path.Combine(folder, "nothing"));
        foreach (var name in (string[])["out", "chain", "circle", "dangling", "up"])
        {
            var error = Assert.Throws<TrainToolsException>(() => SafeLinks.Ensure(folder, Path.Combine(folder, name)));
            Assert.Equal(ErrorIds.LinkLeavesFolder, error.ErrorId);
            Assert.Contains(name, error.Message, StringComparison.Ordinal);
        }

        // Reached through a link, a folder is still itself.
        Directory.CreateSymbolicLink(Path.Combine(root, "alias"), folder);
        SafeLinks.Ensure(Path.Combine(root, "alias"), Path.Combine(root, "alias", "in"));

        void Link(string name, string target) => File.CreateSymbolicLink(Path.Combine(folder, name), target);
    }

    [Fact]
    public void A_snapshot_of_the_hub_cache_may_link_to_its_blobs_and_nowhere_else()
    {
        var repository = Path.Combine(root, "models--org--name");
        var snapshot = Path.Combine(repository, "snapshots", "abc");
        Directory.CreateDirectory(snapshot);
        Directory.CreateDirectory(Path.Combine(repository, "blobs"));
        File.WriteAllText(Path.Combine(repository, "blobs", "1234"), "x");
        File.WriteAllText(Path.Combine(repository, "refs"), "x");
        File.CreateSymbolicLink(Path.Combine(snapshot, "config.json"), "../../blobs/1234");
        File.CreateSymbolicLink(Path.Combine(snapshot, "tokenizer.json"), "../../refs");
        SafeLinks.Ensure(snapshot, Path.Combine(snapshot, "config.json"), SafeLinks.BlobsOf(snapshot));
        Assert.Throws<TrainToolsException>(() => SafeLinks.Ensure(snapshot, Path.Combine(snapshot, "tokenizer.json"), SafeLinks.BlobsOf(snapshot)));
        Assert.Null(SafeLinks.BlobsOf(root));
    }

    [Fact]
    public void Checksums_name_plain_files_only()
    {
        File.WriteAllText(Path.Combine(root, CheckpointManifest.FileName), new string('0', 64) + "  ../../etc/passwd\n");
        Assert.Contains("no checksum", CheckpointManifest.FindDamage(root), StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_that_is_replaced_loses_its_links_and_not_what_they_lead_to()
    {
        var outside = Path.Combine(root, "outside");
        Directory.CreateDirectory(outside);
        File.WriteAllText(Path.Combine(outside, "mine"), "x");
        File.WriteAllText(Path.Combine(root, "mine"), "x");
        var folder = new RunFolder(Path.Combine(root, "run"));
        Directory.CreateDirectory(folder.Path);
        Directory.CreateSymbolicLink(folder.CheckpointsPath, outside);
        File.CreateSymbolicLink(folder.MetricsPath, Path.Combine(root, "mine"));
        RunPreparation.Create(folder, ConfigResolver.Resolve(new TrainingConfig()));
        Assert.True(File.Exists(Path.Combine(outside, "mine")));
        Assert.Equal("x", File.ReadAllText(Path.Combine(root, "mine")));
        Assert.False(Path.Exists(folder.CheckpointsPath));
        Assert.False(File.Exists(folder.MetricsPath));
    }

    [Fact]
    public void JSON_ten_thousand_deep_is_an_error_or_nothing_and_never_a_crash()
    {
        var deep = string.Concat(Enumerable.Repeat("{\"a\":[", 5000)) + string.Concat(Enumerable.Repeat("]}", 5000));
        File.WriteAllText(Path.Combine(root, "deep.jsonl"), deep + "\n");
        File.WriteAllText(Path.Combine(root, "config.json"), deep);
        File.WriteAllText(Path.Combine(root, "model.safetensors.index.json"), deep);
        File.WriteAllText(Path.Combine(root, "state.json"), deep);
        File.WriteAllText(Path.Combine(root, "run.json"), deep);
        File.WriteAllText(Path.Combine(root, "deep.yaml"), deep);

        Assert.ThrowsAny<TrainToolsException>(() => new DatasetReader(new DatasetReaderOptions { Strict = true }).Read([Path.Combine(root, "deep.jsonl")]).ToList());
        Assert.ThrowsAny<TrainToolsException>(() => ModelConfigFile.Read(root));
        Assert.ThrowsAny<TrainToolsException>(() => ModelWeightFiles.Find(root));
        Assert.ThrowsAny<TrainToolsException>(() => ConfigYaml.Read(Path.Combine(root, "deep.yaml")));
        Assert.ThrowsAny<TrainToolsException>(() => CheckpointIdentity.Verify(root));
        Assert.Null(RunInfo.TryLoad(new RunFolder(root)));
        Assert.Empty(RunMetrics.Read(Path.Combine(root, "deep.jsonl")).Steps);
        Assert.Null(TrainerEvent.TryParse(deep));
    }

    [Fact]
    public void YAML_bombs_tags_and_huge_anchors_are_refused_quickly()
    {
        var bomb = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for (var i = 1; i < 12; i++)
        {
            bomb.Append(System.Globalization.CultureInfo.InvariantCulture, $"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]\n");
        }

        foreach (var yaml in (string[])
        [
            bomb.ToString(),
            "seed: &" + new string('a', 2_000_000) + " 1\n",
            "seed: !!System.Diagnostics.Process 1\n",
            "seed: !<tag:yaml.org,2002:python/object/apply:os.system> [ls]\n",
            "x: &x [*x]\n",
        ])
        {
            Assert.Equal(ErrorIds.ConfigFileInvalid, Assert.Throws<TrainToolsException>(() => ConfigYaml.Parse(yaml)).ErrorId);
        }
    }
}
