namespace CardIssue.Transport.Serial;

/// <summary>The frames of the extended (modulo 128) balanced procedure (ISO/IEC 7776, X.25 2.3), by their names there.</summary>
internal enum LinkFrameKind
{
    /// <summary>I: numbered information.</summary>
    Information,
    /// <summary>RR: acknowledges, and asks for more.</summary>
    ReceiveReady,
    /// <summary>RNR: acknowledges, and has no room.</summary>
    ReceiveNotReady,
    /// <summary>REJ: acknowledges, and asks for everything from N(R) on again.</summary>
    Reject,
    /// <summary>SABME: sets the link up.</summary>
    SetMode,
    /// <summary>DISC: ends it.</summary>
    Disconnect,
    /// <summary>UA: does what SABME or DISC asks.</summary>
    Acknowledge,
    /// <summary>DM: there is no link.</summary>
    DisconnectedMode,
    /// <summary>FRMR: an undamaged frame came that can't be.</summary>
    FrameReject,
}

/// <summary>Address and control field of a frame (X.25 2.3.2, Tables 5 and 6 for modulo 128).</summary>
/// <param name="Address">Of the end that a command goes to, or that a response comes from.</param>
/// <param name="Kind">What it is.</param>
/// <param name="PollFinal">P in a command: answer now. F in a response: this is the answer.</param>
/// <param name="SendNumber">N(S), 0 to 127; of an I frame only.</param>
/// <param name="ReceiveNumber">N(R), 0 to 127; of I, RR, RNR and REJ only.</param>
internal readonly record struct LinkFrame(byte Address, LinkFrameKind Kind, bool PollFinal, int SendNumber = 0, int ReceiveNumber = 0)
{
    /// <summary>Sequence numbers run from 0 to one less.</summary>
    public const int Modulus = 128;

    /// <summary>The most bytes before the information.</summary>
    public const int MaxHeader = 3;

    /// <summary>What surrounds the information on the line, in bytes: two flags, header, check sequence.</summary>
    public const int MostAround = 2 + MaxHeader + FrameCheck.Size;

    private const byte UnnumberedPoll = 0x10;

    /// <summary>The bytes before the information.</summary>
    public int HeaderLength => IsNumbered(Kind) ? 3 : 2;

    /// <summary>Reads a frame's header; false when its control field is none that is defined.</summary>
    public static bool TryParse(ReadOnlySpan<byte> frame, out LinkFrame header)
    {
        header = default;
        var (address, control) = (frame[0], frame[1]);
        if ((control & 0x03) == 0x03) return TryParseUnnumbered(address, control, out header);
        if (frame.Length < MaxHeader) return false;
        var (receiveNumber, pollFinal) = (frame[2] >> 1, (frame[2] & 1) != 0);
        if ((control & 0x01) == 0)
        {
            header = new LinkFrame(address, LinkFrameKind.Information, pollFinal, control >> 1, receiveNumber);
            return true;
        }
        LinkFrameKind? kind = control switch
        {
            0x01 => LinkFrameKind.ReceiveReady,
            0x05 => LinkFrameKind.ReceiveNotReady,
            0x09 => LinkFrameKind.Reject,
            _ => null,
        };
        if (kind is not { } known) return false;
        header = new LinkFrame(address, known, pollFinal, 0, receiveNumber);
        return true;
    }

    /// <summary>Writes the header and gives its length.</summary>
    public int Write(Span<byte> frame)
    {
        frame[0] = Address;
        frame[1] = Kind switch
        {
            LinkFrameKind.Information => (byte)(SendNumber << 1),
            LinkFrameKind.ReceiveReady => 0x01,
            LinkFrameKind.ReceiveNotReady => 0x05,
            LinkFrameKind.Reject => 0x09,
            LinkFrameKind.SetMode => Unnumbered(0x6F),
            LinkFrameKind.Disconnect => Unnumbered(0x43),
            LinkFrameKind.Acknowledge => Unnumbered(0x63),
            LinkFrameKind.DisconnectedMode => Unnumbered(0x0F),
            LinkFrameKind.FrameReject => Unnumbered(0x87),
        };
        if (IsNumbered(Kind)) frame[2] = (byte)(ReceiveNumber << 1 | (PollFinal ? 1 : 0));
        return HeaderLength;
    }

    /// <summary>How far <paramref name="to"/> is ahead of <paramref name="from"/>, 0 to 127.</summary>
    public static int Distance(int from, int to) => to - from & Modulus - 1;

    /// <summary>The number after this one.</summary>
    public static int Next(int number) => number + 1 & Modulus - 1;

    private static bool IsNumbered(LinkFrameKind kind) =>
        kind is LinkFrameKind.Information or LinkFrameKind.ReceiveReady or LinkFrameKind.ReceiveNotReady or LinkFrameKind.Reject;

    private static bool TryParseUnnumbered(byte address, byte control, out LinkFrame header)
    {
        LinkFrameKind? kind = (control & ~UnnumberedPoll) switch
        {
            0x6F => LinkFrameKind.SetMode,
            0x43 => LinkFrameKind.Disconnect,
            0x63 => LinkFrameKind.Acknowledge,
            0x0F => LinkFrameKind.DisconnectedMode,
            0x87 => LinkFrameKind.FrameReject,
            _ => null,
        };
        header = kind is { } known ? new LinkFrame(address, known, (control & UnnumberedPoll) != 0) : default;
        return kind is not null;
    }

    private byte Unnumbered(byte control) => PollFinal ? (byte)(control | UnnumberedPoll) : control;
}
