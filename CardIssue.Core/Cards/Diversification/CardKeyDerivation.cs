using System.Security.Cryptography;
using CardIssue.Core.Crypto;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Diversification;

/// <summary>Derives a card's keys from a master key and the key diversification data that INITIALIZE UPDATE returns first.</summary>
internal static class CardKeyDerivation
{
    /// <summary>Length of the key diversification data in bytes (GPCS §E.5.1, Amendment D §7.1.1).</summary>
    public const int DiversificationDataLength = 10;

    /// <summary>Derives the three keys of a card.</summary>
    /// <param name="method">How.</param>
    /// <param name="master">The master key: 16 bytes (2-key 3DES) for <see cref="KeyDiversification.EmvCps"/> and
    /// <see cref="KeyDiversification.Visa2"/>, 16, 24 or 32 (AES) for <see cref="KeyDiversification.Kdf3"/>.</param>
    /// <param name="diversificationData">10 bytes.</param>
    /// <exception cref="ArgumentException">A length is wrong, or the master is a weak 3DES key.</exception>
    public static CardKeySet Derive(KeyDiversification method, SecretBytes master, ReadOnlySpan<byte> diversificationData)
    {
        var enc = Derive(method, master, CardKeyPurpose.Enc, diversificationData);
        var mac = Derive(method, master, CardKeyPurpose.Mac, diversificationData);
        var dek = Derive(method, master, CardKeyPurpose.Dek, diversificationData);
        return new CardKeySet(enc, mac, dek);
    }

    /// <summary>Derives one key of a card, for sets that have a master key per purpose.</summary>
    /// <param name="method">How.</param>
    /// <param name="master">The master key, as above.</param>
    /// <param name="purpose">Which key.</param>
    /// <param name="diversificationData">10 bytes.</param>
    /// <exception cref="ArgumentException">A length is wrong, or the master is a weak 3DES key.</exception>
    public static SecretBytes Derive(KeyDiversification method, SecretBytes master, CardKeyPurpose purpose, ReadOnlySpan<byte> diversificationData)
    {
        ArgumentNullException.ThrowIfNull(master);
        if (diversificationData.Length != DiversificationDataLength)
            throw new ArgumentException($"Key diversification data has {DiversificationDataLength} bytes; this has {diversificationData.Length}.", nameof(diversificationData));
        var n = (byte)purpose;
        return method switch
        {
            KeyDiversification.None => SecretBytes.Copy(master.Span),
            KeyDiversification.EmvCps or KeyDiversification.Visa2 => FromHalves(master, BytesOf(method, diversificationData), n),
            KeyDiversification.Kdf3 => FromCounter(master, diversificationData, n),
        };
    }

    /// <summary>The bytes of the key diversification data that the keys come from, and that a cryptogram under them so proves.</summary>
    /// <param name="method">How the keys come from it.</param>
    /// <param name="diversificationData">10 bytes.</param>
    /// <returns>None, six or ten bytes.</returns>
    internal static byte[] BytesOf(KeyDiversification method, ReadOnlySpan<byte> diversificationData) => method switch
    {
        KeyDiversification.None => [],
        KeyDiversification.EmvCps => [.. diversificationData[4..10]],
        KeyDiversification.Visa2 => [.. diversificationData[..2], .. diversificationData[4..8]],
        KeyDiversification.Kdf3 => [.. diversificationData],
    };

    /// <summary>3DES-ECB(master, R | F0 | n | R | 0F | n), R being six bytes of the diversification data.</summary>
    private static SecretBytes FromHalves(SecretBytes master, ReadOnlySpan<byte> r, byte n)
    {
        Span<byte> input = [.. r, 0xF0, n, .. r, 0x0F, n];
        Span<byte> key = stackalloc byte[16];
        using var des = TwoKeyDes(master.Span);
        des.EncryptEcb(input, key, PaddingMode.None);
        return SecretBytes.Take(key);
    }

    /// <summary>CMAC(master, i | 000000 | n | 00 | diversification data), i = 1, 2, …; unlike SCP03's session KDF it holds no length.</summary>
    private static SecretBytes FromCounter(SecretBytes master, ReadOnlySpan<byte> diversificationData, byte n)
    {
        Span<byte> key = stackalloc byte[2 * AesCmac.Length];
        AesCmac.Compute(master.Span, [1, 0, 0, 0, n, 0, .. diversificationData], key[..AesCmac.Length]);
        AesCmac.Compute(master.Span, [2, 0, 0, 0, n, 0, .. diversificationData], key[AesCmac.Length..]);
        var secret = SecretBytes.Copy(key[..master.Length]);
        CryptographicOperations.ZeroMemory(key);
        return secret;
    }

    internal static TripleDES TwoKeyDes(ReadOnlySpan<byte> key)
    {
        if (key.Length != 16) throw new ArgumentException("A 2-key 3DES key has 16 bytes.", nameof(key));
        // SetKey does not spread two keys over three as the Key property does, and OpenSSL takes three only.
        Span<byte> three = [.. key, .. key[..8]];
        var des = TripleDES.Create();
        try
        {
            des.SetKey(three);
            return des;
        }
        catch (CryptographicException e)
        {
            des.Dispose();
            throw new ArgumentException("The 3DES key is weak: its halves are equal.", nameof(key), e);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(three);
        }
    }
}
