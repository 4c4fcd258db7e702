using System.Buffers.Binary;

namespace CardIssue.Reader.Serial.Framing;

/// <summary>What the host asks (CCID 1.1 §6.1).</summary>
internal enum CcidCommandType : byte
{
    SetParameters = 0x61,
    PowerOn = 0x62,
    PowerOff = 0x63,
    GetSlotStatus = 0x65,
    Escape = 0x6B,
    GetParameters = 0x6C,
    TransferBlock = 0x6F,
}

/// <summary>What the reader answers (CCID 1.1 §6.2).</summary>
internal enum CcidAnswerType : byte
{
    DataBlock = 0x80,
    SlotStatus = 0x81,
    Parameters = 0x82,
    Escape = 0x83,
}

/// <summary>A command: its type, its three specific bytes, its data (which is not copied).</summary>
/// <param name="Type">What is asked.</param>
/// <param name="Data">0 to <see cref="CcidHeader.MaxData"/> bytes.</param>
/// <param name="Specific">Byte 7 of the header: voltage, waiting time multiplier or protocol.</param>
internal readonly record struct CcidCommand(CcidCommandType Type, ReadOnlyMemory<byte> Data = default, byte Specific = 0)
{
    /// <summary>The answer that belongs to it.</summary>
    public CcidAnswerType Answer => Type switch
    {
        CcidCommandType.PowerOn or CcidCommandType.TransferBlock => CcidAnswerType.DataBlock,
        CcidCommandType.PowerOff or CcidCommandType.GetSlotStatus => CcidAnswerType.SlotStatus,
        CcidCommandType.SetParameters or CcidCommandType.GetParameters => CcidAnswerType.Parameters,
        CcidCommandType.Escape => CcidAnswerType.Escape,
    };
}

/// <summary>The ten bytes before each message's data (CCID 1.1 §6): type, length (little-endian), slot, sequence number, three specific bytes.</summary>
internal static class CcidHeader
{
    public const int Size = 10, LengthAt = 1, LengthSize = 4, SlotAt = 5, SequenceAt = 6, StatusAt = 7, ErrorAt = 8, SpecificAt = 9;

    /// <summary>The longest message of a GemPC Twin in bytes (dwMaxCCIDMessageLength).</summary>
    public const int MaxMessage = 271;

    /// <summary>The most data in a message, in bytes.</summary>
    public const int MaxData = MaxMessage - Size;

    /// <summary>Whether a message of that type goes from host to reader: one that comes back is an echo.</summary>
    public static bool IsCommand(byte type) => type is >= 0x61 and <= 0x73;

    /// <summary>Writes a command and returns its length.</summary>
    public static int Write(CcidCommand command, byte sequence, Span<byte> message)
    {
        if (command.Data.Length > MaxData) throw new ArgumentException($"A message carries at most {MaxData} bytes.", nameof(command));
        message[..Size].Clear();
        message[0] = (byte)command.Type;
        BinaryPrimitives.WriteInt32LittleEndian(message[LengthAt..], command.Data.Length);
        message[SequenceAt] = sequence;
        message[StatusAt] = command.Specific;
        command.Data.Span.CopyTo(message[Size..]);
        return Size + command.Data.Length;
    }
}
