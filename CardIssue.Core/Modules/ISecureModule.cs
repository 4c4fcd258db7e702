using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Core.Modules;

/// <summary>What a secure module did with a note of its center.</summary>
public enum NoteKeeping
{
    /// <summary>It is kept, durably, in place of the one before.</summary>
    Kept,
    /// <summary>The module keeps this one or a newer one already.</summary>
    Older,
    /// <summary>
    /// This note and the one before cannot both be of one history: the center was put back, or told two stories. The one of the higher
    /// generation is kept as the latest, the other as evidence.
    /// </summary>
    Contradicted,
    /// <summary>It is no note of the module's center; nothing was kept.</summary>
    Refused,
}

/// <summary>
/// The terminal's secure module (numerals 212, 213): a black box that holds the terminal's keys, opens what the center sealed and wraps it for the card. Its operations are whole,
/// so that a PKCS#11 token or a SAM can be one. It never needs the card's answers: the center judges them. Not for several threads. A refusal changes nothing.
/// </summary>
public interface ISecureModule : IDisposable
{
    /// <summary>The longest wrapped command in bytes that <see cref="Unseal"/> writes.</summary>
    public const int MaxWrappedLength = Cards.SecureChannel.SecureChannelSession.MaxWrappedLength;

    /// <summary>The terminal's public keys, as they are enrolled at the center.</summary>
    TerminalIdentity Identity { get; }

    /// <summary>The center that the module trusts, by the keys of the admission under way: after a change of the center's keys the module may try two
    /// sets in turn, until the later one is proved to it.</summary>
    CenterIdentity Center { get; }

    /// <summary>
    /// S210: begins an admission and ends the one before, with its opening. The admission of a results half ends only an earlier one of such a half: tickets and codes belong to the data half's,
    /// without which it is not proved.
    /// </summary>
    /// <param name="half">The half of a split line that access is asked for on; the whole line else.</param>
    /// <returns>The terminal's nonce, 32 random bytes of the module, for the terminal's first message. It makes old tickets useless.</returns>
    ByteString BeginAdmission(LineHalf half = LineHalf.Whole);

    /// <summary>S220: proves both of the terminal's keys for a transcript. Once for each <see cref="BeginAdmission"/>.</summary>
    /// <param name="transcript">
    /// Its messages must be this terminal's first one, with the nonce and half of <see cref="BeginAdmission"/>, and a challenge, its center the
    /// module's.
    /// </param>
    /// <param name="proof">What to answer the challenge; null when refused.</param>
    ModuleRefusal ProveAdmission(AdmissionTranscript transcript, out Proof? proof);

    /// <summary>S220: whether the center proved both of its keys in its answer to the proof of this transcript.</summary>
    /// <param name="transcript">The transcript, as <see cref="ProveAdmission"/> proved it.</param>
    /// <param name="admitted">The answer.</param>
    bool IsCenter(AdmissionTranscript transcript, Admitted admitted);

    /// <summary>
    /// S220, on a line without TLS: the keys that its messages are authenticated with from the admission on. Only for the transcript
    /// that was proved in the admission under way.
    /// </summary>
    /// <param name="transcript">The transcript, as <see cref="ProveAdmission"/> proved it.</param>
    /// <param name="keys">The keys, which the caller disposes; null when refused.</param>
    ModuleRefusal OpenLineKeys(AdmissionTranscript transcript, out LineKeys? keys);

    /// <summary>S230: encrypts an issue code to the center, for one request of this admission.</summary>
    /// <param name="request">The request's number.</param>
    /// <param name="reference">The order number or customer id that the request names: for another the code does not open.</param>
    /// <param name="code">1 to <see cref="IssueCodeEnvelope.MaxCode"/> bytes; the caller zeroes it.</param>
    /// <param name="sealedCode">The envelope; empty when refused.</param>
    ModuleRefusal SealIssueCode(int request, string reference, ReadOnlySpan<byte> code, out ByteString sealedCode);

    /// <summary>S260: opens the ticket that an Authenticate script brings; the opening before ends.</summary>
    /// <param name="script">The script's head.</param>
    ModuleRefusal OpenTicket(Script script);

    /// <summary>S280: opens one sealed command and wraps it for the card. Each sequence number once, in rising order, no command of a script left out.</summary>
    /// <param name="script">The head of the script that the command belongs to.</param>
    /// <param name="sequence">The command's number.</param>
    /// <param name="payload">The sealed command.</param>
    /// <param name="wrapped">Pinned memory of at least <see cref="MaxWrappedLength"/> bytes.</param>
    /// <param name="length">Length of the wrapped command in bytes; 0 when refused.</param>
    /// <exception cref="ArgumentException"><paramref name="wrapped"/> is too short.</exception>
    ModuleRefusal Unseal(Script script, int sequence, ReadOnlySpan<byte> payload, Span<byte> wrapped, out int length);

    /// <summary>
    /// The latest note of its center that the module keeps, signed, for <see cref="Proof"/>: 512 bytes at the most; empty when it keeps
    /// none.
    /// </summary>
    ByteString Note { get; }

    /// <summary>
    /// Keeps a note of the center, so that it outlives the program and a power cut, if it is the center's and newer than the one that is
    /// kept.
    /// </summary>
    /// <param name="note">What the center sent with a witness message: at most 512 bytes, from whoever is on the line.</param>
    /// <returns>Whether it was kept, and why not.</returns>
    /// <exception cref="IOException">It could not be kept; the one before stands.</exception>
    NoteKeeping KeepNote(ByteString note);

    /// <summary>
    /// Keeps the keys that its center is going to have alone, so that they outlive the program and a power cut. From the next admission on the module
    /// tries these first, and where no center proves them the present ones in turn; once they are proved to it, it never goes back.
    /// </summary>
    /// <param name="statement">What the center sent with a witness message: at most 384 bytes, from whoever is on the line.</param>
    /// <returns>False when it is not said by the module's center, or is an older one that would be another now, or the module keeps none: it goes on
    /// with its keys, and needs a visit when they end.</returns>
    /// <exception cref="IOException">It could not be kept; what was kept stands.</exception>
    bool KeepCenterKeys(ByteString statement) => false;

    /// <summary>Zeroes the keys of the card that is open. Harmless when none is.</summary>
    void EndOpening();
}
