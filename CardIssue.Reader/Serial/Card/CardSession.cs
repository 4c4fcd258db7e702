using CardIssue.Core.Cards;
using CardIssue.Core.Cards.Apdu;
using CardIssue.Reader.Serial.Ccid;

namespace CardIssue.Reader.Serial.Card;

/// <summary>A powered card that a protocol was agreed on with: command APDU in, response APDU out.</summary>
internal abstract class CardSession(CcidReader reader, Atr atr) : IDisposable
{
    public Atr Atr { get; } = atr;

    protected CcidReader Reader { get; } = reader;

    /// <summary>Sends one command APDU; its response goes into <paramref name="response"/>.</summary>
    /// <returns>The response's length.</returns>
    /// <exception cref="CardException">The card or the reader did not do as it should; <see cref="IsUsable"/> says whether a reset is needed.</exception>
    public abstract ValueTask<int> TransmitAsync(ReadOnlyMemory<byte> command, Memory<byte> response, CancellationToken cancellation);

    /// <summary>Whether the next command can go without a reset.</summary>
    public bool IsUsable { get; protected set; } = true;

    public abstract void Dispose();

    /// <summary>What a failed transfer means, when a protocol can't repair it.</summary>
    protected static CardException Fault(CcidAnswer answer) =>
        answer.Presence is not CardPresence.Active ? new CardException(CardFault.Removed, "The card was taken out or lost its power; connect again or reset it.")
        : answer.Error is CcidError.Mute ? new CardException(CardFault.SlowCard, "The card fell silent for longer than its own parameters allow; reset it.")
        : new CardException(CardFault.Protocol, $"The command failed between reader and card: {answer.Error.Describe()}; reset the card.");

    protected static CommandShape Shape(ReadOnlySpan<byte> command) => CommandShape.TryRead(command, out var shape, out var error)
        ? shape
        : throw new ArgumentException(error, nameof(command));
}
