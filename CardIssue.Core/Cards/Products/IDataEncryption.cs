using CardIssue.Core.Cards.SecureChannel.Scp03;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Products;

/// <summary>Encrypts secret data under a card's DEK. The opening of the card has it.</summary>
public interface IDataEncryption
{
    /// <summary>Encrypts; the result has <see cref="DataEncryption.LengthOf"/> bytes.</summary>
    ByteString Encrypt(ReadOnlySpan<byte> plain);
}

/// <summary>How secret data is padded before it is encrypted under an AES DEK (Amendment D §6.2.8, §7.3): keys as they are, everything else with 80 00….</summary>
public static class DataEncryption
{
    private const int Block = 16;

    /// <summary>The padding for data of a length.</summary>
    public static DekPadding PaddingFor(int length) => length > 0 && length % Block == 0 ? DekPadding.None : DekPadding.Iso;

    /// <summary>The length of the encrypted data in bytes, known without the key.</summary>
    public static int LengthOf(int length) => PaddingFor(length) is DekPadding.None ? length : (length / Block + 1) * Block;
}
