using CardIssue.Core.Protocol.Messages;
using Kind = CardIssue.Core.Protocol.Terminal.TerminalEventKind;
using Step = CardIssue.Core.Protocol.Step<CardIssue.Core.Protocol.Terminal.TerminalState, CardIssue.Core.Protocol.Terminal.TerminalEffect>;

namespace CardIssue.Core.Protocol.Terminal;

/// <summary>The rows of a split line: its halves between their admission and their being joined.</summary>
internal static partial class TerminalMachine
{
    private static Step AwaitingResults(TerminalState s, TerminalEvent e) => e.Kind switch
    {
        Kind.Joined => OnJoined(s),
        Kind.Refused => OnRefused(s, Message<Refused>(e)),
        Kind.LineDown => GoOffline(s),
        Kind.TimerFired => Hang(s),
        Kind.CancelOrdered => OnCancelOffline(s, CodeOf(e)),
        Kind.CardInserted => To(s with { CardIn = true }),
        Kind.CardGone => To(s with { CardIn = false }),
        Kind.Challenge or Kind.Admitted => Ignore(s, Double),
        Kind.IssueOrdered => Ignore(s, TooEarly),
        Kind.Declined or Kind.InsertCard or Kind.CardRejected or Kind.Script or Kind.Command or Kind.Issued or Kind.Abort
            or Kind.StatusReport or Kind.ReaderEnrollment or Kind.Witness => Reject(s, NotJoined),
        Kind.Disconnect => Reject(s, NotJoined),
        Kind.Garbage => Reject(s, NotAMessage),
        Kind.LineUp or Kind.Signed or Kind.CenterJudged or Kind.ReaderJudged or Kind.Answered or Kind.Faulted => Ignore(s, Late),
    };

    /// <summary>This machine's work is done: the half is a part of the line now, which the data half's machine has.</summary>
    private static Step Attached(TerminalState s, TerminalEvent e) => e.Kind switch
    {
        Kind.LineUp or Kind.LineDown or Kind.TimerFired or Kind.IssueOrdered or Kind.CancelOrdered or Kind.CardInserted or Kind.CardGone or Kind.Signed
            or Kind.CenterJudged or Kind.ReaderJudged or Kind.Answered or Kind.Faulted or Kind.Challenge or Kind.Admitted or Kind.Joined or Kind.Refused
            or Kind.Declined or Kind.InsertCard or Kind.CardRejected or Kind.Script or Kind.Command or Kind.Issued or Kind.Abort or Kind.StatusReport
            or Kind.ReaderEnrollment or Kind.Witness or Kind.Disconnect or Kind.Garbage => Ignore(s, "the data half's business"),
    };
}
