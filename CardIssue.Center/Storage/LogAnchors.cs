using CardIssue.Core.Primitives;

namespace CardIssue.Center.Storage;

/// <summary>Where the chains of the log begin in the store: behind what was archived.</summary>
internal static class LogAnchors
{
    /// <summary>The last archived entry of each chain of which any was.</summary>
    public static Dictionary<string, LogHead> All(StoreView store) => store
        .Query("SELECT * FROM log_anchors", row => new LogHead(row.Text("instance") ?? "", row.Long("sequence") ?? 0, row.Bytes("hash") ?? ByteString.Empty))
        .ToDictionary(head => head.Instance);

    /// <summary>What stands before a chain's first entry in the store.</summary>
    public static LogHead Of(StoreView store, string instance) => store.First(
        "SELECT * FROM log_anchors WHERE instance = $instance",
        row => new LogHead(instance, row.Long("sequence") ?? 0, row.Bytes("hash") ?? ByteString.Empty), ("$instance", instance))
        ?? new LogHead(instance, 0, LogChain.Start(instance));

    /// <summary>The hash at a place of a chain, also at its beginning; null where the store does not have it.</summary>
    public static ByteString? HashAt(StoreView store, string instance, long sequence) =>
        LogTable.HashAt(store, instance, sequence) ?? (Of(store, instance) is var anchor && anchor.Sequence == sequence ? anchor.Hash : null);

    /// <summary>Deletes a chain's entries up to one of them, which it begins behind from now on.</summary>
    public static void Advance(StoreTransaction store, LogHead to)
    {
        store.Execute("""
            INSERT INTO log_anchors (instance, sequence, hash) VALUES ($instance, $sequence, $hash)
            ON CONFLICT (instance) DO UPDATE SET sequence = $sequence, hash = $hash
            """, ("$instance", to.Instance), ("$sequence", to.Sequence), ("$hash", to.Hash));
        store.Execute("DELETE FROM log_entries WHERE instance = $instance AND sequence <= $sequence", ("$instance", to.Instance), ("$sequence", to.Sequence));
    }
}
