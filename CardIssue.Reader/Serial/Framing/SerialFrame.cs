namespace CardIssue.Reader.Serial.Framing;

/// <summary>
/// The frame around a CCID message on a GemPC Twin's serial port: 03 (SYNC), 06 (ACK), the message, and the XOR of all of these. A frame that came damaged
/// is asked for again with 03 15 16.
/// </summary>
internal static class SerialFrame
{
    public const byte Sync = 0x03, Ack = 0x06, Nak = 0x15;

    /// <summary>What a frame adds to its message, in bytes.</summary>
    public const int Overhead = 3;

    /// <summary>The longest frame in bytes.</summary>
    public const int MaxLength = CcidHeader.MaxMessage + Overhead;

    /// <summary>Asks the other side to send its last frame again.</summary>
    public static readonly ReadOnlyMemory<byte> NakFrame = new byte[] { Sync, Nak, Sync ^ Nak };

    /// <summary>Frames <paramref name="message"/> into <paramref name="frame"/> and returns the frame's length.</summary>
    public static int Write(ReadOnlySpan<byte> message, Span<byte> frame)
    {
        frame[0] = Sync;
        frame[1] = Ack;
        message.CopyTo(frame[2..]);
        frame[message.Length + 2] = Check(frame[..(message.Length + 2)]);
        return message.Length + Overhead;
    }

    /// <summary>The XOR of bytes.</summary>
    public static byte Check(ReadOnlySpan<byte> bytes)
    {
        byte check = 0;
        foreach (var b in bytes) check ^= b;
        return check;
    }
}
