using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Orders;

/// <summary>That the center's store was put back to an older copy of itself, or made anew: what is lost may be an order's card.</summary>
/// <param name="Number">Counts them from 1.</param>
/// <param name="FoundAt">When it was found, UTC.</param>
/// <param name="FoundBy">By what: the generation's copy, an exported checkpoint, or a terminal that remembers more.</param>
/// <param name="ToldGeneration">The store's generation as that has it; 0 where it has none.</param>
/// <param name="KnownGeneration">The store's generation when it was found.</param>
/// <param name="Orders">How many orders were quarantined when it was found.</param>
/// <param name="Quarantined">How many are quarantined for it still, with those imported since.</param>
public sealed record PutBackView(
    long Number, DateTimeOffset FoundAt, string FoundBy, long ToldGeneration, long KnownGeneration, int Orders, int Quarantined);

/// <summary>What is done when it is found that the store was put back, whoever finds it.</summary>
internal static class PutBack
{
    /// <summary>What the log calls it.</summary>
    public const string Kind = "PutBack", SettledKind = "PutBackSettled";

    /// <summary>
    /// How far the generation goes above the highest that was told, and with it every fencing number: more commits than a center makes
    /// after a
    /// terminal was told for the last time.
    /// </summary>
    public const long Leap = 1L << 32;

    /// <summary>
    /// Every order that may have changed is quarantined, and so is what is imported from now on, until people have settled it: an order
    /// that is
    /// imported now may be one that was issued in what is lost. Once for all that is told of the same loss.
    /// </summary>
    /// <param name="store">The store.</param>
    /// <param name="by">Who found it, for people.</param>
    /// <param name="told">The generation that was told, of the store of this id; 0 when none was.</param>
    /// <param name="storeId">The store that it was told of: another one's when this was made anew.</param>
    /// <param name="knownUntil">When the last change was saved that the store has; orders that it has as issued since are quarantined
    /// too. Null where all of them are known.</param>
    /// <param name="exported">The latest checkpoint that was exported, where that is known: the numbers up to it are used up.</param>
    /// <returns>How many orders were quarantined.</returns>
    public static int Take(StoreTransaction store, string by, long told, ByteString storeId, DateTimeOffset? knownUntil, LogCheckpoint? exported = null)
    {
        var known = store.Generation;
        store.Restart(Math.Max(known, told) + Leap);
        var number = store.Number("SELECT coalesce(max(number), 0) + 1 FROM put_backs");
        store.Insert(SealedTable.PutBacks, """
            INSERT INTO put_backs (number, found_at, found_by, store_id, told_generation, known_generation, known_until, raised_to, orders, checkpoint)
            VALUES ($number, $now, $by, $store, $told, $known, $until, $raised, 0, $checkpoint)
            """,
            ("$number", number), ("$now", store.Now), ("$by", by), ("$store", storeId), ("$told", told), ("$known", known),
            ("$until", knownUntil ?? store.Now), ("$raised", store.Generation), ("$checkpoint", exported?.Number ?? 0));
        store.Execute("UPDATE store_meta SET restored_at = $now", ("$now", store.Now));
        var orders = Quarantine.All(store, knownUntil, $"put back, found by {by}; known up to generation {known}", store.Now);
        store.Update(SealedTable.PutBacks, "orders = $orders", "number = $number", ("$orders", orders), ("$number", number));
        store.UpdateRight(SealedTable.Orders, "put_back = $number", "state = $quarantined AND put_back IS NULL",
            ("$number", number), ("$quarantined", OrderState.Quarantined));
        store.Log("store", Kind, new { foundBy = by, told, known, raisedTo = store.Generation, orders });
        return orders;
    }

    /// <summary>How far this store is known to have come: its own last commit, and what was told of it, each time that it was found put back. Null when it never was.</summary>
    public static (long Known, long Told)? Furthest(StoreView store, ByteString storeId) => store.Query(
        "SELECT max(known_generation) AS known, max(CASE WHEN store_id = $store THEN told_generation ELSE 0 END) AS told FROM put_backs",
        row => (row.Long("known"), row.Long("told")), ("$store", storeId)) is [({ } known, { } told), ..] ? (known - 1, told) : null;

    /// <summary>Whether what is told of a store's generation is known already: what may have changed up to it was quarantined.</summary>
    public static bool IsTaken(StoreView store, ByteString storeId, long generation) => store.Number(
        "SELECT count(*) FROM put_backs WHERE store_id = $store AND raised_to >= $generation",
        ("$store", storeId), ("$generation", generation)) > 0;

    /// <summary>Whether what an exported checkpoint tells is known already. One that was found without a look at checkpoints is told by its time.</summary>
    public static bool IsTaken(StoreView store, LogCheckpoint exported) => store.Number(
        "SELECT count(*) FROM put_backs WHERE CASE WHEN checkpoint > 0 THEN checkpoint >= $number ELSE found_at >= $time END",
        ("$number", exported.Number), ("$time", exported.At)) > 0;

    /// <summary>The latest checkpoint that was exported before a put-back was found; 0 for none.</summary>
    public static long LastCheckpoint(StoreView store) => store.Number("SELECT coalesce(max(checkpoint), 0) FROM put_backs");

    /// <summary>The number of the latest one that is not settled; null when there is none.</summary>
    public static long? Unsettled(StoreView store) =>
        store.Query(SealedTable.PutBacks, "settled_at IS NULL ORDER BY number DESC LIMIT 1", row => row.Long("number")!.Value) is [var number]
            ? number : null;

    /// <summary>The latest one that is not settled, for people.</summary>
    public static PutBackView? View(StoreView store)
    {
        if (Unsettled(store) is not { } number) return null;
        var quarantined = Quarantined(store);
        return store.First("SELECT * FROM put_backs WHERE number = $number", row => new PutBackView(
            number, row.Time("found_at")!.Value, row.Text("found_by")!, row.Long("told_generation")!.Value,
            row.Long("known_generation")!.Value, row.Int("orders"), quarantined), ("$number", number));
    }

    /// <summary>People have settled every order that was quarantined for it: what is imported from now on is new.</summary>
    public static DeskOutcome Settle(StoreTransaction store, string why)
    {
        if (Unsettled(store) is null) return DeskOutcome.WrongState;
        if (Quarantined(store) > 0) return DeskOutcome.DoesNotFit;
        store.Update(SealedTable.PutBacks, "settled_at = $now, settled_by = $person", "settled_at IS NULL",
            ("$now", store.Now), ("$person", why));
        store.Log("store", SettledKind, new { by = why });
        return DeskOutcome.Done;
    }

    private static int Quarantined(StoreView store) => (int)store.Number(
        "SELECT count(*) FROM orders WHERE state = $quarantined AND put_back IS NOT NULL", ("$quarantined", OrderState.Quarantined));
}
