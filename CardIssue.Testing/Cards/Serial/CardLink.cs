using CardIssue.Testing.Cards.Reading;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Testing.Cards.Serial;

/// <summary>How a card's side of a transmission ended.</summary>
internal enum LinkOutcome
{
    /// <summary>The card sent these bytes.</summary>
    Sent,
    /// <summary>The card says nothing.</summary>
    Mute,
    /// <summary>The host gave the reader something that is no transmission of this protocol.</summary>
    Malformed,
}

/// <summary>What the reader got from the card.</summary>
internal readonly record struct LinkAnswer(LinkOutcome Outcome, byte[] Bytes)
{
    public static readonly LinkAnswer Mute = new(LinkOutcome.Mute, []), Malformed = new(LinkOutcome.Malformed, []);

    public static LinkAnswer Sent(byte[] bytes) => new(LinkOutcome.Sent, bytes);
}

/// <summary>The bytes between the reader and a powered card: what one XfrBlock at TPDU level carries.</summary>
internal abstract class CardLink(PoweredCard card, GemPcTwinOptions options)
{
    protected PoweredCard Card => card;

    protected GemPcTwinOptions Options => options;

    /// <summary>How often the card shall ask for waiting time before its next answer, however fast it is.</summary>
    public int TimeRequests { get; set; }

    /// <summary>The link for the protocol of the card.</summary>
    public static CardLink Of(CardProtocol protocol, PoweredCard card, GemPcTwinOptions options, Func<CancellationToken, Task> requestTime) => protocol switch
    {
        CardProtocol.T0 => new T0Link(card, options, requestTime),
        CardProtocol.T1 => new T1Link(card, options),
    };

    /// <summary>Sends to the card and takes what it answers.</summary>
    public abstract Task<LinkAnswer> ExchangeAsync(byte[] bytes, CancellationToken cancellation);

    /// <summary>Waits for work, but no longer than the card is allowed to be silent.</summary>
    protected async Task<bool> IsDoneInTimeAsync(Task work, CancellationToken cancellation)
    {
        try
        {
            await work.WaitAsync(options.CardSilence, options.Time, cancellation).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}

/// <summary>T=0 (ISO 7816-3 clause 10): the reader's chip deals with the procedure bytes, so a command goes in whole and data and status word come out. A slow card's NULL bytes reach the host as time requests.</summary>
internal sealed class T0Link(PoweredCard card, GemPcTwinOptions options, Func<CancellationToken, Task> requestTime) : CardLink(card, options)
{
    private const int HeaderSize = 5;

    public override async Task<LinkAnswer> ExchangeAsync(byte[] bytes, CancellationToken cancellation)
    {
        // A case 1 command may come without its P3, which then is 00 (ISO 7816-3 12.2.1). All else has as many data bytes as P3 says, or none.
        byte[] command = bytes.Length == HeaderSize - 1 ? [.. bytes, 0] : bytes;
        if (command.Length < HeaderSize || command.Length > HeaderSize && command.Length != HeaderSize + command[HeaderSize - 1]) return LinkAnswer.Malformed;
        var work = Card.TransmitAsync(command, cancellation);
        for (; TimeRequests > 0; TimeRequests--) await requestTime(cancellation).ConfigureAwait(false);
        while (!await IsDoneInTimeAsync(work, cancellation).ConfigureAwait(false)) await requestTime(cancellation).ConfigureAwait(false);
        return await work.ConfigureAwait(false) is { Length: > 0 } response ? LinkAnswer.Sent(response) : LinkAnswer.Mute;
    }
}

/// <summary>T=1: a block in, a block out. A card that needs longer than it may be silent asks for waiting time.</summary>
internal sealed class T1Link(PoweredCard card, GemPcTwinOptions options) : CardLink(card, options)
{
    private readonly T1Card _protocol = new(AnswerToReset.InformationFieldSize);
    private Task<byte[]>? _work;

    /// <summary>Makes the card change, before its next answer, the size of the blocks that it takes.</summary>
    public void AskForIfs(byte size) => _protocol.IfsToAskFor = size;

    public override async Task<LinkAnswer> ExchangeAsync(byte[] bytes, CancellationToken cancellation)
    {
        if (bytes.Length == 0) return LinkAnswer.Malformed;
        var step = _protocol.Receive(bytes);
        if (!_protocol.IsRunning) _work = null;
        if (step.Send is { } block) return LinkAnswer.Sent(block);
        _work = step.Run is { } command ? Card.TransmitAsync(command, cancellation) : _work;
        if (TimeRequests > 0 || !await IsDoneInTimeAsync(_work!, cancellation).ConfigureAwait(false))
        {
            TimeRequests = Math.Max(0, TimeRequests - 1);
            return LinkAnswer.Sent(_protocol.AskForTime(Options.WaitingTimeMultiplier));
        }
        var response = await _work!.ConfigureAwait(false);
        _work = null;
        return response.Length > 0 ? LinkAnswer.Sent(_protocol.Answer(response)) : LinkAnswer.Mute;
    }
}
