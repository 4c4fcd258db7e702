using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Vault;

/// <summary>
/// Write data at rest. Layout: 02 (1) ‖ master's version (4) ‖ nonce (12) ‖ the order data key under the master (32) ‖ tag (16) ‖ the data
/// under the order data key ‖ tag (16); AES-256-GCM both. The order data key is random for each sealing and used once, so the data's nonce
/// is zero. Both are bound to what they are and to the order's terms. Layout 01 is the same but that both are bound to the order alone; it
/// is only taken over.
/// </summary>
internal static class OrderDataSeal
{
    public const int Overhead = DataAt + TagLength;

    private const int KeyLength = 32, NonceLength = 12, TagLength = 16;
    private const int VersionAt = 1, NonceAt = 5, KeyAt = NonceAt + NonceLength, KeyTagAt = KeyAt + KeyLength, DataAt = KeyTagAt + TagLength;
    private const byte Layout = 2, OlderLayout = 1;

    /// <summary>What data of layout 01 begins with.</summary>
    public static readonly ByteString OlderMark = ByteString.Copy([OlderLayout]);

    /// <summary>What data begins with that a version of the master wraps the key of.</summary>
    public static ByteString MarkOf(int version)
    {
        var mark = new byte[NonceAt];
        mark[0] = Layout;
        BinaryPrimitives.WriteInt32BigEndian(mark.AsSpan(VersionAt), version);
        return ByteString.Own(mark);
    }

    public static ByteString Seal(OrderTerms terms, int version, SecretBytes master, ReadOnlySpan<byte> plain)
    {
        using var key = SecretBytes.Random(KeyLength);
        var bytes = new byte[Overhead + plain.Length];
        WrapKey(terms, version, master, key.Span, bytes);
        using var data = new AesGcm(key.Span, TagLength);
        data.Encrypt(stackalloc byte[NonceLength], plain, bytes.AsSpan(DataAt, plain.Length), bytes.AsSpan(^TagLength..), DataBound(terms));
        return ByteString.Own(bytes);
    }

    /// <summary>The version of the master that wrapped the key; 0 when the bytes are no sealed data of this layout.</summary>
    public static int VersionOf(ReadOnlySpan<byte> bytes) => VersionOf(bytes, Layout);

    /// <summary>The same of layout 01.</summary>
    public static int OlderVersionOf(ReadOnlySpan<byte> bytes) => VersionOf(bytes, OlderLayout);

    public static bool TryOpen(
        OrderTerms terms, SecretBytes master, ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out SecretBytes? plain) =>
        TryOpen(KeyBound(terms, VersionOf(bytes)), DataBound(terms), master, bytes, out plain);

    /// <summary>Opens layout 01, which is bound to the order alone.</summary>
    public static bool TryOpenOlder(
        OrderId order, SecretBytes master, ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out SecretBytes? plain) => TryOpen(
        Encoding.UTF8.GetBytes($"CardIssue order key v1\0{OlderVersionOf(bytes)}\0{order.Value}"),
        Encoding.UTF8.GetBytes($"CardIssue order data v1\0{order.Value}"), master, bytes, out plain);

    public static bool TryRewrap(
        OrderTerms terms, SecretBytes master, int newVersion, SecretBytes newMaster, ReadOnlySpan<byte> bytes, out ByteString rewrapped)
    {
        rewrapped = default;
        if (!TryUnwrapKey(KeyBound(terms, VersionOf(bytes)), master, bytes, out var key)) return false;
        var copy = bytes.ToArray();
        using (key) WrapKey(terms, newVersion, newMaster, key.Span, copy);
        rewrapped = ByteString.Own(copy);
        return true;
    }

    private static int VersionOf(ReadOnlySpan<byte> bytes, byte layout) =>
        bytes.Length >= Overhead && bytes[0] == layout ? Math.Max(0, BinaryPrimitives.ReadInt32BigEndian(bytes[VersionAt..])) : 0;

    private static bool TryOpen(
        byte[] keyBound, byte[] dataBound, SecretBytes master, ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out SecretBytes? plain)
    {
        plain = null;
        if (!TryUnwrapKey(keyBound, master, bytes, out var key)) return false;
        var data = GC.AllocateUninitializedArray<byte>(bytes.Length - Overhead, pinned: true);
        using (key)
        {
            using var gcm = new AesGcm(key.Span, TagLength);
            try
            {
                gcm.Decrypt(stackalloc byte[NonceLength], bytes[DataAt..^TagLength], bytes[^TagLength..], data, dataBound);
            }
            catch (AuthenticationTagMismatchException)
            {
                return false;
            }
        }
        plain = SecretBytes.Take(data);
        return true;
    }

    private static void WrapKey(OrderTerms terms, int version, SecretBytes master, ReadOnlySpan<byte> key, Span<byte> bytes)
    {
        bytes[0] = Layout;
        BinaryPrimitives.WriteInt32BigEndian(bytes[VersionAt..], version);
        // Random nonces under one master: rotate it before 2^32 sealings (SP 800-38D §8.3).
        RandomNumberGenerator.Fill(bytes[NonceAt..KeyAt]);
        using var gcm = new AesGcm(master.Span, TagLength);
        gcm.Encrypt(bytes[NonceAt..KeyAt], key, bytes[KeyAt..KeyTagAt], bytes[KeyTagAt..DataAt], KeyBound(terms, version));
    }

    private static bool TryUnwrapKey(byte[] bound, SecretBytes master, ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out SecretBytes? key)
    {
        key = null;
        Span<byte> plain = stackalloc byte[KeyLength];
        using var gcm = new AesGcm(master.Span, TagLength);
        try
        {
            gcm.Decrypt(bytes[NonceAt..KeyAt], bytes[KeyAt..KeyTagAt], bytes[KeyTagAt..DataAt], plain, bound);
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
        key = SecretBytes.Take(plain);
        return true;
    }

    /// <summary>Label ‖ master's version (4) ‖ the terms' digest (32).</summary>
    private static byte[] KeyBound(OrderTerms terms, int version)
    {
        Span<byte> number = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(number, version);
        return [.. "CardIssue order key v2\0"u8, .. number, .. terms.Digest()];
    }

    private static byte[] DataBound(OrderTerms terms) => [.. "CardIssue order data v2\0"u8, .. terms.Digest()];
}
