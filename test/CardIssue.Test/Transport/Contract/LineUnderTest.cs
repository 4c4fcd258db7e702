using System.Security.Cryptography.X509Certificates;
using CardIssue.Core.Keys;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Test.Transport.Serial;
using CardIssue.Transport.Framing;
using CardIssue.Testing.Lines;
using CardIssue.Transport.Reconnect;
using CardIssue.Transport.Serial;
using CardIssue.Transport.Tcp;
using CardIssue.Transport.Tls;

namespace CardIssue.Test.Transport.Contract;

/// <summary>The kinds of line that there are: whoever is given an <see cref="ILine"/> may have any of them.</summary>
public enum LineKind
{
    Loopback,
    Counting,
    Delayed,
    Framed,
    Tcp,
    Tls,
    Serial,
    SerialTls,
    InTheClear,
    Authenticated,
    Split,
    AuthenticatedSplit,
    Reconnected,
}

/// <summary>Both ends of a line of one kind, brought up as its users do it.</summary>
internal sealed class LineUnderTest : IAsyncDisposable
{
    /// <summary>So few frames wait in a loopback that a sender soon does.</summary>
    private const int Capacity = 4;

    private static readonly SerialLineOptions Fast = new() { BaudRate = 4_000_000, FrameSize = 512, T1 = TimeSpan.FromMilliseconds(150),
        N2 = 100 };
    private static readonly X509Certificate2 CenterCertificate = Lines.Certificate("center"),
        TerminalCertificate = Lines.Certificate("terminal");

    private IAsyncDisposable? _listener;

    private LineUnderTest(LineKind kind) => Kind = kind;

    public LineKind Kind { get; }

    /// <summary>The terminal's end.</summary>
    public ILine Near { get; private set; } = null!;

    /// <summary>The center's end.</summary>
    public ILine Far { get; private set; } = null!;

    /// <summary>The longest frame that it carries.</summary>
    public int Longest =>
        Kind is LineKind.InTheClear or LineKind.Authenticated or LineKind.AuthenticatedSplit ? MessageCodec.MaxMessage : ILine.MaxFrame;

    public static async Task<LineUnderTest> UpAsync(LineKind kind)
    {
        var line = new LineUnderTest(kind);
        (line.Near, line.Far) = kind switch
        {
            LineKind.Loopback => Loopback(),
            LineKind.Counting => Wrapped(l => new CountingLine(l)),
            LineKind.Delayed => Wrapped(l => new DelayedLine(l, TimeSpan.FromMilliseconds(2), capacity: Capacity)),
            LineKind.Framed => Framed(),
            LineKind.Tcp => await line.TcpAsync(),
            LineKind.Reconnected => await line.TcpAsync(c => new ReconnectingConnector(c)),
            LineKind.Tls => await line.TlsAsync(),
            LineKind.Serial => await line.SerialAsync(null, null),
            LineKind.SerialTls => await line.SerialAsync(CenterCertificate, TerminalCertificate),
            LineKind.InTheClear => InTheClear(),
            LineKind.Authenticated => await AuthenticatedAsync(),
            LineKind.Split => Split(Loopback(), Loopback()),
            LineKind.AuthenticatedSplit => Split(await AuthenticatedAsync(), await AuthenticatedAsync()),
        };
        return line;
    }

    public async ValueTask DisposeAsync()
    {
        await Near.DisposeAsync();
        await Far.DisposeAsync();
        if (_listener is not null) await _listener.DisposeAsync();
    }

    private static (ILine, ILine) Loopback() => LoopbackLine.CreatePair(Lines.Anyone, Lines.Anyone, Capacity);

    private static (ILine, ILine) Wrapped(Func<ILine, ILine> wrap)
    {
        var (near, far) = Loopback();
        return (wrap(near), wrap(far));
    }

    private static (ILine, ILine) Framed()
    {
        var streams = new JoinedStreams();
        return (new FramedLine(streams.Near, Lines.Anyone), new FramedLine(streams.Far, Lines.Anyone));
    }

    private async Task<(ILine, ILine)> TcpAsync(Func<ILineConnector, ILineConnector>? wrap = null)
    {
        var listener = new TcpLineListener(Lines.Seven, Lines.AnyPort);
        _listener = listener;
        var connector = new TcpLineConnector("127.0.0.1", listener.LocalEndPoint.Port);
        var near = await (wrap?.Invoke(connector) ?? connector).ConnectAsync(Lines.Soon());
        return (near, await listener.AcceptAsync(Lines.Soon()));
    }

    private async Task<(ILine, ILine)> TlsAsync()
    {
        var listener = new TlsLineListener(Lines.Seven, Lines.AnyPort, CenterCertificate);
        _listener = listener;
        var trust = TlsTrust.Pinned(TlsCertificates.Sha256(CenterCertificate));
        var near = await new TlsLineConnector("127.0.0.1", listener.LocalEndPoint.Port, TerminalCertificate,
            trust).ConnectAsync(Lines.Soon());
        return (near, await listener.AcceptAsync(Lines.Soon()));
    }

    private async Task<(ILine, ILine)> SerialAsync(X509Certificate2? center, X509Certificate2? terminal)
    {
        var cable = new Cable();
        var listener = new SerialLineListener(Lines.Seven, cable.OpenCenter, Fast, center);
        _listener = listener;
        var connector = terminal is null ? new SerialLineConnector(cable.OpenTerminal, Fast)
            : new SerialLineConnector(cable.OpenTerminal, Fast, terminal, TlsTrust.Pinned(TlsCertificates.Sha256(center!)));
        var near = await connector.ConnectAsync(Lines.Soon());
        return (near, await listener.AcceptAsync(Lines.Soon()));
    }

    /// <summary>A line without TLS before its admission.</summary>
    private static (ILine, ILine) InTheClear()
    {
        var (near, far) = Loopback();
        return (AuthenticatedLine.AtTerminal(near), AuthenticatedLine.AtCenter(far));
    }

    /// <summary>A line without TLS after its admission.</summary>
    private static async Task<(ILine, ILine)> AuthenticatedAsync()
    {
        var (near, far) = Loopback();
        var (terminal, center) = (AuthenticatedLine.AtTerminal(near), AuthenticatedLine.AtCenter(far));
        var signature = ByteString.Own(new byte[FieldLimits.SignatureLength]);
        var confirmation = ByteString.Own(new byte[FieldLimits.ConfirmationLength]);
        terminal.Protect(Keys());
        center.Protect(Keys());
        await terminal.SendAsync(MessageCodec.Encode(new Proof(signature, confirmation)), Lines.Soon());
        await center.ReceiveBytesAsync();
        await center.SendAsync(MessageCodec.Encode(new Admitted(signature, confirmation, default)), Lines.Soon());
        await terminal.ReceiveBytesAsync();
        return (terminal, center);
    }

    private static LineKeys Keys() => new(SecretBytes.Copy(Lines.Bytes(LineKeys.Length)),
        SecretBytes.Copy([.. Lines.Bytes(LineKeys.Length).Reverse()]));

    /// <summary>The terminal sends on the results half, the center on the data half.</summary>
    private static (ILine, ILine) Split((ILine Near, ILine Far) data, (ILine Near, ILine Far) results) =>
        (new SplitLine(results.Near, data.Near, Lines.Anyone), new SplitLine(data.Far, results.Far, Lines.Anyone));
}
