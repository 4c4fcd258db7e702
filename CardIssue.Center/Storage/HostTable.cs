using System.Data.Common;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Storage;

/// <summary>A host that serves from the store, or that was lost.</summary>
/// <param name="Host">Its name, which is in its claims.</param>
/// <param name="Since">When it began to serve, UTC.</param>
/// <param name="Beat">A number that it raises as long as it lives.</param>
/// <param name="LostAt">When another host found that it does so no more; null while it lives.</param>
/// <param name="TellsFeed">Whether it is the one that tells the issuer's feed.</param>
/// <param name="Certificate">SHA-256 of the latest of the center's certificates that its vault has, as it told with its last sign of life; empty before.</param>
/// <param name="Keys">What the latest set of the center's keys is known by that its vault has, told likewise.</param>
/// <param name="Link">Where the others reach it; null where they do not.</param>
internal sealed record HostRow(
    string Host, DateTimeOffset Since, long Beat, DateTimeOffset? LostAt, bool TellsFeed, ByteString Certificate, ByteString Keys, string? Link);

/// <summary>
/// Which hosts serve, where several may. Its rows have no seal: a forged one keeps a dead host's orders waiting for their leases, or gives a living host's
/// orders to others, which their fencing numbers keep safe; or it has people change certificates or keys before a host is ready.
/// </summary>
internal static class HostTable
{
    /// <summary>All hosts, by name.</summary>
    public static List<HostRow> All(StoreView store) => store.Query("SELECT * FROM hosts ORDER BY host", Read);

    /// <summary>Whether a host was found to be dead: what its sessions have claimed is anybody's.</summary>
    public static bool IsLost(StoreView store, string host) =>
        store.Number("SELECT count(*) FROM hosts WHERE host = $host AND lost_at IS NOT NULL", ("$host", host)) > 0;

    /// <summary>A host begins to serve, or is back after it was lost.</summary>
    public static void Enter(StoreTransaction store, string host, string kind, string? link)
    {
        store.Execute("""
            INSERT INTO hosts (host, since, beat, lost_at, tells_feed, link) VALUES ($host, $now, 1, NULL, 0, $link)
            ON CONFLICT (host) DO UPDATE SET since = $now, beat = hosts.beat + 1, lost_at = NULL, tells_feed = 0, certificate = NULL, keys = NULL, link = $link
            """, ("$host", host), ("$now", store.Now), ("$link", link));
        Forget(store, host);
        store.Log(Part, kind, new { host });
    }

    /// <summary>A host ends in order.</summary>
    public static void Leave(StoreTransaction store, string host)
    {
        Forget(store, host);
        if (store.Execute("DELETE FROM hosts WHERE host = $host", ("$host", host)) == 1) store.Log(Part, "HostLeft", new { host });
    }

    /// <summary>A host is dead, unless it gave a sign of life after that beat.</summary>
    /// <returns>Whether it is.</returns>
    public static bool Lose(StoreTransaction store, string host, long beat, string by)
    {
        var isLost = store.Execute("UPDATE hosts SET lost_at = $now, tells_feed = 0 WHERE host = $host AND beat = $beat AND lost_at IS NULL",
            ("$now", store.Now), ("$host", host), ("$beat", beat)) == 1;
        if (!isLost) return false;
        Forget(store, host);
        store.Log(Part, "HostLost", new { host, beat, by });
        return true;
    }

    /// <summary>A sign of life, with what the host's vault has. No change of the store: it has no number and is not in the log.</summary>
    /// <returns>Whether the host is known and not lost.</returns>
    public static bool Beat(DbConnection connection, string host, ByteString certificate, ByteString keys)
    {
        using var command = Sql.Command(
            connection, "UPDATE hosts SET beat = beat + 1, certificate = $certificate, keys = $keys WHERE host = $host AND lost_at IS NULL",
            ("$host", host), ("$certificate", certificate.IsEmpty ? null : certificate), ("$keys", keys.IsEmpty ? null : keys));
        return command.ExecuteNonQuery() == 1;
    }

    /// <summary>Whether a host may tell the issuer's feed: it does already, or nobody who lives does.</summary>
    public static bool MayTell(StoreView store, string host, out bool isTaken)
    {
        var rows = All(store);
        isTaken = rows.Exists(row => row.Host == host && row is { TellsFeed: true, LostAt: null });
        return isTaken || (rows.Exists(row => row.Host == host && row.LostAt is null) && !rows.Exists(row => row is { TellsFeed: true, LostAt: null }));
    }

    /// <summary>A host tells the issuer's feed from now on.</summary>
    public static void TakeFeed(StoreTransaction store, string host)
    {
        store.Execute("UPDATE hosts SET tells_feed = 1 WHERE host = $host", ("$host", host));
        store.Log(Part, "FeedTaken", new { host });
    }

    private const string Part = "hosts";

    /// <summary>What it has told of its sessions is so no more.</summary>
    private static void Forget(StoreTransaction store, string host)
    {
        SessionTable.Clear(store, host);
        DataHalfTable.Clear(store, host);
    }

    private static HostRow Read(StoredRow row) => new(
        row.Text("host")!, row.Time("since")!.Value, row.Long("beat")!.Value, row.Time("lost_at"), row.Int("tells_feed") != 0,
        row.Bytes("certificate") ?? default, row.Bytes("keys") ?? default, row.Text("link"));
}
