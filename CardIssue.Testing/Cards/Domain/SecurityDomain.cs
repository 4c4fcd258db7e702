using CardIssue.Testing.Cards.Apdu;

namespace CardIssue.Testing.Cards.Domain;

/// <summary>A security domain's commands (GPCS 11), the issuer's and others'. All but GET DATA need an open secure channel.</summary>
internal static class SecurityDomain
{
    public static Reply Execute(CardMemory card, Command command)
    {
        if (command.Ins is 0xCA or 0xCB) return DomainData.Get(card, command);
        if ((command.Cla & 0x80) == 0) return Known(command.Ins) ? Sw.UnknownCla : Sw.UnknownIns;
        if (!Known(command.Ins)) return Sw.UnknownIns;
        if (card.Volatile.Channel is null) return Sw.Security;
        if (card.SelectedDomain is { IsEmpty: false } domain && SupplementaryDomain.Refuses(card.State, domain, command) is { } refusal)
            return refusal;
        return command.Ins switch
        {
            0xF2 => GetStatus.Execute(card, command),
            0xE2 => StoreData.Execute(card, command),
            0xF0 => SetStatus.Execute(card, command),
            0xD8 => PutKey.Execute(card, command),
            0xE6 => Install.Execute(card, command),
            0xE8 => Load.Execute(card, command),
            0xE4 => Delete.Execute(card, command),
            _ => Sw.UnknownIns,
        };
    }

    private static bool Known(byte ins) => ins is 0xF2 or 0xE2 or 0xF0 or 0xD8 or 0xE6 or 0xE8 or 0xE4;
}
