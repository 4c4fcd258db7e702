using System.Security.Cryptography;
using CardIssue.Core.Crypto;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Core.Keys;

/// <summary>
/// What a terminal asks of a center that is to know its keys (<see cref="EnrollTerminal"/>), with what each end saw of the line. Each side
/// fills in what it saw itself: somebody between them, who ends TLS, has another certificate on one side, and none of the proofs fits.
/// </summary>
/// <param name="Terminal">The terminal with the keys that it is to have.</param>
/// <param name="Nonce">32 random bytes of the terminal.</param>
/// <param name="TerminalCertificate">SHA-256 of the certificate that the terminal showed on this line, or empty without TLS.</param>
/// <param name="CenterCertificate">The same of the center's.</param>
internal sealed record EnrolmentTranscript(
    TerminalIdentity Terminal, ByteString Nonce, ByteString TerminalCertificate, ByteString CenterCertificate)
{
    /// <summary>The transcript of a message that came; null when one of its keys is no point of the curve.</summary>
    public static EnrolmentTranscript? Of(EnrollTerminal asked, ByteString terminalCertificate, ByteString centerCertificate)
    {
        ArgumentNullException.ThrowIfNull(asked);
        if (!P256PublicKey.TryParse(asked.CredentialKey.Span, out var credential)
            || !P256PublicKey.TryParse(asked.AgreementKey.Span, out var agreement)) return null;
        var identity = new TerminalIdentity(asked.Terminal, credential, agreement, asked.KeyVersion, asked.Certificate);
        return new EnrolmentTranscript(identity, asked.Nonce, terminalCertificate, centerCertificate);
    }

    /// <summary>The terminal's message.</summary>
    /// <param name="key">Of the code, or of the present keys.</param>
    /// <param name="present">For a renewal, the credential that the center knows; null for an enrolment.</param>
    public EnrollTerminal Ask(EnrolmentKey key, P256PrivateKey? present = null)
    {
        ArgumentNullException.ThrowIfNull(key);
        using var proof = Asked(key);
        var signature = present is null ? default : ByteString.Own(present.Sign(ToBytes(ProtocolLabels.Renews).Span));
        return new EnrollTerminal(Terminal.Id, Nonce, Terminal.CredentialKey.Encoded, Terminal.AgreementKey.Encoded, Terminal.KeyVersion,
            Terminal.TlsCertificate, ByteString.Copy(proof.Span), signature);
    }

    /// <summary>Whether who asked has the key; the time that it takes tells nothing.</summary>
    public bool IsAsked(EnrolmentKey key, EnrollTerminal asked)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(asked);
        using var proof = Asked(key);
        return proof.FixedTimeEquals(asked.Confirmation.Span);
    }

    /// <summary>Whether a renewal is signed with the credential that is known.</summary>
    public bool IsSigned(P256PublicKey present, EnrollTerminal asked)
    {
        ArgumentNullException.ThrowIfNull(present);
        ArgumentNullException.ThrowIfNull(asked);
        return present.Verify(ToBytes(ProtocolLabels.Renews).Span, asked.Signature.Span);
    }

    /// <summary>The center's answer.</summary>
    public TerminalEnrolled Answer(EnrolmentKey key, CenterIdentity center)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(center);
        using var proof = Answered(key, center);
        return new TerminalEnrolled(center.Id.Value, center.SigningKey.Encoded, center.AgreementKey.Encoded, center.TlsCertificate,
            ByteString.Copy(proof.Span));
    }

    /// <summary>The center that answered, when it has the key and is the one at the other end of this line; else null.</summary>
    public CenterIdentity? CenterOf(EnrolmentKey key, TerminalEnrolled answer)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(answer);
        if (!P256PublicKey.TryParse(answer.SigningKey.Span, out var signing)
            || !P256PublicKey.TryParse(answer.AgreementKey.Span, out var agreement))
            return null;
        var center = new CenterIdentity(new CenterId(answer.Center), signing, agreement, answer.Certificate);
        if (!CenterCertificate.IsEmpty && CenterCertificate != center.TlsCertificate) return null;
        using var proof = Answered(key, center);
        return proof.FixedTimeEquals(answer.Confirmation.Span) ? center : null;
    }

    /// <summary>The array that is signed, or that a proof is made of.</summary>
    internal ByteString ToBytes(string label) => ByteString.Own(Fields(label).ToArray());

    private SecretBytes Asked(EnrolmentKey key) => KeySchedule.Derive(key.Key.Span, Fields(ProtocolLabels.TerminalEnrols));

    private SecretBytes Answered(EnrolmentKey key, CenterIdentity center) =>
        KeySchedule.Derive(key.Key.Span, new Labelled(ProtocolLabels.CenterEnrols)
        .Bytes(SHA256.HashData(ToBytes(ProtocolLabels.TerminalEnrols).Span)).Text(center.Id.Value)
        .Bytes(center.SigningKey.Encoded.Span).Bytes(center.AgreementKey.Encoded.Span).Bytes(center.TlsCertificate.Span));

    private Labelled Fields(string label) => new Labelled(label)
        .Text(Terminal.Id.Value).Bytes(Nonce.Span).Bytes(Terminal.CredentialKey.Encoded.Span).Bytes(Terminal.AgreementKey.Encoded.Span)
        .Number(Terminal.KeyVersion).Bytes(Terminal.TlsCertificate.Span).Bytes(TerminalCertificate.Span).Bytes(CenterCertificate.Span);
}
