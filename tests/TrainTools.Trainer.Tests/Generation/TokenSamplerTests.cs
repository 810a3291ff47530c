using TrainTools.Trainer.Generation;

namespace TrainTools.Trainer.Tests.Generation;

public class TokenSamplerTests
{
    private static readonly float[] Logits = [0f, 2f, 1f, -1f, 1.5f];

    [Fact]
    public void Greedy_takes_the_most_likely() => Assert.Equal(1, new TokenSampler(new SamplingOptions()).Choose(Logits));

    [Fact]
    public void Frequencies_follow_the_softmax()
    {
        var counts = Draw(new SamplingOptions { DoSample = true, Temperature = 0.7 });
        var weights = Logits.Select(l => Math.Exp(l / 0.7)).ToArray();
        for (var i = 0; i < counts.Length; i++)
        {
            Assert.Equal(weights[i] / weights.Sum(), counts[i] / 20000.0, 0.015);
        }
    }

    [Fact]
    public void Top_k_leaves_the_k_most_likely()
    {
        var counts = Draw(new SamplingOptions { DoSample = true, TopK = 2 });
        Assert.Equal([false, true, false, false, true], counts.Select(c => c > 0));
        Assert.Equal(1, new TokenSampler(new SamplingOptions { DoSample = true, TopK = 1 }).Choose(Logits));
    }

    // Probabilities: 0.061, 0.453, 0.167, 0.023, 0.275 (…); 0.453 + 0.275 = 0.728 is the first sum to reach 0.7.
    [Theory]
    [InlineData(0.4, new[] { 1 })]
    [InlineData(0.7, new[] { 1, 4 })]
    [InlineData(0.75, new[] { 1, 2, 4 })]
    [InlineData(1.0, new[] { 0, 1, 2, 3, 4 })]
    public void Top_p_leaves_the_fewest_tokens_that_reach_it(double topP, int[] expected)
    {
        var counts = Draw(new SamplingOptions { DoSample = true, TopP = topP });
        Assert.Equal(expected, Enumerable.Range(0, 5).Where(i => counts[i] > 0));
    }

    [Fact]
    public void The_same_seed_draws_the_same_tokens()
    {
        int[] Sequence(long seed)
        {
            var sampler = new TokenSampler(new SamplingOptions { DoSample = true, Seed = seed });
            return [.. Enumerable.Range(0, 50).Select(_ => sampler.Choose(Logits))];
        }

        Assert.Equal(Sequence(5), Sequence(5));
        Assert.NotEqual(Sequence(5), Sequence(6));
    }

    private static int[] Draw(SamplingOptions options)
    {
        var sampler = new TokenSampler(options);
        var counts = new int[Logits.Length];
        for (var i = 0; i < 20000; i++)
        {
            counts[sampler.Choose(Logits)]++;
        }

        return counts;
    }
}
