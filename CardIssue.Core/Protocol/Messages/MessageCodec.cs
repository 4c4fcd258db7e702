using System.Formats.Cbor;
using CardIssue.Core.Crypto;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Protocol.Messages;

/// <summary>
/// Messages as they stand in a frame: deterministic CBOR (RFC 8949 §4.2.1), one map with integer keys; key 0 is the
/// <see cref="RelayMessageType"/>, then the fields in the order of the record's parameters from key 1. What is empty or false by default is
/// left out. <c>messages.cddl</c> beside this folder says it formally. Fields of a later version are passed over where
/// <see cref="Growth"/> says.
/// </summary>
internal static class MessageCodec
{
    /// <summary>The most bytes of a message: on a line without TLS a counter and a MAC share its frame.</summary>
    public const int MaxMessage = 65_536 + 488;

    private const int MaxCount = int.MaxValue;

    /// <summary>The bytes of a message, at most <see cref="MaxMessage"/>.</summary>
    /// <exception cref="ArgumentException">A field is outside its limits, or the message does not fit a frame: a fault of this side.</exception>
    public static byte[] Encode(RelayMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (message is Command command) return EncodeCommand(command);
        var bytes = Fields(message).End();
        return bytes.Length <= MaxMessage ? bytes : throw new ArgumentException($"{message.Type} has {bytes.Length} bytes; a message has at most {MaxMessage}.", nameof(message));
    }

    /// <summary>Reads a frame. Whatever its bytes are, no exception comes of them.</summary>
    /// <param name="frame">One frame, nothing before the message and nothing after it.</param>
    public static DecodeResult Decode(ReadOnlyMemory<byte> frame)
    {
        if (frame.Length > MaxMessage) return DecodeResult.Malformed($"{frame.Length} bytes; a message has at most {MaxMessage}");
        try
        {
            var message = Read(new MessageFieldReader(frame));
            return DecodeResult.Of(IsBound(message) ? message with { AsSent = new WireForm(ByteString.Copy(frame.Span)) } : message);
        }
        catch (MalformedMessageException e)
        {
            return DecodeResult.Malformed(e.Message);
        }
        // What CborReader throws when bytes are no deterministic CBOR, are of another type, or too great a number.
        catch (Exception e) when (e is CborContentException or InvalidOperationException or OverflowException)
        {
            return DecodeResult.Malformed($"not deterministic CBOR of a message: {e.GetType().Name}");
        }
    }

    /// <summary>Whether a frame is a message of this type, if it is one at all: a map's head, key 0, the type. Good for types below 24.</summary>
    internal static bool IsOf(ReadOnlySpan<byte> frame, RelayMessageType type) => frame.Length > 2 && frame[1] == 0 && frame[2] == (byte)type;

    /// <summary>
    /// The bytes that a message was or is to be sent as: those that it came as, also where this version does not know all of them.
    /// </summary>
    /// <param name="message">A message that came in, or one of this side.</param>
    public static ByteString BytesOf(RelayMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        return message.AsSent.Bytes is { IsEmpty: false } came ? came : ByteString.Own(Encode(message));
    }

    /// <summary>Whether its bytes are signed or bound to a seal.</summary>
    private static bool IsBound(RelayMessage message) => message is Hello or Challenge or Proof or Script;

    private static byte[] EncodeCommand(Command command)
    {
        var bytes = new byte[CommandFrame.MaxOverhead + command.Payload.Length + 3 * command.Expected.Count];
        return bytes[..CommandFrame.Encode(command.Sequence, command.Payload.Span, command.Expected, bytes)];
    }

    private static MessageFieldWriter Fields(RelayMessage message)
    {
        var to = new MessageFieldWriter(message.Type);
        return message switch
        {
            Hello m => to.Int(1, m.MinVersion, 1, FieldLimits.MaxVersion).Int(2, m.MaxVersion, 1, FieldLimits.MaxVersion)
                .Name(3, m.Terminal.Value).Bytes(4, m.Nonce, ProtocolLimits.NonceLength, ProtocolLimits.NonceLength).Int(5, m.Window, 1, ProtocolLimits.MaxWindow)
                .OptionalCode(6, m.Half).OptionalInt(7, m.Certificate, MaxCount).OptionalInt(8, m.Declines, MaxCount),
            Challenge m => to.Int(1, m.Version, 1, FieldLimits.MaxVersion).Bytes(2, m.Nonce, ProtocolLimits.NonceLength, ProtocolLimits.NonceLength).Int(3, m.Line.Value, 1, MaxCount),
            Proof m => to.Bytes(1, m.Signature, FieldLimits.SignatureLength, FieldLimits.SignatureLength)
                .Bytes(2, m.Confirmation, FieldLimits.ConfirmationLength, FieldLimits.ConfirmationLength)
                .OptionalBytes(3, m.Note, 1, FieldLimits.MaxWitness),
            Admitted m => to.Bytes(1, m.Signature, FieldLimits.SignatureLength, FieldLimits.SignatureLength)
                .Bytes(2, m.Confirmation, FieldLimits.ConfirmationLength, FieldLimits.ConfirmationLength)
                .Bytes(3, m.ReaderList, 0, FieldLimits.MaxReaderList).OptionalBytes(4, m.JoinToken, ProtocolLimits.TokenLength, ProtocolLimits.TokenLength),
            Refused m => to.Code(1, m.Code),
            RequestIssue m => to.Int(1, m.Number, 1, MaxCount).Text(2, m.Reference, 1, ProtocolLimits.MaxReference)
                .Bytes(3, m.SealedCode, 1, FieldLimits.MaxSealedCode).PersonName(4, m.Operator.Value),
            Resume m => to.Int(1, m.Number, 1, MaxCount).Bytes(2, m.Token, ProtocolLimits.TokenLength, ProtocolLimits.TokenLength),
            Declined m => to.Int(1, m.Number, 1, MaxCount).Code(2, m.Code),
            InsertCard m => to.Int(1, m.Number, 1, MaxCount).Bytes(2, m.Token, ProtocolLimits.TokenLength, ProtocolLimits.TokenLength)
                .Flag(3, m.SameCard).Text(4, m.Display, 0, ProtocolLimits.MaxDisplay).OptionalName(5, m.Order?.Value)
                .OptionalBytes(6, m.Card?.Value ?? default, 1, FieldLimits.MaxCardId).OptionalText(7, m.MaskedNumber, FieldLimits.MaxCardNumber)
                .OptionalInt(8, m.Records, ProtocolLimits.MaxRecords),
            CardPresent m => to.Int(1, m.Insertion, 1, MaxCount).Bytes(2, m.Atr, FieldLimits.MinAtr, FieldLimits.MaxAtr),
            CardRejected m => to.Int(1, m.Insertion, 1, MaxCount).Code(2, m.Code),
            Script m => to.Code(1, m.Kind).Int(2, m.Opening, 1, MaxCount).Int(3, m.Record, 0, ProtocolLimits.MaxRecords + 1).Int(4, m.Attempt, 1, MaxCount)
                .Int(5, m.First, 0, ProtocolLimits.MaxSequence)
                .Int(6, m.Count, 1, Math.Min(ProtocolLimits.MaxScriptCommands, ProtocolLimits.MaxSequence + 1 - m.First)).Flag(7, m.Last).Flag(8, m.Sealed)
                .OptionalBytes(9, m.Ticket, 1, FieldLimits.MaxTicket),
            Credit m => to.Int(1, m.Until, 0, ProtocolLimits.MaxSequence + 1),
            Result m => to.Int(1, m.First, 0, ProtocolLimits.MaxSequence).Code(2, m.Stop).ByteStrings(3, m.Responses, ProtocolLimits.MaxScriptCommands, 2, FieldLimits.MaxResponse)
                .OptionalInt(4, (int)m.Refusal, FieldLimits.MaxShownCode),
            Issued m => to.Text(1, m.Receipt, 0, ProtocolLimits.MaxReceipt, lines: true).OptionalName(2, m.Order?.Value)
                .OptionalBytes(3, m.Card?.Value ?? default, 1, FieldLimits.MaxCardId),
            CardRemoved => to,
            Abort m => to.Code(1, m.Code),
            ReaderRefused m => to.Text(1, m.Reader, 0, FieldLimits.MaxReader),
            StatusRequest => to,
            StatusReport m => to.Name(1, m.Terminal.Value).Int(2, m.Line.Value, 1, MaxCount),
            Join m => to.Bytes(1, m.Token, ProtocolLimits.TokenLength, ProtocolLimits.TokenLength),
            Joined => to,
            EnrollReader m => to.Name(1, m.Kind).OptionalText(2, m.Vendor, FieldLimits.MaxReaderText).OptionalText(3, m.Model, FieldLimits.MaxReaderText)
                .OptionalText(4, m.Serial, FieldLimits.MaxReaderText).OptionalText(5, m.Firmware, FieldLimits.MaxReaderText).OptionalText(6, m.Port, FieldLimits.MaxReaderText)
                .OptionalBytes(7, m.Key, P256PublicKey.Length, P256PublicKey.Length),
            ReaderEnrollment m => to.Code(1, m.Status).OptionalBytes(2, m.ReaderList, 1, FieldLimits.MaxReaderList),
            Witness m => to.Bytes(1, m.Note, 1, FieldLimits.MaxWitness).OptionalBytes(2, m.Certificate, 1, FieldLimits.MaxCenterCertificate)
                .OptionalBytes(3, m.Keys, 1, FieldLimits.MaxCenterKeys),
            Disconnect m => to.Int(1, (int)m.Code, 1, FieldLimits.MaxShownCode)
                .Text(2, m.Expected, 0, FieldLimits.MaxReason).Text(3, m.Came, 0, FieldLimits.MaxReason),
            EnrollTerminal m => to.Name(1, m.Terminal.Value).Bytes(2, m.Nonce, ProtocolLimits.NonceLength, ProtocolLimits.NonceLength)
                .Bytes(3, m.CredentialKey, P256PublicKey.Length, P256PublicKey.Length).Bytes(4, m.AgreementKey, P256PublicKey.Length, P256PublicKey.Length)
                .Int(5, m.KeyVersion, 1, MaxCount).OptionalBytes(6, m.Certificate, FieldLimits.CertificateLength, FieldLimits.CertificateLength)
                .Bytes(7, m.Confirmation, FieldLimits.ConfirmationLength, FieldLimits.ConfirmationLength)
                .OptionalBytes(8, m.Signature, FieldLimits.SignatureLength, FieldLimits.SignatureLength),
            TerminalEnrolled m => to.Name(1, m.Center)
                .Bytes(2, m.SigningKey, P256PublicKey.Length, P256PublicKey.Length).Bytes(3, m.AgreementKey, P256PublicKey.Length, P256PublicKey.Length)
                .OptionalBytes(4, m.Certificate, FieldLimits.CertificateLength, FieldLimits.CertificateLength)
                .Bytes(5, m.Confirmation, FieldLimits.ConfirmationLength, FieldLimits.ConfirmationLength),
            _ => throw new ArgumentException($"{message.GetType().Name} is no message of the line.", nameof(message)),
        };
    }

    private static RelayMessage Read(MessageFieldReader from)
    {
        // Initializers run in the order in which they stand, which is the order of the keys.
        RelayMessage message = from.Code<RelayMessageType>(0) switch
        {
            RelayMessageType.Hello => new Hello(from.Int(1, 1, FieldLimits.MaxVersion), from.Int(2, 1, FieldLimits.MaxVersion), new TerminalId(from.Name(3)),
                from.Bytes(4, ProtocolLimits.NonceLength, ProtocolLimits.NonceLength), from.Int(5, 1, ProtocolLimits.MaxWindow), from.OptionalCode<LineHalf>(6),
                from.OptionalInt(7, MaxCount), from.OptionalInt(8, MaxCount)),
            RelayMessageType.Challenge => new Challenge(from.Int(1, 1, FieldLimits.MaxVersion), from.Bytes(2, ProtocolLimits.NonceLength, ProtocolLimits.NonceLength), new LineNumber(from.Int(3, 1, MaxCount))),
            RelayMessageType.Proof => new Proof(from.Bytes(1, FieldLimits.SignatureLength, FieldLimits.SignatureLength),
                from.Bytes(2, FieldLimits.ConfirmationLength, FieldLimits.ConfirmationLength),
                from.OptionalBytes(3, 1, FieldLimits.MaxWitness)),
            RelayMessageType.Admitted => new Admitted(from.Bytes(1, FieldLimits.SignatureLength, FieldLimits.SignatureLength),
                from.Bytes(2, FieldLimits.ConfirmationLength, FieldLimits.ConfirmationLength), from.Bytes(3, 0, FieldLimits.MaxReaderList),
                from.OptionalBytes(4, ProtocolLimits.TokenLength, ProtocolLimits.TokenLength)),
            RelayMessageType.Refused => new Refused(from.Code<RefusalCode>(1)),
            RelayMessageType.RequestIssue => new RequestIssue(from.Int(1, 1, MaxCount), from.Text(2, 1, ProtocolLimits.MaxReference),
                from.Bytes(3, 1, FieldLimits.MaxSealedCode), new OperatorId(from.PersonName(4))),
            RelayMessageType.Resume => new Resume(from.Int(1, 1, MaxCount), from.Bytes(2, ProtocolLimits.TokenLength, ProtocolLimits.TokenLength)),
            RelayMessageType.Declined => new Declined(from.Int(1, 1, MaxCount), from.Code<DeclineCode>(2)),
            RelayMessageType.InsertCard => new InsertCard(from.Int(1, 1, MaxCount), from.Bytes(2, ProtocolLimits.TokenLength, ProtocolLimits.TokenLength),
                from.Flag(3), from.Text(4, 0, ProtocolLimits.MaxDisplay))
            {
                Order = from.OptionalOrder(5), Card = from.OptionalCard(6), MaskedNumber = from.OptionalText(7, FieldLimits.MaxCardNumber),
                Records = from.OptionalInt(8, ProtocolLimits.MaxRecords),
            },
            RelayMessageType.CardPresent => new CardPresent(from.Int(1, 1, MaxCount), from.Bytes(2, FieldLimits.MinAtr, FieldLimits.MaxAtr)),
            RelayMessageType.CardRejected => new CardRejected(from.Int(1, 1, MaxCount), from.Code<CardRejection>(2)),
            RelayMessageType.Script => InSequence(new Script(from.Code<ScriptKind>(1), from.Int(2, 1, MaxCount), from.Int(3, 0, ProtocolLimits.MaxRecords + 1), from.Int(4, 1, MaxCount),
                from.Int(5, 0, ProtocolLimits.MaxSequence), from.Int(6, 1, ProtocolLimits.MaxScriptCommands), from.Flag(7), from.Flag(8), from.OptionalBytes(9, 1, FieldLimits.MaxTicket))),
            RelayMessageType.Command => new Command(from.Int(1, 0, ProtocolLimits.MaxSequence), from.Bytes(2, 1, FieldLimits.MaxPayload), from.OptionalWords(3, FieldLimits.MaxExpected)),
            RelayMessageType.Credit => new Credit(from.Int(1, 0, ProtocolLimits.MaxSequence + 1)),
            RelayMessageType.Result => new Result(from.Int(1, 0, ProtocolLimits.MaxSequence), from.Code<ScriptStop>(2), from.ByteStrings(3, ProtocolLimits.MaxScriptCommands, 2, FieldLimits.MaxResponse),
                (ModuleRefusal)from.OptionalInt(4, FieldLimits.MaxShownCode)),
            RelayMessageType.Issued => new Issued(from.Text(1, 0, ProtocolLimits.MaxReceipt, lines: true))
            {
                Order = from.OptionalOrder(2), Card = from.OptionalCard(3),
            },
            RelayMessageType.CardRemoved => new CardRemoved(),
            RelayMessageType.Abort => new Abort(from.Code<AbortCode>(1)),
            RelayMessageType.ReaderRefused => new ReaderRefused(from.Text(1, 0, FieldLimits.MaxReader)),
            RelayMessageType.StatusRequest => new StatusRequest(),
            RelayMessageType.StatusReport => new StatusReport(new TerminalId(from.Name(1)), new LineNumber(from.Int(2, 1, MaxCount))),
            RelayMessageType.Join => new Join(from.Bytes(1, ProtocolLimits.TokenLength, ProtocolLimits.TokenLength)),
            RelayMessageType.Joined => new Joined(),
            RelayMessageType.EnrollReader => new EnrollReader(from.Name(1), from.OptionalText(2, FieldLimits.MaxReaderText), from.OptionalText(3, FieldLimits.MaxReaderText),
                from.OptionalText(4, FieldLimits.MaxReaderText), from.OptionalText(5, FieldLimits.MaxReaderText), from.OptionalText(6, FieldLimits.MaxReaderText),
                from.OptionalBytes(7, P256PublicKey.Length, P256PublicKey.Length)),
            RelayMessageType.ReaderEnrollment => new ReaderEnrollment(from.Code<ReaderStanding>(1), from.OptionalBytes(2, 1, FieldLimits.MaxReaderList)),
            RelayMessageType.Witness => new Witness(from.Bytes(1, 1, FieldLimits.MaxWitness), from.OptionalBytes(2, 1, FieldLimits.MaxCenterCertificate),
                from.OptionalBytes(3, 1, FieldLimits.MaxCenterKeys)),
            RelayMessageType.Disconnect => new Disconnect((DisconnectCode)from.Int(1, 1, FieldLimits.MaxShownCode),
                from.Text(2, 0, FieldLimits.MaxReason), from.Text(3, 0, FieldLimits.MaxReason)),
            RelayMessageType.EnrollTerminal => new EnrollTerminal(new TerminalId(from.Name(1)), from.Bytes(2, ProtocolLimits.NonceLength, ProtocolLimits.NonceLength),
                from.Bytes(3, P256PublicKey.Length, P256PublicKey.Length), from.Bytes(4, P256PublicKey.Length, P256PublicKey.Length),
                from.Int(5, 1, MaxCount), from.OptionalBytes(6, FieldLimits.CertificateLength, FieldLimits.CertificateLength),
                from.Bytes(7, FieldLimits.ConfirmationLength, FieldLimits.ConfirmationLength),
                from.OptionalBytes(8, FieldLimits.SignatureLength, FieldLimits.SignatureLength)),
            RelayMessageType.TerminalEnrolled => new TerminalEnrolled(from.Name(1),
                from.Bytes(2, P256PublicKey.Length, P256PublicKey.Length), from.Bytes(3, P256PublicKey.Length, P256PublicKey.Length),
                from.OptionalBytes(4, FieldLimits.CertificateLength, FieldLimits.CertificateLength),
                from.Bytes(5, FieldLimits.ConfirmationLength, FieldLimits.ConfirmationLength)),
        };
        from.End(Growth.IsOpen(message.Type));
        return message;
    }

    /// <summary>Every command of a script has a sequence number.</summary>
    private static Script InSequence(Script script) => script.Count <= ProtocolLimits.MaxSequence + 1 - script.First
        ? script
        : throw new MalformedMessageException($"a script of {script.Count} commands from {script.First} on goes beyond {ProtocolLimits.MaxSequence}");
}
