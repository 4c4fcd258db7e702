using System.Globalization;
using CardIssue.Center.Orders;

namespace CardIssue.Center.Recovery;

/// <summary>What became of an order in a later log.</summary>
/// <param name="Last">Its last change there.</param>
/// <param name="Held">The last state that is neither waiting nor quarantined; null when the log has none.</param>
/// <param name="WaitingRecord">The record that it waits at.</param>
/// <param name="VoidOrdered">Whether it is being voided.</param>
/// <param name="CodeRenewed">Whether it was given another issue code, which is lost.</param>
internal sealed record OrderTrail(LoggedChange Last, OrderState? Held, int? WaitingRecord, bool VoidOrdered, bool CodeRenewed)
{
    /// <summary>From all its changes, by whichever hosts they were made.</summary>
    public static OrderTrail Of(IEnumerable<LoggedChange> changes)
    {
        OrderTrail? trail = null;
        foreach (var change in changes.Order(LoggedChange.InOrder))
        {
            trail = new OrderTrail(change,
                change.State is OrderState.Waiting or OrderState.Quarantined ? trail?.Held : change.State,
                change.State is not OrderState.Waiting ? null : RecordIn(change.What) ?? trail?.WaitingRecord ?? Math.Max(1, change.Progress.InDoubt),
                change.State != OrderState.Voided && (trail?.VoidOrdered == true || change.Change == "VoidOrdered"),
                trail?.CodeRenewed == true || change.Change == "CodeRenewed");
        }
        return trail ?? throw new InvalidOperationException("no change");
    }

    /// <summary>Behind the number may stand what was found.</summary>
    private static int? RecordIn(string what) =>
        what.StartsWith("record ", StringComparison.Ordinal)
            && int.TryParse(what[7..].Split(':')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var record) ? record : null;
}
