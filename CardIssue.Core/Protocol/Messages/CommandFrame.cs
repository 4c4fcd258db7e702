using System.Buffers.Binary;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Protocol.Messages;

/// <summary>
/// <see cref="Command"/> without a copy: reads one out of a received frame and lends its payload as a span, so that a command's bytes never
/// leave the frame's pinned memory. Accepts exactly what <see cref="MessageCodec.Decode"/> accepts as a command, and writes the same bytes.
/// </summary>
/// <remarks>Layout: map head, 00 0D, 01 sequence, 02 payload [, 03 expected]. 11 bytes of overhead up to sequence 65535 and payload 65535.</remarks>
internal static class CommandFrame
{
    /// <summary>The most bytes around a payload, each expected status word counting 3 more: heads of map, sequence, payload and status words, and the keys.</summary>
    public const int MaxOverhead = 1 + 2 + (1 + 5) + (1 + 5) + (1 + 2);

    private const int MajorUnsigned = 0, MajorBytes = 2, MajorArray = 4, MajorMap = 5;

    /// <summary>Reads a command.</summary>
    /// <param name="frame">One frame.</param>
    /// <param name="sequence">Its number.</param>
    /// <param name="payload">Its payload, inside <paramref name="frame"/>; 1 to <see cref="FieldLimits.MaxPayload"/> bytes.</param>
    /// <param name="expected">The status words on which to go on; empty means 9000 alone.</param>
    /// <returns>False when the frame is no well-formed command.</returns>
    public static bool TryRead(ReadOnlySpan<byte> frame, out int sequence, out ReadOnlySpan<byte> payload, out ValueList<ushort> expected)
    {
        sequence = 0;
        payload = default;
        expected = default;
        if (frame.Length > MessageCodec.MaxMessage || !TryReadHead(ref frame, MajorMap, 4, out var fields) || fields is not (3 or 4)) return false;
        if (!TryReadField(ref frame, 0, MajorUnsigned, byte.MaxValue, out var type) || type != (int)RelayMessageType.Command) return false;
        if (!TryReadField(ref frame, 1, MajorUnsigned, ProtocolLimits.MaxSequence, out var number)) return false;
        if (!TryReadField(ref frame, 2, MajorBytes, FieldLimits.MaxPayload, out var length) || length == 0 || length > frame.Length) return false;
        var body = frame[..length];
        frame = frame[length..];
        var words = ValueList<ushort>.Empty;
        if (fields == 4 && !TryReadWords(ref frame, out words)) return false;
        if (!frame.IsEmpty) return false;
        sequence = number;
        payload = body;
        expected = words;
        return true;
    }

    /// <summary>Writes a command.</summary>
    /// <param name="sequence">Its number, 0 to <see cref="ProtocolLimits.MaxSequence"/>.</param>
    /// <param name="payload">1 to <see cref="FieldLimits.MaxPayload"/> bytes.</param>
    /// <param name="expected">At most <see cref="FieldLimits.MaxExpected"/> status words; empty means 9000 alone.</param>
    /// <param name="frame">Where it goes; <see cref="MaxOverhead"/>, the payload and 3 bytes for each status word are enough.</param>
    /// <returns>How many bytes were written.</returns>
    /// <exception cref="ArgumentException">Something is outside its limits, or <paramref name="frame"/> is too short: a fault of this side.</exception>
    public static int Encode(int sequence, ReadOnlySpan<byte> payload, ValueList<ushort> expected, Span<byte> frame)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sequence);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sequence, ProtocolLimits.MaxSequence);
        if (payload.Length is 0 or > FieldLimits.MaxPayload) throw new ArgumentException($"A payload has 1 to {FieldLimits.MaxPayload} bytes; this has {payload.Length}.", nameof(payload));
        if (expected.Count > FieldLimits.MaxExpected) throw new ArgumentException($"At most {FieldLimits.MaxExpected} status words; these are {expected.Count}.", nameof(expected));
        var at = 0;
        WriteHead(frame, ref at, MajorMap, expected.Count == 0 ? 3 : 4);
        WriteField(frame, ref at, 0, MajorUnsigned, (int)RelayMessageType.Command);
        WriteField(frame, ref at, 1, MajorUnsigned, sequence);
        WriteField(frame, ref at, 2, MajorBytes, payload.Length);
        payload.CopyTo(frame[at..]);
        at += payload.Length;
        if (expected.Count == 0) return at;
        WriteField(frame, ref at, 3, MajorArray, expected.Count);
        foreach (var word in expected.Span) WriteHead(frame, ref at, MajorUnsigned, word);
        return at;
    }

    private static bool TryReadWords(ref ReadOnlySpan<byte> rest, out ValueList<ushort> words)
    {
        words = default;
        if (!TryReadField(ref rest, 3, MajorArray, FieldLimits.MaxExpected, out var count) || count == 0) return false;
        var items = new ushort[count];
        for (var i = 0; i < count; i++)
        {
            if (!TryReadHead(ref rest, MajorUnsigned, ushort.MaxValue, out var word)) return false;
            items[i] = (ushort)word;
        }
        words = ValueList.Create<ushort>(items);
        return true;
    }

    private static bool TryReadField(ref ReadOnlySpan<byte> rest, int key, int major, int max, out int value)
    {
        value = 0;
        return TryReadHead(ref rest, MajorUnsigned, byte.MaxValue, out var found) && found == key && TryReadHead(ref rest, major, max, out value);
    }

    /// <summary>Reads the head of a data item (RFC 8949 §3); a number in a longer form than it needs is refused (§4.2.1).</summary>
    private static bool TryReadHead(ref ReadOnlySpan<byte> rest, int major, int max, out int value)
    {
        value = 0;
        if (rest.IsEmpty || rest[0] >> 5 != major) return false;
        var info = rest[0] & 0x1F;
        var follow = info switch { < 24 => 0, 24 => 1, 25 => 2, 26 => 4, _ => int.MaxValue };
        if (follow >= rest.Length) return false;
        var number = follow switch
        {
            0 => (uint)info,
            1 => rest[1],
            2 => BinaryPrimitives.ReadUInt16BigEndian(rest[1..]),
            _ => BinaryPrimitives.ReadUInt32BigEndian(rest[1..]),
        };
        if (number > (uint)max || follow != HeadLength(number)) return false;
        value = (int)number;
        rest = rest[(1 + follow)..];
        return true;
    }

    private static void WriteField(Span<byte> frame, ref int at, int key, int major, int value)
    {
        WriteHead(frame, ref at, MajorUnsigned, key);
        WriteHead(frame, ref at, major, value);
    }

    private static void WriteHead(Span<byte> frame, ref int at, int major, int value)
    {
        var follow = HeadLength((uint)value);
        if (frame.Length - at <= follow) throw new ArgumentException("The frame is too short for the command.", nameof(frame));
        frame[at] = (byte)(major << 5 | follow switch { 0 => value, 1 => 24, 2 => 25, _ => 26 });
        if (follow == 1) frame[at + 1] = (byte)value;
        else if (follow == 2) BinaryPrimitives.WriteUInt16BigEndian(frame[(at + 1)..], (ushort)value);
        else if (follow == 4) BinaryPrimitives.WriteUInt32BigEndian(frame[(at + 1)..], (uint)value);
        at += 1 + follow;
    }

    private static int HeadLength(uint value) => value switch { < 24 => 0, <= byte.MaxValue => 1, <= ushort.MaxValue => 2, _ => 4 };
}
