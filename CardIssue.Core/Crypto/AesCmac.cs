using System.Security.Cryptography;

namespace CardIssue.Core.Crypto;

/// <summary>AES-CMAC (NIST SP 800-38B, RFC 4493), over AES of the operating system's library: its key schedule is freed and zeroed after each call.</summary>
internal static class AesCmac
{
    /// <summary>Length of a full MAC in bytes.</summary>
    public const int Length = 16;

    private const int StackLimit = 512;

    /// <summary>Computes the MAC of <paramref name="message"/>.</summary>
    /// <param name="key">16, 24 or 32 bytes.</param>
    /// <param name="message">Any number of bytes.</param>
    /// <param name="mac">Receives 16 bytes.</param>
    /// <exception cref="ArgumentException">The key is no AES key, or <paramref name="mac"/> is not 16 bytes.</exception>
    public static void Compute(ReadOnlySpan<byte> key, ReadOnlySpan<byte> message, Span<byte> mac)
    {
        if (key.Length is not (16 or 24 or 32)) throw new ArgumentException("An AES key has 16, 24 or 32 bytes.", nameof(key));
        if (mac.Length != Length) throw new ArgumentException($"The MAC has {Length} bytes.", nameof(mac));
        using var aes = Aes.Create();
        aes.SetKey(key);
        Compute(aes, message, mac);
    }

    private static void Compute(Aes aes, ReadOnlySpan<byte> message, Span<byte> mac)
    {
        var whole = message.Length != 0 && message.Length % Length == 0;
        var padded = whole ? message.Length : message.Length / Length * Length + Length;
        var heap = padded > StackLimit ? GC.AllocateUninitializedArray<byte>(padded, pinned: true) : null;
        Span<byte> subkey = stackalloc byte[Length];
        Span<byte> zeros = stackalloc byte[Length];
        Span<byte> blocks = heap ?? stackalloc byte[StackLimit];
        blocks = blocks[..padded];
        zeros.Clear();
        try
        {
            blocks.Clear();
            message.CopyTo(blocks);
            if (!whole) blocks[message.Length] = 0x80;
            aes.EncryptEcb(zeros, subkey, PaddingMode.None);
            Double(subkey);
            if (!whole) Double(subkey);
            for (var i = 0; i < Length; i++) blocks[padded - Length + i] ^= subkey[i];
            aes.EncryptCbc(blocks, zeros, blocks, PaddingMode.None);
            blocks[^Length..].CopyTo(mac);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(blocks);
            CryptographicOperations.ZeroMemory(subkey);
        }
    }

    /// <summary>Doubles in GF(2^128), without a branch on the secret (SP 800-38B §6.1).</summary>
    private static void Double(Span<byte> block)
    {
        var carry = block[0] >> 7;
        for (var i = 0; i < Length - 1; i++) block[i] = (byte)(block[i] << 1 | block[i + 1] >> 7);
        block[^1] = (byte)(block[^1] << 1 ^ 0x87 * carry);
    }
}
