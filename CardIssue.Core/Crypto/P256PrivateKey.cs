using System.Security.Cryptography;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Crypto;

/// <summary>A private key on NIST P-256, for signing (ECDSA) or for agreement (ECDH); one key is used for one of them only.</summary>
public sealed class P256PrivateKey : IDisposable
{
    /// <summary>Length of the private number and of a raw agreement in bytes.</summary>
    internal const int Length = 32;

    private readonly SecretBytes _d;

    // To give the library a key takes longer than to sign with it: it calculates the public key anew. So it keeps one, in its own memory, which it clears. One
    // that is being used is nobody else's: its objects are not for several threads.
    private ECDsa? _signing;
    private ECDiffieHellman? _agreeing;
    private bool _isDisposed;

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
        var ecdsa = Interlocked.Exchange(ref _signing, null) ?? Given(ECDsa.Create);
        try
        {
            return ecdsa.SignData(message, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }
        finally
        {
            Keep(ref _signing, ecdsa);
        }
    }

    /// <summary>The raw agreement with another's public key (SP 800-56A §5.7.1.2): 32 bytes, to be put through a key derivation.</summary>
    internal SecretBytes Agree(P256PublicKey other)
    {
        var own = Interlocked.Exchange(ref _agreeing, null) ?? Given(ECDiffieHellman.Create);
        try
        {
            using var peer = ECDiffieHellman.Create(other.Parameters());
            using var peerKey = peer.PublicKey;
            return SecretBytes.Take(own.DeriveRawSecretAgreement(peerKey));
        }
        finally
        {
            Keep(ref _agreeing, own);
        }
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
        Volatile.Write(ref _isDisposed, true);
        _d.Dispose();
        Interlocked.Exchange(ref _signing, null)?.Dispose();
        Interlocked.Exchange(ref _agreeing, null)?.Dispose();
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

    private void Keep<T>(ref T? kept, T used) where T : class, IDisposable
    {
        if (Interlocked.CompareExchange(ref kept, used, null) is not null) used.Dispose();
        // Disposed meanwhile: either this sees it, or that saw what was kept.
        else if (Volatile.Read(ref _isDisposed)) Interlocked.Exchange(ref kept, null)?.Dispose();
    }

    private static P256PublicKey Encode(ECPoint q) => P256PublicKey.Parse([0x04, .. q.X!, .. q.Y!]);
}
