using System.Net.Sockets;
using CardIssue.Transport.Framing;

namespace CardIssue.Transport.Tcp;

/// <summary>How a line over a socket ends: in order with FIN, otherwise with RST, so that the peer can tell.</summary>
internal class SocketEnd(Socket socket, Stream stream, Action? released) : StreamEnd(stream)
{
    /// <summary>The most bytes that are read away when the line is closed.</summary>
    private const int MostDrained = 1024 * 1024;

    public override Task CloseAsync(CancellationToken cancellation)
    {
        socket.Shutdown(SocketShutdown.Send);
        Drain();
        return Task.CompletedTask;
    }

    public override void Abort()
    {
        socket.Close(timeout: 0);
        base.Abort();
    }

    public override void Release()
    {
        base.Release();
        released?.Invoke();
    }

    /// <summary>
    /// A socket closed over bytes that nobody read sends RST, and that can destroy what the peer has not yet read of ours. It never waits for bytes: another
    /// reader of this line may have taken those that were there, and a peer that then says nothing would keep this thread for good.
    /// </summary>
    private void Drain()
    {
        socket.Blocking = false;
        Span<byte> unread = stackalloc byte[1024];
        for (var drained = 0; drained < MostDrained;)
        {
            var count = socket.Receive(unread, SocketFlags.None, out var error);
            if (error != SocketError.Success || count == 0) return;
            drained += count;
        }
    }
}
