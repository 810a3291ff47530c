using System.Text.Json.Nodes;

using TrainTools.Core.Cleaning.Scores;
using TrainTools.Core.Data;

namespace TrainTools.Core.Tests.Cleaning;

public class CurriculumScoreTests
{
    [Theory]
    [InlineData("{\"curriculum_score\": 2.5}", 2.5)]
    [InlineData("{\"curriculum_score\": 3}", 3.0)]
    [InlineData("{\"curriculum_score\": \"3\"}", null)]
    [InlineData("{\"curriculum_score\": null}", null)]
    [InlineData("{}", null)]
    public void A_score_is_a_number_in_the_record(string extra, double? expected) =>
        Assert.Equal(expected, CurriculumScore.Of(new TrainingRecord { Shape = RecordShape.Text, Text = "x", Extra = (JsonObject)JsonNode.Parse(extra)! }));
}
