using System.Security.Cryptography;
using CardIssue.Center.Orders;
using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Recovery;

/// <summary>What a later log tells, compared with this store's own: both are one chain up to where the backup was made.</summary>
/// <param name="Orders">What became, in the later log, of the orders that it names since.</param>
/// <param name="Own">What was done in this store since, by order: the names of the changes.</param>
/// <param name="Others">What people did since that is of no order, as the later log has it; the first <see cref="MaxOthers"/>.</param>
/// <param name="Heads">Where the later log ends.</param>
/// <param name="Missing">In words, what is known to have happened and is not in it; none when it is complete.</param>
internal sealed record LaterLog(
    IReadOnlyDictionary<OrderId, OrderTrail> Orders, IReadOnlyDictionary<OrderId, HashSet<string>> Own, IReadOnlyList<LogRow> Others,
    ValueList<LogHead> Heads, ValueList<string> Missing)
{
    public const int MaxOthers = 1_000;
}

/// <summary>Reads a later log once, and verifies it against this store's own log, the vault's key and what vouches for its
/// length.</summary>
internal sealed class LaterLogReading(StoreView store, ILogKeys keys, IReadOnlyList<LogCheckpoint> checkpoints)
{
    private readonly List<LoggedChange> _changes = [];
    private readonly List<LogRow> _others = [];
    private readonly Dictionary<string, LogHead> _ends = [];
    private readonly Dictionary<string, long> _forks = [];
    private readonly Dictionary<(string Instance, long Sequence), ByteString> _vouched = [];
    private LogHead? _head;
    private LogHead _anchor = new("", 0, ByteString.Empty);
    private bool _common;

    /// <exception cref="RecoveryException">It was changed, cut out of or forged; or is of another store, or does not go on from what this
    /// one has.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public LaterLog Read(string path) => LaterLogFile.Read(path, Run);

    private LaterLog Run(IEnumerable<LogRow> rows, Func<IReadOnlyList<(LogHeadSeal Seal, ByteString Mac)>> seals)
    {
        var furthest = PutBack.Furthest(store, CenterDatabase.IdIn(store))
            ?? throw new RecoveryException(RecoveryFault.Foreign,
                "This store was not put back: there is nothing to settle from a log. Restore a backup first.");
        foreach (var checkpoint in checkpoints) Expect(checkpoint);
        var remembered = 0L;
        foreach (var (_, bytes) in WitnessNotes.All(store))
        {
            if (!keys.TryVerifyNote(bytes, out var shown) || shown.Note.Store != CenterDatabase.IdIn(store)) continue;
            if (shown.Note.Sequence > 0 && Expect(new LogHead(shown.Note.Chain, shown.Note.Sequence, shown.Note.Head))) remembered = Math.Max(remembered, shown.Note.Generation);
        }
        foreach (var row in rows) Take(row);
        if (_head is not null) _ends.Add(_head.Instance, _head);
        if (_forks.Values.All(fork => fork == 0)) throw Foreign("it is of another store: no entry of it is this store's");
        var sealedAt = CheckSeals(seals());
        var told = Math.Max(furthest.Told, remembered);
        var outside = _vouched.Count > 0 || told > 0;
        return new LaterLog(
            _changes.GroupBy(change => change.Order).ToDictionary(order => order.Key, OrderTrail.Of), OwnChanges(), _others,
            [.. _ends.Values.OrderBy(head => head.Instance, StringComparer.Ordinal)],
            [.. Missing(sealedAt, Math.Max(furthest.Known, told), outside)]);
    }

    private void Expect(LogCheckpoint given)
    {
        if (!given.IsSigned(keys))
            throw new RecoveryException(RecoveryFault.Altered, $"Checkpoint {given.Number} is not this center's: give another one.");
        foreach (var head in given.Heads) Expect(head);
    }

    /// <summary>What this store's own log has is no news; the checkpoints that it made since it was put back are of that kind.</summary>
    /// <returns>Whether it is news.</returns>
    private bool Expect(LogHead head)
    {
        if (head.Sequence < LogAnchors.Of(store, head.Instance).Sequence || LogAnchors.HashAt(store, head.Instance, head.Sequence) == head.Hash) return false;
        _vouched[(head.Instance, head.Sequence)] = head.Hash;
        return true;
    }

    private void Take(LogRow row)
    {
        if (_head?.Instance != row.Instance)
        {
            if (_head is not null) _ends.Add(_head.Instance, _head);
            if (_ends.ContainsKey(row.Instance)) throw Altered(row, "comes a second time");
            (_head, _common) = (Begin(row), true);
            _forks[row.Instance] = _head.Sequence;
        }
        if (row.Sequence != _head.Sequence + 1) throw Altered(row, $"comes after entry {_head.Sequence}: what was between them is missing");
        if (_common && row.Sequence <= _anchor.Sequence) TakeArchived(row, _head);
        else if (_common && LogTable.HashAt(store, row.Instance, row.Sequence) == row.Hash) _forks[row.Instance] = row.Sequence;
        else if (row.Sequence == 1 && LogTable.HashAt(store, row.Instance, 1) is not null) throw Foreign($"the chain of {row.Instance} begins otherwise");
        else TakeLater(row, _head);
        if (_vouched.TryGetValue((row.Instance, row.Sequence), out var hash) && hash != row.Hash) throw Altered(row, "is not the one that a checkpoint or a terminal vouches for");
        _head = new LogHead(row.Instance, row.Sequence, row.Hash);
    }

    /// <summary>
    /// What stands before the first entry of a chain. A log whose first entries were archived goes on from this store's own entry, which must be there.
    /// </summary>
    private LogHead Begin(LogRow first)
    {
        _anchor = LogAnchors.Of(store, first.Instance);
        if (first.Sequence <= 1) return new LogHead(first.Instance, 0, LogChain.Start(first.Instance));
        var before = first.Sequence - 1;
        if (LogAnchors.HashAt(store, first.Instance, before) is { } hash) return new LogHead(first.Instance, before, hash);
        var end = LogTable.Head(store, first.Instance).Sequence;
        throw new RecoveryException(RecoveryFault.Incomplete, before < _anchor.Sequence
            ? $"The log begins at entry {first.Sequence} of {first.Instance}, and this store behind entry {_anchor.Sequence}: nothing shows that they are one. Give a log export of later."
            : $"The log begins at entry {first.Sequence} of {first.Instance}: what is before was archived, and this store ends at entry {end}. Restore a backup that was made "
            + "after that log archive, or settle from a log export that was made before it.");
    }

    /// <summary>What this store has archived by now: the chain is followed to where the store's own begins.</summary>
    private void TakeArchived(LogRow row, LogHead before)
    {
        if (LogChain.HashOf(before.Hash, row) != row.Hash) throw Altered(row, "does not go on from what is before it, or was changed");
        if (row.Sequence == _anchor.Sequence && row.Hash != _anchor.Hash) throw Foreign($"the chain of {row.Instance} is another at entry {row.Sequence}");
        _forks[row.Instance] = row.Sequence;
    }

    private void TakeLater(LogRow row, LogHead before)
    {
        _common = false;
        if (LogChain.HashOf(before.Hash, row) != row.Hash) throw Altered(row, "does not go on from what is before it, or was changed");
        if (!CryptographicOperations.FixedTimeEquals(LogChain.MacOf(keys, row.Hash).Span, row.Mac.Span)) throw Altered(row, "was not written by this center");
        if (ChangeIn(row) is { } change) _changes.Add(change);
        else if (row.Entry is { Direction: LogDirection.None, Order: null, Session: "console" } && _others.Count < LaterLog.MaxOthers) _others.Add(row);
    }

    /// <returns>The last commit that the log is sealed with; 0 when it is not sealed where it ends.</returns>
    private long CheckSeals(IReadOnlyList<(LogHeadSeal Seal, ByteString Mac)> seals)
    {
        var id = CenterDatabase.IdIn(store);
        foreach (var (seal, mac) in seals)
        {
            if (seal.StoreId != id) throw Foreign("it is sealed for another store");
            if (!seal.Fits(keys, mac)) throw new RecoveryException(RecoveryFault.Altered,
                $"The seal of the end of {seal.Head.Instance} in the log is not this center's. Take another copy of it.");
        }
        return _ends.Values.All(end => seals.Any(known => known.Seal.Head == end)) ? seals.Select(known => known.Seal.Generation).DefaultIfEmpty(0).Max() : 0;
    }

    private IEnumerable<string> Missing(long sealedAt, long known, bool outside)
    {
        if (sealedAt == 0) yield return "the log does not end where the store's commits sealed it to end: its last entries were cut off";
        else if (sealedAt < known) yield return $"the store had come to commit {known}; the log ends with commit {sealedAt}";
        foreach (var chain in _vouched.Keys.GroupBy(place => place.Instance))
        {
            var (last, end) = (chain.Max(place => place.Sequence), _ends.TryGetValue(chain.Key, out var head) ? head.Sequence : 0);
            if (end < last) yield return $"a checkpoint or a terminal vouches for entry {last} of {chain.Key}; the log ends at entry {end}";
        }
        if (!outside) yield return "nothing tells how far the center had come, neither the generation's copy beside the store, nor a terminal, nor a checkpoint: give the latest one that was exported";
    }

    private Dictionary<OrderId, HashSet<string>> OwnChanges() => LogTable.Heads(store)
        .SelectMany(head => LogTable.After(store, head.Instance, _forks.GetValueOrDefault(head.Instance)))
        .Select(ChangeIn).OfType<LoggedChange>()
        .GroupBy(change => change.Order).ToDictionary(order => order.Key, order => order.Select(change => change.Change).ToHashSet());

    private static LoggedChange? ChangeIn(LogRow row)
    {
        try
        {
            return LoggedChange.Read(row);
        }
        catch (FormatException error)
        {
            throw new RecoveryException(RecoveryFault.Altered,
                $"entry {row.Sequence} of {row.Instance} is of a change of order {row.Entry.Order} that this program cannot read; use the version that wrote it.", error);
        }
    }

    private static RecoveryException Foreign(string why) => new(RecoveryFault.Foreign,
        $"This log cannot be this store's: {why}. Nothing was settled.");

    private static RecoveryException Altered(LogRow row, string why) =>
        new(RecoveryFault.Altered,
            $"Entry {row.Sequence} of {row.Instance} in the log {why}. Nothing was settled; take another copy of the log.");
}
