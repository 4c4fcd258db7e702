using CardIssue.Core.Primitives;
using CardIssue.Testing.Cards.Apdu;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Testing.Cards.Domain;

/// <summary>
/// What a supplementary security domain may do besides (GPCS 7.2, 11.1.2): with its applications and its keys all that needs no privilege. It
/// manages no card content; that stays with the issuer's domain on these cards.
/// </summary>
internal static class SupplementaryDomain
{
    private const byte InstallIns = 0xE6, LoadIns = 0xE8, SetStatusIns = 0xF0, ForPersonalization = 0x20, OfCard = 0x80;

    /// <summary>Why a command is not for it; null for what it does as the issuer's domain does.</summary>
    public static ushort? Refuses(CardState card, ByteString domain, Command command) => command.Ins switch
    {
        LoadIns => Sw.Conditions,
        InstallIns => command.P1 == ForPersonalization ? null : Sw.Conditions,
        SetStatusIns when command.P1 == OfCard => Sw.Conditions,
        SetStatusIns => IsWithin(card, ByteString.Copy(command.Data), domain) ? null : Sw.ReferenceNotFound,
        _ => null,
    };

    /// <summary>Whether it is the domain itself, or what belongs to it.</summary>
    public static bool IsWithin(CardState card, ByteString aid, ByteString domain) => aid == domain || card.BelongsTo(aid, domain);
}
