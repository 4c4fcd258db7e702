using CardIssue.Core.Protocol;

namespace CardIssue.Test.Explorer;

/// <summary>The real machines hold every property in every world.</summary>
[Parallelizable(ParallelScope.Children)]
public sealed class ExplorerTest
{
    /// <summary>The greatest first: one that began last would be explored when all others are done, on one core.</summary>
    private static IEnumerable<string> WorldNames => Worlds.All.OrderByDescending(w => w.Transitions).Select(w => w.World.Name);

    [TestCaseSource(nameof(WorldNames))]
    public void RealMachines_EveryState_HoldsEveryProperty(string name)
    {
        var pinned = Worlds.All.Single(w => w.World.Name == name);
        var explored = Explored.Of(pinned.World);
        var (found, again) = (explored.Found, explored.Again);
        TestContext.Out.WriteLine($"new(.. {name}, {found.States}, {found.Transitions}, {again?.States ?? 0}) {explored.Took.TotalSeconds:F1} s, {found.Unsettled.Count} left unfinished");
        if (found.Violation is not null) TestContext.Out.WriteLine(Scenario.Tell(pinned.World, found.Trace));
        Assert.That(found.Violation, Is.Null);
        Assert.That(again?.Violation, Is.Null, $"from one of {found.Unsettled.Count} orders left unfinished: {First(pinned.World, again)}");
        Assert.That((found.States, found.Transitions, again?.States ?? 0), Is.EqualTo((pinned.States, pinned.Transitions, pinned.AgainStates)),
            "The machines or the world changed. If that was meant: put the new counts into Worlds.All, and rewrite PROTOCOL.md with CARDISSUE_UPDATE_DOCS=1.");
    }

    [Test]
    public void EveryHandledCell_IsReachedInSomeWorld()
    {
        var probed = Probe.Run(Explored.All);
        var center = Handled(probed.Center.Met).Except(Handled(Explored.All.Center.Met)).Select(c => c.ToString());
        var terminal = Handled(probed.Terminal.Met).Except(Handled(Explored.All.Terminal.Met)).Select(c => c.ToString());
        Assert.That(center.Concat(terminal), Is.Empty);
    }

    private static IEnumerable<(TPhase, TKind)> Handled<TPhase, TKind>(IEnumerable<Met<TPhase, TKind>> met) =>
        met.Where(m => m.Outcome.Kind is OutcomeKind.Handled).Select(m => (m.Phase, m.Kind));

    /// <summary>The state to begin from that cannot end; found by trying each alone.</summary>
    private static string? First(WorldOptions world, Findings? again) => again?.Violation is null ? null : Explored.Of(world).Found.Unsettled
        .First(u => Exploration.Run(world with { Faults = Faults.None }, null, [u], true, true).Violation is not null).ToString();
}
