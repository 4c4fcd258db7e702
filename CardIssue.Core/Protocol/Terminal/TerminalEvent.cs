using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Core.Protocol.Terminal;

/// <summary>The kinds of event that a terminal meets: the columns of its table.</summary>
internal enum TerminalEventKind
{
    /// <summary>The line came up.</summary>
    LineUp,
    /// <summary>The line is gone.</summary>
    LineDown,
    /// <summary>The armed timer ran out: the center is silent.</summary>
    TimerFired,
    /// <summary>The operator wants a card issued.</summary>
    IssueOrdered,
    /// <summary>The operator cancels, or the terminal cannot go on.</summary>
    CancelOrdered,
    /// <summary>A card was put in.</summary>
    CardInserted,
    /// <summary>The card was taken out.</summary>
    CardGone,
    /// <summary>The module signed the challenge.</summary>
    Signed,
    /// <summary>The center's proof was verified.</summary>
    CenterJudged,
    /// <summary>The reader was authenticated.</summary>
    ReaderJudged,
    /// <summary>The card answered a command.</summary>
    Answered,
    /// <summary>The card did not answer a command, the module refused to pass it on, or the answer does not fit into the report.</summary>
    Faulted,
    /// <summary><see cref="Messages.Challenge"/> came.</summary>
    Challenge,
    /// <summary><see cref="Messages.Admitted"/> came.</summary>
    Admitted,
    /// <summary><see cref="Messages.Joined"/> came.</summary>
    Joined,
    /// <summary><see cref="Messages.Refused"/> came.</summary>
    Refused,
    /// <summary><see cref="Messages.Declined"/> came.</summary>
    Declined,
    /// <summary><see cref="Messages.InsertCard"/> came.</summary>
    InsertCard,
    /// <summary><see cref="Messages.CardRejected"/> came.</summary>
    CardRejected,
    /// <summary><see cref="Messages.Script"/> came.</summary>
    Script,
    /// <summary>A <see cref="Messages.Command"/> came; its payload is in the relay's buffer.</summary>
    Command,
    /// <summary><see cref="Messages.Issued"/> came.</summary>
    Issued,
    /// <summary><see cref="Messages.Abort"/> came.</summary>
    Abort,
    /// <summary><see cref="Messages.StatusReport"/> came.</summary>
    StatusReport,
    /// <summary><see cref="Messages.ReaderEnrollment"/> came.</summary>
    ReaderEnrollment,
    /// <summary><see cref="Messages.Witness"/> came.</summary>
    Witness,
    /// <summary><see cref="Messages.Disconnect"/> came.</summary>
    Disconnect,
    /// <summary>What came is no message of a center.</summary>
    Garbage,
}

/// <summary>An event at a terminal.</summary>
internal abstract record TerminalEvent
{
    private TerminalEvent() { }

    /// <summary>Its column in the table.</summary>
    public abstract TerminalEventKind Kind { get; }

    /// <summary>The line came up.</summary>
    /// <param name="Nonce">32 random bytes.</param>
    /// <param name="Certificate">The number of the latest certificate of the center that the terminal keeps; 0 for none.</param>
    public sealed record LineUp(ByteString Nonce, int Certificate = 0) : TerminalEvent
    {
        /// <inheritdoc/>
        public override TerminalEventKind Kind => TerminalEventKind.LineUp;
    }

    /// <summary>The line is gone.</summary>
    public sealed record LineDown : TerminalEvent
    {
        /// <inheritdoc/>
        public override TerminalEventKind Kind => TerminalEventKind.LineDown;
    }

    /// <summary>The armed timer ran out.</summary>
    public sealed record TimerFired : TerminalEvent
    {
        /// <inheritdoc/>
        public override TerminalEventKind Kind => TerminalEventKind.TimerFired;
    }

    /// <summary>The operator wants a card issued.</summary>
    /// <param name="Reference">An order number or customer id.</param>
    /// <param name="SealedCode">The one-time issue code, encrypted to the center's key.</param>
    /// <param name="Operator">Who works here.</param>
    public sealed record IssueOrdered(string Reference, ByteString SealedCode, OperatorId Operator) : TerminalEvent
    {
        /// <inheritdoc/>
        public override TerminalEventKind Kind => TerminalEventKind.IssueOrdered;

        /// <summary>Without the reference: a customer id is personal data.</summary>
        public override string ToString() => $"IssueOrdered {{ Operator = {Operator} }}";
    }

    /// <summary>The operator cancels, or the terminal cannot go on.</summary>
    /// <param name="Code">Which of both: <see cref="AbortCode.OperatorCancelled"/> or <see cref="AbortCode.TerminalFailed"/>.</param>
    public sealed record CancelOrdered(AbortCode Code = AbortCode.OperatorCancelled) : TerminalEvent
    {
        /// <inheritdoc/>
        public override TerminalEventKind Kind => TerminalEventKind.CancelOrdered;
    }

    /// <summary>A card was put in.</summary>
    /// <param name="Atr">Its answer to reset, 2 to 33 bytes.</param>
    public sealed record CardInserted(ByteString Atr) : TerminalEvent
    {
        /// <inheritdoc/>
        public override TerminalEventKind Kind => TerminalEventKind.CardInserted;
    }

    /// <summary>The card was taken out.</summary>
    public sealed record CardGone : TerminalEvent
    {
        /// <inheritdoc/>
        public override TerminalEventKind Kind => TerminalEventKind.CardGone;
    }

    /// <summary>The module signed the challenge.</summary>
    /// <param name="Proof">What to send.</param>
    public sealed record Signed(Proof Proof) : TerminalEvent
    {
        /// <inheritdoc/>
        public override TerminalEventKind Kind => TerminalEventKind.Signed;
    }

    /// <summary>The center's proof was verified.</summary>
    /// <param name="Genuine">Whether it is the known center, and its reader list is signed by it.</param>
    public sealed record CenterJudged(bool Genuine) : TerminalEvent
    {
        /// <inheritdoc/>
        public override TerminalEventKind Kind => TerminalEventKind.CenterJudged;
    }

    /// <summary>The reader was authenticated.</summary>
    /// <param name="Known">Whether it is on the list.</param>
    /// <param name="Reader">What it says of itself, at most 256 characters.</param>
    public sealed record ReaderJudged(bool Known, string Reader) : TerminalEvent
    {
        /// <inheritdoc/>
        public override TerminalEventKind Kind => TerminalEventKind.ReaderJudged;
    }

    /// <summary>The card answered a command.</summary>
    /// <param name="Sequence">The command's number.</param>
    /// <param name="Expected">Whether the status word is one on which to go on.</param>
    /// <param name="Ahead">How many commands the card answers in the time that credit and what it brings take, as the host has measured
    /// them: with so many left new credit is sent. 0 where nothing is known yet: then <see cref="TerminalPolicy.CreditStep"/> says when.
    /// </param>
    public sealed record Answered(int Sequence, bool Expected, int Ahead = 0) : TerminalEvent
    {
        /// <inheritdoc/>
        public override TerminalEventKind Kind => TerminalEventKind.Answered;
    }

    /// <summary>The card did not answer a command, the module refused to pass it on, or the answer does not fit into the report.</summary>
    /// <param name="Sequence">The command's number.</param>
    /// <param name="Stop">
    /// <see cref="ScriptStop.CardLost"/>, <see cref="ScriptStop.ModuleRefused"/> or <see cref="ScriptStop.TooLong"/>.
    /// </param>
    public sealed record Faulted(int Sequence, ScriptStop Stop) : TerminalEvent
    {
        /// <inheritdoc/>
        public override TerminalEventKind Kind => TerminalEventKind.Faulted;
    }

    /// <summary>A message came, other than a command.</summary>
    /// <param name="Message">The message.</param>
    public sealed record Received(RelayMessage Message) : TerminalEvent
    {
        /// <inheritdoc/>
        public override TerminalEventKind Kind => Message.Type switch
        {
            RelayMessageType.Challenge => TerminalEventKind.Challenge,
            RelayMessageType.Admitted => TerminalEventKind.Admitted,
            RelayMessageType.Joined => TerminalEventKind.Joined,
            RelayMessageType.Refused => TerminalEventKind.Refused,
            RelayMessageType.Declined => TerminalEventKind.Declined,
            RelayMessageType.InsertCard => TerminalEventKind.InsertCard,
            RelayMessageType.CardRejected => TerminalEventKind.CardRejected,
            RelayMessageType.Script => TerminalEventKind.Script,
            RelayMessageType.Issued => TerminalEventKind.Issued,
            RelayMessageType.Abort => TerminalEventKind.Abort,
            RelayMessageType.StatusReport => TerminalEventKind.StatusReport,
            RelayMessageType.ReaderEnrollment => TerminalEventKind.ReaderEnrollment,
            RelayMessageType.Witness => TerminalEventKind.Witness,
            RelayMessageType.Disconnect => TerminalEventKind.Disconnect,
            RelayMessageType.Hello or RelayMessageType.Proof or RelayMessageType.RequestIssue or RelayMessageType.Resume or RelayMessageType.CardPresent
                or RelayMessageType.Command or RelayMessageType.Credit or RelayMessageType.Result or RelayMessageType.CardRemoved or RelayMessageType.ReaderRefused
                or RelayMessageType.StatusRequest or RelayMessageType.Join or RelayMessageType.EnrollReader
                or RelayMessageType.EnrollTerminal or RelayMessageType.TerminalEnrolled => TerminalEventKind.Garbage,
        };
    }

    /// <summary>A command came. Its payload goes into the relay's pinned buffer if this is handled, and is zeroed at once if not (a double, a late one).</summary>
    /// <param name="Sequence">Its number.</param>
    public sealed record CommandArrived(int Sequence) : TerminalEvent
    {
        /// <inheritdoc/>
        public override TerminalEventKind Kind => TerminalEventKind.Command;
    }

    /// <summary>What came is no message.</summary>
    /// <param name="Error">What is wrong with it, for the log.</param>
    public sealed record Garbage(string Error) : TerminalEvent
    {
        /// <summary>What it is for the center, which is told.</summary>
        public DisconnectCode Code { get; init; } = DisconnectCode.NotAMessage;

        /// <inheritdoc/>
        public override TerminalEventKind Kind => TerminalEventKind.Garbage;
    }
}
