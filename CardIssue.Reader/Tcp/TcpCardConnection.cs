using CardIssue.Core.Cards;
using CardIssue.Core.Primitives;
using CardIssue.Reader.Serial.Card;

namespace CardIssue.Reader.Tcp;

/// <summary>A powered card behind a <see cref="TcpCardReader"/>.</summary>
internal sealed class TcpCardConnection(TcpCardReader reader, ByteString atr) : ICardConnection
{
    /// <inheritdoc/>
    public ByteString Atr { get; private set; } = atr;

    /// <summary>The one that the answer to reset names first: nothing else is agreed on over a network.</summary>
    public TransmissionProtocol Protocol =>
        AtrParser.TryParse(Atr.Span, out var said, out _) && said.Protocols[0] == 0 ? TransmissionProtocol.T0 : TransmissionProtocol.T1;

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
