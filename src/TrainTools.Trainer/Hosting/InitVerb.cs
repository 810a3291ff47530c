using System.Text.Json;
using System.Text.Json.Nodes;
using TrainTools.Core.Errors;
using TrainTools.Core.Files;
using TrainTools.Core.Models;
using TrainTools.Core.Runs;
using TrainTools.Core.Tokenization;
using TrainTools.Trainer.Backend;
using TrainTools.Trainer.Models;

namespace TrainTools.Trainer.Hosting;

/// <summary>`init`: reads one JSON request from standard input and writes a model folder with fresh weights.</summary>
public static class InitVerb
{
    private const string PartialSuffix = ".partial";

    private static readonly string[] TokenizerFiles =
    [
        "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json", "vocab.txt", "merges.txt", "chat_template.jinja", "generation_config.json",
    ];

    /// <summary>Makes the model. The caller reports what this throws.</summary>
    /// <returns>The exit code.</returns>
    public static int Run(TextReader requests, IEventSink events)
    {
        ArgumentNullException.ThrowIfNull(requests);
        ArgumentNullException.ThrowIfNull(events);
        var request = Parse(requests.ReadLine());
        TorchBackend.Initialize();
        events.Send(Make(request));
        return ExitCodes.Completed;
    }

    private static InitializedModel Make(InitRequest request)
    {
        var source = File.Exists(request.ConfigPath) ? Path.GetDirectoryName(Path.GetFullPath(request.ConfigPath))! : request.ConfigPath;
        var target = Path.GetFullPath(request.OutputPath);
        if (Path.Exists(target) && !request.Overwrite)
        {
            throw new TrainToolsException(ErrorIds.OutputFolderNotEmpty, ErrorKind.AlreadyExists, $"'{target}' exists already.", "Choose another folder, or replace it with -Force.", target);
        }

        var partial = target + PartialSuffix;
        try
        {
            Directory.CreateDirectory(partial);
            WriteConfig(request, source, partial);
            foreach (var name in TokenizerFiles)
            {
                var file = Path.Combine(request.TokenizerPath ?? source, name);
                if (File.Exists(file))
                {
                    File.Copy(file, Path.Combine(partial, name), overwrite: true);
                }
            }

            var tokenizer = PretrainedTokenizer.Load(partial);
            using var model = PretrainedModelLoader.Initialize(partial, new PretrainedModelOptions { Task = request.Task, Seed = request.Seed });
            TokenizerChecks.AgainstEmbedding(tokenizer, model.VocabularySize);
            PretrainedModelWriter.Save(model, partial);
            if (Directory.Exists(target))
            {
                Directory.Delete(target, recursive: true);
            }

            Directory.Move(partial, target);
            AtomicFile.FlushFolder(Path.GetDirectoryName(target)!);
            return new InitializedModel
            {
                Path = target,
                ModelType = model.Config.ModelType,
                Parameters = model.Parameters.Values.Sum(t => t.numel()),
                Layers = model.LayerCount,
                HiddenSize = model.HiddenSize,
                VocabularySize = model.VocabularySize,
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TrainToolsException(ErrorIds.ModelFileUnwritable, ErrorKind.IO, $"'{target}' could not be written: {e.Message}", "Check free disk space and the folder's permissions.", target, e);
        }
        finally
        {
            if (Directory.Exists(partial))
            {
                Directory.Delete(partial, recursive: true);
            }
        }
    }

    private static void WriteConfig(InitRequest request, string source, string folder)
    {
        var path = File.Exists(request.ConfigPath) ? request.ConfigPath : Path.Combine(source, ModelConfigFile.FileName);
        if (!File.Exists(path))
        {
            _ = ModelConfigFile.Read(source); // says what is missing
        }

        File.Copy(path, Path.Combine(folder, ModelConfigFile.FileName), overwrite: true);
        var config = ModelConfigFile.Read(folder);
        foreach (var (name, value) in request.Overrides ?? [])
        {
            config.Json[name] = value?.DeepClone();
        }

        AtomicFile.WriteText(Path.Combine(folder, ModelConfigFile.FileName), config.Json.ToJsonString());
    }

    private static InitRequest Parse(string? line)
    {
        try
        {
            return JsonSerializer.Deserialize<InitRequest>(line ?? string.Empty, TrainerEvent.JsonOptions) ?? throw new JsonException("it is empty");
        }
        catch (JsonException e)
        {
            throw new TrainToolsException(
                ErrorIds.InitRequestInvalid, ErrorKind.InvalidArgument, $"The request cannot be read: {e.Message}",
                "It is one line of JSON, such as {\"config_path\": \"small-bert\", \"output_path\": \"models/fresh\"}.", inner: e);
        }
    }
}
