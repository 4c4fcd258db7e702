using System.Security.Cryptography;

namespace CardIssue.Transport.Serial;

/// <summary>
/// The balanced link procedure LAPB with extended numbering (ISO/IEC 7776; X.25 2.4, option of modulo 128), without time, threads or a port: it is
/// told what came and what time it is, and is asked for the next frame when the line is free, so that a frame that goes out has the newest N(R).
/// </summary>
/// <remarks>
/// Kept simpler or stricter than the standard: only the calling end sets a link up; SABME carries eight random bytes that name the link, and UA gives
/// them back, so that a repeated SABME is told from a new link; a new link while this one is up ends this one rather than resetting it under its
/// user; the same for FRMR; a frame that was received before is acknowledged and not rejected, or one lost REJ would double everything after it.
/// </remarks>
internal sealed partial class LinkMachine
{
    /// <summary>The length of a link's name in bytes.</summary>
    public const int NameLength = 8;

    /// <summary>The most bytes of a frame that <see cref="TryTake"/> gives.</summary>
    public static int MostInFrame(SerialLineOptions options) => LinkFrame.MaxHeader + Math.Max(options.FrameSize, NameLength);

    /// <summary>Addresses A and B (X.25 2.4.2): commands to the calling end carry A, and its responses.</summary>
    private const byte AddressA = 0x03;
    private const byte AddressB = 0x01;

    private readonly LinkRole _role;
    private readonly SerialLineOptions _options;
    private readonly byte _ownAddress;
    private readonly byte _peerAddress;
    private readonly ByteQueue _toSend;
    private readonly ByteQueue _received;
    private byte[] _name;
    private TimeSpan? _t1;
    private TimeSpan? _t2;
    private TimeSpan? _t3;

    /// <summary>How often the command that awaits its answer was sent: SABME, DISC or a poll.</summary>
    private int _asked;

    /// <param name="role">Which end this is.</param>
    /// <param name="options">Checked.</param>
    /// <param name="name">The link's name, random; of no use at the answering end, which learns it.</param>
    public LinkMachine(LinkRole role, SerialLineOptions options, ReadOnlySpan<byte> name)
    {
        (_role, _options) = (role, options);
        (_ownAddress, _peerAddress) = role == LinkRole.Calling ? (AddressA, AddressB) : (AddressB, AddressA);
        _name = name.ToArray();
        _toSend = new ByteQueue(options.SendBuffer);
        _received = new ByteQueue(options.ReceiveBuffer);
        _slots = GC.AllocateArray<byte>(LinkFrame.Modulus / 2 * options.FrameSize, pinned: true);
    }

    public LinkPhase Phase { get; private set; } = LinkPhase.Waiting;

    /// <summary>Why it ended.</summary>
    public LinkEnd End { get; private set; }

    /// <summary>Bytes that can be read.</summary>
    public int Readable => _received.Count;

    /// <summary>Bytes that can be written.</summary>
    public int Writable => Phase == LinkPhase.Up ? _toSend.Free : 0;

    /// <summary>When <see cref="OnTime"/> has something to do; null when it has not.</summary>
    public TimeSpan? Due
    {
        get
        {
            var due = _t1;
            if (due is null || _t2 < due) due = _t2 ?? due;
            if (due is null || _t3 < due) due = _t3 ?? due;
            return due;
        }
    }

    private bool CarriesInformation => Phase is LinkPhase.Up or LinkPhase.Draining;

    /// <summary>Begins to set the link up (X.25 2.4.4.1). At the calling end only, once.</summary>
    public void Open()
    {
        if (_role != LinkRole.Calling || Phase != LinkPhase.Waiting) throw new InvalidOperationException("Only the calling end sets a link up, and once.");
        Phase = LinkPhase.SettingUp;
        _command = LinkFrameKind.SetMode;
    }

    /// <summary>Takes as many bytes to send as there is room for, and gives their number.</summary>
    public int Write(ReadOnlySpan<byte> bytes) => Phase == LinkPhase.Up ? _toSend.Put(bytes) : 0;

    /// <summary>Gives as many received bytes as there are and fit, and gives their number.</summary>
    public int Read(Span<byte> target, TimeSpan now)
    {
        var count = _received.Take(target);
        if (CarriesInformation) EndBusyWhenRead(now);
        return count;
    }

    /// <summary>Closes in order: sends what is left, then DISC (X.25 2.4.4.3).</summary>
    public void Close()
    {
        if (Phase == LinkPhase.Up)
        {
            Phase = LinkPhase.Draining;
            DisconnectWhenDrained();
        }
        else if (Phase is LinkPhase.Waiting or LinkPhase.SettingUp)
        {
            Abort();
        }
    }

    /// <summary>Gives the link up at once and says so with an unasked DM (X.25 2.4.4.4), by which the peer tells it from an orderly end.</summary>
    public void Abort()
    {
        if (Phase == LinkPhase.Ended) return;
        if (Phase != LinkPhase.Waiting) Respond(LinkFrameKind.DisconnectedMode, final: false);
        Finish(LinkEnd.Aborted);
    }

    /// <summary>The port is gone: nothing more comes or goes.</summary>
    public void LosePort()
    {
        if (Phase == LinkPhase.Ended) return;
        _response = null;
        Finish(LinkEnd.PortLost);
    }

    /// <summary>Zeroes everything; nothing can be read any more.</summary>
    public void Wipe()
    {
        _toSend.Clear();
        _received.Clear();
        CryptographicOperations.ZeroMemory(_slots);
    }

    /// <summary>Does what is due (<see cref="Due"/>).</summary>
    public void OnTime(TimeSpan now)
    {
        if (_t1 <= now) OnT1();
        // T2 needs no more than that TryTake is called: what is overdue goes out.
        if (_t3 <= now) AskWhetherPeerIsThere();
    }

    /// <summary>T1 ran out: what was sent is asked about, N2 times at most (X.25 2.4.4.1, 2.4.4.3, 2.4.5.9).</summary>
    private void OnT1()
    {
        _t1 = null;
        if (_asked >= _options.N2)
        {
            Finish(Phase == LinkPhase.SettingUp ? LinkEnd.NoAnswer : LinkEnd.Silent);
            return;
        }
        switch (Phase)
        {
            case LinkPhase.SettingUp:
                _command = LinkFrameKind.SetMode;
                break;
            case LinkPhase.Disconnecting:
                _command = LinkFrameKind.Disconnect;
                break;
            case LinkPhase.Up or LinkPhase.Draining:
                (_recovering, _pollDue) = (true, true);
                break;
        }
    }

    /// <summary>T3 ran out: nothing came for so long (X.25 2.4.8.3).</summary>
    private void AskWhetherPeerIsThere()
    {
        _t3 = null;
        if (CarriesInformation && !_recovering) (_recovering, _pollDue) = (true, true);
    }

    private void ComeUp(TimeSpan now)
    {
        Phase = LinkPhase.Up;
        _asked = 0;
        _t1 = null;
        _t3 = now + _options.T3;
    }

    private void DisconnectWhenDrained()
    {
        if (Phase != LinkPhase.Draining || _toSend.Count > 0 || _acknowledged != _newest) return;
        Phase = LinkPhase.Disconnecting;
        _command = LinkFrameKind.Disconnect;
        _asked = 0;
        (_t1, _t2, _t3) = (null, null, null);
    }

    private void Finish(LinkEnd end)
    {
        Phase = LinkPhase.Ended;
        End = end;
        _command = null;
        (_t1, _t2, _t3) = (null, null, null);
        _toSend.Clear();
        CryptographicOperations.ZeroMemory(_slots);
    }
}
