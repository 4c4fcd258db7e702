using System.Threading.Channels;

namespace CardIssue.TerminalHost.Service;

/// <summary>A program that is connected: its requests are read one after the other, and one writer tells it what happens.</summary>
internal sealed class ServiceClient(Stream stream) : IAsyncDisposable
{
    /// <summary>Events that wait for a slow program; one more, and it is cut off.</summary>
    public const int MaxWaiting = 256;

    /// <summary>How long a program may take to read what is written to it.</summary>
    private static readonly TimeSpan SlowestRead = TimeSpan.FromSeconds(10);

    private readonly Channel<byte[]> _events =
        Channel.CreateBounded<byte[]>(new BoundedChannelOptions(MaxWaiting) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });
    private readonly ServiceLines _lines = new(stream);
    private readonly CancellationTokenSource _cut = new();
    private Task _writing = Task.CompletedTask;
    private volatile bool _ended;

    /// <summary>Whether it has shown the token.</summary>
    public bool IsLetIn { get; set; }

    /// <summary>Tells it something, soon.</summary>
    public void Tell(ServiceEvent what) => Tell(what.Write());

    /// <summary>Tells it a line that is made already. From any thread; never waits.</summary>
    public void Tell(byte[] line)
    {
        // Not here and now: who tells may hold what the cut off one waits for.
        if (!_events.Writer.TryWrite(line) && !_ended) _ = _cut.CancelAsync();
    }

    /// <summary>Nothing more is told behind what was.</summary>
    public void End()
    {
        _ended = true;
        _events.Writer.TryComplete();
    }

    /// <summary>Reads its requests until it goes, is ended or cut off; then all that was told is written out.</summary>
    /// <param name="take">Takes a request, or null for a line that is none, with what is wrong; false ends the connection.</param>
    /// <param name="within">How long it may take to be let in.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task RunAsync(Func<ServiceRequest?, string?, bool> take, TimeSpan within, CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _cut.Token);
        _writing = WriteAsync();
        try
        {
            while (await NextAsync(within, either.Token).ConfigureAwait(false) is { } line)
            {
                using var request = ServiceRequest.TryParse(line.Span, out var fault);
                if (!take(request, fault)) break;
            }
            if (_lines.IsTooLong) Tell(new ErrorEvent(ServiceFault.Line, $"A line has at most {ServiceRequest.MaxLine} bytes."));
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // It is gone, or was too slow, or the service ends.
        }
        End();
        await _writing.ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        End();
        await _cut.CancelAsync().ConfigureAwait(false);
        await _writing.ConfigureAwait(false);
        _lines.Dispose();
        await stream.DisposeAsync().ConfigureAwait(false);
        _cut.Dispose();
    }

    private async ValueTask<ReadOnlyMemory<byte>?> NextAsync(TimeSpan within, CancellationToken cancellation)
    {
        if (IsLetIn) return await _lines.NextAsync(cancellation).ConfigureAwait(false);
        using var soon = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        soon.CancelAfter(within);
        return await _lines.NextAsync(soon.Token).ConfigureAwait(false);
    }

    private async Task WriteAsync()
    {
        try
        {
            await foreach (var line in _events.Reader.ReadAllAsync(_cut.Token).ConfigureAwait(false))
            {
                using var slow = CancellationTokenSource.CreateLinkedTokenSource(_cut.Token);
                slow.CancelAfter(SlowestRead);
                await stream.WriteAsync(line, slow.Token).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            await _cut.CancelAsync().ConfigureAwait(false);
        }
    }
}
