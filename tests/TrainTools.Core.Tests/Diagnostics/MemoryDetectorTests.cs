using TrainTools.Core.Diagnostics;
using TrainTools.Core.Runs;

namespace TrainTools.Core.Tests.Diagnostics;

public sealed class MemoryDetectorTests
{
    [Fact]
    public void Memory_that_grows_by_the_same_amount_each_step_is_told_with_its_rate_and_closes_when_it_stops()
    {
        var run = new MadeUpRun().Go(400, with: Resident(s => 300e6 + (400.0 * 1024 * s)));
        var diagnosis = run.AssertRaised(Symptoms.MemoryGrowth);
        Assert.Matches("40[0-4] kB a step", diagnosis.Summary);
        run.Go(400, with: Resident(_ => 460e6));
        Assert.False(run.Last(Symptoms.MemoryGrowth)!.IsOpen);
    }

    [Fact]
    public void Memory_that_fills_up_and_slows_down_is_healthy() =>
        new MadeUpRun().Go(600, with: Resident(s => 280e6 + (90e6 * (1 - Math.Exp(-s / 120.0))))).AssertQuiet();

    [Fact]
    public void One_leap_is_no_growth() =>
        new MadeUpRun().Go(600, with: Resident(s => s < 300 ? 280e6 : 400e6)).AssertQuiet();

    private static Func<TrainingStep, TrainingStep> Resident(Func<int, double> bytes) => s => s with { ResidentBytes = (long)bytes(s.Step) };
}
