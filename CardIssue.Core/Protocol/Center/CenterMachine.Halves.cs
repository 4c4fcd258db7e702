using CardIssue.Core.Protocol.Messages;
using Kind = CardIssue.Core.Protocol.Center.CenterEventKind;
using Step = CardIssue.Core.Protocol.Step<CardIssue.Core.Protocol.Center.CenterState, CardIssue.Core.Protocol.Center.CenterEffect>;

namespace CardIssue.Core.Protocol.Center;

/// <summary>The rows of a split line: its halves between their admission and their being joined.</summary>
internal static partial class CenterMachine
{
    private static Step AwaitingResults(CenterState s, CenterEvent e) => e.Kind switch
    {
        Kind.ResultsJudged => OnResultsJudged(s, ((CenterEvent.ResultsJudged)e).Fits),
        Kind.LineDown => End(s),
        Kind.TimerFired or Kind.StopOrdered => Close(s),
        Kind.Hello or Kind.Proof => Ignore(s, Double),
        Kind.Join or Kind.Requested or Kind.CardPresent or Kind.Credit or Kind.Result or Kind.CardRemoved or Kind.ReaderRefused
            or Kind.Abort or Kind.StatusRequest or Kind.EnrollReader => Reject(s, NotJoined),
        Kind.Disconnect => Reject(s, NotJoined),
        Kind.Garbage => Reject(s, NotAMessage),
        Kind.LineUp or Kind.ProofJudged or Kind.JoinJudged or Kind.Claimed or Kind.ClaimDeclined
            or Kind.FoundDone or Kind.Judged or Kind.SaveFailed => Ignore(s, NotAsked),
    };

    private static Step AwaitingJoin(CenterState s, CenterEvent e) => e.Kind switch
    {
        Kind.Join => OnJoin(s, Message<Join>(e)),
        Kind.LineDown => End(s),
        Kind.TimerFired or Kind.StopOrdered => Close(s),
        Kind.Hello or Kind.Proof => Ignore(s, Double),
        Kind.Requested or Kind.CardPresent or Kind.Credit or Kind.Result or Kind.CardRemoved or Kind.ReaderRefused
            or Kind.Abort or Kind.StatusRequest or Kind.EnrollReader => Reject(s, NotJoined),
        Kind.Disconnect => Reject(s, NotJoined),
        Kind.Garbage => Reject(s, NotAMessage),
        Kind.LineUp or Kind.ProofJudged or Kind.JoinJudged or Kind.ResultsJudged or Kind.Claimed or Kind.ClaimDeclined or Kind.FoundDone or Kind.Judged
            or Kind.SaveFailed => Ignore(s, NotAsked),
    };

    private static Step Joining(CenterState s, CenterEvent e) => e.Kind switch
    {
        Kind.JoinJudged => OnJoinJudged(s, ((CenterEvent.JoinJudged)e).Fits),
        Kind.LineDown => End(s),
        Kind.TimerFired or Kind.StopOrdered => Close(s),
        Kind.Hello or Kind.Proof or Kind.Join => Ignore(s, Double),
        Kind.Requested or Kind.CardPresent or Kind.Credit or Kind.Result or Kind.CardRemoved or Kind.ReaderRefused
            or Kind.Abort or Kind.StatusRequest or Kind.EnrollReader => Reject(s, NotJoined),
        Kind.Disconnect => Reject(s, NotJoined),
        Kind.Garbage => Reject(s, NotAMessage),
        Kind.LineUp or Kind.ProofJudged or Kind.ResultsJudged or Kind.Claimed or Kind.ClaimDeclined
            or Kind.FoundDone or Kind.Judged or Kind.SaveFailed => Ignore(s, NotAsked),
    };

    private static Step Attached(CenterState s, CenterEvent e) => e.Kind switch
    {
        Kind.LineDown => End(s),
        Kind.StopOrdered => Ignore(s, "the data half's session stops, and closes this half"),
        Kind.Hello or Kind.Proof or Kind.Join => Ignore(s, Double),
        Kind.Requested or Kind.CardPresent or Kind.Credit or Kind.Result or Kind.CardRemoved or Kind.ReaderRefused
            or Kind.Abort or Kind.StatusRequest or Kind.EnrollReader => Reject(s, NotJoined),
        Kind.Disconnect => Reject(s, NotJoined),
        Kind.Garbage => Reject(s, NotAMessage),
        Kind.TimerFired => Ignore(s, Late),
        Kind.LineUp or Kind.ProofJudged or Kind.JoinJudged or Kind.ResultsJudged or Kind.Claimed or Kind.ClaimDeclined or Kind.FoundDone or Kind.Judged
            or Kind.SaveFailed => Ignore(s, NotAsked),
    };
}
