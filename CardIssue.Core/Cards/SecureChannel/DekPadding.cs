using System.Security.Cryptography;

namespace CardIssue.Core.Cards.SecureChannel;

/// <summary>How data is brought to whole blocks before it is encrypted under the DEK: of 16 bytes in SCP03, of 8 in SCP02.</summary>
public enum DekPadding
{
    /// <summary>Not at all: the data is whole blocks.</summary>
    None,
    /// <summary>Key data: 24-byte keys in SCP03 get 8 random bytes at their end (Amendment D §6.2.8).</summary>
    KeyData,
    /// <summary>80 and as many 00 as are due, always.</summary>
    Iso,
}

/// <summary>Brings data to whole blocks.</summary>
internal static class DekPadded
{
    /// <summary>The data, padded, in pinned memory that the caller zeroes.</summary>
    /// <exception cref="ArgumentException">There is none, or its length does not fit the padding.</exception>
    public static byte[] Pad(ReadOnlySpan<byte> plain, DekPadding padding, int block)
    {
        if (plain.IsEmpty) throw new ArgumentException("There is nothing to encrypt.", nameof(plain));
        var whole = plain.Length % block == 0;
        var fits = padding switch
        {
            DekPadding.None => whole,
            DekPadding.KeyData => plain.Length is 16 or 24 or 32,
            DekPadding.Iso => true,
        };
        if (!fits) throw new ArgumentException($"{plain.Length} bytes do not fit padding {padding}.", nameof(plain));

        var length = whole && padding != DekPadding.Iso ? plain.Length : (plain.Length / block + 1) * block;
        var padded = GC.AllocateArray<byte>(length, pinned: true);
        plain.CopyTo(padded);
        if (padding == DekPadding.Iso) padded[plain.Length] = 0x80;
        else RandomNumberGenerator.Fill(padded.AsSpan(plain.Length));
        return padded;
    }
}
