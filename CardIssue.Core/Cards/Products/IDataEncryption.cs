using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Products;

/// <summary>Encrypts secret data under a card's DEK. The opening of the card has it.</summary>
internal interface IDataEncryption
{
    /// <summary>Encrypts; the result has <see cref="DataEncryption.LengthOf"/> bytes.</summary>
    ByteString Encrypt(ReadOnlySpan<byte> plain);

    /// <summary>Keys that the card is to get, ENC, MAC and DEK, made for this card and encrypted under the DEK that it has now.</summary>
    /// <exception cref="InvalidOperationException">There are no keys here to make them of.</exception>
    ValueList<EncryptedKey> Keys(HeldKeySet set) => throw new InvalidOperationException("Keys are made where the master keys are.");
}

/// <summary>
/// How secret data is padded before it is encrypted under the DEK (Amendment D §6.2.8, §7.3; GPCS §E.4.7): whole blocks, such as keys, as they are,
/// everything else with 80 00…. Blocks have 16 bytes in SCP03, 8 in SCP02.
/// </summary>
internal static class DataEncryption
{
    /// <summary>The padding for data of a length.</summary>
    public static DekPadding PaddingFor(int length, ScpProtocol protocol) =>
        length > 0 && length % BlockOf(protocol) == 0 ? DekPadding.None : DekPadding.Iso;

    /// <summary>The length of the encrypted data in bytes, known without the key.</summary>
    public static int LengthOf(int length, ScpProtocol protocol) => PaddingFor(length, protocol) is DekPadding.None
        ? length : (length / BlockOf(protocol) + 1) * BlockOf(protocol);

    private static int BlockOf(ScpProtocol protocol) => protocol is ScpProtocol.Scp02 ? 8 : 16;
}
