using System.Buffers.Binary;

namespace CardIssue.Core.Crypto;

/// <summary>AES-CMAC (NIST SP 800-38B, RFC 4493), over AES of the operating system's library: its key schedule is freed and zeroed after each call.</summary>
internal static class AesCmac
{
    /// <summary>Length of a full MAC in bytes.</summary>
    public const int Length = 16;

    /// <summary>Computes the MAC of <paramref name="message"/>.</summary>
    /// <param name="key">16, 24 or 32 bytes.</param>
    /// <param name="message">Any number of bytes.</param>
    /// <param name="mac">Receives 16 bytes.</param>
    /// <exception cref="ArgumentException">The key is no AES key, or <paramref name="mac"/> is not 16 bytes.</exception>
    public static void Compute(ReadOnlySpan<byte> key, ReadOnlySpan<byte> message, Span<byte> mac)
    {
        if (mac.Length != Length) throw new ArgumentException($"The MAC has {Length} bytes.", nameof(mac));
        using var aes = new AesSession(key);
        BinaryPrimitives.WriteUInt128BigEndian(mac, aes.Mac(message));
    }
}
