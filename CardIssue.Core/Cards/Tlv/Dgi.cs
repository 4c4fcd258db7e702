using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Tlv;

/// <summary>A data grouping (EMV CPS 1.1 §3.2): an identifier of two bytes and data. Its length is coded in one byte 00–FE, or FF and two bytes; not as BER.</summary>
/// <param name="Id">The data grouping identifier.</param>
/// <param name="Data">0 to 65,535 bytes.</param>
internal readonly record struct Dgi(ushort Id, ByteString Data)
{
    /// <summary>The most data, in bytes.</summary>
    public const int MaxData = 0xFFFF;

    /// <summary>How many data groupings one parse accepts.</summary>
    public const int MaxGroupings = 2048;

    /// <summary>The longest data whose length is coded in one byte.</summary>
    private const int MaxShortData = 0xFE;

    /// <summary>The data grouping as it is coded: identifier, length, data.</summary>
    /// <exception cref="InvalidOperationException">More than 65,535 bytes of data.</exception>
    public ByteString ToBytes()
    {
        if (Data.Length > MaxData) throw new InvalidOperationException($"DGI {Id:X4} has {Data.Length} bytes; {MaxData} is the most.");
        var head = Data.Length <= MaxShortData ? 3 : 5;
        var bytes = new byte[head + Data.Length];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, Id);
        if (head == 3)
        {
            bytes[2] = (byte)Data.Length;
        }
        else
        {
            bytes[2] = 0xFF;
            BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(3), (ushort)Data.Length);
        }
        Data.Span.CopyTo(bytes.AsSpan(head));
        return ByteString.Own(bytes);
    }

    /// <summary>Parses data groupings that fill <paramref name="bytes"/> to the end.</summary>
    /// <param name="bytes">The coded groupings; no bytes are the empty list.</param>
    /// <param name="groupings">The groupings.</param>
    /// <param name="error">What is wrong and at which byte, when the result is false; never data.</param>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out ValueList<Dgi> groupings, [NotNullWhen(false)] out string? error)
    {
        groupings = default;
        var list = new List<Dgi>();
        for (var at = 0; at < bytes.Length;)
        {
            error = list.Count == MaxGroupings ? $"More than {MaxGroupings} DGIs." : null;
            if (error is not null || !TryReadOne(bytes[at..], out var grouping, out var length, out error))
            {
                error = $"At byte {at}: {error}";
                return false;
            }
            list.Add(grouping);
            at += length;
        }
        groupings = [.. list];
        error = null;
        return true;
    }

    private static bool TryReadOne(ReadOnlySpan<byte> bytes, out Dgi grouping, out int consumed, out string? error)
    {
        (grouping, consumed, error) = (default, 0, null);
        var head = bytes.Length >= 3 && bytes[2] == 0xFF ? 5 : 3;
        if (bytes.Length < head)
        {
            error = "a DGI or its length is cut short.";
            return false;
        }
        int length = head == 3 ? bytes[2] : BinaryPrimitives.ReadUInt16BigEndian(bytes[3..]);
        if (head == 5 && length <= MaxShortData) error = $"length {length} is coded in three bytes where one is due.";
        else if (length > bytes.Length - head) error = $"the length says {length}; {bytes.Length - head} bytes follow it.";
        if (error is not null) return false;
        grouping = new Dgi(BinaryPrimitives.ReadUInt16BigEndian(bytes), ByteString.Copy(bytes.Slice(head, length)));
        consumed = head + length;
        return true;
    }

    /// <summary>The identifier and the length; never the data.</summary>
    public override string ToString() => $"DGI {Id:X4}, {Data.Length} bytes";
}
