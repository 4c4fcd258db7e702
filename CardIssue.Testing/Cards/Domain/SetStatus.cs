using CardIssue.Core.Primitives;
using CardIssue.Testing.Cards.Apdu;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Testing.Cards.Domain;

/// <summary>SET STATUS (GPCS 11.10, transitions 5.1.1 and 5.3.1).</summary>
internal static class SetStatus
{
    private const byte Card = 0x80, Application = 0x40, DomainAndItsApplications = 0x60;

    public static Reply Execute(CardMemory card, Command command) => command.P1 switch
    {
        Card => SetCard(card, command.P2),
        Application => SetApplication(card, command),
        DomainAndItsApplications => Sw.NotSupported,
        _ => Sw.WrongP1P2,
    };

    private static Reply SetCard(CardMemory card, byte code)
    {
        if (!Enum.IsDefined((CardLifeCycle)code)) return Sw.WrongP1P2;
        var wanted = (CardLifeCycle)code;
        var isAllowed = (card.State.LifeCycle, wanted) is (_, CardLifeCycle.Terminated)
            or (CardLifeCycle.OpReady, CardLifeCycle.Initialized) or (CardLifeCycle.OpReady or CardLifeCycle.Initialized, CardLifeCycle.Secured)
            or (CardLifeCycle.Secured, CardLifeCycle.CardLocked) or (CardLifeCycle.CardLocked, CardLifeCycle.Secured);
        if (!isAllowed) return Sw.Conditions;
        card.State = card.State with { LifeCycle = wanted };
        return Reply.Ok();
    }

    private static Reply SetApplication(CardMemory card, Command command)
    {
        if (card.State.Find(ByteString.Copy(command.Data)) is not { } application) return Sw.ReferenceNotFound;
        if (card.State.LifeCycle == CardLifeCycle.CardLocked) return Sw.Conditions;
        var wantsLock = (command.P2 & CardApplication.LockedBit) != 0;
        byte next;
        if (wantsLock != application.IsLocked) next = (byte)(application.LifeCycle ^ CardApplication.LockedBit);
        else if (!application.IsLocked && application.IsSelectable && (command.P2 & 0x87) == 0x07) next = command.P2;
        else return Sw.Conditions;
        if (next < application.LifeCycle && wantsLock == application.IsLocked) return Sw.Conditions;
        card.State = card.State.With(application with { LifeCycle = next });
        return Reply.Ok();
    }
}
