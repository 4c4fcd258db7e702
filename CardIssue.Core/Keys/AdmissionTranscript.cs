using System.Security.Cryptography;
using CardIssue.Core.Crypto;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Core.Keys;

/// <summary>
/// All that an admission (S210 to S220) was agreed on: the messages, byte for byte as they were sent, and what each end knows by itself.
/// Each side fills in what it itself sent, received and saw, so that a change of anything by anybody between them shows, also of fields
/// that a later version has and this one does not know.
/// </summary>
public sealed record AdmissionTranscript
{
    /// <summary>The terminal's first message as it was sent, byte for byte.</summary>
    public required ByteString Hello { get; init; }

    /// <summary>The center's answer to it as it was sent.</summary>
    public required ByteString Challenge { get; init; }

    /// <summary>
    /// The note of the center that the terminal shows, signed, as it stands in <see cref="Proof"/>: 512 bytes at the most; empty when it shows none.
    /// </summary>
    public ByteString Note { get; init; }

    /// <summary>The center.</summary>
    public required CenterId Center { get; init; }

    /// <summary>SHA-256 of the terminal's TLS certificate's DER, 32 bytes, or empty without TLS.</summary>
    public required ByteString TerminalCertificate { get; init; }

    /// <summary>SHA-256 of the center's TLS certificate's DER, 32 bytes, or empty without TLS.</summary>
    public required ByteString CenterCertificate { get; init; }

    /// <summary>
    /// What the terminal signs: the CBOR array of "CardIssue 1 proof", Hello, Challenge, note, center, terminal's and center's certificate.
    /// </summary>
    public ByteString ToBytes() => ByteString.Own(new Labelled(ProtocolLabels.Proof)
        .Bytes(Hello.Span).Bytes(Challenge.Span).Bytes(Note.Span).Text(Center.Value)
        .Bytes(TerminalCertificate.Span).Bytes(CenterCertificate.Span).ToArray());

    /// <summary>
    /// The admission hash: SHA-256 of <see cref="ToBytes"/>, 32 bytes. It stands for this admission in all that comes after.
    /// </summary>
    public ByteString Hash() => ByteString.Own(SHA256.HashData(ToBytes().Span));

    /// <summary>
    /// What the center signs: the CBOR array of "CardIssue 1 admitted", admission hash, Proof as it was sent, reader list, join token
    /// (empty where there is none).
    /// </summary>
    /// <param name="proof">The terminal's proof.</param>
    /// <param name="readerList">The signed reader list of the answer, 65,536 bytes at the most.</param>
    /// <param name="joinToken">The token of the answer, or empty.</param>
    public ByteString AnswerBytes(Proof proof, ByteString readerList, ByteString joinToken) => ByteString.Own(
        new Labelled(ProtocolLabels.Admitted).Bytes(Hash().Span).Bytes(MessageCodec.BytesOf(proof).Span).Bytes(readerList.Span).Bytes(joinToken.Span).ToArray());

    /// <summary>Whether the proof's signature is that of the terminal's credential.</summary>
    public bool IsSigned(P256PublicKey credential, Proof proof)
    {
        ArgumentNullException.ThrowIfNull(credential);
        ArgumentNullException.ThrowIfNull(proof);
        return proof.Note == Note && credential.Verify(ToBytes().Span, proof.Signature.Span);
    }

    /// <summary>The terminal's proof: signed with its credential, and confirmed with the key that comes of its agreement key.</summary>
    public Proof Prove(P256PrivateKey credential, AdmissionKey key)
    {
        ArgumentNullException.ThrowIfNull(credential);
        ArgumentNullException.ThrowIfNull(key);
        return new Proof(ByteString.Own(credential.Sign(ToBytes().Span)), key.TerminalConfirms(), Note);
    }

    /// <summary>The center's answer, likewise.</summary>
    public Admitted Admit(P256PrivateKey signing, AdmissionKey key, Proof proof, ByteString readerList, ByteString joinToken)
    {
        ArgumentNullException.ThrowIfNull(signing);
        ArgumentNullException.ThrowIfNull(key);
        var bytes = AnswerBytes(proof, readerList, joinToken);
        return new Admitted(ByteString.Own(signing.Sign(bytes.Span)), key.CenterConfirms(bytes), readerList, joinToken);
    }

    /// <summary>Whether the center proved both of its keys in its answer to a proof.</summary>
    public bool IsAdmitted(P256PublicKey signing, AdmissionKey key, Proof proof, Admitted answer)
    {
        ArgumentNullException.ThrowIfNull(signing);
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(answer);
        var bytes = AnswerBytes(proof, answer.ReaderList, answer.JoinToken);
        return signing.Verify(bytes.Span, answer.Signature.Span) && key.IsCenters(answer.Confirmation, bytes);
    }
}
