using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using Effects = CardIssue.Core.Primitives.ValueList<CardIssue.Core.Protocol.Terminal.TerminalEffect>;
using Kind = CardIssue.Core.Protocol.Terminal.TerminalEventKind;
using Step = CardIssue.Core.Protocol.Step<CardIssue.Core.Protocol.Terminal.TerminalState, CardIssue.Core.Protocol.Terminal.TerminalEffect>;

namespace CardIssue.Core.Protocol.Terminal;

/// <summary>
/// A terminal, as a pure function. Rows are phases, columns are kinds of event, and every cell is written out: handled, ignored
/// with a reason, or rejected. PROTOCOL.md shows the same table, made from this code.
/// </summary>
internal static partial class TerminalMachine
{
    private const string Double = "a double";
    private const string Late = "late: what it belongs to is over";
    private const string NotAsked = "nobody asked";
    private const string NoLine = "there is no line";
    private const string TooEarly = "before access is granted";
    private const string NotJoined = "before the halves are joined";
    private const string NotAMessage = "no message of a center";
    private const string Told = "it tells why the line is about to end, and decides nothing";
    private const string TooMany = "more commands than credit";
    private const string NothingAsked = "the terminal has asked for nothing yet";

    /// <summary>The transition for an event.</summary>
    public static Step On(TerminalState state, TerminalEvent happened)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(happened);
        return state.Phase switch
        {
            TerminalPhase.Offline => Offline(state, happened),
            TerminalPhase.Greeting => Greeting(state, happened),
            TerminalPhase.Proving => Proving(state, happened),
            TerminalPhase.AwaitingAdmission => AwaitingAdmission(state, happened),
            TerminalPhase.VerifyingCenter => VerifyingCenter(state, happened),
            TerminalPhase.AwaitingResults => AwaitingResults(state, happened),
            TerminalPhase.Attached => Attached(state, happened),
            TerminalPhase.Idle => Idle(state, happened),
            TerminalPhase.Requesting => Requesting(state, happened),
            TerminalPhase.CheckingReader => CheckingReader(state, happened),
            TerminalPhase.AwaitingCard => AwaitingCard(state, happened),
            TerminalPhase.Swapping => Swapping(state, happened),
            TerminalPhase.Standby => Standby(state, happened),
            TerminalPhase.Relaying => Relaying(state, happened),
            TerminalPhase.Removing => Removing(state, happened),
        };
    }

    private static Step Offline(TerminalState s, TerminalEvent e) => e.Kind switch
    {
        Kind.LineUp => OnLineUp(s, (TerminalEvent.LineUp)e),
        Kind.CancelOrdered => OnCancelOffline(s, CodeOf(e)),
        Kind.CardInserted => To(s with { CardIn = true }),
        Kind.CardGone => To(s with { CardIn = false }),
        Kind.IssueOrdered => Ignore(s, NoLine),
        Kind.LineDown or Kind.TimerFired or Kind.Signed or Kind.CenterJudged or Kind.ReaderJudged or Kind.Answered or Kind.Faulted
            or Kind.Challenge or Kind.Admitted or Kind.Joined or Kind.Refused or Kind.Declined or Kind.InsertCard or Kind.CardRejected or Kind.Script
            or Kind.Command or Kind.Issued or Kind.Abort or Kind.StatusReport or Kind.ReaderEnrollment or Kind.Witness or Kind.Disconnect or Kind.Garbage => Ignore(s, Late),
    };

    private static Step Greeting(TerminalState s, TerminalEvent e) => e.Kind switch
    {
        Kind.Challenge => OnChallenge(s, Message<Challenge>(e)),
        Kind.Refused => OnRefused(s, Message<Refused>(e)),
        Kind.LineDown => GoOffline(s),
        Kind.TimerFired => Hang(s),
        Kind.CancelOrdered => OnCancelOffline(s, CodeOf(e)),
        Kind.CardInserted => To(s with { CardIn = true }),
        Kind.CardGone => To(s with { CardIn = false }),
        Kind.IssueOrdered => Ignore(s, TooEarly),
        Kind.Admitted or Kind.Joined or Kind.Declined or Kind.InsertCard or Kind.CardRejected or Kind.Script or Kind.Command or Kind.Issued or Kind.Abort
            or Kind.StatusReport or Kind.ReaderEnrollment or Kind.Witness => Reject(s, TooEarly),
        Kind.Disconnect => Reject(s, TooEarly),
        Kind.Garbage => Reject(s, NotAMessage),
        Kind.LineUp or Kind.Signed or Kind.CenterJudged or Kind.ReaderJudged or Kind.Answered or Kind.Faulted => Ignore(s, Late),
    };

    private static Step Proving(TerminalState s, TerminalEvent e) => e.Kind switch
    {
        Kind.Signed => To(s with { Phase = TerminalPhase.AwaitingAdmission }, new TerminalEffect.Send(((TerminalEvent.Signed)e).Proof), new TerminalEffect.ArmTimer()),
        Kind.Refused => OnRefused(s, Message<Refused>(e)),
        Kind.LineDown => GoOffline(s),
        Kind.CancelOrdered => OnCancelOffline(s, CodeOf(e)),
        Kind.CardInserted => To(s with { CardIn = true }),
        Kind.CardGone => To(s with { CardIn = false }),
        Kind.Challenge => Ignore(s, Double),
        Kind.IssueOrdered => Ignore(s, TooEarly),
        Kind.Admitted or Kind.Joined or Kind.Declined or Kind.InsertCard or Kind.CardRejected or Kind.Script or Kind.Command or Kind.Issued or Kind.Abort
            or Kind.StatusReport or Kind.ReaderEnrollment or Kind.Witness => Reject(s, TooEarly),
        Kind.Disconnect => Reject(s, TooEarly),
        Kind.Garbage => Reject(s, NotAMessage),
        Kind.LineUp or Kind.TimerFired or Kind.CenterJudged or Kind.ReaderJudged or Kind.Answered or Kind.Faulted => Ignore(s, Late),
    };

    private static Step AwaitingAdmission(TerminalState s, TerminalEvent e) => e.Kind switch
    {
        Kind.Admitted => OnAdmitted(s, Message<Admitted>(e)),
        Kind.Refused => OnRefused(s, Message<Refused>(e)),
        Kind.LineDown => GoOffline(s),
        Kind.TimerFired => Hang(s),
        Kind.CancelOrdered => OnCancelOffline(s, CodeOf(e)),
        Kind.CardInserted => To(s with { CardIn = true }),
        Kind.CardGone => To(s with { CardIn = false }),
        Kind.Challenge => Ignore(s, Double),
        Kind.IssueOrdered => Ignore(s, TooEarly),
        Kind.Joined or Kind.Declined or Kind.InsertCard or Kind.CardRejected or Kind.Script or Kind.Command or Kind.Issued or Kind.Abort
            or Kind.StatusReport or Kind.ReaderEnrollment or Kind.Witness => Reject(s, TooEarly),
        Kind.Disconnect => Reject(s, TooEarly),
        Kind.Garbage => Reject(s, NotAMessage),
        Kind.LineUp or Kind.Signed or Kind.CenterJudged or Kind.ReaderJudged or Kind.Answered or Kind.Faulted => Ignore(s, Late),
    };

    private static Step VerifyingCenter(TerminalState s, TerminalEvent e) => e.Kind switch
    {
        Kind.CenterJudged => OnCenterJudged(s, ((TerminalEvent.CenterJudged)e).Genuine),
        Kind.LineDown => GoOffline(s),
        Kind.CancelOrdered => OnCancelOffline(s, CodeOf(e)),
        Kind.CardInserted => To(s with { CardIn = true }),
        Kind.CardGone => To(s with { CardIn = false }),
        Kind.Challenge or Kind.Admitted => Ignore(s, Double),
        Kind.IssueOrdered => Ignore(s, TooEarly),
        Kind.Joined or Kind.Refused or Kind.Declined or Kind.InsertCard or Kind.CardRejected or Kind.Script or Kind.Command or Kind.Issued or Kind.Abort
            or Kind.StatusReport or Kind.ReaderEnrollment => Reject(s, NothingAsked),
        Kind.Witness => KeepWitness(s, Message<Witness>(e)),
        Kind.Disconnect => Ignore(s, Told),
        Kind.Garbage => Reject(s, NotAMessage),
        Kind.LineUp or Kind.TimerFired or Kind.Signed or Kind.ReaderJudged or Kind.Answered or Kind.Faulted => Ignore(s, Late),
    };

    private static Step Idle(TerminalState s, TerminalEvent e) => e.Kind switch
    {
        Kind.IssueOrdered => OnIssueOrdered(s, (TerminalEvent.IssueOrdered)e),
        Kind.InsertCard => OnInsertCardUnwanted(s, Message<InsertCard>(e)),
        Kind.Issued => OnIssued(s, Message<Issued>(e)),
        Kind.CardInserted => To(s with { CardIn = true }),
        Kind.CardGone => To(s with { CardIn = false }),
        Kind.LineDown => GoOffline(s),
        Kind.CancelOrdered => Ignore(s, "there is nothing to cancel"),
        Kind.Challenge or Kind.Admitted or Kind.Joined => Ignore(s, Double),
        Kind.Command => DiscardStray(s, ((TerminalEvent.CommandArrived)e).Sequence),
        Kind.Refused or Kind.Declined or Kind.CardRejected or Kind.Script or Kind.Abort or Kind.StatusReport or Kind.ReaderEnrollment => Ignore(s, Late),
        Kind.Witness => KeepWitness(s, Message<Witness>(e)),
        Kind.Disconnect => Ignore(s, Told),
        Kind.Garbage => Reject(s, NotAMessage),
        Kind.ReaderJudged => OnReaderSeen(s, (TerminalEvent.ReaderJudged)e),
        Kind.LineUp or Kind.TimerFired or Kind.Signed or Kind.CenterJudged or Kind.Answered or Kind.Faulted => Ignore(s, Late),
    };

    private static Step Requesting(TerminalState s, TerminalEvent e) => e.Kind switch
    {
        Kind.InsertCard => OnInsertCard(s, Message<InsertCard>(e)),
        Kind.Declined => OnDeclined(s, Message<Declined>(e)),
        Kind.CancelOrdered => Cancel(s, CodeOf(e)),
        Kind.CardInserted => To(s with { CardIn = true }),
        Kind.CardGone => To(s with { CardIn = false }),
        Kind.TimerFired => Hang(s),
        Kind.LineDown => GoOffline(s),
        Kind.IssueOrdered => Ignore(s, "one at a time"),
        Kind.Challenge or Kind.Admitted or Kind.Joined => Ignore(s, Double),
        Kind.Command => DiscardStray(s, ((TerminalEvent.CommandArrived)e).Sequence),
        Kind.Issued => OnIssuedBefore(s, Message<Issued>(e)),
        Kind.Refused or Kind.CardRejected or Kind.Script or Kind.Abort or Kind.StatusReport or Kind.ReaderEnrollment => Ignore(s, Late),
        Kind.Witness => KeepWitness(s, Message<Witness>(e)),
        Kind.Disconnect => Ignore(s, Told),
        Kind.Garbage => Reject(s, NotAMessage),
        Kind.LineUp or Kind.Signed or Kind.CenterJudged or Kind.ReaderJudged or Kind.Answered or Kind.Faulted => Ignore(s, Late),
    };

    private static Step CheckingReader(TerminalState s, TerminalEvent e) => e.Kind switch
    {
        Kind.ReaderJudged => OnReaderJudged(s, (TerminalEvent.ReaderJudged)e),
        Kind.CancelOrdered => Cancel(s, CodeOf(e)),
        Kind.Abort => OnAbort(s, Message<Abort>(e)),
        Kind.CardInserted => To(s with { CardIn = true }),
        Kind.CardGone => To(s with { CardIn = false }),
        Kind.LineDown => GoOffline(s),
        Kind.IssueOrdered => Ignore(s, "one at a time"),
        Kind.Challenge or Kind.Admitted or Kind.Joined or Kind.InsertCard or Kind.CardRejected => Ignore(s, Double),
        Kind.Script => OnScriptAhead(s, Message<Script>(e)),
        Kind.Command => OnCommandAhead(s, ((TerminalEvent.CommandArrived)e).Sequence),
        Kind.Refused or Kind.Declined or Kind.Issued or Kind.StatusReport or Kind.ReaderEnrollment => Ignore(s, Late),
        Kind.Witness => KeepWitness(s, Message<Witness>(e)),
        Kind.Disconnect => Ignore(s, Told),
        Kind.Garbage => Reject(s, NotAMessage),
        Kind.LineUp or Kind.TimerFired or Kind.Signed or Kind.CenterJudged or Kind.Answered or Kind.Faulted => Ignore(s, Late),
    };

    private static Step AwaitingCard(TerminalState s, TerminalEvent e) => e.Kind switch
    {
        Kind.CardInserted => OfferCard(s with { CardIn = true }, ((TerminalEvent.CardInserted)e).Atr),
        Kind.CancelOrdered => Cancel(s, CodeOf(e)),
        Kind.Abort => OnAbort(s, Message<Abort>(e)),
        Kind.CardGone => To(s with { CardIn = false }),
        Kind.LineDown => GoOffline(s),
        Kind.IssueOrdered => Ignore(s, "one at a time"),
        Kind.Challenge or Kind.Admitted or Kind.Joined or Kind.InsertCard or Kind.CardRejected => Ignore(s, Double),
        Kind.Script => OnScriptAhead(s, Message<Script>(e)),
        Kind.Command => OnCommandAhead(s, ((TerminalEvent.CommandArrived)e).Sequence),
        Kind.Refused or Kind.Declined or Kind.Issued or Kind.StatusReport or Kind.ReaderEnrollment => Ignore(s, Late),
        Kind.Witness => KeepWitness(s, Message<Witness>(e)),
        Kind.Disconnect => Ignore(s, Told),
        Kind.Garbage => Reject(s, NotAMessage),
        Kind.LineUp or Kind.TimerFired or Kind.Signed or Kind.CenterJudged or Kind.ReaderJudged or Kind.Answered or Kind.Faulted => Ignore(s, Late),
    };

    private static Step Swapping(TerminalState s, TerminalEvent e) => e.Kind switch
    {
        Kind.CardGone => CheckReader(s with { CardIn = false }),
        Kind.CancelOrdered => Cancel(s, CodeOf(e)),
        Kind.Abort => OnAbort(s, Message<Abort>(e)),
        Kind.CardInserted => Ignore(s, Double),
        Kind.LineDown => GoOffline(s),
        Kind.IssueOrdered => Ignore(s, "one at a time"),
        Kind.Challenge or Kind.Admitted or Kind.Joined or Kind.InsertCard or Kind.CardRejected => Ignore(s, Double),
        Kind.Script => OnScriptAhead(s, Message<Script>(e)),
        Kind.Command => OnCommandAhead(s, ((TerminalEvent.CommandArrived)e).Sequence),
        Kind.Refused or Kind.Declined or Kind.Issued or Kind.StatusReport or Kind.ReaderEnrollment => Ignore(s, Late),
        Kind.Witness => KeepWitness(s, Message<Witness>(e)),
        Kind.Disconnect => Ignore(s, Told),
        Kind.Garbage => Reject(s, NotAMessage),
        Kind.LineUp or Kind.TimerFired or Kind.Signed or Kind.CenterJudged or Kind.ReaderJudged or Kind.Answered or Kind.Faulted => Ignore(s, Late),
    };

    private static Step Standby(TerminalState s, TerminalEvent e) => e.Kind switch
    {
        Kind.Script => OnScript(s, Message<Script>(e)),
        Kind.InsertCard => OnInsertCard(s, Message<InsertCard>(e)),
        Kind.CardRejected => OnCardRejected(s, Message<CardRejected>(e)),
        Kind.Issued => OnIssued(s, Message<Issued>(e)),
        Kind.Abort => OnAbort(s, Message<Abort>(e)),
        Kind.CancelOrdered => Cancel(s, CodeOf(e)),
        Kind.CardInserted => To(s with { CardIn = true }),
        Kind.CardGone => To(s with { CardIn = false }),
        Kind.TimerFired => Hang(s),
        Kind.LineDown => GoOffline(s),
        Kind.IssueOrdered => Ignore(s, "one at a time"),
        Kind.Challenge or Kind.Admitted or Kind.Joined => Ignore(s, Double),
        Kind.Command => DiscardStray(s, ((TerminalEvent.CommandArrived)e).Sequence),
        Kind.Refused or Kind.Declined or Kind.StatusReport or Kind.ReaderEnrollment => Ignore(s, Late),
        Kind.Witness => KeepWitness(s, Message<Witness>(e)),
        Kind.Disconnect => Ignore(s, Told),
        Kind.Garbage => Reject(s, NotAMessage),
        Kind.LineUp or Kind.Signed or Kind.CenterJudged or Kind.ReaderJudged or Kind.Answered or Kind.Faulted => Ignore(s, Late),
    };

    private static Step Relaying(TerminalState s, TerminalEvent e) => e.Kind switch
    {
        Kind.Command => OnCommand(s, ((TerminalEvent.CommandArrived)e).Sequence),
        Kind.Answered => OnAnswered(s, (TerminalEvent.Answered)e),
        Kind.Faulted => OnFaulted(s, (TerminalEvent.Faulted)e),
        Kind.Abort => OnAbort(s, Message<Abort>(e)),
        Kind.CancelOrdered => Cancel(s, CodeOf(e)),
        Kind.CardInserted => To(s with { CardIn = true }),
        Kind.CardGone => OnCardGoneInScript(s),
        Kind.TimerFired => s.Relay!.InCard ? To(s, new TerminalEffect.ArmTimer()) : Hang(s),
        Kind.LineDown => GoOffline(s),
        Kind.IssueOrdered => Ignore(s, "one at a time"),
        Kind.Challenge or Kind.Admitted or Kind.Joined or Kind.Script or Kind.InsertCard or Kind.CardRejected => Ignore(s, Double),
        Kind.Refused or Kind.Declined or Kind.Issued or Kind.StatusReport or Kind.ReaderEnrollment => Ignore(s, Late),
        Kind.Witness => KeepWitness(s, Message<Witness>(e)),
        Kind.Disconnect => Ignore(s, Told),
        Kind.Garbage => Reject(s, NotAMessage),
        Kind.LineUp or Kind.Signed or Kind.CenterJudged or Kind.ReaderJudged => Ignore(s, Late),
    };

    private static Step Removing(TerminalState s, TerminalEvent e) => e.Kind switch
    {
        Kind.CardGone => OnCardTaken(s),
        Kind.Issued => OnIssued(s, Message<Issued>(e)),
        Kind.InsertCard => OnInsertCardUnwanted(s, Message<InsertCard>(e)),
        Kind.CardInserted => Ignore(s, Double),
        Kind.LineDown => GoOffline(s),
        Kind.IssueOrdered => Ignore(s, "the last customer's card is still in"),
        Kind.CancelOrdered => Ignore(s, "there is nothing to cancel"),
        Kind.Challenge or Kind.Admitted or Kind.Joined => Ignore(s, Double),
        Kind.Command => DiscardStray(s, ((TerminalEvent.CommandArrived)e).Sequence),
        Kind.Refused or Kind.Declined or Kind.CardRejected or Kind.Script or Kind.Abort or Kind.StatusReport or Kind.ReaderEnrollment => Ignore(s, Late),
        Kind.Witness => KeepWitness(s, Message<Witness>(e)),
        Kind.Disconnect => Ignore(s, Told),
        Kind.Garbage => Reject(s, NotAMessage),
        Kind.LineUp or Kind.TimerFired or Kind.Signed or Kind.CenterJudged or Kind.ReaderJudged or Kind.Answered or Kind.Faulted => Ignore(s, Late),
    };

    private static AbortCode CodeOf(TerminalEvent happened) => ((TerminalEvent.CancelOrdered)happened).Code;

    private static T Message<T>(TerminalEvent happened) where T : RelayMessage => (T)((TerminalEvent.Received)happened).Message;

    private static Step To(TerminalState state, params ReadOnlySpan<TerminalEffect> effects) =>
        new(state, ValueList.Create(effects), Outcome.Handled);

    private static Step Ignore(TerminalState state, string reason) =>
        new(state, Effects.Empty, new Outcome(OutcomeKind.Ignored, reason));

    /// <summary>The peer does not keep to the protocol: the line is closed, and brought up anew.</summary>
    private static Step Reject(TerminalState state, string reason) =>
        Hang(state) with { Outcome = new Outcome(OutcomeKind.Rejected, reason) };
}
