using CardIssue.Core.Cards;
using CardIssue.Core.Primitives;
using CardIssue.Testing.Cards.State;
using CardIssue.Testing.Cards.Timing;

namespace CardIssue.Testing.Cards.Reading;

/// <summary>A powered card in a <see cref="VirtualCardReader"/>. After a power cut every command fails with <see cref="CardFault.Removed"/> until a reset.</summary>
internal sealed class VirtualCardConnection : ICardConnection
{
    private readonly CardSlot _slot;
    private readonly CardPacer? _pacer;
    private readonly int _insertion;
    private readonly CancellationToken _removal;

    internal VirtualCardConnection(CardSlot slot, CardPacer? pacer, int insertion, CardProtocol protocol, byte[] atr, CancellationToken removal)
    {
        (_slot, _pacer, _insertion, _removal) = (slot, pacer, insertion, removal);
        Protocol = protocol is CardProtocol.T0 ? TransmissionProtocol.T0 : TransmissionProtocol.T1;
        Atr = ByteString.Copy(atr);
    }

    public ByteString Atr { get; private set; }

    public TransmissionProtocol Protocol { get; }

    internal bool IsDisposed { get; private set; }

    public async ValueTask<int> TransmitAsync(ReadOnlyMemory<byte> command, Memory<byte> response, CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        cancellation.ThrowIfCancellationRequested();
        var started = _pacer?.Now() ?? 0;
        var answer = _slot.Transmit(_insertion, command.Span);
        if (answer.Length == 0) throw Removed();
        if (_pacer is not null) await PaceAsync(started, command, answer.Length, cancellation).ConfigureAwait(false);
        if (answer.Length > response.Length)
            throw new ArgumentException($"The response has {answer.Length} bytes; the buffer holds {response.Length}.", nameof(response));
        answer.CopyTo(response);
        return answer.Length;
    }

    public ValueTask<ByteString> ResetAsync(CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        if (_slot.Look().Insertion != _insertion || _slot.Reset() is not { } start) throw Removed();
        _pacer?.Restart();
        return ValueTask.FromResult(Atr = ByteString.Copy(start.Atr));
    }

    public ValueTask DisposeAsync()
    {
        if (!IsDisposed) _slot.PowerOff(_insertion);
        IsDisposed = true;
        return ValueTask.CompletedTask;
    }

    private async Task PaceAsync(long started, ReadOnlyMemory<byte> command, int length, CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _removal);
        try
        {
            await _pacer!.WaitAsync(started, command, length, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_removal.IsCancellationRequested)
        {
            throw Removed();
        }
    }

    private static CardException Removed() => new(CardFault.Removed, "The virtual card was taken out or lost its power; connect again or reset it.");
}
