using System.Buffers.Binary;
using System.Security.Cryptography;

namespace CardIssue.Core.Cards.SecureChannel.Scp02;

/// <summary>
/// Two-key triple DES as SCP02 uses it (GPCS §B.1, §E.4): ECB, CBC with ICV 0, and the retail MAC (ISO 9797-1 algorithm 3). Key schedules
/// live on the stack and are zeroed.
/// </summary>
internal static class TripleDes
{
    public const int KeyLength = 16;

    private const int Block = Des.BlockLength;

    /// <summary>Encrypts whole blocks each by itself.</summary>
    public static void EncryptEcb(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, Span<byte> encrypted) =>
        Encrypt(key, data, encrypted, chained: false);

    /// <summary>Encrypts whole blocks in CBC mode, ICV 0. In place is fine.</summary>
    public static void EncryptCbc(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, Span<byte> encrypted) =>
        Encrypt(key, data, encrypted, chained: true);

    /// <summary>The left half of the key alone, over one block: what encrypts an ICV (GPCS §E.3.4).</summary>
    public static ulong EncryptSingle(ReadOnlySpan<byte> key, ulong block)
    {
        Span<ulong> schedule = stackalloc ulong[Des.Rounds];
        Des.Expand(key[..Block], schedule);
        block = Des.Encrypt(schedule, block);
        schedule.Clear();
        return block;
    }

    /// <summary>Single DES under the left half over all blocks but the last, which gets triple DES (GPCS §B.1.2.2).</summary>
    /// <param name="key">16 bytes.</param>
    /// <param name="icv">The initial chaining vector.</param>
    /// <param name="message">Any number of bytes; it is padded with 80 00….</param>
    public static ulong RetailMac(ReadOnlySpan<byte> key, ulong icv, ReadOnlySpan<byte> message)
    {
        Span<ulong> left = stackalloc ulong[Des.Rounds], right = stackalloc ulong[Des.Rounds];
        Expand(key, left, right);
        var mac = icv;
        for (; message.Length >= Block; message = message[Block..]) mac = Des.Encrypt(left, mac ^ BinaryPrimitives.ReadUInt64BigEndian(message));
        Span<byte> last = stackalloc byte[Block];
        last.Clear();
        message.CopyTo(last);
        last[message.Length] = 0x80;
        mac = Encrypt(left, right, mac ^ BinaryPrimitives.ReadUInt64BigEndian(last));
        CryptographicOperations.ZeroMemory(last);
        left.Clear();
        right.Clear();
        return mac;
    }

    private static void Encrypt(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, Span<byte> encrypted, bool chained)
    {
        if (data.Length % Block != 0) throw new ArgumentException($"Triple DES encrypts blocks of {Block} bytes.", nameof(data));
        Span<ulong> left = stackalloc ulong[Des.Rounds], right = stackalloc ulong[Des.Rounds];
        Expand(key, left, right);
        ulong chain = 0;
        for (var at = 0; at < data.Length; at += Block)
        {
            var block = Encrypt(left, right, chain ^ BinaryPrimitives.ReadUInt64BigEndian(data[at..]));
            BinaryPrimitives.WriteUInt64BigEndian(encrypted[at..], block);
            if (chained) chain = block;
        }
        left.Clear();
        right.Clear();
    }

    private static void Expand(ReadOnlySpan<byte> key, Span<ulong> left, Span<ulong> right)
    {
        if (key.Length != KeyLength) throw new ArgumentException($"A two-key triple DES key has {KeyLength} bytes.", nameof(key));
        Des.Expand(key[..Block], left);
        Des.Expand(key[Block..], right);
    }

    private static ulong Encrypt(ReadOnlySpan<ulong> left, ReadOnlySpan<ulong> right, ulong block) =>
        Des.Encrypt(left, Des.Decrypt(right, Des.Encrypt(left, block)));
}
