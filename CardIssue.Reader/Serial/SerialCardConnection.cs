using CardIssue.Core.Cards;
using CardIssue.Core.Primitives;
using CardIssue.Reader.Serial.Card;

namespace CardIssue.Reader.Serial;

/// <summary>A powered card in a <see cref="SerialCardReader"/>.</summary>
internal sealed class SerialCardConnection(SerialCardReader reader, OpenReader open, CardSession session, int insertion) : ICardConnection
{
    /// <inheritdoc/>
    public ByteString Atr => Session.Atr.Bytes;

    /// <inheritdoc/>
    public TransmissionProtocol Protocol => Session is T0Session ? TransmissionProtocol.T0 : TransmissionProtocol.T1;

    /// <summary>The port's opening that this belongs to.</summary>
    public OpenReader Open { get; } = open;

    /// <summary>Which card it is.</summary>
    public int Insertion { get; } = insertion;

    /// <summary>What the card speaks since its last reset.</summary>
    public CardSession Session { get; set; } = session;

    public bool IsDisposed { get; private set; }

    /// <inheritdoc/>
    public ValueTask<int> TransmitAsync(ReadOnlyMemory<byte> command, Memory<byte> response, CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        return reader.TransmitAsync(this, command, response, cancellation);
    }

    /// <inheritdoc/>
    public async ValueTask<ByteString> ResetAsync(CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        await reader.ResetAsync(this, cancellation).ConfigureAwait(false);
        return Atr;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (IsDisposed) return;
        IsDisposed = true;
        Session.Dispose();
        await reader.PowerOffAsync(this).ConfigureAwait(false);
    }
}
