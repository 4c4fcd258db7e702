using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Center;
using CardIssue.Core.Protocol.Messages;
using static CardIssue.Test.Protocol.CenterTable;

namespace CardIssue.Test.Protocol;

using Row = MachineRow<CenterState, CenterEvent, CenterEffect>;

/// <summary>One step each of the center machine: how a script leaves, under credit, and how its result is taken.</summary>
public sealed class CenterScriptStepTest
{
    [TestCaseSource(nameof(Credits))]
    [TestCaseSource(nameof(Results))]
    [TestCaseSource(nameof(LateVerdicts))]
    [TestCaseSource(nameof(Heads))]
    [TestCaseSource(nameof(Sequences))]
    public void Step(object row) => ((Row)row).Check(CenterMachine.On);

    private static IEnumerable<TestCaseData> Credits()
    {
        var state = Out(Opened(new OrderProgress(0, 1, 1, 1)), ScriptKind.Record, 1, count: 9, sent: 4);
        yield return Ignored("Credit_BelowWhatWasSent_IsLate", state, Got(new Credit(First + 3)));
        yield return Ignored("Credit_ForWhatWasSent_IsLate", state, Got(new Credit(First + 4)));
        yield return Credited("Credit_ForOneMore_SendsThatOne", 5, 5);
        yield return Credited("Credit_ForMore_SendsThemInOrder", 8, 8);
        yield return Credited("Credit_ForTheRest_SendsIt", 9, 9);
        yield return Credited("Credit_BeyondTheScript_SendsNoMoreThanItHas", 40, 9);

        TestCaseData Credited(string name, int until, int sent)
        {
            var run = state.Work!.Script!;
            return Handled(name, state, Got(new Credit(First + until)),
                state with { Work = state.Work with { Script = run with { Sent = sent } } },
                [.. Commands(run, 4, sent), Arm(CenterTimer.Script)]);
        }
    }

    private static IEnumerable<TestCaseData> Results()
    {
        var state = Out(Opened(new OrderProgress(0, 1, 1, 1)), ScriptKind.Record, 1, count: 9, sent: 4);
        var all = Out(Opened(new OrderProgress(0, 1, 1, 1)), ScriptKind.Record, 1, count: 9, sent: 9);
        yield return Ignored("Result_OfAnEarlierScript_IsLate", state, Got(Result(First - 1, ScriptStop.Completed, 9)));
        yield return Rejected("Result_OfNoScriptYet_IsRejected", state, Got(Result(First + 1, ScriptStop.CardLost, 0)));
        yield return Rejected("Result_OfMoreResponsesThanWereSent_IsRejected", state, Got(Result(First, ScriptStop.UnexpectedStatus, 5)));
        yield return Rejected("Result_CompletedWithMoreResponsesThanWereSent_IsRejected", state,
            Got(Result(First, ScriptStop.Completed, 9)));
        yield return Rejected("Result_CompletedOneResponseShort_IsRejected", all, Got(Result(First, ScriptStop.Completed, 8)));
        yield return Rejected("Result_OfMoreResponsesThanTheScriptHasCommands_IsRejected", all,
            Got(Result(First, ScriptStop.Completed, 10)));
        yield return Judges("Result_OfAllThatWasSent_IsJudged", state, Result(First, ScriptStop.UnexpectedStatus, 4));
        yield return Judges("Result_WithoutResponses_IsJudged", state, Result(First, ScriptStop.CardLost, 0));
        yield return Judges("Result_Completed_IsJudged", all, Result(First, ScriptStop.Completed, 9));

        static TestCaseData Judges(string name, CenterState state, Result result) => Handled(name, state, Got(result),
            state with { Phase = CenterPhase.Judging }, StopTimer, new CenterEffect.Judge(state.Work!.Script!, result));
    }

    private static IEnumerable<TestCaseData> LateVerdicts()
    {
        foreach (var kind in Enum.GetValues<ScriptKind>())
        {
            var state = Out(Opened(new OrderProgress(0, 1, 1, 1)), kind, kind is ScriptKind.Open or ScriptKind.Authenticate ? 0 : 1,
                phase: CenterPhase.Judging);
            foreach (var first in new[] { First - 1, First + 1 })
                yield return Ignored($"Verdict_OfAnotherScriptThan{kind}_{first}_IsLate", state,
                    new CenterEvent.Judged(first, new Verdict.Done(ProofKind.CardMac)));
        }
        var resting = At(CenterPhase.AwaitingRemoval);
        foreach (var state in new[] { resting, resting with { Phase = CenterPhase.Idle }, resting with { Phase = CenterPhase.Ended },
            At(CenterPhase.AwaitingCard, Work(OrderProgress.None)), Out(Opened(OrderProgress.None), ScriptKind.Open) })
            yield return Ignored($"Verdict_{state.Phase}_IsLate", state, Judged(new Verdict.Done(ProofKind.CardMac)));
    }

    /// <summary>What the head of a script says, record by record: only the last record is marked last, and the closing is none.</summary>
    private static IEnumerable<TestCaseData> Heads()
    {
        foreach (var isSealed in new[] { false, true })
        {
            for (var record = 1; record <= Plan.Records.Count; record++)
            {
                var work = Sealed(Opened(new OrderProgress(record - 1, record, 2, record)), isSealed);
                var next = work with { Progress = new OrderProgress(record, record + 1, 1, record + 1) };
                CenterEffect[] saves = [Save(new OrderChange.Confirmed(record)),
                    Save(record + 1 == Closing ? new OrderChange.Closing(1) : new OrderChange.Leaving(record + 1, 1))];
                var run = record + 1 == Closing ? Run(ScriptKind.Close, 1, Closing, 1, Plan.CloseCommands) : Run(ScriptKind.Record, 1,
                    record + 1, 1, Plan.Records[record].Commands);
                yield return Sends($"Record{record}_Done_TheNextLeaves_Sealed{isSealed}",
                    Out(work, ScriptKind.Record, record, phase: CenterPhase.Judging),
                    Judged(new Verdict.Done(ProofKind.CardMac)), next, run, saves, last: record + 1 == Plan.Records.Count);
            }
            var unopened = Sealed(Work(OrderProgress.None), isSealed);
            yield return Sends($"Opening_Genuine_Authenticates_Sealed{isSealed}",
                Out(unopened with { Opening = 1 }, ScriptKind.Open, phase: CenterPhase.Judging),
                Judged(new Verdict.Genuine(CardA)), unopened with { Opening = 1, Verified = CardA },
                    Run(ScriptKind.Authenticate, 1, 0, 1, Plan.AuthenticateCommands),
                [Save(new OrderChange.Authenticating(CardA))]);
            yield return Sends($"Authentication_Refused_OpensAnew_Sealed{isSealed}",
                Out(unopened with { Opening = 1, Verified = CardA }, ScriptKind.Authenticate, phase: CenterPhase.Judging),
                Judged(new Verdict.InDoubt()), unopened with { Opening = 2 }, Run(ScriptKind.Open, 2, 0, 1, Plan.OpenCommands), [Forget]);
        }

        static Work Sealed(Work work, bool isSealed) =>
            work with { Claim = work.Claim with { Plan = work.Claim.Plan with { Sealed = isSealed } } };
    }

    /// <summary>A script that would pass the highest sequence number closes the line; the terminal comes back and begins at 0.</summary>
    private static IEnumerable<TestCaseData> Sequences()
    {
        const int lastFitting = ProtocolLimits.MaxSequence - 7;
        var work = Opened(OrderProgress.None);
        foreach (var next in new[] { lastFitting - 1, lastFitting })
        {
            var state = Out(work, ScriptKind.Authenticate, phase: CenterPhase.Judging) with { NextSequence = next };
            var run = Run(ScriptKind.Record, 1, 1, 1, 7, next);
            yield return Handled($"Sequence_Of{ProtocolLimits.MaxSequence - next}Left_ForSevenCommands_TheRecordLeaves", state,
                Judged(new Verdict.Done(ProofKind.CardMac)),
                state with { Phase = CenterPhase.Running, NextSequence = next + 7,
                    Work = work with { Progress = new OrderProgress(0, 1, 1, 1), Script = run } },
                [Save(new OrderChange.Opened(CardA, true)), Save(new OrderChange.Leaving(1, 1)), .. Leaves(run)]);
        }
        var full = Out(work, ScriptKind.Authenticate, phase: CenterPhase.Judging) with { NextSequence = lastFitting + 1 };
        yield return Handled("Sequence_OfSixLeft_ForSevenCommands_TheLineIsClosed", full, Judged(new Verdict.Done(ProofKind.CardMac)),
            full with { Phase = CenterPhase.Ended, Work = null }, Closes);
    }
}
