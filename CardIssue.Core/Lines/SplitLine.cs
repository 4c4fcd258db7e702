using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Core.Lines;

/// <summary>
/// One line made of two halves: this end sends on one and receives from the other. Each half was admitted by itself; a half without TLS has its own <see cref="AuthenticatedLine"/>. The loss of either
/// is the loss of the line, and so is a message that comes on the half that carries none this way.
/// </summary>
internal sealed class SplitLine : IFrameGroups
{
    private readonly ILine _sending, _receiving;
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _watching;
    private LineException? _fault;
    private Refused? _refusal;
    private int _disposed;

    /// <summary>Joins two halves, which it takes over and disposes. From now on nobody else reads the half that is sent on.</summary>
    /// <param name="sending">The half that this end sends on.</param>
    /// <param name="receiving">The half that this end receives from. A reader that waits on it already may go on.</param>
    /// <param name="peer">What this end knows of the other: what it knows on the data half.</param>
    public SplitLine(ILine sending, ILine receiving, LinePeer peer)
    {
        ArgumentNullException.ThrowIfNull(sending);
        ArgumentNullException.ThrowIfNull(receiving);
        ArgumentNullException.ThrowIfNull(peer);
        (_sending, _receiving, Peer) = (sending, receiving, peer);
        _watching = WatchAsync();
    }

    /// <inheritdoc/>
    public LinePeer Peer { get; }

    /// <summary>Why the line is over, when it was the half that is sent on; null as long as it is not.</summary>
    public LineException? Fault => Volatile.Read(ref _fault);

    /// <summary>The peer's last word on the half that is sent on, where it is why that half is not joined; known with the <see cref="Fault"/>.</summary>
    public Refused? Refusal => Volatile.Read(ref _refusal);

    /// <inheritdoc/>
    public ValueTask SendAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellation) => _sending.SendAsync(frame, cancellation);

    /// <inheritdoc/>
    ValueTask IFrameGroups.SendAllAsync(IReadOnlyList<ReadOnlyMemory<byte>> frames, CancellationToken cancellation) => _sending.SendAllAsync(frames, cancellation);

    /// <inheritdoc/>
    public async ValueTask<LineFrame?> ReceiveAsync(CancellationToken cancellation)
    {
        try
        {
            return await _receiving.ReceiveAsync(cancellation).ConfigureAwait(false);
        }
        catch (LineException e) when (Fault is { } fault)
        {
            throw new LineException(fault.Fault, fault.Message, e);
        }
    }

    /// <summary>Closes both halves. Twice is harmless.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1) return;
        await _closing.CancelAsync().ConfigureAwait(false);
        await _watching.ConfigureAwait(false);
        await CloseAsync().ConfigureAwait(false);
        _closing.Dispose();
    }

    private async Task WatchAsync()
    {
        try
        {
            using var frame = await _sending.ReceiveAsync(_closing.Token).ConfigureAwait(false);
            if (frame is not null && MessageCodec.Decode(frame.Memory) is { IsMessage: true, Message: Refused refused }) Volatile.Write(ref _refusal, refused);
            Volatile.Write(ref _fault, frame is null ? new LineException(LineFault.Broken, "The peer closed the half of the line that is sent on.")
                : _refusal is not null ? new LineException(LineFault.Broken, "The peer refused to join the half of the line that is sent on.")
                : new LineException(LineFault.Tampered, "A message came on the half of the line that carries none this way."));
        }
        catch (LineException e)
        {
            Volatile.Write(ref _fault, e);
        }
        catch (OperationCanceledException) when (_closing.IsCancellationRequested)
        {
            return;
        }
        await CloseAsync().ConfigureAwait(false);
    }

    private async ValueTask CloseAsync()
    {
        await _sending.DisposeAsync().ConfigureAwait(false);
        await _receiving.DisposeAsync().ConfigureAwait(false);
    }
}

/// <summary>
/// Brings up a split line: as a connector it brings up the data half, which center to terminal uses; <see cref="Results"/> brings up the half that results go back on. Give a terminal's relay one of these instead of a
/// plain connector. The center's configuration must say the same of both lines.
/// </summary>
/// <param name="data">Brings up the data half.</param>
/// <param name="results">Brings up the results half; tried while the data half waits for it.</param>
public sealed class SplitConnector(ILineConnector data, ILineConnector results) : IRetryingConnector
{
    /// <summary>Of either half.</summary>
    public event Action<LineException>? TryFailed
    {
        add
        {
            if (data is IRetryingConnector retrying) retrying.TryFailed += value;
            if (Results is IRetryingConnector other) other.TryFailed += value;
        }
        remove
        {
            if (data is IRetryingConnector retrying) retrying.TryFailed -= value;
            if (Results is IRetryingConnector other) other.TryFailed -= value;
        }
    }

    /// <summary>Brings up the results half.</summary>
    public ILineConnector Results { get; } = results;

    /// <summary>Brings up the data half.</summary>
    public ValueTask<ILine> ConnectAsync(CancellationToken cancellation) => data.ConnectAsync(cancellation);
}
