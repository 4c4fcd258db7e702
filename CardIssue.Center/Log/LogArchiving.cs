using System.Security.Cryptography;
using System.Text.Json;
using CardIssue.Center.Orders;
using CardIssue.Center.People;
using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Log;

/// <summary>
/// Moves the log's older entries into a signed file. The chains stay whole: behind what they begin in the store from then on, an entry of the log itself
/// says.
/// </summary>
public static class LogArchiving
{
    /// <summary>What is younger stays in the store: nobody takes out alone what happened just now.</summary>
    public static readonly TimeSpan MinAge = TimeSpan.FromDays(30);

    /// <summary>
    /// Writes the entries that are older than a time into a new file, flushes and verifies it, and then deletes them in one commit. Cut before that commit
    /// the log is whole as it was, and the file may be deleted.
    /// </summary>
    /// <param name="database">The store.</param>
    /// <param name="keys">The log's keys, with the secret ones.</param>
    /// <param name="path">The new file; only its owner can read it.</param>
    /// <param name="before">Entries from this time on stay; at least <see cref="MinAge"/> ago. The last entry of each chain stays in any case.</param>
    /// <param name="person">Who archives: a supervisor.</param>
    /// <param name="cancellation">Ends it before the commit.</param>
    /// <returns>What is in the file; null where nothing is so old, and no file was made.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The time is not <see cref="MinAge"/> ago.</exception>
    /// <exception cref="InvalidOperationException">The person has not the role for it, or not any more.</exception>
    /// <exception cref="StoreException">The log is not whole, or cannot be read; nothing was changed.</exception>
    /// <exception cref="IOException">The file is there already, or could not be written.</exception>
    public static async Task<LogArchive?> WriteAsync(
        CenterDatabase database, ILogKeys keys, string path, DateTimeOffset before, CenterPerson person, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(database);
        ArgumentNullException.ThrowIfNull(keys);
        ArgumentNullException.ThrowIfNull(path);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(before, database.Now - MinAge);
        database.Check(person);
        before = before.Stored();
        if (!person.Has(PersonRoles.Supervisor)) throw new InvalidOperationException($"{person} has not the role for it.");
        Written? written;
        // Never renamed: a name that is new with the file is durable with it, another name may not be.
        using (PrivateFiles.Open(path, FileMode.CreateNew, FileAccess.Write, FileShare.None)) written = null;
        try
        {
            written = await database.ReadAsync(store => Write(store, keys, path, before, cancellation), cancellation).ConfigureAwait(false);
            // What is deleted then is what can be read from the file, not what was meant to be in it.
            if (written is not null && (LogArchive.Verify(path, keys) is not ({ } read, []) || read != written.Archive))
                throw new IOException($"{path} is not what was written into it: check the disk. Nothing was deleted.");
        }
        catch
        {
            File.Delete(path);
            throw;
        }
        if (written is null) File.Delete(path);
        else await database.WriteAsync(store => Delete(store, written, person), cancellation).ConfigureAwait(false);
        return written?.Archive;
    }

    private sealed record Written(LogArchive Archive, LogArchived Said);

    private static Written? Write(StoreView store, ILogKeys keys, string path, DateTimeOffset before, CancellationToken cancellation)
    {
        if (new LogVerification(keys).Run(store, null) is { IsOk: false } report)
            throw new StoreException(StoreFault.Altered, $"The log is not whole ({report.Findings[0].Text}): nothing is archived of it. See log verify --vault.");
        var anchors = LogAnchors.All(store);
        var to = LogTable.Heads(store).ConvertAll(head => EndOf(store, head, before)).OfType<LogHead>().ToList();
        if (to.Count == 0) return null;
        ValueList<LogHead> from = [.. to.Select(head => anchors.GetValueOrDefault(head.Instance) ?? new LogHead(head.Instance, 0, LogChain.Start(head.Instance)))];
        foreach (var head in to) anchors[head.Instance] = head;
        var (takenOver, lost) = (new Dictionary<string, LogHead>(), new HashSet<(long, long)>());
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var file = PrivateFiles.Open(path, FileMode.Open, FileAccess.Write, FileShare.None);
        using var buffered = new BufferedStream(file, 64 * 1024);
        using var line = new MemoryStream();
        using var json = new Utf8JsonWriter(line);
        var count = 0L;
        foreach (var head in to)
        {
            foreach (var row in LogTable.UpTo(store, head))
            {
                cancellation.ThrowIfCancellationRequested();
                LogJson.Write(json, row);
                json.Flush();
                line.WriteByte((byte)'\n');
                sha.AppendData(line.GetBuffer().AsSpan(0, (int)line.Length));
                buffered.Write(line.GetBuffer().AsSpan(0, (int)line.Length));
                line.SetLength(0);
                json.Reset();
                count++;
                Carry(row, takenOver, lost);
            }
        }
        var archive = LogArchive.Make(CenterDatabase.IdIn(store), before, from, [.. to], count, ByteString.Own(sha.GetHashAndReset()), keys);
        buffered.Write(archive.ToJson());
        buffered.Write("\n"u8);
        buffered.Flush();
        file.Flush(flushToDisk: true);
        return new Written(archive, new LogArchived([.. anchors.Values], [.. takenOver.Values], [.. lost]));
    }

    /// <summary>
    /// The last entry before the first that is not old enough; never the chain's own last one. A chain of before, which has no MACs and only one entry that
    /// vouches for its end, stays whole.
    /// </summary>
    private static LogHead? EndOf(StoreView store, LogHead head, DateTimeOffset before)
    {
        if (!LogTable.IsKeyed(store, head)) return null;
        var first = store.Number(
            "SELECT coalesce(min(sequence), $last) FROM log_entries WHERE instance = $instance AND at >= $before",
            ("$last", head.Sequence), ("$instance", head.Instance), ("$before", before));
        return LogTable.HashAt(store, head.Instance, first - 1) is { } hash ? new LogHead(head.Instance, first - 1, hash) : null;
    }

    /// <summary>What archived entries say that verification needs later.</summary>
    private static void Carry(LogRow row, Dictionary<string, LogHead> takenOver, HashSet<(long, long)> lost)
    {
        if (row.Entry.Kind == LogFile.TakenOverKind) foreach (var head in LogFile.HeadsOf(row.Entry)) takenOver[head.Instance] = head;
        if (NamedCheckpoint.Read(row.Entry) is { LostFrom: { } first, Number: var number }) lost.Add((first, number - 1));
        if (LogArchived.Read(row.Entry) is not { } before) return;
        foreach (var head in before.TakenOver) takenOver.TryAdd(head.Instance, head);
        lost.UnionWith(before.Lost);
    }

    private static bool Delete(StoreTransaction store, Written written, CenterPerson person)
    {
        var archive = written.Archive;
        if (!person.MayNow(store, PersonRoles.Supervisor)) throw new InvalidOperationException($"{person} has not the role for it any more: nothing was deleted.");
        if (!archive.From.All(head => LogAnchors.Of(store, head.Instance) == head))
            throw new StoreException(StoreFault.Busy, "The log was archived by somebody else meanwhile: nothing was deleted. Delete the file, and try again.");
        written.Said.Log(store, person, archive.Before, archive.Entries, archive.Sha256);
        foreach (var head in archive.To) LogAnchors.Advance(store, head);
        foreach (var order in OrderRow.SelectRight(store, $"ended_at IS NULL AND NOT EXISTS (SELECT 1 FROM log_entries WHERE order_id = orders.order_id AND {LogTable.IsAnyChange})"))
        {
            // A claim is held against the log's latest change of its order: the order must have one.
            var what = order.WaitingRecord is { } record ? $"record {record}: older entries are archived" : "older entries are archived";
            order.Save(store, store.Now, "Carried", what);
        }
        return true;
    }
}
