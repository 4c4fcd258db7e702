using CardIssue.Testing.Cards.Reading;
using CardIssue.Testing.Cards.Timing;

namespace CardIssue.Testing.Cards.Net;

/// <summary>The card's end of the vpcd wire: 1-byte messages are control (00 off, 01 on, 02 reset, 04 send the ATR), all others commands. An empty answer means that no card answers.</summary>
internal sealed class VpcdSession(VpcdSocket socket, CardSlot slot, CardPacer? pacer)
{
    private const byte Off = 0x00, On = 0x01, Reset = 0x02, SendAtr = 0x04;

    private PoweredCard? _powered;
    private int _reported;

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
                    _ => _powered is null ? [] : await _powered.TransmitAsync(message, cancellation).ConfigureAwait(false),
                };
                if (answer is not null) await socket.WriteAsync(answer, cancellation).ConfigureAwait(false);
            }
        }
        finally
        {
            _powered?.PowerOff();
        }
    }

    private byte[]? Control(byte code)
    {
        switch (code)
        {
            case Off:
                _powered?.PowerOff();
                return null;
            case On or Reset:
                _powered = PoweredCard.PowerOn(slot, pacer)?.Card;
                if (_powered is not null) _reported = _powered.Insertion;
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
}
