using System.Globalization;
using TorchSharp;
using TrainTools.Core.Adapters;
using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;
using TrainTools.Core.Files;
using TrainTools.Core.Runs;
using TrainTools.Core.Samples.Labels;
using TrainTools.Trainer.Adapters;
using TrainTools.Trainer.Backend;
using TrainTools.Trainer.Hosting;
using TrainTools.Trainer.Models;
using TrainTools.Trainer.Quantization;
using TrainTools.Trainer.Training;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Export;

/// <summary>
/// Writes models and adapters for use elsewhere. Everything goes into a folder beside the target, is read again and compared
/// with what it was made of, and takes the target's name only when its logits agree.
/// </summary>
public sealed class ModelExporter : IModelExporter
{
    private const string PartialSuffix = ".partial";

    /// <inheritdoc/>
    public ExportedModel Export(ExportRequest request, IEventSink events)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(events);
        Refuse(request);
        var target = Path.GetFullPath(request.OutputPath);
        var partial = target + PartialSuffix;
        Remove(partial);
        try
        {
            Directory.CreateDirectory(partial);
            var adapters = request.Sources.Where(s => AdaptedModelLoader.IsAdapter(s.Path)).ToList();
            var export = adapters.Count == 0 ? ExportModel(request, partial)
                : request.Merge ? ExportMerged(request, partial)
                : ExportAdapter(request, partial);
            export = export with { Path = target };
            AtomicFile.WriteText(
                Path.Combine(partial, ModelCard.FileName),
                ModelCard.Write(export, request.BaseModelName ?? export.BaseModelPath ?? NamedBase(adapters), request.Sources, BackendInspector.TrainToolsVersion));
            Remove(target);
            Directory.Move(partial, target);
            AtomicFile.FlushFolder(Path.GetDirectoryName(target)!);
            return export;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TrainToolsException(
                ErrorIds.ModelFileUnwritable, ErrorKind.IO, $"'{target}' could not be written: {e.Message}", "Check free disk space and the folder's permissions.", target, e);
        }
        finally
        {
            Remove(partial);
        }
    }

    private static ExportedModel ExportModel(ExportRequest request, string folder)
    {
        var source = request.Sources[0].Path;
        using var model = PretrainedModelLoader.Load(source, Options(request));
        using var probe = new LogitProbe(model);
        using var before = request.SkipCheck ? null : probe.Logits(model);
        return Write(request, model, folder, before, probe, adapters: 0, source, null);
    }

    private static ExportedModel ExportMerged(ExportRequest request, string folder)
    {
        var (basePath, task) = Base(request);
        using var model = PretrainedModelLoader.Load(basePath, BaseOptions(request, task));
        using var adapter = Adapter(request, model);
        using var probe = new LogitProbe(model);
        using var before = request.SkipCheck ? null : probe.Logits(model);
        adapter.Merge();
        return Write(request, model, folder, before, probe, request.Sources.Count, request.Sources[0].Path, basePath);
    }

    private static ExportedModel ExportAdapter(ExportRequest request, string folder)
    {
        var first = request.Sources[0].Path;
        var alone = request.Sources is [{ Weight: 1 }] && request.Rank is null;
        (double Difference, double Agreement)? check = null;
        string? basePath = null;
        if (alone)
        {
            // As it is, byte by byte, once it is known to be whole.
            using (AdapterFile.Open(first))
            {
            }

            foreach (var name in (string[])[AdapterFile.FileName, AdapterConfigFile.FileName])
            {
                File.Copy(Path.Combine(first, name), Path.Combine(folder, name));
            }
        }

        if (!alone || !request.SkipCheck)
        {
            (basePath, var task) = Base(request);
            using var model = PretrainedModelLoader.Load(basePath, BaseOptions(request, task));
            using var probe = new LogitProbe(model);
            using var adapter = Adapter(request, model);
            using var before = probe.Logits(model);
            if (!alone)
            {
                adapter.Save(folder);
            }

            adapter.Dispose();
            using var again = AdapterModel.Load(model, folder);
            using var after = probe.Logits(model);
            check = LogitProbe.Compare(before, after);
        }

        if (request.BaseModelName is { } name2)
        {
            var config = AdapterConfigFile.Read(folder);
            config.Json["base_model_name_or_path"] = name2;
            config.Write(folder);
        }

        if (LabelFile.Read(first) is { } labels)
        {
            LabelFile.Write(folder, labels);
        }

        TokenizerFiles.CopyFrom(first, basePath, folder);
        var export = Described(request, folder, "adapter", request.Sources.Count, "float32", AdapterFile.FileName) with { BaseModelPath = basePath };
        return Checked(export, check, Bound(ScalarType.Float32));
    }

    private static ExportedModel Write(
        ExportRequest request, PretrainedModel model, string folder, Tensor? before, LogitProbe probe, int adapters, string tokenizerFolder, string? basePath)
    {
        var type = request.Dtype switch
        {
            ModelDtype.Float32 => ScalarType.Float32,
            ModelDtype.Float16 => ScalarType.Float16,
            ModelDtype.BFloat16 => ScalarType.BFloat16,
            _ => (ScalarType?)null,
        };
        var task = TaskOf(model);
        if (request.QuantizationBit is { } bits)
        {
            QuantizedBase.Quantize(model, new WeightQuantization(bits));
        }
        else if (type is { } wanted)
        {
            QuantizedBase.Dequantize(model, wanted);
        }

        var quantized = QuantizedBase.IsQuantized(model);
        PretrainedModelWriter.Save(model, folder, new PretrainedModelWriterOptions { MaxShardBytes = request.MaxShardBytes, ParameterType = type });
        TokenizerFiles.CopyFrom(tokenizerFolder, basePath, folder);
        var written = type ?? model.ParameterSlots.Where(p => p.Value.numel() > 0).MaxBy(p => p.Value.numel())!.Value.dtype;
        var dtype = quantized ? (model.LinearLayers.Values.Any(l => l.FrozenProduct is Int8Weight) ? "int8" : "nf4")
            : written switch { ScalarType.BFloat16 => "bfloat16", ScalarType.Float16 => "float16", _ => "float32" };
        (double, double)? check = null;
        if (before is not null)
        {
            // The model in memory is done with: one at a time.
            model.Dispose();
            using var again = PretrainedModelLoader.Load(folder, Options(request) with { Task = task });
            using var after = probe.Logits(again);
            check = LogitProbe.Compare(before, after);
        }

        var export = Described(request, folder, "model", adapters, dtype, "*.safetensors") with { Merged = adapters > 0, BaseModelPath = basePath };
        return Checked(export, check, request.QuantizationBit is null ? Bound(written) : null);
    }

    /// <summary>What the logits may differ by, as a share of the greatest: rounding of the weights, through all layers.</summary>
    private static double Bound(ScalarType type) => type switch
    {
        ScalarType.Float16 => 1e-2,
        ScalarType.BFloat16 => 5e-2,
        _ => 1e-4,
    };

    private static ExportedModel Checked(ExportedModel export, (double Difference, double Agreement)? check, double? bound)
    {
        if (check is not { } figures)
        {
            return export;
        }

        return bound is null || figures.Difference <= bound
            ? export with { LogitDifference = figures.Difference, TopTokenAgreement = figures.Agreement, LogitBound = bound }
            : throw new TrainToolsException(
                ErrorIds.ExportCheckFailed, ErrorKind.InvalidData,
                string.Create(CultureInfo.InvariantCulture, $"The export was not kept: its logits differ by {figures.Difference:G3} of the greatest from those of what was exported, and the bound for {export.Dtype} is {bound:G3}."),
                "Export with a wider dtype (float32); weights beyond float16's range overflow.", export.Path);
    }

    private static ExportedModel Described(ExportRequest request, string folder, string kind, int adapters, string dtype, string pattern)
    {
        var files = new DirectoryInfo(folder).GetFiles(pattern).OrderBy(f => f.Name, StringComparer.Ordinal).ToList();
        return new ExportedModel
        {
            Path = request.OutputPath,
            Kind = kind,
            Adapters = adapters,
            Dtype = dtype,
            WeightFiles = [.. files.Select(f => f.Name)],
            WeightBytes = files.Sum(f => f.Length),
        };
    }

    private static AdapterModel Adapter(ExportRequest request, PretrainedModel model) => request.Sources is [{ Weight: 1 } one] && request.Rank is null
        ? AdapterModel.Load(model, one.Path)
        : AdapterCombination.Create(model, [.. request.Sources.Select(s => (s.Path, s.Weight))], request.Rank);

    private static (string Path, TaskType? Task) Base(ExportRequest request)
    {
        var tasks = request.Sources.Select(s => AdapterConfigFile.Read(s.Path).TaskType).Distinct().ToList();
        var path = request.BaseModelPath ?? AdaptedModelLoader.BaseOf(request.Sources[0].Path);
        return tasks.Count == 1 ? (path, tasks[0] switch
        {
            "SEQ_CLS" => TaskType.SequenceClassification,
            "TOKEN_CLS" => TaskType.TokenClassification,
            "CAUSAL_LM" => TaskType.CausalLm,
            _ => null,
        }) : throw new TrainToolsException(
            ErrorIds.ExportRequestInvalid, ErrorKind.InvalidArgument, $"The adapters are for different tasks: {string.Join(", ", tasks.Select(t => t ?? "none"))}.", "Combine adapters of one task.");
    }

    private static TaskType? TaskOf(PretrainedModel model) => model switch
    {
        CausalLanguageModel => TaskType.CausalLm,
        MaskedLanguageModel => TaskType.MaskedLm,
        TokenClassifier => TaskType.TokenClassification,
        SequenceClassifier => TaskType.SequenceClassification,
        _ => null,
    };

    // Kept as the files have it, computed in float32: what is compared is rounded once, when it is written.
    private static PretrainedModelOptions Options(ExportRequest request) => new() { ParameterType = null, Device = TrainingDevice.Find(request.Device) };

    /// <summary>An adapter's base, with the labels that the adapter was trained for: the base knows neither their number nor their names.</summary>
    private static PretrainedModelOptions BaseOptions(ExportRequest request, TaskType? task)
    {
        var sets = request.Sources.Select(s => (s.Path, Labels: LabelFile.Read(s.Path))).ToList();
        var labels = sets[0].Labels;
        if (sets.Find(s => !(s.Labels?.Names ?? []).SequenceEqual(labels?.Names ?? [])).Path is { } other)
        {
            throw new TrainToolsException(
                ErrorIds.ExportRequestInvalid, ErrorKind.InvalidArgument, $"The adapters '{sets[0].Path}' and '{other}' have different labels.", "Combine adapters that were trained with the same labels.", other);
        }

        return Options(request) with { Task = task, Labels = labels?.Names ?? [], ProblemType = labels?.Problem };
    }

    private static string? NamedBase(List<ExportSource> adapters) => adapters.Count == 0 ? null : AdapterConfigFile.Read(adapters[0].Path).BaseModelNameOrPath;

    private static void Refuse(ExportRequest request)
    {
        var others = request.Sources.Where(s => !AdaptedModelLoader.IsAdapter(s.Path)).ToList();
        foreach (var source in request.Sources.Where(s => !Directory.Exists(s.Path)))
        {
            throw new TrainToolsException(ErrorIds.ModelFolderNotFound, ErrorKind.NotFound, $"There is no folder '{source.Path}'.", "Give a run, an adapter, a model or a checkpoint.", source.Path);
        }

        if (request.Sources.Count > 1 && others.Count > 0)
        {
            throw Invalid($"'{others[0].Path}' holds no adapter, and only adapters can be combined", "Name adapters alone, or one model.", others[0].Path);
        }

        if (others.Count > 0 && (request.Merge || request.Rank is not null || others[0].Weight != 1))
        {
            throw Invalid($"'{others[0].Path}' is a whole model: there is no adapter to merge or weigh", "Leave -Merge, -Weight and -Rank out.", others[0].Path);
        }

        if (others.Count == 0 && !request.Merge && (request.Dtype is not null || request.QuantizationBit is not null))
        {
            throw Invalid("an adapter is exported as it is, without another type", "Add -Merge, or leave -Dtype and -QuantizationBit out.", request.OutputPath);
        }

        if (request.QuantizationBit is not (null or 4 or 8))
        {
            throw Invalid($"quantization_bit is {request.QuantizationBit}", "Use 4 or 8.", request.OutputPath);
        }

        var target = Path.GetFullPath(request.OutputPath);
        if (request.Sources.Select(s => s.Path).Append(request.BaseModelPath).OfType<string>().Any(p => IsWithin(Path.GetFullPath(p), target)))
        {
            throw Invalid($"'{target}' holds what is exported, and would be replaced by it", "Choose another folder.", target);
        }

        if (!request.Overwrite && (File.Exists(target) || (Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any())))
        {
            throw new TrainToolsException(ErrorIds.ExportOutputExists, ErrorKind.AlreadyExists, $"'{target}' is there already.", "Choose another folder, or replace it with -Force.", target);
        }
    }

    private static bool IsWithin(string path, string folder) =>
        path == folder || path.StartsWith(Path.TrimEndingDirectorySeparator(folder) + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    private static TrainToolsException Invalid(string what, string remedy, string at) => new(
        ErrorIds.ExportRequestInvalid, ErrorKind.InvalidArgument, $"This cannot be exported: {what}.", remedy, at);

    private static void Remove(string path)
    {
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
        else if (File.Exists(path))
        {
            File.Delete(path);
        }
    }
}
