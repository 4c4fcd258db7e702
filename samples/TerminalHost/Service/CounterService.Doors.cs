using System.Net.Sockets;

namespace CardIssue.TerminalHost.Service;

/// <summary>How programs come in and go.</summary>
internal sealed partial class CounterService
{
    /// <summary>Programs that are connected by one door at most. Who only knocks at the port takes no place of the pipe.</summary>
    public const int MaxClients = 8;

    /// <summary>How long a program may take to show the token.</summary>
    private static readonly TimeSpan LetInWithin = TimeSpan.FromSeconds(5);

    /// <summary>The pause when nobody can be let in for want of something of this machine.</summary>
    private static readonly TimeSpan DoorPause = TimeSpan.FromSeconds(1);

    private static readonly byte[] Full = new ErrorEvent(ServiceFault.Full, $"{MaxClients} programs are connected already.").Write();

    /// <summary>Lets programs in at a door until cancelled; then all of them are gone.</summary>
    public async Task OpenAsync(ServiceDoor door, CancellationToken cancellation)
    {
        var inside = new List<Task>();
        try
        {
            while (true)
            {
                var stream = await AcceptAsync(door, cancellation);
                inside.RemoveAll(one => one.IsCompleted);
                if (stream is null) continue;
                if (inside.Count < MaxClients) inside.Add(ServeAsync(stream, cancellation));
                else await TurnAwayAsync(stream, cancellation);
            }
        }
        finally
        {
            await Task.WhenAll(inside).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task<Stream?> AcceptAsync(ServiceDoor door, CancellationToken cancellation)
    {
        try
        {
            return await door.AcceptAsync(cancellation);
        }
        catch (SocketException)
        {
            // Too many files are open, say.
            await Task.Delay(DoorPause, cancellation);
            return null;
        }
    }

    private async Task ServeAsync(Stream stream, CancellationToken cancellation)
    {
        await using var client = new ServiceClient(stream);
        try
        {
            await client.RunAsync((request, fault) => Take(client, request, fault), LetInWithin, cancellation);
        }
        finally
        {
            lock (_gate) _clients.Remove(client);
        }
    }

    /// <summary>One line fits into what a new connection takes without anybody reading it.</summary>
    private static async Task TurnAwayAsync(Stream stream, CancellationToken cancellation)
    {
        await using (stream)
        {
            using var soon = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            soon.CancelAfter(DoorPause);
            try
            {
                await stream.WriteAsync(Full, soon.Token);
            }
            catch (Exception e) when (e is IOException or OperationCanceledException)
            {
                // It is gone already.
            }
        }
    }
}
