using CardIssue.Core.Primitives;
using CardIssue.VirtualCard.Apdu;
using CardIssue.VirtualCard.Application;
using CardIssue.VirtualCard.State;

namespace CardIssue.VirtualCard.Domain;

/// <summary>STORE DATA (GPCS 11.11): to the security domain itself, or on to the application that INSTALL [for personalization] named.</summary>
internal static class StoreData
{
    private const byte Last = 0x80, Format = 0x18, DgiFormat = 0x08, BerFormat = 0x10;
    private const ushort TlvGrouping = 0x0070;

    public static Reply Execute(CardMemory card, Command command)
    {
        var progress = card.Volatile.StoreData;
        if (!progress.Accepts(command.P2)) return Refuse(progress, Sw.WrongP1P2);
        var target = card.Volatile.PersonalizationTarget ?? (card.IsDomainSelected ? (ByteString?)null : card.Volatile.Selected);
        var isLast = (command.P1 & Last) != 0;
        var reply = target is { } aid ? Personalization.Store(card, aid, command, isLast) : StoreInDomain(card, command, isLast);
        if (reply.StatusWord != Sw.Ok) return Refuse(progress, reply.StatusWord);
        progress.Took(command.P2);
        if (!isLast) return reply;
        progress.Restart();
        card.Volatile.PersonalizationTarget = null;
        return reply;
    }

    private static Reply StoreInDomain(CardMemory card, Command command, bool isLast)
    {
        if ((command.P1 & 0x60) != 0) return Sw.NotSupported;
        if (!HasDgiFormat(command)) return StoreObjects(card, card.Volatile.StoreData.TakeObjects(command.Data), isLast);
        if (card.Volatile.StoreData.TakeGroupings(command.Data, isEncrypted: false) is not { } groupings) return Sw.NoRoom;
        var objects = new List<(int, byte[])>();
        foreach (var grouping in groupings)
        {
            if (grouping.Dgi != TlvGrouping) return Sw.ReferenceNotFound;
            if (Tlv.ReadAll(grouping.Value) is not { } inner) return Sw.WrongData;
            objects.AddRange(inner);
        }
        return StoreObjects(card, objects, isLast);
    }

    // Without a stated format, a DGI stream for a security domain starts with DGI 0070; 00 starts no BER-TLV object.
    private static bool HasDgiFormat(Command command) =>
        (command.P1 & Format) == DgiFormat || (command.P1 & Format) == 0 && command.Data.Length > 0 && command.Data[0] == 0x00;

    private static Reply StoreObjects(CardMemory card, List<(int Tag, byte[] Value)>? objects, bool isLast)
    {
        if (objects is null) return Sw.NoRoom;
        if (isLast && card.Volatile.StoreData.HasPending) return Sw.WrongData;
        var data = card.State.Data;
        foreach (var (tag, value) in objects)
        {
            if (!DomainData.IsWritable(tag)) return Sw.ReferenceNotFound;
            data = data.SetItem(tag, ByteString.Copy(value));
        }
        if (objects.Count > 0) card.State = card.State with { Data = data };
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
