using System.Security.Cryptography;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Keys;

/// <summary>
/// The one way in which the relay protocol derives keys: HKDF-SHA256 (RFC 5869) without salt, the info a <see cref="Labelled"/> array, 32
/// bytes. All that a key is bound to stands in its info. The secrets that it begins with are uniform enough for no salt (RFC 5869 §3.1):
/// agreements on P-256, and keys that it made itself.
/// </summary>
internal static class KeySchedule
{
    /// <summary>Length of every derived key in bytes.</summary>
    public const int Length = 32;

    public static SecretBytes Derive(ReadOnlySpan<byte> secret, Labelled info)
    {
        Span<byte> key = stackalloc byte[Length];
        Derive(secret, info, key);
        return SecretBytes.Take(key);
    }

    public static void Derive(ReadOnlySpan<byte> secret, Labelled info, Span<byte> key) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, key[..Length], [], info.ToArray());
}
