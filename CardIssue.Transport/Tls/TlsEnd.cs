using System.Net.Security;
using System.Net.Sockets;

namespace CardIssue.Transport;

/// <summary>How a line over TLS ends: in order with close_notify and FIN.</summary>
internal sealed class TlsEnd(Socket socket, CutSensingStream wire, SslStream stream, Action? released) : SocketEnd(socket, stream, released)
{
    public override bool WasCut => wire.Ended;

    public override async Task CloseAsync(CancellationToken cancellation)
    {
        await stream.ShutdownAsync().WaitAsync(cancellation).ConfigureAwait(false);
        await base.CloseAsync(cancellation).ConfigureAwait(false);
    }
}
