using CardIssue.VirtualCard.Reading;
using CardIssue.VirtualCard.Timing;

namespace CardIssue.VirtualCard.Net;

/// <summary>The card's end of the vpcd wire: 1-byte messages are control (00 off, 01 on, 02 reset, 04 send the ATR), all others commands. An empty answer means that no card answers.</summary>
public sealed class VpcdSession(VpcdSocket socket, CardSlot slot, CardPacer? pacer)
{
    private const byte Off = 0x00, On = 0x01, Reset = 0x02, SendAtr = 0x04;

    private int _powered;
    private int _reported;
    private CancellationToken _removal = CancellationToken.None;

    /// <summary>Serves until the other end closes.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            while (await socket.ReadAsync(cancellation).ConfigureAwait(false) is { } message)
            {
                var answer = message.Length switch
                {
                    0 => null,
                    1 => Control(message[0]),
                    _ => await TransmitAsync(message, cancellation).ConfigureAwait(false),
                };
                if (answer is not null) await socket.WriteAsync(answer, cancellation).ConfigureAwait(false);
            }
        }
        finally
        {
            slot.PowerOff(_powered);
        }
    }

    private byte[]? Control(byte code)
    {
        switch (code)
        {
            case Off:
                slot.PowerOff(_powered);
                return null;
            case On or Reset:
                (_powered, _removal) = slot.Reset() is { } start ? (start.Insertion, start.Removal) : (0, CancellationToken.None);
                if (_powered != 0) _reported = _powered;
                pacer?.Restart();
                return null;
            case SendAtr:
                return ReportAtr();
            default:
                return null;
        }
    }

    /// <summary>A card swapped between two questions is reported as absent once, or the host would never see the swap.</summary>
    private byte[] ReportAtr()
    {
        var now = slot.Look();
        var wasSwapped = _reported != 0 && now.Insertion != _reported;
        _reported = wasSwapped ? 0 : now.Insertion;
        return wasSwapped ? [] : now.Atr;
    }

    private async Task<byte[]> TransmitAsync(byte[] command, CancellationToken cancellation)
    {
        var started = pacer?.Now() ?? 0;
        var answer = slot.Transmit(_powered, command);
        if (answer.Length == 0 || pacer is null) return answer;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _removal);
        try
        {
            await pacer.WaitAsync(started, command, answer.Length, either.Token).ConfigureAwait(false);
            return answer;
        }
        catch (OperationCanceledException) when (_removal.IsCancellationRequested)
        {
            return [];
        }
    }
}
