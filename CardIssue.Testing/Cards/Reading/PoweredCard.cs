using CardIssue.Testing.Cards.State;
using CardIssue.Testing.Cards.Timing;

namespace CardIssue.Testing.Cards.Reading;

/// <summary>The card of one insertion, as powered by a reader that is outside of this process.</summary>
/// <param name="removal">Fires when it is taken out.</param>
internal sealed class PoweredCard(CardSlot slot, CardPacer? pacer, int insertion, CancellationToken removal)
{
    public int Insertion => insertion;

    /// <summary>Resets the card that is in; null when none is.</summary>
    public static (PoweredCard Card, CardProtocol Protocol, byte[] Atr)? PowerOn(CardSlot slot, CardPacer? pacer)
    {
        if (slot.Reset() is not { } start) return null;
        pacer?.Restart();
        return (new PoweredCard(slot, pacer, start.Insertion, start.Removal), start.Protocol, start.Atr);
    }

    public void PowerOff() => slot.PowerOff(insertion);

    /// <summary>Runs a command and takes its time; empty when the card is gone or has no power.</summary>
    public async Task<byte[]> TransmitAsync(byte[] command, CancellationToken cancellation)
    {
        var started = pacer?.Now() ?? 0;
        var answer = slot.Transmit(insertion, command);
        if (answer.Length == 0 || pacer is null) return answer;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, removal);
        try
        {
            await pacer.WaitAsync(started, command, answer.Length, either.Token).ConfigureAwait(false);
            return answer;
        }
        catch (OperationCanceledException) when (removal.IsCancellationRequested)
        {
            return [];
        }
    }
}
