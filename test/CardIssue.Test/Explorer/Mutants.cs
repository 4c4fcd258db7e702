using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Center;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Core.Protocol.Terminal;

namespace CardIssue.Test.Explorer;

using CenterStep = Step<CenterState, CenterEffect>;
using TerminalStep = Step<TerminalState, TerminalEffect>;

/// <summary>A planted bug: the property that it breaks, and the length of the shortest trace to it.</summary>
internal sealed record Mutant(string Name, WorldOptions World, string Breaks, int Length);

/// <summary>Planted bugs: each delegates to a real machine and alters what goes in or what comes out, or weakens what surrounds it.</summary>
internal static class Mutants
{
    private static readonly WorldOptions Base = Worlds.Simple with { Plan = Worlds.Plan(false, Worlds.LookFirst(2), Worlds.Repeatable(1)) };

    private static readonly WorldOptions Single = Base with { Plan = Worlds.Plan(false, Worlds.LookFirst(2)) };

    /// <summary>Cards that tell the same of themselves, and the wrong one at hand.</summary>
    private static readonly WorldOptions Equal = Base with
    {
        Identities = Identities.Equal,
        Plan = Worlds.Plan(false, Worlds.LookFirst(1), Worlds.Repeatable(1)),
        Faults = Faults.Cut | Faults.Swap,
        Budget = new(1, 2, 1, 0, 0, 0),
    };

    /// <summary>Cards that the center gives numbers, and a terminal that alters what they tell before their channel is open.</summary>
    private static readonly WorldOptions Given = Base with
    {
        Identities = Identities.Given,
        Plan = Worlds.Numbering(Worlds.Plan(false, Worlds.Repeatable(1), Worlds.Repeatable(1))),
        Faults = Faults.Cut | Faults.Alter,
        Budget = new(2, 2, 1, 0, 0, 0),
        TellsOther = true,
    };

    /// <summary>The same, of cards that tell nothing in a number's place: it leaves with the authentication.</summary>
    private static readonly WorldOptions GivenAtOnce = Given with { TellsOther = false };

    /// <summary>
    /// Cards that are always known again, so that nothing but the record's own rule stands between it and being written twice.
    /// </summary>
    private static readonly WorldOptions Known = Base with
    {
        Identities = Identities.Given, Plan = Worlds.Numbering(Worlds.Plan(false, Worlds.LookFirst(2), Worlds.Repeatable(1))),
    };

    /// <summary>The closing leaves with the last record, for cards that are always known again.</summary>
    private static readonly WorldOptions Closing = Base with
    {
        Identities = Identities.Given, Plan = Worlds.Closing(Worlds.Numbering(Worlds.Plan(false, Worlds.Repeatable(2)))),
    };

    /// <summary>The first record leaves with the authentication, for cards that their cryptogram alone proves.</summary>
    private static readonly WorldOptions AtOnce = Base with { Plan = Worlds.AtOnce(Worlds.Plan(false, Worlds.LookFirst(1), Worlds.Repeatable(1))) };

    /// <summary>Cards whose identity is read again in the channel, and a terminal that alters what they tell before it.</summary>
    private static readonly WorldOptions Altered = Base with
    {
        Plan = Worlds.Plan(false, Worlds.LookFirst(1)) with { AuthenticateCommands = 2 }, Faults = Faults.Alter,
    };

    /// <summary>Store and log that may be put back together, and a second card at hand.</summary>
    private static readonly WorldOptions PutBack = Base with
    {
        Plan = Worlds.Plan(false, Worlds.Repeatable(1)), Faults = Faults.PutBack, Budget = new(1, 2, 1, 0, 0, 0),
    };

    /// <summary>A reader that is pulled, or exchanged.</summary>
    private static readonly WorldOptions Pulled = Single with { Faults = Faults.Reader };

    /// <summary>A card that was issued and is to be rewritten.</summary>
    private static readonly WorldOptions Rewrite = Worlds.Rewrite;

    public static readonly Mutant[] All =
    [
        Center("success is told before it is saved", Base, "4 success is told before it is saved", 43, IssuedFirst),
        Center("the closing leaves before it is saved", Base, "4 record 3 leaves and the store does not know of it", 38, Unsaved<OrderChange.Closing>),
        Center("a record leaves before it is saved", Base, "4 record 1 leaves and the store does not know of it", 26, Unsaved<OrderChange.Leaving>),
        Center("a try is not counted before it is made", Base, "5 an authentication try was not counted", 24, Unsaved<OrderChange.Authenticating>),
        Center("in doubt is taken for not done", Known, "3 a command that may not be repeated was applied twice", 55, InDoubtIsNotDone),
        Center("in doubt is taken for done", Base, "3 Record goes out in an opening whose counters may differ", 31, InDoubtIsDone),
        Center("the order goes on with another card", Base with { Budget = new(1, 2, 1, 0, 0, 0) }, "3/4 store: an authentication of another card than the bound one", 41, OtherCardTaken),
        Center("a foreign card is bound", Base with { Budget = new(0, 1, 1, 0, 0, 0) }, "5 a try is counted for a card whose cryptogram was not verified", 21, ForeignCardTaken),
        Center("a card is authenticated to before its cryptogram is verified", Base with { Budget = new(0, 1, 1, 0, 0, 0) }, "5 a try is counted for a card whose cryptogram was not verified", 20, AuthenticatesUnverified),
        Center("a record is sent again inside the same opening", Base, "3 Record goes out in an opening whose counters may differ", 31, SameOpening),
        Center("what needs a look is repeated without one", Base, "3 a command that may not be repeated was applied twice", 45, NoLook),
        Center("the next record leaves before the last is confirmed", Base, "3 record 2 leaves and the card has not all before it", 26, NotConfirmed),
        Center("success without the closing", Base, "4 issued, and the card is not closed", 38, NoClosing),
        Center("start over goes on without going back",
            Known with { Plan = Worlds.Numbering(Worlds.Plan(false, Worlds.Repeatable(1), Worlds.StartOver(2, 1))) },
            "3 a command that may not be repeated was applied twice", 60, NoRewind),
        Center("attempts have no limit", Single with { Faults = Faults.Card, Budget = new(2, 1, 0, 0, 0, 0) },
            "3/4 store: record 1 leaves at attempt 3", 62, NoLimit),
        Center("the timer is armed after what may fail", Single with { Budget = new(1, 1, 0, 1, 0, 0) }, "the center waits without a cap in Idle", 17, TimerLast),
        Center("the claim is kept when the line is lost", Single, "the order cannot end any more", 11, KeepsClaim),
        Center("more commands than the window", Base with { Plan = Worlds.Plan(false, Worlds.Repeatable(4)) }, "3 more commands than the window", 26, IgnoresCredit),
        Terminal("the terminal keeps commands", Base, "1 the terminal holds commands outside a script", 14, Without<TerminalEffect.DiscardCommands>),
        Terminal("the terminal keeps what the card said", Base, "1 the terminal holds responses after they were reported", 18, Without<TerminalEffect.SendResult>),
        Terminal("the terminal keeps all when the line is lost", Base, "1 the terminal holds commands outside a script", 15, Without<TerminalEffect.ReleaseCard>),
        Terminal("the terminal grants more than its window", Base with { Plan = Worlds.Plan(false, Worlds.Repeatable(4)) }, "1 the terminal holds more than its window", 34, GrantsTooMuch),
        Terminal("a doubled success prints a second receipt", Base, "4 two receipts are printed for one order", 46, PrintsAgain),
        Terminal("an unknown reader is used", Base with { ReaderKnown = false }, "5 a card in an unknown reader is offered", 15, AnyReader),
        Terminal("an unknown center is believed", Base with { CenterGenuine = false }, "5 an unknown center gets RequestIssue", 9, AnyCenter),
        Terminal("an opening that came along begins before the reader is known", Base with { ReaderKnown = false },
            "5 a card in an unknown reader is offered", 16, BeginsUnknown),
        Terminal("an opening that came along is kept when the order is over", Base with { Budget = new(0, 1, 0, 1, 0, 0) },
            "1 the terminal holds commands outside a script", 15, KeepsAhead),
        Center("an opening that came along is sent for the next card again", Base with { Budget = new(0, 1, 1, 0, 0, 0) },
            "5 a challenge is sent for two cards", 21, OpeningAgain),
        Terminal("the terminal goes on after a status word that was not expected", Closing with { Faults = Faults.Card },
            "2 a card is closed and not complete", 41, GoesOnRegardless),
        Center("the closing that leaves with the last record is not saved", Closing,
            "4 a card is closed and the store does not know of it", 41, SavesNoClosing),
        Center("a last record in doubt is sent again to a card that may be closed", Closing,
            "3 a card that is closed is written on", 61, LooksForNoClosing),
        Center("a closing that followed the last record is taken for done", Closing,
            "4 issued, and the card is not closed", 44, UnclosedIsDone),
        Center("an unknown terminal is let in", Base with { TerminalKnown = false }, "5 an unknown terminal gets Admitted", 6, AnyTerminal),
        Center("an order goes on without evidence", Equal, "3 record 2 leaves and the card has not all before it", 52, StrangerTaken),
        Center("a closing in doubt is sent again without evidence", Equal with { Plan = Worlds.Plan(false, Worlds.Repeatable(1)) },
            "3 record 2 leaves and the card has not all before it", 55, ClosesUnproved),
        Center("what an unproved opening makes worthless is taken for evidence",
            Equal with { Plan = Worlds.Plan(false, Worlds.LookFirst(1)), Faults = Faults.Swap, Budget = new(2, 1, 1, 0, 0, 0) },
            "2 two live cards for one order", 87, ForgetsUnproved),
        Center("what an earlier pass may have written is not looked at",
            Equal with { Plan = Worlds.Plan(false, Worlds.Repeatable(1), Worlds.LookFirst(1)), Budget = new(2, 1, 0, 0, 0, 0) },
            "3 a command that may not be repeated was applied twice", 59, NoLookAgain),
        Center("a card is numbered before it is read in the channel", Given, "2 a card that has a number is given another", 56,
            NumbersUnread),
        Center("an order is bound before the number is read back", Given,
            "2 the order is bound to an identity that its card does not have", 28, BindsUnread),
        Center("an order is bound before a number that leaves with the authentication is read back", GivenAtOnce,
            "2 the order is bound to an identity that its card does not have", 28, BindsUnreadAtOnce),
        Terminal("a number is given though the card tells one", GivenAtOnce, "2 a card that has a number is given another", 56,
            GoesOnRegardless),
        Center("a blank card is taken for the numbered one", Given with { Faults = Faults.Swap, Budget = new(1, 2, 0, 0, 0, 0) },
            "5 a try is counted for a card whose cryptogram was not verified", 49, BlankTaken),
        Center("an identity that differs in the channel is believed", Given,
            "2 the order is bound to an identity that its card does not have", 28, DifferenceTaken),
        new("the store minds no fencing numbers", Single with { Fenced = false, Zombies = true, Faults = Faults.Cut, Budget = new(1, 2, 0, 0, 0, 0) }, "3/4 store: bound twice", 51),
        new("a host that was taken for dead saves on", Worlds.TwoHosts with { Fenced = false }, "3/4 store: bound twice", 51),
        new("an order is taken over under its old fencing number", Worlds.TwoHosts with { TakingOver = TakingOver.NumberKept }, "3/4 store: bound twice", 52),
        new("a card is bound without a look at the fencing number", Worlds.TwoHosts with { TakingOver = TakingOver.BindingUnfenced }, "3/4 store: bound twice", 51),
        new("a restored order is not quarantined", Base with { Quarantines = false, Faults = Faults.Restore, Budget = new(1, 2, 0, 0, 0, 0) }, "2 card A is written and the order is not bound to it", 29),
        new("what a witness remembers is not compared", PutBack with { Witnessing = Witnessing.NotCompared }, "2 two live cards for one order", 80),
        new("what a witness remembers is compared after the claim", PutBack with { Witnessing = Witnessing.ComparedLate },
            "2 an order is claimed before the witness is heard", 24),
        new("a claimed order is not quarantined", PutBack with { Witnessing = Witnessing.ClaimedSpared }, "2 two live cards for one order", 80),
        new("the next fencing number is not raised", PutBack with { Witnessing = Witnessing.FenceKept }, "3 a fencing number is given twice", 29),
        new("an order imported after a put-back is ready", PutBack with { Witnessing = Witnessing.ImportTaken },
            "2 two live cards for one order", 81),
        Center("a rewrite goes on with another card", Rewrite with { Budget = new(1, 2, 1, 0, 0, 0) },
            "3/4 store: an authentication of another card than the bound one", 21, OtherCardTaken),
        Center("a rewrite is bound to whichever card comes", Rewrite with { Budget = new(1, 2, 1, 0, 0, 0) },
            "3/4 store: an authentication of another card than the bound one", 21, BoundToAny),
        Center("what is on the card before a rewrite is not looked at", Rewrite with { ChangedElsewhere = true },
            "2 what was changed elsewhere is written over", 30, NoLookBefore),
        Center("what is on the card before a rewrite is not waited for", Rewrite with { ChangedElsewhere = true },
            "2 what was changed elsewhere is written over", 29, NoWaitBefore),
        Center("what was changed elsewhere is rewritten", Rewrite with { ChangedElsewhere = true },
            "2 what was changed elsewhere is written over", 33, ChangeTaken),
        Center("a rewrite ends without its last look", Rewrite, "4 issued, and the card is not closed", 43, NoClosing),
        Center("a rewrite's record in doubt is not looked at", Rewrite,
            "3 a command that may not be repeated was applied twice", 52, NoLook),
        Center("success is told again to whoever asks", Base with { Budget = new(0, 2, 0, 0, 0, 0) },
            "4 success is told to a terminal that does not show that it had the order", 50, ToldToAnyone),
        Center("a terminal that returns is told that its order is issued", Single with { Faults = Faults.Cut },
            "4 success is told before it is saved", 39, ToldOnReturn),
        Center("a terminal that returns is declined", Single with { Faults = Faults.Cut },
            "4 a terminal that returns is not told that its order is issued", 52, DeclinedOnReturn),
        Terminal("a success of before is taken for the answer to a request",
            Single with { Faults = Faults.Double, Budget = new(1, 2, 0, 0, 0, 0) }, "4 two receipts are printed for one order", 44, TakesAnySuccess),
        Center("a try that a card may have counted is taken back", Base with { Faults = Faults.Card },
            "5 an authentication try was not counted", 35, SparesAll),
        Center("a first record leaves with the authentication before the binding is saved", AtOnce,
            "4 record 1 leaves and the store does not know of it", 21, SavedLast),
        Center("a binding that leaves with the authentication clears the card's tries", AtOnce,
            "5 an authentication try was not counted", 24, ClearsTries),
        Center("a first record that left with the authentication is forgotten when its result is lost", AtOnce,
            "3 a command that may not be repeated was applied twice", 51, ForgetsFirst),
        Center("a refused authentication is taken for the first record's success", AtOnce,
            "3 Record goes out in an opening whose counters may differ", 26, RefusedIsDone),
        Center("a refused authentication proves that nothing is on the card", AtOnce with { Faults = Faults.Hide },
            "3 a command that may not be repeated was applied twice", 47, RefusedIsProof),
        Center("the first record leaves with the authentication though the card is read in the channel", Altered,
            "2 the order is bound to an identity that its card does not have", 21, AtOnceAnyway),
        new("a reader that is away is not known", Pulled with { ReaderChecking = ReaderChecking.AwayIsUnknown },
            "5 a reader that is not there is reported as unknown", 14),
        new("a reader that was away is not asked when it is back", Pulled with { ReaderChecking = ReaderChecking.Forgotten },
            "the terminal waits for a reader that is there", 14),
        new("a reader that comes back is taken for the one that went", Pulled with { ReaderChecking = ReaderChecking.Remembered },
            "5 a card in an unknown reader is touched", 19),
        new("a reader is not checked before its card is connected to", Pulled with { ReaderChecking = ReaderChecking.Once },
            "5 a card in an unknown reader is touched", 19),
        Center("the terminal is told before the binding is saved", PutBack, "2 two live cards for one order", 80, ToldFirst),
    ];

    /// <summary>The card that a rewrite was ordered for is forgotten.</summary>
    private static CenterStep BoundToAny(CenterState s, CenterEvent e) =>
        CenterMachine.On(s, e is CenterEvent.Claimed(var claim) ? new CenterEvent.Claimed(claim with { Bound = null }) : e);

    private static CenterStep NoLookBefore(CenterState s, CenterEvent e) =>
        CenterMachine.On(s, e is CenterEvent.Claimed(var claim)
            ? new CenterEvent.Claimed(claim with { Plan = claim.Plan with { BeforeCommands = 0 } }) : e);

    private static CenterStep NoWaitBefore(CenterState s, CenterEvent e) => Unwaited(
        s, e, ScriptKind.Authenticate, new Verdict.Done(ProofKind.ReadBack), work => work.Script!.Tail is ScriptTail.Before);

    private static CenterStep ChangeTaken(CenterState s, CenterEvent e) =>
        CenterMachine.On(s, s.Work?.Script is { Tail: ScriptTail.Before } && e is CenterEvent.Judged { Verdict: Verdict.Unclear } j
            ? j with { Verdict = new Verdict.Done(ProofKind.ReadBack) } : e);

    private static CenterStep SparesAll(CenterState s, CenterEvent e) =>
        CenterMachine.On(s, s.Work?.Script is { Kind: ScriptKind.Authenticate } && e is CenterEvent.Judged { Verdict: not Verdict.Done } j
            ? j with { IsSpared = true } : e);

    /// <summary>Nobody asks who had the order.</summary>
    private static CenterStep ToldToAnyone(CenterState s, CenterEvent e) =>
        CenterMachine.On(s, e is CenterEvent.ClaimDeclined(DeclineCode.AlreadyIssued) ? Done() : e);

    /// <summary>Nobody asks whether it is done.</summary>
    private static CenterStep ToldOnReturn(CenterState s, CenterEvent e) =>
        CenterMachine.On(s, e is CenterEvent.Claimed({ Bound: not null }) ? Done() : e);

    private static CenterStep DeclinedOnReturn(CenterState s, CenterEvent e) =>
        CenterMachine.On(s, e is CenterEvent.FoundDone ? new CenterEvent.ClaimDeclined(DeclineCode.AlreadyIssued) : e);

    private static CenterEvent.FoundDone Done() => new(Names.Order, Store.IdOf(Card.A));

    private static TerminalStep TakesAnySuccess(TerminalState s, TerminalEvent e) => TerminalMachine.On(
        s.Phase is TerminalPhase.Requesting && e is TerminalEvent.Received(Issued) ? s with { Token = Names.Token } : s, e);

    /// <summary>The note leaves before what it should cover is saved.</summary>
    private static CenterStep ToldFirst(CenterState s, CenterEvent e)
    {
        var step = CenterMachine.On(s, e);
        return step.Effects.Any(x => x is CenterEffect.Save { Change: OrderChange.Bound })
            ? With(step, step.Effects.OrderBy(x => x is CenterEffect.SendWitness ? 0 : 1)) : step;
    }

    /// <summary>Goes on though the card shows nothing of the order.</summary>
    private static CenterStep StrangerTaken(CenterState s, CenterEvent e) =>
        CenterMachine.On(s, e is CenterEvent.Judged { Verdict: Verdict.Stranger } j
            ? j with { Verdict = new Verdict.Done(ProofKind.CardMac) } : e);

    /// <summary>A look at the closing that finds nothing done is enough to close, as on a blank card.</summary>
    private static CenterStep ClosesUnproved(CenterState s, CenterEvent e) =>
        CenterMachine.On(s.Work is { Script.Kind: ScriptKind.Look } work ? s with { Work = work with { Proved = true } } : s, e);

    private static CenterStep ForgetsUnproved(CenterState s, CenterEvent e)
    {
        var step = CenterMachine.On(s, e is CenterEvent.Claimed(var claim)
            ? new CenterEvent.Claimed(claim with { Progress = claim.Progress with { Unproved = 0 } }) : e);
        return step.State.Work is { } work
            ? step with { State = step.State with { Work = work with { Progress = work.Progress with { Unproved = 0 } } } } : step;
    }

    /// <summary>What is due next leaves at once, whatever the card may have of it.</summary>
    private static CenterStep NoLookAgain(CenterState s, CenterEvent e)
    {
        var step = CenterMachine.On(s, e);
        return step.State is { Phase: CenterPhase.Running, Work: { Script: { Kind: ScriptKind.Look } run, Progress.InDoubt: 0 } }
            && s.Work?.Script != run
            ? After(With(step, step.Effects.Where(x => x is CenterEffect.Save)),
                CenterMachine.On(step.State with { Phase = CenterPhase.Judging }, new CenterEvent.Judged(run.First, new Verdict.NotDone())))
            : step;
    }

    /// <summary>The authentication's answer, with what the card says of itself in the channel, is not waited for.</summary>
    private static CenterStep NumbersUnread(CenterState s, CenterEvent e) =>
        Unwaited(s, e, ScriptKind.Authenticate, new Verdict.Done(ProofKind.CardMac), work =>
            work is { Bound: null, Identity: IdentityKind.Blank });

    private static CenterStep BindsUnread(CenterState s, CenterEvent e) =>
        Unwaited(s, e, ScriptKind.Assign, new Verdict.Genuine(Given.IdOf(1), IdentityKind.Given), _ => true);

    private static CenterStep BindsUnreadAtOnce(CenterState s, CenterEvent e) => Unwaited(
        s, e, ScriptKind.Authenticate, new Verdict.Genuine(GivenAtOnce.IdOf(1), IdentityKind.Given),
        work => work.Script!.Tail is ScriptTail.Number);

    private static CenterStep Unwaited(CenterState s, CenterEvent e, ScriptKind kind, Verdict verdict, Func<Work, bool> when)
    {
        var step = CenterMachine.On(s, e);
        return step.State.Work is { Script: { } run } work && run.Kind == kind && run.Sent == run.Count && s.Work?.Script != run
            && when(work)
            ? After(step, CenterMachine.On(step.State with { Phase = CenterPhase.Judging }, new CenterEvent.Judged(run.First, verdict)))
            : step;
    }

    private static CenterStep BlankTaken(CenterState s, CenterEvent e) =>
        CenterMachine.On(s, e is CenterEvent.Judged { Verdict: Verdict.Genuine { Identity: IdentityKind.Blank } } j
            && s.Work?.Bound is { } bound
            ? j with { Verdict = new Verdict.Genuine(bound, IdentityKind.Given) } : e);

    private static CenterStep DifferenceTaken(CenterState s, CenterEvent e) =>
        CenterMachine.On(s, e is CenterEvent.Judged { Verdict: Verdict.Rejected { Code: CardRejection.NoIdentity } } j
            && s.Work?.Script is { Kind: ScriptKind.Authenticate }
            ? j with { Verdict = new Verdict.Done(ProofKind.CardMac) } : e);

    private static Mutant Center(string name, WorldOptions world, string breaks, int length, Func<CenterState, CenterEvent, CenterStep> on) =>
        new(name, world with { Name = name, Machines = Machines.Real with { Center = on } }, breaks, length);

    private static Mutant Terminal(string name, WorldOptions world, string breaks, int length, Func<TerminalState, TerminalEvent, TerminalStep> on) =>
        new(name, world with { Name = name, Machines = Machines.Real with { Terminal = on } }, breaks, length);

    private static CenterStep IssuedFirst(CenterState s, CenterEvent e)
    {
        var step = CenterMachine.On(s, e);
        return With(step, step.Effects.OrderBy(x => x is CenterEffect.SendIssued ? 0 : 1));
    }

    /// <summary>The save is left out.</summary>
    private static CenterStep Unsaved<TChange>(CenterState s, CenterEvent e) where TChange : OrderChange
    {
        var step = CenterMachine.On(s, e);
        return With(step, step.Effects.Where(x => x is not CenterEffect.Save { Change: TChange }));
    }

    private static CenterStep InDoubtIsNotDone(CenterState s, CenterEvent e) =>
        CenterMachine.On(s, OfRecord(s) && e is CenterEvent.Judged { Verdict: Verdict.InDoubt } j ? j with { Verdict = new Verdict.NotDone() } : e);

    private static CenterStep InDoubtIsDone(CenterState s, CenterEvent e) =>
        CenterMachine.On(s, OfRecord(s) && e is CenterEvent.Judged { Verdict: Verdict.InDoubt } j ? j with { Verdict = new Verdict.Done(ProofKind.TerminalWord) } : e);

    private static CenterStep OtherCardTaken(CenterState s, CenterEvent e) =>
        CenterMachine.On(e is CenterEvent.Judged { Verdict: Verdict.Genuine(var card, _, _) } && s.Work is { Bound: not null } work
            ? s with { Work = work with { Bound = card } } : s, e);

    private static CenterStep ForeignCardTaken(CenterState s, CenterEvent e) =>
        CenterMachine.On(s, e is CenterEvent.Judged { Verdict: Verdict.Rejected } j ? j with { Verdict = new Verdict.Genuine(Store.IdOf(Card.X)) } : e);

    /// <summary>Authenticates at once, before the cryptogram was judged: whatever the opening came to.</summary>
    private static CenterStep AuthenticatesUnverified(CenterState s, CenterEvent e)
    {
        if (s.Work?.Script is not { Kind: ScriptKind.Open } || e is not CenterEvent.Received(Result result)) return CenterMachine.On(s, e);
        var judging = CenterMachine.On(s, e);
        return judging.State.Phase is CenterPhase.Judging
            ? CenterMachine.On(judging.State, new CenterEvent.Judged(result.First, new Verdict.Genuine(Store.IdOf(Card.A))))
            : judging;
    }

    private static CenterStep SameOpening(CenterState s, CenterEvent e)
    {
        var step = CenterMachine.On(s, e);
        if (!OfRecord(s) || step.State.Work?.Script is not { Kind: ScriptKind.Open } || s.Work!.Script is not { } run) return step;
        var again = run with { First = step.State.NextSequence - 1 };
        return new(
            step.State with { NextSequence = again.First + again.Count, Work = step.State.Work with { Script = again, Opening = run.Opening, Verified = s.Work.Verified } },
            [new CenterEffect.SendScript(new Script(run.Kind, run.Opening, run.Record, run.Attempt, again.First, run.Count, false, false, default)),
            .. Enumerable.Range(0, run.Sent).Select(i => (CenterEffect)new CenterEffect.SendCommand(again, i)), new CenterEffect.ArmTimer(CenterTimer.Script)],
            step.Outcome);
    }

    private static CenterStep NoLook(CenterState s, CenterEvent e) => CenterMachine.On(s, e is CenterEvent.Claimed(var claim)
        ? new CenterEvent.Claimed(claim with { Plan = Careless(claim.Plan) }) : e);

    private static PlanShape Careless(PlanShape plan) => plan with
    {
        Records = ValueList.Create<RecordShape>(plan.Records.Select(r => r.Repeat is RepeatRule.LookFirst ? Worlds.Repeatable(r.Commands) : r).ToArray()),
    };

    /// <summary>A result of a record is not waited for: it counts as done when its commands are out.</summary>
    private static CenterStep NotConfirmed(CenterState s, CenterEvent e)
    {
        var step = CenterMachine.On(s, e);
        return step.State.Work is { Script: { Kind: ScriptKind.Record } run } && run.Sent == run.Count && run.Record == 1 && s.Work?.Script != run
            ? After(step, CenterMachine.On(step.State with { Phase = CenterPhase.Judging }, new CenterEvent.Judged(run.First, new Verdict.Done(ProofKind.TerminalWord))))
            : step;
    }

    private static CenterStep NoClosing(CenterState s, CenterEvent e)
    {
        var step = CenterMachine.On(s, e);
        return step.State.Work is { Script: { Kind: ScriptKind.Close } run } && s.Work?.Script != run
            ? With(After(step, CenterMachine.On(step.State with { Phase = CenterPhase.Judging }, new CenterEvent.Judged(run.First, new Verdict.Done(ProofKind.CardMac)))),
                step.Effects.Where(x => x is CenterEffect.Save).Concat(CenterMachine.On(step.State with { Phase = CenterPhase.Judging },
                    new CenterEvent.Judged(run.First, new Verdict.Done(ProofKind.CardMac))).Effects))
            : step;
    }

    /// <summary>A record to start over with is simply sent again.</summary>
    private static CenterStep NoRewind(CenterState s, CenterEvent e) => CenterMachine.On(s, e is CenterEvent.Claimed(var claim)
        ? new CenterEvent.Claimed(claim with
        {
            Plan = claim.Plan with
            {
                Records = ValueList.Create<RecordShape>(claim.Plan.Records.Select(r => r.Repeat is RepeatRule.StartOver ? Worlds.Repeatable(r.Commands) : r).ToArray()),
            },
        })
        : e);

    private static CenterStep NoLimit(CenterState s, CenterEvent e)
    {
        var step = CenterMachine.On(s with { Policy = s.Policy with { MaxAttempts = 99 } }, e);
        return step with { State = step.State with { Policy = s.Policy } };
    }

    private static CenterStep TimerLast(CenterState s, CenterEvent e)
    {
        var step = CenterMachine.On(s, e);
        return With(step, step.Effects.OrderBy(x => x is CenterEffect.ArmTimer ? 1 : 0));
    }

    private static CenterStep KeepsClaim(CenterState s, CenterEvent e) =>
        e is CenterEvent.LineDown && s.Work is not null ? new(s, default, new Outcome(OutcomeKind.Ignored, "planted")) : CenterMachine.On(s, e);

    private static CenterStep IgnoresCredit(CenterState s, CenterEvent e)
    {
        if (s.Hello is not { } hello) return CenterMachine.On(s, e);
        var step = CenterMachine.On(s with { Hello = hello with { Window = ProtocolLimits.MaxWindow } }, e);
        return step with { State = step.State with { Hello = hello } };
    }

    private static CenterStep AnyTerminal(CenterState s, CenterEvent e) =>
        CenterMachine.On(s, e is CenterEvent.ProofJudged ? new CenterEvent.ProofJudged(null, Names.Admitted) : e);

    private static TerminalStep Without<TEffect>(TerminalState s, TerminalEvent e) where TEffect : TerminalEffect
    {
        var step = TerminalMachine.On(s, e);
        return step with { Effects = ValueList.Create<TerminalEffect>(step.Effects.Where(x => x is not TEffect).ToArray()) };
    }

    private static TerminalStep GrantsTooMuch(TerminalState s, TerminalEvent e)
    {
        var step = TerminalMachine.On(s, e);
        return step with
        {
            State = step.State.Relay is { } relay ? step.State with { Relay = relay with { Granted = relay.Count } } : step.State,
            Effects = ValueList.Create<TerminalEffect>(step.Effects.SelectMany(x => x is TerminalEffect.BeginScript(var script)
                ? [x, new TerminalEffect.Send(new Credit(script.First + script.Count))] : new[] { x }).ToArray()),
        };
    }

    private static TerminalStep BeginsUnknown(TerminalState s, TerminalEvent e) =>
        TerminalMachine.On(s, s.Ahead is not null && e is TerminalEvent.ReaderJudged judged ? judged with { Known = true } : e);

    private static TerminalStep KeepsAhead(TerminalState s, TerminalEvent e) =>
        s.Ahead is null ? TerminalMachine.On(s, e) : Without<TerminalEffect.ReleaseCard>(s, e);

    private static CenterStep OpeningAgain(CenterState s, CenterEvent e)
    {
        var step = CenterMachine.On(s, e);
        if (step.State is not { Phase: CenterPhase.AwaitingCard, Work: { } work } || s.Work is not { Opening: > 0 } before) return step;
        return With(step, step.Effects.Select(x => x is CenterEffect.SendScript sent
            ? new CenterEffect.SendScript(sent.Script with { Opening = before.Opening }) : x)) with
        {
            State = step.State with { Work = work with { Opening = before.Opening, Script = work.Script! with { Opening = before.Opening } } },
        };
    }

    private static TerminalStep GoesOnRegardless(TerminalState s, TerminalEvent e) =>
        TerminalMachine.On(s, e is TerminalEvent.Answered answered ? answered with { Expected = true } : e);

    private static CenterStep SavesNoClosing(CenterState s, CenterEvent e)
    {
        var step = CenterMachine.On(s, e);
        return With(step, step.Effects.Select(x => x is CenterEffect.Save { Change: OrderChange.Leaving { Closes: true } leaving } save
            ? save with { Change = leaving with { Closes = false } } : x));
    }

    private static CenterStep LooksForNoClosing(CenterState s, CenterEvent e)
    {
        if (s.Work is not { MayBeClosed: true } work || e is not CenterEvent.Judged || work.Script is not { Kind: ScriptKind.Authenticate })
            return CenterMachine.On(s, e);
        var progress = work.Progress with { Furthest = work.Progress.InDoubt };
        return CenterMachine.On(s with { Work = work with { Progress = progress } }, e);
    }

    private static CenterStep UnclosedIsDone(CenterState s, CenterEvent e) =>
        CenterMachine.On(s, e is CenterEvent.Judged { Verdict: Verdict.Unclosed(var proof) } j ? j with { Verdict = new Verdict.Done(proof) } : e);

    /// <summary>The saves of a script follow it.</summary>
    private static CenterStep SavedLast(CenterState s, CenterEvent e)
    {
        var step = CenterMachine.On(s, e);
        return step.Effects.Any(x => x is CenterEffect.SendScript { Tail: ScriptTail.First })
            ? With(step, step.Effects.OrderBy(x => x is CenterEffect.Save ? 1 : 0)) : step;
    }

    private static CenterStep ClearsTries(CenterState s, CenterEvent e)
    {
        var step = CenterMachine.On(s, e);
        return With(step, step.Effects.Select(x => x is CenterEffect.Save { Change: OrderChange.Bound bound } save
            ? save with { Change = bound with { IsOpen = true } } : x));
    }

    private static CenterStep ForgetsFirst(CenterState s, CenterEvent e) =>
        CenterMachine.On(s, e is CenterEvent.Claimed({ Progress: { Confirmed: 0, Furthest: 1 } } claim)
            ? new CenterEvent.Claimed(claim with { Progress = OrderProgress.None }) : e);

    private static CenterStep RefusedIsDone(CenterState s, CenterEvent e) =>
        CenterMachine.On(s, e is CenterEvent.Judged { Verdict: Verdict.Unopened } j
            ? j with { Verdict = new Verdict.Done(ProofKind.TerminalWord) } : e);

    /// <summary>It counts as never sent, also where the card that comes back can show nothing.</summary>
    private static CenterStep RefusedIsProof(CenterState s, CenterEvent e)
    {
        var step = CenterMachine.On(s, e);
        return e is CenterEvent.Judged { Verdict: Verdict.Unopened } && step.State.Work is { } work
            ? step with { State = step.State with { Work = work with { Progress = OrderProgress.None } } } : step;
    }

    private static CenterStep AtOnceAnyway(CenterState s, CenterEvent e) =>
        CenterMachine.On(s, e is CenterEvent.Claimed(var claim)
            ? new CenterEvent.Claimed(claim with { Plan = Worlds.AtOnce(claim.Plan) }) : e);

    private static TerminalStep PrintsAgain(TerminalState s, TerminalEvent e) => TerminalMachine.On(s with { Printed = -1 }, e);

    private static TerminalStep AnyReader(TerminalState s, TerminalEvent e) =>
        TerminalMachine.On(s, e is TerminalEvent.ReaderJudged judged ? judged with { Known = true } : e);

    private static TerminalStep AnyCenter(TerminalState s, TerminalEvent e) =>
        TerminalMachine.On(s, e is TerminalEvent.CenterJudged ? new TerminalEvent.CenterJudged(true) : e);

    private static bool OfRecord(CenterState s) => s.Work?.Script is { Kind: ScriptKind.Record };

    private static CenterStep With(CenterStep step, IEnumerable<CenterEffect> effects) => step with { Effects = ValueList.Create<CenterEffect>(effects.ToArray()) };

    private static CenterStep After(CenterStep first, CenterStep second) => With(second, first.Effects.Concat(second.Effects));
}
