using System.Net;
using System.Net.Sockets;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Test.Parts;
using CardIssue.Transport.Framing;
using CardIssue.Transport.Tcp;
using Microsoft.Extensions.Logging;

namespace CardIssue.Test.Transport;

public class TcpLineTest
{
    private TcpLineListener _listener = null!;

    [SetUp]
    public void Listen() => _listener = new TcpLineListener(Lines.Seven, Lines.AnyPort);

    [TearDown]
    public async Task Close() => await _listener.DisposeAsync();

    [Test]
    public async Task LineUp_Peers_HaveTheListenersNumberAndTheAddress()
    {
        await using var terminal = await Connector(_listener, new LineNumber(99)).ConnectAsync(Lines.Soon());
        await using var center = await _listener.AcceptAsync(Lines.Soon());
        Assert.That(center.Peer, Is.EqualTo(new LinePeer(Lines.Seven, IPAddress.Loopback, ByteString.Empty, ByteString.Empty)));
        Assert.That(terminal.Peer, Is.EqualTo(new LinePeer(new LineNumber(99), IPAddress.Loopback, ByteString.Empty, ByteString.Empty)));
    }

    [Test]
    public async Task ListenerOnIPv6Any_IPv4Peer_HasItsIPv4Address()
    {
        if (!Socket.OSSupportsIPv6) Assert.Inconclusive("This machine has no IPv6.");
        await using var listener = new TcpLineListener(Lines.Seven, new IPEndPoint(IPAddress.IPv6Any, 0));
        await using var terminal = await Connector(listener).ConnectAsync(Lines.Soon());
        await using var center = await listener.AcceptAsync(Lines.Soon());
        Assert.That(center.Peer.Address, Is.EqualTo(IPAddress.Loopback));
    }

    /// <summary>Who finds the kernel's queue full waits for his own next try, a second and more; so it must not be as short as what waits above it.</summary>
    [Test]
    public async Task MoreAtOnceThanTheBacklog_AcceptorHeldUp_AllGetConnected()
    {
        using var logger = new HeldLogger();
        await using var listener = new TcpLineListener(Lines.Seven, Lines.AnyPort, new LineOptions { Backlog = 1, MaxLines = 1 }, logger: logger);
        var crowd = Enumerable.Range(0, 200).Select(_ => new TcpClient()).ToArray();
        try
        {
            foreach (var one in crowd[..2]) await one.ConnectAsync(listener.LocalEndPoint, Lines.Soon());
            await Part.UntilAsync(() => logger.IsHeld, "the acceptor to be held up by what it says of the second one");
            await Task.WhenAll(crowd[2..].Select(one => one.ConnectAsync(listener.LocalEndPoint, Lines.Soon()).AsTask()));
        }
        finally
        {
            logger.Release();
            foreach (var one in crowd) one.Dispose();
        }
    }

    [Test]
    public async Task Frames_BothWays_Arrive()
    {
        await using var terminal = await Connector(_listener).ConnectAsync(Lines.Soon());
        await using var center = await _listener.AcceptAsync(Lines.Soon());
        var frame = Lines.Bytes(ILine.MaxFrame);
        await Task.WhenAll(terminal.SendAsync(frame, Lines.Soon()).AsTask(), center.SendAsync(frame, Lines.Soon()).AsTask(),
            Task.Run(async () => Assert.That(await terminal.ReceiveBytesAsync(), Is.EqualTo(frame))),
            Task.Run(async () => Assert.That(await center.ReceiveBytesAsync(), Is.EqualTo(frame))));
    }

    [Test]
    public async Task PeerClosed_WithBytesOfOursUnread_WhatItSaidStillArrives()
    {
        await using var terminal = await Connector(_listener).ConnectAsync(Lines.Soon());
        await using var center = await _listener.AcceptAsync(Lines.Soon());
        await terminal.SendAsync(Lines.Bytes(3_000), Lines.Soon());
        await center.SendAsync(new byte[] { 1 }, Lines.Soon());
        await center.DisposeAsync();
        Assert.That(await terminal.ReceiveBytesAsync(), Is.EqualTo(new byte[] { 1 }));
        Assert.That(await terminal.ReceiveBytesAsync(), Is.Null);
    }

    [Test]
    public async Task PeerResets_Receiving_IsBroken()
    {
        using var raw = await RawAsync();
        await using var center = await _listener.AcceptAsync(Lines.Soon());
        raw.Client.Close(timeout: 0);
        Assert.That((await Lines.FaultOfReceive(center)).Fault, Is.EqualTo(LineFault.Broken));
    }

    [Test]
    public async Task OversizedFromPeer_PeerSeesAReset()
    {
        await using var terminal = await Connector(_listener).ConnectAsync(Lines.Soon());
        using var raw = await RawAsync();
        await using var first = await _listener.AcceptAsync(Lines.Soon());
        await using var second = await _listener.AcceptAsync(Lines.Soon());
        await raw.GetStream().WriteAsync(new byte[] { 255, 255, 255 });
        await terminal.SendAsync(new byte[] { 1 }, Lines.Soon());
        var results = new[] { await OutcomeOf(first), await OutcomeOf(second) };
        Assert.That(results, Is.EquivalentTo(new[] { "1", nameof(LineFault.Oversized) }));
        Assert.That(async () => await raw.GetStream().ReadAsync(new byte[1]), Throws.InstanceOf<IOException>());

        static async Task<string> OutcomeOf(ILine line)
        {
            try
            {
                return (await line.ReceiveBytesAsync())![0].ToString();
            }
            catch (LineException e)
            {
                return e.Fault.ToString();
            }
        }
    }

    [Test]
    public async Task NobodyListens_Connecting_IsUnreachable()
    {
        var port = _listener.LocalEndPoint.Port;
        await _listener.DisposeAsync();
        var fault = await Lines.FaultOf(() => new TcpLineConnector("127.0.0.1", port).ConnectAsync(Lines.Soon()).AsTask());
        Assert.That(fault.Fault, Is.EqualTo(LineFault.Unreachable));
        Assert.That(fault.Message, Does.Contain($"127.0.0.1:{port}"));
    }

    [Test]
    public void PortTaken_Listening_IsUnreachable() =>
        Assert.That(() => new TcpLineListener(Lines.Seven, _listener.LocalEndPoint),
            Throws.TypeOf<LineException>().With.Property(nameof(LineException.Fault)).EqualTo(LineFault.Unreachable));

    [Test]
    public void Cancelled_ConnectingAndAccepting_SaysSo()
    {
        var cancelled = new CancellationToken(canceled: true);
        Assert.That(async () => await Connector(_listener).ConnectAsync(cancelled), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(async () => await _listener.AcceptAsync(cancelled), Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public async Task ListenerDisposed_Accepting_SaysClosedAndLinesGoOn()
    {
        await using var terminal = await Connector(_listener).ConnectAsync(Lines.Soon());
        await using var center = await _listener.AcceptAsync(Lines.Soon());
        var waiting = Lines.FaultOf(() => _listener.AcceptAsync(Lines.Soon()).AsTask());
        await _listener.DisposeAsync();
        await _listener.DisposeAsync();
        Assert.That((await waiting).Fault, Is.EqualTo(LineFault.Closed));
        await terminal.SendAsync(new byte[] { 1 }, Lines.Soon());
        Assert.That(await center.ReceiveBytesAsync(), Is.EqualTo(new byte[] { 1 }));
    }

    [Test]
    public async Task LinesOfOneAddress_AtTheirCap_NextIsCutUntilOneEnds()
    {
        await using var listener = new TcpLineListener(Lines.Seven, Lines.AnyPort, new LineOptions { MaxLinesPerAddress = 2 });
        var first = await Connector(listener).ConnectAsync(Lines.Soon());
        await using var second = await Connector(listener).ConnectAsync(Lines.Soon());
        var atCenter = await listener.AcceptAsync(Lines.Soon());
        await using var otherAtCenter = await listener.AcceptAsync(Lines.Soon());
        var cut = await Lines.FaultOf(async () =>
        {
            await using var third = await Connector(listener).ConnectAsync(Lines.Soon());
            await third.ReceiveAsync(Lines.Soon());
        });
        Assert.That(cut.Fault, Is.EqualTo(LineFault.Broken).Or.EqualTo(LineFault.Unreachable));
        await first.DisposeAsync();
        await atCenter.DisposeAsync();
        await using var fourth = await Connector(listener).ConnectAsync(Lines.Soon());
        await using var accepted = await listener.AcceptAsync(Lines.Soon());
        await fourth.SendAsync(new byte[] { 4 }, Lines.Soon());
        Assert.That(await accepted.ReceiveBytesAsync(), Is.EqualTo(new byte[] { 4 }));
    }

    [Test]
    public async Task FiftyLines_AtOnce_EachHasItsOwnFrames()
    {
        var terminals = Enumerable.Range(1, 50).Select(async n =>
        {
            await using var line = await Connector(_listener).ConnectAsync(Lines.Soon());
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

    [Test]
    public void LineNumberMissing_Listening_IsACallersFault() =>
        Assert.That(() => new TcpLineListener(default, Lines.AnyPort), Throws.ArgumentException);

    private static TcpLineConnector Connector(TcpLineListener listener, LineNumber? line = null) =>
        new("127.0.0.1", listener.LocalEndPoint.Port, line);

    private async Task<TcpClient> RawAsync()
    {
        var client = new TcpClient();
        await client.ConnectAsync(_listener.LocalEndPoint);
        return client;
    }

    /// <summary>Holds whoever has something to say.</summary>
    private sealed class HeldLogger : ILogger, IDisposable
    {
        private readonly ManualResetEventSlim _gate = new();
        private volatile bool _held;

        public bool IsHeld => _held;

        public void Release() => _gate.Set();

        public void Dispose() => _gate.Dispose();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            _held = true;
            _gate.Wait();
        }
    }
}
