using System.Text.Json;
using CardIssue.Center.Storage;

namespace CardIssue.Center.Log;

/// <summary>A checkpoint as the log names it, in the entry that is the last which it vouches for: so one that is taken out of the store shows.</summary>
/// <param name="Number">Its number.</param>
/// <param name="LostFrom">From this number on those before it are lost, with what the store was put back from; null where none is.</param>
internal sealed record NamedCheckpoint(long Number, long? LostFrom)
{
    private const string Kind = "Checkpoint";

    /// <summary>Names it in the log.</summary>
    public void Log(StoreTransaction store) => store.Log("log", Kind, new { number = Number, lostFrom = LostFrom });

    /// <summary>Null for another entry, and for one that somebody made.</summary>
    public static NamedCheckpoint? Read(LogEntry entry)
    {
        if (entry.Kind != Kind || entry.Direction is not LogDirection.None) return null;
        try
        {
            using var document = JsonDocument.Parse(entry.Detail);
            var detail = document.RootElement;
            return new NamedCheckpoint(
                detail.GetProperty("number").GetInt64(), detail.GetProperty("lostFrom") is { ValueKind: JsonValueKind.Number } lost ? lost.GetInt64() : null);
        }
        catch (Exception error) when (LogJson.IsMalformed(error))
        {
            return null;
        }
    }
}
