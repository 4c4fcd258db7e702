using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Crypto;

/// <summary>A private key on NIST P-256, for signing (ECDSA) or for agreement (ECDH); one key is used for one of them only.</summary>
public sealed class P256PrivateKey : IDisposable
{
    /// <summary>Length of the private number and of a raw agreement in bytes.</summary>
    internal const int Length = 32;

    private readonly SecretBytes _d;

    // To give the library a key takes longer than to sign with it: it calculates the public key anew.
    private readonly Kept<ECDsa> _signing;
    private readonly Kept<ECDiffieHellman> _agreeing;

    private P256PrivateKey(SecretBytes d, P256PublicKey publicKey)
    {
        (_d, PublicKey) = (d, publicKey);
        _signing = new Kept<ECDsa>(() => Given(ECDsa.Create));
        _agreeing = new Kept<ECDiffieHellman>(() => Given(ECDiffieHellman.Create));
    }

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
        var ecdsa = _signing.Take();
        try
        {
            return ecdsa.SignData(message, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }
        finally
        {
            _signing.GiveBack(ecdsa);
        }
    }

    /// <summary>The raw agreement with another's public key (SP 800-56A §5.7.1.2): 32 bytes, to be put through a key derivation.</summary>
    internal SecretBytes Agree(P256PublicKey other)
    {
        using var peer = other.ForAgreement();
        return Agree(peer);
    }

    /// <summary>The same with a point that came: to look whether it is a key, and to agree with it, takes one import.</summary>
    /// <param name="encoded">The bytes.</param>
    /// <param name="other">The key that they are.</param>
    /// <param name="agreed">The agreement; the caller's.</param>
    /// <returns>False when they are none.</returns>
    internal bool TryAgree(ReadOnlySpan<byte> encoded, [NotNullWhen(true)] out P256PublicKey? other, [NotNullWhen(true)] out SecretBytes? agreed)
    {
        agreed = null;
        if (!P256PublicKey.TryImport(encoded, out other, out var peer)) return false;
        using (peer) agreed = Agree(peer);
        return true;
    }

    /// <summary>Writes the private number (32 bytes) where it is about to be sealed into a key file.</summary>
    internal void WriteTo(SecretWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Bytes(_d.Span);
    }

    /// <summary>Zeroes the private number.</summary>
    public void Dispose()
    {
        _d.Dispose();
        _signing.Dispose();
        _agreeing.Dispose();
    }

    /// <summary>Says only which public key it belongs to.</summary>
    public override string ToString() => $"private key of {PublicKey}";

    private T Given<T>(Func<ECParameters, T> give)
    {
        var d = GC.AllocateUninitializedArray<byte>(Length, pinned: true);
        try
        {
            _d.Span.CopyTo(d);
            return give(PublicKey.Parameters() with { D = d });
        }
        finally
        {
            CryptographicOperations.ZeroMemory(d);
        }
    }

    private SecretBytes Agree(ECDiffieHellman peer)
    {
        var own = _agreeing.Take();
        try
        {
            using var peerKey = peer.PublicKey;
            return SecretBytes.Take(own.DeriveRawSecretAgreement(peerKey));
        }
        finally
        {
            _agreeing.GiveBack(own);
        }
    }

    private static P256PublicKey Encode(ECPoint q) => P256PublicKey.Parse([0x04, .. q.X!, .. q.Y!]);
}
