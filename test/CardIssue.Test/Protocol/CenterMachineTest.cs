using CardIssue.Core;
using CardIssue.Core.Protocol;
using CardIssue.Test.Explorer;

namespace CardIssue.Test.Protocol;

public sealed class CenterMachineTest
{
    private static readonly TerminalId Terminal = new("T1");

    [TestCase(1, 1, 1, 2, 1, TestName = "Hello_TerminalOneVersionBehind_IsServedItsVersion")]
    [TestCase(1, 2, 1, 2, 2, TestName = "Hello_TerminalSpeaksBoth_IsServedTheHigher")]
    [TestCase(2, 5, 1, 2, 2, TestName = "Hello_TerminalAhead_IsServedTheCentersVersion")]
    [TestCase(1, 1, 2, 3, null, TestName = "Hello_TerminalTwoVersionsBehind_IsRefused")]
    [TestCase(4, 5, 2, 3, null, TestName = "Hello_TerminalWithoutOlderVersion_IsRefused")]
    public void Hello_Versions_AreNegotiated(int min, int max, int oldest, int current, int? chosen)
    {
        var up = CenterMachine.On(
            CenterState.Start(new CenterPolicy(OldestVersion: oldest, CurrentVersion: current)), new CenterEvent.LineUp(new LineNumber(3), Names.Nonce)).State;
        var step = CenterMachine.On(up, new CenterEvent.Received(new Hello(min, max, Terminal, Names.Nonce, 8)));
        var sent = step.Effects.OfType<CenterEffect.Send>().Single().Message;
        if (chosen is { } version) Assert.That(sent, Is.EqualTo(new Challenge(version, Names.Nonce, new LineNumber(3))));
        else
        {
            Assert.That(sent, Is.EqualTo(new Refused(RefusalCode.Version)));
            Assert.That(step.State.Phase, Is.EqualTo(CenterPhase.Ended));
            Assert.That(step.Effects, Does.Contain(new CenterEffect.CloseLine()));
        }
    }

    [Test]
    public void AnyEvent_InAnyPhase_NeitherThrowsNorChangesWhatIsIgnored()
    {
        var phases = new HashSet<CenterPhase>();
        foreach (var state in Explored.Of(Worlds.Simple).Coverage.Center.Samples.Concat(SplitExploration.Found.Coverage.Center.Samples))
        {
            phases.Add(state.Phase);
            foreach (var happened in Probe.EventsOf(state))
            {
                var step = CenterMachine.On(state, happened);
                if (step.Outcome.Kind is OutcomeKind.Handled) continue;
                Assert.That(step.Outcome.Reason, Is.Not.Empty);
                if (step.Outcome.Kind is OutcomeKind.Rejected) Assert.That(step.Effects, Does.Contain(new CenterEffect.CloseLine()));
                else Assert.That(step, Is.EqualTo(step with { State = state, Effects = default }), $"{state.Phase} × {happened.Kind}");
            }
        }
        Assert.That(phases, Is.EquivalentTo(Enum.GetValues<CenterPhase>()));
    }

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(5)]
    public void Record_StreamedUnderCredit_NeverGoesBeyondIt(int window)
    {
        var run = new FaultFreeRun(Worlds.Plan(false, Worlds.Repeatable(7), Worlds.Repeatable(1), Worlds.LookFirst(3)), new TerminalPolicy(window, 1));
        Assert.That(run.MostOutstanding, Is.EqualTo(window));
        Assert.That(run.Ended, Is.True);
    }

    [TestCase(1)]
    [TestCase(3)]
    [TestCase(6)]
    public void FaultFreeRun_EachRecord_CostsOneRoundTrip(int records)
    {
        var plan = Worlds.Plan(true, [.. Enumerable.Range(0, records).Select(i => Worlds.Repeatable(1 + i))]);
        var run = new FaultFreeRun(plan, new TerminalPolicy());
        Assert.That(run.Heads, Is.EqualTo(run.Results));
        Assert.That(run.Heads.Count(k => k is ScriptKind.Record), Is.EqualTo(records));
        Assert.That(run.Heads, Is.EqualTo((ScriptKind[])[ScriptKind.Open, ScriptKind.Authenticate, .. Enumerable.Repeat(ScriptKind.Record, records), ScriptKind.Close]));
        Assert.That(run.Ended, Is.True);
    }
}
