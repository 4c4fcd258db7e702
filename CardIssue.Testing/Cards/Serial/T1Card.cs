namespace CardIssue.Testing.Cards.Serial;

/// <summary>What the card does after a block: exactly one of the two.</summary>
/// <param name="Send">The block that it answers with.</param>
/// <param name="Run">The command APDU that is whole now; its response goes to <see cref="T1Card.Answer"/>.</param>
/// <param name="GoOn">The waiting time that it asked for was granted: the command that runs goes on.</param>
internal readonly record struct T1Step(byte[]? Send, byte[]? Run = null, bool GoOn = false);

/// <summary>
/// The card's side of T=1 (ISO 7816-3 clause 11): blocks in, blocks and commands out; no time, no waiting. The card never starts a resynchronisation
/// and asks for nothing but waiting time, and for another IFSC when it is told to.
/// </summary>
internal sealed class T1Card
{
    /// <summary>The most that a block to the host carries until the host says otherwise (ISO 7816-3 11.4.2).</summary>
    public const int DefaultIfsd = 32;

    /// <summary>The longest command APDU: extended lengths, both ways.</summary>
    public const int MaximumCommand = 7 + 65_535 + 2;

    private readonly int _offeredIfsc;
    private readonly List<byte> _command = [];
    private int _ifsc, _ifsd, _sendNumber, _expected;
    private byte[] _rest = [];
    private T1Block? _last, _lastInformation;
    private byte[]? _answerAfterIfs;
    private byte _nad;

    /// <param name="ifsc">The most that a block to the card may carry, as its answer to reset says.</param>
    public T1Card(int ifsc)
    {
        _offeredIfsc = ifsc;
        Restart();
    }

    /// <summary>Asks the host, before the next answer, to send no longer blocks than this; null asks nothing.</summary>
    public byte? IfsToAskFor { get; set; }

    /// <summary>A command was given out and its response is awaited; an abort or a resynchronisation ends that.</summary>
    public bool IsRunning { get; private set; }

    /// <summary>Takes a block from the host.</summary>
    public T1Step Receive(ReadOnlySpan<byte> bytes)
    {
        if (T1Block.Read(bytes, out var error) is not { } block || block.IsInformation && block.Inf.Length > _ifsc) return Reject(error);
        _nad = (byte)(block.Nad << 4 | block.Nad >> 4);
        return block.IsInformation ? OnInformation(block) : block.IsReceiveReady ? OnReceiveReady(block) : OnSupervisory(block);
    }

    /// <summary>The response to the command that was run: its first block.</summary>
    public byte[] Answer(byte[] response)
    {
        IsRunning = false;
        if (IfsToAskFor is { } ifs)
        {
            (IfsToAskFor, _answerAfterIfs) = (null, response);
            return Send(T1Block.Supervisory(T1Block.Ifs, ifs));
        }
        _rest = response;
        return SendNext();
    }

    /// <summary>Asks for waiting time while a command runs (ISO 7816-3 11.4.3).</summary>
    /// <param name="multiplier">Of the block waiting time.</param>
    public byte[] AskForTime(byte multiplier) => Send(T1Block.Supervisory(T1Block.WaitingTime, multiplier));

    private T1Step OnInformation(T1Block block)
    {
        // While a chain goes to the host, or an answer is awaited, only its R-blocks and S-blocks are in order.
        if (_rest.Length > 0 || IsAsking || IsRunning || block.SendNumber != _expected) return Reject(T1Block.OtherError);
        _expected ^= 1;
        // A command that grows past every length is told so when it ends; it need not be kept.
        if (_command.Count <= MaximumCommand) _command.AddRange(block.Inf);
        if (block.HasMore) return new T1Step(Send(T1Block.ReceiveReady(_expected, T1Block.NoError)));
        var command = _command.ToArray();
        _command.Clear();
        IsRunning = true;
        return new T1Step(null, command);
    }

    private T1Step OnReceiveReady(T1Block block)
    {
        if (_last is { IsInformation: false, IsReceiveReady: false } supervisory) return new T1Step(Send(supervisory));
        if (_lastInformation is { } last && block.ReceiveNumber == last.SendNumber) return new T1Step(Send(last));
        // The next one is asked for: of the chain; or, when there is none, what the host believes to have sent did not arrive.
        return new T1Step(_rest.Length > 0 ? SendNext() : Send(T1Block.ReceiveReady(_expected, T1Block.NoError)));
    }

    private T1Step OnSupervisory(T1Block block)
    {
        switch (block.Pcb)
        {
            case T1Block.Resynch:
                Restart();
                break;
            case T1Block.Ifs:
                _ifsd = block.Inf[0];
                break;
            case T1Block.Abort:
                _command.Clear();
                (_rest, IsRunning) = ([], false);
                break;
            default:
                return OnResponse(block);
        }
        return new T1Step(Send(block with { Pcb = (byte)(block.Pcb | T1Block.ResponseBit) }));
    }

    private T1Step OnResponse(T1Block block)
    {
        if (!IsAsking || _last is not { } asked || block.Pcb != (asked.Pcb | T1Block.ResponseBit) || !block.Inf.AsSpan().SequenceEqual(asked.Inf))
            return Reject(T1Block.OtherError);
        _last = null;
        if (asked.Pcb == T1Block.WaitingTime) return new T1Step(null, GoOn: true);
        _ifsc = asked.Inf[0];
        _rest = _answerAfterIfs!;
        return new T1Step(SendNext());
    }

    /// <summary>A request of the card's own is out: anything but its response makes it ask again (ISO 7816-3 11.6.3.2, rule 7.3).</summary>
    private bool IsAsking => _last is { Pcb: T1Block.Ifs or T1Block.WaitingTime };

    private T1Step Reject(byte error) => new(Send(IsAsking ? _last!.Value : T1Block.ReceiveReady(_expected, error)));

    private byte[] SendNext()
    {
        var count = Math.Min(_ifsd, _rest.Length);
        var block = T1Block.Information(_sendNumber, count < _rest.Length, _rest[..count]);
        _rest = _rest[count..];
        _sendNumber ^= 1;
        _lastInformation = block;
        return Send(block);
    }

    private byte[] Send(T1Block block)
    {
        _last = block;
        return (block with { Nad = _nad }).ToBytes();
    }

    private void Restart()
    {
        (_ifsc, _ifsd, _sendNumber, _expected, _rest, _last, _lastInformation, _answerAfterIfs, IsRunning) = (_offeredIfsc, DefaultIfsd, 0, 0, [], null, null, null, false);
        _command.Clear();
    }
}
