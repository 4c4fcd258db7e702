using CardIssue.Testing.Cards.Apdu;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Testing.Cards.Domain;

/// <summary>LOAD (GPCS 11.6): blocks in order; the file is in the registry after the last one, or not at all.</summary>
internal static class Load
{
    private const byte LastBlock = 0x80;

    public static Reply Execute(CardMemory card, Command command)
    {
        if (card.Volatile.Load is not { } load) return Sw.Conditions;
        if ((command.P1 & 0x7F) != 0 || command.P2 != load.NextBlock) return Abort(card, Sw.WrongP1P2);
        if (command.Data.Length == 0) return Abort(card, Sw.WrongLength);
        if (!load.Append(command.Data) || load.Length > card.State.FreeMemory) return Abort(card, Sw.NoRoom);
        if (command.P1 != LastBlock) return Reply.Ok(0x00);
        card.Volatile.Load = null;
        var (loaded, refusal) = load.Finish(card.State);
        if (loaded is not { } file) return refusal;
        card.State = card.State with { LoadFiles = card.State.LoadFiles.Add(file) };
        return Reply.Ok(0x00);
    }

    private static Reply Abort(CardMemory card, ushort statusWord)
    {
        card.Volatile.Load = null;
        return statusWord;
    }
}
