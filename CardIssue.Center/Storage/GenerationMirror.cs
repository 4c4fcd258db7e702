using System.Buffers.Binary;
using System.Security.Cryptography;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Storage;

/// <summary>
/// A copy of the store's generation number outside the store. Every transaction of the store raises the number and then this copy, so the
/// copy is never ahead of the store that it belongs to, unless an older copy of the store was put back.
/// Layout: store id (16 bytes), generation (8, big-endian), SHA-256 of these (32).
/// </summary>
internal sealed class GenerationMirror : IDisposable
{
    private const int IdLength = 16, NumberLength = 8, Length = IdLength + NumberLength + SHA256.HashSizeInBytes;

    private readonly FileStream _file;
    private readonly string _path;

    public GenerationMirror(string path)
    {
        _path = Path.GetFullPath(path);
        PrivateFiles.CreateDirectory(Path.GetDirectoryName(_path)!);
        _file = PrivateFiles.Open(_path, FileMode.OpenOrCreate, FileAccess.ReadWrite);
    }

    /// <summary>Whether a file is there and says a number; it is not made.</summary>
    public static bool HasNumber(string path)
    {
        if (!File.Exists(path)) return false;
        using var mirror = new GenerationMirror(path);
        return mirror.Read() is not null;
    }

    /// <summary>What the file says; null when it is empty, torn or changed.</summary>
    public (ByteString StoreId, long Generation)? Read()
    {
        Span<byte> content = stackalloc byte[Length];
        if (RandomAccess.Read(_file.SafeFileHandle, content, 0) != Length) return null;
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(content[..(IdLength + NumberLength)], hash);
        return hash.SequenceEqual(content[(IdLength + NumberLength)..])
            ? (ByteString.Copy(content[..IdLength]), BinaryPrimitives.ReadInt64BigEndian(content[IdLength..]))
            : null;
    }

    /// <summary>
    /// Writes the number in place (no room is needed on the disk). Flushed only when asked for: after a power cut a copy that is behind raises
    /// no alarm, and a flush for each transaction would double its time.
    /// </summary>
    public void Write(ByteString storeId, long generation, bool flush)
    {
        Span<byte> content = stackalloc byte[Length];
        storeId.Span.CopyTo(content);
        BinaryPrimitives.WriteInt64BigEndian(content[IdLength..], generation);
        SHA256.HashData(content[..(IdLength + NumberLength)], content[(IdLength + NumberLength)..]);
        try
        {
            RandomAccess.Write(_file.SafeFileHandle, content, 0);
            if (flush) _file.Flush(flushToDisk: true);
        }
        catch (IOException error)
        {
            throw StoreException.From(error, _path)!;
        }
    }

    public void Dispose() => _file.Dispose();
}
