using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Core.Protocol.Terminal;

/// <summary>What the operator is shown: each exchange as it happens, with its step, and never a customer's data.</summary>
public enum IssueNotice
{
    /// <summary>S210: access is asked for.</summary>
    AskingAccess,
    /// <summary>S220: access is granted.</summary>
    AccessGranted,
    /// <summary>S310: access is refused; no card can be issued here.</summary>
    AccessRefused,
    /// <summary>S220: the other end is not the known center.</summary>
    CenterNotKnown,
    /// <summary>S230: an order is asked for.</summary>
    AskingOrder,
    /// <summary>S230: the order is declined.</summary>
    OrderDeclined,
    /// <summary>S240: insert a card.</summary>
    InsertCard,
    /// <summary>S240: insert the card that was begun.</summary>
    InsertSameCard,
    /// <summary>S250: the reader is not known; nothing is written.</summary>
    ReaderRefused,
    /// <summary>S250: a card is in.</summary>
    CardIn,
    /// <summary>S260: the card is being accessed.</summary>
    AccessingCard,
    /// <summary>S260: the card is given a number of its own.</summary>
    NumberingCard,
    /// <summary>S255: the card is refused; take it out and try another.</summary>
    CardRejected,
    /// <summary>S280: what is in doubt is being looked at.</summary>
    LookingAtCard,
    /// <summary>S280: a record is being written.</summary>
    WritingRecord,
    /// <summary>S290: the card's answers are reported.</summary>
    Reporting,
    /// <summary>S300: the card is being closed.</summary>
    ClosingCard,
    /// <summary>S300: the card is issued.</summary>
    Issued,
    /// <summary>S320: take the card out.</summary>
    TakeCardOut,
    /// <summary>S320: ready for the next customer.</summary>
    Ready,
    /// <summary>Work on the order stopped.</summary>
    Aborted,
    /// <summary>The line is lost; it is brought up again, leave the card in.</summary>
    LineLost,
    /// <summary>The order under way is being resumed.</summary>
    Resuming,
    /// <summary>The line was lost before the center answered: ask again.</summary>
    AskAgain,
    /// <summary>S250: the reader does not answer; it is waited for, and checked anew when it is back.</summary>
    ReaderAway,
}

/// <summary>What a terminal wants done. Carried out in order.</summary>
internal abstract record TerminalEffect
{
    private TerminalEffect() { }

    /// <summary>Send a message.</summary>
    public sealed record Send(RelayMessage Message) : TerminalEffect;

    /// <summary>Have the module sign the admission transcript; answers <see cref="TerminalEvent.Signed"/>, unless the line is gone by then.</summary>
    public sealed record Sign(Hello Hello, Challenge Challenge) : TerminalEffect;

    /// <summary>Verify the center's signature and reader list; answers <see cref="TerminalEvent.CenterJudged"/>, unless the line is gone by then.</summary>
    public sealed record JudgeCenter(Admitted Admitted) : TerminalEffect;

    /// <summary>
    /// Have the module keep the center's note, durably, if it is the center's and newer than the one that it has. Whatever comes of it,
    /// the order
    /// goes on. The same with the certificate, and with the keys, that the center is going to have, where they came along.
    /// </summary>
    public sealed record KeepWitness(ByteString Note, ByteString Certificate = default, ByteString Keys = default) : TerminalEffect;

    /// <summary>On the data half of a split line: bring up the results half with a machine of its own, begun with this token. When it ends before it is <see cref="TerminalPhase.Attached"/>, close the data half.</summary>
    public sealed record BringUpResults(ByteString JoinToken) : TerminalEffect;

    /// <summary>On the results half: make one line of both. From now on what the terminal says goes out here, and the loss of either half is the loss of the line.</summary>
    public sealed record AttachResults : TerminalEffect;

    /// <summary>
    /// Authenticate the reader; answers <see cref="TerminalEvent.ReaderJudged"/>, unless <see cref="TerminalPhase.CheckingReader"/> is left by then. One
    /// that is away is waited for and judged when it is back. Between orders the host posts the same, unasked, when a reader was connected or came back.
    /// </summary>
    public sealed record CheckReader : TerminalEffect;

    /// <summary>
    /// Get ready for a script: for an opening, connect to the card that is in and reset it; hand the ticket to the module. A connection
    /// ends when the card is taken out: what is transmitted afterwards faults with <see cref="ScriptStop.CardLost"/> and reaches no other card.
    /// </summary>
    public sealed record BeginScript(Script Script) : TerminalEffect;

    /// <summary>Take the command out of the buffer, through the module if sealed, and give it to the card; keep the response. Answers <see cref="TerminalEvent.Answered"/> or <see cref="TerminalEvent.Faulted"/>.</summary>
    public sealed record Transmit(int Sequence) : TerminalEffect;

    /// <summary>Send the responses kept for the script as its <see cref="Result"/>, and zero them.</summary>
    public sealed record SendResult(int First, ScriptStop Stop) : TerminalEffect;

    /// <summary>Zero every command in the buffer whose sequence number is below <paramref name="Before"/>; later ones belong to the next script.</summary>
    public sealed record DiscardCommands(int Before) : TerminalEffect;

    /// <summary>Zero commands and responses, end the module's opening, power the card down. What the card has not answered yet is not reported any more.</summary>
    public sealed record ReleaseCard : TerminalEffect;

    /// <summary>Show the operator something.</summary>
    /// <param name="Notice">What.</param>
    /// <param name="Text">A text or code that belongs to it; redacted.</param>
    /// <param name="Record">The record's number, where it is about one.</param>
    public sealed record Show(IssueNotice Notice, string Text = "", int Record = 0) : TerminalEffect;

    /// <summary>Print the receipt.</summary>
    public sealed record Print(string Receipt) : TerminalEffect;

    /// <summary>Arm the timer for the center's next word.</summary>
    public sealed record ArmTimer : TerminalEffect;

    /// <summary>Stop the timer.</summary>
    public sealed record StopTimer : TerminalEffect;

    /// <summary>Close the line; <see cref="TerminalEvent.LineDown"/> follows.</summary>
    public sealed record CloseLine : TerminalEffect;
}
