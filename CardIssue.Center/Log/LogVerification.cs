using System.Security.Cryptography;
using System.Text.Json;
using CardIssue.Center.Orders;
using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;

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
    /// <summary>An entry does not have the MAC that only the center's vault makes.</summary>
    Forged = 6,
    /// <summary>Checkpoints are missing: their numbers have no gaps.</summary>
    CheckpointGap = 7,
    /// <summary>The end of a chain is not the one that the store's latest commit sealed.</summary>
    Unsealed = 8,
    /// <summary>An order does not stand where the log's latest change of it says.</summary>
    OrderDiffers = 9,
    /// <summary>A row of the store is not what the center wrote: it was changed or put in by something that has not the vault.</summary>
    RowAltered = 10,
    /// <summary>Rows of the store are missing, or older ones were put back.</summary>
    RowsMissing = 11,
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
/// <param name="Checkpoints">
/// How many checkpoints they were compared with. With none, and without the vault, nothing vouches for the log: who can write it can have made it anew.
/// </param>
/// <param name="Heads">The ends of the chains.</param>
/// <param name="WithVault">Whether every entry's MAC was verified, which takes the vault.</param>
/// <param name="Witnesses">How many terminals' notes they were compared with: what each showed last.</param>
public sealed record LogReport(
    ValueList<LogFinding> Findings, long Entries, int Checkpoints, ValueList<LogHead> Heads, bool WithVault, int Witnesses = 0)
{
    /// <summary>Behind which entry each chain begins in the store, where its first entries were archived.</summary>
    public ValueList<LogHead> Starts { get; init; } = [];

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

    // What checkpoints and terminals say of entries: (instance, sequence) to hash and who says so.
    private readonly Dictionary<(string Instance, long Sequence), (ByteString Hash, string By)> _vouched = [];
    private readonly SortedSet<long> _numbers = [], _stored = [], _named = [];
    private readonly List<(long From, long To)> _lostNumbers = [];
    private readonly HashSet<string> _keyed = [];
    private readonly Dictionary<string, LogHead> _unkeyed = [];
    private readonly Dictionary<string, LogHead> _takenOver = [];
    private readonly Dictionary<OrderId, LoggedChange> _orders = [];
    private readonly ArchivedBefore _archived = new();
    private int _checkpoints, _witnesses;
    private long _entries;

    public LogReport Run(StoreView store, LogCheckpoint? exported)
    {
        foreach (var stored in StoredCheckpoints(store)) Take(stored, "in the store");
        var latest = exported is not null && Take(exported, "exported") ? exported.Number : 0;
        foreach (var (terminal, note) in WitnessNotes.All(store)) Take(terminal, note);
        _archived.Begin(store);
        LogHead? head = null;
        foreach (var row in LogTable.All(store))
        {
            if (head is not null && head.Instance != row.Instance) End(head);
            head = Check(row, head?.Instance == row.Instance ? head : Begin(row.Instance));
            _entries++;
        }
        if (head is not null) End(head);
        foreach (var finding in _archived.Compare()) Add(finding.Kind, finding.Instance, finding.Sequence, finding.Text);
        FindCuts();
        FindMissingCheckpoints(latest);
        CompareTakenOver();
        CompareSeals(store);
        CompareOrders(store);
        CompareRows(store);
        return new LogReport([.. _findings], _entries, _checkpoints, [.. _heads], keys.HasSecrets, _witnesses) { Starts = [.. _archived.Starts] };
    }

    private bool Take(LogCheckpoint checkpoint, string where)
    {
        if (!checkpoint.IsSigned(keys))
        {
            Add(LogFindingKind.BadSignature, "", checkpoint.Number, $"checkpoint {checkpoint.Number} ({where}): its signature is not the center's");
            return false;
        }
        _checkpoints++;
        _numbers.Add(checkpoint.Number);
        foreach (var head in checkpoint.Heads) Vouch(head, $"checkpoint {checkpoint.Number}");
        return true;
    }

    /// <summary>What a terminal remembers is as good as a checkpoint of that one chain.</summary>
    private void Take(string terminal, ByteString bytes)
    {
        if (!keys.TryVerifyNote(bytes, out var note))
        {
            Add(LogFindingKind.BadSignature, "", 0,
                $"what terminal {terminal} showed last as the center's note is not one: it was changed in the store");
            return;
        }
        _witnesses++;
        if (note.Note.Sequence > 0) Vouch(new LogHead(note.Note.Chain, note.Note.Sequence, note.Note.Head), $"terminal {terminal}");
    }

    private void Vouch(LogHead head, string by)
    {
        var place = (head.Instance, head.Sequence);
        if (_vouched.TryGetValue(place, out var known) && known.Hash != head.Hash)
            Add(LogFindingKind.Rewritten, head.Instance, head.Sequence, $"{known.By} and {by} vouch for different entries {head.Sequence}");
        _vouched[place] = (head.Hash, by);
    }

    /// <summary>Where a chain begins: behind what was archived, which checkpoints and terminals may vouch for.</summary>
    private LogHead Begin(string instance)
    {
        var start = _archived.StartOf(instance);
        if (_vouched.TryGetValue((instance, start.Sequence), out var vouched) && vouched.Hash != start.Hash)
            Add(LogFindingKind.Rewritten, instance, start.Sequence, $"entry {start.Sequence} of {instance}, the last that was archived, is not the one that {vouched.By} vouches for");
        return start;
    }

    private LogHead Check(LogRow row, LogHead before)
    {
        var isItsHashs = LogChain.HashOf(before.Hash, row) == row.Hash;
        if (row.Sequence != before.Sequence + 1)
        {
            // What the missing entry's hash was is not known: this entry's own cannot be judged.
            Add(LogFindingKind.Gap, row.Instance, row.Sequence, $"entries {before.Sequence + 1} to {row.Sequence - 1} of {row.Instance} are missing");
        }
        else if (!isItsHashs)
        {
            Add(LogFindingKind.ChangedRow, row.Instance, row.Sequence, $"entry {row.Sequence} of {row.Instance} was changed");
        }
        else Hear(row);
        if (_vouched.TryGetValue((row.Instance, row.Sequence), out var vouched) && vouched.Hash != row.Hash)
        {
            Add(LogFindingKind.Rewritten, row.Instance, row.Sequence,
                $"entry {row.Sequence} of {row.Instance} is not the one that {vouched.By} vouches for: it or one before it was rewritten");
        }
        CheckMac(row, isItsHashs);
        return new LogHead(row.Instance, row.Sequence, row.Hash);
    }

    /// <summary>Entries that were taken over from a log of before have no MAC; they end where the entry that took them over says.</summary>
    private void CheckMac(LogRow row, bool isItsHashs)
    {
        if (row.Mac.IsEmpty && !_keyed.Contains(row.Instance))
        {
            _unkeyed[row.Instance] = new LogHead(row.Instance, row.Sequence, row.Hash);
            return;
        }
        _keyed.Add(row.Instance);
        if (!keys.HasSecrets) return;
        if (!CryptographicOperations.FixedTimeEquals(LogChain.MacOf(keys, row.Hash).Span, row.Mac.Span))
            Add(LogFindingKind.Forged, row.Instance, row.Sequence, $"entry {row.Sequence} of {row.Instance} was not written by this center");
        // What the MAC vouches for is the hash: an entry that is not its hash's may say anything, and is not read.
        else if (isItsHashs) Believe(row);
    }

    /// <summary>
    /// What an entry says that is this center's: where an older log ends that was taken over; where an order stands after a change, the latest of which says where
    /// it must stand.
    /// </summary>
    private void Believe(LogRow row)
    {
        if (row.Entry.Kind == LogFile.TakenOverKind) foreach (var head in LogFile.HeadsOf(row.Entry)) _takenOver[head.Instance] = head;
        else if (LoggedChange.Read(row) is { } change
            && (!_orders.TryGetValue(change.Order, out var latest) || LoggedChange.InOrder.Compare(change, latest) > 0)) _orders[change.Order] = change;
    }

    private void CompareOrders(StoreView store)
    {
        foreach (var order in store.Rows(SealedTable.Orders, OrderRow.TryRead).OfType<OrderRow>())
        {
            if (_orders.TryGetValue(order.Order, out var logged) && logged.Standing != LoggedChange.StandingOf(order))
                Add(LogFindingKind.OrderDiffers, "", 0, $"order {order.Order} is {LoggedChange.StandingOf(order)} in the store; the log's latest change of it says {logged.Standing}");
        }
    }

    /// <summary>With the vault alone. Where the log's own end is not sealed, what the rows came to with it can't be said either.</summary>
    private void CompareRows(StoreView store)
    {
        if (!keys.HasSecrets || _findings.Exists(finding => finding.Kind == LogFindingKind.Unsealed)) return;
        try
        {
            foreach (var finding in RowSweep.Run(store, new RowSeals(keys), CenterDatabase.IdIn(store), SealedTable.All))
                Add(finding.Row is null ? LogFindingKind.RowsMissing : LogFindingKind.RowAltered, "", 0, finding.Text);
        }
        catch (StoreException altered) when (altered.Fault is StoreFault.Altered)
        {
            Add(LogFindingKind.RowsMissing, "", 0, altered.Message);
        }
    }

    private void CompareTakenOver()
    {
        if (!keys.HasSecrets) return;
        foreach (var (instance, head) in _unkeyed)
        {
            if (!_takenOver.TryGetValue(instance, out var known) || known != head)
                Add(LogFindingKind.Forged, instance, head.Sequence, $"entries 1 to {head.Sequence} of {instance} have no MAC, and none that has one vouches for them");
        }
    }

    private void CompareSeals(StoreView store)
    {
        var ends = LogTable.SealedHeads(store, CenterDatabase.IdIn(store));
        var generation = CenterDatabase.GenerationIn(store);
        foreach (var (seal, mac) in ends)
        {
            var end = _heads.Find(head => head.Instance == seal.Head.Instance) ?? _archived.StartOf(seal.Head.Instance);
            if (end != seal.Head)
                Add(LogFindingKind.Unsealed, seal.Head.Instance, end.Sequence, $"{seal.Head.Instance} ends at entry {end.Sequence}; the store's latest commit sealed entry {seal.Head.Sequence} as its end");
            else if (keys.HasSecrets && !seal.Fits(keys, mac))
                Add(LogFindingKind.Unsealed, seal.Head.Instance, end.Sequence, $"the seal of the end of {seal.Head.Instance} is not this center's");
        }
        foreach (var head in _heads.Where(head => _keyed.Contains(head.Instance) && !ends.Exists(known => known.Seal.Head.Instance == head.Instance)))
            Add(LogFindingKind.Unsealed, head.Instance, head.Sequence, $"the end of {head.Instance} has no seal");
        if (ends.Count == 0 && _heads.Count == 0 && generation > 0)
            Add(LogFindingKind.Unsealed, "", generation, $"the store is of commit {generation}, and there is no log");
        if (ends.Count > 0 && ends.Max(known => known.Seal.Generation) != generation)
            Add(LogFindingKind.Unsealed, "", generation, $"the store is of commit {generation}; the log was sealed with commit {ends.Max(known => known.Seal.Generation)}");
    }

    /// <summary>Which checkpoints there were, by an entry whose hash is right: whether the chain is this center's, signatures and MACs tell.</summary>
    private void Hear(LogRow row)
    {
        if (LogArchived.Read(row.Entry) is { } archived)
        {
            _archived.Hear(archived);
            _lostNumbers.AddRange(archived.Lost);
            foreach (var head in archived.TakenOver) _takenOver.TryAdd(head.Instance, head);
        }
        if (NamedCheckpoint.Read(row.Entry) is not { } named) return;
        _named.Add(named.Number);
        if (named.LostFrom is { } first) _lostNumbers.Add((first, named.Number - 1));
    }

    /// <summary>Their numbers have no gaps but where the store was put back: those that are lost are not given again, and no entry names them.</summary>
    private void FindMissingCheckpoints(long exported)
    {
        var before = 0L;
        foreach (var number in _numbers)
        {
            if (number != before + 1 && !AreLost(before + 1, number - 1))
                Add(LogFindingKind.CheckpointGap, "", number, $"checkpoints {before + 1} to {number - 1} are missing");
            before = number;
        }
        var latest = Math.Max(_named.Max, exported);
        if (latest > _stored.Max && !AreLost(latest, latest))
            Add(LogFindingKind.CheckpointGap, "", latest, $"checkpoint {latest} is missing in the store: {(latest == exported ? "it was exported" : "the log names it")}");
    }

    private bool AreLost(long from, long to) => _named.GetViewBetween(from, to).Count == 0 && _lostNumbers.Exists(lost => lost.From <= from && to <= lost.To);

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
                    $"{chain.Key} ends at entry {end}; {last.Value.By} has entry {last.Key.Sequence}: the entries between were cut off");
            }
        }
    }

    private void Add(LogFindingKind kind, string instance, long sequence, string text)
    {
        if (_findings.Count < LogReport.MaxFindings) _findings.Add(new LogFinding(kind, instance, sequence, text));
    }

    private List<LogCheckpoint> StoredCheckpoints(StoreView store)
    {
        var checkpoints = new List<LogCheckpoint>();
        foreach (var (number, at, heads, signature) in LogTable.Checkpoints(store))
        {
            _stored.Add(number);
            try
            {
                using var document = JsonDocument.Parse(heads);
                checkpoints.Add(new LogCheckpoint(number, at, LogCheckpoint.HeadsFrom(document.RootElement), signature));
            }
            catch (Exception error) when (LogJson.IsMalformed(error) || error is ArgumentNullException)
            {
                Add(LogFindingKind.BadSignature, "", number, $"checkpoint {number} (in the store) cannot be read: {error.Message}");
            }
        }
        return checkpoints;
    }
}
