using System.Security.Cryptography;

namespace CardIssue.Transport.Serial;

/// <summary>The half that says what goes out next (X.25 2.4.5.1, 2.4.5.6, 2.4.5.7, 2.4.5.9).</summary>
internal sealed partial class LinkMachine
{
    /// <summary>After so many frames an acknowledgement waits no longer for T2: the peer's window stays open.</summary>
    private const int MostUnacknowledged = 2;

    /// <summary>Frames that were sent and not acknowledged; N(S) modulo half the modulus says where. The window is smaller.</summary>
    private readonly byte[] _slots;
    private readonly int[] _lengths = new int[LinkFrame.Modulus / 2];

    /// <summary>V(S): the number of the next frame to send, for the first time or again.</summary>
    private int _sendNext;

    /// <summary>The number of the next frame that is sent for the first time.</summary>
    private int _newest;

    /// <summary>The number of the oldest frame that is not acknowledged: the last N(R) received.</summary>
    private int _acknowledged;

    /// <summary>How often the oldest frame was sent.</summary>
    private int _attempts;

    private bool _peerBusy;

    /// <summary>Timer recovery (X.25 2.4.5.9): a poll is out, and until its answer says what arrived, no I frame is sent.</summary>
    private bool _recovering;
    private bool _pollDue;

    private LinkFrame? _response;
    private byte[] _responseInformation = [];
    private LinkFrameKind? _command;
    private bool _finalDue;
    private bool _rejectDue;
    private int _unacknowledged;

    private bool WindowIsOpen => LinkFrame.Distance(_acknowledged, _newest) < _options.Window;

    /// <summary>The next frame to send, without its check sequence. False when there is none now.</summary>
    /// <param name="now">The time.</param>
    /// <param name="frame">Room for <see cref="MostInFrame"/> bytes.</param>
    /// <param name="length">The frame's length in bytes.</param>
    public bool TryTake(TimeSpan now, Span<byte> frame, out int length)
    {
        length = 0;
        GiveUpUndeliverable();
        if (_response is { } response)
        {
            _response = null;
            length = response.Write(frame);
            _responseInformation.CopyTo(frame[length..]);
            length += _responseInformation.Length;
        }
        else if (_command is { } command)
        {
            _command = null;
            length = TakeCommand(command, now, frame);
        }
        else if (CarriesInformation)
        {
            length = TakeNumbered(now, frame);
        }
        return length > 0;
    }

    /// <summary>N2 bounds the tries of each frame, too (X.25 2.4.8.4): noise may let polls through, and never a frame as long as this one.</summary>
    private void GiveUpUndeliverable()
    {
        if (!CarriesInformation || _peerBusy || _recovering || _sendNext != _acknowledged || _attempts < _options.N2) return;
        Respond(LinkFrameKind.DisconnectedMode, final: false);
        Finish(LinkEnd.Undeliverable);
    }

    private int TakeCommand(LinkFrameKind command, TimeSpan now, Span<byte> frame)
    {
        _asked++;
        _t1 = now + _options.T1InForce;
        var length = new LinkFrame(_peerAddress, command, PollFinal: true).Write(frame);
        if (command != LinkFrameKind.SetMode) return length;
        _name.CopyTo(frame[length..]);
        return length + _name.Length;
    }

    private int TakeNumbered(TimeSpan now, Span<byte> frame)
    {
        if (_finalDue)
        {
            _finalDue = false;
            return TakeSupervisory(_busy ? LinkFrameKind.ReceiveNotReady : LinkFrameKind.ReceiveReady, _ownAddress, true, frame);
        }
        if (_rejectDue)
        {
            _rejectDue = false;
            return TakeSupervisory(LinkFrameKind.Reject, _ownAddress, false, frame);
        }
        if (_pollDue)
        {
            _pollDue = false;
            _asked++;
            _t1 = now + _options.T1InForce;
            return TakeSupervisory(_busy ? LinkFrameKind.ReceiveNotReady : LinkFrameKind.ReceiveReady, _peerAddress, true, frame);
        }
        // An I frame can't say that this end is busy, so RNR goes first.
        if (_busyChanged) return TakeAcknowledgement(frame);
        if (!_peerBusy && !_recovering && TakeInformation(now, frame) is var length and > 0) return length;
        return _t2 <= now || _unacknowledged >= MostUnacknowledged ? TakeAcknowledgement(frame) : 0;
    }

    private int TakeAcknowledgement(Span<byte> frame) =>
        TakeSupervisory(_busy ? LinkFrameKind.ReceiveNotReady : LinkFrameKind.ReceiveReady, _ownAddress, false, frame);

    private int TakeSupervisory(LinkFrameKind kind, byte address, bool pollFinal, Span<byte> frame)
    {
        if (kind != LinkFrameKind.Reject) _busyChanged = false;
        Acknowledged();
        return new LinkFrame(address, kind, pollFinal, 0, _receiveNext).Write(frame);
    }

    /// <summary>An I frame: one to be sent again, or a new one of what waits. 0 when there is none, or the window is closed.</summary>
    private int TakeInformation(TimeSpan now, Span<byte> frame)
    {
        if (_sendNext == _newest && !CutNewFrame()) return 0;
        if (_sendNext == _acknowledged) _attempts++;
        var header = new LinkFrame(_peerAddress, LinkFrameKind.Information, PollFinal: false, _sendNext, _receiveNext).Write(frame);
        var information = Slot(_sendNext);
        information.CopyTo(frame[header..]);
        _sendNext = LinkFrame.Next(_sendNext);
        _t1 ??= now + _options.T1InForce;
        Acknowledged();
        return header + information.Length;
    }

    private bool CutNewFrame()
    {
        if (_toSend.Count == 0 || !WindowIsOpen) return false;
        var at = _newest % _lengths.Length;
        _lengths[at] = _toSend.Take(_slots.AsSpan(at * _options.FrameSize, _options.FrameSize));
        _newest = LinkFrame.Next(_newest);
        return true;
    }

    private Span<byte> Slot(int number)
    {
        var at = number % _lengths.Length;
        return _slots.AsSpan(at * _options.FrameSize, _lengths[at]);
    }

    /// <summary>N(R) goes out with this frame.</summary>
    private void Acknowledged()
    {
        _unacknowledged = 0;
        _t2 = null;
    }

    private void Respond(LinkFrameKind kind, bool final, params ReadOnlySpan<byte> information)
    {
        _response = new LinkFrame(_ownAddress, kind, final);
        _responseInformation = information.ToArray();
    }

    /// <summary>
    /// N(R) says what has arrived (X.25 2.4.5.5). False when it says so of a frame that was never sent, or has been acknowledged before.
    /// </summary>
    private bool TakeAcknowledgedUpTo(int receiveNumber, TimeSpan now)
    {
        var arrived = LinkFrame.Distance(_acknowledged, receiveNumber);
        if (arrived > LinkFrame.Distance(_acknowledged, _newest)) return false;
        if (arrived == 0) return true;
        for (var number = _acknowledged; number != receiveNumber; number = LinkFrame.Next(number)) CryptographicOperations.ZeroMemory(Slot(number));
        // After going back, what was sent before may still arrive.
        if (arrived > LinkFrame.Distance(_acknowledged, _sendNext)) _sendNext = receiveNumber;
        _acknowledged = receiveNumber;
        _attempts = _sendNext == _acknowledged ? 0 : 1;
        if (!_recovering) _t1 = _sendNext == _acknowledged ? null : now + _options.T1InForce;
        return true;
    }

    /// <summary>Everything from the oldest unacknowledged frame on is sent again (X.25 2.4.5.6).</summary>
    private void GoBack()
    {
        _sendNext = _acknowledged;
        _t1 = null;
    }
}
