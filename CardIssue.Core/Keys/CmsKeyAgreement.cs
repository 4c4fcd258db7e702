using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using CardIssue.Core.Crypto;
using CardIssue.Core.Primitives;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Parameters;

namespace CardIssue.Core.Keys;

/// <summary>
/// What a sender of CMS agreed on with a P-256 key: ECDH with a key of his for this message alone, X9.63's key derivation (SEC 1 §3.6.1) and
/// AES key wrap (RFC 3394), as RFC 5753 §3.1 has it.
/// </summary>
internal static class CmsKeyAgreement
{
    /// <summary>The length of the key that wraps, and of the one that is wrapped: AES-256.</summary>
    public const int KeyLength = 32;

    private const int WrappedLength = KeyLength + 8, CounterLength = 4;

    /// <summary>Unwraps a content-encryption key.</summary>
    /// <param name="own">The recipient's key.</param>
    /// <param name="ephemeral">The sender's public key.</param>
    /// <param name="hash">The hash of the key derivation: SHA-1, SHA-256, SHA-384 or SHA-512.</param>
    /// <param name="sharedInfo">ECC-CMS-SharedInfo, DER (RFC 5753 §7.2).</param>
    /// <param name="wrapped">The wrapped key, 40 bytes.</param>
    /// <param name="key">The key, 32 bytes; the caller disposes it.</param>
    /// <returns>False when it was not wrapped for this key.</returns>
    public static bool TryUnwrap(
        P256PrivateKey own, P256PublicKey ephemeral, HashAlgorithmName hash, ReadOnlySpan<byte> sharedInfo, ReadOnlySpan<byte> wrapped,
        [NotNullWhen(true)] out SecretBytes? key)
    {
        ArgumentNullException.ThrowIfNull(own);
        ArgumentNullException.ThrowIfNull(ephemeral);
        key = null;
        if (wrapped.Length != WrappedLength) return false;
        var wrapping = new byte[KeyLength];
        using (var agreed = own.Agree(ephemeral)) Derive(hash, agreed.Span, sharedInfo, wrapping);
        try
        {
            var engine = new AesWrapEngine();
            engine.Init(false, new KeyParameter(wrapping));
            key = SecretBytes.Take(engine.Unwrap(wrapped.ToArray(), 0, wrapped.Length));
            return true;
        }
        catch (InvalidCipherTextException)
        {
            return false;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(wrapping);
        }
    }

    private static void Derive(HashAlgorithmName hash, ReadOnlySpan<byte> agreed, ReadOnlySpan<byte> sharedInfo, Span<byte> key)
    {
        using var digest = IncrementalHash.CreateHash(hash);
        Span<byte> counter = stackalloc byte[CounterLength];
        var block = new byte[digest.HashLengthInBytes];
        for (var (round, done) = (1, 0); done < key.Length; round++)
        {
            BinaryPrimitives.WriteInt32BigEndian(counter, round);
            digest.AppendData(agreed);
            digest.AppendData(counter);
            digest.AppendData(sharedInfo);
            digest.GetHashAndReset(block);
            var part = Math.Min(block.Length, key.Length - done);
            block.AsSpan(0, part).CopyTo(key[done..]);
            done += part;
        }
        CryptographicOperations.ZeroMemory(block);
    }
}
