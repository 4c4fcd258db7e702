using CardIssue.Core.Crypto;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards;

/// <summary>The private key that a reader carries: in itself, or in a SAM in a second slot. Calls may come from several threads; they take turns.</summary>
public interface IReaderKey
{
    /// <summary>Signs a challenge.</summary>
    /// <param name="hash">SHA-256 of what is signed, 32 bytes.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>An ECDSA P-256 signature, r‖s, <see cref="P256PublicKey.SignatureLength"/> bytes, or why there is none.</returns>
    ValueTask<ReaderKeyAnswer> SignAsync(ReadOnlyMemory<byte> hash, CancellationToken cancellation);

    /// <summary>Reads the public key, as the reader claims it: for enrolment, where the center's operator decides. A check never trusts it.</summary>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The uncompressed P-256 point, <see cref="P256PublicKey.Length"/> bytes, or why there is none.</returns>
    ValueTask<ReaderKeyAnswer> ReadPublicKeyAsync(CancellationToken cancellation);
}

/// <summary>Why a reader's key gave no answer.</summary>
public enum ReaderKeyFault
{
    /// <summary>There is an answer.</summary>
    None,
    /// <summary>There is no key: no SAM in its slot.</summary>
    Absent,
    /// <summary>It did not answer in time.</summary>
    Slow,
    /// <summary>It answered an error: no such application or key, or not allowed.</summary>
    Refused,
    /// <summary>What it answered is no signature, or no public key, of P-256.</summary>
    Malformed,
    /// <summary>The slot that it is in is gone, as when the reader was pulled: the reader is away, and judged when it is back.</summary>
    Away,
}

/// <summary>What a reader's key answered.</summary>
/// <param name="Value">
/// The answer: a signature of <see cref="P256PublicKey.SignatureLength"/> bytes or a public key of <see cref="P256PublicKey.Length"/>, as was asked;
/// empty when there is none.
/// </param>
/// <param name="Fault">Why there is none.</param>
/// <param name="Detail">A status word or the like, for the operator; never the reader's own words.</param>
public readonly record struct ReaderKeyAnswer(ByteString Value, ReaderKeyFault Fault, string Detail)
{
    /// <summary>An answer.</summary>
    /// <param name="value">The signature or public key, in the length that was asked for.</param>
    public static ReaderKeyAnswer Of(ByteString value) => new(value, ReaderKeyFault.None, "");

    /// <summary>No answer.</summary>
    /// <param name="fault">Why there is none; not <see cref="ReaderKeyFault.None"/>.</param>
    /// <param name="detail">A status word or the like, for the operator; never the reader's own words.</param>
    public static ReaderKeyAnswer None(ReaderKeyFault fault, string detail) => new(default, fault, detail);
}
