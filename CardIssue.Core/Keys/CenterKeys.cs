using System.Diagnostics.CodeAnalysis;
using System.Formats.Cbor;
using System.Security.Cryptography;
using CardIssue.Core.Crypto;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Core.Keys;

/// <summary>
/// That a center has these signing and agreement keys besides, and is going to have them alone: said under the signing key of before, so that
/// terminals which know that one come to know these. The sets of a center are counted; a terminal to which a set was proved never goes back to an
/// earlier one.
/// </summary>
/// <param name="Center">The center.</param>
/// <param name="Number">Which of its sets it is, from 1; the one that it was made with has none.</param>
/// <param name="SigningKey">Its signing key.</param>
/// <param name="AgreementKey">Its agreement key.</param>
public sealed record CenterKeys(CenterId Center, int Number, P256PublicKey SigningKey, P256PublicKey AgreementKey)
{
    private const int Layout = 1, Fields = 5;

    /// <summary>What people and hosts know the set by: SHA-256 of the signing key followed by the agreement key, 32 bytes.</summary>
    public ByteString Sha256 => Sha256Of(SigningKey, AgreementKey);

    /// <summary>The same of the keys that a center has: SHA-256 of its signing key followed by its agreement key, 32 bytes.</summary>
    /// <param name="center">The center.</param>
    public static ByteString Sha256Of(CenterIdentity center)
    {
        ArgumentNullException.ThrowIfNull(center);
        return Sha256Of(center.SigningKey, center.AgreementKey);
    }

    /// <summary>Signs it. Deterministic CBOR, body and signature (<c>messages.cddl</c>); signed is the array of "CardIssue 1 center keys" and the
    /// body: ECDSA P-256 with SHA-256.</summary>
    /// <param name="before">The center's signing key of the set before.</param>
    /// <exception cref="ArgumentException">The number is below 1.</exception>
    internal ByteString Sign(P256PrivateKey before)
    {
        ArgumentNullException.ThrowIfNull(before);
        if (Number < 1) throw new ArgumentException("A set of keys has a number from 1.");
        var cbor = SignedBody.Begin(Fields, Layout, Center.Value);
        cbor.WriteInt32(2);
        cbor.WriteInt32(Number);
        cbor.WriteInt32(3);
        cbor.WriteByteString(SigningKey.Encoded.Span);
        cbor.WriteInt32(4);
        cbor.WriteByteString(AgreementKey.Encoded.Span);
        cbor.WriteEndMap();
        return SignedBody.Sign(ProtocolLabels.CenterKeys, cbor.Encode(), before);
    }

    /// <summary>Verifies what came, or was kept. Whatever the bytes are, no exception comes of them.</summary>
    /// <param name="bytes">Body and signature.</param>
    /// <param name="center">The center that it must be of, with the keys before.</param>
    /// <param name="keys">What it says.</param>
    internal static bool TryVerify(ByteString bytes, CenterIdentity center, [NotNullWhen(true)] out CenterKeys? keys)
    {
        ArgumentNullException.ThrowIfNull(center);
        var read = SignedBody.Read(ProtocolLabels.CenterKeys, bytes.Memory, FieldLimits.MaxCenterKeys, center.SigningKey, Read);
        keys = read is { Number: >= 1 } && read.Center == center.Id ? read : null;
        return keys is not null;
    }

    private static ByteString Sha256Of(P256PublicKey signing, P256PublicKey agreement) =>
        ByteString.Own(SHA256.HashData([.. signing.Encoded.Span, .. agreement.Encoded.Span]));

    private static CenterKeys? Read(CborReader cbor)
    {
        if (SignedBody.ReadName(cbor, Fields, Layout) is not { } center || cbor.ReadInt32() != 2) return null;
        var number = cbor.ReadInt32();
        if (cbor.ReadInt32() != 3 || !P256PublicKey.TryParse(cbor.ReadByteString(), out var signing)) return null;
        if (cbor.ReadInt32() != 4 || !P256PublicKey.TryParse(cbor.ReadByteString(), out var agreement)) return null;
        cbor.ReadEndMap();
        return cbor.BytesRemaining == 0 ? new CenterKeys(new CenterId(center), number, signing, agreement) : null;
    }
}
