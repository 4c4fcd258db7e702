namespace CardIssue.Reader.Serial.T1;

/// <summary>What a supervisory block is about (ISO 7816-3 11.3.2.2).</summary>
internal enum T1Supervisory : byte
{
    Resynch = 0x00,
    Ifs = 0x01,
    Abort = 0x02,
    Wtx = 0x03,
}

/// <summary>Why a block was not taken, as an R-block says it (ISO 7816-3 11.3.2.2): nothing wrong, its check, or something else.</summary>
internal enum T1Complaint : byte
{
    None = 0,
    Check = 1,
    Other = 2,
}

/// <summary>A T=1 block on the wire (ISO 7816-3 11.3): NAD, PCB, LEN, information field, and a check of one byte (LRC) or two (CRC).</summary>
internal static class T1Block
{
    public const int NadAt = 0, PcbAt = 1, LengthAt = 2, Prologue = 3;

    /// <summary>The longest information field in bytes (ISO 7816-3 11.3.2.3).</summary>
    public const int MaxInformation = 254;

    /// <summary>The longest block in bytes.</summary>
    public const int MaxLength = Prologue + MaxInformation + 2;

    private const byte RBlock = 0x80, SBlock = 0xC0, More = 0x20, Response = 0x20;

    public static byte I(int sequence, bool more) => (byte)(sequence << 6 | (more ? More : 0));

    public static byte R(int sequence, T1Complaint complaint) => (byte)(RBlock | sequence << 4 | (byte)complaint);

    public static byte SRequest(T1Supervisory subject) => (byte)(SBlock | (byte)subject);

    public static byte SResponse(T1Supervisory subject) => (byte)(SBlock | Response | (byte)subject);

    public static bool IsI(byte pcb) => (pcb & 0x80) == 0;

    public static bool IsR(byte pcb) => (pcb & 0xC0) == RBlock;

    public static bool IsSResponse(byte pcb) => (pcb & 0xE0) == (SBlock | Response);

    public static bool HasMore(byte pcb) => (pcb & More) != 0;

    /// <summary>N(S) of an I-block.</summary>
    public static int SendSequence(byte pcb) => pcb >> 6 & 1;

    /// <summary>N(R) of an R-block.</summary>
    public static int ReceiveSequence(byte pcb) => pcb >> 4 & 1;

    /// <summary>Writes a block and returns its length.</summary>
    public static int Write(byte pcb, ReadOnlySpan<byte> information, bool usesCrc, Span<byte> block)
    {
        // Node addresses are not used: NAD 00 (11.3.2.1).
        (block[NadAt], block[PcbAt], block[LengthAt]) = (0, pcb, (byte)information.Length);
        information.CopyTo(block[Prologue..]);
        var length = Prologue + information.Length;
        if (usesCrc)
        {
            var crc = Crc(block[..length]);
            (block[length], block[length + 1]) = ((byte)(crc >> 8), (byte)crc);
            return length + 2;
        }
        block[length] = Framing.SerialFrame.Check(block[..length]);
        return length + 1;
    }

    /// <summary>What is wrong with a received block, apart from whether it comes at the right time.</summary>
    public static T1Complaint Check(ReadOnlySpan<byte> block, bool usesCrc)
    {
        var checkSize = usesCrc ? 2 : 1;
        if (block.Length < Prologue + checkSize) return T1Complaint.Other;
        var isIntact = usesCrc
            ? Crc(block[..^2]) == (block[^2] << 8 | block[^1])
            : Framing.SerialFrame.Check(block) == 0;
        if (!isIntact) return T1Complaint.Check;
        var isShaped = block[NadAt] == 0 && block[LengthAt] <= MaxInformation && block.Length == Prologue + block[LengthAt] + checkSize && IsKnown(block[PcbAt], block[LengthAt]);
        return isShaped ? T1Complaint.None : T1Complaint.Other;
    }

    /// <summary>
    /// The cyclic redundancy check that ISO 7816-3 11.3.4 takes from ISO/IEC 13239: x^16 + x^12 + x^5 + 1, reflected, from FFFF. Not inverted at the end, as
    /// libccid has it, so that both talk to the same cards.
    /// </summary>
    public static ushort Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = 0xFFFF;
        foreach (var b in bytes)
        {
            crc ^= b;
            for (var bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? crc >> 1 ^ 0x8408 : crc >> 1;
        }
        return (ushort)crc;
    }

    private static bool IsKnown(byte pcb, int length)
    {
        if (IsI(pcb)) return (pcb & 0x1F) == 0;
        if (IsR(pcb)) return (pcb & 0x2C) == 0 && (pcb & 0x03) != 3 && length == 0;
        return (T1Supervisory)(pcb & 0x1F) switch
        {
            T1Supervisory.Resynch or T1Supervisory.Abort => length == 0,
            T1Supervisory.Ifs or T1Supervisory.Wtx => length == 1,
            _ => false,
        };
    }
}
