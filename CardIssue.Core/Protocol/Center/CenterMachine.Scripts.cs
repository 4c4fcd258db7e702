using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using Step = CardIssue.Core.Protocol.Step<CardIssue.Core.Protocol.Center.CenterState, CardIssue.Core.Protocol.Center.CenterEffect>;

namespace CardIssue.Core.Protocol.Center;

/// <summary>Scripts: sent under credit, answered once, judged, and followed by what the verdict allows (S260 to S300).</summary>
internal static partial class CenterMachine
{
    /// <summary>Every opening resets the card and begins a new channel: nothing is ever sent again inside one whose counters may differ.</summary>
    private static Step OpenCard(CenterState s, Work work) => MayOpen(s, work)
        ? Run(s, Opened(work), ScriptKind.Open, 0, work.Claim.Plan.OpenCommands, new CenterEffect.ForgetOpening())
        : OpenedTooOften(s, work);

    /// <summary>
    /// The opening goes along with the word that a card is wanted: in the clear, with a challenge of its own, for the next card and no
    /// other. So that card is opened when it touches the contacts.
    /// </summary>
    private static Step OpenAhead(CenterState s, Work work, params ReadOnlySpan<CenterEffect> before) => MayOpen(s, work)
        ? Send(s with { Phase = CenterPhase.AwaitingCard }, Opened(work), ScriptKind.Open, 0, work.Claim.Plan.OpenCommands, CenterTimer.Card, before)
        : OpenedTooOften(s, work);

    private static bool MayOpen(CenterState s, Work work) => work.Opening < s.Policy.MaxOpenings;

    private static Work Opened(Work work) => WithoutCard(work) with { Opening = work.Opening + 1 };

    private static Step OpenedTooOften(CenterState s, Work work) =>
        work.Bound is null ? Stop(s with { Work = work }, AbortCode.TooManyCards, CenterPhase.AwaitingRemoval) : GiveUp(s, work, work.Progress.InDoubt);

    private static Step Run(CenterState s, Work work, ScriptKind kind, int record, int count, params ReadOnlySpan<CenterEffect> before) =>
        Send(s with { Phase = CenterPhase.Running }, work, kind, record, count, CenterTimer.Script, before);

    /// <summary>Sends a script's head and as many commands as the terminal's window takes, after what has to be saved first.</summary>
    private static Step Send(
        CenterState s, Work work, ScriptKind kind, int record, int count, CenterTimer timer, ReadOnlySpan<CenterEffect> before,
        ScriptTail tail = ScriptTail.None)
    {
        if (s.NextSequence + count > ProtocolLimits.MaxSequence) return Close(s with { Work = work });
        var sent = Math.Min(count, s.Hello!.Window);
        var run = new ScriptRun(kind, work.Opening, record, record == 0 ? 1 : work.Progress.Attempt, s.NextSequence, count, sent, tail);
        var last = (kind is ScriptKind.Record || tail is ScriptTail.First) && record == work.Claim.Plan.Records.Count;
        var isSealed = work.Claim.Plan.Sealed && kind is not ScriptKind.Open;
        return To(
            s with { NextSequence = s.NextSequence + count, Work = work with { Script = run } },
            [.. before,
            new CenterEffect.SendScript(
                new Script(kind, run.Opening, record, run.Attempt, run.First, count, last, isSealed, ByteString.Empty), tail),
            .. Commands(run, 0, sent),
            new CenterEffect.ArmTimer(timer)]);
    }

    private static CenterEffect[] Commands(ScriptRun run, int from, int to)
    {
        var commands = new CenterEffect[to - from];
        for (var i = from; i < to; i++) commands[i - from] = new CenterEffect.SendCommand(run, i);
        return commands;
    }

    private static Step OnCredit(CenterState s, Credit credit)
    {
        var run = s.Work!.Script!;
        var sent = Math.Min(run.Count, credit.Until - run.First);
        return sent <= run.Sent
            ? Ignore(s, Late)
            : To(s with { Work = s.Work with { Script = run with { Sent = sent } } },
                [.. Commands(run, run.Sent, sent), new CenterEffect.ArmTimer(CenterTimer.Script)]);
    }

    private static Step OnResult(CenterState s, Result result)
    {
        var run = s.Work!.Script!;
        if (result.First < run.First) return Ignore(s, Late);
        if (result.First > run.First || result.Responses.Count > run.Sent || (result.Stop is ScriptStop.Completed && result.Responses.Count != run.Count))
            return Reject(s, "a result that fits no script");
        return To(s with { Phase = CenterPhase.Judging }, new CenterEffect.StopTimer(), new CenterEffect.Judge(run, result));
    }

    private static Step OnJudged(CenterState s, CenterEvent.Judged judged)
    {
        var run = s.Work!.Script!;
        if (judged.First != run.First) return Ignore(s, Late);
        var step = OnVerdict(s, run, judged.Verdict);
        return judged.IsSpared && s.Work.Verified is { } card
            ? step with { Effects = [Save(s.Work, new OrderChange.Spared(card)), .. step.Effects] } : step;
    }

    /// <summary>Another card, or the same once more, mends nothing of a terminal's module: the order is given back.</summary>
    private static Step OnVerdict(CenterState s, ScriptRun run, Verdict verdict) => verdict is Verdict.ModuleRefused
        ? ModuleRefused(s)
        : run.Kind switch
        {
            ScriptKind.Open => OnOpened(s, s.Work!, verdict),
            ScriptKind.Authenticate when run.Tail is ScriptTail.First => OnBegun(s, s.Work!, verdict),
            ScriptKind.Authenticate => OnAuthenticated(s, s.Work!, verdict),
            ScriptKind.Assign => OnNumbered(s, s.Work!, verdict),
            ScriptKind.Look => OnLooked(s, s.Work!, run.Record, verdict),
            ScriptKind.Record when run.Tail is ScriptTail.Closing => OnLastWritten(s, s.Work!, verdict),
            ScriptKind.Record => OnWritten(s, s.Work!, run.Record, verdict),
            ScriptKind.Close => OnWritten(s, s.Work!, run.Record, verdict),
        };

    private static Step ModuleRefused(CenterState s) => Stop(s, AbortCode.ModuleRefused, CenterPhase.AwaitingRemoval);

    /// <summary>
    /// A record, or the closing, leaves: saved first; the closing with the last record where it may. A record that never left before
    /// begins with its first attempt.
    /// </summary>
    private static Step Leave(CenterState s, Work work, int record, params ReadOnlySpan<CenterEffect> before)
    {
        var progress = work.Progress;
        var (attempt, closes) = (record > progress.Furthest ? 1 : progress.Attempt, ClosesWith(work, record));
        var furthest = Math.Max(progress.Furthest, closes ? work.ClosingNumber : record);
        var leaving = work with { Progress = progress with { InDoubt = record, Attempt = attempt, Furthest = furthest } };
        if (record == work.ClosingNumber)
            return Run(s, leaving, ScriptKind.Close, record, work.Claim.Plan.CloseCommands, [.. before, Save(work, new OrderChange.Closing(attempt))]);
        var count = work.Claim.Plan.Records[record - 1].Commands + (closes ? work.Claim.Plan.CloseCommands : 0);
        return Send(s with { Phase = CenterPhase.Running }, leaving, ScriptKind.Record, record, count, CenterTimer.Script,
            [.. before, Save(work, new OrderChange.Leaving(record, attempt, closes))],
            closes ? ScriptTail.Closing : ScriptTail.None);
    }

    /// <summary>
    /// Not where the card could not show, after a cut, that it is the one that may be closed: then only the closing itself is to be in
    /// such a doubt.
    /// </summary>
    private static bool ClosesWith(Work work, int record) => work.Claim.Plan.ClosesWithLast && record == work.Claim.Plan.Records.Count
        && (work.Identity is IdentityKind.Given || Evidence(work) > 0);

    /// <summary>S290, S300: only what is confirmed lets the next record go; success is told only after the closing.</summary>
    private static Step OnWritten(CenterState s, Work work, int record, Verdict verdict) => verdict switch
    {
        Verdict.Done => Confirm(s, work, record),
        Verdict.NotDone => Retry(s, work with { Progress = work.Progress with { InDoubt = 0 } }, record,
            Save(work, new OrderChange.NotDone(record, work.Progress.Attempt + 1))),
        Verdict.CardLost => Retry(s, work, record, cardLost: true),
        _ => Retry(s, work, record),
    };

    /// <summary>S300: the last record and the closing. A card that says of both that they are done is closed.</summary>
    private static Step OnLastWritten(CenterState s, Work work, Verdict verdict) => verdict switch
    {
        Verdict.Done => Issue(s, work),
        Verdict.Unclosed => Retry(s, work with { Progress = work.Progress with { Confirmed = work.Progress.InDoubt, InDoubt = work.ClosingNumber } },
            work.ClosingNumber, WithClosing(work)),
        _ => OnWritten(s, work, work.Progress.InDoubt, verdict),
    };

    private static Step OnLooked(CenterState s, Work work, int record, Verdict verdict) => verdict switch
    {
        Verdict.Done when record == 0 => Next(s, work, 1),
        Verdict.NotDone when record == 0 => GiveUp(s, work, record),
        Verdict.Done => Confirm(s, work, record),
        // Not closed: this card, or the one that the closing went to? Another one, or one that can show nothing, is never closed.
        Verdict.NotDone when record == work.ClosingNumber && work.Proved is not true =>
            work.Proved is null ? GiveUp(s, work, record) : RejectCard(s, work, CardRejection.OtherCard),
        // The card is not closed: what became of the last record, with which the closing left, is settled by itself.
        Verdict.NotDone when record == work.ClosingNumber && work.Progress.InDoubt != record => Settle(s, work),
        Verdict.NotDone when work.Progress.InDoubt == 0 => Leave(s, work, record),
        Verdict.NotDone => Leave(s, work with { Progress = work.Progress with { InDoubt = 0 } }, record,
            Save(work, new OrderChange.NotDone(record, work.Progress.Attempt))),
        Verdict.Unclear unclear => GiveUp(s, work, record, unclear.Found),
        Verdict.CardLost => Retry(s, work, record, cardLost: true),
        _ => Retry(s, work, record),
    };

    private static Step Issue(CenterState s, Work work)
    {
        var card = work.Verified!.Value;
        return To(s with { Phase = CenterPhase.AwaitingRemoval, Work = null },
            [new CenterEffect.ForgetOpening(), .. WithClosing(work), Save(work, new OrderChange.Issued(card)),
            new CenterEffect.SendIssued(work.Claim.Order, card), new CenterEffect.ArmTimer(CenterTimer.Removal), new CenterEffect.SendWitness()]);
    }

    /// <summary>Of a closing that left with the last record: the record is confirmed, and what is in doubt is the closing.</summary>
    private static CenterEffect[] WithClosing(Work work) => work.Progress.InDoubt != work.Claim.Plan.Records.Count ? [] :
        [Save(work, new OrderChange.Confirmed(work.Progress.InDoubt, Closes: true))];

    private static Step Confirm(CenterState s, Work work, int record) => record == work.ClosingNumber
        ? Issue(s, work)
        : Next(s, work with { Progress = work.Progress with { Confirmed = record, InDoubt = 0 } }, record + 1,
            Save(work, new OrderChange.Confirmed(record)));

    /// <summary>An attempt failed: another from a fresh channel, within the limit.</summary>
    private static Step Retry(CenterState s, Work work, int record, bool cardLost) => Retry(s, work, record, cardLost, []);

    private static Step Retry(CenterState s, Work work, int record, params ReadOnlySpan<CenterEffect> before) => Retry(s, work, record, false, before);

    private static Step Retry(CenterState s, Work work, int record, bool cardLost, ReadOnlySpan<CenterEffect> before)
    {
        var failed = work with { Progress = work.Progress with { Attempt = work.Progress.Attempt + 1 } };
        var step = failed.Progress.Attempt > s.Policy.MaxAttempts ? GiveUp(s, failed, record)
            : cardLost ? AskForCard(s, failed, new CenterEffect.ForgetOpening())
            : OpenCard(s, failed);
        return step with { Effects = [.. before, .. step.Effects] };
    }
}
