using CardIssue.Core.Cards.Diversification;
using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Vault;

/// <summary>What came of judging a card's answer to INITIALIZE UPDATE.</summary>
public abstract record CardOpenResult
{
    private CardOpenResult() { }

    /// <summary>The card knows the access key.</summary>
    /// <param name="Opening">The opening; the caller disposes it.</param>
    public sealed record Opened(ICardOpening Opening) : CardOpenResult;

    /// <summary>It does not, or can't be spoken with; EXTERNAL AUTHENTICATE must not be sent.</summary>
    /// <param name="Diagnosis">Why.</param>
    /// <param name="Detail">For the log; no keys, challenges or cryptograms.</param>
    public sealed record Refused(OpenDiagnosis Diagnosis, string Detail) : CardOpenResult;
}

/// <summary>
/// A card that was verified and is being spoken with. In end-to-end mode it is used as the secure channel that it is. In module mode <see cref="SealTicket"/> comes first, then
/// <see cref="SealExternalAuthenticate"/> and <see cref="SealCommand"/>, which wrap for themselves too, so that <see cref="ISecureChannelSession.Unwrap"/> judges the card's answers
/// all the same. Both modes are not mixed. Not for several threads.
/// </summary>
public interface ICardOpening : ISecureChannelSession, IDisposable
{
    /// <summary>What the card said of itself; its diversification data is now proved to be its own.</summary>
    InitializeUpdateResponse Answer { get; }

    /// <summary>Encrypts key data or other secrets under the card's DEK; wrap the result as usual.</summary>
    /// <param name="plain">1 byte or more; the caller zeroes it.</param>
    /// <param name="padding">What to do with data that is not a multiple of the block.</param>
    /// <exception cref="ArgumentException">The length does not fit the padding.</exception>
    ByteString EncryptData(ReadOnlySpan<byte> plain, DekPadding padding = DekPadding.None);

    /// <summary>
    /// Makes this card's keys of another set, ENC, MAC and DEK, and encrypts each under the DEK that it has now: what PUT KEY carries.
    /// The keys themselves do not leave the vault.
    /// </summary>
    /// <param name="keySet">The key set that the product names.</param>
    /// <param name="keyVersion">Its version, 01 to FF.</param>
    /// <param name="diversification">How the card's keys come from the master, by the diversification data of <see cref="Answer"/>.</param>
    /// <exception cref="KeyVaultException">The vault has no such keys, or they are of another algorithm than the diversification or the
    /// card's protocol needs.</exception>
    ValueList<EncryptedKey> EncryptKeys(string keySet, byte keyVersion, KeyDiversification diversification);

    /// <summary>Module mode, before the first command: seals this card's session keys for the terminal's module.</summary>
    /// <param name="terminal">The terminal as the registry has it.</param>
    /// <param name="ticket">What the ticket is for.</param>
    /// <returns>The ticket, for the Authenticate script's head.</returns>
    /// <exception cref="InvalidOperationException">A ticket or a command was already made.</exception>
    /// <exception cref="KeyVaultException">The center's keys of the session have ended.</exception>
    ByteString SealTicket(TerminalIdentity terminal, TicketRequest ticket);

    /// <summary>Module mode: the first command, sealed.</summary>
    /// <param name="context">The Authenticate script's place 0, with the ticket in its head.</param>
    /// <exception cref="InvalidOperationException">Without a ticket, or asked for twice.</exception>
    ByteString SealExternalAuthenticate(in CommandContext context);

    /// <summary>Module mode: seals one command.</summary>
    /// <param name="context">Where it belongs, of the ticket's opening; its sequence number rises from call to call.</param>
    /// <param name="command">The plain command APDU, short; the caller zeroes it.</param>
    /// <param name="payload">Must hold 16 bytes more than the command.</param>
    /// <returns>The number of bytes written.</returns>
    /// <exception cref="ArgumentException">The command can't be wrapped, or the context is not the ticket's; nothing was sealed then.</exception>
    /// <exception cref="InvalidOperationException">Without a ticket, before EXTERNAL AUTHENTICATE, or the sequence number does not rise.</exception>
    int SealCommand(in CommandContext context, ReadOnlySpan<byte> command, Span<byte> payload);
}

/// <summary>What a ticket is for.</summary>
/// <param name="Admission">The session's admission hash (<see cref="AdmissionTranscript.Hash"/>).</param>
/// <param name="Order">The order.</param>
/// <param name="Card">The card.</param>
/// <param name="Fence">The claim's fencing number.</param>
/// <param name="Opening">The opening, from 1.</param>
/// <param name="Sequence">The first sequence number of the Authenticate script.</param>
public sealed record TicketRequest(ByteString Admission, OrderId Order, CardId Card, long Fence, int Opening, int Sequence)
{
    /// <summary>The number of the set of the center's keys that the session has (<see cref="ISessionKeys.Number"/>).</summary>
    public int CenterKeys { get; init; }
}
