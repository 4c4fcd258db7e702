using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using Effects = CardIssue.Core.Primitives.ValueList<CardIssue.Core.Protocol.Center.CenterEffect>;
using Kind = CardIssue.Core.Protocol.Center.CenterEventKind;
using Step = CardIssue.Core.Protocol.Step<CardIssue.Core.Protocol.Center.CenterState, CardIssue.Core.Protocol.Center.CenterEffect>;

namespace CardIssue.Core.Protocol.Center;

/// <summary>
/// One session at the center, as a pure function. Rows are phases, columns are kinds of event, and every cell is written out:
/// handled, ignored with a reason, or rejected. PROTOCOL.md shows the same table, made from this code.
/// </summary>
internal static partial class CenterMachine
{
    private const string Double = "a double";
    private const string Late = "late: what it belongs to is over";
    private const string NotAsked = "nobody asked";
    private const string TooEarly = "before access is granted";
    private const string NotJoined = "before the halves are joined";
    private const string NotAMessage = "no message of a terminal";
    private const string Told = "it tells why the line is about to end, and decides nothing";

    /// <summary>The transition for an event.</summary>
    public static Step On(CenterState state, CenterEvent happened)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(happened);
        return state.Phase switch
        {
            CenterPhase.Connected => Connected(state, happened),
            CenterPhase.Challenged => Challenged(state, happened),
            CenterPhase.Verifying => Verifying(state, happened),
            CenterPhase.AwaitingResults => AwaitingResults(state, happened),
            CenterPhase.AwaitingJoin => AwaitingJoin(state, happened),
            CenterPhase.Joining => Joining(state, happened),
            CenterPhase.Attached => Attached(state, happened),
            CenterPhase.Idle => Idle(state, happened),
            CenterPhase.Claiming => Claiming(state, happened),
            CenterPhase.AwaitingCard => AwaitingCard(state, happened),
            CenterPhase.Running => Running(state, happened),
            CenterPhase.Judging => Judging(state, happened),
            CenterPhase.AwaitingRemoval => AwaitingRemoval(state, happened),
            CenterPhase.Ended => Ended(state, happened),
        };
    }

    private static Step Connected(CenterState s, CenterEvent e) => e.Kind switch
    {
        Kind.LineUp => OnLineUp(s, (CenterEvent.LineUp)e),
        Kind.Hello => OnHello(s, Message<Hello>(e)),
        Kind.LineDown => End(s),
        Kind.TimerFired or Kind.StopOrdered => Close(s),
        Kind.Proof or Kind.Requested or Kind.CardPresent or Kind.Credit or Kind.Result or Kind.CardRemoved or Kind.ReaderRefused
            or Kind.Abort or Kind.StatusRequest or Kind.EnrollReader or Kind.Join => Reject(s, TooEarly),
        Kind.Disconnect => Reject(s, TooEarly),
        Kind.Garbage => Reject(s, NotAMessage),
        Kind.ProofJudged or Kind.JoinJudged or Kind.ResultsJudged or Kind.Claimed or Kind.ClaimDeclined or Kind.FoundDone or Kind.Judged
            or Kind.SaveFailed => Ignore(s, NotAsked),
    };

    private static Step Challenged(CenterState s, CenterEvent e) => e.Kind switch
    {
        Kind.Proof => OnProof(s, Message<Proof>(e)),
        Kind.LineDown => End(s),
        Kind.TimerFired or Kind.StopOrdered => Close(s),
        Kind.Hello => Ignore(s, Double),
        Kind.Requested or Kind.CardPresent or Kind.Credit or Kind.Result or Kind.CardRemoved or Kind.ReaderRefused
            or Kind.Abort or Kind.StatusRequest or Kind.EnrollReader or Kind.Join => Reject(s, TooEarly),
        Kind.Disconnect => Reject(s, TooEarly),
        Kind.Garbage => Reject(s, NotAMessage),
        Kind.LineUp or Kind.ProofJudged or Kind.JoinJudged or Kind.ResultsJudged or Kind.Claimed or Kind.ClaimDeclined or Kind.FoundDone or Kind.Judged
            or Kind.SaveFailed => Ignore(s, NotAsked),
    };

    private static Step Verifying(CenterState s, CenterEvent e) => e.Kind switch
    {
        Kind.ProofJudged => OnProofJudged(s, (CenterEvent.ProofJudged)e),
        Kind.LineDown => End(s),
        Kind.TimerFired or Kind.StopOrdered => Close(s),
        Kind.Hello or Kind.Proof => Ignore(s, Double),
        Kind.Requested or Kind.CardPresent or Kind.Credit or Kind.Result or Kind.CardRemoved or Kind.ReaderRefused
            or Kind.Abort or Kind.StatusRequest or Kind.EnrollReader or Kind.Join => Reject(s, TooEarly),
        Kind.Disconnect => Reject(s, TooEarly),
        Kind.Garbage => Reject(s, NotAMessage),
        Kind.LineUp or Kind.JoinJudged or Kind.ResultsJudged or Kind.Claimed or Kind.ClaimDeclined or Kind.FoundDone or Kind.Judged
            or Kind.SaveFailed => Ignore(s, NotAsked),
    };

    private static Step Idle(CenterState s, CenterEvent e) => e.Kind switch
    {
        Kind.Requested => OnRequested(s, ((CenterEvent.Received)e).Message),
        Kind.StatusRequest => OnStatusRequest(s),
        Kind.EnrollReader => OnEnrollReader(s, Message<EnrollReader>(e)),
        Kind.LineDown => End(s),
        Kind.TimerFired or Kind.StopOrdered => Close(s),
        Kind.Hello or Kind.Proof or Kind.Join => Ignore(s, Double),
        // Told when a reader was connected; the log has it already, and there is no order to give back.
        Kind.ReaderRefused => To(s),
        Kind.CardPresent or Kind.Credit or Kind.Result or Kind.CardRemoved or Kind.Abort => Ignore(s, Late),
        Kind.Disconnect => Ignore(s, Told),
        Kind.Garbage => Reject(s, NotAMessage),
        Kind.Judged or Kind.SaveFailed => Ignore(s, Late),
        Kind.LineUp or Kind.ProofJudged or Kind.JoinJudged or Kind.ResultsJudged or Kind.Claimed or Kind.ClaimDeclined
            or Kind.FoundDone => Ignore(s, NotAsked),
    };

    private static Step Claiming(CenterState s, CenterEvent e) => e.Kind switch
    {
        Kind.Claimed => OnClaimed(s, ((CenterEvent.Claimed)e).Claim),
        Kind.ClaimDeclined => OnClaimDeclined(s, ((CenterEvent.ClaimDeclined)e).Code),
        Kind.FoundDone => OnFoundDone(s, (CenterEvent.FoundDone)e),
        Kind.SaveFailed => OnClaimDeclined(s, DeclineCode.NotNow),
        Kind.StatusRequest => OnStatusRequest(s),
        Kind.EnrollReader => OnEnrollReader(s, Message<EnrollReader>(e)),
        Kind.LineDown => End(s),
        Kind.StopOrdered => Close(s),
        Kind.Abort => Ignore(s, "the terminal says it again when it is told to insert a card"),
        Kind.Requested => Ignore(s, "one at a time"),
        Kind.Hello or Kind.Proof or Kind.Join => Ignore(s, Double),
        Kind.CardPresent or Kind.Credit or Kind.Result or Kind.CardRemoved or Kind.ReaderRefused => Ignore(s, Late),
        Kind.Disconnect => Ignore(s, Told),
        Kind.Garbage => Reject(s, NotAMessage),
        Kind.TimerFired or Kind.Judged => Ignore(s, Late),
        Kind.LineUp or Kind.ProofJudged or Kind.JoinJudged or Kind.ResultsJudged => Ignore(s, NotAsked),
    };

    private static Step AwaitingCard(CenterState s, CenterEvent e) => e.Kind switch
    {
        Kind.CardPresent => OnCardPresent(s, Message<CardPresent>(e)),
        Kind.Abort or Kind.ReaderRefused => GiveBack(s, CenterPhase.Idle),
        Kind.TimerFired => Stop(s, AbortCode.TimedOut, CenterPhase.Idle),
        Kind.StopOrdered => Stop(s, ((CenterEvent.StopOrdered)e).Code, CenterPhase.AwaitingRemoval),
        Kind.Requested => OnRequested(s, ((CenterEvent.Received)e).Message),
        Kind.StatusRequest => OnStatusRequest(s),
        Kind.EnrollReader => OnEnrollReader(s, Message<EnrollReader>(e)),
        Kind.LineDown => End(s),
        Kind.Hello or Kind.Proof or Kind.Join => Ignore(s, Double),
        Kind.Credit or Kind.Result or Kind.CardRemoved or Kind.Judged or Kind.SaveFailed => Ignore(s, Late),
        Kind.Disconnect => Ignore(s, Told),
        Kind.Garbage => Reject(s, NotAMessage),
        Kind.LineUp or Kind.ProofJudged or Kind.JoinJudged or Kind.ResultsJudged or Kind.Claimed or Kind.ClaimDeclined
            or Kind.FoundDone => Ignore(s, NotAsked),
    };

    private static Step Running(CenterState s, CenterEvent e) => e.Kind switch
    {
        Kind.Credit => OnCredit(s, Message<Credit>(e)),
        Kind.Result => OnResult(s, Message<Result>(e)),
        Kind.Abort => GiveBack(s, CenterPhase.AwaitingRemoval),
        Kind.StopOrdered => Stop(s, ((CenterEvent.StopOrdered)e).Code, CenterPhase.AwaitingRemoval),
        Kind.SaveFailed => OnSaveFailed(s, (CenterEvent.SaveFailed)e),
        Kind.Requested => OnRequested(s, ((CenterEvent.Received)e).Message),
        Kind.StatusRequest => OnStatusRequest(s),
        Kind.EnrollReader => OnEnrollReader(s, Message<EnrollReader>(e)),
        Kind.TimerFired => Close(s),
        Kind.LineDown => End(s),
        Kind.Hello or Kind.Proof or Kind.Join or Kind.CardPresent => Ignore(s, Double),
        Kind.CardRemoved => Ignore(s, "the script's result will say so"),
        Kind.ReaderRefused or Kind.Judged => Ignore(s, Late),
        Kind.Disconnect => Ignore(s, Told),
        Kind.Garbage => Reject(s, NotAMessage),
        Kind.LineUp or Kind.ProofJudged or Kind.JoinJudged or Kind.ResultsJudged or Kind.Claimed or Kind.ClaimDeclined
            or Kind.FoundDone => Ignore(s, NotAsked),
    };

    private static Step Judging(CenterState s, CenterEvent e) => e.Kind switch
    {
        Kind.Judged => OnJudged(s, (CenterEvent.Judged)e),
        Kind.Abort => GiveBack(s, CenterPhase.AwaitingRemoval),
        Kind.StopOrdered => Stop(s, ((CenterEvent.StopOrdered)e).Code, CenterPhase.AwaitingRemoval),
        Kind.Requested => OnRequested(s, ((CenterEvent.Received)e).Message),
        Kind.StatusRequest => OnStatusRequest(s),
        Kind.EnrollReader => OnEnrollReader(s, Message<EnrollReader>(e)),
        Kind.LineDown => End(s),
        Kind.Hello or Kind.Proof or Kind.Join or Kind.CardPresent or Kind.Result => Ignore(s, Double),
        Kind.CardRemoved => Ignore(s, "the next script's result will say so"),
        Kind.TimerFired or Kind.Credit or Kind.ReaderRefused or Kind.SaveFailed => Ignore(s, Late),
        Kind.Disconnect => Ignore(s, Told),
        Kind.Garbage => Reject(s, NotAMessage),
        Kind.LineUp or Kind.ProofJudged or Kind.JoinJudged or Kind.ResultsJudged or Kind.Claimed or Kind.ClaimDeclined
            or Kind.FoundDone => Ignore(s, NotAsked),
    };

    private static Step AwaitingRemoval(CenterState s, CenterEvent e) => e.Kind switch
    {
        Kind.CardRemoved or Kind.TimerFired => Rest(s),
        Kind.Requested => OnRequested(s, ((CenterEvent.Received)e).Message),
        Kind.StatusRequest => OnStatusRequest(s),
        Kind.EnrollReader => OnEnrollReader(s, Message<EnrollReader>(e)),
        Kind.LineDown => End(s),
        Kind.StopOrdered => Close(s),
        Kind.SaveFailed => OnSaveFailed(s, (CenterEvent.SaveFailed)e),
        Kind.Hello or Kind.Proof or Kind.Join => Ignore(s, Double),
        Kind.CardPresent or Kind.Credit or Kind.Result or Kind.ReaderRefused or Kind.Abort or Kind.Judged => Ignore(s, Late),
        Kind.Disconnect => Ignore(s, Told),
        Kind.Garbage => Reject(s, NotAMessage),
        Kind.LineUp or Kind.ProofJudged or Kind.JoinJudged or Kind.ResultsJudged or Kind.Claimed or Kind.ClaimDeclined
            or Kind.FoundDone => Ignore(s, NotAsked),
    };

    private static Step Ended(CenterState s, CenterEvent e) => e.Kind switch
    {
        Kind.Claimed => LetGo(s, ((CenterEvent.Claimed)e).Claim),
        Kind.LineUp or Kind.LineDown or Kind.TimerFired or Kind.StopOrdered or Kind.Hello or Kind.Proof or Kind.Join or Kind.ProofJudged or Kind.JoinJudged or Kind.ResultsJudged or Kind.Requested
            or Kind.ClaimDeclined or Kind.FoundDone or Kind.CardPresent or Kind.Credit or Kind.Result or Kind.Judged or Kind.SaveFailed
            or Kind.CardRemoved or Kind.ReaderRefused or Kind.Abort or Kind.StatusRequest or Kind.EnrollReader or Kind.Disconnect
            or Kind.Garbage => Ignore(s, "the session is over"),
    };

    private static T Message<T>(CenterEvent happened) where T : RelayMessage => (T)((CenterEvent.Received)happened).Message;

    private static Step To(CenterState state, params ReadOnlySpan<CenterEffect> effects) =>
        new(state, ValueList.Create(effects), Outcome.Handled);

    private static Step Ignore(CenterState state, string reason) =>
        new(state, Effects.Empty, new Outcome(OutcomeKind.Ignored, reason));

    /// <summary>The peer does not keep to the protocol: nothing more is said to it.</summary>
    private static Step Reject(CenterState state, string reason) =>
        Close(state) with { Outcome = new Outcome(OutcomeKind.Rejected, reason) };
}
