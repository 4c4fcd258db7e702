using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using CardIssue.Core;

namespace CardIssue.Center.Vault;

/// <summary>
/// The fields of a record, joined so that they can be taken apart in one way only: each is led by its length in four bytes, big-endian, the
/// domain first.
/// </summary>
internal sealed class RecordMac
{
    private readonly MemoryStream _bytes = new();

    /// <param name="domain">What kind of record it is: no HMAC of one kind is good for another.</param>
    public RecordMac(string domain) => Text(domain);

    public RecordMac Text(string value) => Bytes(Encoding.UTF8.GetBytes(value));

    public RecordMac Number(long value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        return Bytes(bytes);
    }

    public RecordMac Time(DateTimeOffset? value) => value is { } time ? Number(time.ToUnixTimeMilliseconds()) : Bytes([]);

    public RecordMac Bytes(ReadOnlySpan<byte> value)
    {
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(length, value.Length);
        _bytes.Write(length);
        _bytes.Write(value);
        return this;
    }

    public ByteString Make(IRecordKeys keys) => ByteString.Own(keys.MacRecord(_bytes.GetBuffer().AsSpan(0, (int)_bytes.Length)));

    public bool IsRight(IRecordKeys keys, ByteString mac) => CryptographicOperations.FixedTimeEquals(Make(keys).Span, mac.Span);
}
