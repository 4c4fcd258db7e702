using System.Security.Cryptography;
using CardIssue.Core.Primitives;
using CardIssue.Testing.Cards.Apdu;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Testing.Cards.Domain;

/// <summary>A load file on its way in. The simulator registers programs; it does not run them.</summary>
internal sealed class LoadProgress(ByteString aid, ByteString hash)
{
    /// <summary>256 blocks of 255 bytes are the most that LOAD can number (GPCS 11.6.2.2).</summary>
    public const int MaximumBlocks = 256;

    private const int LoadFileDataBlock = 0xC4, DapBlock = 0xE2;

    private readonly List<byte> _stream = [];
    private int _blocks;

    /// <summary>The number that the next block must carry; none fits after the last possible block.</summary>
    public int NextBlock => _blocks;

    /// <summary>None, SHA-1, SHA-256, SHA-384 or SHA-512 (GPCS C.2).</summary>
    public static bool IsHashLength(int length) => length is 0 or 20 or 32 or 48 or 64;

    public bool Append(ReadOnlySpan<byte> block)
    {
        if (_blocks == MaximumBlocks) return false;
        _stream.AddRange(block);
        _blocks++;
        return true;
    }

    /// <summary>How many bytes came so far.</summary>
    public int Length => _stream.Count;

    /// <summary>The registry's entry, or why there is none: the stream is not what it says, or the card has not what it needs.</summary>
    public (LoadFile? File, ushort Refusal) Finish(CardState card)
    {
        ReadOnlySpan<byte> rest = _stream.ToArray();
        while (Tlv.TryRead(ref rest, out var tag, out var value))
        {
            if (tag == DapBlock) continue;
            if (tag != LoadFileDataBlock || !rest.IsEmpty || !HashIsRight(value)) break;
            // A block of another kind has version 0.0 and names no modules.
            return PackageBlock.IsPackage(value) ? PackageBlock.Link(value, aid, card) : (new LoadFile(aid, ByteString.Own([0, 0]), [], value.Length), Sw.Ok);
        }
        return (null, Sw.WrongData);
    }

    private bool HashIsRight(byte[] block) => hash.Length switch
    {
        0 => true,
#pragma warning disable CA5350 // GPCS C.2 names SHA-1 as the first of the load file hashes.
        20 => SHA1.HashData(block).AsSpan().SequenceEqual(hash.Span),
#pragma warning restore CA5350
        32 => SHA256.HashData(block).AsSpan().SequenceEqual(hash.Span),
        48 => SHA384.HashData(block).AsSpan().SequenceEqual(hash.Span),
        _ => SHA512.HashData(block).AsSpan().SequenceEqual(hash.Span),
    };
}
