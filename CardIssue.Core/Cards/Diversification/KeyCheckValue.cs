using System.Security.Cryptography;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Diversification;

/// <summary>Key check values (GPCS App. B): three bytes that tell whether two sides hold the same key without telling the key.</summary>
public static class KeyCheckValue
{
    /// <summary>Length in bytes.</summary>
    public const int Length = 3;

    /// <summary>Of a 2-key 3DES key: the first bytes of 3DES-ECB over eight bytes 00.</summary>
    /// <exception cref="ArgumentException">Not 16 bytes, or a weak key.</exception>
    public static ByteString OfDes(SecretBytes key)
    {
        ArgumentNullException.ThrowIfNull(key);
        using var des = CardKeyDerivation.TwoKeyDes(key.Span);
        Span<byte> block = stackalloc byte[8];
        block.Clear();
        des.EncryptEcb(block, block, PaddingMode.None);
        return Take(block);
    }

    /// <summary>Of an AES key: the first bytes of AES-ECB over sixteen bytes 01 (Amendment D; some products use 00).</summary>
    /// <exception cref="ArgumentException">Not 16, 24 or 32 bytes.</exception>
    public static ByteString OfAes(SecretBytes key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (key.Length is not (16 or 24 or 32)) throw new ArgumentException("An AES key has 16, 24 or 32 bytes.", nameof(key));
        using var aes = Aes.Create();
        aes.SetKey(key.Span);
        Span<byte> block = stackalloc byte[16];
        block.Fill(0x01);
        aes.EncryptEcb(block, block, PaddingMode.None);
        return Take(block);
    }

    // What a check value leaves out is as good as a known plaintext and ciphertext; nobody needs it.
    private static ByteString Take(Span<byte> block)
    {
        var value = ByteString.Copy(block[..Length]);
        CryptographicOperations.ZeroMemory(block);
        return value;
    }
}
