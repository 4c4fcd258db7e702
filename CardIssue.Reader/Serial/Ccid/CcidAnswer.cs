using System.Security.Cryptography;
using CardIssue.Reader.Serial.Framing;

namespace CardIssue.Reader.Serial.Ccid;

/// <summary>Whether a card is in (bmICCStatus, CCID 1.1 §6.2.6).</summary>
internal enum CardPresence : byte
{
    Active = 0,
    Inactive = 1,
    Absent = 2,
    Unknown = 3,
}

/// <summary>How a command went (bmCommandStatus, CCID 1.1 §6.2.6).</summary>
internal enum CommandStatus : byte
{
    Ok = 0,
    Failed = 1,
    TimeExtension = 2,
    Unknown = 3,
}

/// <summary>A reader's answer. Its data may be a customer's: dispose it to clear it.</summary>
/// <param name="message">A whole message, which this owns from now on.</param>
internal readonly struct CcidAnswer(byte[] message) : IDisposable
{
    public byte Type => message[0];

    public byte Sequence => message[CcidHeader.SequenceAt];

    public CardPresence Presence => (CardPresence)(message[CcidHeader.StatusAt] & 0x03);

    public CommandStatus Status => (CommandStatus)(message[CcidHeader.StatusAt] >> 6);

    /// <summary>What went wrong; or, with a time extension, how many waiting times more the card asks for.</summary>
    public CcidError Error => (CcidError)message[CcidHeader.ErrorAt];

    public ReadOnlyMemory<byte> Data => message.AsMemory(CcidHeader.Size);

    public bool IsOk => Status == CommandStatus.Ok;

    public void Dispose() => CryptographicOperations.ZeroMemory(message);

    /// <summary>Type, status and length; never data.</summary>
    public override string ToString() => $"{Type:X2}, {Presence}, {Status}{(IsOk ? "" : $" ({Error.Describe()})")}, {Data.Length} bytes";
}
