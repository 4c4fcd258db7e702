using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Center;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Core.Protocol.Terminal;

namespace CardIssue.Test.Explorer;

/// <summary>The real machines on a split line: whatever happens to either half, no end works on half a line, and both can always be joined again.</summary>
public sealed class SplitExplorerTest
{
    [Test]
    public void SplitLine_EveryState_HoldsEveryProperty()
    {
        var found = SplitExploration.Found;
        TestContext.Out.WriteLine($"{found.States}, {found.Transitions}");
        Assert.That(found.Violation, Is.Null, string.Join('\n', found.Trace));
        Assert.That((found.States, found.Transitions), Is.EqualTo((SplitExploration.States, SplitExploration.Transitions)),
            "The machines or the world changed. If that was meant: put the new counts into SplitExploration, and rewrite PROTOCOL.md with CARDISSUE_UPDATE_DOCS=1.");
    }

    private static IEnumerable<TestCaseData> PlantedBugs()
    {
        yield return Bug("the center works on the data half alone", "the center works on half a line",
            Machines.Real with { Center = (s, e) => CenterMachine.On(e is CenterEvent.ProofJudged && s.Half is LineHalf.Data ? s with { Half = LineHalf.Whole } : s, e) });
        yield return Bug("the center takes any token", "the center works on half a line",
            Machines.Real with { Center = (s, e) => CenterMachine.On(s, e is CenterEvent.ResultsJudged ? new CenterEvent.ResultsJudged(true) : e) });
        yield return Bug("the terminal works on the data half alone", "the terminal works on half a line",
            Machines.Real with { Terminal = (s, e) => TerminalMachine.On(e is TerminalEvent.CenterJudged && s.Half is LineHalf.Data ? s with { Half = LineHalf.Whole } : s, e) });
        yield return Bug("a results half waits for its token for ever", "the results half waits without a cap in AwaitingJoin",
            Machines.Real with { Center = (s, e) => CenterMachine.On(s, e) is var step && e is CenterEvent.ProofJudged && s.Half is LineHalf.Results ? step with { Effects = [.. step.Effects.Where(x => x is not CenterEffect.ArmTimer), new CenterEffect.StopTimer()] } : step });
        yield return Bug("the terminal sends on the data half after it is joined", "Join goes up the data half", Machines.Real with { Terminal = JoinOnData });
    }

    private static TestCaseData Bug(string name, string breaks, object machines) => new TestCaseData(machines, breaks).SetArgDisplayNames(name);

    /// <summary>The data half's machine says what the results half's should.</summary>
    private static Step<TerminalState, TerminalEffect> JoinOnData(TerminalState s, TerminalEvent e)
    {
        var step = TerminalMachine.On(s, e);
        return step.State.Phase is TerminalPhase.AwaitingResults && s.Phase is TerminalPhase.VerifyingCenter
            ? step with { Effects = [.. step.Effects, new TerminalEffect.Send(new Join(s.JoinToken))] }
            : step;
    }

    [TestCaseSource(nameof(PlantedBugs))]
    public void PlantedBug_Explored_BreaksItsProperty(object machines, string breaks) =>
        Assert.That(SplitExploration.Run((Machines)machines, 2).Violation, Is.EqualTo(breaks));
}
