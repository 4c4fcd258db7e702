using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using Step = CardIssue.Core.Protocol.Step<CardIssue.Core.Protocol.Center.CenterState, CardIssue.Core.Protocol.Center.CenterEffect>;

namespace CardIssue.Core.Protocol.Center;

/// <summary>Claiming an order (S230, S240), refusing a card (S255), and giving an order back.</summary>
internal static partial class CenterMachine
{
    /// <summary>A new request while an order is under way means that the terminal has given that one up.</summary>
    private static Step OnRequested(CenterState s, RelayMessage request)
    {
        var number = request is RequestIssue issue ? issue.Number : ((Resume)request).Number;
        if (number <= s.Request) return Ignore(s, Double);
        var next = s with { Phase = CenterPhase.Claiming, Request = number, Work = null };
        CenterEffect claim = new CenterEffect.FindAndClaim(request);
        return s.Work is null
            ? To(next, new CenterEffect.StopTimer(), claim)
            : To(next, new CenterEffect.StopTimer(), new CenterEffect.ForgetOpening(), Release(s.Work), claim);
    }

    /// <summary>A record that was in doubt when the last session ended has cost an attempt.</summary>
    private static Step OnClaimed(CenterState s, Claim claim)
    {
        var inDoubt = claim.Progress.InDoubt;
        var progress = inDoubt == 0 ? claim.Progress : claim.Progress with { Attempt = claim.Progress.Attempt + 1 };
        var work = new Work { Claim = claim, Progress = progress, Bound = claim.Bound };
        return progress.Attempt > s.Policy.MaxAttempts
            ? To(s with { Phase = CenterPhase.Idle },
                Save(work, new OrderChange.Waiting(inDoubt)),
                new CenterEffect.Send(new Declined(s.Request, DeclineCode.Waiting)),
                new CenterEffect.ArmTimer(CenterTimer.Idle))
            : work.Bound is null ? AskForCard(s, work) : Witnessed(AskForCard(s, work));
    }

    /// <summary>
    /// Before a card is written on, the terminal knows that the order is bound to it: a store that is put back to before that is found out
    /// by whoever wrote, and issues no second card.
    /// </summary>
    private static Step Witnessed(Step step)
    {
        List<CenterEffect> effects = [.. step.Effects];
        var told = effects.FindIndex(effect => effect is CenterEffect.SendScript or CenterEffect.Send);
        if (told >= 0) effects.Insert(told + 1, new CenterEffect.SendWitness());
        return step with { Effects = ValueList.Create<CenterEffect>(effects.ToArray()) };
    }

    /// <summary>Also when the order before could not be let go: the claim behind that save was dropped.</summary>
    private static Step OnClaimDeclined(CenterState s, DeclineCode code) =>
        To(s with { Phase = CenterPhase.Idle }, new CenterEffect.Send(new Declined(s.Request, Known(s, code))), new CenterEffect.ArmTimer(CenterTimer.Idle));

    /// <summary>A code that 1.0 has not got goes to a terminal that named it, and the nearest old one to others: it is for people at the center, too.</summary>
    private static DeclineCode Known(CenterState s, DeclineCode code) =>
        code is DeclineCode.OtherBranch && !(s.Hello?.Declines >= (int)code) ? DeclineCode.Waiting : code;

    /// <summary>S300, told again to the terminal that returns for its order: the line was lost before it heard.</summary>
    private static Step OnFoundDone(CenterState s, CenterEvent.FoundDone found) =>
        To(s with { Phase = CenterPhase.AwaitingRemoval },
            new CenterEffect.SendIssued(found.Order, found.Card),
            new CenterEffect.ArmTimer(CenterTimer.Removal),
            new CenterEffect.SendWitness());

    /// <summary>S240; also after a card was lost from the reader.</summary>
    private static Step AskForCard(CenterState s, Work work, params ReadOnlySpan<CenterEffect> first) =>
        OpenAhead(s, work,
            [.. first, new CenterEffect.Send(new InsertCard(s.Request, work.Claim.Token, work.Bound is not null, work.Claim.Display))]);

    private static Work WithoutCard(Work work) => work with { Script = null, Verified = null, Identity = default, Proved = null };

    /// <summary>The opening is at the terminal already, and runs from here on.</summary>
    private static Step OnCardPresent(CenterState s, CardPresent present) =>
        present.Insertion <= s.Insertion
            ? Ignore(s, Double)
            : To(s with { Phase = CenterPhase.Running, Insertion = present.Insertion }, new CenterEffect.ArmTimer(CenterTimer.Script));

    /// <summary>S255: this card will not do, another may.</summary>
    private static Step RejectCard(CenterState s, Work work, CardRejection code)
    {
        var refused = WithoutCard(work) with { CardsRefused = work.CardsRefused + 1 };
        return refused.CardsRefused >= s.Policy.MaxCards
            ? Stop(s with { Work = refused }, AbortCode.TooManyCards, CenterPhase.AwaitingRemoval)
            : OpenAhead(s, refused, new CenterEffect.ForgetOpening(), new CenterEffect.Send(new CardRejected(s.Insertion, code)));
    }

    /// <summary>The terminal gave the order up. The timer is armed first: a store that is broken must not leave a wait without a cap.</summary>
    private static Step GiveBack(CenterState s, CenterPhase then) =>
        To(s with { Phase = then, Work = null }, new CenterEffect.ForgetOpening(), new CenterEffect.ArmTimer(TimerOf(then)), Release(s.Work!));

    /// <summary>The center gives the order up for now. The terminal is told first: a store that is broken must not keep it waiting.</summary>
    private static Step Stop(CenterState s, AbortCode code, CenterPhase then) =>
        To(s with { Phase = then, Work = null },
            new CenterEffect.ForgetOpening(), new CenterEffect.Send(new Abort(code)), new CenterEffect.ArmTimer(TimerOf(then)), Release(s.Work!));

    /// <summary>The other measure: the order waits for a decision at the center.</summary>
    private static Step GiveUp(CenterState s, Work work, int record, string found = "") =>
        To(s with { Phase = CenterPhase.AwaitingRemoval, Work = null },
            new CenterEffect.ForgetOpening(),
            Save(work, new OrderChange.Waiting(record, found)),
            new CenterEffect.Send(new Abort(AbortCode.WriteFailed)),
            new CenterEffect.ArmTimer(CenterTimer.Removal));

    /// <summary>What was not saved did not happen: the order is in doubt as the store has it, and the next claim settles it.</summary>
    private static Step OnSaveFailed(CenterState s, CenterEvent.SaveFailed failed)
    {
        var code = failed.ClaimLost ? AbortCode.ClaimLost : AbortCode.StoreFailed;
        if (s.Work is not null && !failed.ClaimLost) return Stop(s, code, CenterPhase.AwaitingRemoval);
        return To(s with { Phase = CenterPhase.AwaitingRemoval, Work = null },
            new CenterEffect.ForgetOpening(), new CenterEffect.Send(new Abort(code)), new CenterEffect.ArmTimer(CenterTimer.Removal));
    }

    private static CenterTimer TimerOf(CenterPhase phase) => phase is CenterPhase.AwaitingRemoval ? CenterTimer.Removal : CenterTimer.Idle;
}
