using CardIssue.Center.Sessions;
using CardIssue.Center.Storage;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Terminal.Modules;
using CardIssue.Terminal.Relay;
using CardIssue.Test.Keys;
using CardIssue.Testing.Lines;

namespace CardIssue.Test.EndToEnd;

/// <summary>Data out on one line, results back on another: admitted separately, joined by a token.</summary>
[TestFixture, Parallelizable]
public sealed class SplitLineTest
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [Test]
    public async Task Card_OverASplitLine_IsIssued([Values("endToEnd", "module")] string mode, [Values("loopback", "loopback with TLS", "TCP", "loopback with TLS + TCP")] string kind)
    {
        var (data, results) = kind switch
        {
            "loopback" => (ShopLine.Loopback(7), ShopLine.Loopback(8)),
            "loopback with TLS" => (ShopLine.Loopback(7, withTls: true), ShopLine.Loopback(8, withTls: true)),
            "TCP" => (ShopLine.Tcp(7), ShopLine.Tcp(8)),
            _ => (ShopLine.Loopback(7, withTls: true), ShopLine.Tcp(8)),
        };
        await using var shop = await Shop.OpenAsync(line: data, results: results);
        var (down, up) = await CountAsync(shop);
        await shop.OrderAsync("o-1", Products.EndToEnd(mode: mode));
        shop.Reader.Insert(Shop.Card(1));

        var outcome = await shop.IssueAsync("o-1");

        Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.Issued), outcome.Detail);
        Assert.That((down().FramesSent, up().FramesReceived), Is.EqualTo((2L, 2L)), "after the admission nothing goes up on the data half, or down on the results half");
        Assert.That(up().FramesSent, Is.GreaterThan(8));
        Assert.That((await shop.Log.VerifyAsync()).Findings, Is.Empty);
        await shop.Relay.AskStatusAsync(default);
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Half_LostInMidRecord_SameCardIsFinishedOnTheNextLine(bool results)
    {
        await using var shop = await Shop.OpenAsync(line: ShopLine.Loopback(7), results: ShopLine.Loopback(8));
        await shop.OrderAsync("o-1", Products.EndToEnd());
        shop.Reader.Insert(Shop.Card(1));
        shop.WhenShown("WritingRecord  2", () => ((LoopbackLine)(results ? shop.CurrentResults : shop.CurrentLine)!).Cut());

        var outcome = await shop.IssueAsync("o-1");

        Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.Issued), outcome.Detail);
        await shop.ShowsAsync("LineLost");
        await shop.ShowsAsync("Resuming");
        Assert.That((await shop.Log.VerifyAsync()).Findings, Is.Empty);
    }

    [Test]
    public async Task ResultsHalf_OfAnotherTerminal_WithAStolenToken_IsRefused_TheTokenIsStillGoodForItsOwn()
    {
        await using var shop = await StoppedAsync();
        using var stranger = await StrangerAsync(shop);
        using var own = shop.Module.OpenModule();
        await using var data = new TerminalHalf(shop, own, LineHalf.Data);
        var token = (await data.AdmitAsync()).JoinToken;
        await using var thief = new TerminalHalf(shop, stranger, LineHalf.Results, isAlone: true);
        await thief.AdmitAsync();
        Assert.That(await thief.SayAsync(new Join(token)), Is.EqualTo(new Refused(RefusalCode.NotKnown)));

        await using var results = new TerminalHalf(shop, own, LineHalf.Results);
        await results.AdmitAsync();
        await results.SendAsync(new Join(token));
        Assert.That(await data.NextAsync(), Is.EqualTo(new Joined()));
        await LogsAsync(shop, "no data half of this terminal waits for this line");
    }

    [Test]
    public async Task Token_Twice_JoinsOnce()
    {
        await using var shop = await StoppedAsync();
        using var own = shop.Module.OpenModule();
        await using var data = new TerminalHalf(shop, own, LineHalf.Data);
        var token = (await data.AdmitAsync()).JoinToken;
        await using var first = new TerminalHalf(shop, own, LineHalf.Results);
        await first.AdmitAsync();
        await using var second = new TerminalHalf(shop, own, LineHalf.Results);
        await second.AdmitAsync();
        await first.SendAsync(new Join(token));
        Assert.That(await data.NextAsync(), Is.EqualTo(new Joined()));
        Assert.That(await second.SayAsync(new Join(token)), Is.EqualTo(new Refused(RefusalCode.NotKnown)));
        await first.SendAsync(new StatusRequest());
        Assert.That(await data.NextAsync(), Is.InstanceOf<StatusReport>(), "the line that was joined goes on");
    }

    [Test]
    public async Task Token_Wrong_RefusesBothHalves_AndIsSpent()
    {
        await using var shop = await StoppedAsync();
        using var own = shop.Module.OpenModule();
        await using var data = new TerminalHalf(shop, own, LineHalf.Data);
        var token = (await data.AdmitAsync()).JoinToken;
        await using var guess = new TerminalHalf(shop, own, LineHalf.Results);
        await guess.AdmitAsync();
        Assert.That(await guess.SayAsync(new Join(ByteString.Own(new byte[ProtocolLimits.TokenLength]))), Is.EqualTo(new Refused(RefusalCode.NotKnown)));
        Assert.That(await data.NextAsync(), Is.EqualTo(new Refused(RefusalCode.NotKnown)));
        await using var late = new TerminalHalf(shop, own, LineHalf.Results);
        await late.AdmitAsync();
        Assert.That(await late.SayAsync(new Join(token)), Is.EqualTo(new Refused(RefusalCode.NotKnown)));
        await LogsAsync(shop, "the token is not that of the data half");
    }

    /// <summary>Somebody changes the token on its way: both halves are refused, and the terminal says why.</summary>
    [Test]
    public async Task Token_ChangedOnItsWay_TerminalShowsThatItIsRefused_AndTriesAgain()
    {
        await using var shop = await StoppedAsync(withTls: true);
        shop.WrapResults = line => new OtherToken(line);
        shop.StartTerminal();
        await shop.ShowsAsync("AccessRefused NotKnown");
        shop.WrapResults = line => line;
        await shop.ShowsAsync("AccessGranted", 2);
    }

    [Test]
    public async Task Token_Expired_IsRefused_TheDataHalfIsClosed()
    {
        await using var shop = await StoppedAsync(options => options.Join = TimeSpan.FromMilliseconds(200));
        using var own = shop.Module.OpenModule();
        await using var data = new TerminalHalf(shop, own, LineHalf.Data);
        var token = (await data.AdmitAsync()).JoinToken;
        Assert.That(await data.NextAsync(), Is.Null, "the center closes the half that nobody joins");
        await using var results = new TerminalHalf(shop, own, LineHalf.Results);
        await results.AdmitAsync();
        Assert.That(await results.SayAsync(new Join(token)), Is.EqualTo(new Refused(RefusalCode.NotKnown)));
    }

    [Test]
    public async Task DataHalf_SwappedForAnother_OldTokenIsNoGood()
    {
        await using var shop = await StoppedAsync();
        using var own = shop.Module.OpenModule();
        await using var data = new TerminalHalf(shop, own, LineHalf.Data);
        var token = (await data.AdmitAsync()).JoinToken;
        await using var other = new TerminalHalf(shop, own, LineHalf.Data);
        Assert.That((await other.AdmitAsync()).JoinToken, Is.Not.EqualTo(token));
        await using var results = new TerminalHalf(shop, own, LineHalf.Results);
        await results.AdmitAsync();
        Assert.That(await results.SayAsync(new Join(token)), Is.EqualTo(new Refused(RefusalCode.NotKnown)));
    }

    [Test]
    public async Task Halves_OfDifferentPairs_AreNotJoined()
    {
        await using var shop = await StoppedAsync();
        ShopLine[] lines = [ShopLine.Loopback(17), ShopLine.Loopback(18), ShopLine.Loopback(27), ShopLine.Loopback(28)];
        await shop.Registry.PutAsync((await shop.Registry.GetAsync(Shop.TerminalName))! with { Lines = [.. lines.Select(line => line.Listener.Line)] });
        await using var serving = new Serving(
            shop, [lines[0].Served with { Results = new LineNumber(18) }, lines[1].Served, lines[2].Served with { Results = new LineNumber(28) }, lines[3].Served]);
        using var own = shop.Module.OpenModule();
        await using var data = new TerminalHalf(shop, own, LineHalf.Data, lines[0].Connector);
        var token = (await data.AdmitAsync()).JoinToken;
        await using var wrong = new TerminalHalf(shop, own, LineHalf.Results, lines[3].Connector);
        await wrong.AdmitAsync();
        Assert.That(await wrong.SayAsync(new Join(token)), Is.EqualTo(new Refused(RefusalCode.NotKnown)));
        await using var right = new TerminalHalf(shop, own, LineHalf.Results, lines[1].Connector);
        await right.AdmitAsync();
        await right.SendAsync(new Join(token));
        Assert.That(await data.NextAsync(), Is.EqualTo(new Joined()));
    }

    [TestCase(LineHalf.Whole, 7)]
    [TestCase(LineHalf.Results, 7)]
    [TestCase(LineHalf.Data, 8)]
    [TestCase(LineHalf.Whole, 8)]
    public async Task Half_ThatTheConfigurationSaysOtherwiseOf_IsRefused_TheLogSaysWhy(LineHalf half, int line)
    {
        await using var shop = await StoppedAsync();
        using var own = shop.Module.OpenModule();
        await using var up = new TerminalHalf(shop, own, half, (line == 7 ? shop.Line : shop.Results!).Connector);
        Assert.That(await up.AskAsync(), Is.EqualTo(new Refused(RefusalCode.NotKnown)));
        await LogsAsync(shop, $"the terminal takes the line for {half}");
    }

    [Test]
    public async Task MessageOfASession_OnTheDataHalf_EndsTheSession_IsNotActedOn()
    {
        await using var shop = await StoppedAsync();
        using var own = shop.Module.OpenModule();
        var (data, results) = await JoinAsync(shop, own);
        await using var _ = data;
        await using var __ = results;
        await data.SendAsync(new StatusRequest());
        var told = new Disconnect(DisconnectCode.WrongHalf, "a request", "a message on the data half, which carries none this way");
        Assert.That(await data.NextAsync(), Is.EqualTo(told));
        Assert.That(await data.NextAsync(), Is.Null);
        Assert.That(await results.NextAsync(), Is.Null);
        await LogsAsync(shop, "a message on the data half");
    }

    [Test]
    public async Task MessageOfASession_BeforeTheHalvesAreJoined_EndsIt()
    {
        await using var shop = await StoppedAsync();
        using var own = shop.Module.OpenModule();
        await using var data = new TerminalHalf(shop, own, LineHalf.Data);
        await data.AdmitAsync();
        await using var results = new TerminalHalf(shop, own, LineHalf.Results);
        await results.AdmitAsync();
        await results.SendAsync(new StatusRequest());
        Assert.That(await results.NextAsync(), Is.Null);
        await data.SendAsync(new StatusRequest());
        Assert.That(await data.NextAsync(), Is.Null);
    }

    [Test]
    public async Task DataHalf_ResultsLineIsNotServed_TheServerDoesNotStart()
    {
        await using var shop = await Shop.OpenAsync();
        var alone = ShopLine.Loopback(17).Served with { Results = new LineNumber(18) };
        Assert.That(async () => await new CenterServer(shop.Services).RunAsync([alone], default), Throws.ArgumentException.With.Message.Contains("18"));
    }

    [Test]
    public async Task Sessions_LinesAreGone_AreOver()
    {
        await using var shop = await StoppedAsync();
        using var own = shop.Module.OpenModule();
        for (var i = 0; i < 3; i++)
        {
            var (data, results) = await JoinAsync(shop, own);
            if (i % 2 == 0) await data.DisposeAsync();
            else await results.DisposeAsync();
            await (i % 2 == 0 ? results : data).NextAsync();
            await results.DisposeAsync();
            await data.DisposeAsync();
        }
        await NoSessionsAsync(shop);
    }

    [Test]
    public async Task ResultsHalf_FloodedWithWhatNoTerminalSays_BothSessionsAreOver()
    {
        await using var shop = await StoppedAsync();
        using var own = shop.Module.OpenModule();
        var (data, results) = await JoinAsync(shop, own);
        try
        {
            for (var i = 0; i < 40; i++) await results.SendAsync(new Joined());
        }
        catch (LineException)
        {
            // Closed by the center, as it should be.
        }
        await NoSessionsAsync(shop);
        await results.DisposeAsync();
        await data.DisposeAsync();
    }

    [Test]
    public async Task ResultsLine_TakenFromTheTerminalsRecord_BothSessionsAreOver()
    {
        await using var shop = await StoppedAsync(options => options.RegistryLook = TimeSpan.FromMilliseconds(50));
        using var own = shop.Module.OpenModule();
        var (data, results) = await JoinAsync(shop, own);
        await shop.Registry.PutAsync((await shop.Registry.GetAsync(Shop.TerminalName))! with { Lines = [new LineNumber(7)] });
        await NoSessionsAsync(shop);
        await results.DisposeAsync();
        await data.DisposeAsync();
    }

    private static async Task NoSessionsAsync(Shop shop)
    {
        for (var waited = 0; waited < 200 && shop.Server.Sessions > 0; waited++) await Task.Delay(20);
        Assert.That(shop.Server.Sessions, Is.Zero);
    }

    private static async Task<(TerminalHalf Data, TerminalHalf Results)> JoinAsync(Shop shop, SoftwareModule own)
    {
        var data = new TerminalHalf(shop, own, LineHalf.Data);
        var token = (await data.AdmitAsync()).JoinToken;
        var results = new TerminalHalf(shop, own, LineHalf.Results);
        await results.AdmitAsync();
        await results.SendAsync(new Join(token));
        Assert.That(await data.NextAsync(), Is.EqualTo(new Joined()));
        return (data, results);
    }

    private static async Task<Shop> StoppedAsync(Action<CenterSessionOptions>? options = null, bool withTls = false)
    {
        var shop = await Shop.OpenAsync(options, line: ShopLine.Loopback(7, withTls), results: ShopLine.Loopback(8, withTls));
        await shop.ShowsAsync("AccessGranted");
        await shop.StopTerminalAsync();
        return shop;
    }

    private static async Task<(Func<LineCount> Data, Func<LineCount> Results)> CountAsync(Shop shop)
    {
        CountingLine? data = null, results = null;
        await shop.StopTerminalAsync();
        shop.Wrap = line => data = new CountingLine(line);
        shop.WrapResults = line => results = new CountingLine(line);
        shop.StartTerminal();
        return (() => data!.Count, () => results!.Count);
    }

    private static Task LogsAsync(Shop shop, string detail) => shop.LogsAsync(row => row.Entry.Detail.Contains(detail, StringComparison.Ordinal));

    /// <summary>Another terminal, known to the center with credentials of its own, on the same lines.</summary>
    internal static async Task<SoftwareModule> StrangerAsync(Shop shop)
    {
        using var passphrase = SecretBytes.Copy("correct horse battery"u8);
        using var file = SoftwareModuleFile.Create(Path.Combine(shop.Folder, "other-module"), passphrase, new TerminalId("T-2"), 1, PassphraseFileTest.Cheapest);
        file.TrustCenter(shop.Vault.Identity);
        var known = (await shop.Registry.GetAsync(Shop.TerminalName))!;
        await shop.Registry.PutAsync(known with
        {
            Terminal = file.Identity.Id, CredentialKey = file.Identity.CredentialKey.Encoded, AgreementKey = file.Identity.AgreementKey.Encoded,
        });
        return file.OpenModule();
    }

    /// <summary>A results half on which another token arrives than was sent.</summary>
    private sealed class OtherToken(ILine inner) : ILine
    {
        public LinePeer Peer => inner.Peer;

        public ValueTask SendAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellation) => inner.SendAsync(
            MessageCodec.Decode(frame.ToArray()).Message is Join ? MessageCodec.Encode(new Join(ByteString.Own(new byte[ProtocolLimits.TokenLength]))) : frame,
            cancellation);

        public ValueTask<LineFrame?> ReceiveAsync(CancellationToken cancellation) => inner.ReceiveAsync(cancellation);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }

    /// <summary>A server of its own on more lines.</summary>
    private sealed class Serving : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _running;

        public Serving(Shop shop, IReadOnlyList<ServedLine> lines)
        {
            Server = new CenterServer(shop.Services);
            _running = Server.RunAsync(lines, _stop.Token);
        }

        public CenterServer Server { get; }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _stop.Dispose();
        }
    }
}
