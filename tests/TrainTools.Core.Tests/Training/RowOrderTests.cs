using TrainTools.Core.Training;

namespace TrainTools.Core.Tests.Training;

public class RowOrderTests
{
    [Fact]
    public void Unshuffled_rows_stand_as_they_are() => Assert.Equal([0, 1, 2, 3], new RowOrder(4, shuffle: false, seed: 1).Epoch(5));

    [Fact]
    public void Each_epoch_visits_every_row_once_in_an_order_of_its_own()
    {
        var order = new RowOrder(100, shuffle: true, seed: 42);
        Assert.Equal(Enumerable.Range(0, 100), order.Epoch(0).Order());
        Assert.NotEqual(order.Epoch(0), order.Epoch(1));
        Assert.Equal(order.Epoch(1), new RowOrder(100, shuffle: true, seed: 42).Epoch(1));
        Assert.NotEqual(order.Epoch(0), new RowOrder(100, shuffle: true, seed: 43).Epoch(0));
    }

    [Fact]
    public void A_shuffle_is_unbiased_within_what_chance_allows()
    {
        var counts = new int[6];
        for (var epoch = 0; epoch < 6000; epoch++)
        {
            var order = new RowOrder(3, shuffle: true, seed: 7).Epoch(epoch);
            counts[(order[0] * 2) + (order[1] > order[2] ? 1 : 0)]++;
        }

        Assert.All(counts, c => Assert.InRange(c, 850, 1150)); // 1000 expected, standard deviation 29
    }

    [Fact]
    public void A_curriculum_opens_easy_rows_first_and_all_rows_by_its_end()
    {
        double[] difficulty = [.. Enumerable.Range(0, 100).Select(i => (double)(99 - i))];
        var curriculum = new CurriculumOrder(difficulty, start: 0.25, end: 0.5, epochs: 4);
        var order = new RowOrder(100, shuffle: true, seed: 3, curriculum);
        var first = order.Epoch(0);
        Assert.Equal(100, first.Length);
        Assert.All(first[..10], row => Assert.True(99 - row < curriculum.OpenRows(0.026)));
        for (var i = 0; i < 100; i++)
        {
            Assert.True(99 - first[i] < curriculum.OpenRows(i / 400.0));
        }

        Assert.Equal(Enumerable.Range(0, 100), order.Epoch(2).Order()); // everything is open after half of the run
        Assert.Equal(order.Epoch(1), order.Epoch(1));
        Assert.Equal((25, 63, 100, 100), (curriculum.OpenRows(0), curriculum.OpenRows(0.25), curriculum.OpenRows(0.5), curriculum.OpenRows(1)));
    }

    [Fact]
    public void An_unshuffled_curriculum_goes_from_easy_to_hard()
    {
        var order = new RowOrder(4, shuffle: false, seed: 3, new CurriculumOrder([3, 1, 2, 4], start: 1, end: 0, epochs: 1));
        Assert.Equal([1, 2, 0, 3], order.Epoch(0));
    }
}
