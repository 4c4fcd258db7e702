namespace CardIssue.Transport.Serial;

/// <summary>The half that takes what came (X.25 2.4.4, 2.4.5.2 to 2.4.5.9, 2.4.6).</summary>
internal sealed partial class LinkMachine
{
    /// <summary>Why a frame can't be, in the last byte of FRMR (X.25 2.3.5, Table 8 for modulo 128).</summary>
    private const byte UndefinedControl = 0x01, WrongReceiveNumber = 0x08;

    /// <summary>V(R): the number of the I frame that comes next.</summary>
    private int _receiveNext;

    /// <summary>REJ was sent, and the frame that it asks for has not come (X.25 2.4.5.4: one REJ at a time).</summary>
    private bool _rejected;

    /// <summary>What was received is not read, and the peer was told to wait (X.25 2.4.5.8).</summary>
    private bool _busy;
    private bool _busyChanged;

    /// <summary>While busy a frame was thrown away that came in its turn.</summary>
    private bool _discarded;

    /// <summary>With less room the peer is told to wait: a window of frames may be on its way, and another while it does not yet know.</summary>
    private int LeastRoom => 2 * _options.Window * _options.FrameSize;

    /// <summary>Takes one undamaged frame, without its check sequence: 2 bytes or more.</summary>
    public void Receive(ReadOnlySpan<byte> frame, TimeSpan now)
    {
        var address = frame[0];
        // Another address is no frame for this link (X.25 2.3.5.3). With the cable looped back our own frames come, and look like this or like nonsense.
        if (address != _ownAddress && address != _peerAddress) return;
        if (!LinkFrame.TryParse(frame, out var header))
        {
            if (CarriesInformation) Reject(frame, UndefinedControl);
            return;
        }
        var isCommand = address == _ownAddress;
        if (CarriesInformation) _t3 = now + _options.T3;
        var information = frame[header.HeaderLength..];
        switch (header.Kind)
        {
            case LinkFrameKind.SetMode when isCommand:
                OnSetMode(information, header.PollFinal, now);
                break;
            case LinkFrameKind.Disconnect when isCommand:
                OnDisconnect(header.PollFinal);
                break;
            case LinkFrameKind.Acknowledge when !isCommand:
                OnAcknowledge(information, header.PollFinal, now);
                break;
            case LinkFrameKind.DisconnectedMode when !isCommand:
                OnDisconnectedMode(header.PollFinal);
                break;
            case LinkFrameKind.FrameReject when !isCommand && CarriesInformation:
                Finish(LinkEnd.PeerRejected);
                break;
            case LinkFrameKind.Information when isCommand:
            case LinkFrameKind.ReceiveReady or LinkFrameKind.ReceiveNotReady or LinkFrameKind.Reject:
                if (CarriesInformation) OnNumbered(frame, header, isCommand, information, now);
                else if (isCommand && header.PollFinal && Phase is LinkPhase.Waiting or LinkPhase.Ended) Respond(LinkFrameKind.DisconnectedMode, final: true);
                break;
        }
    }

    private void OnSetMode(ReadOnlySpan<byte> name, bool poll, TimeSpan now)
    {
        if (_role != LinkRole.Answering || Phase == LinkPhase.Ended) return;
        if (Phase == LinkPhase.Waiting)
        {
            if (name.Length != NameLength)
            {
                Respond(LinkFrameKind.DisconnectedMode, poll);
                return;
            }
            _name = name.ToArray();
            Respond(LinkFrameKind.Acknowledge, poll, _name);
            ComeUp(now);
        }
        else if (name.SequenceEqual(_name))
        {
            // UA was lost, or late. Nothing begins anew: the peer has not sent an I frame before this SABME.
            Respond(LinkFrameKind.Acknowledge, poll, _name);
        }
        else
        {
            // No answer: the peer asks again, and the next machine answers.
            Finish(LinkEnd.Reset);
        }
    }

    private void OnDisconnect(bool poll)
    {
        switch (Phase)
        {
            case LinkPhase.Up or LinkPhase.Draining:
                Respond(LinkFrameKind.Acknowledge, poll);
                Finish(LinkEnd.ClosedByPeer);
                break;
            case LinkPhase.Disconnecting:
                // Both at once (X.25 2.4.4.5.1).
                Respond(LinkFrameKind.Acknowledge, poll);
                break;
            case LinkPhase.Ended when End == LinkEnd.ClosedByPeer:
                Respond(LinkFrameKind.Acknowledge, poll);
                break;
            case LinkPhase.Waiting or LinkPhase.SettingUp or LinkPhase.Ended:
                Respond(LinkFrameKind.DisconnectedMode, poll);
                break;
        }
    }

    private void OnAcknowledge(ReadOnlySpan<byte> name, bool final, TimeSpan now)
    {
        if (!final) return;
        if (Phase == LinkPhase.SettingUp && name.SequenceEqual(_name)) ComeUp(now);
        else if (Phase == LinkPhase.Disconnecting) Finish(LinkEnd.ClosedHere);
    }

    private void OnDisconnectedMode(bool final)
    {
        if (Phase == LinkPhase.SettingUp && final) Finish(LinkEnd.Refused);
        else if (Phase == LinkPhase.Disconnecting) Finish(LinkEnd.ClosedHere);
        else if (CarriesInformation) Finish(LinkEnd.PeerDisconnected);
    }

    private void OnNumbered(ReadOnlySpan<byte> frame, LinkFrame header, bool isCommand, ReadOnlySpan<byte> information, TimeSpan now)
    {
        if (!TakeAcknowledgedUpTo(header.ReceiveNumber, now))
        {
            Reject(frame, WrongReceiveNumber);
            return;
        }
        if (header.Kind == LinkFrameKind.Information)
        {
            OnInformation(header.SendNumber, information, now);
        }
        else
        {
            _peerBusy = header.Kind == LinkFrameKind.ReceiveNotReady;
            if (header.Kind == LinkFrameKind.Reject && !_recovering) GoBack();
            // A busy peer is asked from time to time whether it still is: what ends it may be lost.
            if (_peerBusy && !_recovering) _t1 ??= now + _options.T1InForce;
            else if (!_recovering && _sendNext == _acknowledged) _t1 = null;
        }
        if (isCommand && header.PollFinal) _finalDue = true;
        if (!isCommand && header.PollFinal && _recovering) EndRecovery(now);
        DisconnectWhenDrained();
    }

    /// <summary>The poll was answered: N(R) says what arrived, and the rest is sent again (X.25 2.4.5.9).</summary>
    private void EndRecovery(TimeSpan now)
    {
        (_recovering, _pollDue, _asked) = (false, false, 0);
        GoBack();
        // Busy without end is no fault as long as the peer says so.
        if (_peerBusy) _t1 = now + _options.T1InForce;
    }

    private void OnInformation(int number, ReadOnlySpan<byte> information, TimeSpan now)
    {
        var ahead = LinkFrame.Distance(_receiveNext, number);
        if (ahead == 0 && information.Length <= _received.Free)
        {
            _received.Put(information);
            _receiveNext = LinkFrame.Next(_receiveNext);
            (_rejected, _discarded) = (false, false);
            _rejectDue = false;
            AcknowledgeSoon(now);
            if (!_busy && _received.Free < LeastRoom) (_busy, _busyChanged) = (true, true);
        }
        else if (ahead == 0)
        {
            // No room: the peer was told so, and is told again (X.25 2.4.5.8).
            (_busy, _busyChanged, _discarded) = (true, true, true);
        }
        else if (ahead <= SerialLineOptions.MaxWindow)
        {
            // Frames before this one are missing (X.25 2.4.5.4).
            if (_busy) _discarded = true;
            else if (!_rejected) (_rejected, _rejectDue) = (true, true);
        }
        else
        {
            // Received before: its acknowledgement was lost.
            AcknowledgeSoon(now);
        }
    }

    private void AcknowledgeSoon(TimeSpan now)
    {
        _unacknowledged++;
        _t2 ??= now + _options.T2InForce;
    }

    /// <summary>With half of the buffer free the peer is told to go on, by REJ when it has to go back (X.25 2.4.5.8).</summary>
    private void EndBusyWhenRead(TimeSpan now)
    {
        if (!_busy || _received.Free < Math.Max(LeastRoom, _options.ReceiveBuffer / 2)) return;
        (_busy, _busyChanged) = (false, true);
        if (_discarded) (_rejected, _rejectDue) = (true, true);
        _discarded = false;
        AcknowledgeSoon(now);
    }

    /// <summary>Says FRMR (X.25 2.3.5, 2.4.6.1) and ends: after an undamaged frame that can't be, nobody knows what the peer means.</summary>
    private void Reject(ReadOnlySpan<byte> frame, byte why)
    {
        // The rejected control field, V(S), V(R) and whether it was a response, the reason.
        var isResponse = frame[0] == _peerAddress ? 1 : 0;
        Respond(LinkFrameKind.FrameReject, final: false,
            frame[1], frame.Length > 2 ? frame[2] : (byte)0, (byte)(_sendNext << 1), (byte)(_receiveNext << 1 | isResponse), why);
        Finish(LinkEnd.BadFrame);
    }
}
