using CardIssue.Center.Storage;

namespace CardIssue.Center.Orders;

/// <summary>
/// Whether an order's row is its latest one. Its seal says that this center wrote it, not that it wrote no other since: that says the log,
/// whose entry of each change names
/// the commit. Asked when the order is claimed, before anything is done for it.
/// </summary>
internal static class OrderAge
{
    /// <exception cref="StoreException"><see cref="StoreFault.Altered"/>: the log has a later change, or what it says of the latest was
    /// changed.</exception>
    public static void Check(StoreTransaction store, OrderRow order)
    {
        // Entries of versions before name no commit; rows of theirs were sealed once, when they were taken over, so that there are no older
        // ones.
        var (row, change) = LoggedChange.AllOf(store, order.Order).Where(entry => entry.Change.Commit > 0)
            .OrderBy(entry => entry.Change, LoggedChange.InOrder).LastOrDefault();
        if (change is null) return;
        if (!store.Vouches(row))
            throw RowSeals.Altered($"The log's latest change of order {order.Order} was changed: nothing is done for the order.");
        if (change.Commit > order.SealedBy || change.Standing != LoggedChange.StandingOf(order))
        {
            throw RowSeals.Altered($"Order {order.Order} was put back to an older row: the log has a change of it of commit {change.Commit}, "
                + $"{change.Standing}; the row is of commit {order.SealedBy}. Nothing is done for it.");
        }
    }
}
