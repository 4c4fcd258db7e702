using System.Security.Cryptography;
using CardIssue.Core.Crypto;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Core.Keys;

/// <summary>Who signs an admission transcript.</summary>
public enum AdmissionRole
{
    /// <summary>The terminal, in its proof.</summary>
    Terminal = 1,
    /// <summary>The center, when it admits.</summary>
    Center = 2,
}

/// <summary>
/// All that an admission (S210 to S220) was agreed on. Both sides sign it, each in its role, so that a change of any field by anybody between
/// them shows. Each side fills in what it itself saw.
/// </summary>
public sealed record AdmissionTranscript
{
    /// <summary>The lowest version that the terminal offered.</summary>
    public required int MinVersion { get; init; }

    /// <summary>The highest version that the terminal offered.</summary>
    public required int MaxVersion { get; init; }

    /// <summary>The version that the center chose.</summary>
    public required int Version { get; init; }

    /// <summary>The terminal.</summary>
    public required TerminalId Terminal { get; init; }

    /// <summary>The center.</summary>
    public required CenterId Center { get; init; }

    /// <summary>The terminal's credit window in commands.</summary>
    public required int Window { get; init; }

    /// <summary>The line's number, as the center's listener has it.</summary>
    public required LineNumber Line { get; init; }

    /// <summary>32 random bytes of the terminal.</summary>
    public required ByteString TerminalNonce { get; init; }

    /// <summary>32 random bytes of the center.</summary>
    public required ByteString CenterNonce { get; init; }

    /// <summary>SHA-256 of the terminal's TLS certificate, or empty without TLS.</summary>
    public required ByteString TerminalCertificate { get; init; }

    /// <summary>SHA-256 of the center's TLS certificate, or empty without TLS.</summary>
    public required ByteString CenterCertificate { get; init; }

    /// <summary>Which half of a split line was asked for.</summary>
    public LineHalf Half { get; init; }

    /// <summary>
    /// The note of the center that the terminal showed, signed, as it stands in <see cref="Proof"/>; empty when it showed none.
    /// </summary>
    public ByteString Note { get; init; }

    /// <summary>
    /// What is signed: "CardIssue admission v1", 00, the role as text, min, max and chosen version, terminal, center, window, line (4 bytes each number),
    /// both nonces, both certificates, for a half of a split line or with a note the half's number, and the note where there is one;
    /// strings led by
    /// their length in two bytes.
    /// </summary>
    public ByteString ToBytes(AdmissionRole role) => ByteString.Own(WithNote(new BoundFields("CardIssue admission v1")
        .Text(role switch { AdmissionRole.Terminal => "terminal", AdmissionRole.Center => "center" })
        .Number(MinVersion).Number(MaxVersion).Number(Version)
        .Text(Terminal.Value).Text(Center.Value)
        .Number(Window).Number(Line.Value)
        .Bytes(TerminalNonce.Span).Bytes(CenterNonce.Span)
        .Bytes(TerminalCertificate.Span).Bytes(CenterCertificate.Span))
        .ToArray());

    private BoundFields WithNote(BoundFields fields) =>
        !Note.IsEmpty ? fields.Number((int)Half).Bytes(Note.Span)
        : Half is LineHalf.Whole ? fields : fields.Number((int)Half);

    /// <summary>SHA-256 of <see cref="ToBytes"/>, 32 bytes: the hash that the signature of this role is over.</summary>
    public ByteString Hash(AdmissionRole role) => ByteString.Own(SHA256.HashData(ToBytes(role).Span));

    /// <summary>Whether <paramref name="signature"/> (64 bytes r‖s) is that of <paramref name="key"/> in this role.</summary>
    public bool IsSigned(AdmissionRole role, P256PublicKey key, ByteString signature)
    {
        ArgumentNullException.ThrowIfNull(key);
        return key.Verify(ToBytes(role).Span, signature.Span);
    }

    /// <summary>Signs in a role: ECDSA P-256 with SHA-256, 64 bytes r‖s.</summary>
    public ByteString Sign(AdmissionRole role, P256PrivateKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return ByteString.Own(key.Sign(ToBytes(role).Span));
    }
}
