using System.Collections.Frozen;
using CardIssue.Core.Cards.Tlv;

namespace CardIssue.Core.Cards.Products.Emv;

/// <summary>
/// The data objects of a customer's card that people may see at the center: what says how the application is set up, and what is printed on
/// the card beside its number and the name. Everything else is hidden: what is not in this list, too.
/// </summary>
internal static class ShownObjects
{
    private static readonly BerTag Number = 0x5A, Track2 = 0x57;

    private static readonly FrozenSet<uint> Tags = FrozenSet.ToFrozenSet<uint>(
    [
        // Labels, names and priorities of the application.
        0x4F, 0x50, 0x84, 0x87, 0x9F11, 0x9F12, 0x5F2D,
        // Validity, service, sequence; country and currency.
        0x5F24, 0x5F25, 0x5F30, 0x5F34, 0x5F28, 0x5F55, 0x5F56, 0x9F42, 0x9F44,
        // What the terminal is to do.
        0x82, 0x8C, 0x8D, 0x8E, 0x94, 0x97, 0x9F07, 0x9F08, 0x9F0D, 0x9F0E, 0x9F0F, 0x9F38, 0x9F49, 0x9F4A, 0x9F4D, 0x9F4F,
        // Of keys, what names them and is the same on every card of an issuer.
        0x8F, 0x9F32, 0x9F47,
    ]);

    public static bool Contains(BerTag tag) => Tags.Contains(tag.Value);

    /// <summary>Whether it begins with a card number, whose first and last digits may be seen.</summary>
    public static bool IsCardNumber(BerTag tag) => tag == Number || tag == Track2;
}
