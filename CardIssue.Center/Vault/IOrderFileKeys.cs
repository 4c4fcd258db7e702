using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using CardIssue.Core.Crypto;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Vault;

/// <summary>A key that issuers encrypt orders to; what is told of it is public.</summary>
/// <param name="Version">From 1; each new key has the next.</param>
/// <param name="Certificate">Its certificate, X.509 in DER, signed by the center's signing key.</param>
/// <param name="NotAfter">Until when senders should use it; the center opens with it until it is destroyed.</param>
public sealed record OrderFileKeyInfo(int Version, ByteString Certificate, DateTimeOffset NotAfter)
{
    /// <summary>SHA-256 of the certificate, 32 bytes: what its two ends compare.</summary>
    public ByteString Fingerprint => ByteString.Own(SHA256.HashData(Certificate.Span));
}

/// <summary>For whom a message's content key was wrapped, and how (RFC 5753).</summary>
/// <param name="Serial">The serial number of the certificate, as it stands in it; empty where the key is named otherwise.</param>
/// <param name="KeyIdentifier">The subject key identifier of the certificate; empty where the key is named otherwise.</param>
/// <param name="Ephemeral">The sender's public key for this message.</param>
/// <param name="Hash">The hash of the key derivation.</param>
/// <param name="SharedInfo">ECC-CMS-SharedInfo, DER.</param>
/// <param name="Wrapped">The wrapped key.</param>
public sealed record OrderFileRecipient(
    ByteString Serial, ByteString KeyIdentifier, P256PublicKey Ephemeral, HashAlgorithmName Hash, ByteString SharedInfo, ByteString Wrapped);

/// <summary>The keys that issuers encrypt orders to, so that no secret of a customer lies in a file in the clear. Private keys never leave.</summary>
public interface IOrderFileKeys
{
    /// <summary>The keys that there are, the oldest first.</summary>
    IReadOnlyList<OrderFileKeyInfo> OrderFileKeys { get; }

    /// <summary>Makes the next key; those before it still open.</summary>
    /// <param name="from">Begin of its certificate's validity.</param>
    /// <param name="until">End of it.</param>
    /// <exception cref="IOException">It could not be saved; nothing changed.</exception>
    OrderFileKeyInfo MakeOrderFileKey(DateTimeOffset from, DateTimeOffset until);

    /// <summary>Destroys a key that is not the newest: what was encrypted to it opens no more.</summary>
    /// <param name="version">Its number.</param>
    /// <param name="approval">What two people agreed on (<see cref="Approvals.CenterAct.DestroyOrderKey"/>).</param>
    /// <returns>False when there is none of this version, or it is the newest, or the approval is for another or was used.</returns>
    /// <exception cref="IOException">It could not be saved; nothing changed.</exception>
    bool DestroyOrderFileKey(int version, KeyApproval approval);

    /// <summary>Unwraps a message's content key.</summary>
    /// <returns>False when it is for no key that there is, or was not wrapped for it.</returns>
    bool TryUnwrap(OrderFileRecipient recipient, [NotNullWhen(true)] out SecretBytes? key);
}
