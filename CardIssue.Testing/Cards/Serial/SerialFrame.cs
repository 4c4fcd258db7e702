namespace CardIssue.Testing.Cards.Serial;

/// <summary>
/// How a GemPC Twin frames CCID messages on its line: 03, 06, the message, and the XOR of all these; 03 15 16 asks for the last one again. So says
/// libccid's ccid_serial.c, the only public description.
/// </summary>
internal static class SerialFrame
{
    public const byte Sync = 0x03, Acknowledged = 0x06, NotAcknowledged = 0x15;

    /// <summary>A CCID message's header, in bytes.</summary>
    public const int Header = 10;

    /// <summary>The longest CCID message, header included: that of the GemPC Twin (dwMaxCCIDMessageLength).</summary>
    public const int MaximumMessage = 271;

    /// <summary>Asks the other end to send its last frame again.</summary>
    public static readonly byte[] Nak = [Sync, NotAcknowledged, Sync ^ NotAcknowledged];

    /// <summary>The card went in, or out: unframed, between frames.</summary>
    public static readonly byte[] Inserted = [0x50, 0x03], Removed = [0x50, 0x02];

    /// <summary>The reader needs more time for a T=0 command: one byte of 80 or more, unframed, between frames.</summary>
    public static readonly byte[] TimeRequest = [0x80];

    /// <summary>Frames a message.</summary>
    public static byte[] Wrap(ReadOnlySpan<byte> message)
    {
        byte[] frame = [Sync, Acknowledged, .. message, 0];
        frame[^1] = Lrc(frame.AsSpan(0, frame.Length - 1));
        return frame;
    }

    /// <summary>The XOR of all bytes.</summary>
    public static byte Lrc(ReadOnlySpan<byte> bytes)
    {
        byte lrc = 0;
        foreach (var b in bytes) lrc ^= b;
        return lrc;
    }
}

/// <summary>What came in on the line.</summary>
internal enum FrameKind
{
    /// <summary>Not yet anything whole.</summary>
    None,
    /// <summary>A CCID message with a right LRC.</summary>
    Message,
    /// <summary>The host wants the last answer again.</summary>
    Nak,
    /// <summary>A frame with a wrong LRC or an impossible length.</summary>
    Damaged,
}

/// <summary>Finds frames in a stream of bytes. What stands between frames is passed over.</summary>
internal sealed class FrameParser
{
    private readonly List<byte> _bytes = [];

    /// <summary>The CCID message of the last <see cref="FrameKind.Message"/>.</summary>
    public byte[] Message { get; private set; } = [];

    /// <summary>Whether the beginning of a frame came and its end did not.</summary>
    public bool IsInside => _bytes.Count > 0;

    /// <summary>Forgets the frame that was begun.</summary>
    public void Clear() => _bytes.Clear();

    /// <summary>Takes the next byte.</summary>
    public FrameKind Push(byte value)
    {
        if (_bytes.Count == 0 && value != SerialFrame.Sync) return FrameKind.None;
        _bytes.Add(value);
        return _bytes.Count == 1 ? FrameKind.None : _bytes[1] switch
        {
            SerialFrame.Acknowledged => Grown(),
            SerialFrame.NotAcknowledged when _bytes.Count < SerialFrame.Nak.Length => FrameKind.None,
            SerialFrame.NotAcknowledged => End(value == SerialFrame.Nak[^1] ? FrameKind.Nak : FrameKind.Damaged),
            SerialFrame.Sync => Restart(),
            _ => End(FrameKind.None),
        };
    }

    private FrameKind Grown()
    {
        const int Prefix = 2;
        if (_bytes.Count < Prefix + SerialFrame.Header) return FrameKind.None;
        var data = _bytes[Prefix + 1] | _bytes[Prefix + 2] << 8 | _bytes[Prefix + 3] << 16 | _bytes[Prefix + 4] << 24;
        if (data is < 0 or > SerialFrame.MaximumMessage - SerialFrame.Header) return End(FrameKind.Damaged);
        if (_bytes.Count < Prefix + SerialFrame.Header + data + 1) return FrameKind.None;
        var frame = _bytes.ToArray();
        if (SerialFrame.Lrc(frame) != 0) return End(FrameKind.Damaged);
        Message = frame[Prefix..^1];
        return End(FrameKind.Message);
    }

    private FrameKind Restart()
    {
        _bytes.RemoveAt(0);
        return FrameKind.None;
    }

    private FrameKind End(FrameKind kind)
    {
        Clear();
        return kind;
    }
}
