using CardIssue.Core.Protocol.Messages;
using Step = CardIssue.Core.Protocol.Step<CardIssue.Core.Protocol.Terminal.TerminalState, CardIssue.Core.Protocol.Terminal.TerminalEffect>;

namespace CardIssue.Core.Protocol.Terminal;

/// <summary>
/// Scripts (S280, S290): commands come in under credit, go to the card one at a time, and all that the card said is reported once.
/// The machine holds counts; the bytes are in the relay's pinned buffer, a window's worth at most.
/// </summary>
internal static partial class TerminalMachine
{
    private static Step OnScript(TerminalState s, Script script)
    {
        if (script.First < s.NextSequence) return Ignore(s, Double);
        var next = s with { NextSequence = script.First + script.Count };
        if (!s.CardIn) return To(next, new TerminalEffect.SendResult(script.First, ScriptStop.CardLost), new TerminalEffect.ArmTimer());
        var relay = new Relay(script.First, script.Count, 0, 0, Math.Min(script.Count, s.Policy.Window), false);
        return To(next with { Phase = TerminalPhase.Relaying, Relay = relay },
            Show(NoticeOf(script.Kind), record: script.Record), new TerminalEffect.BeginScript(script), new TerminalEffect.ArmTimer());
    }

    /// <summary>An opening that came along with the word to insert a card: kept until one is in, and touches none before.</summary>
    private static Step OnScriptAhead(TerminalState s, Script script)
    {
        if (script.First < s.NextSequence || s.Ahead is not null) return Ignore(s, Double);
        if (script.Kind is not ScriptKind.Open) return Ignore(s, Late);
        var relay = new Relay(script.First, script.Count, 0, 0, Math.Min(script.Count, s.Policy.Window), false);
        return To(s with { NextSequence = script.First + script.Count, Ahead = script, Relay = relay });
    }

    /// <summary>A command of it. Where one is missing none is kept: to the center it is as if the script had been lost.</summary>
    private static Step OnCommandAhead(TerminalState s, int sequence)
    {
        if (s.Relay is not { } relay) return DiscardStray(s, sequence);
        var index = sequence - relay.First;
        if (index < relay.Arrived) return Ignore(s, Double);
        if (index > relay.Arrived) return To(s with { Ahead = null, Relay = null }, new TerminalEffect.DiscardCommands(s.NextSequence));
        return index >= relay.Granted ? Reject(s, TooMany) : To(s with { Relay = relay with { Arrived = relay.Arrived + 1 } });
    }

    /// <summary>The card is in: what came along begins.</summary>
    private static Step BeginAhead(TerminalState s, params ReadOnlySpan<TerminalEffect> first)
    {
        var (script, relay) = (s.Ahead!, s.Relay!);
        var arrived = relay.Arrived > 0;
        TerminalEffect[] transmit = arrived ? [new TerminalEffect.Transmit(relay.First)] : [];
        return To(s with { Phase = TerminalPhase.Relaying, Ahead = null, Relay = relay with { InCard = arrived } },
            [.. first, Show(NoticeOf(script.Kind)), new TerminalEffect.BeginScript(script), .. transmit, new TerminalEffect.ArmTimer()]);
    }

    private static Step OnCommand(TerminalState s, int sequence)
    {
        var relay = s.Relay!;
        var index = sequence - relay.First;
        if (index < relay.Arrived) return Ignore(s, Double);
        if (index > relay.Arrived) return EndScript(s, ScriptStop.Gap);
        if (index >= relay.Granted) return Reject(s, TooMany);
        var arrived = s with { Relay = relay with { Arrived = relay.Arrived + 1, InCard = true } };
        return relay.InCard
            ? To(arrived, new TerminalEffect.ArmTimer())
            : To(arrived, new TerminalEffect.Transmit(sequence), new TerminalEffect.ArmTimer());
    }

    private static Step OnAnswered(TerminalState s, TerminalEvent.Answered answered)
    {
        var relay = s.Relay!;
        if (answered.Sequence != relay.First + relay.Answered || !relay.InCard) return Ignore(s, Late);
        if (!answered.Expected) return EndScript(s, ScriptStop.UnexpectedStatus);
        var done = relay.Answered + 1;
        if (done == relay.Count) return EndScript(s, ScriptStop.Completed);

        var granted = Math.Min(relay.Count, done + s.Policy.Window);
        var step = answered.Ahead > 0 ? Math.Max(1, s.Policy.Window - answered.Ahead) : s.Policy.CreditStep;
        var grant = granted - relay.Granted >= step || (granted == relay.Count && granted > relay.Granted);
        var more = relay.Arrived > done;
        var next = s with { Relay = relay with { Answered = done, InCard = more, Granted = grant ? granted : relay.Granted } };
        TerminalEffect[] transmit = more ? [new TerminalEffect.Transmit(relay.First + done)] : [];
        TerminalEffect[] credit = grant ? [new TerminalEffect.Send(new Credit(relay.First + granted))] : [];
        return To(next, [.. transmit, .. credit, new TerminalEffect.ArmTimer()]);
    }

    private static Step OnFaulted(TerminalState s, TerminalEvent.Faulted faulted) =>
        faulted.Sequence != s.Relay!.First + s.Relay.Answered || !s.Relay.InCard ? Ignore(s, Late) : EndScript(s, faulted.Stop);

    /// <summary>While the card is at work, its own answer or fault tells what became of the command; otherwise nothing more will come of the script.</summary>
    private static Step OnCardGoneInScript(TerminalState s) => s.Relay!.InCard
        ? To(s with { CardIn = false })
        : EndScript(s with { CardIn = false }, ScriptStop.CardLost);

    private static Step EndScript(TerminalState s, ScriptStop stop) =>
        To(s with { Phase = TerminalPhase.Standby, Relay = null },
            new TerminalEffect.DiscardCommands(s.NextSequence),
            new TerminalEffect.SendResult(s.Relay!.First, stop),
            Show(IssueNotice.Reporting, stop.ToString()),
            new TerminalEffect.ArmTimer());

    /// <summary>A command of a script that has ended. The next script's may be in the buffer already.</summary>
    private static Step DiscardStray(TerminalState s, int sequence) => To(s, new TerminalEffect.DiscardCommands(sequence + 1));

    private static IssueNotice NoticeOf(ScriptKind kind) => kind switch
    {
        ScriptKind.Open or ScriptKind.Authenticate => IssueNotice.AccessingCard,
        ScriptKind.Assign => IssueNotice.NumberingCard,
        ScriptKind.Look => IssueNotice.LookingAtCard,
        ScriptKind.Record => IssueNotice.WritingRecord,
        ScriptKind.Close => IssueNotice.ClosingCard,
    };
}
