using System.Buffers.Binary;

namespace CardIssue.Testing.Cards.Serial;

/// <summary>A command to the reader (CCID 1.1, 6.1).</summary>
/// <param name="Specific">Bytes 7 to 9 of the header.</param>
internal sealed record CcidCommand(byte Type, byte Slot, byte Sequence, byte[] Specific, byte[] Data)
{
    public const byte SetParameters = 0x61, PowerOn = 0x62, PowerOff = 0x63, GetSlotStatus = 0x65, Secure = 0x69, Escape = 0x6B, GetParameters = 0x6C,
        ResetParameters = 0x6D, IccClock = 0x6E, Transfer = 0x6F, Mechanical = 0x71, Abort = 0x72, SetDataRate = 0x73;

    /// <param name="message">At least <see cref="SerialFrame.Header"/> bytes, as many as its length field says.</param>
    public static CcidCommand Parse(ReadOnlySpan<byte> message) =>
        new(message[0], message[5], message[6], message[7..10].ToArray(), message[SerialFrame.Header..].ToArray());
}

/// <summary>What the reader says about its slot (bmICCStatus).</summary>
internal enum SlotStatus : byte
{
    Active = 0,
    Inactive = 1,
    Absent = 2,
}

/// <summary>An answer of the reader (CCID 1.1, 6.2).</summary>
/// <param name="Status">bStatus: the slot's, and 40 for failed or 80 for "wait on".</param>
/// <param name="Error">bError.</param>
/// <param name="Specific">Byte 9: chain parameter, clock status or protocol.</param>
internal sealed record CcidAnswer(byte Type, byte Slot, byte Sequence, byte Status, byte Error, byte Specific, byte[] Data)
{
    public const byte DataBlock = 0x80, SlotState = 0x81, Parameters = 0x82, EscapeData = 0x83, DataRate = 0x84;
    public const byte Failed = 0x40, TimeExtension = 0x80;

    /// <summary>bError: what the reader has no such command for; what is wrong with the length, the slot, byte 7 (as an offset); a card that does not answer.</summary>
    public const byte Unsupported = 0x00, BadLength = 0x01, BadSlot = 0x05, BadByte7 = 0x07, CardMute = 0xFE;

    /// <summary>The answer's type to a command's.</summary>
    public static byte TypeFor(byte command) => command switch
    {
        CcidCommand.PowerOn or CcidCommand.Transfer or CcidCommand.Secure => DataBlock,
        CcidCommand.GetParameters or CcidCommand.SetParameters or CcidCommand.ResetParameters => Parameters,
        CcidCommand.Escape => EscapeData,
        CcidCommand.SetDataRate => DataRate,
        _ => SlotState,
    };

    public byte[] ToBytes()
    {
        byte[] message = [Type, 0, 0, 0, 0, Slot, Sequence, Status, Error, Specific, .. Data];
        BinaryPrimitives.WriteInt32LittleEndian(message.AsSpan(1), Data.Length);
        return message;
    }
}
