using System.Diagnostics.CodeAnalysis;
using System.Formats.Cbor;
using CardIssue.Core.Crypto;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Core.Keys;

/// <summary>
/// That a center has, or is about to have, this TLS certificate: said under its signing key, so that terminals which know that key know it by
/// the certificate, too. The certificates of a center are counted; a terminal never goes back to an earlier one.
/// </summary>
/// <param name="Center">The center.</param>
/// <param name="Number">Which of its certificates it is, from 1; the one that terminals got with the center's identity has none.</param>
/// <param name="Sha256">SHA-256 of the certificate's DER, 32 bytes.</param>
public sealed record CenterCertificate(CenterId Center, int Number, ByteString Sha256)
{
    private const int Layout = 1, Fields = 4;

    /// <summary>Signs it. Deterministic CBOR, body and signature (<c>messages.cddl</c>); signed is the array of "CardIssue 1 center certificate"
    /// and the body: ECDSA P-256 with SHA-256.</summary>
    /// <param name="center">The center's signing key.</param>
    /// <exception cref="ArgumentException">The number is below 1, or that is no SHA-256.</exception>
    internal ByteString Sign(P256PrivateKey center)
    {
        ArgumentNullException.ThrowIfNull(center);
        if (!IsRight) throw new ArgumentException("A certificate has a number from 1 and a SHA-256 of 32 bytes.");
        var cbor = SignedBody.Begin(Fields, Layout, Center.Value);
        cbor.WriteInt32(2);
        cbor.WriteInt32(Number);
        cbor.WriteInt32(3);
        cbor.WriteByteString(Sha256.Span);
        cbor.WriteEndMap();
        return SignedBody.Sign(ProtocolLabels.CenterCertificate, cbor.Encode(), center);
    }

    /// <summary>Verifies what came, or was kept. Whatever the bytes are, no exception comes of them.</summary>
    /// <param name="bytes">Body and signature.</param>
    /// <param name="center">The center that it must be of.</param>
    /// <param name="certificate">What it says.</param>
    internal static bool TryVerify(ByteString bytes, CenterIdentity center, [NotNullWhen(true)] out CenterCertificate? certificate)
    {
        ArgumentNullException.ThrowIfNull(center);
        var read = SignedBody.Read(ProtocolLabels.CenterCertificate, bytes.Memory, FieldLimits.MaxCenterCertificate, center.SigningKey, Read);
        certificate = read is { IsRight: true } && read.Center == center.Id ? read : null;
        return certificate is not null;
    }

    private bool IsRight => Number >= 1 && Sha256.Length == FieldLimits.CertificateLength;

    private static CenterCertificate? Read(CborReader cbor)
    {
        if (SignedBody.ReadName(cbor, Fields, Layout) is not { } center || cbor.ReadInt32() != 2) return null;
        var number = cbor.ReadInt32();
        if (cbor.ReadInt32() != 3) return null;
        var sha256 = ByteString.Own(cbor.ReadByteString());
        cbor.ReadEndMap();
        return cbor.BytesRemaining == 0 ? new CenterCertificate(new CenterId(center), number, sha256) : null;
    }
}
