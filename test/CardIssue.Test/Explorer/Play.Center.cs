using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Center;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Test.Explorer;

/// <summary>The center's host: carries out effects in order, as their documentation says.</summary>
internal sealed partial class Play
{
    private void CenterReceives(bool zombie)
    {
        var side = Side(zombie);
        var message = side.Inbox[0];
        Put(zombie, side with { Inbox = side.Inbox.Tail() });
        OnCenter(zombie, new CenterEvent.Received(message));
    }

    private void CenterNoticesCut(bool zombie)
    {
        Put(zombie, Side(zombie) with { Inbox = default, LineDead = true });
        OnCenter(zombie, new CenterEvent.LineDown());
    }

    private void CenterTimerFires(bool zombie)
    {
        Put(zombie, Side(zombie) with { Timer = false });
        OnCenter(zombie, new CenterEvent.TimerFired());
    }

    private void CenterStops()
    {
        _budget = _budget with { Stops = _budget.Stops - 1 };
        OnCenter(false, new CenterEvent.StopOrdered());
    }

    /// <summary>The host answers the oldest thing that it was asked; a failure first.</summary>
    private void CenterProceeds(bool zombie)
    {
        var side = Side(zombie);
        if (side.Failure is { } failure)
        {
            Put(zombie, side with { Failure = null });
            OnCenter(zombie, failure);
            return;
        }
        var asked = side.Pending[0];
        Put(zombie, side with { Pending = side.Pending.Tail() });
        OnCenter(zombie, asked switch
        {
            CenterEffect.VerifyProof verify => Admit(verify.Proof),
            CenterEffect.FindAndClaim(var request) => FindAndClaim(_answering = request),
            CenterEffect.Judge(var run, var result) => Judged(run, result, Spend(zombie, run, JudgeResult(zombie, run, result))),
            _ => throw new InvalidOperationException($"{asked} is answered by nothing"),
        });
    }

    private CenterEvent.Judged Judged(ScriptRun run, Result result, Verdict verdict) =>
        new(run.First, verdict) { IsSpared = IsSpared(run, result) || IsSpared(run, result, verdict) };

    private Verdict Spend(bool zombie, ScriptRun run, Verdict verdict)
    {
        var looked = (run.Kind is ScriptKind.Look || run.Tail is ScriptTail.Before) && verdict is Verdict.NotDone or Verdict.Unclear;
        if (run.Kind is not ScriptKind.Open && verdict is not (Verdict.Done or Verdict.Stranger or Verdict.Genuine) && !looked
            && Side(zombie).Keys is { } keys)
            Put(zombie, Side(zombie) with { Keys = keys with { Spent = true } });
        return verdict;
    }

    private CenterEvent.ProofJudged Admit(Proof proof)
    {
        if (!options.TerminalKnown) return new CenterEvent.ProofJudged(RefusalCode.NotKnown, null);
        if (options.Witnessing is not Witnessing.ComparedLate) Hear(proof.Note);
        return new CenterEvent.ProofJudged(null, Names.Admitted);
    }

    private CenterEvent FindAndClaim(RelayMessage request)
    {
        if (_store.State is OrderState.Absent) return new CenterEvent.ClaimDeclined(DeclineCode.OrderOrCode);
        if (_store.State is OrderState.Issued && request is Resume) return new CenterEvent.FoundDone(Names.Order, _store.Bound!.Value);
        if (_store.State is OrderState.Issued) return new CenterEvent.ClaimDeclined(DeclineCode.AlreadyIssued);
        if (_store.Over) return new CenterEvent.ClaimDeclined(DeclineCode.Waiting);
        if (request is not Resume && !_store.HolderLost && new World(_center, _zombie, _terminal, _store, _cards, _budget).HolderLives)
            return new CenterEvent.ClaimDeclined(DeclineCode.Busy);
        CheckFence(_store.NextFence);
        _store = _store.Claim(options).Commit(options);
        var fence = _store.Fence;
        if (options.Witnessing is Witnessing.ComparedLate) Hear(_terminal.Note);
        return new CenterEvent.Claimed(new Claim(Names.Order, fence, _store.Bound, _store.Progress, options.Plan, Names.Token,
            "card"));
    }

    private void OnCenter(bool zombie, CenterEvent happened)
    {
        var side = Side(zombie);
        var step = options.Machines.Center(side.State, happened);
        coverage?.Center.Note(side.State, happened.Kind, step.Outcome, step.State);
        Told?.Add($"{(zombie ? "zombie" : "center")}: {side.State.Phase} × {Describe(happened)} -> {step.State.Phase} {step.Outcome.Reason}");
        Put(zombie, side with { State = step.State });
        _before = side.State;
        var crash = _choice.Mishap is Mishap.CrashAfter ? _choice.Index : int.MaxValue;
        Effects = step.Effects.Count;
        for (var i = 0; i < step.Effects.Count; i++)
        {
            if (i == crash) break;
            if (step.Effects[i] is CenterEffect.Save) Fragile |= 1 << i;
            Told?.Add($"    {Describe(step.Effects[i])}");
            var fails = _choice is { Mishap: Mishap.SaveFails } && _choice.Index == i;
            if (Carry(zombie, step.Effects[i], fails)) continue;
            Told?.Add("    fails");
            break;
        }
        if (crash == int.MaxValue) return;
        Told?.Add($"{(zombie ? "zombie" : "center")} crashes");
        if (zombie) _zombie = null;
        else
        {
            _center = null;
            _terminal = _terminal with { LineDead = true };
        }
    }

    /// <summary>False when the rest of the list is to be dropped.</summary>
    private bool Carry(bool zombie, CenterEffect effect, bool fails)
    {
        var side = Side(zombie);
        switch (effect)
        {
            case CenterEffect.Send(var message): SendDown(zombie, message); break;
            case CenterEffect.SendScript(var script, var tail): SendScript(zombie, script, tail); break;
            case CenterEffect.SendCommand(var run, var index): SendCommand(zombie, run, index); break;
            case CenterEffect.SendIssued: SendDown(zombie, new Issued("receipt")); break;
            case CenterEffect.SendWitness:
                if (options.MayBePutBack) SendDown(zombie, new Witness(_store.History.Note));
                break;
            case CenterEffect.SendEnrollment: SendDown(zombie, new ReaderEnrollment(ReaderStanding.Waiting)); break;
            case CenterEffect.Save save: return Save(zombie, save, fails);
            case CenterEffect.VerifyProof or CenterEffect.FindAndClaim or CenterEffect.Judge:
                Put(zombie, side with { Pending = side.Pending.Add(effect) });
                break;
            case CenterEffect.ForgetOpening: Put(zombie, side with { Keys = null }); break;
            case CenterEffect.ArmTimer: Put(zombie, side with { Timer = true }); break;
            case CenterEffect.StopTimer: Put(zombie, side with { Timer = false }); break;
            case CenterEffect.CloseLine:
                Put(zombie, side with { LineDead = true, Inbox = default });
                if (!zombie) _terminal = _terminal with { LineDead = true };
                break;
        }
        return true;
    }

    private bool Save(bool zombie, CenterEffect.Save save, bool fails)
    {
        var isHeldAgainst = options.Fenced && !(options.TakingOver is TakingOver.BindingUnfenced && save.Change is OrderChange.Bound);
        var lost = isHeldAgainst && (save.Fence != _store.Fence || !_store.Held);
        if (fails || lost)
        {
            Put(zombie, Side(zombie) with { Failure = new CenterEvent.SaveFailed(lost) });
            return false;
        }
        (_store, var violation) = _store.Apply(save.Change, options);
        _store = _store.Commit(options);
        if (violation is not null) Violate(violation);
        if (save.Change is OrderChange.Issued) CheckIssued();
        if (save.Change is OrderChange.Authenticating(var card)
            && (Side(zombie).Keys is not { Genuine: not null } keys || options.IdOf(keys.Told) != card))
            Violate("5 a try is counted for a card whose cryptogram was not verified");
        if (save.Change is OrderChange.Bound(var bound, _)) CheckBound(Side(zombie).Keys?.Genuine, bound);
        return true;
    }

    private void SendDown(bool zombie, RelayMessage message)
    {
        CheckSent(zombie, message);
        if (!zombie && !_center!.LineDead) _terminal = _terminal with { Inbox = _terminal.Inbox.Add(message) };
    }

    private void SendScript(bool zombie, Script script, ScriptTail tail)
    {
        var side = Side(zombie);
        var fence = side.State.Work!.Claim.Fence;
        if (script.Kind is ScriptKind.Open && _before?.Work is { } work && work.Claim.Fence == fence && work.Opening >= script.Opening)
            Violate("5 a challenge is sent for two cards");
        if (script.Kind is ScriptKind.Open) Put(zombie, side with { Keys = new CenterKeys(fence, script.Opening, 0, null) });
        else if (side.Keys is not { } keys || keys.Fence != fence || keys.Opening != script.Opening) Violate("the host has no keys for this opening");
        else if (keys.Spent) Violate($"3 {script.Kind} goes out in an opening whose counters may differ");
        else if (keys.Genuine is null) Violate($"5 {script.Kind} goes to a card whose cryptogram was not verified");
        else if (script.Kind is ScriptKind.Assign || tail is ScriptTail.Number)
            Put(zombie, side with { Keys = keys with { Number = FreshNumber() } });
        var ticket = script is { Kind: ScriptKind.Authenticate, Sealed: true } ? ByteString.Own([(byte)fence, (byte)script.Opening]) : ByteString.Empty;
        SendDown(zombie, script with { Ticket = ticket });
    }

    private void SendCommand(bool zombie, ScriptRun run, int index)
    {
        var side = Side(zombie);
        if (side.Keys is not { } keys || keys.Opening != run.Opening)
        {
            Violate("the host has no keys for this opening");
            return;
        }
        var clear = run.Kind is ScriptKind.Open;
        var (kind, record, at, count) = PartOf(run, index);
        var token = new CommandToken(kind, record, at, count, keys.Fence, keys.Opening, clear ? 0 : keys.Counter,
            options.Plan.Sealed && !clear, keys.Number);
        if (!clear) Put(zombie, side with { Keys = keys with { Counter = keys.Counter + 1 } });
        if (!zombie && !side.LineDead) CheckCommand(run);
        if (side.State.Hello is { } hello && run.Sent - index > hello.Window) Violate("3 more commands than the window");
        SendDown(zombie, new Command(run.First + index, token.Encode(), default));
    }

    /// <summary>
    /// What a command of a script is of: the closing's follow those of the last record where they leave together, the number's, a look's and
    /// the first record's those of the authentication.
    /// </summary>
    private (ScriptKind Kind, int Record, int At, int Count) PartOf(ScriptRun run, int index)
    {
        var (kind, record, count) = run.Tail switch
        {
            ScriptTail.None => (run.Kind, run.Record, 0),
            ScriptTail.Closing => (ScriptKind.Close, run.Record + 1, options.Plan.CloseCommands),
            ScriptTail.Number => (ScriptKind.Assign, 0, options.Plan.AssignCommands),
            ScriptTail.Before => (ScriptKind.Look, 0, options.Plan.BeforeCommands),
            ScriptTail.First => (ScriptKind.Record, run.Record, options.Plan.Records[0].Commands),
        };
        var before = run.Count - count;
        return index < before ? (run.Kind, run.Record, index, before) : (kind, record, index - before, count);
    }

    /// <summary>A number that no card ever had: the lowest that is nowhere in the world, so that there are few.</summary>
    private byte FreshNumber()
    {
        byte number = 1;
        while (_cards.A.Number == number || _cards.B.Number == number || _cards.X.Number == number || _store.Bound == options.IdOf(number)
            || _center?.Keys?.Number == number || _zombie?.Keys?.Number == number) number++;
        return number;
    }

    private CenterSide Side(bool zombie) => zombie ? _zombie! : _center!;

    private void Put(bool zombie, CenterSide side)
    {
        if (zombie) _zombie = side;
        else _center = side;
    }
}
