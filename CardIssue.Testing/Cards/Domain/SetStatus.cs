using CardIssue.Core.Primitives;
using CardIssue.Testing.Cards.Apdu;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Testing.Cards.Domain;

/// <summary>SET STATUS of the card, and of applications their lock (GPCS 11.10, transitions 5.1.1 and 5.3.1).</summary>
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
        // b8 alone counts (11.10): which state it comes back to the application itself remembers, and sets it itself.
        var wantsLock = (command.P2 & CardApplication.LockedBit) != 0;
        if (wantsLock == application.IsLocked) return Sw.Conditions;
        card.State = card.State.With(application with { LifeCycle = (byte)(application.LifeCycle ^ CardApplication.LockedBit) });
        return Reply.Ok();
    }
}
