using System.Security.Cryptography;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.SecureChannel.Scp03;

/// <summary>How data is brought to a multiple of 16 bytes before it is encrypted under the DEK.</summary>
public enum DekPadding
{
    /// <summary>Not at all: the data is a multiple of 16 bytes.</summary>
    None,
    /// <summary>Key data: 24-byte keys get 8 random bytes at their end (Amendment D §6.2.8).</summary>
    KeyData,
    /// <summary>80 and as many 00 as are due, always.</summary>
    Iso,
}

/// <summary>Encryption of sensitive data under the static Key-DEK.</summary>
internal static class Scp03DataEncryption
{
    private const int BlockLength = 16;

    public static ByteString Encrypt(SecretBytes dek, ReadOnlySpan<byte> plain, DekPadding padding)
    {
        if (plain.IsEmpty) throw new ArgumentException("There is nothing to encrypt.", nameof(plain));
        var whole = plain.Length % BlockLength == 0;
        var fits = padding switch
        {
            DekPadding.None => whole,
            DekPadding.KeyData => plain.Length is 16 or 24 or 32,
            DekPadding.Iso => true,
        };
        if (!fits) throw new ArgumentException($"{plain.Length} bytes do not fit padding {padding}.", nameof(plain));

        var length = whole && padding != DekPadding.Iso ? plain.Length : (plain.Length / BlockLength + 1) * BlockLength;
        var padded = GC.AllocateArray<byte>(length, pinned: true);
        plain.CopyTo(padded);
        if (padding == DekPadding.Iso) padded[plain.Length] = 0x80;
        else RandomNumberGenerator.Fill(padded.AsSpan(plain.Length));
        var encrypted = new byte[length];
        using var aes = Aes.Create();
        aes.SetKey(dek.Span);
        aes.EncryptCbc(padded, stackalloc byte[BlockLength], encrypted, PaddingMode.None);
        CryptographicOperations.ZeroMemory(padded);
        return ByteString.Own(encrypted);
    }
}
