using System.Text.Json;
using CardIssue.Center.Log;

namespace CardIssue.Center.Storage;

/// <summary>What is known when a store is opened that was put back: an entry of the log keeps it, for when it is settled.</summary>
/// <param name="From">When the copy was last written.</param>
/// <param name="Generation">The copy's last commit.</param>
/// <param name="Known">The last commit that the generation's copy beside the store tells of; null when it tells nothing.</param>
/// <param name="Checkpoint">The latest exported checkpoint; null when there is none.</param>
internal sealed record RestoreFound(DateTimeOffset From, long Generation, long? Known, LogCheckpoint? Checkpoint)
{
    public const string Kind = "StoreRestored";

    // A hundred ends fit an entry; centers of more hosts give the checkpoint by hand.
    private const int MaxHeads = 100;

    /// <summary>The latest checkpoint that was exported here and is this center's.</summary>
    public static LogCheckpoint? Vouched(LogOptions log, ILogKeys keys)
    {
        try
        {
            var latest = log.CheckpointDirectory.Length > 0 && LogCheckpoint.AnyIn(log.CheckpointDirectory) ? LogCheckpoint.Load(log.CheckpointDirectory) : null;
            return latest is not null && keys.VerifyCheckpoint(latest.SignedBytes(), latest.Signature.Span) ? latest : null;
        }
        catch (Exception error) when (error is FormatException or IOException or UnauthorizedAccessException)
        {
            // Its directory is another host's: what is not readable there vouches for nothing, and the settling says that nothing does.
            return null;
        }
    }

    public LogEntry ToEntry() => new("store", null, null, null, LogDirection.None, 0, Kind, JsonSerializer.Serialize(new
    {
        from = From.UtcDateTime,
        generation = Generation,
        known = Known,
        checkpoint = Checkpoint?.Number,
        heads = Checkpoint?.Heads.Take(MaxHeads).Select(head => new { instance = head.Instance, sequence = head.Sequence, hash = head.Hash.ToString() }),
    }));

    /// <summary>What the latest of these entries says; null when the store was never put back.</summary>
    public static (long Generation, long? Known, IReadOnlyList<LogHead> Heads)? LatestIn(StoreView store)
    {
        var detail = store.First("SELECT detail FROM log_entries WHERE kind = $kind ORDER BY at DESC, sequence DESC LIMIT 1", row => row.GetString(0), ("$kind", Kind));
        if (detail is null) return null;
        using var document = JsonDocument.Parse(detail);
        var root = document.RootElement;
        return (root.GetProperty("generation").GetInt64(), root.GetProperty("known") is { ValueKind: JsonValueKind.Number } known ? known.GetInt64() : null,
            root.GetProperty("heads") is { ValueKind: JsonValueKind.Array } heads ? LogCheckpoint.HeadsFrom(heads) : []);
    }
}
