using System.Security.Cryptography;
using CardIssue.Core.Primitives;

namespace CardIssue.Transport.Tls;

/// <summary>Which center a connector trusts: the one whose certificate it knows beforehand. Names, issuers and revocation lists play no part.</summary>
public sealed class TlsTrust
{
    private readonly Func<IReadOnlyList<ByteString>> _pins;

    private TlsTrust(Func<IReadOnlyList<ByteString>> pins) => _pins = pins;

    /// <summary>Trusts the certificates with these digests: one, or the old and the next while a certificate is changed.</summary>
    /// <param name="sha256">SHA-256 of a certificate's DER, 32 bytes each.</param>
    /// <exception cref="ArgumentException">None is given, or one is not 32 bytes long.</exception>
    public static TlsTrust Pinned(params ReadOnlySpan<ByteString> sha256)
    {
        if (sha256.IsEmpty) throw new ArgumentException("At least one certificate must be pinned.", nameof(sha256));
        foreach (var pin in sha256)
            if (pin.Length != SHA256.HashSizeInBytes)
                throw new ArgumentException($"A pin is the SHA-256 of a certificate, {SHA256.HashSizeInBytes} bytes, not {pin.Length}.", nameof(sha256));
        var pins = sha256.ToArray();
        return new TlsTrust(() => pins);
    }

    /// <summary>Trusts the certificates that are known at each handshake: a center's may become another one while the terminal runs.</summary>
    /// <param name="sha256">Gives the SHA-256 of each, 32 bytes; asked on any thread. None trusts nobody.</param>
    public static TlsTrust Pinned(Func<IReadOnlyList<ByteString>> sha256)
    {
        ArgumentNullException.ThrowIfNull(sha256);
        return new TlsTrust(sha256);
    }

    /// <summary>
    /// Trusts nobody beforehand and lets any certificate through the handshake: for an enrolment alone, in which the center proves itself by
    /// what comes after, over the certificate that is seen here.
    /// </summary>
    public static TlsTrust ProvedAfterwards { get; } = new(() => []);

    /// <summary>Whether the certificate with this SHA-256 is trusted.</summary>
    internal bool Accepts(ByteString sha256) => ReferenceEquals(this, ProvedAfterwards) || _pins().Contains(sha256);
}
