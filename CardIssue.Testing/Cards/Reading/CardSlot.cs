using CardIssue.Testing.Cards.State;

namespace CardIssue.Testing.Cards.Reading;

/// <summary>Where a simulated card is put in and taken out. Safe for concurrent calls; the card runs one command at a time.</summary>
public sealed class CardSlot
{
    private readonly Lock _sync = new();
    private CardSimulator? _card;
    private CancellationTokenSource _removal = new();
    private TaskCompletionSource _changed = NewChange();
    private bool _isClosed;

    /// <summary>Counts insertions, so that a swapped card is told from the one before; 0 when no card is in.</summary>
    internal int Insertion { get; private set; }

    private int _insertions;

    /// <summary>The card that is in; null when none is.</summary>
    internal CardSimulator? Card
    {
        get { lock (_sync) return _card; }
    }

    /// <summary>Puts a card in; one that is in already is taken out first.</summary>
    public void Insert(CardSimulator card)
    {
        ArgumentNullException.ThrowIfNull(card);
        card.PowerOff();
        Put(card);
    }

    /// <summary>Puts a card in the wrong way round: it is there, and answers no reset.</summary>
    internal void InsertMute() => Put(null);

    private void Put(CardSimulator? card)
    {
        lock (_sync)
        {
            TakeOut();
            _card = card;
            Insertion = ++_insertions;
            Announce();
        }
    }

    /// <summary>Takes the card out: its power is gone at once, whatever it is doing.</summary>
    internal void Remove()
    {
        lock (_sync)
        {
            TakeOut();
            Announce();
        }
    }

    /// <summary>The reader itself goes away.</summary>
    internal void Close()
    {
        lock (_sync)
        {
            TakeOut();
            _isClosed = true;
            Announce();
        }
    }

    /// <summary>What is in now, and a task that completes at the next change. A card that has no answer to reset is mute.</summary>
    internal (int Insertion, byte[] Atr, bool IsClosed, Task Changed) Look()
    {
        lock (_sync) return (Insertion, _card?.Atr ?? [], _isClosed, _changed.Task);
    }

    /// <summary>Resets the card that is in; null when none is, or it is mute. The token fires when it is taken out.</summary>
    internal (int Insertion, CardProtocol Protocol, byte[] Atr, CancellationToken Removal)? Reset()
    {
        lock (_sync) return _card is null ? null : (Insertion, _card.Protocol, _card.Reset(), _removal.Token);
    }

    /// <summary>Whether the card of that insertion is in and has power.</summary>
    internal bool IsPowered(int insertion)
    {
        lock (_sync) return _card is { IsPowered: true } && Insertion == insertion;
    }

    /// <summary>Takes the power from the card of that insertion, if it is still in.</summary>
    internal void PowerOff(int insertion)
    {
        lock (_sync)
            if (Insertion == insertion) _card?.PowerOff();
    }

    /// <summary>Runs a command on the card of that insertion; empty when that one is gone or has no power.</summary>
    internal byte[] Transmit(int insertion, ReadOnlySpan<byte> command)
    {
        lock (_sync) return _card is not null && Insertion == insertion ? _card.Transmit(command) : [];
    }

    private void TakeOut()
    {
        _card?.PowerOff();
        _card = null;
        Insertion = 0;
        _removal.Cancel();
        _removal = new CancellationTokenSource();
    }

    private void Announce()
    {
        _changed.SetResult();
        _changed = NewChange();
    }

    private static TaskCompletionSource NewChange() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
