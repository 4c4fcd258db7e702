using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using CardIssue.Core.Lines;
using CardIssue.Transport.Framing;
using CardIssue.Transport.Tls;
using Microsoft.Extensions.Time.Testing;

namespace CardIssue.Test.Transport;

public class TlsLineTest
{
    private X509Certificate2 _center = null!;
    private X509Certificate2 _terminal = null!;
    private TlsLineListener _listener = null!;

    [OneTimeSetUp]
    public void MakeCertificates() => (_center, _terminal) = (Lines.Certificate("center"), Lines.Certificate("terminal"));

    [OneTimeTearDown]
    public void DisposeCertificates()
    {
        _center.Dispose();
        _terminal.Dispose();
    }

    [SetUp]
    public void Listen() => _listener = new TlsLineListener(Lines.Seven, Lines.AnyPort, _center);

    [TearDown]
    public async Task Close() => await _listener.DisposeAsync();

    [Test]
    public async Task LineUp_BothEnds_KnowBothCertificates()
    {
        var (terminal, center) = await UpAsync();
        var (own, others) = (TlsCertificates.Sha256(_terminal), TlsCertificates.Sha256(_center));
        Assert.That(center.Peer, Is.EqualTo(new LinePeer(Lines.Seven, IPAddress.Loopback, own, others)));
        Assert.That(terminal.Peer, Is.EqualTo(new LinePeer(null, IPAddress.Loopback, others, own)));
        await terminal.DisposeAsync();
        await center.DisposeAsync();
    }

    [TestCase(1)]
    [TestCase(20_000)]
    [TestCase(ILine.MaxFrame)]
    public async Task Frames_BothWays_Arrive(int length)
    {
        var (terminal, center) = await UpAsync();
        var frame = Lines.Bytes(length);
        await Task.WhenAll(terminal.SendAsync(frame, Lines.Soon()).AsTask(), center.SendAsync(frame, Lines.Soon()).AsTask(),
            Task.Run(async () => Assert.That(await terminal.ReceiveBytesAsync(), Is.EqualTo(frame))),
            Task.Run(async () => Assert.That(await center.ReceiveBytesAsync(), Is.EqualTo(frame))));
        await terminal.DisposeAsync();
        await center.DisposeAsync();
    }

    [Test]
    public async Task EitherEndCloses_TheOther_GetsWhatWasSentThenNull([Values] bool centerCloses)
    {
        var (terminal, center) = await UpAsync();
        var (closing, waiting) = centerCloses ? (center, terminal) : (terminal, center);
        await closing.SendAsync(new byte[] { 1 }, Lines.Soon());
        await closing.DisposeAsync();
        await closing.DisposeAsync();
        Assert.That(await waiting.ReceiveBytesAsync(), Is.EqualTo(new byte[] { 1 }));
        Assert.That(await waiting.ReceiveBytesAsync(), Is.Null);
        await waiting.DisposeAsync();
    }

    [Test]
    public async Task OwnEndDisposed_WhileReceiving_SaysClosed()
    {
        var (terminal, center) = await UpAsync();
        var waiting = Lines.FaultOfReceive(terminal);
        await terminal.DisposeAsync();
        Assert.That((await waiting).Fault, Is.EqualTo(LineFault.Closed));
        await center.DisposeAsync();
    }

    [Test]
    public async Task FinWithoutCloseNotify_Receiving_IsBroken()
    {
        using var raw = new TcpClient();
        await raw.ConnectAsync(_listener.LocalEndPoint);
        await using var tls = new SslStream(raw.GetStream(), leaveInnerStreamOpen: true);
        await tls.AuthenticateAsClientAsync(ClientOptions(SslProtocols.Tls13, _terminal), Lines.Soon());
        await using var center = await _listener.AcceptAsync(Lines.Soon());
        await tls.WriteAsync(Lines.OnLine(5));
        raw.Client.Shutdown(SocketShutdown.Send);
        Assert.That(await center.ReceiveBytesAsync(), Is.EqualTo(new byte[] { 5 }));
        Assert.That((await Lines.FaultOfReceive(center)).Fault, Is.EqualTo(LineFault.Broken));
    }

    [Test]
    public async Task OtherCertificatePinned_Connecting_IsNotTrusted()
    {
        using var other = Lines.Certificate("center");
        var fault = await Lines.FaultOf(() => Connector(_terminal, TlsTrust.Pinned(TlsCertificates.Sha256(other))).ConnectAsync(Lines.Soon()).AsTask());
        Assert.That(fault.Fault, Is.EqualTo(LineFault.NotTrusted));
        Assert.That(fault.Message, Does.Contain(TlsCertificates.Sha256(_center).ToString()), "the operator can compare");
        await AssertListenerServesAsync();
    }

    [Test]
    public async Task OldAndNextCertificatePinned_Connecting_Succeeds()
    {
        using var next = Lines.Certificate("center");
        await using var line = await Connector(_terminal, TlsTrust.Pinned(TlsCertificates.Sha256(next), TlsCertificates.Sha256(_center)))
            .ConnectAsync(Lines.Soon());
        Assert.That(line.Peer.PeerCertificate, Is.EqualTo(TlsCertificates.Sha256(_center)));
    }

    [Test]
    public async Task ClientCertificateUnknown_WithPredicate_IsNotTrustedAtBothEnds()
    {
        using var known = Lines.Certificate("known");
        await _listener.DisposeAsync();
        _listener = new TlsLineListener(Lines.Seven, Lines.AnyPort, _center, (peer, _) => ValueTask.FromResult(peer.PeerCertificate == TlsCertificates.Sha256(known)));
        var fault = await Lines.FaultOf(() => Connector(_terminal).ConnectAsync(Lines.Soon()).AsTask());
        Assert.That(fault.Fault, Is.EqualTo(LineFault.NotTrusted), fault.ToString());
        await AssertListenerServesAsync(known);
    }

    [Test]
    public async Task NoClientCertificate_Connecting_IsRefused()
    {
        Assert.That(await RawHandshakeAsync(ClientOptions(SslProtocols.Tls13, null)), Is.False);
        await AssertListenerServesAsync();
    }

    [Test]
    public async Task Tls12Client_ByDefault_IsRefused()
    {
        Assert.That(await RawHandshakeAsync(ClientOptions(SslProtocols.Tls12, _terminal)), Is.False);
        await AssertListenerServesAsync();
    }

    [Test]
    public async Task Tls12Client_WhenAllowed_IsLetInWithAead()
    {
        await _listener.DisposeAsync();
        _listener = new TlsLineListener(Lines.Seven, Lines.AnyPort, _center, options: new LineOptions { AllowTls12Aead = true });
        Assert.That(await RawHandshakeAsync(ClientOptions(SslProtocols.Tls12, _terminal)), Is.True);
    }

    [Test]
    public async Task Tls12ClientWithCbcOnly_WhenTls12IsAllowed_IsRefused()
    {
        if (!OperatingSystem.IsLinux()) Assert.Inconclusive("Suites can be chosen on Linux only.");
        await _listener.DisposeAsync();
        _listener = new TlsLineListener(Lines.Seven, Lines.AnyPort, _center, options: new LineOptions { AllowTls12Aead = true });
        var options = ClientOptions(SslProtocols.Tls12, _terminal);
        if (OperatingSystem.IsLinux())
            options.CipherSuitesPolicy = new CipherSuitesPolicy([TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA]);
        Assert.That(await RawHandshakeAsync(options), Is.False);
    }

    [Test]
    public async Task ServerWithTls12Only_Connecting_IsNotTrusted()
    {
        using var server = new TcpListener(Lines.AnyPort);
        server.Start();
        var serving = Task.Run(async () =>
        {
            using var socket = await server.AcceptSocketAsync();
            await using var tls = new SslStream(new NetworkStream(socket));
            await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = _center, EnabledSslProtocols = SslProtocols.Tls12 });
        });
        var connector = new TlsLineConnector("127.0.0.1", ((IPEndPoint)server.LocalEndpoint).Port, _terminal, Pin());
        Assert.That((await Lines.FaultOf(() => connector.ConnectAsync(Lines.Soon()).AsTask())).Fault, Is.EqualTo(LineFault.NotTrusted));
        Assert.That(async () => await serving.WaitAsync(Lines.Patience), Throws.InstanceOf<Exception>());
    }

    [Test]
    public async Task PlainTcpOnTheTlsPort_ListenerServesTheOthers()
    {
        using var raw = new TcpClient();
        await raw.ConnectAsync(_listener.LocalEndPoint);
        await raw.GetStream().WriteAsync("GET / HTTP/1.1\r\nHost: center\r\n\r\n"u8.ToArray());
        await AssertListenerServesAsync();
    }

    [Test]
    public async Task CenterCutsRightAfterConnect_Connecting_IsUnreachable()
    {
        using var server = new TcpListener(Lines.AnyPort);
        server.Start();
        var cutting = Task.Run(async () => (await server.AcceptSocketAsync()).Close(timeout: 0));
        var connector = new TlsLineConnector("127.0.0.1", ((IPEndPoint)server.LocalEndpoint).Port, _terminal, Pin());
        Assert.That((await Lines.FaultOf(() => connector.ConnectAsync(Lines.Soon()).AsTask())).Fault, Is.EqualTo(LineFault.Unreachable));
        await cutting;
    }

    [Test]
    public async Task HandshakeNeverSent_Timeout_IsCutAndOthersAreServedMeanwhile()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await _listener.DisposeAsync();
        _listener = new TlsLineListener(Lines.Seven, Lines.AnyPort, _center, options: new LineOptions { MaxPendingPerAddress = 4 }, time: time);
        using var loris = new TcpClient();
        await loris.ConnectAsync(_listener.LocalEndPoint);
        await loris.GetStream().WriteAsync(new byte[] { 22, 3, 1 });
        await AssertListenerServesAsync();
        var read = loris.GetStream().ReadAsync(new byte[1]).AsTask();
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.That(await EndOf(read), Is.True);
    }

    [Test]
    public async Task HandshakesOfOneAddress_AtTheirCap_TheLongestIsGivenUpForTheNext()
    {
        await _listener.DisposeAsync();
        _listener = new TlsLineListener(Lines.Seven, Lines.AnyPort, _center, options: new LineOptions { MaxPendingPerAddress = 2 });
        var idle = Enumerable.Range(0, 3).Select(_ => new TcpClient()).ToList();
        await idle[0].ConnectAsync(_listener.LocalEndPoint);
        var longest = idle[0].GetStream().ReadAsync(new byte[1]).AsTask();
        await idle[1].ConnectAsync(_listener.LocalEndPoint);
        Assert.That(longest.IsCompleted, Is.False);
        await idle[2].ConnectAsync(_listener.LocalEndPoint);
        Assert.That(await EndOf(longest), Is.True);
        await AssertListenerServesAsync();
        idle.ForEach(client => client.Dispose());
    }

    [Test]
    public async Task HandshakesOfManyAddresses_AtTheCapOfAll_OneFromElsewhereIsServed()
    {
        await _listener.DisposeAsync();
        _listener = new TlsLineListener(Lines.Seven, Lines.AnyPort, _center, options: new LineOptions { MaxPendingHandshakes = 8, MaxPendingPerAddress = 4 });
        var idle = Enumerable.Range(2, 6).SelectMany(host => Enumerable.Range(0, 4).Select(_ => new TcpClient(new IPEndPoint(IPAddress.Parse($"127.0.0.{host}"), 0)))).ToList();
        foreach (var client in idle) await client.ConnectAsync(_listener.LocalEndPoint);
        await AssertListenerServesAsync();
        idle.ForEach(client => client.Dispose());
    }

    [Test]
    public async Task SilentCenter_HandshakeTimeout_IsUnreachable()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        using var server = new TcpListener(Lines.AnyPort);
        server.Start();
        var connector = new TlsLineConnector("127.0.0.1", ((IPEndPoint)server.LocalEndpoint).Port, _terminal, Pin(), time: time);
        var connecting = Lines.FaultOf(() => connector.ConnectAsync(Lines.Soon()).AsTask());
        using var socket = await server.AcceptSocketAsync();
        Assert.That(await socket.ReceiveAsync(new byte[1]), Is.EqualTo(1), "the handshake has begun");
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.That((await connecting).Fault, Is.EqualTo(LineFault.Unreachable));
    }

    [Test]
    public async Task SilentCenter_Cancelled_SaysSo()
    {
        using var server = new TcpListener(Lines.AnyPort);
        server.Start();
        using var cancel = new CancellationTokenSource();
        var connecting = new TlsLineConnector("127.0.0.1", ((IPEndPoint)server.LocalEndpoint).Port, _terminal, Pin()).ConnectAsync(cancel.Token).AsTask();
        using var socket = await server.AcceptSocketAsync();
        await cancel.CancelAsync();
        Assert.That(async () => await connecting.WaitAsync(Lines.Patience), Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public async Task ClockPastTheCentersCertificate_Connecting_IsNotTrusted()
    {
        var late = new FakeTimeProvider(DateTimeOffset.UtcNow.AddHours(2));
        using var terminal = TlsCertificates.CreateSelfSigned("CN=terminal", DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(9));
        var fault = await Lines.FaultOf(() => Connector(terminal, time: late).ConnectAsync(Lines.Soon()).AsTask());
        Assert.That(fault.Fault, Is.EqualTo(LineFault.NotTrusted));
        Assert.That(fault.Message, Does.Contain("expired"));
    }

    [Test]
    public async Task OwnCertificateExpired_Connecting_IsNotTrusted()
    {
        using var expired = Expired();
        var fault = await Lines.FaultOf(() => Connector(expired).ConnectAsync(Lines.Soon()).AsTask());
        Assert.That(fault.Fault, Is.EqualTo(LineFault.NotTrusted));
        Assert.That(fault.Message, Does.Contain("own certificate").And.Contain("expired"));
    }

    [Test]
    public async Task ClientCertificateExpired_AtTheListener_IsRefused()
    {
        using var expired = Expired();
        Assert.That(await RawHandshakeAsync(ClientOptions(SslProtocols.Tls13, expired)), Is.False);
        await AssertListenerServesAsync();
    }

    [Test]
    public void CentersCertificateExpired_Listening_IsACallersFault()
    {
        using var expired = Expired();
        Assert.That(() => new TlsLineListener(Lines.Seven, Lines.AnyPort, expired), Throws.ArgumentException.With.Message.Contain("expired"));
    }

    [Test]
    public async Task FiftyLines_AtOnce_EachHasItsOwnFrames()
    {
        await _listener.DisposeAsync();
        _listener = new TlsLineListener(Lines.Seven, Lines.AnyPort, _center, options: new LineOptions { MaxPendingPerAddress = 64 });
        var terminals = Enumerable.Range(1, 50).Select(async n =>
        {
            await using var line = await Connector(_terminal).ConnectAsync(Lines.Soon());
            await line.SendAsync(Lines.Bytes(n), Lines.Soon());
            Assert.That(await line.ReceiveBytesAsync(), Is.EqualTo(Lines.Bytes(n)));
        }).ToArray();
        var center = Enumerable.Range(1, 50).Select(async _ =>
        {
            await using var line = await _listener.AcceptAsync(Lines.Soon());
            await line.SendAsync((await line.ReceiveBytesAsync())!, Lines.Soon());
            Assert.That(await line.ReceiveBytesAsync(), Is.Null);
        }).ToArray();
        await Task.WhenAll([.. terminals, .. center]);
    }

    private static X509Certificate2 Expired() =>
        TlsCertificates.CreateSelfSigned("CN=old", DateTimeOffset.UtcNow.AddDays(-2), DateTimeOffset.UtcNow.AddDays(-1));

    private TlsTrust Pin() => TlsTrust.Pinned(TlsCertificates.Sha256(_center));

    private TlsLineConnector Connector(X509Certificate2 own, TlsTrust? trust = null, TimeProvider? time = null) =>
        new("127.0.0.1", _listener.LocalEndPoint.Port, own, trust ?? Pin(), time: time);

    private async Task<(ILine Terminal, ILine Center)> UpAsync()
    {
        var terminal = await Connector(_terminal).ConnectAsync(Lines.Soon());
        return (terminal, await _listener.AcceptAsync(Lines.Soon()));
    }

    private async Task AssertListenerServesAsync(X509Certificate2? certificate = null)
    {
        await using var terminal = await Connector(certificate ?? _terminal).ConnectAsync(Lines.Soon());
        await using var center = await _listener.AcceptAsync(Lines.Soon());
        Assert.That(center.Peer.PeerCertificate, Is.EqualTo(TlsCertificates.Sha256(certificate ?? _terminal)), "only the good one was let in");
    }

    private static SslClientAuthenticationOptions ClientOptions(SslProtocols protocols, X509Certificate2? certificate) => new()
    {
        TargetHost = "center",
        EnabledSslProtocols = protocols,
        ClientCertificates = certificate is null ? null : [certificate],
        RemoteCertificateValidationCallback = (_, _, _, _) => true,
    };

    /// <summary>Whether a client of other make gets as far as the listener's first keep-alive.</summary>
    private async Task<bool> RawHandshakeAsync(SslClientAuthenticationOptions options)
    {
        using var raw = new TcpClient();
        await raw.ConnectAsync(_listener.LocalEndPoint);
        await using var tls = new SslStream(raw.GetStream());
        try
        {
            await tls.AuthenticateAsClientAsync(options, Lines.Soon());
            return await tls.ReadAsync(new byte[3], Lines.Soon()) == 3;
        }
        catch (Exception e) when (e is IOException or AuthenticationException)
        {
            return false;
        }
    }

    private static async Task<bool> EndOf(Task<int> read)
    {
        try
        {
            return await read.WaitAsync(Lines.Patience) == 0;
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            return true;
        }
    }
}
