using CardIssue.Core.Primitives;

namespace CardIssue.Center.Storage;

/// <summary>
/// The hash chain. An entry's hash is SHA-256 over the hash before it and every field, each preceded by its length in bytes (4, big-endian),
/// so that no two entries have the same encoding. A missing field has the length FFFFFFFF.
/// </summary>
internal static class LogChain
{
    /// <summary>What stands before a chain's first entry.</summary>
    public static ByteString Start(string instance)
    {
        using var hash = new FieldHash();
        return ByteString.Own(hash.Text("CardIssue log v1 start").Text(instance).Make());
    }

    public static ByteString HashOf(ByteString before, LogRow row)
    {
        using var hash = new FieldHash();
        hash.Text("CardIssue log v1 entry").Bytes(before.Span).Text(row.Instance).Number(row.Sequence).Number(row.At.ToUnixTimeMilliseconds());
        hash.Text(row.Entry.Session).Text(row.Entry.Terminal?.Value).Number(row.Entry.Line?.Value).Text(row.Entry.Order?.Value);
        hash.Number((long)row.Entry.Direction).Number(row.Entry.Step).Text(row.Entry.Kind).Text(row.Entry.Detail).Bytes(row.Digest.Span);
        return ByteString.Own(hash.Make());
    }

    /// <summary>An entry's MAC, under a key that only the vault has: over its hash, and so over every entry before it too.</summary>
    public static ByteString MacOf(ILogKeys keys, ByteString hash) => ByteString.Own(keys.MacOf([.. "CardIssue log v2 entry\0"u8, .. hash.Span]));

    /// <summary>What the MAC of a chain's end is over.</summary>
    public static byte[] HeadBytes(LogHeadSeal seal)
    {
        using var hash = new FieldHash();
        hash.Bytes(seal.StoreId.Span).Text(seal.Head.Instance).Number(seal.Head.Sequence).Bytes(seal.Head.Hash.Span).Number(seal.Generation);
        return [.. "CardIssue log v2 head\0"u8, .. hash.Make()];
    }
}
