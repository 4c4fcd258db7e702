using System.Security.Cryptography.X509Certificates;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Test.Parts;
using CardIssue.Transport.Reconnect;
using CardIssue.Transport.Serial;
using CardIssue.Transport.Tls;

namespace CardIssue.Test.Transport.Serial;

/// <summary>Listener and connector, plain and with TLS, over pipes with noise and over real pseudo terminals.</summary>
public class SerialLineTest
{
    private static readonly SerialLineOptions Fast = new()
    {
        BaudRate = 1_000_000, FrameSize = 64, T1 = TimeSpan.FromMilliseconds(150), N2 = 40,
        ReopenDelay = TimeSpan.FromMilliseconds(50), MaxReopenDelay = TimeSpan.FromMilliseconds(200),
    };

    private X509Certificate2 _center = null!;
    private X509Certificate2 _terminal = null!;

    [OneTimeSetUp]
    public void MakeCertificates() => (_center, _terminal) = (Lines.Certificate("center"), Lines.Certificate("terminal"));

    [OneTimeTearDown]
    public void DisposeCertificates()
    {
        _center.Dispose();
        _terminal.Dispose();
    }

    [Test]
    public async Task PlainLine_BothEnds_HaveTheNumberAndNoAddress()
    {
        var cable = new Cable();
        await using var listener = new SerialLineListener(Lines.Seven, cable.OpenCenter, Fast);
        await using var terminal = await new SerialLineConnector(cable.OpenTerminal, Fast).ConnectAsync(Lines.Soon());
        await using var center = await listener.AcceptAsync(Lines.Soon());
        Assert.That(center.Peer, Is.EqualTo(new LinePeer(Lines.Seven, null, ByteString.Empty, ByteString.Empty)));
        Assert.That(terminal.Peer, Is.EqualTo(Lines.Anyone));
        await ExchangeAsync(terminal, center);
    }

    [Test]
    public async Task Tls_UnderNoise_KnowsBothCertificatesAndCarriesFrames()
    {
        const int Seed = 4;
        TestContext.Out.WriteLine($"seed {Seed}");
        var cable = new Cable(LineNoise.Of(Seed, 1e-3), LineNoise.Of(Seed + 1, 1e-3));
        await using var listener = new SerialLineListener(Lines.Seven, cable.OpenCenter, Fast, _center);
        await using var terminal = await TlsConnector(cable.OpenTerminal).ConnectAsync(Lines.Soon());
        await using var center = await listener.AcceptAsync(Lines.Soon());
        var (own, others) = (TlsCertificates.Sha256(_terminal), TlsCertificates.Sha256(_center));
        Assert.That(center.Peer, Is.EqualTo(new LinePeer(Lines.Seven, null, own, others)));
        Assert.That(terminal.Peer, Is.EqualTo(new LinePeer(null, null, others, own)));
        foreach (var length in new[] { 1, 2_000, 15_000 }) await ExchangeAtOnceAsync(terminal, center, length);
    }

    [Test]
    public async Task LargestFrames_BothWaysAtOnce_Arrive([Values] bool tls)
    {
        var cable = new Cable();
        await using var listener = new SerialLineListener(Lines.Seven, cable.OpenCenter, Fast, tls ? _center : null);
        await using var terminal = await Connector(cable.OpenTerminal, tls).ConnectAsync(Lines.Soon());
        await using var center = await listener.AcceptAsync(Lines.Soon());
        await ExchangeAtOnceAsync(terminal, center, ILine.MaxFrame);
    }

    [Test]
    public async Task EitherEndCloses_TheOther_GetsWhatWasSentThenNull([Values] bool centerCloses, [Values] bool tls)
    {
        var cable = new Cable();
        await using var listener = new SerialLineListener(Lines.Seven, cable.OpenCenter, Fast, tls ? _center : null);
        var terminal = await Connector(cable.OpenTerminal, tls).ConnectAsync(Lines.Soon());
        var center = await listener.AcceptAsync(Lines.Soon());
        var (closing, waiting) = centerCloses ? (center, terminal) : (terminal, center);
        await closing.SendAsync(Lines.Bytes(5_000), Lines.Soon());
        var reading = Task.Run(async () =>
        {
            Assert.That(await waiting.ReceiveBytesAsync(), Is.EqualTo(Lines.Bytes(5_000)));
            Assert.That(await waiting.ReceiveBytesAsync(), Is.Null);
        });
        await closing.DisposeAsync();
        await reading;
        await waiting.DisposeAsync();
    }

    [Test]
    public async Task LineEnded_Connecting_GivesTheNextAtBothEnds([Values] bool tls)
    {
        var cable = new Cable();
        await using var listener = new SerialLineListener(Lines.Seven, cable.OpenCenter, Fast, tls ? _center : null);
        var connector = Connector(cable.OpenTerminal, tls);
        for (var round = 0; round < 3; round++)
        {
            var terminal = await connector.ConnectAsync(Lines.Soon());
            var center = await listener.AcceptAsync(Lines.Soon());
            await ExchangeAsync(terminal, center);
            await terminal.DisposeAsync();
            Assert.That(await center.ReceiveBytesAsync(), Is.Null);
            await center.DisposeAsync();
        }
    }

    [Test]
    public async Task TerminalLostItsState_Connecting_BreaksTheOldLineAndBringsUpANewOne()
    {
        var cable = new Cable();
        await using var listener = new SerialLineListener(Lines.Seven, cable.OpenCenter, Fast);
        await using var before = await new SerialLineConnector(cable.OpenTerminal, Fast).ConnectAsync(Lines.Soon());
        await using var old = await listener.AcceptAsync(Lines.Soon());
        await ExchangeAsync(before, old);
        cable.Crash();
        var broken = Lines.FaultOfReceive(old);
        await using var terminal = await new SerialLineConnector(cable.OpenTerminal, Fast).ConnectAsync(Lines.Soon());
        Assert.That((await broken).Fault, Is.EqualTo(LineFault.Broken));
        await using var center = await listener.AcceptAsync(Lines.Soon());
        await ExchangeAsync(terminal, center);
    }

    [Test]
    public async Task OtherCertificatePinned_Connecting_IsNotTrusted_AndTheNextComesUp()
    {
        using var other = Lines.Certificate("center");
        var cable = new Cable();
        await using var listener = new SerialLineListener(Lines.Seven, cable.OpenCenter, Fast, _center);
        var wrong = new SerialLineConnector(cable.OpenTerminal, Fast, _terminal, TlsTrust.Pinned(TlsCertificates.Sha256(other)));
        Assert.That((await Lines.FaultOf(() => wrong.ConnectAsync(Lines.Soon()).AsTask())).Fault, Is.EqualTo(LineFault.NotTrusted));
        await using var terminal = await TlsConnector(cable.OpenTerminal).ConnectAsync(Lines.Soon());
        await using var center = await listener.AcceptAsync(Lines.Soon());
        await ExchangeAsync(terminal, center);
    }

    [Test]
    public async Task CertificateUnknown_WithPredicate_IsNotTrusted()
    {
        var cable = new Cable();
        await using var listener = new SerialLineListener(Lines.Seven, cable.OpenCenter, Fast, _center, isKnown: (_, _) => ValueTask.FromResult(false));
        Assert.That((await Lines.FaultOf(() => TlsConnector(cable.OpenTerminal).ConnectAsync(Lines.Soon()).AsTask())).Fault, Is.EqualTo(LineFault.NotTrusted));
    }

    [Test]
    public async Task NobodyListens_Connecting_IsUnreachable()
    {
        var cable = new Cable();
        var options = new SerialLineOptions { BaudRate = 115_200, T1 = TimeSpan.FromMilliseconds(50), N2 = 3 };
        var fault = await Lines.FaultOf(() => new SerialLineConnector(cable.OpenTerminal, options).ConnectAsync(Lines.Soon()).AsTask());
        Assert.That((fault.Fault, fault.Message), Is.EqualTo((LineFault.Unreachable, fault.Message)));
        Assert.That(fault.Message, Does.Contain("cable"));
    }

    [Test]
    public async Task PortThatIsNotThere_Connecting_IsUnreachable()
    {
        var fault = await Lines.FaultOf(() => new SerialLineConnector("/dev/there-is-none").ConnectAsync(Lines.Soon()).AsTask());
        Assert.That(fault.Fault, Is.EqualTo(LineFault.Unreachable));
        Assert.That(fault.Message, Does.Contain("/dev/there-is-none"));
    }

    [Test]
    public async Task ListenerDisposed_Accepting_SaysClosed()
    {
        var listener = new SerialLineListener(Lines.Seven, "/dev/there-is-none", Fast);
        var accepting = Lines.FaultOf(() => listener.AcceptAsync(Lines.Soon()).AsTask());
        await listener.DisposeAsync();
        await listener.DisposeAsync();
        Assert.That((await accepting).Fault, Is.EqualTo(LineFault.Closed));
    }

    [Test]
    public void WrongArguments_Constructing_AreNamed()
    {
        Assert.That(() => new SerialLineConnector(""), Throws.InstanceOf<ArgumentException>());
        Assert.That(() => new SerialLineConnector("x", certificate: _terminal), Throws.ArgumentException.With.Message.Contain("both"));
        Assert.That(() => new SerialLineConnector("x", new SerialLineOptions { Window = 0 }), Throws.ArgumentException.With.Message.Contain("Window"));
        Assert.That(() => new SerialLineListener(default, "x"), Throws.ArgumentException.With.Message.Contain("number"));
    }

    [Test]
    public async Task RealPorts_WithTls_CarryFrames([Values(9_600, 115_200)] int baud)
    {
        using var ptys = await PtyPair.OpenAsync();
        var options = new SerialLineOptions { BaudRate = baud };
        await using var listener = new SerialLineListener(Lines.Seven, ptys.A, options, _center);
        await using var terminal = await new SerialLineConnector(ptys.B, options, _terminal, TlsTrust.Pinned(TlsCertificates.Sha256(_center)))
            .ConnectAsync(Lines.Soon());
        await using var center = await listener.AcceptAsync(Lines.Soon());
        await ExchangeAsync(terminal, center);
    }

    [Test]
    public async Task RealPorts_HungUpAndBack_BreakAndReconnect()
    {
        using var ptys = await PtyPair.OpenAsync();
        await using var listener = new SerialLineListener(Lines.Seven, ptys.A, Fast, _center);
        var connector = new ReconnectingConnector(
            new SerialLineConnector(ptys.B, Fast, _terminal, TlsTrust.Pinned(TlsCertificates.Sha256(_center))),
            new ReconnectOptions { FirstDelay = TimeSpan.FromMilliseconds(50), MaxDelay = TimeSpan.FromMilliseconds(300), StableAfter = TimeSpan.FromMilliseconds(1) });
        await using (var terminal = await connector.ConnectAsync(Lines.Soon()))
        await using (var center = await listener.AcceptAsync(Lines.Soon()))
        {
            await ExchangeAsync(terminal, center);
            var faults = Task.WhenAll(Lines.FaultOfReceive(terminal), Lines.FaultOfReceive(center));
            ptys.HangUp();
            Assert.That((await faults).Select(f => f.Fault), Is.All.EqualTo(LineFault.Broken));
        }
        var connecting = connector.ConnectAsync(Lines.Soon()).AsTask();
        await Task.Delay(300);
        await ptys.PlugInAsync();
        await using var again = await connecting;
        await using var next = await listener.AcceptAsync(Lines.Soon());
        await ExchangeAsync(again, next);
    }

    private static async Task ExchangeAsync(ILine terminal, ILine center)
    {
        await terminal.SendAsync(Lines.Bytes(300), Lines.Soon());
        Assert.That(await center.ReceiveBytesAsync(), Is.EqualTo(Lines.Bytes(300)));
        await center.SendAsync(Lines.Bytes(700), Lines.Soon());
        Assert.That(await terminal.ReceiveBytesAsync(), Is.EqualTo(Lines.Bytes(700)));
    }

    private static async Task ExchangeAtOnceAsync(ILine terminal, ILine center, int length)
    {
        var frame = Lines.Bytes(length);
        await Task.WhenAll(terminal.SendAsync(frame, Lines.Soon()).AsTask(), center.SendAsync(frame, Lines.Soon()).AsTask(),
            Task.Run(async () => Assert.That(await terminal.ReceiveBytesAsync(), Is.EqualTo(frame))),
            Task.Run(async () => Assert.That(await center.ReceiveBytesAsync(), Is.EqualTo(frame))));
    }

    private SerialLineConnector Connector(OpenSerialPort open, bool tls) => tls ? TlsConnector(open) : new SerialLineConnector(open, Fast);

    private SerialLineConnector TlsConnector(OpenSerialPort open) => new(open, Fast, _terminal, TlsTrust.Pinned(TlsCertificates.Sha256(_center)));
}
