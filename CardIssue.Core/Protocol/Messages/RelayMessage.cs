using CardIssue.Core.Primitives;

namespace CardIssue.Core.Protocol.Messages;

/// <summary>Numbers of the messages on the line. A number is never used again for another message.</summary>
public enum RelayMessageType
{
    /// <summary>S210, terminal to center: asks for access.</summary>
    Hello = 1,
    /// <summary>S220, center to terminal: prove it.</summary>
    Challenge = 2,
    /// <summary><see cref="Messages.Proof"/></summary>
    Proof = 3,
    /// <summary><see cref="Messages.Admitted"/></summary>
    Admitted = 4,
    /// <summary>S310, center to terminal: no card can be issued here.</summary>
    Refused = 5,
    /// <summary>S230, terminal to center: whose card is to be issued.</summary>
    RequestIssue = 6,
    /// <summary>Terminal to center, after a lost line: goes on with the order that was under way.</summary>
    Resume = 7,
    /// <summary>Center to terminal: the order is not begun.</summary>
    Declined = 8,
    /// <summary>S240, center to terminal: connect the reader and insert a card.</summary>
    InsertCard = 9,
    /// <summary>S250, terminal to center: a card is in a known reader.</summary>
    CardPresent = 10,
    /// <summary>S260, center to terminal: this card is refused; take it out and try another (S255).</summary>
    CardRejected = 11,
    /// <summary><see cref="Messages.Script"/></summary>
    Script = 12,
    /// <summary>S270, center to terminal: one command of the script under way.</summary>
    Command = 13,
    /// <summary>Terminal to center: commands below this number may be sent.</summary>
    Credit = 14,
    /// <summary>S290, terminal to center: all that the card said to a script.</summary>
    Result = 15,
    /// <summary>Center to terminal: the card is issued, which the center has saved (S300).</summary>
    Issued = 16,
    /// <summary>S320, terminal to center: the card was taken out.</summary>
    CardRemoved = 17,
    /// <summary>Either way: work on the order stops; the session stays.</summary>
    Abort = 18,
    /// <summary>S250, terminal to center: the reader is not known; no card was touched.</summary>
    ReaderRefused = 19,
    /// <summary>Terminal to center: are you there, and what do you take me for?</summary>
    StatusRequest = 20,
    /// <summary><see cref="Messages.StatusReport"/></summary>
    StatusReport = 21,
    /// <summary>Terminal to center, on the results half of a split line: joins it to the data half.</summary>
    Join = 22,
    /// <summary>Center to terminal, on the data half: both halves are one line now; access is granted.</summary>
    Joined = 23,
    /// <summary><see cref="Messages.EnrollReader"/></summary>
    EnrollReader = 24,
    /// <summary>Center to terminal: whether a reader that wants to be known is.</summary>
    ReaderEnrollment = 25,
    /// <summary>Center to terminal: how far the center is, signed, and its next certificate and keys.</summary>
    Witness = 26,
    /// <summary>Either way, once access is granted: this end closes the line, and why.</summary>
    Disconnect = 27,
    /// <summary>Terminal to center, in place of the first message: know me by these keys.</summary>
    EnrollTerminal = 28,
    /// <summary>Center to terminal: the keys are known from now on.</summary>
    TerminalEnrolled = 29,
}

/// <summary>A message between terminal and center.</summary>
public abstract record RelayMessage
{
    /// <summary>Its number on the line.</summary>
    public abstract RelayMessageType Type { get; }

    /// <summary>The bytes that it came as, where they are signed or bound (<see cref="MessageCodec.BytesOf"/>); of others, and of messages
    /// of this side, none.</summary>
    internal WireForm AsSent { get; init; }
}

/// <summary>S210, terminal to center: asks for access.</summary>
/// <param name="MinVersion">The lowest protocol version offered.</param>
/// <param name="MaxVersion">The highest protocol version offered.</param>
/// <param name="Terminal">Who asks.</param>
/// <param name="Nonce">32 random bytes of the terminal.</param>
/// <param name="Window">How many commands of a script the terminal holds at most; 1 to 32.</param>
/// <param name="Half">Which half of a split line this is; must be what the center's configuration says of the line.</param>
/// <param name="Certificate">The number of the latest certificate of the center that the terminal keeps, as <see cref="Witness"/> brought it; 0
/// when it keeps none, and on the results half of a split line.</param>
/// <param name="Declines">The highest <see cref="DeclineCode"/> that the terminal knows; 0 for those of version 1.0.</param>
internal sealed record Hello(
    int MinVersion, int MaxVersion, TerminalId Terminal, ByteString Nonce, int Window, LineHalf Half = LineHalf.Whole, int Certificate = 0,
    int Declines = 0) : RelayMessage
{
    /// <inheritdoc/>
    public override RelayMessageType Type => RelayMessageType.Hello;
}

/// <summary>S220, center to terminal: prove it.</summary>
/// <param name="Version">The protocol version chosen.</param>
/// <param name="Nonce">32 random bytes of the center.</param>
/// <param name="Line">The line number as the center's listener has it.</param>
internal sealed record Challenge(int Version, ByteString Nonce, LineNumber Line) : RelayMessage
{
    /// <inheritdoc/>
    public override RelayMessageType Type => RelayMessageType.Challenge;
}

/// <summary>S220, terminal to center: both of the terminal's keys, proved for this admission.</summary>
/// <param name="Signature">The credential's signature over the admission transcript, ECDSA P-256 with SHA-256, 64 bytes r‖s.</param>
/// <param name="Confirmation">What only who has the terminal's agreement key, or the center's, can make of the transcript, 32
/// bytes.</param>
/// <param name="Note">The latest note of the center that the terminal's module keeps, as a witness message brought it; empty when it
/// keeps none, and on the results half of a split line. The transcript has it.</param>
public sealed record Proof(ByteString Signature, ByteString Confirmation, ByteString Note = default) : RelayMessage
{
    /// <inheritdoc/>
    public override RelayMessageType Type => RelayMessageType.Proof;
}

/// <summary>S220, center to terminal: access is granted. Both of the center's keys are proved for this admission and this answer.</summary>
/// <param name="Signature">The center's signature over the transcript, the proof and this answer, ECDSA P-256 with SHA-256, 64 bytes
/// r‖s.</param>
/// <param name="Confirmation">What only who has the center's agreement key, or the terminal's, can make of the same, 32 bytes.</param>
/// <param name="ReaderList">The list of known readers, signed by the center.</param>
/// <param name="JoinToken">On the data half of a split line: what the results half is joined to it by, 16 random bytes, good once and for a short time; else empty.</param>
public sealed record Admitted(
    ByteString Signature, ByteString Confirmation, ByteString ReaderList, ByteString JoinToken = default) : RelayMessage
{
    /// <inheritdoc/>
    public override RelayMessageType Type => RelayMessageType.Admitted;

    /// <summary>Without the token.</summary>
    public override string ToString() => $"Admitted {{ Signature = {Signature}, ReaderList = {ReaderList.Length} bytes }}";
}

/// <summary>Terminal to center, on the admitted results half of a split line: joins it to the data half. From then on this half carries all that the terminal says, and the other nothing of it.</summary>
/// <param name="Token">The token that came with <see cref="Admitted"/> on the data half, 16 bytes.</param>
internal sealed record Join(ByteString Token) : RelayMessage
{
    /// <inheritdoc/>
    public override RelayMessageType Type => RelayMessageType.Join;

    /// <summary>Without the token.</summary>
    public override string ToString() => "Join { }";
}

/// <summary>Center to terminal, on the data half: both halves are one line now; access is granted.</summary>
internal sealed record Joined : RelayMessage
{
    /// <inheritdoc/>
    public override RelayMessageType Type => RelayMessageType.Joined;
}

/// <summary>
/// Center to terminal, at any time after access is granted, unanswered: how far the center is, for the terminal's module to remember.
/// </summary>
/// <param name="Note">A signed note (<see cref="Keys.SignedWitnessNote"/>), at most <see cref="FieldLimits.MaxWitness"/> bytes.</param>
/// <param name="Certificate">The certificate that the center is going to have, signed (<see cref="Keys.CenterCertificate"/>), at most
/// <see cref="FieldLimits.MaxCenterCertificate"/> bytes; empty when none is to follow.</param>
/// <param name="Keys">The keys that the center is going to have alone, signed (<see cref="Keys.CenterKeys"/>), at most
/// <see cref="FieldLimits.MaxCenterKeys"/> bytes; empty when none are to follow those that this terminal came with.</param>
internal sealed record Witness(ByteString Note, ByteString Certificate = default, ByteString Keys = default) : RelayMessage
{
    /// <inheritdoc/>
    public override RelayMessageType Type => RelayMessageType.Witness;

    /// <summary>Without the note.</summary>
    public override string ToString() => $"Witness {{ {Note.Length} bytes{(Certificate.IsEmpty ? "" : ", a next certificate")}{(Keys.IsEmpty ? "" : ", next keys")} }}";
}

/// <summary>S310, center to terminal: no card can be issued here.</summary>
/// <param name="Code">Why, coarsely.</param>
internal sealed record Refused(RefusalCode Code) : RelayMessage
{
    /// <inheritdoc/>
    public override RelayMessageType Type => RelayMessageType.Refused;
}

/// <summary>S230, terminal to center: whose card is to be issued.</summary>
/// <param name="Number">Counts the requests and resumptions of this session from 1, so that a double is known.</param>
/// <param name="Reference">An order number or a customer id.</param>
/// <param name="SealedCode">The one-time issue code, encrypted to the center's key.</param>
/// <param name="Operator">Who works at the terminal.</param>
internal sealed record RequestIssue(int Number, string Reference, ByteString SealedCode, OperatorId Operator) : RelayMessage
{
    /// <inheritdoc/>
    public override RelayMessageType Type => RelayMessageType.RequestIssue;

    /// <summary>Names the reference's length only: a customer id is personal data.</summary>
    public override string ToString() => $"RequestIssue {{ Number = {Number}, Operator = {Operator} }}";
}

/// <summary>Terminal to center, after a lost line: goes on with the order that was under way.</summary>
/// <param name="Number">Counts the requests and resumptions of this session from 1.</param>
/// <param name="Token">The token that came with <see cref="InsertCard"/>, 16 bytes.</param>
internal sealed record Resume(int Number, ByteString Token) : RelayMessage
{
    /// <inheritdoc/>
    public override RelayMessageType Type => RelayMessageType.Resume;

    /// <summary>Without the token.</summary>
    public override string ToString() => $"Resume {{ Number = {Number} }}";
}

/// <summary>Center to terminal: the order is not begun.</summary>
/// <param name="Number">The request that this answers.</param>
/// <param name="Code">Why, coarsely.</param>
internal sealed record Declined(int Number, DeclineCode Code) : RelayMessage
{
    /// <inheritdoc/>
    public override RelayMessageType Type => RelayMessageType.Declined;
}

/// <summary>S240, center to terminal: connect the reader and insert a card.</summary>
/// <param name="Number">The request that this answers.</param>
/// <param name="Token">What <see cref="Resume"/> names the order by; 16 random bytes, good for this terminal alone.</param>
/// <param name="SameCard">Whether only the card that was begun will do.</param>
/// <param name="Display">What the operator may see of the order: product and masked reference, at most 128 characters.</param>
internal sealed record InsertCard(int Number, ByteString Token, bool SameCard, string Display) : RelayMessage
{
    /// <inheritdoc/>
    public override RelayMessageType Type => RelayMessageType.InsertCard;

    /// <summary>The order, for a terminal's program; null where the center does not tell it.</summary>
    public OrderId? Order { get; init; }

    /// <summary>The identity of the card that the order is bound to, 1 to <see cref="FieldLimits.MaxCardId"/> bytes; null for none yet.</summary>
    public CardId? Card { get; init; }

    /// <summary>The card number as the operator may see it: first six and last four digits at most, 13 to 19 characters; or null.</summary>
    public string? MaskedNumber { get; init; }

    /// <summary>How many records the order has, without the closing; 0 where the center does not tell.</summary>
    public int Records { get; init; }

    /// <summary>Without the token.</summary>
    public override string ToString() => $"InsertCard {{ Number = {Number}, SameCard = {SameCard}, Display = {Display} }}";
}

/// <summary>S250, terminal to center: a card is in a known reader.</summary>
/// <param name="Insertion">Counts the cards of this session from 1, so that a double is known.</param>
/// <param name="Atr">The answer to reset, 2 to 33 bytes.</param>
internal sealed record CardPresent(int Insertion, ByteString Atr) : RelayMessage
{
    /// <inheritdoc/>
    public override RelayMessageType Type => RelayMessageType.CardPresent;
}

/// <summary>S260, center to terminal: this card is refused; take it out and try another (S255).</summary>
/// <param name="Insertion">The card that this answers.</param>
/// <param name="Code">Why.</param>
internal sealed record CardRejected(int Insertion, CardRejection Code) : RelayMessage
{
    /// <inheritdoc/>
    public override RelayMessageType Type => RelayMessageType.CardRejected;
}

/// <summary>Center to terminal: the head of a script; its commands follow, as credit allows.</summary>
/// <param name="Kind">What it is for.</param>
/// <param name="Opening">Counts the openings of cards on this claim from 1; keys and counters of one are good for no other.</param>
/// <param name="Record">The record's number from 1, for <see cref="ScriptKind.Record"/> and <see cref="ScriptKind.Look"/>, the closing
/// being one past the last, and what is on the card before a rewrite 0; with <see cref="ScriptKind.Authenticate"/> the record that the card
/// is to show, or the first one where that follows; else 0.</param>
/// <param name="Attempt">The attempt at it, from 1.</param>
/// <param name="First">The sequence number of its first command; these never repeat in a session.</param>
/// <param name="Count">
/// How many commands it has, 1 to 1,024; the last one's number is at most 3FFFFFFF (hexadecimal).
/// </param>
/// <param name="Last">Whether this is the last record.</param>
/// <param name="Sealed">Whether its commands are sealed for the secure module rather than ready for the card.</param>
/// <param name="Ticket">For the module, with <see cref="ScriptKind.Authenticate"/>: the sealed session keys; else empty.</param>
public sealed record Script(
    ScriptKind Kind, int Opening, int Record, int Attempt, int First, int Count, bool Last, bool Sealed, ByteString Ticket) : RelayMessage
{
    /// <inheritdoc/>
    public override RelayMessageType Type => RelayMessageType.Script;

    /// <summary>Without the ticket.</summary>
    public override string ToString() => $"Script {{ {Kind}, Opening = {Opening}, Record = {Record}, Attempt = {Attempt}, First = {First}, Count = {Count}, Last = {Last}, Sealed = {Sealed} }}";
}

/// <summary>S270, center to terminal: one command of the script under way.</summary>
/// <param name="Sequence">Its number; <see cref="Script.First"/> for the first.</param>
/// <param name="Payload">A command APDU wrapped for the card, or the same sealed for the module.</param>
/// <param name="Expected">The status words on which to go on; empty means 9000 alone.</param>
internal sealed record Command(int Sequence, ByteString Payload, ValueList<ushort> Expected) : RelayMessage
{
    /// <inheritdoc/>
    public override RelayMessageType Type => RelayMessageType.Command;

    /// <summary>Without the payload.</summary>
    public override string ToString() => $"Command {{ Sequence = {Sequence}, {Payload.Length} bytes }}";
}

/// <summary>Terminal to center: commands below this number may be sent.</summary>
/// <param name="Until">The first sequence number that may not yet be sent.</param>
internal sealed record Credit(int Until) : RelayMessage
{
    /// <inheritdoc/>
    public override RelayMessageType Type => RelayMessageType.Credit;
}

/// <summary>S290, terminal to center: all that the card said to a script.</summary>
/// <param name="First">The script's first sequence number.</param>
/// <param name="Stop">How it ended.</param>
/// <param name="Responses">
/// The response APDUs as the card sent them, in order, at most <see cref="FieldLimits.MaxResponses"/> bytes with their heads; the last
/// one may be the unexpected one.
/// </param>
/// <param name="Refusal">With <see cref="ScriptStop.ModuleRefused"/>: which refusal it was, where the terminal tells it.</param>
internal sealed record Result(int First, ScriptStop Stop, ValueList<ByteString> Responses, ModuleRefusal Refusal = ModuleRefusal.None) : RelayMessage
{
    /// <inheritdoc/>
    public override RelayMessageType Type => RelayMessageType.Result;

    /// <summary>Without the responses' contents.</summary>
    public override string ToString() => $"Result {{ First = {First}, Stop = {Stop}, {Responses.Count} responses }}";
}

/// <summary>Center to terminal: the card is issued, which the center has saved (S300).</summary>
/// <param name="Receipt">What may be printed: masked reference, time, result, reference number; at most 1,024 characters.</param>
internal sealed record Issued(string Receipt) : RelayMessage
{
    /// <inheritdoc/>
    public override RelayMessageType Type => RelayMessageType.Issued;

    /// <summary>The order, for a terminal's program; null where the center does not tell it.</summary>
    public OrderId? Order { get; init; }

    /// <summary>The identity of the card that it was done on, 1 to <see cref="FieldLimits.MaxCardId"/> bytes; null likewise.</summary>
    public CardId? Card { get; init; }
}

/// <summary>S320, terminal to center: the card was taken out.</summary>
internal sealed record CardRemoved : RelayMessage
{
    /// <inheritdoc/>
    public override RelayMessageType Type => RelayMessageType.CardRemoved;
}

/// <summary>Either way: work on the order stops; the session stays.</summary>
/// <param name="Code">Why.</param>
internal sealed record Abort(AbortCode Code) : RelayMessage
{
    /// <inheritdoc/>
    public override RelayMessageType Type => RelayMessageType.Abort;
}

/// <summary>S250, terminal to center: the reader is not known; no card was touched.</summary>
/// <param name="Reader">What the reader says of itself, for the center's log; at most 256 characters.</param>
internal sealed record ReaderRefused(string Reader) : RelayMessage
{
    /// <inheritdoc/>
    public override RelayMessageType Type => RelayMessageType.ReaderRefused;
}

/// <summary>Terminal to center: are you there, and what do you take me for?</summary>
internal sealed record StatusRequest : RelayMessage
{
    /// <inheritdoc/>
    public override RelayMessageType Type => RelayMessageType.StatusRequest;
}

/// <summary>Center to terminal: answers a status request.</summary>
/// <param name="Terminal">The terminal that the center takes the peer for.</param>
/// <param name="Line">The line that it comes in on.</param>
public sealed record StatusReport(TerminalId Terminal, LineNumber Line) : RelayMessage
{
    /// <inheritdoc/>
    public override RelayMessageType Type => RelayMessageType.StatusReport;
}

/// <summary>Either way, once access is granted: this end closes the line, and why. Unanswered; nothing is decided by it.</summary>
/// <param name="Code">Why; a later version's code is a number without a name.</param>
/// <param name="Expected">What this end waited for, at most 256 characters; kinds and numbers, never contents.</param>
/// <param name="Came">What came instead, likewise.</param>
internal sealed record Disconnect(DisconnectCode Code, string Expected, string Came) : RelayMessage
{
    /// <inheritdoc/>
    public override RelayMessageType Type => RelayMessageType.Disconnect;

    /// <summary>The code by its name, or its number; then the rest.</summary>
    public string Reason => Expected.Length == 0 && Came.Length == 0 ? $"{Code}" : $"{Code}: expected {Expected}; came {Came}";
}
