using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Core.Protocol.Terminal;

namespace CardIssue.Test.Explorer;

/// <summary>The terminal's host: relay, module and reader.</summary>
internal sealed partial class Play
{
    private void TerminalReceives()
    {
        var message = _terminal.Inbox[0];
        _terminal = _terminal with { Inbox = _terminal.Inbox.Tail() };
        if (message is Command command) OnTerminal(new TerminalEvent.CommandArrived(command.Sequence), command);
        else OnTerminal(new TerminalEvent.Received(message));
    }

    private void InjectToTerminal(TerminalEvent happened)
    {
        if (happened is TerminalEvent.CommandArrived(var sequence)) OnTerminal(happened, new Command(sequence, new CommandToken().Encode(), default));
        else OnTerminal(happened);
    }

    /// <summary>What module and reader were asked on that line is not answered any more.</summary>
    private void TerminalNoticesCut()
    {
        _terminal = _terminal with { Inbox = default, Pending = default, ReaderDue = false };
        OnTerminal(new TerminalEvent.LineDown());
    }

    private void TerminalTimerFires()
    {
        _terminal = _terminal with { Timer = false };
        OnTerminal(new TerminalEvent.TimerFired());
    }

    private void TerminalProceeds()
    {
        var answer = _terminal.Pending[0];
        _terminal = _terminal with { Pending = _terminal.Pending.Tail() };
        OnTerminal(answer);
    }

    private void ReaderReports()
    {
        var inserted = _cards.Reports[0];
        _cards = _cards with { Reports = _cards.Reports.Tail() };
        OnTerminal(inserted ? new TerminalEvent.CardInserted(Names.Atr) : new TerminalEvent.CardGone());
    }

    private void OperatorOrders()
    {
        _budget = _budget with { Orders = _budget.Orders - 1 };
        OnTerminal(new TerminalEvent.IssueOrdered("order", ByteString.Empty, Names.Operator));
    }

    private void OperatorCancels()
    {
        _budget = _budget with { Cancels = _budget.Cancels - 1 };
        OnTerminal(new TerminalEvent.CancelOrdered());
    }

    /// <param name="happened">The event.</param>
    /// <param name="payload">What came with it; kept only if the event is handled.</param>
    private void OnTerminal(TerminalEvent happened, Command? payload = null)
    {
        var before = _terminal.State;
        var step = options.Machines.Terminal(before, happened);
        coverage?.Terminal.Note(before, happened.Kind, step.Outcome, step.State);
        Told?.Add($"terminal: {before.Phase} × {Describe(happened)} -> {step.State.Phase} {step.Outcome.Reason}");
        _terminal = _terminal with { State = step.State };
        if (payload is not null && step.Outcome.Kind is OutcomeKind.Handled) _terminal = _terminal with { Buffer = _terminal.Buffer.Add(payload) };
        CheckReturned(before, happened);
        var crash = _choice.Mishap is Mishap.CrashAfter ? _choice.Index : int.MaxValue;
        Effects = step.Effects.Count;
        for (var i = 0; i < step.Effects.Count; i++)
        {
            if (i == crash) break;
            if (step.Effects[i] is TerminalEffect.Transmit) Fragile |= 1 << i;
            Told?.Add($"    {Describe(step.Effects[i])}");
            Carry(step.Effects[i]);
        }
        if (crash != int.MaxValue) CrashTerminal();
    }

    private void CrashTerminal()
    {
        Told?.Add("terminal crashes");
        _terminal = TerminalSide.Start(options) with { Receipts = _terminal.Receipts, Note = _terminal.Note };
        _cards = _cards.Disconnect() with { Reports = _cards.InReader is null ? default : [true] };
        if (_center is not null) _center = _center with { LineDead = true };
    }

    private void Carry(TerminalEffect effect)
    {
        switch (effect)
        {
            case TerminalEffect.Send(var message): SendUp(message); break;
            case TerminalEffect.Sign: Answers(new TerminalEvent.Signed(Names.Proof with { Note = _terminal.Note })); break;
            case TerminalEffect.KeepWitness { Note: var note }: KeepNote(note); break;
            case TerminalEffect.JudgeCenter: Answers(new TerminalEvent.CenterJudged(options.CenterGenuine)); break;
            case TerminalEffect.CheckReader: CheckReader(); break;
            case TerminalEffect.BeginScript(var script): BeginScript(script); break;
            case TerminalEffect.Transmit(var sequence): Transmit(sequence); break;
            case TerminalEffect.SendResult(var first, var stop):
                Report(new Result(first, stop, _terminal.Responses));
                _terminal = _terminal with { Responses = default };
                break;
            case TerminalEffect.DiscardCommands: _terminal = _terminal with { Buffer = default }; break;
            case TerminalEffect.ReleaseCard: ReleaseCard(); break;
            case TerminalEffect.Show: break;
            case TerminalEffect.Print: CheckPrinted(); break;
            case TerminalEffect.ArmTimer: _terminal = _terminal with { Timer = true }; break;
            case TerminalEffect.StopTimer: _terminal = _terminal with { Timer = false }; break;
            case TerminalEffect.CloseLine:
                _terminal = _terminal with { LineDead = true, Inbox = default };
                if (_center is not null) _center = _center with { LineDead = true };
                break;
        }
    }

    /// <summary>One that is away is judged when it is back.</summary>
    private void CheckReader()
    {
        var waits = _cards.IsAway && options.ReaderChecking is not ReaderChecking.AwayIsUnknown;
        _terminal = _terminal with { ReaderDue = waits && options.ReaderChecking is not ReaderChecking.Forgotten };
        if (!waits) Answers(new TerminalEvent.ReaderJudged(IsReaderKnown, "reader"));
    }

    /// <summary>Whoever asked does not wait any more where the order is over.</summary>
    private void ReaderReturns()
    {
        _cards = _cards with { Reader = _cards.Reader is ReaderAt.Exchanging ? ReaderAt.Other : ReaderAt.Own };
        if (_terminal is { ReaderDue: true, State.Phase: TerminalPhase.CheckingReader }) Answers(new TerminalEvent.ReaderJudged(IsReaderKnown, "reader"));
        _terminal = _terminal with { ReaderDue = false };
    }

    private bool IsReaderKnown => options.ReaderKnown && (_cards.Reader is ReaderAt.Own || options.ReaderChecking is ReaderChecking.Remembered);

    private void Answers(TerminalEvent answer) => _terminal = _terminal with { Pending = _terminal.Pending.Add(answer) };

    private void SendUp(RelayMessage message)
    {
        CheckSentUp(message);
        if (!_terminal.LineDead && _center is not null) _center = _center with { Inbox = _center.Inbox.Add(message) };
    }

    private void Report(Result result)
    {
        Reported = _center?.State.Work?.Script is { Kind: ScriptKind.Authenticate } && result.Responses.Count > 0;
        SendUp(_choice.Mishap is not Mishap.Hidden ? result : new Result(result.First, ScriptStop.UnexpectedStatus,
            [(ResponseToken.Decode(result.Responses[0]) with { Answer = Answer.Error }).Encode()]));
    }

    private void BeginScript(Script script)
    {
        if (script.Kind is ScriptKind.Open) _cards = IsReaderKnown || options.ReaderChecking is ReaderChecking.Once ? _cards.Connect() : _cards.Disconnect();
        if (!script.Ticket.IsEmpty) _terminal = _terminal with { Ticket = script.Ticket };
    }

    /// <summary>Nothing is held after it, and what the card may still answer is of no interest any more.</summary>
    private void ReleaseCard()
    {
        _cards = _cards.Disconnect();
        var others = _terminal.Pending.Where(e => e is not (TerminalEvent.Answered or TerminalEvent.Faulted)).ToArray();
        _terminal = _terminal with
        {
            Buffer = default, Responses = default, Ticket = default,
            Pending = others.Length == _terminal.Pending.Count ? _terminal.Pending : ValueList.Create<TerminalEvent>(others),
        };
    }

    private void Transmit(int sequence)
    {
        var held = _terminal.Buffer.FirstOrDefault(c => c.Sequence == sequence);
        if (held is null)
        {
            Violate("1 a command is to be transmitted that is not held");
            return;
        }
        _terminal = _terminal with { Buffer = ValueList.Create<Command>(_terminal.Buffer.Where(c => c.Sequence != sequence).ToArray()) };
        var token = CommandToken.Decode(held.Payload);
        var refused = token.Sealed && (_terminal.Ticket.IsEmpty || _terminal.Ticket[0] != token.Fence || _terminal.Ticket[1] != token.Opening);
        if (refused || _choice.Mishap is Mishap.ModuleRefuses)
        {
            Answers(new TerminalEvent.Faulted(sequence, ScriptStop.ModuleRefused));
            return;
        }
        if (_choice.Mishap is Mishap.PulledBefore) _cards = _cards.TakeOut();
        if (!_cards.Connected || _cards.InReader is not { } card || _choice.Mishap is Mishap.SilentBefore)
        {
            _cards = _cards.PowerDown();
            Answers(new TerminalEvent.Faulted(sequence, ScriptStop.CardLost));
            return;
        }
        ToCard(card, sequence, token);
    }

    private void ToCard(Card card, int sequence, CommandToken token)
    {
        var model = _cards[card];
        var taken = model.Execute(options, card, token);
        if (token.Kind is ScriptKind.Open) Opening = true;
        var (after, response) = _choice.Mishap switch
        {
            Mishap.CardErrs => (model.PowerDown(), taken.Response with { Answer = Answer.Error, Found = Found.Nothing }),
            Mishap.CardRefuses when taken.Response.Answer is Answer.Success =>
                (Refusing(model, taken.Card), taken.Response with { Answer = Answer.Refused, Found = Found.Nothing }),
            Mishap.Altered when token.Kind is ScriptKind.Open =>
                (taken.Card, taken.Response with { Told = Altered(card, taken.Response.Told) }),
            _ => taken,
        };
        if (!ReferenceEquals(after, model) && response.Answer is Answer.Success) CheckNumbering(card, token);
        _cards = _cards.With(card, after);
        CheckExecuted(card, token, model.Closed);
        if (_choice.Mishap is Mishap.PulledAfter) _cards = _cards.TakeOut();
        if (_choice.Mishap is Mishap.SilentAfter) _cards = _cards.PowerDown();
        if (_choice.Mishap is Mishap.PulledAfter or Mishap.SilentAfter)
        {
            Answers(new TerminalEvent.Faulted(sequence, ScriptStop.CardLost));
            return;
        }
        _terminal = _terminal with { Responses = _terminal.Responses.Add(response.Encode()) };
        var unwanted = token.AsksForNone && (response.Told != 0 || options.TellsOther);
        Answers(new TerminalEvent.Answered(sequence, response.Answer is Answer.Success && !unwanted));
    }

    /// <summary>A card that refuses a command inside its channel has counted it: what comes next would be taken.</summary>
    private static CardModel Refusing(CardModel before, CardModel taken) =>
        before.Channel is { Open: true } ? before with { Channel = taken.Channel } : before;

    /// <summary>Another identity than the card tells: the other card's, the bound card's number, or none.</summary>
    private byte Altered(Card card, byte told)
    {
        var other = card is Card.A ? Card.B : Card.A;
        if (options.Identities is not Identities.Given) return options.ToldBy(other, _cards[other]);
        return told != 0 ? (byte)0 : _cards[other].Number != 0 ? _cards[other].Number : (byte)9;
    }
}
