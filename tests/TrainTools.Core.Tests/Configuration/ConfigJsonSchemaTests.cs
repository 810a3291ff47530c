using System.Text.Json.Nodes;
using CsCheck;
using NJsonSchema;
using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;

namespace TrainTools.Core.Tests.Configuration;

/// <summary>The schema held against the reader by an independent validator: both say the same of a document.</summary>
public class ConfigJsonSchemaTests
{
    private static readonly JsonSchema Schema = JsonSchema.FromJsonAsync(ConfigJsonSchema.Write()).GetAwaiter().GetResult();

    // The validator compares in decimal, which has no numbers smaller or larger than these.
    [Fact]
    public void Random_configs_are_valid() => RandomConfigs.Within(1e-20, 1e20).Sample(config => Assert.True(IsValid(Sections(config)), ConfigYaml.Write(config)), iter: 300);

    [Theory]
    [InlineData("""{"learning_rate": 1e-4, "data": {"dataset_path": "a.jsonl", "packing": null}, "extends": ["a.yaml"]}""")]
    [InlineData("""{"eval_strategy": "no", "target_modules": [], "model": null}""")]
    [InlineData("""{"learnig_rate": 1e-4}""")]
    [InlineData("""{"data": {"learning_rate": 1e-4}}""")]
    [InlineData("""{"learning_rate": 0}""")]
    [InlineData("""{"learning_rate": "fast"}""")]
    [InlineData("""{"lora_dropout": 1}""")]
    [InlineData("""{"weight_decay": null}""")]
    [InlineData("""{"lr_scheduler_type": "cosin"}""")]
    [InlineData("""{"optim": "sgd"}""")]
    [InlineData("""{"per_device_train_batch_size": 2.5}""")]
    [InlineData("""{"dataset_path": [["a"]]}""")]
    [InlineData("""{"packing": "maybe"}""")]
    [InlineData("""{"data": 5}""")]
    [InlineData("""[]""")]
    public void The_schema_and_the_reader_agree(string json)
    {
        bool read;
        try
        {
            _ = ConfigYaml.Parse(json.Replace("\"extends\": [\"a.yaml\"]", "\"seed\": 1", StringComparison.Ordinal));
            read = true;
        }
        catch (TrainToolsException)
        {
            read = false;
        }

        Assert.Equal(read, IsValid(JsonNode.Parse(json)!));
    }

    [Fact]
    public void Every_setting_is_described_in_its_section_and_at_the_top()
    {
        var properties = JsonNode.Parse(ConfigJsonSchema.Write())!["properties"]!;
        Assert.All(ConfigSchema.Settings, s =>
        {
            Assert.NotEmpty(properties[s.Name]!["description"]!.GetValue<string>());
            Assert.True(s.Section is null || JsonNode.DeepEquals(properties[s.Name], properties[s.Section]!["properties"]![s.Name]));
        });
    }

    private static bool IsValid(JsonNode document) => Schema.Validate(document.ToJsonString()).Count == 0;

    private static JsonObject Sections(TrainingConfig config)
    {
        var root = new JsonObject();
        foreach (var setting in ConfigSchema.Settings)
        {
            var value = setting.Get(config) switch
            {
                null => null,
                bool b => JsonValue.Create(b),
                double d => JsonValue.Create(d),
                int i => JsonValue.Create(i),
                long l => JsonValue.Create(l),
                SettingList list => new JsonArray([.. list.Select(i => (JsonNode)i)]),
                string s => JsonValue.Create(s),
                var e => (JsonNode)setting.Format(e),
            };
            if (setting.Section is null)
            {
                root[setting.Name] = value;
            }
            else
            {
                root[setting.Section] ??= new JsonObject();
                root[setting.Section]![setting.Name] = value;
            }
        }

        return root;
    }
}
