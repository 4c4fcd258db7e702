using System.IO.Ports;
using CardIssue.Core.Lines;
using CardIssue.Transport.Framing;

namespace CardIssue.Transport.Serial;

/// <summary>
/// A serial line's port and the parameters of its link procedure, by their names in ITU-T X.25 2.4.8. Both ends need the same speed and
/// character; the rest may differ. Checked by whatever is made with it. A character always has 8 data bits.
/// </summary>
public sealed class SerialLineOptions
{
    /// <summary>The data bits of a character: frames are made of whole bytes.</summary>
    public const int DataBits = 8;

    /// <summary>The most bytes of information in a frame, sent or received.</summary>
    public const int MaxFrameSize = 1024;

    /// <summary>The most frames that may wait for acknowledgement: below half of the modulus 128, so that a repeated frame is told from a new one.</summary>
    public const int MaxWindow = 63;

    /// <summary>The highest speed in bits per second.</summary>
    public const int MaxBaudRate = 4_000_000;

    private const int LeastBaudRate = 300;
    private const int LeastFrameSize = 16;
    private const int MaxAttempts = 255;

    /// <summary>What TLS sends at most before the line is up, bytes in both directions: certificates of usual length, with room.</summary>
    private const int Handshake = 8 * 1024;

    /// <summary>One TLS record, of which nothing is seen until it is whole (RFC 8446 5.1), with room.</summary>
    private const int TlsRecord = 17 * 1024;

    /// <summary>How many times its bare time anything may take: noise, frames sent again, and the other direction's acknowledgements.</summary>
    private const int NoiseAllowance = 3;

    /// <summary>Signals, drivers and USB adapters hold bytes up for some tens of milliseconds each way.</summary>
    private static readonly TimeSpan PortLatency = TimeSpan.FromMilliseconds(250);

    /// <summary>Bits per second, 300 to <see cref="MaxBaudRate"/>. 9,600 unless set.</summary>
    public int BaudRate { get; set; } = 9_600;

    /// <summary>The parity bit. None unless set: the frame check sees more than it.</summary>
    public Parity Parity { get; set; } = Parity.None;

    /// <summary>The stop bits, one or two. One unless set.</summary>
    public StopBits StopBits { get; set; } = StopBits.One;

    /// <summary>Whether the ports hold each other up by RTS and CTS. Off unless set. XON/XOFF is not offered: its characters are data here.</summary>
    public bool RtsCts { get; set; }

    /// <summary>The most bytes of information in a frame that is sent (N1 counts them in bits), 16 to <see cref="MaxFrameSize"/>. 128 unless set: noise spoils short frames less often.</summary>
    public int FrameSize { get; set; } = 128;

    /// <summary>How many frames may wait for acknowledgement (k), 1 to <see cref="MaxWindow"/>. 7 unless set.</summary>
    public int Window { get; set; } = 7;

    /// <summary>How long an acknowledgement may take before it is asked for. By speed and frame size when null, as unless set.</summary>
    public TimeSpan? T1 { get; set; }

    /// <summary>How long an acknowledgement may wait for information to go with; less than <see cref="T1"/>. The time of one frame when null, as unless set.</summary>
    public TimeSpan? T2 { get; set; }

    /// <summary>
    /// After so long without a frame from the peer it is asked whether it is there; not less than <see cref="T1"/>. 10 s unless set.
    /// </summary>
    public TimeSpan T3 { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How often a frame is sent, or the peer is asked, before the line is given up (N2), 1 to 255. 15 unless set.</summary>
    public int N2 { get; set; } = 15;

    /// <summary>How soon a listener first tries a port again that could not be opened; each next wait is twice as long. 0.5 s unless set.</summary>
    public TimeSpan ReopenDelay { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The longest wait between two such tries; not less than <see cref="ReopenDelay"/>. 10 s unless set.</summary>
    public TimeSpan MaxReopenDelay { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest time in which a dead peer is found out while the line is idle: <see cref="T3"/>, then <see cref="N2"/> polls and the wait for the last.</summary>
    public TimeSpan DeadLineAfter => T3 + (N2 + 1) * T1InForce;

    /// <summary>The time that one character takes on the line.</summary>
    public TimeSpan CharacterTime => TimeSpan.FromSeconds((double)BitsPerCharacter / BaudRate);

    /// <summary>The time of one full frame on the line.</summary>
    internal TimeSpan FrameTime => CharacterTime * (FrameSize + FrameSize / 16 + LinkFrame.MostAround);

    /// <summary>
    /// A frame of ours may wait for one that is being sent, the answer for one of the peer's that is being sent, and either for T2: six frames in all.
    /// </summary>
    internal TimeSpan T1InForce => T1 ?? 6 * FrameTime + T2InForce + PortLatency;

    internal TimeSpan T2InForce => T2 ?? FrameTime;

    private int BitsPerCharacter => 1 + DataBits + (Parity == Parity.None ? 0 : 1) + (StopBits == StopBits.Two ? 2 : 1);

    /// <summary>
    /// Line options whose times fit this speed: at 9,600 baud the largest frame takes over a minute, and a TLS record, of which nothing is seen until
    /// it is whole, almost twenty seconds. What has nothing to do with the speed is as unless set.
    /// </summary>
    internal LineOptions CreateLineOptions()
    {
        var usual = new LineOptions();
        var largest = Duration(ILine.MaxFrame);
        return new LineOptions
        {
            SilenceLimit = usual.SilenceLimit + Duration(TlsRecord),
            FrameTimeout = usual.FrameTimeout + largest,
            SendTimeout = usual.SendTimeout + largest,
            ConnectTimeout = usual.ConnectTimeout + 4 * T1InForce,
            HandshakeTimeout = usual.HandshakeTimeout + Duration(Handshake),
            CloseTimeout = usual.CloseTimeout + Duration(SendBuffer) + 4 * T1InForce,
        };
    }

    /// <summary>Checks every value.</summary>
    /// <exception cref="ArgumentException">A value is out of range; the message names it and says what it may be.</exception>
    internal void Validate()
    {
        CheckRange(BaudRate, LeastBaudRate, MaxBaudRate, nameof(BaudRate));
        CheckRange(FrameSize, LeastFrameSize, MaxFrameSize, nameof(FrameSize));
        CheckRange(Window, 1, MaxWindow, nameof(Window));
        CheckRange(N2, 1, MaxAttempts, nameof(N2));
        if (!Enum.IsDefined(Parity)) throw new ArgumentException($"{nameof(Parity)} is {Parity}, which is none.", nameof(Parity));
        if (StopBits is not (StopBits.One or StopBits.Two)) throw new ArgumentException($"{nameof(StopBits)} is {StopBits}; it may be One or Two.", nameof(StopBits));
        if (T1 is { } t1) LineOptions.CheckTime(t1, nameof(T1));
        if (T2 is { } t2) LineOptions.CheckTime(t2, nameof(T2));
        LineOptions.CheckTime(T3, nameof(T3));
        LineOptions.CheckTime(ReopenDelay, nameof(ReopenDelay));
        LineOptions.CheckTime(MaxReopenDelay, nameof(MaxReopenDelay));
        if (T2InForce >= T1InForce)
            throw new ArgumentException($"{nameof(T2)} ({T2InForce}) must be less than {nameof(T1)} ({T1InForce}), or every acknowledgement comes too late (X.25 2.4.8.2).", nameof(T2));
        if (T3 < T1InForce)
            throw new ArgumentException($"{nameof(T3)} ({T3}) must not be less than {nameof(T1)} ({T1InForce}) (X.25 2.4.8.3).", nameof(T3));
        if (MaxReopenDelay < ReopenDelay)
            throw new ArgumentException($"{nameof(MaxReopenDelay)} ({MaxReopenDelay}) must not be less than {nameof(ReopenDelay)} ({ReopenDelay}).", nameof(MaxReopenDelay));
    }

    /// <summary>The most bytes that wait to be sent for the first time.</summary>
    internal int SendBuffer => Math.Max(2 * 1024, 2 * Window * FrameSize);

    /// <summary>The most bytes that wait to be read; with less than two windows of room the peer is told to wait.</summary>
    internal int ReceiveBuffer => Math.Max(8 * 1024, 4 * Window * FrameSize);

    /// <summary>A copy that was checked: later changes to the caller's do no harm.</summary>
    internal static SerialLineOptions Checked(SerialLineOptions? options)
    {
        var copy = (SerialLineOptions)(options ?? new SerialLineOptions()).MemberwiseClone();
        copy.Validate();
        return copy;
    }

    private TimeSpan Duration(int bytes) => bytes * NoiseAllowance * CharacterTime;

    private static void CheckRange(int value, int least, int most, string name)
    {
        if (value < least || value > most) throw new ArgumentException($"{name} is {value}; it may be {least} to {most}.", name);
    }
}
