using System.Buffers.Binary;
using System.Text;

namespace CardIssue.Core.Keys;

/// <summary>
/// Joins public fields into one string of bytes that can be taken apart in one way only: a domain, a zero byte, then each field. Numbers have a
/// fixed length, big-endian; strings are led by their length in two bytes. It is what gets signed, hashed, or bound to a seal.
/// </summary>
internal sealed class BoundFields
{
    private readonly MemoryStream _bytes = new();

    /// <param name="domain">What this string is for, ASCII: no signature or seal of one domain is good in another.</param>
    public BoundFields(string domain)
    {
        _bytes.Write(Encoding.ASCII.GetBytes(domain));
        _bytes.WriteByte(0);
    }

    public BoundFields Byte(byte value)
    {
        _bytes.WriteByte(value);
        return this;
    }

    public BoundFields Number(int value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        _bytes.Write(bytes);
        return this;
    }

    public BoundFields Number(long value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        _bytes.Write(bytes);
        return this;
    }

    public BoundFields Bytes(ReadOnlySpan<byte> value)
    {
        Span<byte> length = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(length, checked((ushort)value.Length));
        _bytes.Write(length);
        _bytes.Write(value);
        return this;
    }

    public BoundFields Text(string value) => Bytes(Encoding.UTF8.GetBytes(value));

    public byte[] ToArray() => _bytes.ToArray();
}
