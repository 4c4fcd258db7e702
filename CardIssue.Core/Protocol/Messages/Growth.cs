namespace CardIssue.Core.Protocol.Messages;

/// <summary>
/// How version 1 grows. A later minor version gives a message more fields, with keys above those that it has. Where that is safe the fields
/// are passed over by who does not know them; where a message grants, spends, asks for or does something, it is refused whole, and a peer
/// sends such fields, and messages and codes that are new, only to one that has announced in <see cref="Hello"/> or <see cref="Challenge"/>
/// that it knows them.
/// </summary>
internal static class Growth
{
    /// <summary>The most unknown fields that are passed over in one message.</summary>
    public const int MaxUnknownFields = 16;

    /// <summary>Whether fields that are not known are passed over in messages of this type.</summary>
    public static bool IsOpen(MessageType type) => type switch
    {
        MessageType.Hello or MessageType.Challenge or MessageType.Refused or MessageType.Joined or MessageType.Witness => true,
        MessageType.Declined or MessageType.InsertCard or MessageType.CardPresent or MessageType.CardRejected => true,
        MessageType.Issued or MessageType.CardRemoved or MessageType.Abort or MessageType.ReaderRefused => true,
        MessageType.StatusRequest or MessageType.StatusReport or MessageType.ReaderEnrollment or MessageType.Disconnect => true,
        // Access, and what is signed for it: a field that is not understood could take something back.
        MessageType.Proof or MessageType.Admitted or MessageType.Join or MessageType.EnrollTerminal or MessageType.TerminalEnrolled => false,
        // An order is asked for, a reader is to be let in.
        MessageType.RequestIssue or MessageType.Resume or MessageType.EnrollReader => false,
        // What is done to a card, and what is concluded from its answers.
        MessageType.Script or MessageType.Command or MessageType.Credit or MessageType.Result => false,
    };
}
