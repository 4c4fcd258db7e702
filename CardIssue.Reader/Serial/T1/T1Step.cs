namespace CardIssue.Reader.Serial.T1;

/// <summary>Why a T=1 exchange ended without a response.</summary>
internal enum T1Fault
{
    None,
    /// <summary>The card aborted the chain; the next command can go.</summary>
    Aborted,
    /// <summary>Blocks were lost, and the card may have carried the command out: it is not sent again. The next command can go.</summary>
    InDoubt,
    /// <summary>The card asked for more time, or sent empty blocks, more often than it may. It must be reset.</summary>
    Endless,
    /// <summary>The response is longer than there is room for. The card must be reset.</summary>
    TooLong,
    /// <summary>No block came through, and resynchronisation did not help. The card must be reset.</summary>
    Lost,
    /// <summary>As before, and the card never said anything. It must be reset.</summary>
    Mute,
}

/// <summary>What to do next: send <paramref name="Block"/> and wait for a block; or the exchange is over, with a response or a fault.</summary>
/// <param name="Block">The block to send; valid until the next step. Empty when the exchange is over.</param>
/// <param name="WaitingTimes">For how many block waiting times the card may be silent before its block.</param>
/// <param name="Response">Length of the response; valid without a block and without a fault.</param>
/// <param name="Fault">Why there is no response.</param>
internal readonly record struct T1Step(ReadOnlyMemory<byte> Block, byte WaitingTimes = 1, int Response = 0, T1Fault Fault = T1Fault.None)
{
    public bool IsOver => Block.IsEmpty;
}
