using CardIssue.Core.Cards;
using CardIssue.Core.Primitives;
using CardIssue.Testing.Cards.Timing;

namespace CardIssue.Testing.Cards.Reading;

/// <summary>A reader in this process, with a slot that a program puts cards into.</summary>
/// <param name="timing">How slow the cards are; null for as fast as they go.</param>
public sealed class VirtualCardReader(ReaderIdentity? identity = null, ICardTiming? timing = null, TimeProvider? time = null) : ICardReader
{
    private readonly ReaderIdentity _identity = identity ?? new ReaderIdentity("virtual", "CardIssue virtual reader", "CardIssue", "VirtualCard", "VC-0001", "1.0");
    private readonly CardPacer? _pacer = timing is null ? null : new CardPacer(time ?? TimeProvider.System, timing);
    private VirtualCardConnection? _connection;
    private int _seen;

    /// <inheritdoc/>
    public ValueTask<ReaderIdentity> IdentifyAsync(CancellationToken cancellation) => ValueTask.FromResult(_identity);

    /// <summary>The slot itself.</summary>
    public CardSlot Slot { get; } = new();

    /// <summary>Puts a card in; one that is in already is taken out first.</summary>
    public void Insert(CardSimulator card) => Slot.Insert(card);

    /// <summary>Takes the card out; a command under way fails with <see cref="CardFault.Removed"/>.</summary>
    public void Remove() => Slot.Remove();

    /// <inheritdoc/>
    public async ValueTask<ByteString> WaitForCardAsync(CancellationToken cancellation)
    {
        var atr = await WaitAsync(insertion => insertion != 0, cancellation).ConfigureAwait(false);
        return atr.Length > 0 ? ByteString.Copy(atr) : throw new CardException(CardFault.Mute, "The card in the virtual reader does not answer; turn it round.");
    }

    /// <summary>A card that was swapped for another was taken out, however quickly.</summary>
    public async ValueTask WaitForRemovalAsync(CancellationToken cancellation)
    {
        var seen = _seen;
        await WaitAsync(insertion => insertion != seen, cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<ICardConnection> ConnectAsync(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (Slot.Look().IsClosed) throw Gone();
        if (_connection is { IsDisposed: false }) throw new CardException(CardFault.Busy, "Another connection to this reader is open; dispose it first.");
        if (Slot.Reset() is not { } start) throw new CardException(CardFault.NoCard, "No card is in the virtual reader; insert one.");
        _pacer?.Restart();
        _connection = new VirtualCardConnection(Slot, _pacer, start.Insertion, start.Protocol, start.Atr, start.Removal);
        return ValueTask.FromResult<ICardConnection>(_connection);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Slot.Close();
        return ValueTask.CompletedTask;
    }

    private async Task<byte[]> WaitAsync(Func<int, bool> reached, CancellationToken cancellation)
    {
        while (true)
        {
            var now = Slot.Look();
            if (now.IsClosed) throw Gone();
            if (reached(now.Insertion))
            {
                _seen = now.Insertion;
                return now.Atr;
            }
            await now.Changed.WaitAsync(cancellation).ConfigureAwait(false);
        }
    }

    private static CardException Gone() => new(CardFault.ReaderGone, "The virtual reader was disposed.");
}
