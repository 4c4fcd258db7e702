using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using Step = CardIssue.Core.Protocol.Step<CardIssue.Core.Protocol.Center.CenterState, CardIssue.Core.Protocol.Center.CenterEffect>;

namespace CardIssue.Core.Protocol.Center;

/// <summary>
/// Which card it is (S260): opened, authenticated, given a number where it has none, and, when the order was begun, proved to be the card
/// that it was begun with.
/// </summary>
internal static partial class CenterMachine
{
    /// <summary>
    /// The cryptogram is verified before EXTERNAL AUTHENTICATE is sent, so a wrong key burns no try. No other card helps an order whose own
    /// card is barred.
    /// </summary>
    private static Step OnOpened(CenterState s, Work work, Verdict verdict) => verdict switch
    {
        Verdict.Genuine opened when work.Bound is { } bound && (bound != opened.Card || opened.Identity is IdentityKind.Blank) =>
            RejectCard(s, work, CardRejection.OtherCard),
        Verdict.Genuine opened => Authenticate(s, work with { Verified = opened.Card, Identity = opened.Identity }, opened.IsBare),
        Verdict.Rejected { Code: CardRejection.Barred, Card: { } barred } when barred == work.Bound =>
            GiveUp(s, work, work.Progress.InDoubt),
        Verdict.Rejected rejected => RejectCard(s, work, rejected.Code),
        Verdict.CardLost => AskForCard(s, work, new CenterEffect.ForgetOpening()),
        _ => RejectCard(s, work, CardRejection.Unreadable),
    };

    /// <summary>
    /// The try is counted before it can be made. A card that was begun has to show what was written on it, in the same script.
    /// </summary>
    private static Step Authenticate(CenterState s, Work work, bool isBare)
    {
        if (BeginsAtOnce(work)) return Begin(s, work, work.Verified!.Value);
        var (plan, shows, tail) = (work.Claim.Plan, Evidence(work), AfterAuthentication(work, isBare));
        var count = plan.AuthenticateCommands + (shows == 0 ? 0 : plan.Records[shows - 1].EvidenceCommands) + tail switch
        {
            ScriptTail.Number => plan.AssignCommands,
            ScriptTail.Before => plan.BeforeCommands,
            ScriptTail.Closing or ScriptTail.First or ScriptTail.None => 0,
        };
        return Send(s with { Phase = CenterPhase.Running }, work, ScriptKind.Authenticate, shows, count, CenterTimer.Script,
            [Save(work, new OrderChange.Authenticating(work.Verified!.Value))], tail);
    }

    private static bool BeginsAtOnce(Work work) => work.Claim.Plan.FirstWithAuthentication
        && work is { Bound: null, Identity: IdentityKind.Told, Progress.Furthest: 0 };

    /// <summary>
    /// The first record leaves with the authentication of a card that its cryptogram proves. A card that refuses takes nothing of it; but
    /// that is the terminal's word, so the order is bound before, and stays so.
    /// </summary>
    private static Step Begin(CenterState s, Work work, CardId card)
    {
        var plan = work.Claim.Plan;
        var begun = work with { Bound = card, Proved = true, Progress = OrderProgress.None with { InDoubt = 1, Furthest = 1 } };
        return Witnessed(Send(
            s with { Phase = CenterPhase.Running }, begun, ScriptKind.Authenticate, 1,
            plan.AuthenticateCommands + plan.Records[0].Commands, CenterTimer.Script,
            [Save(work, new OrderChange.Authenticating(card)), Save(work, new OrderChange.Bound(card, IsOpen: false)),
            Save(work, new OrderChange.Leaving(1, begun.Progress.Attempt))],
            ScriptTail.First));
    }

    /// <summary>
    /// The authentication, and the first record behind it. What the card says under its MAC says that its channel is open, too.
    /// </summary>
    private static Step OnBegun(CenterState s, Work work, Verdict verdict) => verdict switch
    {
        Verdict.Unopened(var authentication) => After(
            Save(work, new OrderChange.NotDone(1, work.Progress.Attempt)),
            OnUnopened(s, work with { Progress = work.Progress with { InDoubt = 0 } }, authentication)),
        Verdict.Done or Verdict.NotDone => After(Proved(work), OnWritten(s, work, 1, verdict)),
        _ => OnWritten(s, work, 1, verdict),
    };

    private static Step OnUnopened(CenterState s, Work work, Verdict verdict) => verdict switch
    {
        Verdict.ModuleRefused => ModuleRefused(s with { Work = work }),
        Verdict.Rejected rejected => RejectCard(s, work, rejected.Code),
        Verdict.CardLost => AskForCard(s, work, new CenterEffect.ForgetOpening()),
        _ => OpenCard(s, work),
    };

    /// <summary>
    /// What is on a card before it is rewritten is read at once: that writes nothing. A card that has no number gets one where a status
    /// word is enough to know that it has none; nothing is bound to it before it told it back.
    /// </summary>
    private static ScriptTail AfterAuthentication(Work work, bool isBare) => work switch
    {
        { Apart: true } => ScriptTail.None,
        { Bound: null, Identity: IdentityKind.Blank } when isBare => ScriptTail.Number,
        { Bound: not null, Identity: IdentityKind.Given } when IsLookedAtBefore(work) => ScriptTail.Before,
        _ => ScriptTail.None,
    };

    private static bool IsLookedAtBefore(Work work) => work.Progress.Furthest == 0 && work.Claim.Plan.BeforeCommands > 0;

    /// <summary>
    /// The latest confirmed record that one card alone can show; 0 for none, or when the card's number is evidence enough.
    /// </summary>
    private static int Evidence(Work work)
    {
        if (work.Bound is null || work.Identity is IdentityKind.Given) return 0;
        for (var record = work.Progress.Confirmed; record > work.Progress.Unproved; record--)
            if (work.Claim.Plan.Records[record - 1].EvidenceCommands > 0) return record;
        return 0;
    }

    private static Step OnAuthenticated(CenterState s, Work work, Verdict verdict) => verdict switch
    {
        Verdict.Genuine numbered when work.Script!.Tail is ScriptTail.Number => Bind(
            s, work with { Verified = numbered.Card, Identity = numbered.Identity }, numbered.Card,
            Save(work, new OrderChange.Numbering(work.Verified!.Value))),
        Verdict.Done when work.Bound is null && work.Identity is IdentityKind.Blank =>
            Run(s, work, ScriptKind.Assign, 0, work.Claim.Plan.AssignCommands,
            Save(work, new OrderChange.Numbering(work.Verified!.Value))),
        Verdict.Done when work.Bound is null => Bind(s, work, work.Verified!.Value),
        Verdict.Done when work.Script!.Tail is ScriptTail.Before => Next(s, work with { Proved = true }, 1, Proved(work)),
        Verdict.NotDone when work.Script!.Tail is ScriptTail.Before => After(Proved(work), GiveUp(s, work, 0)),
        Verdict.Unclear unclear when work.Script!.Tail is ScriptTail.Before => After(Proved(work), GiveUp(s, work, 0, unclear.Found)),
        Verdict.Done when work.Identity is IdentityKind.Given || work.Script!.Record > 0 =>
            Continue(s, work with { Proved = true }, Proved(work)),
        Verdict.Done => GoOnUnproved(s, work),
        // That it is closed would be evidence enough; nothing else is.
        Verdict.Stranger when work.MayBeClosed => Continue(s, work with { Proved = false }),
        Verdict.Stranger => RejectCard(s, work, CardRejection.OtherCard),
        Verdict.Rejected rejected => RejectCard(s, work, rejected.Code),
        Verdict.CardLost => AskForCard(s, Apart(work), new CenterEffect.ForgetOpening()),
        _ => OpenCard(s, Apart(work)),
    };

    private static Work Apart(Work work) => work with { Apart = work.Apart || work.Script!.Tail is not ScriptTail.None };

    private static CenterEffect Proved(Work work) => Save(work, new OrderChange.Opened(work.Verified!.Value, Proved: true));

    private static Step After(CenterEffect first, Step step) => step with { Effects = [first, .. step.Effects] };

    /// <summary>
    /// The order is bound to the number that the card told in the channel. A numbering of which that is not known leaves a card that is
    /// free, with a number or without.
    /// </summary>
    private static Step OnNumbered(CenterState s, Work work, Verdict verdict) => verdict switch
    {
        Verdict.Genuine numbered => Bind(s, work with { Verified = numbered.Card, Identity = numbered.Identity }, numbered.Card),
        Verdict.Rejected rejected => RejectCard(s, work, rejected.Code),
        Verdict.CardLost => AskForCard(s, work, new CenterEffect.ForgetOpening()),
        _ => OpenCard(s, work),
    };

    private static Step Bind(CenterState s, Work work, CardId card, params ReadOnlySpan<CenterEffect> before) =>
        Witnessed(Continue(s, work with { Bound = card, Proved = true }, [.. before, Save(work, new OrderChange.Bound(card))]));

    /// <summary>
    /// Nothing of the order is there that only one card could show. Whatever this card is: what was confirmed is written again from the
    /// first record on, and a closing that is in doubt is looked at and nothing else (<see cref="OnLooked"/>).
    /// </summary>
    private static Step GoOnUnproved(CenterState s, Work work)
    {
        var progress = work.Progress with { Unproved = work.Progress.Furthest };
        var unproved = work with { Progress = progress, Proved = null };
        var opened = Save(work, new OrderChange.Opened(work.Verified!.Value, Proved: false));
        return progress.Confirmed == 0 || work.MayBeClosed
            ? Continue(s, unproved, opened)
            : Next(s, unproved with { Progress = progress with { Confirmed = 0, InDoubt = 0 } }, 1, opened,
                Save(work, new OrderChange.Rewound(0, progress.Attempt)));
    }

    /// <summary>
    /// The channel is open: settle what is in doubt, else the next record, else the closing. Of a rewrite nothing leaves before the card
    /// was seen to hold what it is believed to; and nothing is written again on a card that may be closed.
    /// </summary>
    private static Step Continue(CenterState s, Work work, params ReadOnlySpan<CenterEffect> before) =>
        IsLookedAtBefore(work) ? Run(s, work, ScriptKind.Look, 0, work.Claim.Plan.BeforeCommands, before)
            : work.MayBeClosed ? Run(s, work, ScriptKind.Look, work.ClosingNumber, work.Claim.Plan.CloseLookCommands, before)
            : Settle(s, work, before);

    /// <summary>The same, once it is known that the card is not closed.</summary>
    private static Step Settle(CenterState s, Work work, params ReadOnlySpan<CenterEffect> before)
    {
        var (confirmed, inDoubt, attempt, _, _) = work.Progress;
        if (inDoubt == 0) return Next(s, work, confirmed + 1, before);
        var shape = work.Claim.Plan.Records[inDoubt - 1];
        if (NeedsLook(work.Claim.Plan, inDoubt)) return Run(s, work, ScriptKind.Look, inDoubt, shape.LookCommands, before);
        return shape.Repeat is not RepeatRule.StartOver
            ? Leave(s, work, inDoubt, before)
            : Leave(s, work with { Progress = work.Progress with { Confirmed = shape.RestartAt - 1, InDoubt = 0 } }, shape.RestartAt,
                [.. before, Save(work, new OrderChange.Rewound(shape.RestartAt - 1, attempt))]);
    }

    /// <summary>
    /// What is due next leaves; but what this card may have from an earlier pass, and must not get twice, is looked at first.
    /// </summary>
    private static Step Next(CenterState s, Work work, int record, params ReadOnlySpan<CenterEffect> before) =>
        record <= work.Progress.Unproved && record != work.ClosingNumber && NeedsLook(work.Claim.Plan, record)
            ? Run(s, work, ScriptKind.Look, record, work.Claim.Plan.Records[record - 1].LookCommands, before)
            : Leave(s, work, record, before);

    /// <summary>
    /// Whether a look must come before a record is sent again. Not where a later record goes back to it: then its first command undoes all
    /// from there on, itself included, and a look could find what an earlier pass wrote.
    /// </summary>
    private static bool NeedsLook(PlanShape plan, int record)
    {
        if (plan.Records[record - 1].Repeat is not RepeatRule.LookFirst) return false;
        for (var later = record; later < plan.Records.Count; later++)
            if (plan.Records[later].Repeat is RepeatRule.StartOver && plan.Records[later].RestartAt == record) return false;
        return true;
    }
}
