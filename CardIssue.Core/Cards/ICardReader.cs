using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards;

/// <summary>A device that writes and reads cards (PC/SC, serial, simulated). One queue per reader: calls on its connection do not overlap.</summary>
public interface ICardReader : IAsyncDisposable
{
    /// <summary>Asks the reader what it is, anew each time: another one may hang on the same port. What the driver could not honestly learn is null.</summary>
    /// <exception cref="CardException">The reader is gone.</exception>
    ValueTask<ReaderIdentity> IdentifyAsync(CancellationToken cancellation);

    /// <summary>Completes with the answer to reset (2–33 bytes, ISO 7816-3) as soon as a card is in.</summary>
    /// <exception cref="CardException">
    /// The reader is gone; or a card is in that does not answer (<see cref="CardFault.Mute"/>): the wrong way round, most often.
    /// <see cref="WaitForRemovalAsync"/> then waits for it to be taken out as for any other.
    /// </exception>
    ValueTask<ByteString> WaitForCardAsync(CancellationToken cancellation);

    /// <summary>Completes as soon as no card is in.</summary>
    /// <exception cref="CardException">The reader is gone.</exception>
    ValueTask WaitForRemovalAsync(CancellationToken cancellation);

    /// <summary>Connects to the card that is in, exclusively.</summary>
    /// <exception cref="CardException">No card, a mute card, or the reader is gone or busy.</exception>
    ValueTask<ICardConnection> ConnectAsync(CancellationToken cancellation);
}

/// <summary>
/// How commands and responses travel between reader and card (ISO 7816-3). It decides what an answer looks like that has data to fetch.
/// </summary>
public enum TransmissionProtocol
{
    /// <summary>
    /// T=0: a command carries data one way; what a card answers to one with data waits for GET RESPONSE (ISO 7816-3 12.2).
    /// </summary>
    T0,
    /// <summary>T=1, and all others that carry whole commands and responses.</summary>
    T1,
}

/// <summary>One powered card: bytes to bytes. GET RESPONSE, 6Cxx and tracing are wrappers around it.</summary>
public interface ICardConnection : IAsyncDisposable
{
    /// <summary>The answer to the last reset, 2–33 bytes.</summary>
    ByteString Atr { get; }

    /// <summary>What the card speaks since the last reset.</summary>
    TransmissionProtocol Protocol { get; }

    /// <summary>Sends one command APDU and receives its response APDU, status word included.</summary>
    /// <param name="command">The command APDU, short or extended (ISO 7816-4 5.1).</param>
    /// <param name="response">Where the response goes; must hold <see cref="ResponseApdu.MaxLength"/> bytes for extended commands, 258 for short ones.</param>
    /// <param name="cancellation">Stops the wait; the card's state is unknown then and it must be reset.</param>
    /// <returns>The length of the response in bytes, 2 or more.</returns>
    /// <exception cref="CardException">The card or reader went away, or did not answer in time.</exception>
    ValueTask<int> TransmitAsync(ReadOnlyMemory<byte> command, Memory<byte> response, CancellationToken cancellation);

    /// <summary>Cold reset: every channel and session on the card is gone.</summary>
    /// <returns>The answer to reset, 2–33 bytes (ISO 7816-3 8.2).</returns>
    /// <exception cref="CardException">The card or reader went away, or the card is mute.</exception>
    ValueTask<ByteString> ResetAsync(CancellationToken cancellation);
}

/// <summary>What went wrong between reader and card.</summary>
public enum CardFault
{
    /// <summary>No card is in.</summary>
    NoCard,
    /// <summary>The card was taken out.</summary>
    Removed,
    /// <summary>Another program reset the card: its session is gone.</summary>
    Reset,
    /// <summary>The card does not answer a reset.</summary>
    Mute,
    /// <summary>The card did not answer the command in the time that a slow card may take.</summary>
    SlowCard,
    /// <summary>The reader is gone, or does not answer any more.</summary>
    ReaderGone,
    /// <summary>The system's smart card service is not running, or was restarted.</summary>
    ServiceGone,
    /// <summary>Another program holds the reader.</summary>
    Busy,
    /// <summary>What came back is not a response.</summary>
    Protocol,
}

/// <summary>The card or the reader went away or broke; nothing is known of the command that was under way.</summary>
public sealed class CardException : CardIssueException
{
    /// <summary>Makes one with its fault and what to do next.</summary>
    public CardException(CardFault fault, string message, Exception? inner = null) : base(message, inner) => Fault = fault;

    /// <summary>What went wrong.</summary>
    public CardFault Fault { get; }
}
