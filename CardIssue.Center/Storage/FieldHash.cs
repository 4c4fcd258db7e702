using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace CardIssue.Center.Storage;

/// <summary>
/// SHA-256 over fields, each preceded by its length in bytes (4, big-endian), so that no two lists of fields have the same encoding. Texts are UTF-8, numbers
/// 8 bytes, big-endian; a missing field has the length FFFFFFFF. What is hashed first says what it is the hash of.
/// </summary>
internal sealed class FieldHash : IDisposable
{
    private const int Missing = -1;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public FieldHash Text(string? text)
    {
        if (text is not null) return Bytes(Encoding.UTF8.GetBytes(text));
        Length(Missing);
        return this;
    }

    public FieldHash Number(long? number)
    {
        if (number is not { } value)
        {
            Length(Missing);
            return this;
        }
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        return Bytes(bytes);
    }

    public FieldHash Bytes(ReadOnlySpan<byte> bytes)
    {
        Length(bytes.Length);
        _hash.AppendData(bytes);
        return this;
    }

    /// <summary>The hash, 32 bytes.</summary>
    public byte[] Make() => _hash.GetHashAndReset();

    public void Dispose() => _hash.Dispose();

    private void Length(int length)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(bytes, length);
        _hash.AppendData(bytes);
    }
}
