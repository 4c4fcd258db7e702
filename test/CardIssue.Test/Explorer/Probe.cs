using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Center;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Core.Protocol.Terminal;

namespace CardIssue.Test.Explorer;

/// <summary>Every event, with data of each sort, on states that the explorer met: fills the cells that no world leads to.</summary>
internal static class Probe
{
    private static readonly Verdict[] Verdicts =
    [
        new Verdict.Genuine(Store.IdOf(Card.A)), new Verdict.Genuine(Store.IdOf(Card.B)),
            new Verdict.Genuine(Store.IdOf(Card.B), IdentityKind.Blank),
        new Verdict.Rejected(CardRejection.NotGenuine), new Verdict.Stranger(),
        new Verdict.Done(ProofKind.CardMac), new Verdict.NotDone(), new Verdict.InDoubt(), new Verdict.Unclear(), new Verdict.CardLost(),
    ];

    /// <summary>Every event at the center, those that depend on numbers with the numbers of the state.</summary>
    public static IEnumerable<CenterEvent> EventsOf(CenterState s)
    {
        var script = s.Work?.Script;
        var first = script?.First ?? 0;
        for (var i = 0; i < Injections.CenterCount; i++) yield return Injections.ToCenter(i);
        // In no world: it changes no state, in any phase (DisconnectTest).
        yield return new CenterEvent.Received(new Disconnect(DisconnectCode.TimedOut, "", ""));
        yield return new CenterEvent.LineUp(new LineNumber(1), Names.Nonce);
        yield return new CenterEvent.LineDown();
        yield return new CenterEvent.TimerFired();
        yield return new CenterEvent.StopOrdered();
        yield return new CenterEvent.ProofJudged(null, Names.Admitted);
        yield return new CenterEvent.ProofJudged(RefusalCode.NotKnown, null);
        foreach (var fits in new[] { true, false })
        {
            yield return new CenterEvent.JoinJudged(fits);
            yield return new CenterEvent.ResultsJudged(fits);
        }
        foreach (var progress in new[] { OrderProgress.None, new OrderProgress(0, 1, 3, 1) })
            yield return new CenterEvent.Claimed(new Claim(Names.Order, 7, Store.IdOf(Card.A), progress, Worlds.Simple.Plan, Names.Token, "card"));
        yield return new CenterEvent.ClaimDeclined(DeclineCode.Busy);
        yield return new CenterEvent.FoundDone(Names.Order, Store.IdOf(Card.A));
        yield return new CenterEvent.Received(new Result(first, ScriptStop.Gap, default));
        yield return new CenterEvent.Received(new Credit(first + (script?.Sent ?? 0) + 1));
        foreach (var verdict in Verdicts) yield return new CenterEvent.Judged(first, verdict);
        yield return new CenterEvent.Judged(first + 50, new Verdict.InDoubt());
        yield return new CenterEvent.SaveFailed(true);
        yield return new CenterEvent.SaveFailed(false);
    }

    /// <summary>Every event at the terminal, those that depend on numbers with the numbers of the state.</summary>
    public static IEnumerable<TerminalEvent> EventsOf(TerminalState s)
    {
        var at = s.Relay is { } relay ? relay.First + relay.Answered : 0;
        var next = s.Relay is { } r ? r.First + r.Arrived : 0;
        for (var i = 0; i < Injections.TerminalCount; i++) yield return Injections.ToTerminal(i);
        yield return new TerminalEvent.Received(new Disconnect(DisconnectCode.TimedOut, "", ""));
        yield return new TerminalEvent.LineUp(Names.Nonce);
        yield return new TerminalEvent.LineDown();
        yield return new TerminalEvent.TimerFired();
        yield return new TerminalEvent.IssueOrdered("order", default, Names.Operator);
        yield return new TerminalEvent.CancelOrdered();
        yield return new TerminalEvent.CardInserted(Names.Atr);
        yield return new TerminalEvent.CardGone();
        yield return new TerminalEvent.Signed(Names.Proof);
        foreach (var yes in new[] { true, false })
        {
            yield return new TerminalEvent.CenterJudged(yes);
            yield return new TerminalEvent.ReaderJudged(yes, "reader");
            yield return new TerminalEvent.Answered(at, yes);
        }
        yield return new TerminalEvent.Answered(at + 7, true);
        yield return new TerminalEvent.Faulted(at, ScriptStop.CardLost);
        yield return new TerminalEvent.CommandArrived(next);
        yield return new TerminalEvent.CommandArrived(next + 1);
        yield return new TerminalEvent.Received(new InsertCard(s.Requests, Names.Token, false, "card"));
        yield return new TerminalEvent.Received(new Declined(s.Requests, DeclineCode.Busy));
        yield return new TerminalEvent.Received(new CardRejected(s.Insertions, CardRejection.Unreadable));
        yield return new TerminalEvent.Received(new Script(ScriptKind.Open, 1, 0, 1, s.NextSequence, 1, false, false, default));
    }

    /// <summary>Probes every sample; throws when a machine does.</summary>
    public static Coverage Run(Coverage samples)
    {
        var probed = new Coverage();
        foreach (var state in samples.Center.Samples.Append(CenterState.Start(new CenterPolicy())).ToArray())
        {
            foreach (var happened in EventsOf(state))
            {
                var step = CenterMachine.On(state, happened);
                probed.Center.Note(state, happened.Kind, step.Outcome, step.State);
            }
        }
        foreach (var state in samples.Terminal.Samples.ToArray())
        {
            foreach (var happened in EventsOf(state))
            {
                var step = TerminalMachine.On(state, happened);
                probed.Terminal.Note(state, happened.Kind, step.Outcome, step.State);
            }
        }
        return probed;
    }
}
