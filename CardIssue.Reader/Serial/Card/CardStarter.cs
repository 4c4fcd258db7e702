using CardIssue.Core.Cards;
using CardIssue.Reader.Serial.Ccid;
using CardIssue.Reader.Serial.Framing;
using Microsoft.Extensions.Logging;

namespace CardIssue.Reader.Serial.Card;

/// <summary>From a card without power to one that commands can be sent to: voltage, answer to reset, protocol and speed, the reader's parameters.</summary>
internal sealed class CardStarter(CcidReader reader, ILogger logger)
{
    private const byte FiveVolts = 1, ThreeVolts = 2, LowVolts = 3;

    /// <summary>For how long a card may send its answer to reset: 9,600 etu for each character at most (ISO 7816-3 8.1) would be half a minute; real cards take half a second.</summary>
    private static readonly ExchangeLimits Reset = new(TimeSpan.FromSeconds(3));

    // A card is started at the lowest voltage that the reader has (ISO 7816-3 6.2.3).
    private static readonly (byte Select, CardClasses Class, string Name)[] Voltages =
        [(LowVolts, CardClasses.C, "1.8 V"), (ThreeVolts, CardClasses.B, "3 V"), (FiveVolts, CardClasses.A, "5 V")];

    /// <summary>Powers the card on, at the lowest voltage that it answers at and is made for.</summary>
    /// <exception cref="CardException">No card, a mute card, or one whose answer to reset is none.</exception>
    public async ValueTask<Atr> PowerOnAsync(CancellationToken cancellation)
    {
        var reason = "";
        foreach (var voltage in Voltages)
        {
            using var answer = await reader.ExchangeAsync(new CcidCommand(CcidCommandType.PowerOn, Specific: voltage.Select), Reset, cancellation).ConfigureAwait(false);
            if (answer.Presence is CardPresence.Absent) throw new CardException(CardFault.NoCard, "No card is in the reader; insert one.");
            Atr? atr = null;
            if (!answer.IsOk) reason = answer.Error.Describe();
            else if (AtrParser.TryParse(answer.Data.Span, out atr, out var error)
                && (atr.Classes == CardClasses.None || atr.Classes.HasFlag(voltage.Class)))
            {
                if (atr.Ignored > 0) Log.AtrTrailed(logger, atr.Ignored);
                return atr;
            }
            else reason = error ?? $"the card is made for class {atr!.Classes}";
            Log.VoltageFailed(logger, voltage.Name, reason);
            await PowerOffAsync(cancellation).ConfigureAwait(false);
        }
        throw new CardException(CardFault.Mute, $"The card does not answer a reset as a card does: {reason.TrimEnd('.')}. Try another card.");
    }

    /// <summary>Takes the card's power.</summary>
    public async ValueTask PowerOffAsync(CancellationToken cancellation)
    {
        using var answer = await reader.ExchangeAsync(new CcidCommand(CcidCommandType.PowerOff), ExchangeLimits.ReaderAlone, cancellation).ConfigureAwait(false);
    }

    /// <summary>Powers the card on and agrees on a protocol with it.</summary>
    /// <exception cref="CardException">As <see cref="PowerOnAsync"/>; or no protocol that this driver has.</exception>
    public async ValueTask<CardSession> StartAsync(CancellationToken cancellation)
    {
        var atr = await PowerOnAsync(cancellation).ConfigureAwait(false);
        if (atr.HasImplicitParameters) throw new CardException(CardFault.Protocol, "The card runs with parameters that it does not say (TA2); no reader can follow.");
        var protocol = atr.DefaultProtocol;
        if (protocol > 1) throw new CardException(CardFault.Protocol, $"The card speaks T={protocol}; T=0 and T=1 are known here.");
        var speed = atr.Ta2 is null ? await AgreeAsync(atr, protocol, cancellation).ConfigureAwait(false) : atr.Ta1 ?? Atr.DefaultSpeed;
        await SetParametersAsync(atr, protocol, speed, cancellation).ConfigureAwait(false);
        return protocol == 0 ? new T0Session(reader, atr, speed) : new T1Session(reader, atr, speed, logger);
    }

    /// <summary>Asks for a higher speed where card and reader have one in common. Without that nothing is asked: the first protocol offered holds already (ISO 7816-3 6.3.1).</summary>
    private async ValueTask<byte> AgreeAsync(Atr atr, int protocol, CancellationToken cancellation)
    {
        var speed = CardTiming.FastestBoth(atr.Ta1 ?? Atr.DefaultSpeed);
        if (speed == Atr.DefaultSpeed) return speed;
        var request = Pps.Request(protocol, speed);
        using var answer = await reader.ExchangeAsync(new CcidCommand(CcidCommandType.TransferBlock, request), Reset with { IsRepeatable = false }, cancellation).ConfigureAwait(false);
        switch (answer.IsOk ? Pps.Judge(request, answer.Data.Span) : PpsOutcome.Failed)
        {
            case PpsOutcome.Agreed:
                return speed;
            case PpsOutcome.DefaultSpeed:
                return Atr.DefaultSpeed;
            default:
                Log.PpsRefused(logger, protocol, speed);
                await PowerOffAsync(cancellation).ConfigureAwait(false);
                await PowerOnAsync(cancellation).ConfigureAwait(false);
                return Atr.DefaultSpeed;
        }
    }

    /// <summary>Tells the reader what the card said (CCID 1.1 §6.1.7).</summary>
    private async ValueTask SetParametersAsync(Atr atr, int protocol, byte speed, CancellationToken cancellation)
    {
        var inverse = atr.IsInverse ? 0x02 : 0x00;
        byte[] data = protocol == 0
            ? [speed, (byte)inverse, atr.GuardTime, atr.WaitingInteger, atr.ClockStop]
            : [speed, (byte)(0x10 | inverse | (atr.T1.UsesCrc ? 1 : 0)), atr.GuardTime, (byte)(atr.T1.Bwi << 4 | atr.T1.Cwi), atr.ClockStop, (byte)atr.T1.Ifsc, 0];
        var command = new CcidCommand(CcidCommandType.SetParameters, data, (byte)protocol);
        using var answer = await reader.ExchangeAsync(command, ExchangeLimits.ReaderAlone, cancellation).ConfigureAwait(false);
        if (answer.Presence is CardPresence.Absent) throw new CardException(CardFault.Removed, "The card was taken out.");
        if (!answer.IsOk) throw new CardException(CardFault.Protocol, $"The reader does not take the card's parameters: {answer.Error.Describe()}.");
    }
}
