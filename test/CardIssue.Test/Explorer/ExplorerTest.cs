using CardIssue.Core.Protocol;

namespace CardIssue.Test.Explorer;

public sealed class ExplorerTest
{
    [Test]
    public void RealMachines_Simple_HoldAll()
    {
        var watch = System.Diagnostics.Stopwatch.StartNew();
        var found = Exploration.Run(Worlds.Simple);
        TestContext.Out.WriteLine($"{found.States} states, {found.Transitions} transitions, {watch.Elapsed}, {found.Unsettled.Count} unsettled");
        if (found.Violation is not null) TestContext.Out.WriteLine(Scenario.Tell(Worlds.Simple, found.Trace));
        Assert.That(found.Violation, Is.Null);
    }
}
