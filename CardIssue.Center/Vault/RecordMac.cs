using System.Buffers.Binary;
using System.Security.Cryptography;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Vault;

/// <summary>
/// The fields of a record, joined so that they can be taken apart in one way only: each is led by its length in four bytes, big-endian, the
/// domain first.
/// </summary>
internal sealed class RecordMac
{
    private readonly SecretWriter _fields = new();

    /// <param name="domain">What kind of record it is: no HMAC of one kind is good for another.</param>
    public RecordMac(string domain) => Text(domain);

    public RecordMac Text(string value)
    {
        _fields.Text(value);
        return this;
    }

    public RecordMac Number(long value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        return Bytes(bytes);
    }

    public RecordMac Time(DateTimeOffset? value) => value is { } time ? Number(time.ToUnixTimeMilliseconds()) : Bytes([]);

    public RecordMac Bytes(ReadOnlySpan<byte> value)
    {
        _fields.Bytes(value);
        return this;
    }

    /// <summary>The HMAC, once: the fields, secret ones among them, are zeroed with it.</summary>
    public ByteString Make(IRecordKeys keys)
    {
        using (_fields) return ByteString.Own(keys.MacRecord(_fields.Written));
    }

    public bool IsRight(IRecordKeys keys, ByteString mac) => CryptographicOperations.FixedTimeEquals(Make(keys).Span, mac.Span);
}
