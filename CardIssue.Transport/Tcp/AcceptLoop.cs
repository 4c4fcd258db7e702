using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Threading.Channels;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Transport.Framing;
using Microsoft.Extensions.Logging;

namespace CardIssue.Transport.Tcp;

/// <summary>
/// Brings an accepted socket up to a line, which calls <paramref name="released"/> when it ends. Disposes the socket when it fails. Work that
/// takes long is left to another thread: the next connection is accepted when this returns or waits.
/// </summary>
internal delegate Task<FramedLine> BringUp(Socket socket, IPAddress address, Action released, CancellationToken cancellation);

/// <summary>Accepts sockets and brings them up side by side, so that a slow or bad peer stops no other.</summary>
internal sealed class AcceptLoop : IAsyncDisposable
{
    /// <summary>The wait after a failure to accept: out of file handles, most often, which passes.</summary>
    private static readonly TimeSpan AcceptPause = TimeSpan.FromMilliseconds(100);

    private readonly LineNumber _line;
    private readonly LineOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly BringUp _bringUp;
    private readonly Socket _socket;
    private readonly AddressCounts _counts;
    private readonly WaitingRoom _handshakes;
    private readonly RefusedConnections _refused;
    private readonly Channel<FramedLine> _lines;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;

    // The loop counts as one of those that are served.
    private readonly TaskCompletionSource _allServed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _serving = 1;
    private int _disposed;

    public AcceptLoop(LineNumber line, IPEndPoint endPoint, LineOptions options, TimeProvider time, ILogger logger, BringUp bringUp)
    {
        if (line.Value < 1) throw new ArgumentException("A listener has a line number, 1 or greater.", nameof(line));
        (_line, _options, _time, _logger, _bringUp) = (line, options, time, logger, bringUp);
        _counts = new AddressCounts(options);
        _handshakes = new WaitingRoom(options.MaxPendingHandshakes, options.MaxPendingPerAddress);
        _refused = new RefusedConnections(logger, line.Value, time);
        _lines = Channel.CreateBounded<FramedLine>(options.Backlog);
        _socket = Listen(endPoint, options.Backlog);
        LocalEndPoint = (IPEndPoint)_socket.LocalEndPoint!;
        _loop = Task.Run(RunAsync);
    }

    public IPEndPoint LocalEndPoint { get; }

    public async ValueTask<ILine> AcceptAsync(CancellationToken cancellation)
    {
        try
        {
            return await _lines.Reader.ReadAsync(cancellation).ConfigureAwait(false);
        }
        catch (ChannelClosedException e)
        {
            throw new LineException(LineFault.Closed, "The listener was closed.", e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1) return;
        await _stop.CancelAsync().ConfigureAwait(false);
        _socket.Dispose();
        await _loop.ConfigureAwait(false);
        Served();
        await _allServed.Task.ConfigureAwait(false);
        _refused.Flush();
        _lines.Writer.Complete();
        while (_lines.Reader.TryRead(out var line)) await line.DisposeAsync().ConfigureAwait(false);
        _stop.Dispose();
    }

    private static Socket Listen(IPEndPoint endPoint, int backlog)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (endPoint.Address.Equals(IPAddress.IPv6Any)) socket.DualMode = true;
            socket.Bind(endPoint);
            socket.Listen(backlog);
            return socket;
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new LineException(LineFault.Unreachable,
                $"Can't listen on {endPoint} ({e.SocketErrorCode}). Check that the address is this machine's and that no other program has the port.", e);
        }
    }

    /// <summary>Never waits for a handshake: who does not end his makes way for others (<see cref="WaitingRoom"/>).</summary>
    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                if (await AcceptSocketAsync().ConfigureAwait(false) is not { } accepted) continue;
                Interlocked.Increment(ref _serving);
                _ = ServeAsync(accepted.Socket, accepted.Address);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            return;
        }
    }

    /// <summary>The next connection under the caps; null after one that could not be had.</summary>
    private async Task<(Socket Socket, IPAddress Address)?> AcceptSocketAsync()
    {
        Socket socket;
        try
        {
            socket = await _socket.AcceptAsync(_stop.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            _stop.Token.ThrowIfCancellationRequested();
            Log.AcceptFailed(_logger, _line.Value, e);
            await Task.Delay(AcceptPause, _time, _stop.Token).ConfigureAwait(false);
            return null;
        }
        if (RemoteAddress(socket) is not { } address) return Refuse(socket, null, "it was gone before it was accepted.");
        return _counts.Enter(address) is { } reason ? Refuse(socket, address, reason) : (socket, address);
    }

    private (Socket, IPAddress)? Refuse(Socket socket, IPAddress? address, string reason)
    {
        _refused.Add(address, reason);
        socket.Close(timeout: 0);
        return null;
    }

    private async Task ServeAsync(Socket socket, IPAddress address)
    {
        var left = 0;
        void Leave()
        {
            if (Interlocked.Exchange(ref left, 1) == 0) _counts.Leave(address);
        }
        using var turnedOut = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        using var guest = _handshakes.Enter(LinePlace.Of(address), () => _ = turnedOut.CancelAsync());
        try
        {
            var line = await _bringUp(socket, address, Leave, turnedOut.Token).ConfigureAwait(false);
            if (_lines.Writer.TryWrite(line)) return;
            _refused.Add(address, $"{_options.Backlog} lines wait to be taken, the {nameof(LineOptions.Backlog)}.");
            await line.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // Whatever one peer brings about, the others go on; what is not the peer's doing is a local bug, and logged as one.
            if (guest.IsTurnedOut) _refused.Add(address, "its handshake was not done, and others came.");
            else if (e is IOException or OperationCanceledException or SocketException or AuthenticationException or ObjectDisposedException)
                _refused.Add(address, e.Message);
            else Log.ConnectionFailed(_logger, _line.Value, address, e);
            Leave();
        }
        finally
        {
            Served();
        }
    }

    private void Served()
    {
        if (Interlocked.Decrement(ref _serving) == 0) _allServed.SetResult();
    }

    private static IPAddress? RemoteAddress(Socket socket)
    {
        try
        {
            return socket.RemoteEndPoint is IPEndPoint remote ? Addresses.Plain(remote.Address) : null;
        }
        catch (SocketException)
        {
            return null;
        }
    }
}
