using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Storage;

/// <summary>The log's table.</summary>
internal static class LogTable
{
    public static LogHead Head(StoreView store, string instance) => store.First(
        "SELECT sequence, hash FROM log_entries WHERE instance = $instance ORDER BY sequence DESC LIMIT 1",
        row => new LogHead(instance, row.Long("sequence") ?? 0, row.Bytes("hash") ?? ByteString.Empty), ("$instance", instance))
        ?? new LogHead(instance, 0, LogChain.Start(instance));

    /// <summary>Whether an entry of a chain has a MAC, so that a commit of this version wrote it.</summary>
    public static bool IsKeyed(StoreView store, LogHead end) => store.Number(
        "SELECT length(mac) FROM log_entries WHERE instance = $instance AND sequence = $sequence", ("$instance", end.Instance), ("$sequence", end.Sequence)) > 0;

    public static List<LogHead> Heads(StoreView store) => store
        .Query("SELECT DISTINCT instance FROM log_entries ORDER BY instance", row => row.Text("instance")!)
        .ConvertAll(instance => Head(store, instance));

    /// <summary>The hash of an entry; null where there is none.</summary>
    public static ByteString? HashAt(StoreView store, string instance, long sequence) =>
        store.Query("SELECT hash FROM log_entries WHERE instance = $instance AND sequence = $sequence", row => row.Bytes("hash")!.Value,
            ("$instance", instance), ("$sequence", sequence)) is [var hash] ? hash : null;

    public static void Insert(StoreTransaction store, LogRow row) => store.Add(RowsToAdd.LogEntries,
        row.Instance, row.Sequence, row.At, row.Entry.Session, row.Entry.Terminal, row.Entry.Line, row.Entry.Order, row.Entry.Direction, row.Entry.Step, row.Entry.Kind,
        row.Entry.Detail, row.Digest, row.Hash, row.Mac);

    public static void PutHead(StoreTransaction store, LogHeadSeal seal, ByteString mac) => store.Later("""
        INSERT INTO log_heads (instance, sequence, hash, generation, mac) VALUES ($instance, $sequence, $hash, $generation, $mac)
        ON CONFLICT (instance) DO UPDATE SET sequence = $sequence, hash = $hash, generation = $generation, mac = $mac
        """, rows: 1,
        ("$instance", seal.Head.Instance), ("$sequence", seal.Head.Sequence), ("$hash", seal.Head.Hash), ("$generation", seal.Generation), ("$mac", mac));

    /// <summary>Whether a chain's end was sealed by that commit or a later one.</summary>
    public static bool IsSealed(StoreView store, string instance, long generation) => store.Number(
        "SELECT count(*) FROM log_heads WHERE instance = $instance AND generation >= $generation", ("$instance", instance), ("$generation", generation)) > 0;

    /// <summary>The ends of the chains as the latest commits sealed them.</summary>
    public static List<(LogHeadSeal Seal, ByteString Mac)> SealedHeads(StoreView store, ByteString storeId) => store.Query(
        "SELECT * FROM log_heads ORDER BY instance",
        row => (new LogHeadSeal(storeId, new LogHead(row.Text("instance") ?? "", row.Long("sequence") ?? 0, row.Bytes("hash") ?? ByteString.Empty),
            row.Long("generation") ?? 0), row.Bytes("mac") ?? ByteString.Empty));

    /// <summary>All entries, chain by chain, one at a time: the log may be larger than memory.</summary>
    public static IEnumerable<LogRow> All(StoreView store) => store.Rows("SELECT * FROM log_entries ORDER BY instance, sequence", Read);

    /// <summary>The entries of one chain up to one of them, one at a time.</summary>
    public static IEnumerable<LogRow> UpTo(StoreView store, LogHead last) => store.Rows(
        "SELECT * FROM log_entries WHERE instance = $instance AND sequence <= $sequence ORDER BY sequence", Read,
        ("$instance", last.Instance), ("$sequence", last.Sequence));

    /// <summary>The entries of one chain after one of them.</summary>
    public static List<LogRow> After(StoreView store, string instance, long sequence) => store.Query(
        "SELECT * FROM log_entries WHERE instance = $instance AND sequence > $sequence ORDER BY sequence", Read, ("$instance", instance), ("$sequence", sequence));

    /// <summary>The entries of a log of before, which have no MAC.</summary>
    public static IEnumerable<LogRow> AllOfBefore(StoreView store) => store.Rows("SELECT *, x'' AS mac FROM log_entries ORDER BY instance, sequence", Read);

    /// <summary>What the detail of each entry of an order's change begins with.</summary>
    public const string ChangeBeginning = "{\"change\":";

    private const string IsChange = "order_id = $order AND substr(detail, 1, length($begins)) = $begins";

    /// <summary>Whether an entry is of a change of an order.</summary>
    public static readonly string IsAnyChange = $"substr(detail, 1, {ChangeBeginning.Length}) = '{ChangeBeginning}'";

    /// <summary>Whether the log tells of changes of an order.</summary>
    public static bool HasChanges(StoreView store, OrderId order) => store.Number(
        $"SELECT count(*) FROM (SELECT 1 FROM log_entries WHERE {IsChange} LIMIT 1) AS one", ("$order", order), ("$begins", ChangeBeginning)) > 0;

    /// <summary>The entries of an order's changes.</summary>
    public static List<LogRow> Changes(StoreView store, OrderId order) => store.Query(
        $"SELECT * FROM log_entries WHERE {IsChange}", Read, ("$order", order), ("$begins", ChangeBeginning));

    public static long LastCheckpoint(StoreView store) => store.Number("SELECT coalesce(max(number), 0) FROM log_checkpoints");

    /// <summary>Entries after those that the latest checkpoint vouches for, by the numbers at the chains' ends.</summary>
    public static long CountSinceCheckpoint(StoreView store)
    {
        var now = store.Number("SELECT CAST(coalesce(sum(sequence), 0) AS BIGINT) FROM log_heads");
        var latest = store.Query("SELECT heads FROM log_checkpoints ORDER BY number DESC LIMIT 1", row => row.Text("heads")!);
        if (latest.Count == 0) return now;
        using var heads = JsonDocument.Parse(latest[0]);
        return now - LogCheckpoint.HeadsFrom(heads.RootElement).Sum(head => head.Sequence);
    }

    public static List<(long Number, DateTimeOffset At, string Heads, ByteString Signature)> Checkpoints(StoreView store) => store.Query(
        "SELECT * FROM log_checkpoints ORDER BY number",
        row => (row.Long("number")!.Value, row.Time("at")!.Value, row.Text("heads")!, row.Bytes("signature")!.Value));

    public static void PutCheckpoint(StoreTransaction store, long number, DateTimeOffset at, string heads, ByteString signature) => store.Execute(
        "INSERT INTO log_checkpoints (number, at, heads, signature) VALUES ($number, $at, $heads, $signature)",
        ("$number", number), ("$at", at), ("$heads", heads), ("$signature", signature));

    /// <summary>The latest entries that fit, oldest first.</summary>
    public static List<LogRow> Find(StoreView store, LogQuery query)
    {
        var filter = Filter(query);
        var rows = store.Query(
            $"SELECT * FROM log_entries WHERE {filter.Where} ORDER BY at DESC, instance DESC, sequence DESC LIMIT $most", Read,
            [.. filter.Values, ("$most", query.Most)]);
        rows.Reverse();
        return rows;
    }

    /// <summary>A page of the entries that fit, oldest first.</summary>
    public static List<(RowPlace Place, LogRow? Row)> Page(StoreView store, LogQuery query, RowPlace? after)
    {
        var filter = Filter(query);
        if (after is not null) filter.After("at, instance, sequence", ("$a", after.At), ("$i", after.Instance), ("$s", after.Sequence));
        return store.Query(
            $"SELECT * FROM log_entries WHERE {filter.Where} ORDER BY at, instance, sequence LIMIT {RowPages.Rows}",
            row => (new RowPlace(row.Long("at") ?? 0, row.Text("instance") ?? "", row.Long("sequence") ?? 0), (LogRow?)Read(row)), filter.Values);
    }

    /// <summary>The entries that fit of one chain between two of its entries, in the order in which they were written.</summary>
    public static List<LogRow> Between(StoreView store, LogQuery query, string instance, long after, long last)
    {
        var filter = Filter(query).And("instance = $chain", "$chain", instance).And("sequence > $from", "$from", after).And("sequence <= $last", "$last", last);
        return store.Query($"SELECT * FROM log_entries WHERE {filter.Where} ORDER BY sequence LIMIT {RowPages.Rows}", Read, filter.Values);
    }

    private static RowFilter Filter(LogQuery query)
    {
        return new RowFilter()
            .And("order_id = $order", "$order", query.Order).And("terminal = $terminal", "$terminal", query.Terminal)
            .And("session = $session", "$session", query.Session).And("kind = $kind", "$kind", query.Kind)
            .And("at >= $since", "$since", query.Since).And("at < $until", "$until", query.Until)
            // Whose name it is, what stands before it says: person, askedBy, approvedBy, operator.
            .And("lower(detail) LIKE $person ESCAPE '!' OR lower(detail) LIKE replace($person, 'person\"', 'by\"') ESCAPE '!'"
                + " OR lower(detail) LIKE replace($person, 'person\"', 'operator\"') ESCAPE '!'", "$person",
                query.Person is { } person ? $"%person\":\"{Escaped(person)}\"%" : null);
    }

    /// <summary>An entry's place as the table has it, whatever stands there.</summary>
    public sealed record RowPlace(long At, string Instance, long Sequence)
    {
        public static RowPlace? Of(LogPlace? place) =>
            place is null ? null : new RowPlace(place.At.ToUnixTimeMilliseconds(), place.Instance, place.Sequence);
    }

    private static string Escaped(string name) =>
        name.ToLowerInvariant().Replace("!", "!!", StringComparison.Ordinal).Replace("%", "!%", StringComparison.Ordinal).Replace("_", "!_", StringComparison.Ordinal);

    /// <summary>What is in the file may have been changed: a value that does not fit its field becomes one whose hash cannot be right.</summary>
    private static LogRow Read(StoredRow row) => new(
        row.Text("instance") ?? "", row.Long("sequence") ?? 0,
        DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(row.Long("at") ?? 0, EarliestTime, LatestTime)),
        new LogEntry(row.Text("session") ?? "",
            row.Text("terminal") is { } terminal ? new TerminalId(Name(terminal)) : null,
            row.Long("line") is { } line ? new LineNumber(Whole(line)) : null,
            row.Text("order_id") is { } order ? new OrderId(Name(order)) : null,
            (LogDirection)Whole(row.Long("direction") ?? 0), Whole(row.Long("step") ?? 0), row.Text("kind") ?? "", row.Text("detail") ?? ""),
        row.Bytes("digest") ?? ByteString.Empty, row.Bytes("hash") ?? ByteString.Empty, row.Bytes("mac") ?? ByteString.Empty);

    // Takes the place of what is no name, and differs with it.
    private static string Name(string text) => NameRule.Accepts(text)
        ? text
        : "changed." + Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..48];

    private static int Whole(long number) => number is >= 0 and <= int.MaxValue ? (int)number : int.MinValue;

    private static readonly long EarliestTime = DateTimeOffset.MinValue.ToUnixTimeMilliseconds();
    private static readonly long LatestTime = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();
}
