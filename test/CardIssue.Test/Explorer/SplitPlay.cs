using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Center;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Core.Protocol.Terminal;

namespace CardIssue.Test.Explorer;

/// <summary>One transition of a split line's admission, with the hosts as their documentation says, and what must hold after it.</summary>
internal sealed class SplitPlay(Machines machines, Coverage coverage)
{
    private CenterHalf? _dataCenter, _resultsCenter;
    private TerminalHalf _data = null!;
    private TerminalHalf? _results;
    private SplitWorld _w = null!;
    private int _waiting, _token, _faults, _orders;
    private ByteString _bringUp;
    private bool _attachedCenter, _attachedTerminal;

    /// <summary>The first property that did not hold.</summary>
    public string? Violation { get; private set; }

    public SplitWorld Take(SplitWorld w, SplitHappening happening)
    {
        _w = w;
        (_dataCenter, _resultsCenter, _data, _results) = (w.DataCenter, w.ResultsCenter, w.Data, w.Results);
        (_waiting, _token, _faults, _orders, _bringUp) = (w.Waiting, w.Token, w.Faults, w.Orders, w.BringUp);
        (_attachedCenter, _attachedTerminal, Violation) = (w.AttachedCenter, w.AttachedTerminal, null);
        if (happening >= SplitHappening.CutData) _faults--;
        Happen(happening);
        Settle();
        Check();
        return new SplitWorld(_dataCenter, _resultsCenter, _data, _results, _bringUp, _waiting, _token, _attachedCenter, _attachedTerminal, _faults, _orders);
    }

    private void Happen(SplitHappening happening)
    {
        switch (happening)
        {
            case SplitHappening.ToDataCenter: CenterReceives(true); break;
            case SplitHappening.ToResultsCenter: CenterReceives(false); break;
            case SplitHappening.ToData: TerminalReceives(true); break;
            case SplitHappening.ToResults: TerminalReceives(false); break;
            case SplitHappening.DataCenterProceeds: CenterProceeds(true); break;
            case SplitHappening.ResultsCenterProceeds: CenterProceeds(false); break;
            case SplitHappening.DataProceeds: TerminalProceeds(true); break;
            case SplitHappening.ResultsProceeds: TerminalProceeds(false); break;
            case SplitHappening.DataCenterNotices: OnCenter(true, new CenterEvent.LineDown()); break;
            case SplitHappening.ResultsCenterNotices: ResultsCenterNotices(); break;
            case SplitHappening.DataNotices: DataNotices(); break;
            case SplitHappening.ResultsNotices: OnTerminal(false, new TerminalEvent.LineDown()); break;
            case SplitHappening.DataComesUp: DataComesUp(); break;
            case SplitHappening.ResultsComesUp: ResultsComesUp(); break;
            case SplitHappening.DataCenterTimer or SplitHappening.DataCenterTimerEarly: CenterTimer(true); break;
            case SplitHappening.ResultsCenterTimer or SplitHappening.ResultsCenterTimerEarly: CenterTimer(false); break;
            case SplitHappening.DataTimer or SplitHappening.DataTimerEarly: TerminalTimer(true); break;
            case SplitHappening.ResultsTimer: TerminalTimer(false); break;
            case SplitHappening.OperatorOrders:
                _orders--;
                OnTerminal(true, new TerminalEvent.IssueOrdered("order", default, Names.Operator));
                break;
            case SplitHappening.CardIn: OnTerminal(true, new TerminalEvent.CardInserted(Names.Atr)); break;
            case SplitHappening.CardOut: OnTerminal(true, new TerminalEvent.CardGone()); break;
            case SplitHappening.CutData: Cut(true); break;
            case SplitHappening.CutResults: Cut(false); break;
            case SplitHappening.LoseToDataCenter: _dataCenter = _dataCenter! with { Inbox = _dataCenter.Inbox.Tail() }; break;
            case SplitHappening.LoseToResultsCenter: _resultsCenter = _resultsCenter! with { Inbox = _resultsCenter.Inbox.Tail() }; break;
            case SplitHappening.LoseToData: _data = _data with { Inbox = _data.Inbox.Tail() }; break;
            case SplitHappening.LoseToResults: _results = _results! with { Inbox = _results.Inbox.Tail() }; break;
            case SplitHappening.DoubleToDataCenter: _dataCenter = _dataCenter! with { Inbox = [_dataCenter.Inbox[0], .. _dataCenter.Inbox] }; break;
            case SplitHappening.DoubleToResultsCenter: _resultsCenter = _resultsCenter! with { Inbox = [_resultsCenter.Inbox[0], .. _resultsCenter.Inbox] }; break;
            case SplitHappening.DoubleToData: _data = _data with { Inbox = [_data.Inbox[0], .. _data.Inbox] }; break;
            case SplitHappening.CenterCrashes:
                (_dataCenter, _resultsCenter, _waiting, _attachedCenter) = (null, null, 0, false);
                KillTerminal();
                break;
            case SplitHappening.TerminalCrashes:
                KillCenter();
                (_data, _results, _bringUp, _attachedTerminal) = (SplitWorld.Fresh(), null, default, false);
                break;
            case SplitHappening.WrongToken: FromResultsLine(new Join(ByteString.Own([0xEE]))); break;
            case SplitHappening.TokenReplaced: _waiting = ++_token; break;
            case SplitHappening.SessionMessageOnData: FromDataLine(new StatusRequest()); break;
            case SplitHappening.SessionMessageOnResults: FromResultsLine(new StatusRequest()); break;
            case SplitHappening.CenterStops:
                OnCenter(true, new CenterEvent.StopOrdered());
                if (_resultsCenter is not null) OnCenter(false, new CenterEvent.StopOrdered());
                break;
        }
    }

    private void DataComesUp()
    {
        _dataCenter = new CenterHalf(CenterState.Start(new CenterPolicy(), LineHalf.Data), false, false, default, default);
        _data = _data with { Dead = false, Inbox = default };
        OnCenter(true, new CenterEvent.LineUp(new LineNumber(1), Names.Nonce));
        OnTerminal(true, new TerminalEvent.LineUp(Names.Nonce));
    }

    private void ResultsComesUp()
    {
        _resultsCenter = new CenterHalf(CenterState.Start(new CenterPolicy(), LineHalf.Results), false, false, default, default);
        _results = new TerminalHalf(TerminalState.Start(Names.Terminal, new TerminalPolicy(2, 1), LineHalf.Results, _bringUp), false, false, default, default);
        OnCenter(false, new CenterEvent.LineUp(new LineNumber(2), Names.Nonce));
        OnTerminal(false, new TerminalEvent.LineUp(Names.Nonce));
    }

    private void CenterReceives(bool data)
    {
        var side = (data ? _dataCenter : _resultsCenter)!;
        var message = side.Inbox[0];
        Put(data, side with { Inbox = side.Inbox.Tail() });
        if (data) FromDataLine(message);
        else FromResultsLine(message);
    }

    /// <summary>After the halves are joined, no message may come on the data half.</summary>
    private void FromDataLine(RelayMessage message) =>
        OnCenter(true, _attachedCenter ? new CenterEvent.Garbage("on the data half") : new CenterEvent.Received(message));

    /// <summary>After the halves are joined, what comes on the results half is the data half's session's.</summary>
    private void FromResultsLine(RelayMessage message) => OnCenter(_attachedCenter, new CenterEvent.Received(message));

    private void ResultsCenterNotices()
    {
        if (_attachedCenter && _dataCenter is not null) OnCenter(true, new CenterEvent.LineDown());
        if (_resultsCenter is not null) OnCenter(false, new CenterEvent.LineDown());
    }

    private void CenterProceeds(bool data)
    {
        var side = (data ? _dataCenter : _resultsCenter)!;
        var answer = side.Pending[0];
        Put(data, side with { Pending = side.Pending.Tail() });
        OnCenter(data, answer);
    }

    private void CenterTimer(bool data)
    {
        Put(data, (data ? _dataCenter : _resultsCenter)! with { Timer = false });
        OnCenter(data, new CenterEvent.TimerFired());
    }

    private void OnCenter(bool data, CenterEvent happened)
    {
        var side = (data ? _dataCenter : _resultsCenter)!;
        var step = machines.Center(side.State, happened);
        coverage.Center.Note(side.State, happened.Kind, step.Outcome, step.State);
        Put(data, side with { State = step.State });
        foreach (var effect in step.Effects) Carry(data, effect);
    }

    private void Carry(bool data, CenterEffect effect)
    {
        var side = (data ? _dataCenter : _resultsCenter)!;
        switch (effect)
        {
            case CenterEffect.Send(var message): SendDown(data, message); break;
            case CenterEffect.SendWitness: SendDown(data, new Witness(Names.Nonce)); break;
            case CenterEffect.VerifyProof: Put(data, side with { Pending = side.Pending.Add(new CenterEvent.ProofJudged(null, Admit(data))) }); break;
            case CenterEffect.JudgeJoin(var join): JudgeJoin(join); break;
            case CenterEffect.FindAndClaim: Put(data, side with { Pending = side.Pending.Add(new CenterEvent.ClaimDeclined(DeclineCode.Waiting)) }); break;
            case CenterEffect.ArmTimer: Put(data, side with { Timer = true }); break;
            case CenterEffect.StopTimer: Put(data, side with { Timer = false }); break;
            case CenterEffect.CloseLine: CutHalf(data); break;
            default: throw new InvalidOperationException($"{effect} is of no split admission");
        }
    }

    private Admitted Admit(bool data)
    {
        if (!data) return Names.Admitted;
        _waiting = ++_token;
        return Names.Admitted with { JoinToken = ByteString.Own([(byte)_token]) };
    }

    private void JudgeJoin(Join join)
    {
        var fits = _waiting != 0 && join.Token == ByteString.Own([(byte)_waiting]);
        if (_waiting != 0 && _dataCenter is { State.Phase: not CenterPhase.Ended } data)
        {
            _dataCenter = data with { Pending = data.Pending.Add(new CenterEvent.ResultsJudged(fits)) };
            if (fits && _attachedCenter) Violation ??= "a token joins twice";
            _attachedCenter |= fits;
        }
        else fits = false;
        _waiting = 0;
        _resultsCenter = _resultsCenter! with { Pending = _resultsCenter.Pending.Add(new CenterEvent.JoinJudged(fits)) };
    }

    private void SendDown(bool data, RelayMessage message)
    {
        if (data && !_dataCenter!.Dead) _data = _data with { Inbox = _data.Inbox.Add(message) };
        if (!data && _attachedCenter) Violation ??= $"{message.Type} goes down the results half";
        if (!data && !_resultsCenter!.Dead && _results is not null) _results = _results with { Inbox = _results.Inbox.Add(message) };
    }

    private void TerminalReceives(bool data)
    {
        var side = (data ? _data : _results)!;
        var message = side.Inbox[0];
        Put(data, side with { Inbox = side.Inbox.Tail() });
        // Once it is joined, nothing may come on the results half at all.
        if (!data && _attachedTerminal) KillTerminal();
        else OnTerminal(data, new TerminalEvent.Received(message));
    }

    private void TerminalProceeds(bool data)
    {
        var side = (data ? _data : _results)!;
        var answer = side.Pending[0];
        Put(data, side with { Pending = side.Pending.Tail() });
        OnTerminal(data, answer);
    }

    private void TerminalTimer(bool data)
    {
        Put(data, (data ? _data : _results)! with { Timer = false });
        OnTerminal(data, new TerminalEvent.TimerFired());
    }

    /// <summary>With the data half goes what was begun beside it.</summary>
    private void DataNotices()
    {
        (_results, _bringUp, _attachedTerminal) = (null, default, false);
        _data = _data with { Inbox = default, Pending = default };
        if (_resultsCenter is not null) _resultsCenter = _resultsCenter with { Dead = true };
        OnTerminal(true, new TerminalEvent.LineDown());
    }

    private void OnTerminal(bool data, TerminalEvent happened)
    {
        var side = (data ? _data : _results)!;
        var step = machines.Terminal(side.State, happened);
        coverage.Terminal.Note(side.State, happened.Kind, step.Outcome, step.State);
        Put(data, side with { State = step.State });
        foreach (var effect in step.Effects) Carry(data, effect);
    }

    private void Carry(bool data, TerminalEffect effect)
    {
        var side = (data ? _data : _results)!;
        switch (effect)
        {
            case TerminalEffect.Send(var message): SendUp(data && !_attachedTerminal, message); break;
            case TerminalEffect.Sign: Put(data, side with { Pending = side.Pending.Add(new TerminalEvent.Signed(Names.Proof)) }); break;
            case TerminalEffect.JudgeCenter: Put(data, side with { Pending = side.Pending.Add(new TerminalEvent.CenterJudged(true)) }); break;
            case TerminalEffect.BringUpResults(var token): _bringUp = token; break;
            case TerminalEffect.AttachResults: _attachedTerminal = true; break;
            case TerminalEffect.ArmTimer: Put(data, side with { Timer = true }); break;
            case TerminalEffect.StopTimer: Put(data, side with { Timer = false }); break;
            case TerminalEffect.CloseLine: KillTerminal(); break;
            case TerminalEffect.Show or TerminalEffect.ReleaseCard or TerminalEffect.KeepWitness: break;
            default: throw new InvalidOperationException($"{effect} is of no split admission");
        }
    }

    private void SendUp(bool data, RelayMessage message)
    {
        if (data && message is not (Hello or Proof)) Violation ??= $"{message.Type} goes up the data half";
        if (data && !_data.Dead && _dataCenter is not null) _dataCenter = _dataCenter with { Inbox = _dataCenter.Inbox.Add(message) };
        if (!data && _results is { Dead: false } && _resultsCenter is not null) _resultsCenter = _resultsCenter with { Inbox = _resultsCenter.Inbox.Add(message) };
    }

    private void Cut(bool data)
    {
        if (data)
        {
            _dataCenter = _dataCenter! with { Dead = true };
            _data = _data with { Dead = true };
            return;
        }
        _resultsCenter = _resultsCenter! with { Dead = true };
        if (_results is not null) _results = _results with { Dead = true };
        if (_attachedTerminal) _data = _data with { Dead = true };
    }

    /// <summary>The center closes a half; with the data half goes the results half that is joined to it.</summary>
    private void CutHalf(bool data)
    {
        if (data) (_dataCenter, _data) = (_dataCenter! with { Dead = true, Inbox = default }, _data with { Dead = true });
        if (!data || _attachedCenter)
        {
            if (_resultsCenter is not null) _resultsCenter = _resultsCenter with { Dead = true, Inbox = default };
            if (_results is not null) _results = _results with { Dead = true };
        }
    }

    /// <summary>The terminal closes the line: both halves of it, whichever was at fault.</summary>
    private void KillTerminal()
    {
        _data = _data with { Dead = true };
        if (_results is not null) _results = _results with { Dead = true };
        KillCenter();
    }

    private void KillCenter()
    {
        if (_dataCenter is not null) _dataCenter = _dataCenter with { Dead = true };
        if (_resultsCenter is not null) _resultsCenter = _resultsCenter with { Dead = true };
    }

    private void Put(bool data, CenterHalf side)
    {
        if (data) _dataCenter = side;
        else _resultsCenter = side;
    }

    private void Put(bool data, TerminalHalf side)
    {
        if (data) _data = side;
        else _results = side;
    }

    /// <summary>A session that is over waits for nobody and closes what was joined to it; a results half that ended before it was joined ends the line.</summary>
    private void Settle()
    {
        if (_dataCenter is { State.Phase: CenterPhase.Ended })
        {
            CutHalf(true);
            (_dataCenter, _waiting) = (null, 0);
            if (!_attachedCenter && _resultsCenter is { State.Phase: CenterPhase.Ended }) _resultsCenter = null;
        }
        if (_resultsCenter is { State.Phase: CenterPhase.Ended })
        {
            CutHalf(false);
            _resultsCenter = null;
            if (_attachedCenter && _dataCenter is not null) _dataCenter = _dataCenter with { Dead = true };
        }
        if (_dataCenter is null && _resultsCenter is null) _attachedCenter = false;
        if (_results is { State.Phase: TerminalPhase.Offline }) KillTerminal();
        if (_results is { Dead: true } && _attachedTerminal) _data = _data with { Dead = true };
    }

    private void Check()
    {
        if (_dataCenter is { State.Phase: CenterPhase.Idle or CenterPhase.Claiming } && !_attachedCenter) Violation ??= "the center works on half a line";
        if (_data.State.Phase is TerminalPhase.Idle or TerminalPhase.Requesting && !_attachedTerminal) Violation ??= "the terminal works on half a line";
        if (_w.AttachedCenter is false && _attachedCenter && (_w.Waiting == 0 || _w.Waiting != _w.Token)) Violation ??= "halves are joined by a token that nobody waits for";
        if (_dataCenter is { Timer: false, Dead: false, State.Phase: not (CenterPhase.Claiming or CenterPhase.Ended) } d) Violation ??= $"the data half waits without a cap in {d.State.Phase}";
        if (_resultsCenter is { Timer: false, Dead: false, State.Phase: not (CenterPhase.Attached or CenterPhase.Ended) } r) Violation ??= $"the results half waits without a cap in {r.State.Phase}";
        if (_data is { Timer: false, Dead: false, State.Phase: TerminalPhase.Greeting or TerminalPhase.AwaitingAdmission or TerminalPhase.AwaitingResults or TerminalPhase.Requesting } t)
            Violation ??= $"the terminal waits without a cap in {t.State.Phase}";
        if (_results is { Timer: false, Dead: false, State.Phase: TerminalPhase.Greeting or TerminalPhase.AwaitingAdmission } h) Violation ??= $"the terminal's results half waits without a cap in {h.State.Phase}";
    }
}
