namespace CardIssue.Testing.Cards.Serial;

/// <summary>What a test wants to go wrong, once, at one command to the reader.</summary>
internal abstract record TwinFault
{
    private TwinFault() { }

    /// <summary>The answer leaves with a wrong LRC.</summary>
    public sealed record FlippedLrc : TwinFault;

    /// <summary>One byte of the answer's frame is lost.</summary>
    /// <param name="At">Which one, from 0.</param>
    public sealed record LostByte(int At) : TwinFault;

    /// <summary>One byte of the answer's frame comes twice.</summary>
    /// <param name="At">Which one, from 0.</param>
    public sealed record DoubledByte(int At) : TwinFault;

    /// <summary>The echo leaves with a wrong LRC.</summary>
    public sealed record FlippedEcho : TwinFault;

    /// <summary>The command is not echoed.</summary>
    public sealed record NoEcho : TwinFault;

    /// <summary>The command is taken for damaged: a NAK, and it never ran.</summary>
    public sealed record Nak : TwinFault;

    /// <summary>The command runs and nothing comes back, but for the echo.</summary>
    public sealed record NoAnswer : TwinFault;

    /// <summary>An answer to another command, by its sequence number, comes before the right one.</summary>
    public sealed record StaleAnswer : TwinFault;

    /// <summary>The reader asks for more time (bStatus 80) before it answers.</summary>
    /// <param name="Times">How often.</param>
    /// <param name="Each">How long after the one before.</param>
    /// <param name="Multiplier">Of the block waiting time: bError.</param>
    public sealed record TimeExtension(int Times, TimeSpan Each, byte Multiplier = 1) : TwinFault;

    /// <summary>The card asks for waiting time before it answers: S(WTX) in T=1, a time request in T=0.</summary>
    /// <param name="Times">How often.</param>
    public sealed record WaitingTime(int Times) : TwinFault;

    /// <summary>The T=1 card announces another IFSC before it answers.</summary>
    /// <param name="Size">1 to 254.</param>
    public sealed record CardIfs(byte Size) : TwinFault;

    /// <summary>The last byte from the card is wrong: in T=1 the EDC.</summary>
    public sealed record FlippedCardByte : TwinFault;

    /// <summary>The card answers its reset with other bytes than its own.</summary>
    public sealed record ForeignAtr(byte[] Bytes) : TwinFault;

    /// <summary>The card says nothing; what it did, it did.</summary>
    public sealed record MuteCard : TwinFault;
}

/// <summary>Faults to come, each counted down by the commands that come in. Safe for concurrent calls.</summary>
internal sealed class TwinFaults
{
    private readonly Lock _sync = new();
    private readonly List<(int Left, byte? Type, TwinFault Fault)> _armed = [];

    /// <param name="at">1 is the next one.</param>
    /// <param name="type">Counts commands of this CCID type only; null counts all.</param>
    public void Arm(int at, byte? type, TwinFault fault)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(at, 1);
        lock (_sync) _armed.Add((at, type, fault));
    }

    /// <summary>The faults for a command that has come in.</summary>
    public IReadOnlyList<TwinFault> Next(byte type)
    {
        var due = new List<TwinFault>();
        lock (_sync)
            for (var i = _armed.Count - 1; i >= 0; i--)
            {
                var (left, only, fault) = _armed[i];
                if (only is { } wanted && wanted != type) continue;
                if (left > 1)
                {
                    _armed[i] = (left - 1, only, fault);
                    continue;
                }
                _armed.RemoveAt(i);
                due.Add(fault);
            }
        return due;
    }
}
