using CardIssue.Core.Primitives;

namespace CardIssue.Center.Storage;

/// <summary>Adds to one host's chain of the log, inside the transactions of the store.</summary>
internal sealed class LogWriter(string instance, ILogKeys keys)
{
    public string Instance => instance;

    public bool TakesOver => keys.TakesOverLog;

    /// <summary>The HMAC that stands for bytes in the log; empty for none.</summary>
    public ByteString DigestOf(ReadOnlySpan<byte> raw) => raw.IsEmpty ? ByteString.Empty : ByteString.Own(keys.Hmac(raw));

    /// <summary>
    /// Where this chain ends. Read anew in each transaction: another process with this instance's name would otherwise break the chain. Compared with what
    /// the latest commit sealed: whoever cuts entries off, and has no key, must not have the center itself seal what is left.
    /// </summary>
    /// <param name="store">The transaction.</param>
    /// <param name="storeId">The store's own number.</param>
    /// <param name="generation">The number of the latest commit; 0 before the first.</param>
    /// <exception cref="StoreException"><see cref="StoreFault.Altered"/>: it is another end.</exception>
    public LogHead HeadIn(StoreView store, ByteString storeId, long generation)
    {
        var head = LogTable.Head(store, instance);
        var seals = LogTable.SealedHeads(store, storeId);
        var (seal, mac) = seals.Find(known => known.Seal.Head.Instance == instance);
        // Without any seal: the first commit of a store, or an older one that is taken over.
        var fits = seals.Count == 0 ? generation == 0 || keys.TakesOverLog : seals.Max(known => known.Seal.Generation) == generation;
        fits = fits && (seal is null ? !LogTable.IsKeyed(store, head) : seal.Head == head && seal.Fits(keys, mac));
        return fits ? head : throw new StoreException(StoreFault.Altered,
            $"The log of {instance} does not end where this center's latest commit ended: entries were cut off or changed in the store. "
            + "Keep it as it is, find out who could write it, restore the latest backup, and settle what is missing with a later log.");
    }

    /// <summary>Where this chain ends after entries were brought in.</summary>
    public LogHead HeadAfterTakeOver(StoreView store) => LogTable.Head(store, instance);

    public ILogKeys Keys => keys;

    /// <summary>Whether an entry is one that this center wrote, as it wrote it.</summary>
    public bool Vouches(StoreView store, LogRow row)
    {
        var before = LogAnchors.HashAt(store, row.Instance, row.Sequence - 1);
        return before is { } hash && LogChain.HashOf(hash, row) == row.Hash
            && System.Security.Cryptography.CryptographicOperations.FixedTimeEquals(LogChain.MacOf(keys, row.Hash).Span, row.Mac.Span);
    }

    public LogRow Append(StoreTransaction store, LogHead head, LogEntry entry, ByteString digest, DateTimeOffset at)
    {
        Check(entry);
        var unsealed = new LogRow(instance, head.Sequence + 1, at.Stored(), entry, digest,
            ByteString.Empty, ByteString.Empty);
        var row = unsealed with { Hash = LogChain.HashOf(head.Hash, unsealed) };
        row = row with { Mac = LogChain.MacOf(keys, row.Hash) };
        LogTable.Insert(store, row);
        return row;
    }

    /// <summary>Says in the store, under the log's key, where this chain ends with this commit: a tail that is cut off leaves it behind.</summary>
    public void SealHead(StoreTransaction store, ByteString storeId, LogHead head)
    {
        var seal = new LogHeadSeal(storeId, head, store.Generation);
        LogTable.PutHead(store, seal, seal.MacOf(keys));
    }

    private static void Check(LogEntry entry)
    {
        if (entry.Session.Length is 0 or > LogEntry.MaxWord || entry.Kind.Length is 0 or > LogEntry.MaxWord)
            throw new ArgumentException($"session and kind have 1 to {LogEntry.MaxWord} characters", nameof(entry));
        if (entry.Session.Contains('\0', StringComparison.Ordinal) || entry.Kind.Contains('\0', StringComparison.Ordinal))
            throw new ArgumentException("a database keeps no text behind a NUL", nameof(entry));
        if (!Enum.IsDefined(entry.Direction) || entry.Step is < 0 or > LogEntry.MaxStep) throw new ArgumentException("no such direction or step", nameof(entry));
        if (entry.Detail.Length > LogEntry.MaxDetail) throw new ArgumentException($"the detail is longer than {LogEntry.MaxDetail} characters", nameof(entry));
        if (!LogJson.IsObject(entry.Detail)) throw new ArgumentException("the detail is no JSON object", nameof(entry));
    }
}

/// <summary>The end of a chain, as each commit seals it.</summary>
/// <param name="StoreId">The store that it is in.</param>
/// <param name="Head">The end.</param>
/// <param name="Generation">The commit.</param>
internal sealed record LogHeadSeal(ByteString StoreId, LogHead Head, long Generation)
{
    public ByteString MacOf(ILogKeys keys) => ByteString.Own(keys.MacOf(LogChain.HeadBytes(this)));

    public bool Fits(ILogKeys keys, ByteString mac) =>
        System.Security.Cryptography.CryptographicOperations.FixedTimeEquals(MacOf(keys).Span, mac.Span);
}
