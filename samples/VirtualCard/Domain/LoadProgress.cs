using System.Buffers.Binary;
using System.Security.Cryptography;
using CardIssue.Core.Primitives;
using CardIssue.VirtualCard.Apdu;
using CardIssue.VirtualCard.State;

namespace CardIssue.VirtualCard.Domain;

/// <summary>A load file on its way in. The simulator registers programs; it does not run them.</summary>
public sealed class LoadProgress(ByteString aid, ByteString hash)
{
    /// <summary>256 blocks of 255 bytes are the most that LOAD can number (GPCS 11.6.2.2).</summary>
    public const int MaximumBlocks = 256;

    private const int LoadFileDataBlock = 0xC4, DapBlock = 0xE2;
    private const byte HeaderComponent = 1, AppletComponent = 3;

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

    /// <summary>The registry's entry; null when the stream is not what it says.</summary>
    public LoadFile? Finish()
    {
        ReadOnlySpan<byte> rest = _stream.ToArray();
        while (Tlv.TryRead(ref rest, out var tag, out var value))
        {
            if (tag == DapBlock) continue;
            if (tag != LoadFileDataBlock || !rest.IsEmpty || !HashIsRight(value)) return null;
            return Describe(value);
        }
        return null;
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

    /// <summary>Version and modules of a Java Card package (JCVM 6.3, 6.5); a block of another kind has version 0.0 and names no modules.</summary>
    private LoadFile? Describe(byte[] block)
    {
        var version = ByteString.Own([0, 0]);
        ValueList<ByteString> modules = [];
        ReadOnlySpan<byte> rest = block;
        if (rest.Length < 13 || rest[0] != HeaderComponent || BinaryPrimitives.ReadUInt32BigEndian(rest[3..]) != 0xDECAFFED)
            return new LoadFile(aid, version, modules, block.Length);
        while (rest.Length >= 3)
        {
            var tag = rest[0];
            var size = BinaryPrimitives.ReadUInt16BigEndian(rest[1..]);
            if (rest.Length < 3 + size) return null;
            var body = rest.Slice(3, size);
            if (tag == HeaderComponent)
            {
                if (size < 10 || size < 10 + body[9] || !body.Slice(10, body[9]).SequenceEqual(aid.Span)) return null;
                version = ByteString.Own([body[8], body[7]]);
            }
            if (tag == AppletComponent && !TryReadModules(body, ref modules)) return null;
            rest = rest[(3 + size)..];
        }
        return rest.IsEmpty ? new LoadFile(aid, version, modules, block.Length) : null;
    }

    private static bool TryReadModules(ReadOnlySpan<byte> body, ref ValueList<ByteString> modules)
    {
        if (body.IsEmpty) return false;
        var count = body[0];
        body = body[1..];
        for (var i = 0; i < count; i++)
        {
            if (body.IsEmpty || body.Length < 3 + body[0]) return false;
            modules = modules.Add(ByteString.Copy(body.Slice(1, body[0])));
            body = body[(3 + body[0])..];
        }
        return true;
    }
}
