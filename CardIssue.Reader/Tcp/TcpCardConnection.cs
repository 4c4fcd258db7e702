using CardIssue.Core;
using CardIssue.Core.Cards;

namespace CardIssue.Reader;

/// <summary>A powered card behind a <see cref="TcpCardReader"/>.</summary>
internal sealed class TcpCardConnection(TcpCardReader reader, ByteString atr) : ICardConnection
{
    /// <inheritdoc/>
    public ByteString Atr { get; private set; } = atr;

    public bool IsDisposed { get; private set; }

    /// <inheritdoc/>
    public ValueTask<int> TransmitAsync(ReadOnlyMemory<byte> command, Memory<byte> response, CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        return reader.TransmitAsync(command, response, cancellation);
    }

    /// <inheritdoc/>
    public async ValueTask<ByteString> ResetAsync(CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        return Atr = await reader.ResetAsync(cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (IsDisposed) return;
        IsDisposed = true;
        await reader.PowerOffAsync().ConfigureAwait(false);
    }
}
