using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Core.Protocol.Terminal;
using CardIssue.Test.Explorer;

namespace CardIssue.Test.Protocol;

public sealed class TerminalMachineTest
{
    [Test]
    public void AnyEvent_InAnyPhase_NeitherThrowsNorChangesWhatIsIgnored()
    {
        var phases = new HashSet<TerminalPhase>();
        foreach (var state in Worlds.All.Take(1).Append(Worlds.All.Single(w => w.World.Name == "operators, wrong cards"))
            .SelectMany(w => Explored.Of(w.World).Coverage.Terminal.Samples).Concat(SplitExploration.Found.Coverage.Terminal.Samples))
        {
            phases.Add(state.Phase);
            foreach (var happened in Probe.EventsOf(state))
            {
                var step = TerminalMachine.On(state, happened);
                if (step.Outcome.Kind is OutcomeKind.Handled) continue;
                Assert.That(step.Outcome.Reason, Is.Not.Empty);
                if (step.Outcome.Kind is OutcomeKind.Rejected) Assert.That(step.Effects, Does.Contain(new TerminalEffect.CloseLine()));
                else Assert.That(step, Is.EqualTo(step with { State = state, Effects = default }), $"{state.Phase} × {happened.Kind}");
            }
        }
        Assert.That(phases, Is.EquivalentTo(Enum.GetValues<TerminalPhase>()));
    }

    [TestCase(1, 1)]
    [TestCase(4, 1)]
    [TestCase(4, 4)]
    [TestCase(32, 8)]
    public void Credit_ForALongScript_NeverGrantsMoreThanTheWindow(int window, int creditStep)
    {
        const int count = 70;
        var policy = new TerminalPolicy(window, creditStep);
        var script = new Script(ScriptKind.Record, 1, 1, 1, 10, count, true, false, default);
        var s = TerminalState.Start(Names.Terminal, policy) with { Phase = TerminalPhase.Standby, CardIn = true };
        s = TerminalMachine.On(s, new TerminalEvent.Received(script)).State;
        var (sent, answered, until) = (0, 0, Math.Min(window, count));
        while (answered < count)
        {
            for (; sent < until; sent++) s = TerminalMachine.On(s, new TerminalEvent.CommandArrived(script.First + sent)).State;
            var step = TerminalMachine.On(s, new TerminalEvent.Answered(script.First + answered++, true));
            foreach (var send in step.Effects.OfType<TerminalEffect.Send>()) until = ((Credit)send.Message).Until - script.First;
            Assert.That(until - answered, Is.LessThanOrEqualTo(window));
            Assert.That(until, Is.LessThanOrEqualTo(count));
            Assert.That(answered == count || until > answered, Is.True, "there is always credit for one more");
            s = step.State;
        }
        Assert.That(s.Phase, Is.EqualTo(TerminalPhase.Standby));
    }

    [Test]
    public void Command_BeyondCredit_ClosesTheLine()
    {
        var s = TerminalState.Start(Names.Terminal, new TerminalPolicy(2, 1)) with { Phase = TerminalPhase.Standby, CardIn = true };
        s = TerminalMachine.On(s, new TerminalEvent.Received(new Script(ScriptKind.Record, 1, 1, 1, 0, 5, true, false, default))).State;
        s = TerminalMachine.On(s, new TerminalEvent.CommandArrived(0)).State;
        s = TerminalMachine.On(s, new TerminalEvent.CommandArrived(1)).State;
        var step = TerminalMachine.On(s, new TerminalEvent.CommandArrived(2));
        Assert.That(step.Outcome.Kind, Is.EqualTo(OutcomeKind.Rejected));
        Assert.That(step.Effects, Does.Contain(new TerminalEffect.CloseLine()));
    }
}
