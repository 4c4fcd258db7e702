using System.Net;
using CardIssue.Center.Sessions;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Testing.Lines;
using CardIssue.Transport.Tcp;

namespace CardIssue.Test.EndToEnd;

/// <summary>A line of a <see cref="Shop"/>: the center's end of it and the terminal's.</summary>
internal sealed record ShopLine(ServedLine Served, ILineConnector Connector)
{
    /// <summary>What stands for the terminal's certificate on a loopback with TLS.</summary>
    public static readonly ByteString TerminalCertificate = ByteString.Own([.. Enumerable.Repeat((byte)0x7E, 32)]);

    private static readonly ByteString CenterCertificate = ByteString.Own([.. Enumerable.Repeat((byte)0xCE, 32)]);

    public ILineListener Listener => Served.Listener;

    /// <summary>SHA-256 of the certificate that the terminal comes in with.</summary>
    public ByteString Certificate { get; init; } = TerminalCertificate;

    /// <summary>A line inside this process; as with TLS, where it says so.</summary>
    public static ShopLine Loopback(int number, bool withTls = false)
    {
        var listener = new LoopbackListener(new LineNumber(number), withTls ? CenterCertificate : default);
        return new ShopLine(new ServedLine(listener, !withTls), listener.CreateConnector(IPAddress.Loopback, withTls ? TerminalCertificate : default));
    }

    /// <summary>A line over TCP without TLS.</summary>
    public static ShopLine Tcp(int number)
    {
        var listener = new TcpLineListener(new LineNumber(number), new IPEndPoint(IPAddress.Loopback, 0));
        return new ShopLine(new ServedLine(listener, WithoutTls: true), new TcpLineConnector("127.0.0.1", listener.LocalEndPoint.Port));
    }
}
