using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Center;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Core.Protocol.Terminal;

namespace CardIssue.Test.Explorer;

/// <summary>The properties; the number in front is the one of "what must always hold" that each belongs to.</summary>
internal sealed partial class Play
{
    /// <summary>
    /// Whether store and cards cannot be compared: people have to, or would have to if the center knew that it was put back.
    /// </summary>
    private bool Quarantined => _store.State is OrderState.Quarantined || _store.History.Lost is not null;

    private void CheckState()
    {
        if (Violation is not null) return;
        var t = _terminal;
        if (t.Buffer.Count > options.TerminalPolicy.Window) Violate("1 the terminal holds more than its window");
        if (t.State.Relay is null && t.Buffer.Count > 0) Violate("1 the terminal holds commands outside a script");
        if (t.State.Phase is not TerminalPhase.Relaying)
        {
            if (t.Buffer.Any(c => CommandToken.Decode(c.Payload).Kind is not (ScriptKind.Open or 0)))
                Violate("1 the terminal holds commands outside a script");
            if (t.Responses.Count > 0) Violate("1 the terminal holds responses after they were reported");
        }
        CheckWaits();
        CheckCard(Card.A);
        CheckCard(Card.B);
        CheckCard(Card.X);
        if (_cards.A.Closed && _cards.B.Closed) Violate("2 two live cards for one order");
        if (options.Rewrites && _store.Bound != options.IdOf(1)) Violate("2 a rewrite has another card than it was ordered for");
        if (_store.State is OrderState.Issued && !Quarantined) CheckIssued();
    }

    /// <summary>Whoever waits for the peer has a timer armed: every wait has a cap.</summary>
    private void CheckWaits()
    {
        if (_center is { Timer: false, LineDead: false, Failure: null, State.Phase: not (CenterPhase.Claiming or CenterPhase.Judging or CenterPhase.Ended) })
            Violate($"the center waits without a cap in {_center.State.Phase}");
        if (_terminal is { Timer: false, LineDead: false, State.Phase: TerminalPhase.Greeting or TerminalPhase.AwaitingAdmission
            or TerminalPhase.Requesting or TerminalPhase.Standby or TerminalPhase.Relaying })
            Violate($"the terminal waits without a cap in {_terminal.State.Phase}");
        if (_terminal is { State.Phase: TerminalPhase.CheckingReader, Pending.Count: 0 } && !_cards.IsAway) Violate("the terminal waits for a reader that is there");
    }

    private void CheckCard(Card card)
    {
        var model = _cards[card];
        if (!model.Touched || Quarantined) return;
        if (_store.Bound != options.IdOf(card, model)) Violate($"2 card {card} is written and the order is not bound to it");
        if (!model.Closed) return;
        if (_store.State is not (OrderState.Closing or OrderState.Issued or OrderState.Waiting)) Violate("4 a card is closed and the store does not know of it");
        if (!model.Complete(options.Plan, options.Plan.Records.Count)) Violate("2 a card is closed and not complete");
    }

    private void CheckIssued()
    {
        if (_store.Bound is not { } id || !OfIdentity(id).Any(card => _cards[card].Closed)) Violate("4 issued, and the card is not closed");
    }

    private void CheckBound(Card? card, CardId id)
    {
        if (card is not { } bound || options.IdOf(bound,
            _cards[bound]) != id) Violate("2 the order is bound to an identity that its card does not have");
    }

    /// <summary>A command of a record leaves: what came before is confirmed, in the store and on the card.</summary>
    private void CheckCommand(ScriptRun run)
    {
        if (Quarantined || (run.Kind is not (ScriptKind.Record or ScriptKind.Close) && run.Tail is not ScriptTail.First)) return;
        if (_store.Progress.Confirmed < run.Record - 1) Violate($"3 record {run.Record} leaves before {run.Record - 1} is confirmed");
        if (_store.Progress.InDoubt != run.Record) Violate($"4 record {run.Record} leaves and the store does not know of it");
        if (_store.Bound is null) Violate("2 a record leaves for a card that is not bound");
        else if (_center!.Keys!.Genuine is { } card && !_cards[card].Complete(options.Plan,
            run.Record - 1)) Violate($"3 record {run.Record} leaves and the card has not all before it");
    }

    /// <param name="card">The card.</param>
    /// <param name="token">The command.</param>
    /// <param name="closed">Whether it was closed before.</param>
    private void CheckExecuted(Card card, CommandToken token, bool closed)
    {
        // What a bad peer puts on the line is no command of the center: it has no kind.
        if (card is Card.X && token.Kind is not (ScriptKind.Open or 0)) Violate($"5 a foreign card gets {token.Kind}");
        if (!options.ReaderKnown || _cards.Reader is ReaderAt.Other) Violate("5 a card in an unknown reader is touched");
        if (Quarantined) return;
        // Where cards share an identity, one's success clears the count of the other.
        if (options.Identities is Identities.Unique && !options.Faults.HasFlag(Faults.Alter)
            && _cards[card].Tries > _store.Tries(options.IdOf(card, _cards[card])))
            Violate("5 an authentication try was not counted");
        if (token.Kind is ScriptKind.Record or ScriptKind.Close && _cards[card].Elsewhere)
            Violate("2 what was changed elsewhere is written over");
        if (token.Kind is ScriptKind.Record or ScriptKind.Close && closed) Violate("3 a card that is closed is written on");
        if (token.Kind is ScriptKind.Record && _cards[card].Marks.Span.Contains((byte)2)) Violate("3 a command that may not be repeated was applied twice");
    }

    /// <summary>A number is given once: a card that has one is known by it.</summary>
    private void CheckNumbering(Card card, CommandToken token)
    {
        if (token is { Kind: ScriptKind.Assign, Index: 0 } && _cards[card].Number != 0
            && _cards[card].Number != token.Number) Violate("2 a card that has a number is given another");
    }

    private void CheckSent(bool zombie, RelayMessage message)
    {
        if (!options.TerminalKnown && message is not (Challenge or Refused)) Violate($"5 an unknown terminal gets {message.Type}");
        // The opening goes to the terminal before the reader is known, and to no card.
        if (!options.ReaderKnown && message is Script { Kind: not ScriptKind.Open }) Violate("5 an unknown reader gets a script");
        CheckTold(message);
        if (message is Issued && !zombie && _store.State is not (OrderState.Issued or OrderState.Quarantined)) Violate("4 success is told before it is saved");
    }

    /// <summary>An order is told as done only to the terminal that had it, which is who has its token.</summary>
    private void CheckTold(RelayMessage message)
    {
        if (message is Issued && _answering is RequestIssue) Violate("4 success is told to a terminal that does not show that it had the order");
    }

    /// <summary>Whoever returns for an order is told at last how it ended.</summary>
    private void CheckReturned(TerminalState before, TerminalEvent happened)
    {
        if (happened is not TerminalEvent.Received(Declined { Code: DeclineCode.AlreadyIssued }) || before.Token.IsEmpty || !_terminal.State.Token.IsEmpty) return;
        if (_choice.Happening is Happening.InjectToTerminal || Quarantined || _store.State is not OrderState.Issued) return;
        Violate("4 a terminal that returns is not told that its order is issued");
    }

    private void CheckSentUp(RelayMessage message)
    {
        if (!options.ReaderKnown && message is CardPresent) Violate("5 a card in an unknown reader is offered");
        if (options.ReaderKnown && _cards.Reader is not ReaderAt.Other && message is ReaderRefused) Violate("5 a reader that is not there is reported as unknown");
        if (!options.CenterGenuine && message is not (Hello or Proof)) Violate($"5 an unknown center gets {message.Type}");
    }

    /// <summary>A center that was let in and says that it issued is believed: what a bad one says proves nothing here.</summary>
    private void CheckPrinted()
    {
        if (_choice.Happening is Happening.InjectToTerminal || _store.History.Lost is not null) return;
        if (_store.State is not (OrderState.Issued or OrderState.Quarantined)) Violate("4 a receipt is printed and the order is not issued");
        _terminal = _terminal with { Receipts = _terminal.Receipts + 1 };
        // A bad center may give a terminal the token of an order that is done, and have it return for that.
        if (_terminal.Receipts > 1 && !options.Faults.HasFlag(Faults.Inject)) Violate("4 two receipts are printed for one order");
    }
}
