using System.Text;
using CardIssue.Testing.Cards.Reading;
using CardIssue.Testing.Cards.State;
using CardIssue.Testing.Cards.Timing;

namespace CardIssue.Testing.Cards.Serial;

/// <summary>The reader's one slot: CCID commands in, answers out (CCID 1.1, 6), at TPDU level.</summary>
/// <param name="requestTime">Tells the host that a T=0 card is still at work.</param>
internal sealed class TwinSlot(CardSlot slot, CardPacer? pacer, GemPcTwinOptions options, Func<CancellationToken, Task> requestTime)
{
    private const byte HighestVoltage = 3, FirmwareRequest = 0x02;
    private static readonly byte[] DefaultT0 = [0x11, 0x00, 0x00, 0x0A, 0x00], DefaultT1 = [0x11, 0x10, 0x00, 0x4D, 0x00, 0x20, 0x00];

    private PoweredCard? _card;
    private CardLink? _link;
    private CardProtocol _offered;
    private bool _isFresh;
    private CardProtocol _protocol;
    private byte[] _parameters = DefaultT0;

    /// <summary>Movements are told after the next command instead of at once: escape 01 01 01, as libccid has it. That 01 01 00 takes it back is our guess.</summary>
    public bool TellsMovementsLater { get; private set; }

    /// <summary>Does what a command says.</summary>
    public async Task<CcidAnswer> ExecuteAsync(CcidCommand command, IReadOnlyList<TwinFault> faults, CancellationToken cancellation)
    {
        if (command.Slot != 0) return Fail(command, CcidAnswer.BadSlot) with { Status = CcidAnswer.Failed | (byte)SlotStatus.Absent };
        return command.Type switch
        {
            CcidCommand.PowerOn => PowerOn(command, faults),
            CcidCommand.PowerOff => PowerOff(command),
            CcidCommand.GetSlotStatus or CcidCommand.Abort or CcidCommand.IccClock => Done(command),
            CcidCommand.Transfer => await TransferAsync(command, faults, cancellation).ConfigureAwait(false),
            CcidCommand.GetParameters => Parameters(command),
            CcidCommand.ResetParameters => SetParameters(command, _offered, _offered == CardProtocol.T0 ? DefaultT0 : DefaultT1),
            CcidCommand.SetParameters => SetParameters(command),
            CcidCommand.Escape => Escape(command),
            _ => Fail(command, CcidAnswer.Unsupported),
        };
    }

    /// <summary>Takes the power from the card.</summary>
    public void PowerOff()
    {
        _card?.PowerOff();
        (_card, _link) = (null, null);
    }

    private CcidAnswer PowerOn(CcidCommand command, IReadOnlyList<TwinFault> faults)
    {
        if (command.Specific[0] > HighestVoltage) return Fail(command, CcidAnswer.BadByte7);
        PowerOff();
        if (PoweredCard.PowerOn(slot, pacer) is not { } start) return Fail(command, CcidAnswer.CardMute);
        _card = start.Card;
        _offered = start.Protocol;
        _link = CardLink.Of(_offered, _card, options, requestTime);
        _isFresh = true;
        (_protocol, _parameters) = (_offered, _offered == CardProtocol.T0 ? DefaultT0 : DefaultT1);
        return Done(command, data: faults.OfType<TwinFault.ForeignAtr>().FirstOrDefault()?.Bytes ?? start.Atr);
    }

    private CcidAnswer PowerOff(CcidCommand command)
    {
        PowerOff();
        return Done(command);
    }

    private async Task<CcidAnswer> TransferAsync(CcidCommand command, IReadOnlyList<TwinFault> faults, CancellationToken cancellation)
    {
        if (Status != SlotStatus.Active || _link is null) return Fail(command, CcidAnswer.CardMute);
        if (faults.OfType<TwinFault.WaitingTime>().FirstOrDefault() is { } wait) _link.TimeRequests = wait.Times;
        if (faults.OfType<TwinFault.CardIfs>().FirstOrDefault() is { } ifs) (_link as T1Link)?.AskForIfs(ifs.Size);
        var isFirst = _isFresh;
        _isFresh = false;
        var answer = isFirst && ParameterSelection.IsOne(command.Data)
            ? ParameterSelection.Answer(command.Data, _offered) is { } pps ? LinkAnswer.Sent(pps) : LinkAnswer.Mute
            : await _link.ExchangeAsync(command.Data, cancellation).ConfigureAwait(false);
        if (answer.Outcome == LinkOutcome.Malformed) return Fail(command, CcidAnswer.BadLength);
        if (answer.Outcome == LinkOutcome.Mute || faults.OfType<TwinFault.MuteCard>().Any()) return Fail(command, CcidAnswer.CardMute);
        var bytes = answer.Bytes;
        if (faults.OfType<TwinFault.FlippedCardByte>().Any()) bytes = [.. bytes[..^1], (byte)~bytes[^1]];
        return Done(command, data: bytes);
    }

    private CcidAnswer SetParameters(CcidCommand command) => command.Specific[0] switch
    {
        0 => command.Data.Length == DefaultT0.Length ? SetParameters(command, CardProtocol.T0, command.Data) : Fail(command, CcidAnswer.BadLength),
        1 => command.Data.Length == DefaultT1.Length ? SetParameters(command, CardProtocol.T1, command.Data) : Fail(command, CcidAnswer.BadLength),
        _ => Fail(command, CcidAnswer.BadByte7),
    };

    private CcidAnswer SetParameters(CcidCommand command, CardProtocol protocol, byte[] parameters)
    {
        (_protocol, _parameters) = (protocol, parameters);
        return Parameters(command);
    }

    private CcidAnswer Parameters(CcidCommand command) => Done(command, (byte)(_protocol == CardProtocol.T1 ? 1 : 0), _parameters);

    private CcidAnswer Escape(CcidCommand command)
    {
        switch (command.Data)
        {
            case [FirmwareRequest]:
                return Done(command, data: Encoding.ASCII.GetBytes(options.Firmware));
            case [0x01, 0x01, <= 1 and var mode]:
                TellsMovementsLater = mode == 1;
                return Done(command);
            default:
                return Fail(command, CcidAnswer.Unsupported);
        }
    }

    private SlotStatus Status => slot.Look().Insertion == 0 ? SlotStatus.Absent
        : _card is { } card && slot.IsPowered(card.Insertion) ? SlotStatus.Active : SlotStatus.Inactive;

    private CcidAnswer Done(CcidCommand command, byte specific = 0, byte[]? data = null) =>
        new(CcidAnswer.TypeFor(command.Type), command.Slot, command.Sequence, (byte)Status, 0, specific, data ?? []);

    private CcidAnswer Fail(CcidCommand command, byte error) =>
        new(CcidAnswer.TypeFor(command.Type), command.Slot, command.Sequence, (byte)(CcidAnswer.Failed | (byte)Status), error, 0, []);
}
