using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using CardIssue.Core;

namespace CardIssue.Center.Log;

/// <summary>
/// The hash chain. An entry's hash is SHA-256 over the hash before it and every field, each preceded by its length in bytes (4, big-endian),
/// so that no two entries have the same encoding. A missing field has the length FFFFFFFF.
/// </summary>
internal static class LogChain
{
    private const int Missing = -1;

    /// <summary>What stands before a chain's first entry.</summary>
    public static ByteString Start(string instance)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Text(hash, "CardIssue log v1 start");
        Text(hash, instance);
        return ByteString.Own(hash.GetHashAndReset());
    }

    public static ByteString HashOf(ByteString before, LogRow row)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Text(hash, "CardIssue log v1 entry");
        Bytes(hash, before.Span);
        Text(hash, row.Instance);
        Number(hash, row.Sequence);
        Number(hash, row.At.ToUnixTimeMilliseconds());
        Text(hash, row.Entry.Session);
        Text(hash, row.Entry.Terminal?.Value);
        Number(hash, row.Entry.Line?.Value);
        Text(hash, row.Entry.Order?.Value);
        Number(hash, (long)row.Entry.Direction);
        Number(hash, row.Entry.Step);
        Text(hash, row.Entry.Kind);
        Text(hash, row.Entry.Detail);
        Bytes(hash, row.Digest.Span);
        return ByteString.Own(hash.GetHashAndReset());
    }

    /// <summary>An entry's MAC, under a key that only the vault has: over its hash, and so over every entry before it too.</summary>
    public static ByteString MacOf(ILogKeys keys, ByteString hash) => ByteString.Own(keys.MacOf([.. "CardIssue log v2 entry\0"u8, .. hash.Span]));

    /// <summary>What the MAC of a chain's end is over.</summary>
    public static byte[] HeadBytes(LogHeadSeal seal)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Bytes(hash, seal.StoreId.Span);
        Text(hash, seal.Head.Instance);
        Number(hash, seal.Head.Sequence);
        Bytes(hash, seal.Head.Hash.Span);
        Number(hash, seal.Generation);
        return [.. "CardIssue log v2 head\0"u8, .. hash.GetHashAndReset()];
    }

    private static void Text(IncrementalHash hash, string? text)
    {
        if (text is null) Length(hash, Missing);
        else Bytes(hash, Encoding.UTF8.GetBytes(text));
    }

    private static void Number(IncrementalHash hash, long? number)
    {
        if (number is not { } value)
        {
            Length(hash, Missing);
            return;
        }
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        Bytes(hash, bytes);
    }

    private static void Bytes(IncrementalHash hash, ReadOnlySpan<byte> bytes)
    {
        Length(hash, bytes.Length);
        hash.AppendData(bytes);
    }

    private static void Length(IncrementalHash hash, int length)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(bytes, length);
        hash.AppendData(bytes);
    }
}
