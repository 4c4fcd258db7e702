using System.Collections.Concurrent;
using System.Net;
using CardIssue.Center.Sessions;
using CardIssue.Center.Storage;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Terminal.Relay;
using CardIssue.Testing.Lines;

namespace CardIssue.Test.EndToEnd;

/// <summary>What goes wrong between admitted ends has a name in the center's log, with what was expected and what came.</summary>
[TestFixture, Parallelizable]
public sealed class FaultNamesTest
{
    [Test]
    public async Task RepeatedMessage_IsIgnoredByName()
    {
        await using var shop = await OpenAsync(message => message is CardPresent ? [message, message] : [message]);
        await ThatIsIssuedAsync(shop);
        await ThatIsLoggedAsync(shop, "Ignored", "a double", "came CardPresent 1");
    }

    [Test]
    public async Task ResultOfNoScript_EndsTheSessionByName_AndTheOrderGoesOn()
    {
        var struck = false;
        await using var shop = await OpenAsync(message =>
        {
            if (struck || message is not Result { First: > 0 } result) return [message];
            struck = true;
            return [result with { First = result.First + 50 }];
        });
        await ThatIsIssuedAsync(shop);
        await ThatIsLoggedAsync(shop, "Rejected", "a result that fits no script", "expected credit or the result of Authenticate 0",
            "came a result to ");
        // And the terminal is told, before its line is closed.
        await ThatIsLoggedAsync(shop, "Disconnect", "UnfitResult: expected credit or the result of Authenticate 0: commands ", "; came a result to ");
        await shop.ShowsAsync("LineLost UnfitResult: expected credit or the result of Authenticate 0");
    }

    [Test]
    public async Task ResultThatNeverComes_EndsTheSessionByName_AndTheOrderGoesOn()
    {
        var struck = false;
        await using var shop = await OpenAsync(message =>
        {
            if (struck || message is not Result { First: > 0 }) return [message];
            struck = true;
            return [];
        }, options => options.Script = TimeSpan.FromSeconds(1));
        await ThatIsIssuedAsync(shop);
        await ThatIsLoggedAsync(shop, "TimedOut", "nothing came in time; in Running", "expected credit or the result of Authenticate 0", "came nothing");
        await shop.ShowsAsync("LineLost TimedOut: expected credit or the result of Authenticate 0");
    }

    [Test]
    public async Task CenterIsShutDown_TheTerminalIsTold()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.ShowsAsync("AccessGranted");
        var reasons = new ConcurrentQueue<IssueReason>();
        shop.Display = new Reasons(reasons);
        await shop.RestartCenterAsync();
        await shop.ShowsAsync("LineLost Stopped");
        Assert.That(reasons, Does.Contain(IssueReason.LineStopped));
        await ThatIsLoggedAsync(shop, "Disconnect", "Stopped");
    }

    /// <summary>What a terminal does not take, it says, to the center and to its operator.</summary>
    [Test]
    public async Task TerminalClosesItsLine_TheCentersLogHasTheReason()
    {
        await using var shop = await OpenAsync(message => [message], spoil: frame => frame is [_, 0x00, (byte)RelayMessageType.InsertCard, ..] ? [0xFF] : frame);
        await shop.OrderAsync("o-1", Products.EndToEnd());
        shop.Reader.Insert(Shop.Card(1));

        var outcome = await shop.IssueAsync("o-1");

        const string Reason = "NotAMessage: expected what belongs to Requesting; came not deterministic CBOR of a message";
        Assert.That((outcome.Ending, outcome.Reason), Is.EqualTo((IssueEnding.LineLost, IssueReason.LineNotAMessage)));
        Assert.That(outcome.Detail, Does.StartWith($"by this terminal: {Reason}"));
        await ThatIsLoggedAsync(shop, "Disconnect", Reason);
    }

    [Test]
    public async Task TerminalTellsAReasonThatIsNotKnown_ItIsShownAsItsNumber_AndNothingFollows()
    {
        await using var shop = await OpenAsync(message => message is CardPresent ? [new Disconnect((DisconnectCode)200, "", ""), message] : [message]);
        await ThatIsIssuedAsync(shop);
        await ThatIsLoggedAsync(shop, "Disconnect", "\"200\"");
    }

    [Test]
    public async Task NoMessage_EndsTheSessionByName_AndTheOrderGoesOn()
    {
        var struck = false;
        await using var shop = await OpenAsync(message =>
        {
            if (struck || message is not CardPresent) return [message];
            struck = true;
            return [message, new Challenge(1, ByteString.Own(new byte[32]), new LineNumber(7))];
        });
        await ThatIsIssuedAsync(shop);
        await ThatIsLoggedAsync(shop, "Rejected", "no message of a terminal", "came Challenge");
        await shop.ShowsAsync("LineLost OutOfPlace: ");
    }

    [Test]
    public async Task WrongMac_IsNamedInTheJudgement()
    {
        var (records, struck) = (0, false);
        await using var shop = await OpenAsync(message =>
        {
            // Open, authenticate, number; then the first record.
            if (message is not Result result || struck || ++records < 4) return [message];
            struck = true;
            var bytes = result.Responses[0].ToArray();
            bytes[0] ^= 1;
            return [result with { Responses = [ByteString.Own(bytes), .. result.Responses.Skip(1)] }];
        });
        await ThatIsIssuedAsync(shop);
        await ThatIsLoggedAsync(shop, "Judged", "the channel is broken at response 1: WrongMac");
    }

    [Test]
    public async Task MissingMac_IsNamedInTheJudgement()
    {
        var (records, struck) = (0, false);
        await using var shop = await OpenAsync(message =>
        {
            if (message is not Result result || struck || ++records < 4) return [message];
            struck = true;
            return [result with { Responses = [ByteString.FromHex("9000"), .. result.Responses.Skip(1)] }];
        });
        await ThatIsIssuedAsync(shop);
        await ThatIsLoggedAsync(shop, "Judged", "the channel is broken at response 1: MissingMac");
    }

    /// <summary>Which refusal it was goes along with the result.</summary>
    [TestCase(false, "1: BadTicket")]
    [TestCase(true, "1: BadSeal")]
    public async Task RefusalOfTheModule_IsToldByItsName(bool aRecord, string named)
    {
        await using var shop = await Shop.OpenAsync();
        var faults = new ModuleFaults { Tickets = !aRecord, Commands = (ScriptKind.Record, aRecord ? 1 : 0) };
        shop.WrapModule = module => new RefusingModule(module, faults);
        await shop.RestartTerminalAsync();
        await shop.OrderAsync("o-1", Products.EndToEnd(mode: "module"));
        shop.Reader.Insert(Shop.Card(1));
        Assert.That((await shop.IssueAsync("o-1")).Ending, Is.EqualTo(IssueEnding.Aborted));
        await ThatIsLoggedAsync(shop, "Judged", $"module refused its command {named}");
        await ThatIsLoggedAsync(shop, "Result", $"ModuleRefused: {named[3..]}, 0 responses");
    }

    /// <summary>What ends a line after access is granted, and not by a message.</summary>
    [TestCase(LineFault.Broken)]
    [TestCase(LineFault.Silent)]
    [TestCase(LineFault.Oversized)]
    public async Task LineThatIsLost_EndsTheSessionByName_AndTheOrderGoesOn(LineFault fault)
    {
        var losing = new LosingListener(new LoopbackListener(new LineNumber(7)));
        var connector = losing.Inner.CreateConnector(IPAddress.Loopback);
        await using var shop = await Shop.OpenAsync(line: new ShopLine(new ServedLine(losing, WithoutTls: true), connector));
        shop.WhenShown("WritingRecord  1", () => losing.Lose(new LineException(fault, "as the test wants it")));
        await ThatIsIssuedAsync(shop);
        await ThatIsLoggedAsync(shop, fault.ToString(), "as the test wants it");
    }

    private sealed class Reasons(ConcurrentQueue<IssueReason> seen) : IProgress<IssueProgress>
    {
        public void Report(IssueProgress value) => seen.Enqueue(value.Reason);
    }

    private static async Task ThatIsIssuedAsync(Shop shop)
    {
        await shop.OrderAsync("o-1", Products.EndToEnd());
        shop.Reader.Insert(Shop.Card(1));
        var outcome = await shop.IssueAsync("o-1");
        Assert.That((outcome.Ending, outcome.Detail), Is.EqualTo((IssueEnding.Issued, "")));
    }

    private static Task ThatIsLoggedAsync(Shop shop, string kind, params string[] parts) => shop.LogsAsync(row =>
        row.Entry.Kind == kind && parts.All(part => row.Entry.Detail!.Contains(part, StringComparison.Ordinal)));

    private static async Task<Shop> OpenAsync(
        Func<RelayMessage, RelayMessage[]> alter, Action<CenterSessionOptions>? options = null, Func<byte[], byte[]>? spoil = null)
    {
        // As with TLS, so that messages are seen here.
        var shop = await Shop.OpenAsync(options, line: ShopLine.Loopback(7, withTls: true));
        var spoilt = false;
        shop.Wrap = line => new AlteringLine(line, alter, frame =>
        {
            var changed = spoilt ? frame : spoil?.Invoke(frame) ?? frame;
            spoilt |= !ReferenceEquals(changed, frame);
            return changed;
        });
        await shop.RestartTerminalAsync();
        return shop;
    }

    /// <summary>What the terminal says, and what it hears, is altered on its way.</summary>
    private sealed class AlteringLine(ILine inner, Func<RelayMessage, RelayMessage[]> alter, Func<byte[], byte[]> spoil) : ILine
    {
        public LinePeer Peer => inner.Peer;

        public async ValueTask SendAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellation)
        {
            var decoded = MessageCodec.Decode(frame);
            foreach (var message in alter(decoded.Message!)) await inner.SendAsync(MessageCodec.Encode(message), cancellation);
        }

        public async ValueTask<LineFrame?> ReceiveAsync(CancellationToken cancellation)
        {
            if (await inner.ReceiveAsync(cancellation) is not { } frame) return null;
            var bytes = spoil(frame.Span.ToArray());
            var changed = new LineFrame(bytes.Length);
            bytes.CopyTo(changed.Memory);
            return changed;
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }

    /// <summary>Its latest line is lost at the center when the test says so.</summary>
    private sealed class LosingListener(LoopbackListener inner) : ILineListener
    {
        private TaskCompletionSource<LineFrame?> _lost = new();

        public LoopbackListener Inner => inner;

        public LineNumber Line => inner.Line;

        public void Lose(LineException fault) => _lost.TrySetException(fault);

        public async ValueTask<ILine> AcceptAsync(CancellationToken cancellation)
        {
            var line = await inner.AcceptAsync(cancellation);
            _lost = new TaskCompletionSource<LineFrame?>();
            return new LosingLine(line, _lost.Task);
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }

    private sealed class LosingLine(ILine inner, Task<LineFrame?> lost) : ILine
    {
        public LinePeer Peer => inner.Peer;

        public ValueTask SendAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellation) => inner.SendAsync(frame, cancellation);

        public async ValueTask<LineFrame?> ReceiveAsync(CancellationToken cancellation) =>
            await await Task.WhenAny(inner.ReceiveAsync(cancellation).AsTask(), lost);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
