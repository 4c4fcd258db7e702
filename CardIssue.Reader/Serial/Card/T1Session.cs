using CardIssue.Core.Cards;
using CardIssue.Reader.Serial.Ccid;
using CardIssue.Reader.Serial.Framing;
using CardIssue.Reader.Serial.T1;
using Microsoft.Extensions.Logging;

namespace CardIssue.Reader.Serial.Card;

/// <summary>A card that speaks T=1: <see cref="T1Machine"/> with a reader under it.</summary>
internal sealed class T1Session(CcidReader reader, Atr atr, byte speed, ILogger logger) : CardSession(reader, atr)
{
    private readonly T1Machine _machine = new(atr.T1);
    private readonly TimeSpan _blockWait = CardTiming.T1Wait(speed, atr.T1, atr.GuardTime);

    public override async ValueTask<int> TransmitAsync(ReadOnlyMemory<byte> command, Memory<byte> response, CancellationToken cancellation)
    {
        Shape(command.Span);
        IsUsable = false;
        var step = _machine.Begin(command, response);
        while (!step.IsOver)
        {
            // 00 leaves the card its usual block waiting time (CCID 1.1 §6.1.4).
            var multiplier = step.WaitingTimes > 1 ? step.WaitingTimes : (byte)0;
            var transfer = new CcidCommand(CcidCommandType.TransferBlock, step.Block, multiplier);
            // A block that came twice is known by its number (ISO 7816-3 11.6.3): it may be sent again.
            using var answer = await Reader.ExchangeAsync(transfer, new ExchangeLimits(_blockWait * step.WaitingTimes), cancellation).ConfigureAwait(false);
            step = Next(answer);
            if (_machine.IsRepairing && !step.IsOver) Log.T1Repaired(logger, $"sent {step.Block.Span[T1Block.PcbAt]:X2} after {answer}");
        }
        if (step.Fault is not T1Fault.None) throw Fault(step.Fault);
        IsUsable = true;
        return step.Response >= 2 ? step.Response : throw new CardException(CardFault.Protocol, $"A response of {step.Response} bytes came where a status word has two.");
    }

    public override void Dispose() => _machine.Dispose();

    private T1Step Next(CcidAnswer answer)
    {
        if (answer.IsOk) return _machine.On(answer.Data.Span);
        var isNothing = answer.Error is CcidError.Mute or CcidError.Parity or CcidError.Overrun;
        return answer.Presence is CardPresence.Active && isNothing ? _machine.OnNothing(answer.Error is not CcidError.Mute) : throw Fault(answer);
    }

    private CardException Fault(T1Fault fault)
    {
        IsUsable = fault is T1Fault.Aborted or T1Fault.InDoubt;
        return fault switch
        {
            T1Fault.Mute => new CardException(CardFault.SlowCard, "The card does not answer, and resynchronisation did not help; reset it."),
            T1Fault.Endless => new CardException(CardFault.SlowCard, $"The card asked for more time {T1Machine.MaxRequests} times; reset it."),
            T1Fault.Aborted => new CardException(CardFault.Protocol, "The card aborted the exchange."),
            T1Fault.InDoubt => new CardException(CardFault.Protocol, "The response was lost; the card may have carried the command out, so it was not sent again."),
            T1Fault.TooLong => new CardException(CardFault.Protocol, "The card answers more than there is room for; reset it."),
            T1Fault.Lost => new CardException(CardFault.Protocol, "No block comes through, and resynchronisation did not help; reset the card."),
            T1Fault.None => throw new ArgumentOutOfRangeException(nameof(fault)),
        };
    }
}
