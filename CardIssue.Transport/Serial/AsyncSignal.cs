using System.Threading.Channels;

namespace CardIssue.Transport.Serial;

/// <summary>Wakes one waiter, now or when it comes to wait. Signals don't add up.</summary>
internal sealed class AsyncSignal
{
    private readonly Channel<bool> _signal = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public void Set() => _signal.Writer.TryWrite(true);

    public async ValueTask WaitAsync(CancellationToken cancellation) => await _signal.Reader.ReadAsync(cancellation).ConfigureAwait(false);
}
