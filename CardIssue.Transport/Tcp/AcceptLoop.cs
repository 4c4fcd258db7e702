using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Threading.Channels;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Transport.Framing;
using Microsoft.Extensions.Logging;

namespace CardIssue.Transport.Tcp;

/// <summary>An accepted connection that is to become a line.</summary>
/// <param name="Socket">The connection; the line's from now on. When bringing it up fails, it is disposed by who accepted it.</param>
/// <param name="Address">The peer's.</param>
/// <param name="Spoke">To be called once the peer has said what only one says who means to come in; may be left out.</param>
/// <param name="Released">To be called when the line has ended.</param>
/// <param name="Cancellation">It makes way for others, or the listener closes.</param>
internal sealed record Arrival(Socket Socket, IPAddress Address, Action Spoke, Action Released, CancellationToken Cancellation);

/// <summary>Brings an accepted socket up to a line.</summary>
internal delegate Task<FramedLine> BringUp(Arrival arrival);

/// <summary>Accepts sockets and brings them up side by side, so that a slow or bad peer stops no other.</summary>
/// <remarks>
/// It accepts on a thread of its own, which never waits behind the handshakes, and has the kernel keep as many as it can meanwhile: where the kernel's queue
/// is full, whoever comes next waits for his own next try, a second, then two, then four, and a crowd that keeps it full keeps the honest out.
/// </remarks>
internal sealed class AcceptLoop : IAsyncDisposable
{
    /// <summary>The wait after a failure to accept: out of file handles, most often, which passes.</summary>
    private static readonly TimeSpan AcceptPause = TimeSpan.FromMilliseconds(100);

    private const string MadeWay = "its handshake was not done, and others came.";

    private readonly LineNumber _line;
    private readonly LineOptions _options;
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
        (_line, _options, _logger, _bringUp) = (line, options, logger, bringUp);
        _counts = new AddressCounts(options);
        _handshakes = new WaitingRoom(options.MaxPendingHandshakes, options.MaxPendingPerAddress);
        _refused = new RefusedConnections(logger, line.Value, time);
        _lines = Channel.CreateBounded<FramedLine>(options.Backlog);
        _socket = Listen(endPoint);
        LocalEndPoint = (IPEndPoint)_socket.LocalEndPoint!;
        _loop = Task.Factory.StartNew(Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    public IPEndPoint LocalEndPoint { get; }

    /// <summary>Is told of each handshake that came to nothing.</summary>
    public Action<HandshakeRefusal>? Refused { get; set; }

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

    private static Socket Listen(IPEndPoint endPoint)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (endPoint.Address.Equals(IPAddress.IPv6Any)) socket.DualMode = true;
            socket.Bind(endPoint);
            // The system takes what it allows (Linux: net.core.somaxconn).
            socket.Listen(int.MaxValue);
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
    private void Run()
    {
        while (!_stop.IsCancellationRequested)
        {
            if (AcceptSocket() is not { } accepted) continue;
            Interlocked.Increment(ref _serving);
            _ = ServeAsync(accepted.Socket, accepted.Address);
        }
    }

    /// <summary>The next connection under the caps; null after one that could not be had.</summary>
    private (Socket Socket, IPAddress Address)? AcceptSocket()
    {
        Socket socket;
        try
        {
            socket = _socket.Accept();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            if (_stop.IsCancellationRequested) return null;
            Log.AcceptFailed(_logger, _line.Value, e);
            _stop.Token.WaitHandle.WaitOne(AcceptPause);
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

    private void Tell(IPAddress address, HandshakeFault fault, string reason)
    {
        _refused.Add(address, $"{fault}: {reason}");
        Refused?.Invoke(new HandshakeRefusal(_line, address, fault, reason));
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
            // The next one is accepted meanwhile. Who must make way before it is his turn costs nothing more: or a crowd's handshakes would be begun in vain, each
            // before that of whoever comes behind it.
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            if (guest.IsTurnedOut)
            {
                Tell(address, HandshakeFault.MadeWay, MadeWay);
                socket.Close(timeout: 0);
                Leave();
                return;
            }
            var line = await _bringUp(new Arrival(socket, address, guest.Speak, Leave, turnedOut.Token)).ConfigureAwait(false);
            if (_lines.Writer.TryWrite(line)) return;
            _refused.Add(address, $"{_options.Backlog} lines wait to be taken, the {nameof(LineOptions.Backlog)}.");
            await line.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // Whatever one peer brings about, the others go on; what is not the peer's doing is a local bug, and logged as one.
            if (guest.IsTurnedOut) Tell(address, HandshakeFault.MadeWay, MadeWay);
            else if (e is HandshakeException named) Tell(address, named.Fault, named.Message);
            else if (e is IOException or OperationCanceledException or SocketException or AuthenticationException or ObjectDisposedException)
                _refused.Add(address, e.Message);
            else Log.ConnectionFailed(_logger, _line.Value, address, e);
            socket.Dispose();
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
