using System.Net;
using System.Net.Sockets;
using CardIssue.Core.Lines;
using CardIssue.Transport.Framing;

namespace CardIssue.Transport.Tcp;

/// <summary>Makes TCP connections to one host and port.</summary>
internal sealed class TcpDialer
{
    private readonly string _host;
    private readonly int _port;
    private readonly LineOptions _options;
    private readonly TimeProvider _time;

    public TcpDialer(string host, int port, LineOptions options, TimeProvider time)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(host);
        if (port is < 1 or > IPEndPoint.MaxPort) throw new ArgumentException($"A port is 1 to {IPEndPoint.MaxPort}, not {port}.", nameof(port));
        (_host, _port, _options, _time) = (host, port, options, time);
    }

    public override string ToString() => $"{_host}:{_port}";

    public async Task<(Socket Socket, IPAddress? Address)> DialAsync(CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(_options.ConnectTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(_host, _port, either.Token).ConfigureAwait(false);
            return (socket, socket.RemoteEndPoint is IPEndPoint remote ? Addresses.Plain(remote.Address) : null);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new LineException(LineFault.Unreachable,
                $"{this} could not be reached ({e.SocketErrorCode}). Check the host, the port and the network, and that the center listens.", e);
        }
        catch (OperationCanceledException e)
        {
            socket.Dispose();
            cancellation.ThrowIfCancellationRequested();
            throw new LineException(LineFault.Unreachable,
                $"{this} did not answer in {_options.ConnectTimeout}. Check the host, the port and the network.", e);
        }
    }
}
