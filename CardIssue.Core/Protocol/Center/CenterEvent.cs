using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Core.Protocol.Center;

/// <summary>The kinds of event that a session at the center meets: the columns of its table.</summary>
internal enum CenterEventKind
{
    /// <summary>The line came up.</summary>
    LineUp,
    /// <summary>The line is gone.</summary>
    LineDown,
    /// <summary>The armed timer ran out.</summary>
    TimerFired,
    /// <summary>The center's operator or its shut-down stops the order, or the center cannot go on with it.</summary>
    StopOrdered,
    /// <summary><see cref="Messages.Hello"/> came.</summary>
    Hello,
    /// <summary><see cref="Messages.Proof"/> came.</summary>
    Proof,
    /// <summary>The proof was verified.</summary>
    ProofJudged,
    /// <summary><see cref="Messages.Join"/> came.</summary>
    Join,
    /// <summary>The token of a results half was judged, for that half.</summary>
    JoinJudged,
    /// <summary>The token of a results half was judged, for the data half that it belongs to.</summary>
    ResultsJudged,
    /// <summary><see cref="Messages.RequestIssue"/> or <see cref="Protocol.Messages.Resume"/> came.</summary>
    Requested,
    /// <summary>The store claimed the order for this session.</summary>
    Claimed,
    /// <summary>The store did not.</summary>
    ClaimDeclined,
    /// <summary>The store found that the order is done, and that this terminal may not know it yet.</summary>
    FoundDone,
    /// <summary><see cref="Messages.CardPresent"/> came.</summary>
    CardPresent,
    /// <summary><see cref="Messages.Credit"/> came.</summary>
    Credit,
    /// <summary><see cref="Messages.Result"/> came.</summary>
    Result,
    /// <summary>A result was judged.</summary>
    Judged,
    /// <summary>A save failed; the effects after it were dropped.</summary>
    SaveFailed,
    /// <summary><see cref="Messages.CardRemoved"/> came.</summary>
    CardRemoved,
    /// <summary><see cref="Messages.ReaderRefused"/> came.</summary>
    ReaderRefused,
    /// <summary><see cref="Messages.Abort"/> came.</summary>
    Abort,
    /// <summary><see cref="Messages.StatusRequest"/> came.</summary>
    StatusRequest,
    /// <summary><see cref="Messages.EnrollReader"/> came.</summary>
    EnrollReader,
    /// <summary><see cref="Messages.Disconnect"/> came.</summary>
    Disconnect,
    /// <summary>What came is no message of a terminal.</summary>
    Garbage,
}

/// <summary>An event at the center.</summary>
internal abstract record CenterEvent
{
    private CenterEvent() { }

    /// <summary>Its column in the table.</summary>
    public abstract CenterEventKind Kind { get; }

    /// <summary>The line came up.</summary>
    /// <param name="Line">Its number, from the listener's configuration.</param>
    /// <param name="Nonce">32 random bytes.</param>
    public sealed record LineUp(LineNumber Line, ByteString Nonce) : CenterEvent
    {
        /// <inheritdoc/>
        public override CenterEventKind Kind => CenterEventKind.LineUp;
    }

    /// <summary>The line is gone.</summary>
    public sealed record LineDown : CenterEvent
    {
        /// <inheritdoc/>
        public override CenterEventKind Kind => CenterEventKind.LineDown;
    }

    /// <summary>The armed timer ran out.</summary>
    public sealed record TimerFired : CenterEvent
    {
        /// <inheritdoc/>
        public override CenterEventKind Kind => CenterEventKind.TimerFired;
    }

    /// <summary>The center's operator or its shut-down stops the order, or the center cannot go on with it.</summary>
    /// <param name="Code">Which: <see cref="AbortCode.CenterStopped"/> or <see cref="AbortCode.CenterFailed"/>.</param>
    public sealed record StopOrdered(AbortCode Code = AbortCode.CenterStopped) : CenterEvent
    {
        /// <inheritdoc/>
        public override CenterEventKind Kind => CenterEventKind.StopOrdered;
    }

    /// <summary>A message came.</summary>
    /// <param name="Message">The message.</param>
    public sealed record Received(RelayMessage Message) : CenterEvent
    {
        /// <inheritdoc/>
        public override CenterEventKind Kind => Message.Type switch
        {
            RelayMessageType.Hello => CenterEventKind.Hello,
            RelayMessageType.Proof => CenterEventKind.Proof,
            RelayMessageType.Join => CenterEventKind.Join,
            RelayMessageType.RequestIssue or RelayMessageType.Resume => CenterEventKind.Requested,
            RelayMessageType.CardPresent => CenterEventKind.CardPresent,
            RelayMessageType.Credit => CenterEventKind.Credit,
            RelayMessageType.Result => CenterEventKind.Result,
            RelayMessageType.CardRemoved => CenterEventKind.CardRemoved,
            RelayMessageType.ReaderRefused => CenterEventKind.ReaderRefused,
            RelayMessageType.Abort => CenterEventKind.Abort,
            RelayMessageType.StatusRequest => CenterEventKind.StatusRequest,
            RelayMessageType.EnrollReader => CenterEventKind.EnrollReader,
            RelayMessageType.Disconnect => CenterEventKind.Disconnect,
            RelayMessageType.Challenge or RelayMessageType.Admitted or RelayMessageType.Refused or RelayMessageType.Declined or RelayMessageType.InsertCard
                or RelayMessageType.CardRejected or RelayMessageType.Script or RelayMessageType.Command or RelayMessageType.Issued
                or RelayMessageType.StatusReport or RelayMessageType.Joined or RelayMessageType.ReaderEnrollment or RelayMessageType.Witness
                // Instead of a session, and never in one.
                or RelayMessageType.EnrollTerminal or RelayMessageType.TerminalEnrolled => CenterEventKind.Garbage,
        };
    }

    /// <summary>The proof was verified.</summary>
    /// <param name="Refusal">Null when address, line number and credential all fit a known terminal.</param>
    /// <param name="Admitted">What to answer then; null when refused.</param>
    public sealed record ProofJudged(RefusalCode? Refusal, Admitted? Admitted) : CenterEvent
    {
        /// <inheritdoc/>
        public override CenterEventKind Kind => CenterEventKind.ProofJudged;
    }

    /// <summary>At a results half: its token was judged.</summary>
    /// <param name="Fits">Whether token, terminal and pair of lines all fit a data half that waits.</param>
    public sealed record JoinJudged(bool Fits) : CenterEvent
    {
        /// <inheritdoc/>
        public override CenterEventKind Kind => CenterEventKind.JoinJudged;
    }

    /// <summary>At a data half: a token for it was judged, and is spent either way.</summary>
    /// <param name="Fits">Whether the results half is joined.</param>
    public sealed record ResultsJudged(bool Fits) : CenterEvent
    {
        /// <inheritdoc/>
        public override CenterEventKind Kind => CenterEventKind.ResultsJudged;
    }

    /// <summary>The store claimed the order for this session.</summary>
    /// <param name="Claim">What it knows of it.</param>
    public sealed record Claimed(Claim Claim) : CenterEvent
    {
        /// <inheritdoc/>
        public override CenterEventKind Kind => CenterEventKind.Claimed;
    }

    /// <summary>The store did not claim the order.</summary>
    /// <param name="Code">Why, coarsely.</param>
    public sealed record ClaimDeclined(DeclineCode Code) : CenterEvent
    {
        /// <inheritdoc/>
        public override CenterEventKind Kind => CenterEventKind.ClaimDeclined;
    }

    /// <summary>The order that the terminal returned for was done on an earlier session: it is told again.</summary>
    /// <param name="Order">The order.</param>
    /// <param name="Card">The card that it was issued on, or rewrote.</param>
    public sealed record FoundDone(OrderId Order, CardId Card) : CenterEvent
    {
        /// <inheritdoc/>
        public override CenterEventKind Kind => CenterEventKind.FoundDone;
    }

    /// <summary>A result was judged.</summary>
    /// <param name="First">The script's first sequence number.</param>
    /// <param name="Verdict">The verdict.</param>
    public sealed record Judged(int First, Verdict Verdict) : CenterEvent
    {
        /// <inheritdoc/>
        public override CenterEventKind Kind => CenterEventKind.Judged;

        /// <summary>
        /// Of an authentication that the terminal's module or the line ended, or that was right and what left with it was not: whether it
        /// cost the card no try of its own, for it did not reach the card, or the card accepted it. By the terminal's word; a terminal that
        /// lies can use up a card's tries without the center.
        /// </summary>
        public bool IsSpared { get; init; }
    }

    /// <summary>A save failed; the effects after it were dropped.</summary>
    /// <param name="ClaimLost">Whether it was refused because another session has the claim, rather than broken.</param>
    public sealed record SaveFailed(bool ClaimLost) : CenterEvent
    {
        /// <inheritdoc/>
        public override CenterEventKind Kind => CenterEventKind.SaveFailed;
    }

    /// <summary>What came is no message.</summary>
    /// <param name="Error">What is wrong with it, for the log.</param>
    public sealed record Garbage(string Error) : CenterEvent
    {
        /// <summary>What it is for the terminal, which is told.</summary>
        public DisconnectCode Code { get; init; } = DisconnectCode.NotAMessage;

        /// <inheritdoc/>
        public override CenterEventKind Kind => CenterEventKind.Garbage;
    }
}

/// <summary>What a card's identity is worth.</summary>
internal enum IdentityKind
{
    /// <summary>The card tells it of itself. Another card may tell the same: one of a batch that shares it, or a copy.</summary>
    Told,
    /// <summary>The center gave it, as a number that no other card was given: the card that shows it in the channel is that card.</summary>
    Given,
    /// <summary>It has none yet: what it tells of itself is good for counting its tries, and the center is to give it a number.</summary>
    Blank,
}

/// <summary>What a script's result means, as the keys and the card profile tell.</summary>
internal abstract record Verdict
{
    private Verdict() { }

    /// <summary>
    /// Opening: the cryptogram is right; this is the card that it says it is. Numbering: it has this number now, and told it itself.
    /// </summary>
    /// <param name="Card">The card.</param>
    /// <param name="Identity">What its identity is worth.</param>
    /// <param name="IsBare">Of a blank card: whether it said in the opening of all that is read again in the channel that it has none. Then
    /// one status word says the same again, and the terminal alone can stop where another comes.</param>
    internal sealed record Genuine(CardId Card, IdentityKind Identity = IdentityKind.Told, bool IsBare = false) : Verdict;

    /// <summary>Opening or authentication: the card is refused; another may be tried.</summary>
    /// <param name="Code">Why.</param>
    /// <param name="Card">Which card, where its cryptogram was verified: always with <see cref="CardRejection.Barred"/>.</param>
    internal sealed record Rejected(CardRejection Code, CardId? Card = null) : Verdict;

    /// <summary>
    /// Authentication: the channel is open, the card is inside it who it said it was, and shows what it had to show. Record, look or
    /// closing: done, and proved.
    /// </summary>
    internal sealed record Done(ProofKind Proof) : Verdict;

    /// <summary>
    /// Authentication: as <see cref="Done"/>, but the card does not show what the order wrote: it is another one, or has lost it.
    /// </summary>
    internal sealed record Stranger : Verdict;

    /// <summary>
    /// Last record, with the closing in its script: the record is done, and proved; what became of the closing is not known.
    /// </summary>
    internal sealed record Unclosed(ProofKind Proof) : Verdict;

    /// <summary>
    /// Authentication, with the first record in its script: the terminal stopped at it, so that nothing of the record reached the card. By
    /// the terminal's word; a card that is opened again is looked at first where the record must not be written twice.
    /// </summary>
    /// <param name="Authentication">What became of the authentication.</param>
    internal sealed record Unopened(Verdict Authentication) : Verdict;

    /// <summary>The card itself showed, authenticated, that nothing of it was done.</summary>
    internal sealed record NotDone : Verdict;

    /// <summary>Not known. An error status word carries no MAC, so it means this and never <see cref="NotDone"/>.</summary>
    internal sealed record InDoubt : Verdict;

    /// <summary>
    /// A look showed a state that is neither done nor not done, or not what was believed: only a decision at the center helps.
    /// </summary>
    /// <param name="Found">What it showed, where that is told; for people, without customers' data.</param>
    internal sealed record Unclear(string Found = "") : Verdict;

    /// <summary>The terminal's module refused the ticket or a command: its own fault, and the card's in nothing.</summary>
    internal sealed record ModuleRefused : Verdict;

    /// <summary>No card, or it went away: what became of the last command is not known.</summary>
    internal sealed record CardLost : Verdict;
}
