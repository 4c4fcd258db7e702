using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using CardIssue.Core;

namespace CardIssue.Center.Vault;

/// <summary>
/// Write data at rest. Layout: 01 (1) ‖ master's version (4) ‖ nonce (12) ‖ the order data key under the master (32) ‖ tag (16) ‖ the data under the order data key ‖ tag (16); AES-256-GCM both.
/// The order data key is random for each sealing and used once, so the data's nonce is zero. Both are bound to the order and to what they are.
/// </summary>
internal static class OrderDataSeal
{
    public const int Overhead = DataAt + TagLength;

    private const int KeyLength = 32, NonceLength = 12, TagLength = 16;
    private const int VersionAt = 1, NonceAt = 5, KeyAt = NonceAt + NonceLength, KeyTagAt = KeyAt + KeyLength, DataAt = KeyTagAt + TagLength;
    private const byte Layout = 1;

    public static ByteString Seal(OrderId order, int version, SecretBytes master, ReadOnlySpan<byte> plain)
    {
        using var key = SecretBytes.Random(KeyLength);
        var bytes = new byte[Overhead + plain.Length];
        WrapKey(order, version, master, key.Span, bytes);
        using var data = new AesGcm(key.Span, TagLength);
        data.Encrypt(stackalloc byte[NonceLength], plain, bytes.AsSpan(DataAt, plain.Length), bytes.AsSpan(^TagLength..), DataBound(order));
        return ByteString.Own(bytes);
    }

    /// <summary>The version of the master that wrapped the key; 0 when the bytes are no sealed data.</summary>
    public static int VersionOf(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= Overhead && bytes[0] == Layout ? Math.Max(0, BinaryPrimitives.ReadInt32BigEndian(bytes[VersionAt..])) : 0;

    public static bool TryOpen(OrderId order, SecretBytes master, ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out SecretBytes? plain)
    {
        plain = null;
        if (!TryUnwrapKey(order, master, bytes, out var key)) return false;
        var data = GC.AllocateUninitializedArray<byte>(bytes.Length - Overhead, pinned: true);
        using (key)
        {
            using var gcm = new AesGcm(key.Span, TagLength);
            try
            {
                gcm.Decrypt(stackalloc byte[NonceLength], bytes[DataAt..^TagLength], bytes[^TagLength..], data, DataBound(order));
            }
            catch (AuthenticationTagMismatchException)
            {
                return false;
            }
        }
        plain = SecretBytes.Take(data);
        return true;
    }

    public static bool TryRewrap(OrderId order, SecretBytes master, int newVersion, SecretBytes newMaster, ReadOnlySpan<byte> bytes, out ByteString rewrapped)
    {
        rewrapped = default;
        if (!TryUnwrapKey(order, master, bytes, out var key)) return false;
        var copy = bytes.ToArray();
        using (key) WrapKey(order, newVersion, newMaster, key.Span, copy);
        rewrapped = ByteString.Own(copy);
        return true;
    }

    private static void WrapKey(OrderId order, int version, SecretBytes master, ReadOnlySpan<byte> key, Span<byte> bytes)
    {
        bytes[0] = Layout;
        BinaryPrimitives.WriteInt32BigEndian(bytes[VersionAt..], version);
        // Random nonces under one master: rotate it before 2^32 sealings (SP 800-38D §8.3).
        RandomNumberGenerator.Fill(bytes[NonceAt..KeyAt]);
        using var gcm = new AesGcm(master.Span, TagLength);
        gcm.Encrypt(bytes[NonceAt..KeyAt], key, bytes[KeyAt..KeyTagAt], bytes[KeyTagAt..DataAt], KeyBound(order, version));
    }

    private static bool TryUnwrapKey(OrderId order, SecretBytes master, ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out SecretBytes? key)
    {
        key = null;
        Span<byte> plain = stackalloc byte[KeyLength];
        using var gcm = new AesGcm(master.Span, TagLength);
        try
        {
            gcm.Decrypt(bytes[NonceAt..KeyAt], bytes[KeyAt..KeyTagAt], bytes[KeyTagAt..DataAt], plain, KeyBound(order, VersionOf(bytes)));
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
        key = SecretBytes.Take(plain);
        return true;
    }

    private static byte[] KeyBound(OrderId order, int version) => Encoding.UTF8.GetBytes($"CardIssue order key v1\0{version}\0{order.Value}");

    private static byte[] DataBound(OrderId order) => Encoding.UTF8.GetBytes($"CardIssue order data v1\0{order.Value}");
}
