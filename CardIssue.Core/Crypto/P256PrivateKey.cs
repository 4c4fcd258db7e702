using System.Security.Cryptography;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Crypto;

/// <summary>A private key on NIST P-256, for signing (ECDSA) or for agreement (ECDH); one key is used for one of them only.</summary>
public sealed class P256PrivateKey : IDisposable
{
    /// <summary>Length of the private number and of a raw agreement in bytes.</summary>
    internal const int Length = 32;

    private readonly SecretBytes _d;

    private P256PrivateKey(SecretBytes d, P256PublicKey publicKey) => (_d, PublicKey) = (d, publicKey);

    /// <summary>Its public key.</summary>
    internal P256PublicKey PublicKey { get; }

    /// <summary>A new key from the operating system's generator.</summary>
    internal static P256PrivateKey Generate()
    {
        using var made = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var parameters = made.ExportParameters(includePrivateParameters: true);
        return new P256PrivateKey(SecretBytes.Take(parameters.D), Encode(parameters.Q));
    }

    /// <summary>Takes a private number.</summary>
    /// <param name="number">32 bytes, big-endian; copied.</param>
    /// <exception cref="FormatException">Not 32 bytes, zero, or not below the curve's order.</exception>
    internal static P256PrivateKey FromNumber(ReadOnlySpan<byte> number)
    {
        if (number.Length != Length) throw new FormatException($"A P-256 private key has {Length} bytes.");
        var d = GC.AllocateUninitializedArray<byte>(Length, pinned: true);
        number.CopyTo(d);
        try
        {
            using var key = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = d });
            return new P256PrivateKey(SecretBytes.Copy(d), Encode(key.ExportParameters(includePrivateParameters: false).Q));
        }
        catch (CryptographicException e)
        {
            throw new FormatException("This is no P-256 private key.", e);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(d);
        }
    }

    /// <summary>Signs: ECDSA with SHA-256, 64 bytes r‖s. Whatever is signed starts with what it is for.</summary>
    internal byte[] Sign(ReadOnlySpan<byte> message)
    {
        var parameters = Parameters();
        try
        {
            using var ecdsa = ECDsa.Create(parameters);
            return ecdsa.SignData(message, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(parameters.D);
        }
    }

    /// <summary>The raw agreement with another's public key (SP 800-56A §5.7.1.2): 32 bytes, to be put through a key derivation.</summary>
    internal SecretBytes Agree(P256PublicKey other)
    {
        var parameters = Parameters();
        try
        {
            using var own = ECDiffieHellman.Create(parameters);
            using var peer = ECDiffieHellman.Create(other.Parameters());
            using var peerKey = peer.PublicKey;
            return SecretBytes.Take(own.DeriveRawSecretAgreement(peerKey));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(parameters.D);
        }
    }

    /// <summary>Writes the private number (32 bytes) where it is about to be sealed into a key file.</summary>
    internal void WriteTo(SecretWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Bytes(_d.Span);
    }

    /// <summary>Zeroes the private number.</summary>
    public void Dispose() => _d.Dispose();

    /// <summary>Says only which public key it belongs to.</summary>
    public override string ToString() => $"private key of {PublicKey}";

    private ECParameters Parameters()
    {
        var d = GC.AllocateUninitializedArray<byte>(Length, pinned: true);
        _d.Span.CopyTo(d);
        return PublicKey.Parameters() with { D = d };
    }

    private static P256PublicKey Encode(ECPoint q) => P256PublicKey.Parse([0x04, .. q.X!, .. q.Y!]);
}
