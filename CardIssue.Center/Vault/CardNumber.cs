using System.Security.Cryptography;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Vault;

/// <summary>
/// A number that the center gives to a card: 10 random bytes, and 6 bytes of an HMAC-SHA-256 over them. So a number of ours is told from
/// what a factory wrote there, also when the store was lost.
/// </summary>
internal static class CardNumber
{
    /// <summary>Its length in bytes.</summary>
    public const int Length = RandomLength + MacLength;

    private const int RandomLength = 10, MacLength = 6;

    private static ReadOnlySpan<byte> Label => "CardIssue card number v1\0"u8;

    internal static ByteString Create(SecretBytes key)
    {
        var number = new byte[Length];
        RandomNumberGenerator.Fill(number.AsSpan(0, RandomLength));
        Mac(key, number).CopyTo(number.AsSpan(RandomLength));
        return ByteString.Own(number);
    }

    internal static bool IsOf(SecretBytes key, ByteString number) =>
        number.Length == Length && CryptographicOperations.FixedTimeEquals(Mac(key, number.Span), number.Span[RandomLength..]);

    private static ReadOnlySpan<byte> Mac(SecretBytes key, ReadOnlySpan<byte> number)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key.Span);
        hmac.AppendData(Label);
        hmac.AppendData(number[..RandomLength]);
        return hmac.GetHashAndReset().AsSpan(0, MacLength);
    }
}
