using CardIssue.Core.Primitives;

namespace CardIssue.Testing.Cards.State;

/// <summary>What a card has besides what is loaded onto it.</summary>
internal static class CardPlatform
{
    /// <summary>Memory for programs and applications where a card's file says nothing, in bytes.</summary>
    public const int Memory = 192 * 1024;

    /// <summary>What an application takes of it, in bytes.</summary>
    public const int ApplicationMemory = 512;

    /// <summary>
    /// What security domains are installed from, by the AIDs that GlobalPlatform gives them (Card Specification, Secure Element configuration);
    /// part of the platform, so GET STATUS does not tell of it.
    /// </summary>
    public static LoadFile SecurityDomains { get; } =
        new(ByteString.FromHex("A0000001515350"), ByteString.Own([1, 0]), [ByteString.FromHex("A000000151535041")], 0);

    /// <summary>
    /// The packages of Java Card 3.0.5 in the versions of its export files, and GlobalPlatform's API 1.6 (Oracle; GlobalPlatform).
    /// </summary>
    public static ValueList<CardPackage> JavaCard305 { get; } =
    [
        new(ByteString.FromHex("A0000000620001"), 1, 0), new(ByteString.FromHex("A0000000620002"), 1, 0), new(ByteString.FromHex("A0000000620101"), 1, 6),
        new(ByteString.FromHex("A0000000620102"), 1, 6), new(ByteString.FromHex("A0000000620201"), 1, 6), new(ByteString.FromHex("A0000000620202"), 1, 3),
        new(ByteString.FromHex("A00000015100"), 1, 6),
    ];
}
