using System.Net;
using System.Net.Sockets;
using CardIssue.Center.Sessions;
using CardIssue.Core.Cards;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Core.Protocol.Terminal;
using CardIssue.Reader.Serial.Ccid;
using CardIssue.Reader.Serial.Framing;
using CardIssue.Terminal.Relay;
using CardIssue.Test.Center;
using CardIssue.Test.Readers.Serial;
using CardIssue.Testing.Cards.Reading;
using CardIssue.Testing.Cards.Serial;
using Microsoft.Extensions.Logging.Abstractions;
using HostCommand = CardIssue.Reader.Serial.Framing.CcidCommand;

namespace CardIssue.Test.Walls;

/// <summary>Parts of messages are checked where they come in, so that no message that is made of them fails to be encoded.</summary>
[TestFixture]
public sealed class CheckedPartsTest
{
    private const string Card = "\U0001F4B3", Flag = "\U0001F1E9\U0001F1EA", Accented = "e\u0301";

    [TestCase("plain", 10, "plain")]
    [TestCase("plain", 3, "pla")]
    [TestCase("a\r\nb\tc\u0085d", 10, "abcd")]
    [TestCase("abc" + Card, 4, "abc", Description = "no half of a character")]
    [TestCase("abc" + Accented, 4, "abc", Description = "no letter without its accent")]
    [TestCase("abc" + Flag, 6, "abc", Description = "no half of a flag")]
    [TestCase("abc" + Flag, 7, "abc" + Flag)]
    [TestCase(Card, 1, "")]
    [TestCase("e\u0301\u0301\u0301", 2, "e\u0301", Description = "longer than all the room")]
    public void Text_IsCutWhereACharacterEnds(string text, int most, string expected)
    {
        var cut = PlainText.Of(text, most);
        Assert.That(cut, Is.EqualTo(expected));
        Assert.That(PlainText.Accepts(cut, most), Is.True);
    }

    /// <summary>What the longest text of several lines is cut to, where a character beyond the BMP meets the end.</summary>
    [TestCase(1_021, true)]
    [TestCase(1_022, true)]
    [TestCase(1_023, false, Description = "its second half would be one too many")]
    [TestCase(1_024, false)]
    public void Lines_LongerThan1024_EndWithAWholeCharacter_AndStayLines(int at, bool fits)
    {
        const int Most = 1_024;
        var before = "first\nsecond\n" + new string('x', at - 13);
        Assert.That(before, Has.Length.EqualTo(at));
        var text = before.Replace("\n", "\r\n", StringComparison.Ordinal) + Card + "and more";
        var cut = PlainText.Of(text, Most, lines: true);
        Assert.That(cut, Is.EqualTo(fits ? (before + Card + "and more")[..Math.Min(Most, at + 10)] : before));
        Assert.That((PlainText.Accepts(cut, Most, lines: true), PlainText.Accepts(cut, Most)), Is.EqualTo((true, false)));
    }

    // Not as test cases: an attribute is kept in UTF-8, which has no halves of characters either.
    [Test]
    public void Text_HalvesOfCharacters_AreReplaced()
    {
        Assert.That(PlainText.Of("ab\ud800c", 10), Is.EqualTo("ab\ufffdc"));
        Assert.That(PlainText.Of("ab\udc00", 10), Is.EqualTo("ab\ufffd"));
        using var code = SecretBytes.Copy("4711"u8);
        Assert.That(IssueRequest.Fault("o\ud83d", code), Is.Not.Null);
    }

    [Test]
    public void Text_RandomUtf16_IsAlwaysPlainAfterwards()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        for (var i = 0; i < 2_000; i++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(40)).Select(_ => (char)(random.Next(4) switch
            {
                0 => random.Next(0xD800, 0xE000), 1 => random.Next(0x20), 2 => random.Next(0x300, 0x370), _ => random.Next(0x10000),
            })));
            var most = random.Next(40);
            Assert.That(PlainText.Accepts(PlainText.Of(text, most), most), Is.True, $"seed {seed}, case {i}");
            Assert.That(() => MessageCodec.Encode(new ReaderRefused(PlainText.Of(text, FieldLimits.MaxReader))),
                Throws.Nothing, $"seed {seed}, case {i}");
            Assert.That(() => MessageCodec.Encode(new ReaderRefused(VerifiedReaderList.Stranger(new ReaderIdentity(text, text, text, text, text), text).Reason)),
                Throws.Nothing, $"seed {seed}, case {i}");
        }
    }

    [Test]
    public void TextOfHalfACharacter_IsNoMessage_NeitherWay()
    {
        Assert.That(() => MessageCodec.Encode(new ReaderRefused("\ud83d")), Throws.ArgumentException);
        // A2 00 13 01, and a text of ED A0 80: half a character in CESU-8.
        Assert.That(MessageCodec.Decode(Convert.FromHexString("A200130163EDA080")).IsMessage, Is.False);
        Assert.That(EnrollReader.TryMake(new ReaderIdentity("virtual", "r", Vendor: "a\ud83d"), null, out var fault), Is.Null);
        Assert.That(fault, Does.Contain("what it tells of itself"));
    }

    [Test]
    public void Script_ThatGoesBeyondTheHighestSequenceNumber_IsNoMessage()
    {
        var last = new Script(ScriptKind.Record, 1, 1, 1, ProtocolLimits.MaxSequence - 1_023, 1_024, false, false, default);
        Assert.That(MessageCodec.Decode(MessageCodec.Encode(last)).Message, Is.EqualTo(last));
        Assert.That(() => MessageCodec.Encode(last with { First = last.First + 1 }), Throws.InstanceOf<ArgumentException>());
    }

    /// <summary>The bytes themselves, 1,024 commands from there on.</summary>
    [TestCase("3FFFFC00", true, Description = "the last is the highest number")]
    [TestCase("3FFFFC01", false, Description = "MaxSequence - 1022")]
    [TestCase("3FFFFFF5", false)]
    public void ScriptOf1024Commands_AsBytes_EndsAtTheHighestSequenceNumber(string first, bool isMessage)
    {
        var decoded = MessageCodec.Decode(Convert.FromHexString($"A7000C0104020103010401051A{first}06190400"));
        Assert.That(decoded.IsMessage, Is.EqualTo(isMessage));
        if (isMessage) Assert.That(decoded.Message, Is.EqualTo(
            new Script(ScriptKind.Record, 1, 1, 1, ProtocolLimits.MaxSequence - 1_023, 1_024, false, false, default)));
    }

    [Test]
    public void LastCommandThereCanBe_IsGrantedAndReported()
    {
        var state = TerminalState.Start(new TerminalId("T"), new TerminalPolicy(12, 8)) with { Phase = TerminalPhase.Standby, CardIn = true };
        var script = new Script(ScriptKind.Record, 1, 1, 1, ProtocolLimits.MaxSequence - 20, 21, false, false, default);
        var step = TerminalMachine.On(state, new TerminalEvent.Received(script));
        for (var i = 0; i < script.Count; i++)
        {
            step = TerminalMachine.On(step.State, new TerminalEvent.CommandArrived(script.First + i));
            step = TerminalMachine.On(step.State, new TerminalEvent.Answered(script.First + i, Expected: true));
            foreach (var send in step.Effects.OfType<TerminalEffect.Send>()) Assert.That(() => MessageCodec.Encode(send.Message), Throws.Nothing);
        }
        Assert.That(step.Effects, Has.Some.InstanceOf<TerminalEffect.SendResult>());
    }

    [TestCase(2)]
    [TestCase(258)]
    [TestCase(33_102)]
    [TestCase(ResponseApdu.MaxLength)]
    public void Responses_AsManyAsAreKept_FitOneMessage(int length)
    {
        using var store = new ResponseStore();
        var kept = 0;
        while (store.TryAdd(new byte[length])) kept++;
        // What is left is filled to the last byte.
        for (var rest = FieldLimits.MaxResponse; rest >= 2; rest--) store.TryAdd(new byte[rest]);
        Assert.That(kept, Is.GreaterThan(0));
        var frame = store.Drain(responses => MessageCodec.Encode(new Result(ProtocolLimits.MaxSequence, ScriptStop.TooLong, responses)));
        Assert.That(MessageCodec.Decode(frame).Message, Is.InstanceOf<Result>());
        Assert.That(store.TryAdd(new byte[length]), Is.True, "drained, there is room again");
    }

    [TestCase("", 4, Description = "nothing")]
    [TestCase("o\n1", 4)]
    [TestCase("o-1", 0)]
    [TestCase("o-1", 64)]
    public void Request_ThatCannotBeAsked_IsRefusedWhereItIsMade(string reference, int codeLength)
    {
        using var code = SecretBytes.Copy(new byte[codeLength]);
        Assert.That(IssueRequest.Fault(reference, code), Is.Not.Null);
        Assert.That(() => new IssueRequest(reference, code, new OperatorId("olga")), Throws.ArgumentException);
    }

    [Test]
    public void Request_AtItsLimits_IsMade()
    {
        using var code = SecretBytes.Copy(new byte[IssueCodeEnvelope.MaxCode]);
        Assert.That(() => new IssueRequest(new string('ö', ProtocolLimits.MaxReference), code, new OperatorId("olga")), Throws.Nothing);
        Assert.That(() => new IssueRequest("o-1", code, default), Throws.ArgumentException);
    }

    [Test]
    public async Task Order_WhoseDisplayIsNoPlainText_IsNotImported()
    {
        await using var bench = await StoreBench.OpenAsync();
        Assert.That((await bench.ImportAsync(bench.New("o1") with { Display = "gold\ncard" })).Refusal, Does.Contain("plain text"));
        Assert.That((await bench.ImportAsync(bench.New("o1") with { Display = "gold \ud83d" })).Refusal, Does.Contain("plain text"));
    }

    [Test]
    public void LogDetail_OfHalfACharacter_IsWritten()
    {
        Assert.That(SessionLog.ShownOf(new ReaderRefused("a\ud83d")), Is.EqualTo("ReaderRefused {\"reader\":\"a\\uFFFD\"}"));
        Assert.That(SessionLog.ShownOf(new ReaderRefused(new string('a', 1_023) + Card)), Does.EndWith("a\"}"));
    }

    /// <summary>
    /// A T=1 card that names a waiting time of FF, and a reader that makes FF times as much of it: more than a timer can be set to.
    /// </summary>
    [Test]
    public async Task WaitingTime_OfMonths_IsCapped()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var near = new TcpClient { NoDelay = true };
        await near.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        using var far = await listener.AcceptTcpClientAsync();
        using var stop = new CancellationTokenSource();
        var twin = new GemPcTwin(far.GetStream(), new CardSlot());
        var serving = twin.RunAsync(stop.Token);
        var options = TwinBench.Quick;
        await using var reader = new CcidReader(
            new FrameLink(new OpenPort(near.GetStream(), near), _ => { }, options.FrameGap, TimeProvider.System, NullLogger.Instance), options, TimeProvider.System, NullLogger.Instance);
        twin.Inject(new TwinFault.TimeExtension(1, TimeSpan.FromMilliseconds(10), 0xFF));
        using var answer = await reader.ExchangeAsync(new HostCommand(CcidCommandType.GetSlotStatus), new ExchangeLimits(TimeSpan.FromDays(1)), default);
        Assert.That(answer.IsOk, Is.True);
        await stop.CancelAsync();
        await serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
