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
    public static bool IsOpen(RelayMessageType type) => type switch
    {
        RelayMessageType.Hello or RelayMessageType.Challenge or RelayMessageType.Refused or RelayMessageType.Joined or RelayMessageType.Witness => true,
        RelayMessageType.Declined or RelayMessageType.InsertCard or RelayMessageType.CardPresent or RelayMessageType.CardRejected => true,
        RelayMessageType.Issued or RelayMessageType.CardRemoved or RelayMessageType.Abort or RelayMessageType.ReaderRefused => true,
        RelayMessageType.StatusRequest or RelayMessageType.StatusReport or RelayMessageType.ReaderEnrollment or RelayMessageType.Disconnect => true,
        // Access, and what is signed for it: a field that is not understood could take something back.
        RelayMessageType.Proof or RelayMessageType.Admitted or RelayMessageType.Join or RelayMessageType.EnrollTerminal or RelayMessageType.TerminalEnrolled => false,
        // An order is asked for, a reader is to be let in.
        RelayMessageType.RequestIssue or RelayMessageType.Resume or RelayMessageType.EnrollReader => false,
        // What is done to a card, and what is concluded from its answers.
        RelayMessageType.Script or RelayMessageType.Command or RelayMessageType.Credit or RelayMessageType.Result => false,
    };
}
