using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Center;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Test.Explorer;
using static CardIssue.Test.Protocol.CenterTable;

namespace CardIssue.Test.Protocol;

using Row = MachineRow<CenterState, CenterEvent, CenterEffect>;

/// <summary>One step each of the center machine: what a verdict allows (S260 to S300), and how a doubt is settled.</summary>
public sealed class CenterVerdictStepTest
{
    private static readonly Verdict Done = new Verdict.Done(ProofKind.CardMac);

    [TestCaseSource(nameof(Openings))]
    [TestCaseSource(nameof(Authentications))]
    [TestCaseSource(nameof(Numberings))]
    [TestCaseSource(nameof(Rewrites))]
    [TestCaseSource(nameof(Beginnings))]
    [TestCaseSource(nameof(Doubts))]
    [TestCaseSource(nameof(Records))]
    [TestCaseSource(nameof(Looks))]
    [TestCaseSource(nameof(LastRecords))]
    public void Step(object row) => ((Row)row).Check(CenterMachine.On);

    private static IEnumerable<TestCaseData> Openings()
    {
        var unbound = Work(OrderProgress.None) with { Opening = 1 };
        var bound = unbound with { Bound = CardA, Progress = new OrderProgress(1, 2, 2, 2) };
        var authenticates = Run(ScriptKind.Authenticate, 1, 0, 1, Plan.AuthenticateCommands);
        yield return Sends("Opening_OfTheBoundCard_CountsTheTryAndAuthenticates", Judging(bound), Judged(new Verdict.Genuine(CardA)),
            bound with { Verified = CardA }, authenticates, [Save(new OrderChange.Authenticating(CardA))]);
        yield return Refused("Opening_OfAnotherCardThanTheBoundOne_IsRefused", bound, new Verdict.Genuine(CardB), CardRejection.OtherCard);
        yield return Handled("Opening_OfTheBoundCardThatIsBarred_TheOrderWaits", Judging(bound),
            Judged(new Verdict.Rejected(CardRejection.Barred, CardA)), Over(bound), GivesUp(2));
        yield return Refused("Opening_OfAnotherCardThatIsBarred_IsRefused", bound, new Verdict.Rejected(CardRejection.Barred, CardB),
            CardRejection.Barred);
        yield return Refused("Opening_OfABarredCard_OrderUnbound_IsRefused", unbound, new Verdict.Rejected(CardRejection.Barred, CardA),
            CardRejection.Barred);
        yield return Refused("Opening_OfAForeignCard_IsRefused", unbound, new Verdict.Rejected(CardRejection.NotGenuine),
            CardRejection.NotGenuine);
        foreach (var verdict in new Verdict[] { Done, new Verdict.NotDone(), new Verdict.InDoubt(), new Verdict.Unclear() })
            yield return Refused($"Opening_{verdict.GetType().Name}_IsUnreadable", unbound, verdict, CardRejection.Unreadable);
        foreach (var work in new[] { unbound, bound })
            yield return Handled($"Opening_CardLost_AsksForACard_Same{work.Bound is not null}", Judging(work),
                Judged(new Verdict.CardLost()),
                Waits(work), [Forget, .. AsksForCard(work.Bound is not null, Waits(work).Work!)]);
        yield return Refused("Card_TheFourthRefused_AnotherMayBeTried", unbound with { CardsRefused = 3 }, new Verdict.InDoubt(),
            CardRejection.Unreadable);
        var last = unbound with { CardsRefused = 4 };
        yield return Handled("Card_TheFifthRefused_StopsTheOrder", Judging(last), Judged(new Verdict.InDoubt()), Over(last),
            Stops(AbortCode.TooManyCards, CenterTimer.Removal));

        static CenterState Judging(Work work) => Out(work, ScriptKind.Open, phase: CenterPhase.Judging);

        static TestCaseData Refused(string name, Work work, Verdict verdict, CardRejection code) =>
            Handled(name, Judging(work), Judged(verdict), Waits(work with { CardsRefused = work.CardsRefused + 1 }), RefusesCard(code, Waits(work).Work!));
    }

    /// <summary>A card without a number: with the authentication, or in a script of its own.</summary>
    private static IEnumerable<TestCaseData> Numberings()
    {
        var numbering = Plan with { AssignCommands = 4 };
        var unbound = Work(OrderProgress.None) with { Opening = 1, Claim = Claim(OrderProgress.None) with { Plan = numbering } };
        var blank = unbound with { Verified = CardA, Identity = IdentityKind.Blank };
        var apart = Run(ScriptKind.Authenticate, 1, 0, 1, Plan.AuthenticateCommands);
        var atOnce = Run(ScriptKind.Authenticate, 1, 0, 1, Plan.AuthenticateCommands + 4) with { Tail = ScriptTail.Number };
        var tries = new[] { Save(new OrderChange.Authenticating(CardA)) };
        var bare = Judged(new Verdict.Genuine(CardA, IdentityKind.Blank, IsBare: true));
        yield return Sends("Opening_OfABareCard_GivesItsNumberWithTheAuthentication", Opening(unbound), bare, blank, atOnce, tries);
        yield return Sends("Opening_OfABlankCardThatTellsOther_Authenticates", Opening(unbound),
            Judged(new Verdict.Genuine(CardA, IdentityKind.Blank)), blank, apart, tries);
        yield return Sends("Opening_OfABareCard_AfterItWasNotNumbered_Authenticates", Opening(unbound with { Apart = true }), bare,
            blank with { Apart = true }, apart, tries);
        yield return Sends("Authentication_OfABlankCard_GivesItANumber", Authenticated(apart), Judged(Done), blank,
            Run(ScriptKind.Assign, 1, 0, 1, 4), [Save(new OrderChange.Numbering(CardA))]);
        yield return Sends("Authentication_ThatNumbered_BindsTheOrderToTheNumber", Authenticated(atOnce),
            Judged(new Verdict.Genuine(CardB, IdentityKind.Given)),
            blank with
            {
                Verified = CardB, Identity = IdentityKind.Given, Bound = CardB, Proved = true, Progress = new OrderProgress(0, 1, 1, 1),
            },
            Run(ScriptKind.Record, 1, 1, 1, 7),
            [Save(new OrderChange.Numbering(CardA)), Save(new OrderChange.Bound(CardB)), Save(new OrderChange.Leaving(1, 1))],
            isWitnessed: true);
        yield return Sends("Authentication_ThatDidNotNumber_OpensAnew_AndApart", Authenticated(atOnce), Judged(new Verdict.InDoubt()),
            unbound with { Opening = 2, Apart = true }, Run(ScriptKind.Open, 2, 0, 1, Plan.OpenCommands), [Forget]);
        yield return Handled("Authentication_WhoseNumberWasRefused_RefusesTheCard", Authenticated(atOnce),
            Judged(new Verdict.Rejected(CardRejection.NoIdentity)), Waits(unbound with { CardsRefused = 1 }),
            RefusesCard(CardRejection.NoIdentity, Waits(unbound).Work!));

        CenterState Authenticated(ScriptRun run) => At(CenterPhase.Judging, blank with { Script = run with { First = First } });

        static CenterState Opening(Work work) => Out(work, ScriptKind.Open, phase: CenterPhase.Judging);
    }

    /// <summary>
    /// What is on a card before a rewrite is looked at with the authentication, once; by itself when that came to no end.
    /// </summary>
    private static IEnumerable<TestCaseData> Rewrites()
    {
        var rewrites = Plan with { BeforeCommands = 4 };
        var bound = Work(OrderProgress.None, CardA) with { Opening = 1, Claim = Claim(OrderProgress.None, CardA) with { Plan = rewrites } };
        var open = bound with { Verified = CardA, Identity = IdentityKind.Given };
        var atOnce = Run(ScriptKind.Authenticate, 1, 0, 1, Plan.AuthenticateCommands + 4) with { Tail = ScriptTail.Before };
        var given = Judged(new Verdict.Genuine(CardA, IdentityKind.Given));
        var tries = new[] { Save(new OrderChange.Authenticating(CardA)) };
        var opened = Save(new OrderChange.Opened(CardA, true));
        yield return Sends("Opening_OfACardToBeRewritten_LooksAtItWithTheAuthentication", Opening(bound), given, open, atOnce, tries);
        yield return Sends("Opening_OfACardToBeRewritten_AfterThatCameToNoEnd_Authenticates", Opening(bound with { Apart = true }), given,
            open with { Apart = true }, Run(ScriptKind.Authenticate, 1, 0, 1, Plan.AuthenticateCommands), tries);
        var begun = bound with { Progress = new OrderProgress(0, 1, 2, 1) };
        yield return Sends("Opening_OfACardWhoseRewriteWasBegun_Authenticates", Opening(begun), given,
            begun with { Verified = CardA, Identity = IdentityKind.Given },
            Run(ScriptKind.Authenticate, 1, 0, 1, Plan.AuthenticateCommands), tries);
        yield return Sends("Authentication_ThatShowedWhatIsBelieved_TheFirstRecordLeaves", Authenticated(), Judged(Done),
            open with { Proved = true, Progress = new OrderProgress(0, 1, 1, 1) }, Run(ScriptKind.Record, 1, 1, 1, 7),
            [opened, Save(new OrderChange.Leaving(1, 1))]);
        yield return Handled("Authentication_ThatShowedAnotherState_TheOrderWaits", Authenticated(), Judged(new Verdict.Unclear("07")),
            Over(open), opened, Forget, Save(new OrderChange.Waiting(0, "07")), Send(new Abort(AbortCode.WriteFailed)),
            Arm(CenterTimer.Removal));
        yield return Handled("Authentication_ThatShowedItIsNotSo_TheOrderWaits", Authenticated(), Judged(new Verdict.NotDone()), Over(open),
            [opened, .. GivesUp(0)]);
        yield return Sends("Authentication_ThatShowedNothing_OpensAnew_AndLooksApart", Authenticated(), Judged(new Verdict.InDoubt()),
            bound with { Opening = 2, Apart = true }, Run(ScriptKind.Open, 2, 0, 1, Plan.OpenCommands), [Forget]);
        yield return Handled("Authentication_CutInTheLook_AsksForTheCard", Authenticated(), Judged(new Verdict.CardLost()),
            Waits(bound with { Apart = true }), [Forget, .. AsksForCard(true, Waits(bound).Work!)]);

        CenterState Authenticated() => At(CenterPhase.Judging, open with { Script = atOnce with { First = First } });

        static CenterState Opening(Work work) => Out(work, ScriptKind.Open, phase: CenterPhase.Judging);
    }

    /// <summary>The first record leaves with the authentication of a new card that its cryptogram proves.</summary>
    private static IEnumerable<TestCaseData> Beginnings()
    {
        var claim = Claim(OrderProgress.None) with { Plan = Plan with { FirstWithAuthentication = true } };
        var unbound = Work(OrderProgress.None) with { Opening = 1, Claim = claim };
        var begun = unbound with { Verified = CardA, Bound = CardA, Proved = true, Progress = new OrderProgress(0, 1, 1, 1) };
        var atOnce = Run(ScriptKind.Authenticate, 1, 1, 1, Plan.AuthenticateCommands + 7) with { Tail = ScriptTail.First };
        var apart = Run(ScriptKind.Authenticate, 1, 0, 1, Plan.AuthenticateCommands);
        var opens = Run(ScriptKind.Open, 2, 0, 1, Plan.OpenCommands);
        var genuine = Judged(new Verdict.Genuine(CardA));
        CenterEffect[] tries = [Save(new OrderChange.Authenticating(CardA))];
        CenterEffect[] binds = [.. tries, Save(new OrderChange.Bound(CardA, IsOpen: false)), Save(new OrderChange.Leaving(1, 1))];
        var (opened, notBegun) = (Save(new OrderChange.Opened(CardA, true)), Save(new OrderChange.NotDone(1, 1)));

        yield return Sends("Opening_OfACardThatItsCryptogramProves_BindsIt_AndTheFirstRecordLeavesWithTheAuthentication", Opening(unbound), genuine,
            begun, atOnce, binds, isWitnessed: true);
        var single = unbound with { Claim = claim with { Plan = claim.Plan with { Records = [Worlds.Repeatable(7)] } } };
        yield return Sends("Opening_OfACardThatGetsOneRecord_TheHeadSaysThatItIsTheLast", Opening(single), genuine,
            begun with { Claim = single.Claim }, atOnce, binds, last: true, isWitnessed: true);
        yield return Sends("Opening_OfACardThatIsReadInItsChannel_Authenticates", Opening(unbound), Judged(new Verdict.Genuine(CardA, IdentityKind.Given)),
            unbound with { Verified = CardA, Identity = IdentityKind.Given }, apart, tries);
        var bound = unbound with { Bound = CardA, Progress = new OrderProgress(0, 1, 2, 1) };
        yield return Sends("Opening_OfTheCardThatWasBegun_Authenticates", Opening(bound), genuine, bound with { Verified = CardA }, apart, tries);

        yield return Sends("First_Done_ClearsTheTries_AndTheNextLeaves", Begun(), Judged(Done), begun with { Progress = new OrderProgress(1, 2, 1, 2) },
            Run(ScriptKind.Record, 1, 2, 1, 8), [opened, Save(new OrderChange.Confirmed(1)), Save(new OrderChange.Leaving(2, 1))]);
        yield return Sends("First_NotDone_ClearsTheTries_AndOpensAnew", Begun(), Judged(new Verdict.NotDone()),
            Again(begun, new OrderProgress(0, 0, 2, 1)), opens, [opened, Save(new OrderChange.NotDone(1, 2)), Forget]);
        yield return Sends("First_InDoubt_CostsAnAttempt", Begun(), Judged(new Verdict.InDoubt()),
            Again(begun, new OrderProgress(0, 1, 2, 1)), opens, [Forget]);
        yield return Handled("First_CardLost_CostsAnAttempt_AndAsksForTheCard", Begun(), Judged(new Verdict.CardLost()),
            Waits(begun with { Progress = new OrderProgress(0, 1, 2, 1) }), [Forget, .. AsksForCard(true, Waits(begun).Work!)]);

        var unopened = begun with { Progress = new OrderProgress(0, 0, 1, 1) };
        yield return Handled("Authentication_RefusedWithTheFirst_CostsNoAttempt_TheOrderKeepsItsCard", Begun(), Refused(new Verdict.Rejected(CardRejection.RefusedUs)),
            Waits(unopened with { CardsRefused = 1 }), [notBegun, .. RefusesCard(CardRejection.RefusedUs, Waits(unopened).Work!)]);
        yield return Sends("Authentication_InDoubtWithTheFirst_CostsNoAttempt_AndOpensAnew", Begun(), Refused(new Verdict.InDoubt()),
            Again(begun, unopened.Progress), opens, [notBegun, Forget]);
        yield return Handled("Authentication_CutWithTheFirst_CostsNoAttempt_AndAsksForTheCard", Begun(), Refused(new Verdict.CardLost()),
            Waits(unopened), [notBegun, Forget, .. AsksForCard(true, Waits(unopened).Work!)]);
        yield return Handled("Authentication_ThatTheModuleRefusedWithTheFirst_StopsTheOrder", Begun(), Refused(new Verdict.ModuleRefused()),
            Over(begun), [notBegun, .. Stops(AbortCode.ModuleRefused, CenterTimer.Removal)]);

        CenterState Begun() => At(CenterPhase.Judging, begun with { Script = atOnce with { First = First } });

        static CenterState Opening(Work work) => Out(work, ScriptKind.Open, phase: CenterPhase.Judging);

        static CenterEvent Refused(Verdict authentication) => Judged(new Verdict.Unopened(authentication));
    }

    private static IEnumerable<TestCaseData> Authentications()
    {
        var unbound = Work(OrderProgress.None) with { Opening = 1, Verified = CardA };
        var leaves = Run(ScriptKind.Record, 1, 1, 1, 7);
        yield return Sends("Authentication_Done_BindsTheOrder_AndTellsTheTerminal_BeforeTheFirstRecordLeaves", Judging(unbound), Judged(Done),
            unbound with { Bound = CardA, Proved = true, Progress = new OrderProgress(0, 1, 1, 1) }, leaves,
                [Save(new OrderChange.Bound(CardA)), Save(new OrderChange.Leaving(1, 1))], isWitnessed: true);
        var bound = unbound with { Bound = CardA };
        yield return Sends("Authentication_OfTheBoundCard_ClearsItsTries", Judging(bound), Judged(Done),
            bound with { Progress = new OrderProgress(0, 1, 1, 1) }, leaves,
                [Save(new OrderChange.Opened(CardA, false)), Save(new OrderChange.Leaving(1, 1))]);
        yield return Handled("Authentication_Rejected_RefusesTheCard", Judging(unbound),
            Judged(new Verdict.Rejected(CardRejection.NotGenuine)),
            Waits(unbound with { CardsRefused = 1 }), RefusesCard(CardRejection.NotGenuine, Waits(unbound).Work!));
        yield return Handled("Authentication_CardLost_AsksForACard", Judging(unbound), Judged(new Verdict.CardLost()),
            Waits(unbound), [Forget, .. AsksForCard(false, Waits(unbound).Work!)]);
        foreach (var verdict in new Verdict[] { new Verdict.Genuine(CardA), new Verdict.NotDone(), new Verdict.InDoubt(),
            new Verdict.Unclear() })
            yield return Sends($"Authentication_{verdict.GetType().Name}_OpensAnew", Judging(unbound), Judged(verdict),
                unbound with { Verified = null, Identity = default, Proved = null, Opening = 2 }, Run(ScriptKind.Open, 2, 0, 1, Plan.OpenCommands), [Forget]);

        var tried = unbound with { Verified = CardA };
        yield return Handled("Authentication_RefusedByTheModule_GivesTheOrderBack_AndTakesTheTryBack", Judging(tried),
            new CenterEvent.Judged(First, new Verdict.ModuleRefused()) { IsSpared = true },
            At(CenterPhase.AwaitingRemoval), [Save(new OrderChange.Spared(CardA)), .. Stops(AbortCode.ModuleRefused, CenterTimer.Removal)]);
        yield return Handled("Authentication_RefusedByTheModuleAfterTheCardRefused_KeepsTheTry", Judging(tried),
            Judged(new Verdict.ModuleRefused()), At(CenterPhase.AwaitingRemoval), Stops(AbortCode.ModuleRefused, CenterTimer.Removal));

        static CenterState Judging(Work work) => Out(work, ScriptKind.Authenticate, phase: CenterPhase.Judging);
    }

    /// <summary>What follows an authentication when a record or the closing is in doubt.</summary>
    private static IEnumerable<TestCaseData> Doubts()
    {
        yield return Settled("Doubt_OfARepeatableRecord_SendsItAgain", new OrderProgress(0, 1, 2, 1), new OrderProgress(0, 1, 2, 1),
            Run(ScriptKind.Record, 1, 1, 2, 7), [new OrderChange.Leaving(1, 2)]);
        yield return Settled("Doubt_OfARecordThatOthersGoBackTo_SendsItWithoutALook", new OrderProgress(1, 2, 3, 4), new OrderProgress(1, 2, 3, 4),
            Run(ScriptKind.Record, 1, 2, 3, 8), [new OrderChange.Leaving(2, 3)]);
        yield return Settled("Doubt_OfARecordThatStartsOver_GoesBackFirst", new OrderProgress(2, 3, 2, 3), new OrderProgress(1, 2, 2, 3),
            Run(ScriptKind.Record, 1, 2, 2, 8),
            [new OrderChange.Rewound(1, 2), new OrderChange.Leaving(2, 2)]);
        yield return Settled("Doubt_OfARecordToBeLookedAt_Looks", new OrderProgress(3, 4, 2, 4), new OrderProgress(3, 4, 2, 4),
            Run(ScriptKind.Look, 1, 4, 2, 12), []);
        yield return Settled("Doubt_OfTheLastRecord_SendsItAgain_AsTheLast", new OrderProgress(4, 5, 3, 5), new OrderProgress(4, 5, 3, 5),
            Run(ScriptKind.Record, 1, 5, 3, 1), [new OrderChange.Leaving(5, 3)], last: true);
        yield return Settled("Doubt_OfTheClosing_Looks", new OrderProgress(5, Closing, 2, Closing), new OrderProgress(5, Closing, 2, Closing),
            Run(ScriptKind.Look, 1, Closing, 2, 6), []);
        yield return Settled("NoDoubt_TheNextRecordLeaves", new OrderProgress(2, 0, 2, 2), new OrderProgress(2, 3, 1, 3),
            Run(ScriptKind.Record, 1, 3, 1, 10), [new OrderChange.Leaving(3, 1)]);
        yield return Settled("NoDoubt_ARecordThatLeftBefore_GoesOnWithItsAttempt", new OrderProgress(1, 0, 2, 2), new OrderProgress(1, 2, 2, 2),
            Run(ScriptKind.Record, 1, 2, 2, 8), [new OrderChange.Leaving(2, 2)]);
        yield return Settled("NoDoubt_AfterTheLastRecord_TheClosingLeaves", new OrderProgress(5, 0, 3, 5), new OrderProgress(5, Closing, 1, Closing),
            Run(ScriptKind.Close, 1, Closing, 1, 5), [new OrderChange.Closing(1)]);

        static TestCaseData Settled(string name, OrderProgress before, OrderProgress after, ScriptRun run, OrderChange[] changes,
            bool last = false) =>
            Sends(name, Out(Opened(before), ScriptKind.Authenticate, phase: CenterPhase.Judging), Judged(Done),
                Opened(before) with { Progress = after }, run, [Save(new OrderChange.Opened(CardA, true)), .. changes.Select(Save)], last);
    }

    private static IEnumerable<TestCaseData> Records()
    {
        var work = Opened(new OrderProgress(0, 1, 1, 1));
        var opens = Run(ScriptKind.Open, 2, 0, 1, Plan.OpenCommands);
        yield return Sends("Record_NotDone_IsSavedSo_AndTriedFromAFreshChannel", Judging(work, 1), Judged(new Verdict.NotDone()),
            Again(work, new OrderProgress(0, 0, 2, 1)), opens, [Save(new OrderChange.NotDone(1, 2)), Forget]);
        foreach (var verdict in new Verdict[] { new Verdict.InDoubt(), new Verdict.Unclear(), new Verdict.Genuine(CardA),
            new Verdict.Rejected(CardRejection.NotGenuine) })
            yield return Sends($"Record_{verdict.GetType().Name}_StaysInDoubt_AndIsTriedFromAFreshChannel", Judging(work, 1),
                Judged(verdict),
                Again(work, new OrderProgress(0, 1, 2, 1)), opens, [Forget]);
        yield return Handled("Record_CardLost_StaysInDoubt_AndTheSameCardIsAskedFor", Judging(work, 1), Judged(new Verdict.CardLost()),
            Waits(work with { Progress = new OrderProgress(0, 1, 2, 1) }), [Forget, .. AsksForCard(true, Waits(work).Work!)]);

        var second = Opened(new OrderProgress(0, 1, 2, 1));
        yield return Sends("Record_InDoubtAtTheSecondAttempt_HasAThird", Judging(second, 1), Judged(new Verdict.InDoubt()),
            Again(second, new OrderProgress(0, 1, 3, 1)), opens, [Forget]);
        var third = Opened(new OrderProgress(0, 1, 3, 1));
        yield return Handled("Record_InDoubtAtTheLastAttempt_TheOrderWaits", Judging(third, 1), Judged(new Verdict.InDoubt()), Over(third),
            GivesUp(1));
        yield return Handled("Record_CardLostAtTheLastAttempt_TheOrderWaits", Judging(third, 1), Judged(new Verdict.CardLost()),
            Over(third), GivesUp(1));
        yield return Handled("Record_NotDoneAtTheLastAttempt_IsSavedSo_AndTheOrderWaits", Judging(third, 1), Judged(new Verdict.NotDone()),
            Over(third), [Save(new OrderChange.NotDone(1, 4)), .. GivesUp(1)]);
        var used = work with { Opening = 12 };
        yield return Handled("Record_InDoubtInTheLastOpening_TheOrderWaits", Judging(used, 1), Judged(new Verdict.InDoubt()), Over(used),
            GivesUp(1));

        var closing = Opened(new OrderProgress(5, Closing, 1, Closing));
        yield return Handled("Closing_Done_IsSavedBeforeItIsTold", Out(closing, ScriptKind.Close, Closing, phase: CenterPhase.Judging),
            Judged(Done), Over(closing), Issues);
        yield return Sends("Closing_InDoubt_IsTriedFromAFreshChannel", Out(closing, ScriptKind.Close, Closing, phase: CenterPhase.Judging),
            Judged(new Verdict.InDoubt()),
            Again(closing, new OrderProgress(5, Closing, 2, Closing)), opens, [Forget]);

        static CenterState Judging(Work work, int record) => Out(work, ScriptKind.Record, record, phase: CenterPhase.Judging);
    }

    private static IEnumerable<TestCaseData> Looks()
    {
        var work = Opened(new OrderProgress(3, 4, 2, 4));
        var opens = Run(ScriptKind.Open, 2, 0, 1, Plan.OpenCommands);
        yield return Sends("Look_Done_TheNextRecordLeaves", Judging(work, 4), Judged(Done),
            work with { Progress = new OrderProgress(4, 5, 1, 5) },
            Run(ScriptKind.Record, 1, 5, 1, 1), [Save(new OrderChange.Confirmed(4)), Save(new OrderChange.Leaving(5, 1))], last: true);
        yield return Sends("Look_NotDone_TheRecordLeavesAgain_AtTheSameAttempt", Judging(work, 4), Judged(new Verdict.NotDone()),
            work with { Progress = new OrderProgress(3, 4, 2, 4) },
            Run(ScriptKind.Record, 1, 4, 2, 11), [Save(new OrderChange.NotDone(4, 2)), Save(new OrderChange.Leaving(4, 2))]);
        yield return Handled("Look_Unclear_TheOrderWaits", Judging(work, 4), Judged(new Verdict.Unclear()), Over(work), GivesUp(4));
        yield return Handled("Look_CardLost_AsksForTheSameCard", Judging(work, 4), Judged(new Verdict.CardLost()),
            Waits(work with { Progress = new OrderProgress(3, 4, 3, 4) }), [Forget, .. AsksForCard(true, Waits(work).Work!)]);
        yield return Sends("Look_InDoubt_LooksAgainFromAFreshChannel", Judging(work, 4), Judged(new Verdict.InDoubt()),
            Again(work, new OrderProgress(3, 4, 3, 4)), opens, [Forget]);
        var closing = Opened(new OrderProgress(5, Closing, 2, Closing));
        yield return Handled("Look_ClosingDone_IsSavedBeforeItIsTold", Judging(closing, Closing), Judged(Done), Over(closing), Issues);
        yield return Sends("Look_ClosingNotDone_ItLeavesAgain", Judging(closing, Closing), Judged(new Verdict.NotDone()), closing,
            Run(ScriptKind.Close, 1, Closing, 2, 5), [Save(new OrderChange.NotDone(Closing, 2)), Save(new OrderChange.Closing(2))]);

        static CenterState Judging(Work work, int record) => Out(work, ScriptKind.Look, record, phase: CenterPhase.Judging);
    }

    /// <summary>The last record with the closing behind it: how both leave, and what becomes of them.</summary>
    private static IEnumerable<TestCaseData> LastRecords()
    {
        var opens = Run(ScriptKind.Open, 2, 0, 1, Plan.OpenCommands);
        var fourth = ClosingWithLast(Opened(new OrderProgress(3, 4, 1, 4)));
        var both = Run(ScriptKind.Record, 1, 5, 1, 6) with { Tail = ScriptTail.Closing };
        yield return Sends("Record_TheLastButOneDone_TheLastLeavesWithTheClosing", Out(fourth, ScriptKind.Record, 4, phase: CenterPhase.Judging),
            Judged(Done), fourth with { Progress = new OrderProgress(4, 5, 1, Closing) }, both,
            [Save(new OrderChange.Confirmed(4)), Save(new OrderChange.Leaving(5, 1, true))], last: true);
        var told = fourth with { Identity = IdentityKind.Told };
        yield return Sends("Record_OfACardThatCouldNotShowItself_LeavesWithoutTheClosing", Out(told, ScriptKind.Record, 4, phase: CenterPhase.Judging),
            Judged(Done), told with { Progress = new OrderProgress(4, 5, 1, 5) }, Run(ScriptKind.Record, 1, 5, 1, 1),
            [Save(new OrderChange.Confirmed(4)), Save(new OrderChange.Leaving(5, 1))], last: true);
        var work = ClosingWithLast(Opened(new OrderProgress(4, 5, 1, Closing)));
        yield return Handled("Last_DoneAndClosed_IsIssued", Judging(work), Judged(Done), Over(work),
            [Forget, Save(new OrderChange.Confirmed(5, true)), .. Issues[1..]]);
        yield return Sends("Last_DoneAndMaybeNotClosed_OnlyTheClosingIsInDoubt", Judging(work), Judged(new Verdict.Unclosed(ProofKind.CardMac)),
            Again(work, new OrderProgress(5, Closing, 2, Closing)), opens,
            [Save(new OrderChange.Confirmed(5, true)), Forget]);
        yield return Sends("Last_InDoubt_StaysSoWithTheClosing", Judging(work), Judged(new Verdict.InDoubt()),
            Again(work, new OrderProgress(4, 5, 2, Closing)), opens, [Forget]);
        var again = ClosingWithLast(Opened(new OrderProgress(4, 5, 2, Closing)));
        yield return Sends("Last_InDoubt_TheClosingIsLookedForFirst", Out(again, ScriptKind.Authenticate, phase: CenterPhase.Judging), Judged(Done),
            again, Run(ScriptKind.Look, 1, Closing, 2, 6), [Save(new OrderChange.Opened(CardA, true))]);
        yield return Handled("Last_InDoubtAndFoundClosed_IsIssued", Looking(again), Judged(Done), Over(again),
            [Forget, Save(new OrderChange.Confirmed(5, true)), .. Issues[1..]]);
        yield return Sends("Last_InDoubtAndNotClosed_LeavesAgainWithTheClosing", Looking(again), Judged(new Verdict.NotDone()),
            again, both with { Attempt = 2 }, [Save(new OrderChange.Leaving(5, 2, true))], last: true);
        var stranger = again with { Proved = false };
        yield return Handled("Last_InDoubtAndAStrangerNotClosed_IsRefused", Looking(stranger), Judged(new Verdict.NotDone()),
            Waits(stranger with { CardsRefused = 1 }), RefusesCard(CardRejection.OtherCard, Waits(stranger).Work!));

        static CenterState Judging(Work work)
        {
            var state = Out(work, ScriptKind.Record, 5, count: 6, phase: CenterPhase.Judging);
            return state with { Work = state.Work! with { Script = state.Work.Script! with { Tail = ScriptTail.Closing } } };
        }

        static CenterState Looking(Work work) => Out(work, ScriptKind.Look, Closing, phase: CenterPhase.Judging);
    }

    private static readonly CenterEffect[] Issues =
        [Forget, Save(new OrderChange.Issued(CardA)), new CenterEffect.SendIssued(Names.Order, CardA), Arm(CenterTimer.Removal), TellWitness];

    /// <summary>The order is with this session no more.</summary>
    private static CenterState Over(Work work) => At(CenterPhase.AwaitingRemoval, work) with { Work = null };

    /// <summary>A fresh channel.</summary>
    private static Work Again(Work work, OrderProgress progress) => work with { Progress = progress, Verified = null, Identity = default, Proved = null,
        Opening = work.Opening + 1 };
}
