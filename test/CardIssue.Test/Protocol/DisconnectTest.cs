using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Center;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Core.Protocol.Terminal;
using CardIssue.Test.Explorer;

namespace CardIssue.Test.Protocol;

/// <summary>
/// Why a line is closed: told in every phase after access is granted, and in none before; and whatever is told changes nothing. So the message
/// is in none of the explorer's worlds: it leaves with <c>CloseLine</c>, which they have, and what comes of it is the state that was there.
/// </summary>
public sealed class DisconnectTest
{
    [Test]
    public void Center_LineIsClosed_SaysWhyAfterAccessAndNothingBefore()
    {
        var told = new HashSet<DisconnectCode>();
        foreach (var state in Explored.Of(Worlds.Simple).Coverage.Center.Samples.Concat(SplitExploration.Found.Coverage.Center.Samples))
            foreach (var happened in Probe.EventsOf(state))
            {
                var step = CenterMachine.On(state, happened);
                var why = CenterMachine.WhyClosed(state, happened, step);
                var closes = step.Effects.OfType<CenterEffect.CloseLine>().Any();
                var hasAccess = state.Phase is >= CenterPhase.Idle and not CenterPhase.Ended;
                Assert.That(why is not null, Is.EqualTo(hasAccess && closes), $"{state.Phase} × {happened.Kind}");
                if (why is { } code) told.Add(code);
            }
        Assert.That(told, Is.SupersetOf(new[] { DisconnectCode.TimedOut, DisconnectCode.Stopped, DisconnectCode.NotAMessage, DisconnectCode.UnfitResult }));
    }

    [Test]
    public void Terminal_LineIsClosed_SaysWhyAfterAccessAndNothingBefore()
    {
        var told = new HashSet<DisconnectCode>();
        foreach (var state in Explored.Of(Worlds.Simple).Coverage.Terminal.Samples.Concat(SplitExploration.Found.Coverage.Terminal.Samples))
            foreach (var happened in Probe.EventsOf(state))
            {
                var step = TerminalMachine.On(state, happened);
                var why = TerminalMachine.WhyClosed(state, happened, step);
                Assert.That(why is not null, Is.EqualTo(state.Phase >= TerminalPhase.Idle && step.Effects.OfType<TerminalEffect.CloseLine>().Any()),
                    $"{state.Phase} × {happened.Kind}");
                if (why is { } code) told.Add(code);
            }
        Assert.That(told, Is.SupersetOf(new[] { DisconnectCode.TimedOut, DisconnectCode.NotAMessage, DisconnectCode.NoCredit }));
    }

    /// <summary>A bad peer says it at any time, with any code: after access it is passed over, and before it ends the line like every other word.</summary>
    [Test]
    public void Told_InAnyPhase_ChangesNothing()
    {
        var words = new Disconnect((DisconnectCode)200, "anything", "");
        foreach (var state in Explored.Of(Worlds.Simple).Coverage.Center.Samples.Concat(SplitExploration.Found.Coverage.Center.Samples))
        {
            var step = CenterMachine.On(state, new CenterEvent.Received(words));
            Assert.That(step.Outcome.Kind, Is.EqualTo(state.Phase >= CenterPhase.Idle ? OutcomeKind.Ignored : OutcomeKind.Rejected), $"{state.Phase}");
            if (state.Phase >= CenterPhase.Idle) Assert.That((step.State, step.Effects.Count), Is.EqualTo((state, 0)));
        }
        foreach (var state in Explored.Of(Worlds.Simple).Coverage.Terminal.Samples.Concat(SplitExploration.Found.Coverage.Terminal.Samples))
        {
            var step = TerminalMachine.On(state, new TerminalEvent.Received(words));
            var isHeard = state.Phase is TerminalPhase.Offline or TerminalPhase.VerifyingCenter or >= TerminalPhase.Attached;
            Assert.That(step.Outcome.Kind, Is.EqualTo(isHeard ? OutcomeKind.Ignored : OutcomeKind.Rejected), $"{state.Phase}");
            if (isHeard) Assert.That((step.State, step.Effects.Count), Is.EqualTo((state, 0)));
        }
    }

    [TestCase(5, "WrongHalf")]
    [TestCase(200, "200")]
    public void Reason_OfACode_IsItsNameOrItsNumber(int code, string shown) =>
        Assert.That(new Disconnect((DisconnectCode)code, "a result", "noise").Reason, Is.EqualTo($"{shown}: expected a result; came noise"));
}
