using System.Globalization;
using System.Text.Json.Nodes;
using TrainTools.Core.Configuration;
using TrainTools.Core.Models;

namespace TrainTools.Trainer.Models.Families;

/// <summary>A classification head's labels: the user's, or the config's id2label, or its num_labels, or two.</summary>
internal static class LabelSet
{
    private const int MostLabels = 1_000_000;

    /// <summary>
    /// The labels in order. Labels given by the user are written into the config, so that the saved model carries them.
    /// </summary>
    public static IReadOnlyList<string> Resolve(ModelConfigFile config, PretrainedModelOptions options)
    {
        if (options.ProblemType is { } problem)
        {
            config.Json["problem_type"] = problem switch
            {
                ProblemType.Regression => "regression",
                ProblemType.MultiLabelClassification => "multi_label_classification",
                _ => "single_label_classification",
            };
        }

        // transformers finds a text's last token by the padding before it.
        if (options.PadTokenId is { } padding && config.IntegerOrNull("pad_token_id") is null)
        {
            config.Json["pad_token_id"] = padding;
        }

        var given = options.Labels;
        if (given.Count == 0)
        {
            return Read(config);
        }

        var names = new JsonObject();
        var ids = new JsonObject();
        for (int i = 0; i < given.Count; i++)
        {
            names[i.ToString(CultureInfo.InvariantCulture)] = given[i];
            ids[given[i]] = i;
        }

        config.Json["id2label"] = names;
        config.Json["label2id"] = ids;
        if (config.Has("num_labels"))
        {
            config.Json["num_labels"] = given.Count;
        }

        return given;
    }

    /// <summary>problem_type, or null. Errors: ModelSettingUnsupported.</summary>
    public static ProblemType? ReadProblemType(ModelConfigFile config) => config.TextOrNull("problem_type") switch
    {
        null => null,
        "regression" => ProblemType.Regression,
        "single_label_classification" => ProblemType.SingleLabelClassification,
        "multi_label_classification" => ProblemType.MultiLabelClassification,
        _ => throw config.Unsupported("problem_type", "regression, single_label_classification, multi_label_classification"),
    };

    private static string[] Read(ModelConfigFile config)
    {
        if (config.SectionOrNull("id2label") is { } section && section.Json.Count > 0)
        {
            string[] labels = new string[section.Json.Count];
            foreach (var (key, _) in section.Json)
            {
                if (!int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out int id) || id >= labels.Length || labels[id] is not null)
                {
                    throw config.Wrong("id2label", "an object whose keys are 0, 1, 2 and so on");
                }

                labels[id] = section.TextOrNull(key) ?? key;
            }

            return labels;
        }

        int count = config.SizeOrNull("num_labels") ?? 2;
        return count <= MostLabels
            ? Enumerable.Range(0, count).Select(i => string.Create(CultureInfo.InvariantCulture, $"LABEL_{i}")).ToArray()
            : throw config.Wrong("num_labels", $"at most {MostLabels}");
    }
}
