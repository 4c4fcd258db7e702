using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Center;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Core.Protocol.Terminal;

namespace CardIssue.Test.Explorer;

/// <summary>
/// One transition of the world: a choice is carried out on a state. The parts are replaced as it goes; the first property that
/// does not hold is kept. The hosts' halves are in the other files of this class.
/// </summary>
internal sealed partial class Play(WorldOptions options, Coverage? coverage = null)
{
    private CenterSide? _center;
    private CenterSide? _zombie;
    private TerminalSide _terminal = null!;
    private Store _store = null!;
    private Cards _cards = null!;
    private Budget _budget = null!;
    private Choice _choice;

    /// <summary>The center's state before the step under way.</summary>
    private CenterState? _before;

    /// <summary>The request that the store's answer of this step is for.</summary>
    private RelayMessage? _answering;

    /// <summary>The first property that did not hold.</summary>
    public string? Violation { get; private set; }

    /// <summary>How many effects the step had.</summary>
    public int Effects { get; private set; }

    /// <summary>Which effects of a center's step were saves, as bits; which of a terminal's step went to the card.</summary>
    public int Fragile { get; private set; }

    /// <summary>Whether a card took a command in the clear.</summary>
    public bool Opening { get; private set; }

    /// <summary>Whether the terminal reported an authentication.</summary>
    public bool Reported { get; private set; }

    /// <summary>What each machine did, in words; only when asked for.</summary>
    public List<string>? Told { get; set; }

    /// <summary>Carries out a choice that is possible.</summary>
    public World Take(World w, Choice choice)
    {
        (_center, _zombie, _terminal, _store, _cards, _budget) = (w.Center, w.Zombie, w.Terminal, w.Store, w.Cards, w.Budget);
        (_choice, Violation, Effects, Fragile, Opening, Reported, _answering) = (choice, null, 0, 0, false, false, null);
        if (choice.IsFault) _budget = _budget with { Faults = _budget.Faults - 1 };
        Happen(choice.Happening);
        Settle();
        CheckState();
        return new World(_center, _zombie, _terminal, _store, _cards, _budget);
    }

    private void Happen(Happening happening)
    {
        switch (happening)
        {
            case Happening.CenterReceives: CenterReceives(zombie: false); break;
            case Happening.ZombieReceives: CenterReceives(zombie: true); break;
            case Happening.TerminalReceives: TerminalReceives(); break;
            case Happening.CenterProceeds: CenterProceeds(zombie: false); break;
            case Happening.ZombieProceeds: CenterProceeds(zombie: true); break;
            case Happening.TerminalProceeds: TerminalProceeds(); break;
            case Happening.ReaderReports: ReaderReports(); break;
            case Happening.CenterNoticesCut: CenterNoticesCut(zombie: false); break;
            case Happening.ZombieNoticesCut: CenterNoticesCut(zombie: true); break;
            case Happening.TerminalNoticesCut: TerminalNoticesCut(); break;
            case Happening.LineComesUp: LineComesUp(); break;
            case Happening.CenterTimer or Happening.SpuriousCenterTimer: CenterTimerFires(zombie: false); break;
            case Happening.ZombieTimer: CenterTimerFires(zombie: true); break;
            case Happening.TerminalTimer or Happening.SpuriousTerminalTimer: TerminalTimerFires(); break;
            case Happening.OperatorOrders: OperatorOrders(); break;
            case Happening.OperatorCancels: OperatorCancels(); break;
            case Happening.CenterStops: CenterStops(); break;
            case Happening.InsertA: Insert(Card.A); break;
            case Happening.InsertB: Insert(Card.B); break;
            case Happening.InsertX: Insert(Card.X); break;
            case Happening.TakeOut or Happening.CardPulled: _cards = _cards.TakeOut(); break;
            case Happening.CardSwapped: _cards = _cards.TakeOut().PutIn(_cards.InReader is Card.A ? Card.B : Card.A); break;
            case Happening.CardLosesPower: _cards = _cards.PowerDown(); break;
            case Happening.LineCut: CutLine(); break;
            case Happening.LostToCenter: _center = _center! with { Inbox = _center.Inbox.Tail() }; break;
            case Happening.LostToTerminal: _terminal = _terminal with { Inbox = _terminal.Inbox.Tail() }; break;
            case Happening.DoubledToCenter: _center = _center! with { Inbox = [_center.Inbox[0], .. _center.Inbox] }; break;
            case Happening.DoubledToTerminal: _terminal = _terminal with { Inbox = [_terminal.Inbox[0], .. _terminal.Inbox] }; break;
            case Happening.StoreRestored: _store = options.Quarantines ? _store.Restore() : _store.Restore() with { State = _store.Backup!.State }; break;
            case Happening.InjectToCenter: OnCenter(false, Injections.ToCenter(_choice.Index)); break;
            case Happening.InjectToTerminal: InjectToTerminal(Injections.ToTerminal(_choice.Index)); break;
            case Happening.CopyTaken: _store = _store with { Backup = _store }; break;
            case Happening.OrderImported: _store = _store.Import(options); break;
            case Happening.OrderSettled: _store = _store.Settle(); break;
            case Happening.CopyPutBack: PutBack(); break;
            case Happening.ReaderReturns: ReaderReturns(); break;
            case Happening.ReaderPulled: _cards = _cards.Pull(exchange: false); break;
            case Happening.ReaderExchanged: _cards = _cards.Pull(exchange: true); break;
            case Happening.HostTakenForDead: _store = _store with { HolderLost = true }; break;
        }
    }

    private void Insert(Card card)
    {
        if (card is not Card.A) _budget = _budget with { Others = _budget.Others - 1 };
        else if (_terminal.State.Phase is not TerminalPhase.AwaitingCard) _budget = _budget with { Early = _budget.Early - 1 };
        _cards = _cards.PutIn(card);
    }

    /// <summary>What is under way may still arrive until a side notices.</summary>
    private void CutLine()
    {
        if (_center is not null) _center = _center with { LineDead = true };
        _terminal = _terminal with { LineDead = true };
    }

    private void LineComesUp()
    {
        if (_center is not null) _zombie = _center;
        _center = CenterSide.Start(options.CenterPolicy);
        _terminal = _terminal with { LineDead = false, Inbox = default };
        OnCenter(false, new CenterEvent.LineUp(new LineNumber(1), Names.Nonce));
        OnTerminal(new TerminalEvent.LineUp(Names.Nonce));
    }

    /// <summary>A session that is over, and of which nothing more can come, is gone.</summary>
    private void Settle()
    {
        if (_center is { State.Phase: CenterPhase.Ended, LineDead: true, Pending.Count: 0, Failure: null }) _center = null;
        if (_zombie is { State.Phase: CenterPhase.Ended, Pending.Count: 0, Failure: null }) _zombie = null;
    }

    private void Violate(string what) => Violation ??= what;
}
