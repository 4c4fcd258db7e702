using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using CardIssue.Center.Sessions;
using CardIssue.Center.Storage;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Center;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Terminal.Modules;
using CardIssue.Terminal.Relay;
using CardIssue.Test.Transport;
using CardIssue.Testing.Lines;
using CardIssue.Transport.Tls;

namespace CardIssue.Test.EndToEnd;

/// <summary>The halves of a split line at two hosts of one center: the second hands the results half's frames on to the first.</summary>
[TestFixture, Parallelizable]
public sealed class SplitLineHostsTest
{
    private const string Refusing = "Refusing";

    private static readonly Refused NotKnown = new(RefusalCode.NotKnown);

    [TestCase("endToEnd", false)]
    [TestCase("module", true)]
    public async Task Card_HalvesAtTwoHosts_IsIssued_SessionsOfBothAreSeen(string mode, bool withTls)
    {
        await using var hosts = await TwoHosts.OpenAsync(withTls: withTls);
        await hosts.Shop.OrderAsync("o-1", Products.EndToEnd(mode: mode));
        hosts.Shop.Reader.Insert(Shop.Card(1));

        var outcome = await hosts.Shop.IssueAsync("o-1");

        Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.Issued), outcome.Detail);
        await hosts.Shop.LogsAsync(row => row.Entry.Kind == "Joining" && row.Entry.Detail.Contains("at host host-1: joined to host-1-"));
        await hosts.Shop.LogsAsync(row => row.Entry.Kind == "Joining" && row.Entry.Detail.Contains("the results half host-2-"));
        await UntilAsync(async () => (await hosts.Registry.SessionsAsync()).Count == 2, "both hosts' sessions");
        var sessions = await hosts.Registry.SessionsAsync();
        Assert.That(sessions.Select(it => (it.Host, it.Line.Value, it.Phase is CenterPhase.Attached)),
            Is.EqualTo(new[] { ("host-1", 7, false), ("host-2", 8, true) }));
        Assert.That((await hosts.Shop.Orders.Hosts.ListAsync()).Select(host => host.Link),
            Is.EqualTo(new[] { hosts.FirstLink.Address, hosts.SecondLink!.Address }));
        Assert.That((await hosts.Shop.Log.VerifyAsync()).Findings, Is.Empty);
    }

    [TestCase("data")]
    [TestCase("results")]
    [TestCase("link")]
    public async Task HalfOrLink_LostInMidRecord_SameCardIsFinishedOnTheNextLine(string lost)
    {
        await using var hosts = await TwoHosts.OpenAsync();
        var shop = hosts.Shop;
        await shop.OrderAsync("o-1", Products.EndToEnd());
        shop.Reader.Insert(Shop.Card(1));
        shop.WhenShown("WritingRecord  2", () =>
        {
            if (lost == "link") _ = hosts.SecondLink!.Current!.DisposeAsync().AsTask();
            else ((LoopbackLine)(lost == "data" ? shop.CurrentLine : shop.CurrentResults)!).Cut();
        });

        var outcome = await shop.IssueAsync("o-1");

        Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.Issued), outcome.Detail);
        await shop.ShowsAsync("Resuming");
        await shop.StopTerminalAsync();
        await UntilAsync(() => Task.FromResult(shop.Server.Sessions + hosts.Second.Sessions == 0), "no session at either host");
        await UntilAsync(async () => await shop.Database.ReadAsync(store => store.Number("SELECT count(*) FROM data_halves"), default) == 0, "no data half");
        Assert.That((await shop.Log.VerifyAsync()).Findings, Is.Empty);
    }

    [TestCase(true, false, "this host has no link to the others")]
    [TestCase(false, true, "the others have no link to it")]
    public async Task Halves_WithoutALink_AreRefused_TheLogSaysWhy(bool first, bool second, string why)
    {
        await using var hosts = await TwoHosts.OpenAsync(firstLinked: first, secondLinked: second);
        await RefusedAsync(hosts.Shop, $"at host host-1: it has the data half, and {why}");
        // It is said on the results half alone; the clerk hears it all the same.
        await hosts.Shop.ShowsAsync("AccessRefused NotKnown", 2);
    }

    [Test]
    public async Task HostsPlace_HasAnotherCertificate_IsNotBelieved_TheTokenIsNotToldThere()
    {
        using var other = Lines.Certificate("other");
        await using var foe = new TlsLineListener(new LineNumber(99), new IPEndPoint(IPAddress.Loopback, 0), other);
        await using var hosts = await TwoHosts.OpenAsync(options => options.RegistryLook = TimeSpan.FromMilliseconds(50));
        hosts.SecondLink!.Instead = foe.LocalEndPoint.ToString();
        await hosts.Shop.RestartTerminalAsync();
        await RefusedAsync(hosts.Shop, "is not the center that is known");
    }

    [Test]
    public async Task Token_StolenAndReplayed_AtTheOtherHost_IsNoGood_ItsOwnHalfIsJoined()
    {
        await using var hosts = await StoppedAsync();
        var shop = hosts.Shop;
        using var stranger = await SplitLineTest.StrangerAsync(shop);
        using var own = shop.Module.OpenModule();
        await using var data = new TerminalHalf(shop, own, LineHalf.Data);
        var token = (await data.AdmitAsync()).JoinToken;
        await using var thief = new TerminalHalf(shop, stranger, LineHalf.Results, isAlone: true);
        await thief.AdmitAsync();
        Assert.That(await thief.SayAsync(new Join(token)), Is.EqualTo(NotKnown));

        await using var results = new TerminalHalf(shop, own, LineHalf.Results);
        await results.AdmitAsync();
        await using var second = new TerminalHalf(shop, own, LineHalf.Results);
        await second.AdmitAsync();
        await results.SendAsync(new Join(token));
        Assert.That(await data.NextAsync(), Is.EqualTo(new Joined()));
        Assert.That(await second.SayAsync(new Join(token)), Is.EqualTo(NotKnown), "replayed");
        await results.SendAsync(new StatusRequest());
        Assert.That(await data.NextAsync(), Is.InstanceOf<StatusReport>(), "the line that was joined goes on");
        await data.SendAsync(new StatusRequest());
        Assert.That(await data.NextAsync(), Is.InstanceOf<Disconnect>(), "a message on the data half");
        Assert.That(await results.NextAsync(), Is.Null, "and the other half is closed at its host");
    }

    [Test]
    public async Task Token_WrongAtTheOtherHost_RefusesBothHalves_AndIsSpent()
    {
        await using var hosts = await StoppedAsync();
        using var own = hosts.Shop.Module.OpenModule();
        await using var data = new TerminalHalf(hosts.Shop, own, LineHalf.Data);
        var token = (await data.AdmitAsync()).JoinToken;
        await using var guess = new TerminalHalf(hosts.Shop, own, LineHalf.Results);
        await guess.AdmitAsync();
        Assert.That(await guess.SayAsync(new Join(ByteString.Own(new byte[ProtocolLimits.TokenLength]))), Is.EqualTo(NotKnown));
        Assert.That(await data.NextAsync(), Is.EqualTo(NotKnown));
        await using var late = new TerminalHalf(hosts.Shop, own, LineHalf.Results);
        await late.AdmitAsync();
        Assert.That(await late.SayAsync(new Join(token)), Is.EqualTo(NotKnown));
    }

    /// <summary>The place where the newest data half is decides, not the host that is asked.</summary>
    [Test]
    public async Task DataHalf_LeftBehindAtOneHost_AndAgainAtTheOther_TheNewestIsJoined()
    {
        await using var hosts = await StoppedAsync();
        using var own = hosts.Shop.Module.OpenModule();
        await using var left = new TerminalHalf(hosts.Shop, own, LineHalf.Data, hosts.SecondData);
        await left.AdmitAsync();
        await using var data = new TerminalHalf(hosts.Shop, own, LineHalf.Data);
        var token = (await data.AdmitAsync()).JoinToken;
        await using var results = new TerminalHalf(hosts.Shop, own, LineHalf.Results);
        await results.AdmitAsync();
        await results.SendAsync(new Join(token));
        Assert.That(await data.NextAsync(), Is.EqualTo(new Joined()));
    }

    [Test]
    public async Task ResultsHalf_FloodedAtTheOtherHost_AllSessionsAreOver()
    {
        await using var hosts = await StoppedAsync();
        using var own = hosts.Shop.Module.OpenModule();
        var (data, results) = await JoinAsync(hosts, own);
        await using var _ = data;
        await using var __ = results;
        try
        {
            for (var i = 0; i < 40; i++) await results.SendAsync(new Joined());
        }
        catch (LineException)
        {
            // Closed by the center, as it should be.
        }
        await UntilAsync(() => Task.FromResult(hosts.Shop.Server.Sessions + hosts.Second.Sessions == 0), "no session at either host");
    }

    [Test]
    public async Task SecondHost_Stops_TheSessionAtTheFirstIsOver()
    {
        await using var hosts = await StoppedAsync();
        using var own = hosts.Shop.Module.OpenModule();
        var (data, results) = await JoinAsync(hosts, own);
        await using var _ = data;
        await using var __ = results;
        await hosts.StopSecondAsync();
        Assert.That(await data.NextAsync(), Is.Null);
        await UntilAsync(() => Task.FromResult(hosts.Shop.Server.Sessions == 0), "no session");
    }

    [Test]
    public async Task Link_WhoIsNoHost_HasNoConnection_TheLogNamesIt()
    {
        await using var hosts = await StoppedAsync();
        var place = hosts.FirstLink.Listener.LocalEndPoint;
        // Without a certificate.
        using (var socket = new TcpClient())
        {
            await socket.ConnectAsync(place);
            await using var tls = new SslStream(socket.GetStream(), false, (_, _, _, _) => true);
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "" });
            Assert.That(await ReadAsync(tls), Is.Zero);
        }
        // A terminal's, or whoever's: its key is its own; and one that calls itself the center.
        foreach (var name in new[] { "T-1", "center" })
        {
            using var certificate = Lines.Certificate(name);
            var connector = new TlsLineConnector("127.0.0.1", place.Port, certificate, TlsTrust.Pinned(TlsCertificates.Sha256(hosts.FirstLink.Certificate)));
            Assert.That(async () => await connector.ConnectAsync(default), Throws.InstanceOf<LineException>());
        }
        // The center's own, whose key he has not.
        using (var key = Lines.Certificate("center"))
        using (var claimed = X509CertificateLoader.LoadCertificate(hosts.FirstLink.Certificate.RawData))
            Assert.That(() => claimed.CopyWithPrivateKey(key.GetECDsaPrivateKey()!), Throws.ArgumentException, "and no TLS is signed without it");
        foreach (var fault in new[] { HandshakeFault.NoCertificate, HandshakeFault.CertificateUnknown })
            await hosts.Shop.LogsAsync(row => row.Entry is { Kind: "HandshakeRefused", Line: null } && row.Entry.Detail.Contains($"{fault}"));
    }

    /// <summary>What a listener of the embedder's lets in is looked at again, and what a host says that is none of ours is not acted on.</summary>
    [TestCase(false)]
    [TestCase(true)]
    public async Task Link_SaysWhatNoHostSays_IsClosed(bool isHost)
    {
        var center = ByteString.Own([.. Enumerable.Repeat((byte)0xCE, 32)]);
        await using var listener = new LoopbackListener(new LineNumber(99), center);
        await using var shop = await Shop.OpenAsync(line: ShopLine.Loopback(7), results: ShopLine.Loopback(8), link: vault =>
        {
            vault.UseTlsServer([1], center);
            return new HostLink("here", listener, _ => throw new FormatException());
        });
        await using var up = await listener.CreateConnector(IPAddress.Loopback, isHost ? center : ShopLine.TerminalCertificate).ConnectAsync(default);
        var asked = new HalfAtHost("h", "s", new TerminalId("T-1"), new LineNumber(8), new Join(Token));
        await up.SendAsync(isHost ? new byte[] { 0x83, 1, 2, 3 } : asked.Write(), default);
        using var frame = await up.ReceiveAsync(default).AsTask().WaitAsync(TimeSpan.FromSeconds(20));
        Assert.That(frame, Is.Null);
        await shop.ShowsAsync("AccessGranted");
    }

    private static readonly ByteString Token = ByteString.Own(new byte[ProtocolLimits.TokenLength]);

    [Test]
    public void Messages_OfTheLink_AreReadAsWritten_AndNothingElseIs()
    {
        var half = new HalfAtHost("host-2", "host-2-abc-1", new TerminalId("T-1"), new LineNumber(8), new Join(Token));
        Assert.That(Convert.ToHexString(half.Write()), Is.EqualTo("860166686F73742D326C686F73742D322D6162632D3163542D310850" + new string('0', 32)));
        Assert.That(HalfAtHost.Read(half.Write()), Is.EqualTo(half));
        Assert.That(HalfJudged.Read(new HalfJudged(true, "joined").Write()), Is.EqualTo(new HalfJudged(true, "joined")));
        Assert.That(HalfReady.Read(HalfReady.Write()), Is.Not.Null);
        Assert.That(HalfAtHost.Read(new HalfJudged(true, "").Write()), Is.Null);
        for (var i = 0; i < half.Write().Length; i++)
        {
            Assert.That(HalfAtHost.Read(half.Write().AsMemory(0, i)), Is.Null);
            var changed = half.Write();
            changed[i] ^= 0xFF;
            Assert.That(() => HalfAtHost.Read(changed), Throws.Nothing);
        }
    }

    /// <summary>Refused, and begun again with both.</summary>
    private static Task RefusedAsync(Shop shop, string why) => UntilAsync(async () =>
    {
        var rows = await shop.Log.ReadAsync(new LogQuery());
        return rows.Count(row => row.Entry.Kind == Refusing && row.Entry.Detail.Contains(why, StringComparison.Ordinal)) > 1;
    }, why);

    private static async Task<(TerminalHalf Data, TerminalHalf Results)> JoinAsync(TwoHosts hosts, SoftwareModule own)
    {
        var data = new TerminalHalf(hosts.Shop, own, LineHalf.Data);
        var token = (await data.AdmitAsync()).JoinToken;
        var results = new TerminalHalf(hosts.Shop, own, LineHalf.Results);
        await results.AdmitAsync();
        await results.SendAsync(new Join(token));
        Assert.That(await data.NextAsync(), Is.EqualTo(new Joined()));
        return (data, results);
    }

    private static async Task<TwoHosts> StoppedAsync()
    {
        var hosts = await TwoHosts.OpenAsync();
        await hosts.Shop.HasAccessAsync();
        await hosts.Shop.StopTerminalAsync();
        return hosts;
    }

    private static async Task UntilAsync(Func<Task<bool>> holds, string what)
    {
        for (var waited = Stopwatch.StartNew(); !await holds(); await Task.Delay(20)) Assert.That(waited.Elapsed, Is.LessThan(TimeSpan.FromSeconds(60)), what);
    }

    private static async Task<int> ReadAsync(Stream stream)
    {
        try
        {
            return await stream.ReadAsync(new byte[64]).AsTask().WaitAsync(TimeSpan.FromSeconds(20));
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
