using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace CardIssue.Center.Storage;

/// <summary>
/// SHA-256 over fields, each preceded by its length in bytes (4, big-endian), so that no two lists of fields have the same encoding. Texts are UTF-8, numbers
/// 8 bytes, big-endian; a missing field has the length FFFFFFFF. What is hashed first says what it is the hash of.
/// </summary>
// Gathered, and hashed at once: a row has a hundred parts of a few bytes, and each of them by itself costs more than its hash.
internal sealed class FieldHash : IDisposable
{
    private const int Missing = -1, First = 1024;

    private byte[] _fields = ArrayPool<byte>.Shared.Rent(First);
    private int _length;

    public FieldHash Text(string? text)
    {
        if (text is null)
        {
            Length(Missing);
            return this;
        }
        var length = Encoding.UTF8.GetByteCount(text);
        Length(length);
        Encoding.UTF8.GetBytes(text, Next(length));
        return this;
    }

    public FieldHash Number(long? number)
    {
        if (number is not { } value)
        {
            Length(Missing);
            return this;
        }
        Length(sizeof(long));
        BinaryPrimitives.WriteInt64BigEndian(Next(sizeof(long)), value);
        return this;
    }

    public FieldHash Bytes(ReadOnlySpan<byte> bytes)
    {
        Length(bytes.Length);
        bytes.CopyTo(Next(bytes.Length));
        return this;
    }

    /// <summary>The hash, 32 bytes.</summary>
    public byte[] Make()
    {
        var hash = SHA256.HashData(_fields.AsSpan(0, _length));
        _length = 0;
        return hash;
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_fields, clearArray: true);
        _fields = [];
    }

    private void Length(int length) => BinaryPrimitives.WriteInt32BigEndian(Next(sizeof(int)), length);

    private Span<byte> Next(int length)
    {
        if (_fields.Length - _length < length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(checked(Math.Max(_length + length, _fields.Length * 2)));
            _fields.AsSpan(0, _length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_fields, clearArray: true);
            _fields = larger;
        }
        var next = _fields.AsSpan(_length, length);
        _length += length;
        return next;
    }
}
