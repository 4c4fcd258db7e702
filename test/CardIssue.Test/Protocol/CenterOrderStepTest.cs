using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Center;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Test.Explorer;
using static CardIssue.Test.Protocol.CenterTable;

namespace CardIssue.Test.Protocol;

using Row = MachineRow<CenterState, CenterEvent, CenterEffect>;

/// <summary>One step each of the center machine: claiming an order (S230, S240), refusing a card (S255), giving an order back.</summary>
public sealed class CenterOrderStepTest
{
    private static readonly CenterState Idle = At(CenterPhase.Idle), Claiming = At(CenterPhase.Claiming);

    [TestCaseSource(nameof(Requests))]
    [TestCaseSource(nameof(Claims))]
    [TestCaseSource(nameof(Cards))]
    [TestCaseSource(nameof(Stopping))]
    [TestCaseSource(nameof(FailedSaves))]
    public void Step(object row) => ((Row)row).Check(CenterMachine.On);

    private static IEnumerable<TestCaseData> Requests()
    {
        var unbound = Work(OrderProgress.None);
        foreach (var (name, request) in new (string, Func<int, RelayMessage>)[]
            { ("Request", n => new RequestIssue(n, "order", default, Names.Operator)), ("Resumption", n => new Resume(n, Names.Token)) })
        {
            yield return Ignored($"{name}_OfANumberBefore_IsADouble", Idle, Got(request(1)));
            yield return Ignored($"{name}_OfTheSameNumber_IsADouble", Idle, Got(request(2)));
            yield return Handled($"{name}_New_StopsTheTimerAndClaims", Idle, Got(request(3)), Claiming with { Request = 3 }, StopTimer,
                new CenterEffect.FindAndClaim(request(3)));
            foreach (var state in new[] { At(CenterPhase.AwaitingCard, unbound), Out(Opened(OrderProgress.None), ScriptKind.Open),
                Out(Opened(OrderProgress.None), ScriptKind.Open, phase: CenterPhase.Judging) })
                yield return Handled($"{name}_{state.Phase}_LetsTheOldOrderGoBeforeTheNewIsClaimed", state, Got(request(3)),
                    Claiming with { Request = 3 }, StopTimer, Forget, Release, new CenterEffect.FindAndClaim(request(3)));
            yield return Ignored($"{name}_WhileOneIsBeingClaimed_IsIgnored", Claiming, Got(request(3)));
        }
    }

    private static IEnumerable<TestCaseData> Claims()
    {
        TestCaseData Claimed(string name, OrderProgress claimed, OrderProgress progress, CardId? bound = null) =>
            Handled(name, Claiming, new CenterEvent.Claimed(Claim(claimed, bound)),
            Waits(Work(claimed, bound) with { Progress = progress }),
            AsksForCard(bound is not null, Waits(Work(claimed, bound)).Work!, isWitnessed: bound is not null));

        yield return Claimed("Claim_OfANewOrder_AsksForAnyCard", OrderProgress.None, OrderProgress.None);
        yield return Claimed("Claim_OfABoundOrder_AsksForThatCard", new OrderProgress(1, 0, 2, 2), new OrderProgress(1, 0, 2, 2), CardA);
        yield return Claimed("Claim_OfARecordInDoubt_HasCostAnAttempt", new OrderProgress(0, 1, 2, 1), new OrderProgress(0, 1, 3, 1), CardA);
        yield return Claimed("Claim_AtTheLastAttemptAndNothingInDoubt_CostsNone", new OrderProgress(1, 0, 3, 2), new OrderProgress(1, 0, 3, 2),
            CardA);
        yield return Handled("Claim_OfARecordInDoubtAfterTheLastAttempt_Waits", Claiming,
            new CenterEvent.Claimed(Claim(new OrderProgress(1, 2, 3, 2), CardA)),
            Idle, Save(new OrderChange.Waiting(2)), Send(new Declined(2, DeclineCode.Waiting)), Arm(CenterTimer.Idle));
        yield return Handled("Claim_Declined_IsToldWhy", Claiming, new CenterEvent.ClaimDeclined(DeclineCode.Busy), Idle,
            Send(new Declined(2, DeclineCode.Busy)), Arm(CenterTimer.Idle));
        yield return Handled("Claim_OfAnOrderThatIsDone_IsToldAgain", Claiming, new CenterEvent.FoundDone(Names.Order, CardA),
            At(CenterPhase.AwaitingRemoval), new CenterEffect.SendIssued(Names.Order, CardA), Arm(CenterTimer.Removal), TellWitness);
        yield return Ignored("OrderFoundDone_AfterTheSessionsEnd_IsIgnored", At(CenterPhase.Ended),
            new CenterEvent.FoundDone(Names.Order, CardA));
        yield return Handled("Claim_BehindAFailedSave_IsDeclinedForNow", Claiming, new CenterEvent.SaveFailed(false), Idle,
            Send(new Declined(2, DeclineCode.NotNow)), Arm(CenterTimer.Idle));
        yield return Handled("LineDown_WhileClaiming_Ends", Claiming, new CenterEvent.LineDown(), At(CenterPhase.Ended), StopTimer);
        yield return Handled("Stop_WhileClaiming_ClosesTheLine", Claiming, new CenterEvent.StopOrdered(), At(CenterPhase.Ended), StopTimer,
            CloseLine);
        yield return Ignored("Timer_OfAnEarlierWait_IsIgnored", Claiming, new CenterEvent.TimerFired());
        yield return Ignored("Abort_WhileClaiming_IsIgnored", Claiming, Got(new Abort(AbortCode.OperatorCancelled)));
    }

    private static IEnumerable<TestCaseData> Cards()
    {
        var work = Work(OrderProgress.None) with { Opening = 1 };
        var waiting = Waits(work);
        yield return Ignored("Card_OfAnInsertionBefore_IsADouble", waiting, Got(new CardPresent(2, Names.Atr)));
        yield return Ignored("Card_OfTheSameInsertion_IsADouble", waiting, Got(new CardPresent(3, Names.Atr)));
        yield return Handled("Card_New_IsOpenedByWhatWentAlong", waiting, Got(new CardPresent(4, Names.Atr)),
            waiting with { Phase = CenterPhase.Running, Insertion = 4 }, Arm(CenterTimer.Script));
        yield return Ignored("Result_OfAnOpening_BeforeItsCardIsSaidToBeIn_IsLate", waiting, Got(Result(Next, ScriptStop.Completed, 2)));
        var eleventh = work with { Opening = 11 };
        yield return Handled("Card_LostBeforeTheLastOpening_IsAskedFor", Lost(eleventh), Judged(new Verdict.CardLost()), Waits(eleventh),
            [Forget, .. AsksForCard(false, Waits(eleventh).Work!)]);
        foreach (var bound in new[] { false, true })
        {
            var used = work with { Opening = 12, Bound = bound ? CardA : null, Progress = new OrderProgress(0, bound ? 1 : 0, 1, 1) };
            yield return Handled($"Card_LostAfterTheLastOpening_{(bound ? "TheBoundOrderWaits" : "TheOrderIsStopped")}", Lost(used),
                Judged(new Verdict.CardLost()), Lost(used) with { Phase = CenterPhase.AwaitingRemoval, Work = null },
                    bound ? GivesUp(1) : Stops(AbortCode.TooManyCards, CenterTimer.Removal));
        }

        static CenterState Lost(Work work) => Out(work, ScriptKind.Open, phase: CenterPhase.Judging);
    }

    private static IEnumerable<TestCaseData> Stopping()
    {
        var waiting = At(CenterPhase.AwaitingCard, Work(OrderProgress.None));
        var (idle, removal) = (waiting with { Phase = CenterPhase.Idle, Work = null },
            waiting with { Phase = CenterPhase.AwaitingRemoval, Work = null });
        foreach (var given in new RelayMessage[] { new Abort(AbortCode.OperatorCancelled), new ReaderRefused("reader") })
            yield return Handled($"{given.Type}_BeforeACardIsIn_GivesTheOrderBack", waiting, Got(given), idle, Forget,
                Arm(CenterTimer.Idle), Release);
        yield return Handled("Timer_BeforeACardIsIn_StopsTheOrder", waiting, new CenterEvent.TimerFired(), idle,
            Stops(AbortCode.TimedOut, CenterTimer.Idle));
        yield return Handled("Stop_BeforeACardIsIn_StopsTheOrder", waiting, new CenterEvent.StopOrdered(), removal,
            Stops(AbortCode.CenterStopped, CenterTimer.Removal));
        foreach (var phase in new[] { CenterPhase.Running, CenterPhase.Judging })
        {
            var busy = Out(Opened(OrderProgress.None), ScriptKind.Record, 1, phase: phase);
            yield return Handled($"Abort_{phase}_GivesTheOrderBack_AndTheCardIsToBeTakenOut", busy,
                Got(new Abort(AbortCode.OperatorCancelled)),
                removal, Forget, Arm(CenterTimer.Removal), Release);
            yield return Handled($"Stop_{phase}_StopsTheOrder_AndTheCardIsToBeTakenOut", busy, new CenterEvent.StopOrdered(), removal,
                Stops(AbortCode.CenterStopped, CenterTimer.Removal));
        }
        yield return Handled("Stop_AfterTheOrder_ClosesTheLine", removal, new CenterEvent.StopOrdered(),
            removal with { Phase = CenterPhase.Ended }, StopTimer, CloseLine);
        yield return Ignored("Timer_WhileAResultIsJudged_IsLate",
            Out(Opened(OrderProgress.None), ScriptKind.Record, 1, phase: CenterPhase.Judging), new CenterEvent.TimerFired());
    }

    private static IEnumerable<TestCaseData> FailedSaves()
    {
        var running = Out(Opened(OrderProgress.None), ScriptKind.Record, 1);
        var removal = running with { Phase = CenterPhase.AwaitingRemoval, Work = null };
        yield return Handled("Save_FailedInAScript_StopsTheOrder", running, new CenterEvent.SaveFailed(false), removal,
            Stops(AbortCode.StoreFailed, CenterTimer.Removal));
        yield return Handled("Save_RefusedForAnotherClaim_LetsNothingGo", running, new CenterEvent.SaveFailed(true),
            removal, Forget, Send(new Abort(AbortCode.ClaimLost)), Arm(CenterTimer.Removal));
        yield return Handled("Save_FailedAtTheOrdersEnd_TellsTheTerminal", removal, new CenterEvent.SaveFailed(false),
            removal, Forget, Send(new Abort(AbortCode.StoreFailed)), Arm(CenterTimer.Removal));
        yield return Handled("Save_RefusedAtTheOrdersEnd_TellsTheTerminal", removal, new CenterEvent.SaveFailed(true),
            removal, Forget, Send(new Abort(AbortCode.ClaimLost)), Arm(CenterTimer.Removal));
        yield return Ignored("Save_FailedAfterTheOrder_IsLate", Idle, new CenterEvent.SaveFailed(false));
    }
}
