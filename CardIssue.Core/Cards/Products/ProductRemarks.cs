using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;

namespace CardIssue.Core.Cards.Products;

/// <summary>
/// What a product that breaks no rule still brings about: cards that are issued as long as nothing comes between, and after a cut wait for
/// people.
/// </summary>
public static class ProductRemarks
{
    private const byte LockedBit = 0x80;

    /// <summary>All that is to be said, a sentence each.</summary>
    public static IReadOnlyList<string> Of(CardProduct product)
    {
        ArgumentNullException.ThrowIfNull(product);
        return [.. Repeats(product), .. Closing(product)];
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
