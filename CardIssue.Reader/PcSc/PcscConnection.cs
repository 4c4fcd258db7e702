using CardIssue.Core.Cards;
using CardIssue.Core.Primitives;

namespace CardIssue.Reader.PcSc;

/// <summary>A powered card in a <see cref="PcscCardReader"/>. After a command that was given up, nothing but a reset is of use.</summary>
internal sealed class PcscConnection(CardChannel channel, string reader, ByteString atr, TimeSpan slowCard) : ICardConnection
{
    private bool _isInDoubt;

    /// <inheritdoc/>
    public ByteString Atr { get; private set; } = atr;

    /// <inheritdoc/>
    public TransmissionProtocol Protocol => channel.IsT0 ? TransmissionProtocol.T0 : TransmissionProtocol.T1;

    public bool IsDisposed { get; private set; }

    /// <inheritdoc/>
    public async ValueTask<int> TransmitAsync(ReadOnlyMemory<byte> command, Memory<byte> response, CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        cancellation.ThrowIfCancellationRequested();
        if (_isInDoubt) throw PcscFaults.Exception(CardFault.SlowCard, reader, "the command before was given up");
        _isInDoubt = true;
        var length = await channel.TransmitAsync(command, response, slowCard, cancellation).ConfigureAwait(false);
        _isInDoubt = false;
        return length;
    }

    /// <inheritdoc/>
    public async ValueTask<ByteString> ResetAsync(CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        _isInDoubt = true;
        Atr = await channel.ResetAsync(cancellation).ConfigureAwait(false);
        _isInDoubt = false;
        return Atr;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (IsDisposed) return;
        IsDisposed = true;
        try
        {
            await channel.DisconnectAsync().ConfigureAwait(false);
        }
        catch (CardException e) when (e.Fault == CardFault.ReaderGone)
        {
            // The reader does not answer; the channel was given up, and does the rest if the reader ever comes back.
        }
    }
}
