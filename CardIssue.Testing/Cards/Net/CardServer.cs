using System.Net;
using System.Net.Sockets;
using CardIssue.Testing.Cards.Reading;
using CardIssue.Testing.Cards.Timing;

namespace CardIssue.Testing.Cards.Net;

/// <summary>Offers a slot on a loopback port. A reader serves one program at a time: a second one is turned away.</summary>
public sealed class CardServer : IDisposable
{
    /// <summary>How long the end of the program before may take to be noticed: whoever comes behind it is no second one.</summary>
    private static readonly TimeSpan Ending = TimeSpan.FromMilliseconds(500);

    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly CardSlot _slot;
    private readonly CardPacer? _pacer;
    private int _busy;

    /// <param name="port">0 for any free one.</param>
    /// <exception cref="SocketException">The port can't be had.</exception>
    public CardServer(CardSlot slot, int port, CardPacer? pacer = null)
    {
        (_slot, _pacer) = (slot, pacer);
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        _listener.Listen(4);
    }

    /// <summary>The loopback port that it listens on.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    /// <summary>Serves until cancelled.</summary>
    /// <exception cref="IOException">The card can't be saved: no reader would learn why it is silent.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var session = Task.CompletedTask;
        try
        {
            while (true)
            {
                var client = await _listener.AcceptAsync(stop.Token).ConfigureAwait(false);
                if (Volatile.Read(ref _busy) == 1) await Task.WhenAny(session, Task.Delay(Ending, stop.Token)).ConfigureAwait(false);
                if (Interlocked.Exchange(ref _busy, 1) == 1) client.Dispose();
                else session = ServeAsync(client, stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await session.ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();

    private async Task ServeAsync(Socket client, CancellationTokenSource stop)
    {
        using var socket = new VpcdSocket(client);
        try
        {
            await new VpcdSession(socket, _slot, _pacer).RunAsync(stop.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is SocketException || e is OperationCanceledException && stop.IsCancellationRequested)
        {
            // The other end broke off, or the server stops: either way this session is over and the next may come.
        }
        catch (IOException)
        {
            await stop.CancelAsync().ConfigureAwait(false);
            throw;
        }
        finally
        {
            Volatile.Write(ref _busy, 0);
        }
    }
}
