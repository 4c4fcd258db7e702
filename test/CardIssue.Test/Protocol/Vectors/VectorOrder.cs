using CardIssue.Core;
using CardIssue.Core.Cards;
using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Cards.SecureChannel.Opening;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Test.Cards.SecureChannel;
using CardIssue.Test.Cards.Vectors;

namespace CardIssue.Test.Protocol.Vectors;

/// <summary>One order in a vector, on a recorded card: asked for, opened, one record of two commands, closed, issued.</summary>
internal sealed class VectorOrder(VectorFile file, VectorSession line, LineHalf up = LineHalf.Whole, LineHalf down = LineHalf.Whole)
{
    private const int Request = 1, Opening = 1;
    private const long Fence = 42;
    private static readonly OrderId Order = new("A-17");
    private static readonly ByteString Token = VectorSession.Counting(0x70).Slice(0, 16);
    private static readonly byte[][] Plain = [[0x80, 0xE2, 0x00, 0x00, 0x04, 0x70, 0x02, 0xCA, 0xFE], [0x80, 0xE2, 0x80, 0x01, 0x02, 0x9F, 0x00]];
    private static readonly byte[] SetStatus = [0x80, 0xF0, 0x80, 0x0F, 0x00];
    private int _next;

    /// <summary>The whole of it.</summary>
    /// <param name="isSealed">Whether the commands are sealed to the terminal's module.</param>
    public void Run(bool isSealed)
    {
        Ask();
        var recorded = Vector.Load("scp03_sessions.json").First();
        using var keys = Scp03SessionTest.Keys(recorded);
        var update = CommandApdu.Parse(recorded.Hex("initializeUpdate").Span);
        var answer = recorded.Hex("initializeUpdateResponse");
        line.Say(VectorSpeaker.Terminal, new CardPresent(1, ByteString.FromHex("3B00")), up);
        Say(ScriptKind.Open, [[0x00, 0xA4, 0x04, 0x00, 0x00], update.ToBytes().ToArray()], [[0x90, 0x00], [.. answer.Span, 0x90, 0x00]]);
        var opened = (ChannelOpenResult.Opened)ChannelOpening.TryOpen(
            keys, update.P1, update.Data.Span, new ResponseApdu(answer, 0x9000), new ChannelTerms(SecurityLevel.CMacRMac));
        using var session = opened.Session;
        if (isSealed) InModule(session, opened.Answer);
        else Directly(session);
        line.Say(VectorSpeaker.Center, new Issued("CARD ISSUED\nOrder A-17"), down);
        line.Say(VectorSpeaker.Terminal, new CardRemoved(), up);
        line.Say(VectorSpeaker.Center, new Disconnect(DisconnectCode.TimedOut, "a request", "nothing"), down);
    }

    private void Ask()
    {
        using var ephemeral = VectorSession.Private(0x61);
        file.Given("issueCode", "4711");
        file.Given("issueCodeEphemeralPrivateKey", VectorSession.Counting(0x61));
        var context = new IssueCodeContext(line.Admission, Request, Order.Value);
        var envelope = IssueCodeEnvelope.Seal(ephemeral, line.CenterAgreement, context, "4711"u8);
        using (var agreed = ephemeral.Agree(line.CenterAgreement))
        using (var key = KeySchedule.Derive(agreed.Span, CodeInfo(ephemeral.PublicKey.Encoded)))
            file.Made("issue code key", key.Span, ("agreement", Convert.ToHexString(agreed.Span)), ("info", VectorSession.Hex(CodeInfo(ephemeral.PublicKey.Encoded))));
        line.Say(VectorSpeaker.Terminal, new RequestIssue(Request, Order.Value, envelope, new OperatorId("ann")), up);
        line.Say(VectorSpeaker.Center, new InsertCard(Request, Token, false, "Visa"), down);
    }

    private Labelled CodeInfo(ByteString ephemeral) => new Labelled(ProtocolLabels.IssueCode).Bytes(ephemeral.Span).Bytes(line.CenterAgreement.Encoded.Span)
        .Bytes(line.Admission.Span).Number(Request).Text(Order.Value);

    private void Directly(SecureChannelSession session)
    {
        Say(ScriptKind.Authenticate, [session.ExternalAuthenticate().ToBytes().ToArray()], [[0x90, 0x00]]);
        Say(ScriptKind.Record, [.. Plain.Select(plain => Wrap(session, plain))], [Answer(1), Answer(2)], record: 1, last: true);
        Say(ScriptKind.Close, [Wrap(session, SetStatus)], [Answer(3)], record: 2);
    }

    private void InModule(SecureChannelSession session, InitializeUpdateResponse answer)
    {
        var context = new OpeningContext(Order, new CardId(answer.DiversificationData), Fence, Opening, answer.CardCryptogram);
        using var key = OpeningKey.Derive(line.Key, context);
        using (var bytes = line.Key.Derive(OpeningInfo(context))) file.Made("opening key", bytes.Span, ("info", VectorSession.Hex(OpeningInfo(context))));
        var exported = new byte[session.ExportedKeysLength];
        session.ExportKeys(exported);
        var ticket = Ticket.Seal(key, context, _next, session);
        file.Made("ticket", ticket.Span, ("session keys", Convert.ToHexString(exported)),
            ("associated", VectorSession.Hex(new Labelled(ProtocolLabels.Ticket).Number(_next))), ("nonce", Nonce(1, _next)));
        Seal(key, ScriptKind.Authenticate, ticket, 0, false, [(session.ExternalAuthenticate().ToBytes().ToArray(), null)], [[0x90, 0x00]]);
        Seal(key, ScriptKind.Record, default, 1, true, [.. Plain.Select(plain => (plain, (byte[]?)Wrap(session, plain)))], [Answer(1), Answer(2)]);
        Seal(key, ScriptKind.Close, default, 2, false, [(SetStatus, Wrap(session, SetStatus))], [Answer(3)]);
    }

    private static Labelled OpeningInfo(OpeningContext context) => new Labelled(ProtocolLabels.Opening).Text(Order.Value).Bytes(context.Card.Value.Span)
        .Number(Fence).Number(Opening).Bytes(context.CardCryptogram.Span);

    private void Seal(OpeningKey key, ScriptKind kind, ByteString ticket, int record, bool last, (byte[] Plain, byte[]? Wrapped)[] commands, byte[][] answers)
    {
        var script = new Script(kind, Opening, record, 1, _next, commands.Length, last, true, ticket);
        var payloads = new List<byte[]>();
        for (var i = 0; i < commands.Length; i++)
        {
            var context = new CommandContext(script, i);
            var payload = new byte[commands[i].Plain.Length + SealedCommand.Overhead];
            SealedCommand.Seal(key, context, commands[i].Plain, payload);
            payloads.Add(payload);
            file.Made("sealed command", payload, ("plain", Convert.ToHexString(commands[i].Plain)), ("associated", Convert.ToHexString(context.ToBytes())),
                ("nonce", Nonce(2, context.Sequence)), ("to the card", Convert.ToHexString(commands[i].Wrapped ?? commands[i].Plain)));
        }
        Say(script, payloads, answers);
    }

    private void Say(ScriptKind kind, byte[][] commands, byte[][] answers, int record = 0, bool last = false) =>
        Say(new Script(kind, Opening, record, 1, _next, commands.Length, last, false, default), commands, answers);

    private void Say(Script script, IReadOnlyList<byte[]> commands, byte[][] answers)
    {
        line.Say(VectorSpeaker.Center, script, down);
        for (var i = 0; i < commands.Count; i++)
            line.Say(VectorSpeaker.Center, new Command(script.First + i, ByteString.Own(commands[i]), default), down);
        line.Say(VectorSpeaker.Terminal, new Result(script.First, ScriptStop.Completed, ValueList.Create<ByteString>([.. answers.Select(ByteString.Own)])), up);
        _next += commands.Count;
    }

    private static byte[] Wrap(SecureChannelSession session, byte[] plain)
    {
        var wrapped = new byte[SecureChannelSession.MaxWrappedLength];
        return wrapped[..session.Wrap(plain, wrapped)];
    }

    /// <summary>A card's answer with an R-MAC; made up, for a terminal carries it and cannot check it.</summary>
    private static byte[] Answer(byte number) => [.. Enumerable.Repeat(number, 8), 0x90, 0x00];

    private static string Nonce(byte domain, int sequence) => $"{domain:X2}{sequence:X8}{new string('0', 14)}";
}
