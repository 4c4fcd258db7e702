using System.Text.Json;
using CardIssue.Center.People;
using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Log;

/// <summary>What the log says of entries that were archived: the entry that vouches for where its chains begin now.</summary>
/// <param name="Heads">The last archived entry of each chain, of all archives together.</param>
/// <param name="TakenOver">Ends of chains of a log of before, as an entry named them that is archived by now.</param>
/// <param name="Lost">Numbers of checkpoints that were lost with what the store was put back from, as archived entries said.</param>
internal sealed record LogArchived(IReadOnlyList<LogHead> Heads, IReadOnlyList<LogHead> TakenOver, IReadOnlyList<(long From, long To)> Lost)
{
    private const string Kind = "LogArchived";

    /// <summary>Says it, in the commit that deletes the entries.</summary>
    public void Log(StoreTransaction store, CenterPerson person, DateTimeOffset before, long entries, ByteString sha256) => store.Log(ConsoleLog.Of(Kind, new
    {
        person = person.Name.Value, before = before.UtcDateTime, entries, sha256 = sha256.ToString(), heads = Heads.Select(LogJson.Of),
        takenOver = TakenOver.Select(LogJson.Of), lost = Lost.Select(range => new[] { range.From, range.To }),
    }));

    /// <summary>Null for another entry, and for one that somebody made.</summary>
    public static LogArchived? Read(LogEntry entry)
    {
        if (entry.Kind != Kind || entry.Direction is not LogDirection.None) return null;
        try
        {
            using var document = JsonDocument.Parse(entry.Detail);
            var detail = document.RootElement;
            return new LogArchived(
                LogCheckpoint.HeadsFrom(detail.GetProperty("heads")), LogCheckpoint.HeadsFrom(detail.GetProperty("takenOver")),
                [.. detail.GetProperty("lost").EnumerateArray().Select(range => (range[0].GetInt64(), range[1].GetInt64()))]);
        }
        catch (Exception error) when (LogJson.IsMalformed(error) || error is IndexOutOfRangeException)
        {
            return null;
        }
    }
}

/// <summary>What was archived before a log's first entries: what the store has of it, and what the log itself says.</summary>
internal sealed class ArchivedBefore
{
    private readonly Dictionary<string, LogHead> _told = [];
    private Dictionary<string, LogHead> _anchors = [];

    public void Begin(StoreView store) => _anchors = LogAnchors.All(store);

    public IEnumerable<LogHead> Starts => _anchors.Values.OrderBy(head => head.Instance, StringComparer.Ordinal);

    public LogHead StartOf(string instance) => _anchors.GetValueOrDefault(instance) ?? new LogHead(instance, 0, LogChain.Start(instance));

    public void Hear(LogArchived archived)
    {
        foreach (var head in archived.Heads)
            if (!_told.TryGetValue(head.Instance, out var known) || known.Sequence < head.Sequence) _told[head.Instance] = head;
    }

    /// <summary>Where a chain begins is believed only as an entry of what is left says it.</summary>
    public IEnumerable<LogFinding> Compare() => _anchors.Values.Where(anchor => _told.GetValueOrDefault(anchor.Instance) != anchor).Select(anchor => new LogFinding(
        LogFindingKind.Gap, anchor.Instance, anchor.Sequence, $"entries 1 to {anchor.Sequence} of {anchor.Instance} are missing, and no entry says that they were archived so"));
}
