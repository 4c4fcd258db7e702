using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Crypto;

/// <summary>A public key on NIST P-256, known to be a point of the curve. Compares by content.</summary>
public sealed record P256PublicKey
{
    /// <summary>Length of the encoded point in bytes: 04, X, Y (SEC 1 §2.3.3, uncompressed).</summary>
    public const int Length = 65;

    /// <summary>Length of a signature in bytes: r‖s (IEEE P1363).</summary>
    public const int SignatureLength = 64;

    private P256PublicKey(ByteString encoded) => Encoded = encoded;

    /// <summary>The uncompressed point, <see cref="Length"/> bytes.</summary>
    public ByteString Encoded { get; }

    /// <summary>Takes an uncompressed point that lies on the curve.</summary>
    /// <param name="encoded">The bytes.</param>
    /// <param name="key">The key.</param>
    /// <returns>False when the length, the first byte or the point is wrong.</returns>
    public static bool TryParse(ReadOnlySpan<byte> encoded, [NotNullWhen(true)] out P256PublicKey? key)
    {
        if (!TryImport(encoded, out key, out var imported)) return false;
        imported.Dispose();
        return true;
    }

    /// <summary>Takes an uncompressed point that lies on the curve.</summary>
    /// <param name="encoded"><see cref="Length"/> bytes: 04, X, Y (SEC 1 §2.3.3).</param>
    /// <exception cref="FormatException">It is none.</exception>
    public static P256PublicKey Parse(ReadOnlySpan<byte> encoded) =>
        TryParse(encoded, out var key) ? key : throw new FormatException($"A P-256 public key is an uncompressed point of {Length} bytes on the curve.");

    /// <summary>Whether <paramref name="signature"/> is this key's over <paramref name="message"/>: ECDSA with SHA-256, r‖s.</summary>
    internal bool Verify(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        if (signature.Length != SignatureLength) return false;
        using var ecdsa = ECDsa.Create(Parameters());
        return ecdsa.VerifyData(message, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
    }

    /// <summary>The platform's import of a point, which checks that it is on the curve: static Diffie-Hellman depends on it.</summary>
    /// <param name="encoded">The bytes.</param>
    /// <param name="key">The key that they are.</param>
    /// <param name="imported">What was imported; the caller's.</param>
    /// <returns>False when they are none.</returns>
    internal static bool TryImport(ReadOnlySpan<byte> encoded, [NotNullWhen(true)] out P256PublicKey? key, [NotNullWhen(true)] out ECDiffieHellman? imported)
    {
        (key, imported) = (null, null);
        if (encoded.Length != Length || encoded[0] != 0x04) return false;
        var candidate = new P256PublicKey(ByteString.Copy(encoded));
        try
        {
            imported = candidate.ForAgreement();
        }
        catch (CryptographicException)
        {
            return false;
        }
        key = candidate;
        return true;
    }

    internal ECDiffieHellman ForAgreement() => ECDiffieHellman.Create(Parameters());

    internal ECParameters Parameters() => new()
    {
        Curve = ECCurve.NamedCurves.nistP256,
        Q = new ECPoint { X = Encoded.Span[1..33].ToArray(), Y = Encoded.Span[33..].ToArray() },
    };

    /// <summary>Upper-case hexadecimal.</summary>
    public override string ToString() => Encoded.ToString();
}
