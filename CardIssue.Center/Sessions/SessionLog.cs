using System.Text.Encodings.Web;
using System.Text.Json;
using CardIssue.Center.Log;
using CardIssue.Center.Orders;
using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Center.Sessions;

/// <summary>
/// What a session writes into the log database: every message both ways, a script's commands as one unit, and what was decided. Redacted. Each is handed
/// on to be written with what the session does; durable before the next message leaves.
/// </summary>
internal sealed class SessionLog(IExchangeLog log, TimeProvider time, Action<SessionRecord.Logged> write, string session, LineNumber line)
{
    /// <summary>What one who is not let in can have held in memory.</summary>
    private const int MaxHeld = 8;

    private readonly List<SessionRecord.Logged> _held = [];
    private bool _holding = true;

    /// <summary>
    /// Until access is decided nothing is written: whoever knocks without end must not fill the log. Hands on what was held, in order; from then on
    /// everything is as it happens.
    /// </summary>
    public void Begin()
    {
        _holding = false;
        foreach (var held in _held) write(held);
        _held.Clear();
    }

    /// <summary>The terminal, once it is known.</summary>
    public TerminalId? Terminal { get; set; }

    /// <summary>The order under way.</summary>
    public OrderId? Order { get; set; }

    /// <summary>A message that came.</summary>
    public void Received(RelayMessage message, ReadOnlyMemory<byte> frame) =>
        Append(LogDirection.In, StepOf(message), message.Type.ToString(), DetailOf(message), frame);

    /// <summary>What came is no message.</summary>
    public void Garbage(string error, ReadOnlyMemory<byte> frame) =>
        Append(LogDirection.In, 0, "Garbage", Text("error", error), frame);

    /// <summary>A message about to leave.</summary>
    public void Sending(RelayMessage message, ReadOnlyMemory<byte> frame) =>
        Append(LogDirection.Out, StepOf(message), message.Type.ToString(), DetailOf(message), frame);

    /// <summary>A script about to leave, with all its commands; the HMAC is over them all.</summary>
    public void Sending(PreparedScript script) =>
        Append(LogDirection.Out, StepOf(script.Head), nameof(RelayMessageType.Script), DetailOf(script.Head), script.ToBytes());

    /// <summary>Something that the center found or decided.</summary>
    public void Decided(int step, string kind, string detail) =>
        Append(LogDirection.None, step, kind, Text("detail", detail), ReadOnlyMemory<byte>.Empty);

    /// <summary>The step that a message belongs to.</summary>
    public static int StepOf(RelayMessage message) => message.Type switch
    {
        RelayMessageType.Hello or RelayMessageType.EnrollTerminal => 210,
        RelayMessageType.Challenge or RelayMessageType.Proof or RelayMessageType.Admitted or RelayMessageType.Join or RelayMessageType.Joined or RelayMessageType.Witness
            or RelayMessageType.TerminalEnrolled => 220,
        RelayMessageType.Refused => 310,
        RelayMessageType.RequestIssue or RelayMessageType.Resume or RelayMessageType.Declined => 230,
        RelayMessageType.InsertCard => 240,
        RelayMessageType.CardPresent or RelayMessageType.ReaderRefused or RelayMessageType.EnrollReader or RelayMessageType.ReaderEnrollment => 250,
        RelayMessageType.CardRejected => 255,
        RelayMessageType.Script => StepOf((Script)message),
        RelayMessageType.Command or RelayMessageType.Credit => 280,
        RelayMessageType.Result => 290,
        RelayMessageType.Issued => 300,
        RelayMessageType.CardRemoved => 320,
        RelayMessageType.Abort or RelayMessageType.StatusRequest or RelayMessageType.StatusReport or RelayMessageType.Disconnect => 0,
    };

    /// <summary>A message for whoever watches: its type and what the log has of it, no more.</summary>
    public static string ShownOf(RelayMessage message) => DetailOf(message) is var detail && detail == Nothing ? message.Type.ToString() : $"{message.Type} {detail}";

    private static int StepOf(Script script) => script.Kind switch
    {
        ScriptKind.Open or ScriptKind.Authenticate or ScriptKind.Assign => 260,
        ScriptKind.Look or ScriptKind.Record => 270,
        ScriptKind.Close => 300,
    };

    private void Append(LogDirection direction, int step, string kind, string detail, ReadOnlyMemory<byte> raw)
    {
        var digest = log.DigestOf(raw.Span);
        var record = new SessionRecord.Logged(new LogEntry(session, Terminal, line, Order, direction, step, kind, detail), digest, time.GetUtcNow());
        if (!_holding) write(record);
        else if (_held.Count < MaxHeld) _held.Add(record);
    }

    /// <summary>Only what is named here; tokens, codes, references, payloads and responses are in the HMAC alone.</summary>
    private static string DetailOf(RelayMessage message) => message switch
    {
        Hello { Half: LineHalf.Whole } hello => Text("terminal", hello.Terminal.Value),
        Hello half => Text("terminal", $"{half.Terminal}, {half.Half} half"),
        EnrollTerminal asked => Text("terminal", $"{asked.Terminal}, key version {asked.KeyVersion}"),
        Refused refused => Text("code", refused.Code.ToString()),
        RequestIssue request => Text("operator", request.Operator.Value),
        Declined declined => Text("code", declined.Code.ToString()),
        CardPresent present => Text("atr", present.Atr.ToString()),
        CardRejected rejected => Text("code", rejected.Code.ToString()),
        Script script => Text("script", $"{script.Kind}, opening {script.Opening}, record {script.Record}, attempt {script.Attempt}, commands {script.First} to {script.First + script.Count - 1}{(script.Last ? ", last" : "")}{(script.Sealed ? ", sealed" : "")}"),
        Credit credit => Text("until", credit.Until.ToString(System.Globalization.CultureInfo.InvariantCulture)),
        Result { Refusal: not ModuleRefusal.None } refused =>
            Text("result", $"{refused.Stop}: {refused.Refusal}, {refused.Responses.Count} responses to {refused.First}"),
        Result result => Text("result", $"{result.Stop}, {result.Responses.Count} responses to {result.First}"),
        Abort abort => Text("code", abort.Code.ToString()),
        Disconnect disconnect => Text("reason", disconnect.Reason),
        ReaderRefused reader => Text("reader", reader.Reader),
        EnrollReader reader => Text("serial", reader.Serial ?? "not told"),
        ReaderEnrollment enrollment => Text("status", enrollment.Status.ToString()),
        _ => Nothing,
    };

    private static string Text(string name, string value) =>
        $"{{\"{name}\":\"{JsonEncodedText.Encode(PlainText.Of(value, MaxText), JavaScriptEncoder.Default)}\"}}";

    private const int MaxText = 1_024;

    private const string Nothing = "{}";
}
