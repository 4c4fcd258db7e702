using System.Text.Json;
using CardIssue.Center.Storage;
using CardIssue.Core;
using Microsoft.Data.Sqlite;

namespace CardIssue.Center.Log;

/// <summary>What is wrong with the log.</summary>
public enum LogFindingKind
{
    /// <summary>An entry is not what its hash covers.</summary>
    ChangedRow = 1,
    /// <summary>Entries are missing before this one.</summary>
    Gap = 2,
    /// <summary>Entries are missing at the end: a checkpoint has them.</summary>
    Cut = 3,
    /// <summary>The chain up to here is whole in itself, but not the one that a checkpoint vouches for.</summary>
    Rewritten = 4,
    /// <summary>A checkpoint's signature is not the center's.</summary>
    BadSignature = 5,
}

/// <summary>One thing that is wrong.</summary>
/// <param name="Kind">What.</param>
/// <param name="Instance">In whose chain; empty for a checkpoint.</param>
/// <param name="Sequence">At which entry, or the checkpoint's number.</param>
/// <param name="Text">In words.</param>
public sealed record LogFinding(LogFindingKind Kind, string Instance, long Sequence, string Text);

/// <summary>What a verification of the log came to.</summary>
/// <param name="Findings">What is wrong, at most <see cref="MaxFindings"/>; none when the log is whole.</param>
/// <param name="Entries">How many entries were read.</param>
/// <param name="Checkpoints">How many checkpoints they were compared with.</param>
/// <param name="Heads">The ends of the chains.</param>
public sealed record LogReport(ValueList<LogFinding> Findings, long Entries, int Checkpoints, ValueList<LogHead> Heads)
{
    /// <summary>The most findings that are told.</summary>
    public const int MaxFindings = 1_000;

    /// <summary>Whether nothing is wrong.</summary>
    public bool IsOk => Findings.Count == 0;
}

/// <summary>Reads the log once, from its first entry to its last, and compares it with checkpoints.</summary>
internal sealed class LogVerification(ILogKeys keys)
{
    private readonly List<LogFinding> _findings = [];
    private readonly List<LogHead> _heads = [];

    // What checkpoints say of entries: (instance, sequence) to hash and the checkpoint's number.
    private readonly Dictionary<(string Instance, long Sequence), (ByteString Hash, long Number)> _vouched = [];
    private int _checkpoints;
    private long _entries;

    public LogReport Run(SqliteConnection connection, LogCheckpoint? exported)
    {
        foreach (var stored in StoredCheckpoints(connection)) Take(stored, "in the log's file");
        if (exported is not null) Take(exported, "exported");
        LogHead? head = null;
        foreach (var row in LogTable.All(connection))
        {
            if (head is not null && head.Instance != row.Instance) End(head);
            head = Check(row, head?.Instance == row.Instance ? head : new LogHead(row.Instance, 0, LogChain.Start(row.Instance)));
            _entries++;
        }
        if (head is not null) End(head);
        FindCuts();
        return new LogReport([.. _findings], _entries, _checkpoints, [.. _heads]);
    }

    private void Take(LogCheckpoint checkpoint, string where)
    {
        if (!keys.VerifyCheckpoint(checkpoint.SignedBytes(), checkpoint.Signature.Span))
        {
            Add(LogFindingKind.BadSignature, "", checkpoint.Number, $"checkpoint {checkpoint.Number} ({where}): its signature is not the center's");
            return;
        }
        _checkpoints++;
        foreach (var head in checkpoint.Heads)
        {
            var place = (head.Instance, head.Sequence);
            if (_vouched.TryGetValue(place, out var known) && known.Hash != head.Hash)
                Add(LogFindingKind.Rewritten, head.Instance, head.Sequence, $"checkpoints {known.Number} and {checkpoint.Number} vouch for different entries {head.Sequence}");
            _vouched[place] = (head.Hash, checkpoint.Number);
        }
    }

    private LogHead Check(LogRow row, LogHead before)
    {
        if (row.Sequence != before.Sequence + 1)
        {
            // What the missing entry's hash was is not known: this entry's own cannot be judged.
            Add(LogFindingKind.Gap, row.Instance, row.Sequence, $"entries {before.Sequence + 1} to {row.Sequence - 1} of {row.Instance} are missing");
        }
        else if (LogChain.HashOf(before.Hash, row) != row.Hash)
        {
            Add(LogFindingKind.ChangedRow, row.Instance, row.Sequence, $"entry {row.Sequence} of {row.Instance} was changed");
        }
        if (_vouched.TryGetValue((row.Instance, row.Sequence), out var vouched) && vouched.Hash != row.Hash)
        {
            Add(LogFindingKind.Rewritten, row.Instance, row.Sequence,
                $"entry {row.Sequence} of {row.Instance} is not the one that checkpoint {vouched.Number} vouches for: it or one before it was rewritten");
        }
        return new LogHead(row.Instance, row.Sequence, row.Hash);
    }

    private void End(LogHead head) => _heads.Add(head);

    private void FindCuts()
    {
        foreach (var chain in _vouched.GroupBy(vouched => vouched.Key.Instance))
        {
            var last = chain.MaxBy(vouched => vouched.Key.Sequence);
            var end = _heads.Find(head => head.Instance == chain.Key)?.Sequence ?? 0;
            if (last.Key.Sequence > end)
            {
                Add(LogFindingKind.Cut, chain.Key, end + 1,
                    $"{chain.Key} ends at entry {end}; checkpoint {last.Value.Number} has entry {last.Key.Sequence}: the entries between were cut off");
            }
        }
    }

    private void Add(LogFindingKind kind, string instance, long sequence, string text)
    {
        if (_findings.Count < LogReport.MaxFindings) _findings.Add(new LogFinding(kind, instance, sequence, text));
    }

    private List<LogCheckpoint> StoredCheckpoints(SqliteConnection connection)
    {
        var stored = connection.Query("SELECT * FROM log_checkpoints ORDER BY number", row =>
            (Number: row.Long("number")!.Value, At: row.Time("at")!.Value, Heads: row.Text("heads")!, Signature: row.Bytes("signature")!.Value));
        var checkpoints = new List<LogCheckpoint>();
        foreach (var (number, at, heads, signature) in stored)
        {
            try
            {
                using var document = JsonDocument.Parse(heads);
                checkpoints.Add(new LogCheckpoint(number, at, LogCheckpoint.HeadsFrom(document.RootElement), signature));
            }
            catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentNullException)
            {
                Add(LogFindingKind.BadSignature, "", number, $"checkpoint {number} (in the log's file) cannot be read: {error.Message}");
            }
        }
        return checkpoints;
    }
}
