using CardIssue.Core.Lines;
using CardIssue.Core.Modules;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Terminal.Relay;

/// <summary>The line that the relay has: a whole one, or the data half of a split one to which the results half is joined when it is up.</summary>
internal sealed class RelayLine : IAsyncDisposable
{
    private readonly CancellationTokenSource _over = new();
    private readonly Lock _gate = new();
    private ILine _sending;
    private SplitLine? _split;
    private Task _joining = Task.CompletedTask;
    private bool _disposed;

    /// <summary>Takes over a line that came up; one without TLS gets its counter and MAC here.</summary>
    public RelayLine(ILine line, ISecureModule module)
    {
        Received = _sending = Authenticated(line);
        Admission = new Admission(Received, module);
    }

    /// <summary>What is received on: the whole line, or the data half.</summary>
    public ILine Received { get; }

    /// <summary>The admission of what is received on.</summary>
    public Admission Admission { get; }

    /// <summary>Why the line is over, when it was the results half.</summary>
    public LineException? ResultsFault => _split?.Fault;

    /// <summary>What the center said on the results half instead of joining it.</summary>
    public Refused? Refusal => _split?.Refusal;

    /// <summary>A line as messages go over it: with counter and MAC where it has no TLS, as this end itself knows.</summary>
    public static ILine Authenticated(ILine line) => line.Peer.HasTls ? line : AuthenticatedLine.AtTerminal(line);

    /// <summary>Sends on the whole line, or on the half that was joined for it.</summary>
    public ValueTask SendAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellation) => Volatile.Read(ref _sending).SendAsync(frame, cancellation);

    /// <summary>Brings up the results half beside the line, for as long as that is up.</summary>
    public void BringUpResults(Func<CancellationToken, Task> join)
    {
        lock (_gate)
            if (!_disposed) _joining = join(_over.Token);
    }

    /// <summary>Joins the results half, which it takes over. From now on it is sent on.</summary>
    public void Attach(ILine results)
    {
        _split = new SplitLine(results, Received, Received.Peer);
        Volatile.Write(ref _sending, _split);
    }

    /// <summary>Closes the line, whichever halves of it are up; its receiving end reports that it is gone.</summary>
    public async ValueTask CloseAsync()
    {
        try
        {
            await Received.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            await Volatile.Read(ref _sending).DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Closes the line; a results half that was being brought up is given up. Twice is harmless.</summary>
    public async ValueTask DisposeAsync()
    {
        Task joining;
        lock (_gate)
        {
            if (_disposed) return;
            (_disposed, joining) = (true, _joining);
        }
        await _over.CancelAsync().ConfigureAwait(false);
        await joining.ConfigureAwait(false);
        await CloseAsync().ConfigureAwait(false);
        _over.Dispose();
    }
}
