using System.Diagnostics.CodeAnalysis;
using CardIssue.Center.Storage;
using CardIssue.Core.Cards;
using CardIssue.Core.Cards.Diversification;
using CardIssue.Core.Cards.Products.Emv;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Center.Vault;

/// <summary>
/// The center's keys, behind whole operations, so that a token or HSM can do them inside. Nothing here hands a key out. Calls may come from several threads.
/// </summary>
public interface IKeyVault : ILogKeys, IRecordKeys, IDisposable
{
    /// <summary>The center's public identity, for <c>center.json</c>.</summary>
    CenterIdentity Identity { get; }

    /// <summary>
    /// The sets of the center's signing and agreement keys that terminals may come with now, the latest first: one, and two while terminals change over
    /// to the next. None where the set that counts is not here (<see cref="FollowKeys"/>).
    /// </summary>
    IReadOnlyList<ISessionKeys> SessionKeys { get; }

    /// <summary>Makes what the store keeps instead of an issue code: key version (4) ‖ HMAC-SHA256 keyed in the vault, over order and code (32).</summary>
    ByteString CreateIssueCodeVerifier(OrderId order, ReadOnlySpan<byte> code);

    /// <summary>Whether the code is that of the order. Takes the same time for a right and a wrong code; an empty or broken verifier is just wrong.</summary>
    /// <exception cref="KeyVaultException">The verifier was made with a key that is not here, so that the code is neither right nor wrong: another host has a
    /// newer vault.</exception>
    bool CheckIssueCode(OrderId order, ByteString verifier, ReadOnlySpan<byte> code);

    /// <summary>
    /// Makes what the store keeps instead of a card number: HMAC-SHA256 of number and sequence number under a key of the vault that is never rotated, 32 bytes.
    /// The same account gives the same bytes, so that a second card of it is noticed, and nobody can try numbers without the vault.
    /// </summary>
    ByteString DigestAccount(CardAccount account);

    /// <summary>
    /// Makes a number for a card that has none of its own, 16 bytes: fresh each time, and such that the vault
    /// knows it again without having kept it.
    /// </summary>
    ByteString CreateCardNumber();

    /// <summary>Whether this vault, or the one that it was restored from, made the number.</summary>
    bool IsCardNumber(ByteString number);

    /// <summary>
    /// Seals write data at rest under a fresh key of its own, which the newest master wraps; both bound to the order's terms.
    /// </summary>
    ByteString SealOrderData(OrderTerms terms, ReadOnlySpan<byte> plain);

    /// <summary>Opens write data at rest.</summary>
    /// <param name="terms">The order as the store has it now, with the product as it is there now.</param>
    /// <param name="sealedData">What <see cref="SealOrderData"/> made.</param>
    /// <param name="plain">The write data; the caller disposes it.</param>
    /// <returns>False when it was changed, or anything of the terms is not as it was sealed for, or its master is gone.</returns>
    bool TryOpenOrderData(OrderTerms terms, ByteString sealedData, [NotNullWhen(true)] out SecretBytes? plain);

    /// <summary>The version of the master that wraps order data keys now, from 1.</summary>
    int OrderDataVersion { get; }

    /// <summary>After a rotation of the master: wraps the order's data key anew; the data itself stays as it is.</summary>
    /// <returns>False when the key does not open for these terms.</returns>
    bool TryRewrapOrderData(OrderTerms terms, ByteString sealedData, out ByteString rewrapped);

    /// <summary>
    /// Whether write data of an older store, sealed for its order alone, is still taken over (<see cref="TryTakeOverOrderData"/>): in a
    /// vault that an older version made, until <see cref="EndTakingOver"/>. It never opens otherwise.
    /// </summary>
    bool TakesOverOrderData { get; }

    /// <summary>Seals an older store's write data anew, for terms.</summary>
    /// <returns>False when it does not open, or nothing is taken over any more.</returns>
    bool TryTakeOverOrderData(OrderTerms terms, ByteString older, out ByteString sealedData);

    /// <summary>From now on, for good, nothing is taken over: a row with older write data is one that was put there.</summary>
    /// <exception cref="IOException">It could not be saved; nothing changed.</exception>
    void EndTakingOver();

    /// <summary>S260: judges a card's answer to INITIALIZE UPDATE with the access key that its product names. No EXTERNAL AUTHENTICATE can be made before the card's cryptogram was verified.</summary>
    /// <param name="keySet">The key set that the product names.</param>
    /// <param name="keyVersion">The key version asked for; 00 when the card was to choose.</param>
    /// <param name="diversification">How the card's keys come from the master; never guessed.</param>
    /// <param name="hostChallenge">The 8 bytes that INITIALIZE UPDATE carried, in SCP03's S16 mode 16.</param>
    /// <param name="answer">The card's answer.</param>
    /// <param name="terms">How the channel is to be opened. Triple DES keys speak SCP02 and AES keys SCP03, whatever the card answers.</param>
    /// <exception cref="KeyVaultException">The vault has no such keys, or they are of another algorithm than the diversification or the protocol
    /// needs: the product's definition is wrong.</exception>
    CardOpenResult OpenCard(
        string keySet,
        byte keyVersion,
        KeyDiversification diversification,
        ReadOnlySpan<byte> hostChallenge,
        ResponseApdu answer,
        ChannelTerms terms);

    /// <summary>
    /// What keeps <see cref="OpenCard"/> from ever opening a card with these keys: they are not there, or of another algorithm. Null when
    /// nothing does.
    /// </summary>
    /// <param name="keySet">The key set that the product names.</param>
    /// <param name="keyVersion">Its version, 01 to FF.</param>
    /// <param name="diversification">How the card's keys come from the master.</param>
    /// <param name="protocol">The protocol that the product names; null when it leaves it to the keys.</param>
    string? LackOf(string keySet, byte keyVersion, KeyDiversification diversification, ScpProtocol? protocol);

    /// <summary>
    /// Takes what another process changed in the vault since it was opened: keys that were made or destroyed, rotations. A server asks every
    /// <see cref="Sessions.CenterSessionOptions.RegistryLook"/>; a token that keeps nothing in this process has nothing to do.
    /// </summary>
    /// <returns>Whether anything was changed.</returns>
    /// <exception cref="CardIssueException">It cannot be read, or is another vault; what was read before stands.</exception>
    bool Refresh() => false;

    /// <summary>SHA-256 of the latest of the center's TLS certificates that are here: the next one where it is made, else the present one; empty without.</summary>
    ByteString LatestCertificate => Identity.TlsCertificate;

    /// <summary>Changes over to the next certificate where people have said so: from then on it is the center's.</summary>
    /// <param name="number">The number of the one that is in force; an earlier one changes nothing.</param>
    /// <returns>Whether it was changed.</returns>
    /// <exception cref="CardIssueException">There is no such certificate here, or it could not be saved; the one before stays.</exception>
    bool ChangeCertificate(int number) => false;

    /// <summary>What hosts know the latest set of the center's keys by that is here: the next one where it is made, else the present one; SHA-256, 32
    /// bytes.</summary>
    ByteString LatestKeys => CenterKeys.Sha256Of(Identity);

    /// <summary>Does with the center's keys what people have said: serves who comes with the next ones, too; and destroys those of before, once they have
    /// ended.</summary>
    /// <param name="standing">Which count, by the center's store.</param>
    /// <returns>Whether anything was changed.</returns>
    /// <exception cref="CardIssueException">Keys that count are not here, or it could not be saved. Without the next ones the present ones serve on; where
    /// those have ended, nobody is served.</exception>
    bool FollowKeys(CenterKeysStanding standing) => false;

    /// <summary>Makes what the store keeps instead of an enrolment code: the key that comes of it, sealed under the vault and bound to the terminal.</summary>
    ByteString CreateEnrolmentVerifier(EnrolmentCode code);

    /// <summary>Opens what <see cref="CreateEnrolmentVerifier"/> made, to judge and to answer a terminal that enrols.</summary>
    /// <param name="terminal">The terminal that the code is for.</param>
    /// <param name="verifier">What the store kept.</param>
    /// <param name="key">The key; the caller disposes it.</param>
    /// <returns>False when it is not what this vault made for that terminal.</returns>
    bool TryOpenEnrolment(TerminalId terminal, ByteString verifier, [NotNullWhen(true)] out EnrolmentKey? key);

    /// <summary>The card master keys that there are, with their check values; never the keys.</summary>
    IReadOnlyList<CardMasterKeyInfo> CardMasterKeys { get; }
}

/// <summary>The vault can't do what was asked; the message says what to do. Never holds key material.</summary>
public sealed class KeyVaultException : CardIssueException
{
    /// <summary>Makes one.</summary>
    public KeyVaultException(string message, Exception? inner = null) : base(message, inner) { }
}
