using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Center;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Test.Explorer;
using static CardIssue.Test.Protocol.CenterTable;

namespace CardIssue.Test.Protocol;

using Row = MachineRow<CenterState, CenterEvent, CenterEffect>;

/// <summary>One step each of the center machine: admission, the halves of a split line, rest and end (S210, S220, S310, S320).</summary>
public sealed class CenterSessionStepTest
{
    private static readonly CenterState New = CenterState.Start(new CenterPolicy());
    private static readonly CenterEffect[] RefusesUnknown = [StopTimer, Send(new Refused(RefusalCode.NotKnown)), CloseLine];

    [TestCaseSource(nameof(Admission))]
    [TestCaseSource(nameof(Halves))]
    [TestCaseSource(nameof(RestAndEnd))]
    public void Step(object row) => ((Row)row).Check(CenterMachine.On);

    private static IEnumerable<TestCaseData> Admission()
    {
        var up = New with { Challenge = TheChallenge with { Version = 0 } };
        yield return Handled("LineUp_New_IsGivenTheAdmissionsTime", New, new CenterEvent.LineUp(Line, Names.Nonce), up,
            Arm(CenterTimer.Admission));
        yield return Ignored("LineUp_Again_IsIgnored", up, new CenterEvent.LineUp(new LineNumber(9), Names.Token));
        yield return Ignored("Hello_BeforeTheLineIsUp_IsIgnored", New, Got(TheHello));
        yield return Handled("Hello_OfAVersionThatIsSpoken_IsChallenged_AndTheTimeGoesOn", up, Got(TheHello),
            up with { Phase = CenterPhase.Challenged, Hello = TheHello, Challenge = TheChallenge }, Send(TheChallenge));
        yield return Handled("Hello_OfNoVersionThatIsSpoken_IsRefused", up, Got(TheHello with { MinVersion = 2, MaxVersion = 3 }),
            up with { Phase = CenterPhase.Ended }, StopTimer, Send(new Refused(RefusalCode.Version)), CloseLine);
        yield return Handled("Proof_Challenged_IsVerifiedAgainstWhatWasSaid", At(CenterPhase.Challenged), Got(Names.Proof),
            At(CenterPhase.Verifying), new CenterEffect.VerifyProof(TheHello, TheChallenge, Names.Proof));
        yield return Handled("Proof_Wrong_IsRefused", At(CenterPhase.Verifying), new CenterEvent.ProofJudged(RefusalCode.NotKnown, null),
            At(CenterPhase.Ended), RefusesUnknown);
        yield return Handled("Proof_Right_LetsIn_AndTheIdleTimeBegins", At(CenterPhase.Verifying),
            new CenterEvent.ProofJudged(null, Names.Admitted),
            At(CenterPhase.Idle), Send(Names.Admitted), Arm(CenterTimer.Idle), TellWitness);
        foreach (var phase in new[] { CenterPhase.Connected, CenterPhase.Challenged, CenterPhase.Verifying })
        {
            foreach (var happened in new CenterEvent[] { new CenterEvent.TimerFired(), new CenterEvent.StopOrdered() })
                yield return Handled($"{happened.Kind}_{phase}_ClosesTheLine", At(phase), happened, At(CenterPhase.Ended), StopTimer,
                    CloseLine);
            yield return Handled($"LineDown_{phase}_Ends", At(phase), new CenterEvent.LineDown(), At(CenterPhase.Ended), StopTimer);
            foreach (var early in new RelayMessage[] { new RequestIssue(9, "order", default, Names.Operator), new StatusRequest(),
                new EnrollReader("reader"), new Join(Names.Token) })
                yield return Rejected($"{early.Type}_{phase}_IsRejected", At(phase), Got(early));
            yield return Rejected($"Garbage_{phase}_IsRejected", At(phase), new CenterEvent.Garbage("noise"));
        }
    }

    private static IEnumerable<TestCaseData> Halves()
    {
        var (data, results) = (At(CenterPhase.Verifying) with { Half = LineHalf.Data },
            At(CenterPhase.Verifying) with { Half = LineHalf.Results });
        var admitted = new CenterEvent.ProofJudged(null, Names.Admitted);
        yield return Handled("Proof_OfTheDataHalf_WaitsForTheOther", data, admitted, data with { Phase = CenterPhase.AwaitingResults },
            Send(Names.Admitted), Arm(CenterTimer.Join));
        yield return Handled("Proof_OfTheResultsHalf_WaitsForItsToken", results, admitted,
            results with { Phase = CenterPhase.AwaitingJoin }, Send(Names.Admitted), Arm(CenterTimer.Join));
        yield return Handled("Join_Awaited_IsJudged", At(CenterPhase.AwaitingJoin), Got(new Join(Names.Token)),
            At(CenterPhase.Joining), new CenterEffect.JudgeJoin(new Join(Names.Token)));
        yield return Handled("Token_Right_TheHalfWaitsForNothingMore", At(CenterPhase.Joining), new CenterEvent.JoinJudged(true),
            At(CenterPhase.Attached), StopTimer);
        yield return Handled("Token_Wrong_TheHalfIsRefused", At(CenterPhase.Joining), new CenterEvent.JoinJudged(false),
            At(CenterPhase.Ended), RefusesUnknown);
        yield return Handled("Results_Joined_LetsIn", At(CenterPhase.AwaitingResults), new CenterEvent.ResultsJudged(true),
            At(CenterPhase.Idle), Send(new Joined()), Arm(CenterTimer.Idle), TellWitness);
        yield return Handled("Results_NotFitting_TheDataHalfIsRefused", At(CenterPhase.AwaitingResults),
            new CenterEvent.ResultsJudged(false), At(CenterPhase.Ended), RefusesUnknown);
        foreach (var phase in new[] { CenterPhase.AwaitingResults, CenterPhase.AwaitingJoin, CenterPhase.Joining })
            yield return Handled($"TimerFired_{phase}_ClosesTheLine", At(phase), new CenterEvent.TimerFired(), At(CenterPhase.Ended),
                StopTimer, CloseLine);
        foreach (var phase in new[] { CenterPhase.AwaitingResults, CenterPhase.AwaitingJoin, CenterPhase.Joining, CenterPhase.Attached })
            yield return Rejected($"Request_{phase}_IsRejected", At(phase), Got(new RequestIssue(9, "order", default, Names.Operator)));
        yield return Rejected("Join_OnTheDataHalf_IsRejected", At(CenterPhase.AwaitingResults), Got(new Join(Names.Token)));
        yield return Ignored("Timer_OfAnAttachedHalf_IsIgnored", At(CenterPhase.Attached), new CenterEvent.TimerFired());
    }

    private static IEnumerable<TestCaseData> RestAndEnd()
    {
        var writing = Out(Opened(new OrderProgress(0, 1, 1, 1)), ScriptKind.Record, 1);
        var over = writing with { Phase = CenterPhase.Ended, Work = null };
        yield return Handled("Status_Asked_SaysWhoAndWhere", At(CenterPhase.Idle), Got(new StatusRequest()),
            At(CenterPhase.Idle), Send(new StatusReport(Names.Terminal, Line)));
        yield return Handled("Status_AskedInAScript_ChangesNothingOfIt", writing, Got(new StatusRequest()), writing,
            Send(new StatusReport(Names.Terminal, Line)));
        yield return Handled("Reader_ToBeEnrolled_GoesToTheRegistry", At(CenterPhase.Idle), Got(new EnrollReader("reader")),
            At(CenterPhase.Idle), new CenterEffect.SendEnrollment(new EnrollReader("reader")));
        yield return Handled("Reader_RefusedBetweenOrders_IsNoted", At(CenterPhase.Idle), Got(new ReaderRefused("reader")),
            At(CenterPhase.Idle));
        yield return Handled("LineDown_WithoutAnOrder_Ends", At(CenterPhase.Idle), new CenterEvent.LineDown(), At(CenterPhase.Ended),
            StopTimer);
        yield return Handled("LineDown_InAScript_ForgetsTheKeysAndLetsTheClaimGo", writing, new CenterEvent.LineDown(), over, StopTimer,
            Forget, Release);
        yield return Handled("Timer_BetweenOrders_ClosesTheLine", At(CenterPhase.Idle), new CenterEvent.TimerFired(), At(CenterPhase.Ended),
            StopTimer, CloseLine);
        yield return Handled("Timer_InAScript_ClosesTheLineBeforeTheClaimIsLetGo", writing, new CenterEvent.TimerFired(), over, Closes);
        yield return Rejected("Garbage_InAScript_IsRejected", writing, new CenterEvent.Garbage("noise"));
        foreach (var happened in new CenterEvent[] { Got(new CardRemoved()), new CenterEvent.TimerFired() })
            yield return Handled($"{happened.Kind}_AfterTheOrder_Rests", At(CenterPhase.AwaitingRemoval), happened, At(CenterPhase.Idle),
                Arm(CenterTimer.Idle));
        yield return Handled("Claimed_AfterTheEnd_IsLetGo", At(CenterPhase.Ended), new CenterEvent.Claimed(Claim(OrderProgress.None)),
            At(CenterPhase.Ended), Release);
        yield return Ignored("Line_ClosedAtLast_IsIgnored", At(CenterPhase.Ended), new CenterEvent.LineDown());
    }
}
