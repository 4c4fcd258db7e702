using CardIssue.Core.Primitives;
using CardIssue.Testing.Cards.Apdu;
using CardIssue.Testing.Cards.Application;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Testing.Cards.Domain;

/// <summary>SELECT by name, whole or partial (GPCS 11.9). A selection ends the secure channel; one that finds nothing leaves everything as it was.</summary>
internal static class Selection
{
    private const byte FirstOrOnly = 0x00, NextOccurrence = 0x02;

    public static Reply Execute(CardMemory card, Command command)
    {
        if (command.P1 != 0x04 || command.P2 is not (FirstOrOnly or NextOccurrence)) return Sw.WrongP1P2;
        if (command.Data.Length > 16) return Sw.WrongLength;
        var isLocked = card.State.LifeCycle == CardLifeCycle.CardLocked;
        var matches = Candidates(card.State).Where(aid => aid.Span.StartsWith(command.Data)).ToList();
        var at = command.P2 == FirstOrOnly ? 0 : matches.IndexOf(card.Volatile.Selected) + 1;
        if (at >= matches.Count) return isLocked ? Sw.NotSupported : Sw.NotFound;
        var aid = matches[at];
        if (isLocked && aid != card.State.SecurityDomainAid) return Sw.NotSupported;

        card.Select(aid);
        var control = card.State.Find(aid) is { } application
            ? aid == PivApplication.Aid ? PivApplication.PropertyTemplate() : PersonalizedApplication.FileControlInformation(application)
            : Tlv.Make(0x6F, [.. Tlv.Make(0x84, aid.Span), .. Tlv.Make(0xA5, Tlv.Make(0x9F65, 0xFF))]);
        return new Reply(control, isLocked ? Sw.CardLocked : Sw.Ok);
    }

    private static IEnumerable<ByteString> Candidates(CardState state) =>
        state.Applications.Where(a => a.IsSelectable).Select(a => a.Aid).Prepend(state.SecurityDomainAid);
}
