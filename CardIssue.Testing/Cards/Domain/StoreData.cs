using CardIssue.Core.Primitives;
using CardIssue.Testing.Cards.Apdu;
using CardIssue.Testing.Cards.Application;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Testing.Cards.Domain;

/// <summary>STORE DATA (GPCS 11.11): to the security domain itself, or on to the application that INSTALL [for personalization] named.</summary>
internal static class StoreData
{
    private const byte Last = 0x80, EncryptionBits = 0x60, Format = 0x18, DgiFormat = 0x08, BerFormat = 0x10;
    private const ushort TlvGrouping = 0x0070;

    public static Reply Execute(CardMemory card, Command command)
    {
        var progress = card.Volatile.StoreData;
        if (!progress.Accepts(command.P2)) return Refuse(progress, Sw.WrongP1P2);
        var target = card.Volatile.PersonalizationTarget ?? card.SelectedDomain ?? card.Volatile.Selected;
        var isLast = (command.P1 & Last) != 0;
        var reply = target.IsEmpty || card.State.Find(target) is { IsSecurityDomain: true }
            ? StoreInDomain(card, target, command, isLast) : Personalization.Store(card, target, command, isLast);
        if (reply.StatusWord != Sw.Ok) return Refuse(progress, reply.StatusWord);
        progress.Took(command.P2);
        if (!isLast) return reply;
        progress.Restart();
        card.Volatile.PersonalizationTarget = null;
        return reply;
    }

    /// <param name="domain">Which, empty for the issuer's.</param>
    private static Reply StoreInDomain(CardMemory card, ByteString domain, Command command, bool isLast)
    {
        // Of data that is encrypted a domain takes keys alone, which come as groupings (GPCS 11.11.4).
        var isEncrypted = (command.P1 & EncryptionBits) != 0;
        if (!HasDgiFormat(command))
            return isEncrypted ? Sw.NotSupported : StoreObjects(card, domain, card.Volatile.StoreData.TakeObjects(command.Data), isLast);
        if (card.Volatile.StoreData.TakeGroupings(command.Data, isEncrypted) is not { } groupings) return Sw.NoRoom;
        if (groupings.Any(grouping => grouping.Dgi is KeyGroupings.Descriptions or KeyGroupings.SecretKey))
        {
            if (!isEncrypted || isLast && card.Volatile.StoreData.HasPending) return Sw.WrongData;
            return KeyGroupings.Store(card, domain, groupings) ?? (Reply)Sw.Ok;
        }
        if (isEncrypted) return Sw.NotSupported;
        var objects = new List<(int, byte[])>();
        foreach (var grouping in groupings)
        {
            if (grouping.Dgi != TlvGrouping) return Sw.ReferenceNotFound;
            if (Tlv.ReadAll(grouping.Value) is not { } inner) return Sw.WrongData;
            objects.AddRange(inner);
        }
        return StoreObjects(card, domain, objects, isLast);
    }

    // Without a stated format, a DGI stream for a security domain starts with DGI 0070; 00 starts no BER-TLV object.
    private static bool HasDgiFormat(Command command) =>
        (command.P1 & Format) == DgiFormat || (command.P1 & Format) == 0 && command.Data.Length > 0 && command.Data[0] == 0x00;

    private static Reply StoreObjects(CardMemory card, ByteString domain, List<(int Tag, byte[] Value)>? objects, bool isLast)
    {
        if (objects is null) return Sw.NoRoom;
        if (isLast && card.Volatile.StoreData.HasPending) return Sw.WrongData;
        var data = DomainData.Of(card.State, domain);
        foreach (var (tag, value) in objects)
        {
            if (!DomainData.IsWritable(tag)) return Sw.ReferenceNotFound;
            data = data.SetItem(tag, ByteString.Copy(value));
        }
        if (objects.Count > 0)
            card.State = domain.IsEmpty ? card.State with { Data = data } : card.State.With(card.State.Find(domain)! with { Data = data });
        return Reply.Ok();
    }

    private static Reply Refuse(StoreDataProgress progress, ushort statusWord)
    {
        progress.Failed();
        return statusWord;
    }

    /// <summary>Whether an application can take this form: DGIs, said so or by default.</summary>
    internal static bool IsForApplications(Command command) => (command.P1 & Format) is 0 or DgiFormat && (command.P1 & BerFormat) == 0;
}
