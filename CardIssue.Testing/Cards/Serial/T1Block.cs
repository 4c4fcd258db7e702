namespace CardIssue.Testing.Cards.Serial;

/// <summary>A block of T=1 (ISO 7816-3 11.3): node address, protocol control byte, up to 254 bytes, and an LRC.</summary>
internal readonly record struct T1Block(byte Nad, byte Pcb, byte[] Inf)
{
    public const int Prologue = 3, MaximumInf = 254;

    /// <summary>Supervisory blocks; 20 more is the response.</summary>
    public const byte Resynch = 0xC0, Ifs = 0xC1, Abort = 0xC2, WaitingTime = 0xC3, ResponseBit = 0x20;

    /// <summary>Why an R-block is sent (ISO 7816-3 11.3.2.2): nothing wrong, wrong check or parity, something else.</summary>
    public const byte NoError = 0, WrongCheck = 1, OtherError = 2;

    public bool IsInformation => (Pcb & 0x80) == 0;

    public bool IsReceiveReady => (Pcb & 0xC0) == 0x80;

    /// <summary>N(S) of an I-block.</summary>
    public int SendNumber => Pcb >> 6 & 1;

    /// <summary>N(R) of an R-block.</summary>
    public int ReceiveNumber => Pcb >> 4 & 1;

    /// <summary>An I-block that is not the last of its chain.</summary>
    public bool HasMore => (Pcb & 0x20) != 0;

    public static T1Block Information(int number, bool more, byte[] inf) => new(0, (byte)(number << 6 | (more ? 0x20 : 0)), inf);

    public static T1Block ReceiveReady(int number, byte error) => new(0, (byte)(0x80 | number << 4 | error), []);

    public static T1Block Supervisory(byte pcb, params byte[] inf) => new(0, pcb, inf);

    /// <summary>Reads a block.</summary>
    /// <param name="error">When it is none: <see cref="WrongCheck"/> or <see cref="OtherError"/>.</param>
    public static T1Block? Read(ReadOnlySpan<byte> bytes, out byte error)
    {
        error = OtherError;
        if (bytes.Length < Prologue + 1) return null;
        error = WrongCheck;
        if (SerialFrame.Lrc(bytes) != 0) return null;
        error = OtherError;
        if (bytes[2] > MaximumInf || bytes.Length != Prologue + bytes[2] + 1) return null;
        var block = new T1Block(bytes[0], bytes[1], bytes[Prologue..^1].ToArray());
        return block.IsWellFormed ? block : null;
    }

    public byte[] ToBytes()
    {
        byte[] bytes = [Nad, Pcb, (byte)Inf.Length, .. Inf, 0];
        bytes[^1] = SerialFrame.Lrc(bytes.AsSpan(0, bytes.Length - 1));
        return bytes;
    }

    private bool IsWellFormed => IsInformation ? (Pcb & 0x1F) == 0
        : IsReceiveReady ? (Pcb & 0x20) == 0 && (Pcb & 0x0F) <= OtherError && Inf.Length == 0
        : (Pcb & ~ResponseBit) switch
        {
            Resynch or Abort => Inf.Length == 0,
            Ifs => Inf is [>= 1 and <= MaximumInf],
            WaitingTime => Inf.Length == 1,
            _ => false,
        };
}
