using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;

namespace CardIssue.Core.Cards.Products;

/// <summary>
/// What a product that breaks no rule still brings about: orders that wait for people after a cut, or on most cards.
/// </summary>
public static class ProductRemarks
{
    private const byte LockedBit = 0x80;

    /// <summary>All that is to be said, a sentence each.</summary>
    public static IReadOnlyList<string> Of(CardProduct product)
    {
        ArgumentNullException.ThrowIfNull(product);
        var rewrites = product.Rewrites.Select(rewrite => product.Rewrite(rewrite.Name)!);
        return [.. Repeats(product), .. rewrites.Prepend(product).SelectMany(OwnStates), .. Closing(product)];
    }

    /// <summary>
    /// Cards refuse a change of state to the one that they are in (GPCS §5.1.1, §5.3.1): no state leads to itself, nor a lock to a lock.
    /// </summary>
    private static IEnumerable<string> Repeats(CardProduct product)
    {
        for (var i = 0; i < product.Records.Count; i++)
        {
            var record = product.Records[i];
            if (record.Repeat is RepeatRule.LookFirst) continue;
            var from = record.Repeat is RepeatRule.StartOver ? record.RestartAt : i + 1;
            for (var again = from; again <= i + 1; again++)
            {
                if (!IsOnce(product.Records[again - 1].Status)) continue;
                yield return again == i + 1
                    ? $"Record \"{record.Name}\" sets a state that a card does not take twice: after a cut in it the order would wait. "
                        + "Say lookFirst, and look at the state."
                    : $"Record \"{record.Name}\" starts over from one before \"{product.Records[again - 1].Name}\", which sets a state "
                        + "that a card does not take twice: after a cut the order would wait. Start over from after it.";
            }
        }
    }

    /// <summary>
    /// Of an application's state a security domain changes the lock alone, to and fro (GPCS §11.10): the rest is the application's own.
    /// </summary>
    private static IEnumerable<string> OwnStates(CardProduct product)
    {
        var locked = product.Before.Where(check => IsLock(check.Done)).Select(AidOf).ToHashSet();
        if (product.Start is { } start && start.Accepted.All(state => (state & LockedBit) != 0)) locked.Add(start.Of.Aid);
        var changes = product.Records.Select(record => ($"Record \"{record.Name}\"", record.Status, record.Look))
            .Append(("The closing", product.Close.Status, product.Close.Look));
        foreach (var (what, status, look) in changes)
        {
            if (status is not { Scope: not StatusScope.Card, Aid: var aid, State: var state }) continue;
            if ((state & LockedBit) != 0) locked.Add(aid);
            else if (!locked.Remove(aid) && !look.Any(check => AidOf(check) == aid && IsLock(check.NotDone)))
            {
                yield return $"{what} sets application {aid} to {state:X2}, a state of its own: a security domain only locks it (8x) and "
                    + "unlocks it again. Cards refuse that, or change nothing, and each order would wait. Let the last STORE DATA set it, or "
                    + "lock the application.";
            }
        }
    }

    private static bool IsLock(Expectation? expectation) => expectation is Expectation.State state && (state.LifeCycle & LockedBit) != 0;

    private static Aid? AidOf(CheckDefinition check) => check.Read is CheckCommand.LifeCycle read ? read.Of.Aid : null;

    /// <summary>
    /// With nothing that shows after a cut that it is the same card, a closing that may have happened is not sent again (PROTOCOL.md).
    /// </summary>
    private static IEnumerable<string> Closing(CardProduct product)
    {
        if (product.IdentitySources.Any(source => source is IdentitySource.Assigned)) yield break;
        if (product.Programs.Count == 0 && CardPlan.OfNobody(product).Shape.Records.All(record => record.EvidenceCommands == 0))
        {
            yield return "Neither the card's identity nor what is written shows after a cut in the closing that it is the same card: "
                + "then the order waits for a decision. Use identity assigned, or look at a record, or read one back.";
        }
    }

    private static bool IsOnce(StatusChange? status) =>
        status is not null && (status.Scope is StatusScope.Card || (status.State & LockedBit) != 0);
}
