using System.Security.Cryptography;
using System.Text;
using CardIssue.Core.Crypto;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Keys;

/// <summary>
/// What a reader that carries a key signs: the CBOR array of "CardIssue 1 reader challenge", terminal, nonce, and each field of what the
/// reader says of itself, null where it was not told. So an answer is good once, at this terminal, and for a reader that tells exactly this
/// of itself.
/// </summary>
internal sealed class ReaderChallenge
{
    /// <summary>Length of the nonce in bytes.</summary>
    public const int NonceLength = 32;

    /// <summary>Length of <see cref="Hash"/> in bytes: SHA-256.</summary>
    public const int HashLength = 32;

    private readonly byte[] _message;

    /// <summary>Makes a challenge.</summary>
    /// <param name="terminal">The terminal that asks.</param>
    /// <param name="nonce"><see cref="NonceLength"/> bytes that were never used before.</param>
    /// <param name="reader">What the reader says of itself; its <see cref="ReaderIdentity.Name"/> is left out, for the system makes it up.</param>
    /// <exception cref="ArgumentException">The nonce has another length.</exception>
    public ReaderChallenge(TerminalId terminal, ByteString nonce, ReaderIdentity reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        if (nonce.Length != NonceLength) throw new ArgumentException($"A nonce has {NonceLength} bytes; this has {nonce.Length}.", nameof(nonce));
        _message = new Labelled(ProtocolLabels.ReaderChallenge).Text(terminal.Value).Bytes(nonce.Span)
            .Text(Whole(reader.Kind)).Text(Whole(reader.Vendor)).Text(Whole(reader.Model))
            .Text(Whole(reader.Serial)).Text(Whole(reader.Firmware)).Text(Whole(reader.Port)).ToArray();
        Hash = ByteString.Own(SHA256.HashData(_message));
    }

    /// <summary>What the key signs, <see cref="HashLength"/> bytes.</summary>
    public ByteString Hash { get; }

    /// <summary>Whether <paramref name="signature"/> is this key's over this challenge: ECDSA, r‖s, <see cref="P256PublicKey.SignatureLength"/> bytes.</summary>
    public bool IsSigned(P256PublicKey key, ByteString signature)
    {
        ArgumentNullException.ThrowIfNull(key);
        return key.Verify(_message, signature.Span);
    }

    /// <summary>A driver's words as UTF-8 can hold them: half a surrogate pair becomes U+FFFD.</summary>
    private static string? Whole(string? text) => text is null ? null : Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
}
