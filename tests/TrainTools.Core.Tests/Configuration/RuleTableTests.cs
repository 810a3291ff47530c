using TrainTools.Core.Configuration;

namespace TrainTools.Core.Tests.Configuration;

public class RuleTableTests
{
    /// <summary>Rules on files and impossible values, whose cases are in <see cref="FileRuleTests"/>.</summary>
    private static readonly string[] TestedElsewhere = [.. typeof(FileRuleTests).GetMethods().Concat(typeof(RecordRuleTests).GetMethods()).Concat(typeof(ForecastTests).GetMethods()).Select(m => m.Name.Split('_')[0]).Where(n => ConfigRules.All.Any(r => r.Id == n))];

    public static TheoryData<int> Cases => [.. Enumerable.Range(0, RuleCases.All.Count)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_rule_finds_what_is_outside_and_nothing_just_inside(int number)
    {
        var line = RuleCases.All[number];
        var config = ConfigYaml.Parse(line.Triggers);
        var findings = Check(line, config, line.TriggerFacts);
        Assert.True(findings.Count > 0, $"{line} finds nothing");
        var finding = findings[0];
        Assert.Equal(line.Severity, finding.Severity);
        Assert.Contains(line.Text, $"{finding.Why} {finding.Expected}", StringComparison.Ordinal);
        Assert.False(string.IsNullOrEmpty(finding.Expected), $"{line} expects nothing");
        Assert.False(string.IsNullOrEmpty(finding.Remedy), $"{line} has no remedy");

        Assert.Empty(Check(line, ConfigYaml.Parse(line.Inside), line.InsideFacts));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_remedy_in_settings_ends_what_was_found(int number)
    {
        var line = RuleCases.All[number];
        var config = ConfigYaml.Parse(line.Triggers);
        foreach (var finding in Check(line, config, line.TriggerFacts).Where(f => f.Changes.Count > 0))
        {
            var mended = finding.Changes.Aggregate(config, (c, change) =>
            {
                Assert.True(ConfigSchema.Get(change.Setting).IsPossible(change.Value), change.ToString());
                return ConfigSchema.Get(change.Setting).With(c, change.Value);
            });
            Assert.DoesNotContain(Check(line, mended, line.TriggerFacts), f => f.Setting == finding.Setting && f.Severity >= finding.Severity);
        }
    }

    [Fact]
    public void No_rule_is_without_a_case()
    {
        var tested = RuleCases.All.Select(c => c.Rule).Concat(TestedElsewhere).ToHashSet();
        Assert.All(ConfigRules.All, r => Assert.Contains(r.Id, tested));
    }

    [Fact]
    public void Defaults_break_no_rule()
    {
        foreach (var line in RuleCases.All.Where(l => l.TriggerFacts.Model is not null).DistinctBy(l => l.Model))
        {
            foreach (var yaml in new[] { "{}", "finetuning_type: lora", "finetuning_type: qlora", "{task_type: sequence-classification, validation_split: 0.1}", "{task_type: token-classification, early_stopping_patience: 2, validation_split: 0.1, load_best_model_at_end: true}" })
            {
                var facts = line.TriggerFacts with { Data = new DataFacts { Records = 5000, MeanTokens = 200 } };
                var findings = ConfigChecker.Check(ConfigYaml.Parse(yaml), new() { Facts = facts, ExcludeRules = ["ModelUsable", "DatasetExists", "OutputFolder", "TaskFitsModel", "QloraSmallModel"] });
                Assert.True(findings.Count == 0, $"{line.Model} {yaml}: {string.Join("; ", findings)}");
            }
        }
    }

    private static IReadOnlyList<ConfigFinding> Check(RuleCase line, TrainingConfig config, ConfigFacts facts) =>
        ConfigChecker.Check(config, new() { Rules = [line.Rule], Facts = facts });
}
