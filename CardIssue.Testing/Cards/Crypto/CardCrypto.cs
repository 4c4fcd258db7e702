using System.Security.Cryptography;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Macs;
using Org.BouncyCastle.Crypto.Parameters;

namespace CardIssue.Testing.Cards.Crypto;

/// <summary>The card's cryptography: AES, AES-CMAC (RFC 4493), key check values; padding.</summary>
internal static partial class CardCrypto
{
    public const int BlockLength = 16;

    /// <summary>AES-CMAC over the parts in order, 16 bytes.</summary>
    public static byte[] Cmac(ReadOnlySpan<byte> key, params ReadOnlySpan<byte[]> parts)
    {
        var mac = new CMac(new AesEngine());
        mac.Init(new KeyParameter(key.ToArray()));
        foreach (var part in parts) mac.BlockUpdate(part, 0, part.Length);
        var result = new byte[mac.GetMacSize()];
        mac.DoFinal(result, 0);
        return result;
    }

    public static byte[] EncryptBlock(ReadOnlySpan<byte> key, ReadOnlySpan<byte> block)
    {
        using var aes = MakeAes(key);
        return aes.EncryptEcb(block, PaddingMode.None);
    }

    public static byte[] EncryptCbc(ReadOnlySpan<byte> key, ReadOnlySpan<byte> iv, ReadOnlySpan<byte> data)
    {
        using var aes = MakeAes(key);
        return aes.EncryptCbc(data, iv, PaddingMode.None);
    }

    public static byte[] DecryptCbc(ReadOnlySpan<byte> key, ReadOnlySpan<byte> iv, ReadOnlySpan<byte> data)
    {
        using var aes = MakeAes(key);
        return aes.DecryptCbc(data, iv, PaddingMode.None);
    }

    /// <summary>Pads with 80 00… to whole blocks; always adds at least one byte (ISO 9797-1 method 2).</summary>
    public static byte[] Pad(ReadOnlySpan<byte> data, int block = BlockLength)
    {
        var padded = new byte[(data.Length / block + 1) * block];
        data.CopyTo(padded);
        padded[data.Length] = 0x80;
        return padded;
    }

    /// <summary>Takes 80 00… off; null when it is not there.</summary>
    public static byte[]? Unpad(ReadOnlySpan<byte> padded)
    {
        var end = padded.TrimEnd((byte)0).Length;
        return end > 0 && padded[end - 1] == 0x80 ? padded[..(end - 1)].ToArray() : null;
    }

    /// <summary>AES key check value: first 3 bytes of the key's encryption of 01×16 (GPCS B.6).</summary>
    public static byte[] AesCheckValue(ReadOnlySpan<byte> key)
    {
        Span<byte> ones = stackalloc byte[BlockLength];
        ones.Fill(1);
        return EncryptBlock(key, ones)[..3];
    }

    /// <summary>Two-key triple DES key check value: first 3 bytes of the key's encryption of 00×8 (GPCS B.5).</summary>
    public static byte[] DesCheckValue(ReadOnlySpan<byte> key) => EncryptTripleDes(key, new byte[8])[..3];

    private static Aes MakeAes(ReadOnlySpan<byte> key)
    {
        var aes = Aes.Create();
        aes.SetKey(key);
        return aes;
    }
}
