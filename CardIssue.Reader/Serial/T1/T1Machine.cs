using System.Security.Cryptography;

namespace CardIssue.Reader.Serial.T1;

/// <summary>
/// The reader's side of T=1 (ISO 7816-3 11): block in, block out; it knows no time and no port. Rules named in the code are those of 11.6.3.
/// After a resynchronisation a command is sent again only when the card cannot have carried it out: when its last block never went, or the card's
/// last word on it was that it did not arrive. Otherwise it ends as <see cref="T1Fault.InDoubt"/>.
/// </summary>
internal sealed class T1Machine(T1Parameters terms) : IDisposable
{
    /// <summary>How often a block is tried before resynchronisation (rule 7.4: at first, and twice again).</summary>
    public const int MaxTries = 3;

    /// <summary>How often resynchronisation is asked for during one command (rule 6.4, and no way around it by a card that answers and then errs again).</summary>
    public const int MaxResynchronisations = 3;

    /// <summary>How many blocks of a card may ask for something, time above all, or be empty, during one command.</summary>
    public const int MaxRequests = 1_000;

    /// <summary>What this side takes in one block, in bytes; the card takes 32 for granted until it is told (11.4.2).</summary>
    public const int Ifsd = T1Block.MaxInformation;

    private const int DefaultIfsd = 32;

    private readonly byte[] _out = GC.AllocateArray<byte>(T1Block.MaxLength, pinned: true);
    private ReadOnlyMemory<byte> _command;
    private Memory<byte> _response;
    private Phase _phase;
    private int _ns, _nr, _ifsc = terms.Ifsc, _ifsd = DefaultIfsd;
    private int _sent, _sending, _received, _outLength, _tries, _resynchronisations, _requests;
    private bool _ifsSettled, _ifsRefused, _mayBeDone, _heard, _abortAfterNext;
    private byte _lastPcb, _lastI;

    private enum Phase
    {
        /// <summary>S(IFS request) is out.</summary>
        TellingIfsd,
        /// <summary>An I-block of the command is out.</summary>
        Sending,
        /// <summary>The card chains its response; an R-block is out.</summary>
        Receiving,
        /// <summary>S(RESYNCH request) is out.</summary>
        Resynchronising,
        Over,
    }

    /// <summary>The longest information field that the card takes now, in bytes.</summary>
    public int Ifsc => _ifsc;

    /// <summary>Whether the last block sent was only to repair; for the log.</summary>
    public bool IsRepairing => _tries > 0 || _phase == Phase.Resynchronising;

    /// <summary>Starts a command. Both buffers must stay as they are until the exchange is over.</summary>
    /// <param name="command">A command APDU.</param>
    /// <param name="response">Where the response APDU goes.</param>
    public T1Step Begin(ReadOnlyMemory<byte> command, Memory<byte> response)
    {
        (_command, _response) = (command, response);
        (_tries, _resynchronisations, _requests, _heard) = (0, 0, 0, false);
        return StartOver();
    }

    /// <summary>Takes the card's block.</summary>
    public T1Step On(ReadOnlySpan<byte> block)
    {
        if (_phase == Phase.Over) throw new InvalidOperationException("The exchange is over.");
        _heard = true;
        if (_abortAfterNext) return AfterAbort(block);
        if (T1Block.Check(block, terms.UsesCrc) is not T1Complaint.None and var complaint) return Complain(complaint);
        var pcb = block[T1Block.PcbAt];
        var information = block.Slice(T1Block.Prologue, block[T1Block.LengthAt]);
        return T1Block.IsI(pcb) ? OnI(pcb, information)
            : T1Block.IsR(pcb) ? OnR(pcb)
            : T1Block.IsSResponse(pcb) ? OnSResponse(pcb, information)
            : OnSRequest((T1Supervisory)(pcb & 0x1F), information);
    }

    /// <summary>No block came, or one whose characters had wrong parity.</summary>
    /// <param name="wasParity">Whether something came.</param>
    public T1Step OnNothing(bool wasParity)
    {
        if (_phase == Phase.Over) throw new InvalidOperationException("The exchange is over.");
        _heard |= wasParity;
        if (_abortAfterNext) return AfterAbort([]);
        return Complain(wasParity ? T1Complaint.Check : T1Complaint.Other);
    }

    /// <summary>Clears the block that went out last.</summary>
    public void Dispose() => CryptographicOperations.ZeroMemory(_out);

    private T1Step StartOver()
    {
        (_sent, _received, _mayBeDone, _abortAfterNext) = (0, 0, false, false);
        if (_ifsSettled) return SendNextPart();
        _phase = Phase.TellingIfsd;
        return Send(T1Block.SRequest(T1Supervisory.Ifs), [Ifsd]);
    }

    private T1Step SendNextPart()
    {
        _phase = Phase.Sending;
        _sending = Math.Min(_ifsc, _command.Length - _sent);
        var more = _sent + _sending < _command.Length;
        _mayBeDone |= !more;
        return Send(T1Block.I(_ns, more), _command.Span.Slice(_sent, _sending));
    }

    private T1Step OnI(byte pcb, ReadOnlySpan<byte> information)
    {
        var answersChain = _phase == Phase.Sending && T1Block.HasMore(_lastI);
        if (_phase is not (Phase.Sending or Phase.Receiving) || answersChain || information.Length > _ifsd) return Complain(T1Complaint.Other);
        // Rule 7.2: the card did not get our R-block and sends the same again.
        if (T1Block.SendSequence(pcb) != _nr) return Complain(T1Complaint.Other);
        // An I-block acknowledges the last one of the command (rule 2.1).
        if (_phase == Phase.Sending) _ns ^= 1;
        if (_received + information.Length > _response.Length) return Over(T1Fault.TooLong);
        information.CopyTo(_response.Span[_received..]);
        _received += information.Length;
        _nr ^= 1;
        _tries = 0;
        if (!T1Block.HasMore(pcb)) return Over(T1Fault.None, _received);
        // A chain of empty blocks would have no end.
        if (information.IsEmpty && ++_requests > MaxRequests) return Over(T1Fault.Endless);
        _phase = Phase.Receiving;
        return Send(T1Block.R(_nr, T1Complaint.None), []);
    }

    private T1Step OnR(byte pcb)
    {
        var wanted = T1Block.ReceiveSequence(pcb);
        switch (_phase)
        {
            case Phase.Sending when wanted != _ns && T1Block.HasMore(_lastI):
                // Rule 2.2: this part arrived, the next one is asked for.
                _ns ^= 1;
                _sent += _sending;
                _tries = 0;
                return SendNextPart();
            case Phase.Sending when wanted == _ns:
                // Rule 7.1: it did not arrive.
                if (_sent + _sending == _command.Length) _mayBeDone = false;
                return ++_tries < MaxTries ? SendNextPart() : Resynchronise();
            case Phase.Receiving when wanted == _ns:
                // Rule 7.2: our R-block did not arrive.
                return ++_tries < MaxTries ? Repeat() : Resynchronise();
            default:
                return Complain(T1Complaint.Other);
        }
    }

    private T1Step OnSResponse(byte pcb, ReadOnlySpan<byte> information)
    {
        switch ((T1Supervisory)(pcb & 0x1F))
        {
            case T1Supervisory.Ifs when _phase == Phase.TellingIfsd && information[0] == Ifsd:
                (_ifsd, _ifsSettled) = (Ifsd, true);
                _tries = 0;
                return SendNextPart();
            case T1Supervisory.Resynch when _phase == Phase.Resynchronising:
                // Rule 6.3: everything as after the answer to reset.
                (_ns, _nr, _ifsc, _ifsd, _tries) = (0, 0, terms.Ifsc, DefaultIfsd, 0);
                // A card that cannot be told of IFSD is used with what it takes for granted.
                _ifsSettled = _ifsRefused;
                return _mayBeDone ? Over(T1Fault.InDoubt) : StartOver();
            default:
                return Complain(T1Complaint.Other);
        }
    }

    private T1Step OnSRequest(T1Supervisory subject, ReadOnlySpan<byte> information)
    {
        // Only S(RESYNCH response) counts while it is waited for (rule 6.2); and it is only ours to ask for (rule 6.1).
        if (_phase == Phase.Resynchronising || subject == T1Supervisory.Resynch) return Complain(T1Complaint.Other);
        if (++_requests > MaxRequests) return Over(T1Fault.Endless);
        switch (subject)
        {
            case T1Supervisory.Ifs:
                if (information[0] is 0 or > T1Block.MaxInformation) return Complain(T1Complaint.Other);
                _ifsc = information[0];
                break;
            case T1Supervisory.Abort:
                _abortAfterNext = true;
                break;
        }
        var waitingTimes = subject == T1Supervisory.Wtx ? Math.Max(information[0], (byte)1) : (byte)1;
        return Send(T1Block.SResponse(subject), information, waitingTimes);
    }

    /// <summary>Rule 9: the abort is acknowledged, and the card has passed the turn back with this block.</summary>
    private T1Step AfterAbort(ReadOnlySpan<byte> block)
    {
        if (T1Block.Check(block, terms.UsesCrc) == T1Complaint.None && T1Block.IsR(block[T1Block.PcbAt])) _ns = T1Block.ReceiveSequence(block[T1Block.PcbAt]);
        return Over(T1Fault.Aborted);
    }

    /// <summary>An invalid block: an R-block asks for it again (rule 7.1), or what was sent last is sent again if it was an R-block (7.2) or a request (7.3).</summary>
    private T1Step Complain(T1Complaint complaint)
    {
        if (_phase == Phase.Resynchronising || ++_tries >= MaxTries) return Resynchronise();
        var repeats = T1Block.IsR(_lastPcb) || (_phase == Phase.TellingIfsd && _lastPcb == T1Block.SRequest(T1Supervisory.Ifs));
        return repeats ? Repeat() : Send(T1Block.R(_nr, complaint), []);
    }

    private T1Step Resynchronise()
    {
        if (++_resynchronisations > MaxResynchronisations) return Over(_heard ? T1Fault.Lost : T1Fault.Mute);
        _ifsRefused |= _phase == Phase.TellingIfsd;
        _phase = Phase.Resynchronising;
        return Send(T1Block.SRequest(T1Supervisory.Resynch), []);
    }

    private T1Step Send(byte pcb, ReadOnlySpan<byte> information, byte waitingTimes = 1)
    {
        CryptographicOperations.ZeroMemory(_out);
        _lastPcb = pcb;
        if (T1Block.IsI(pcb)) _lastI = pcb;
        _outLength = T1Block.Write(pcb, information, terms.UsesCrc, _out);
        return new T1Step(_out.AsMemory(0, _outLength), waitingTimes);
    }

    private T1Step Repeat() => new(_out.AsMemory(0, _outLength));

    private T1Step Over(T1Fault fault, int response = 0)
    {
        CryptographicOperations.ZeroMemory(_out);
        (_phase, _command, _response, _abortAfterNext) = (Phase.Over, default, default, false);
        return new T1Step(default, Response: response, Fault: fault);
    }
}
