using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Core.Protocol.Terminal;
using CardIssue.Terminal.Relay;
using CardIssue.Test.Explorer;
using static CardIssue.Test.Protocol.TerminalTable;

namespace CardIssue.Test.Protocol;

using Relay = CardIssue.Core.Protocol.Terminal.Relay;
using Row = MachineRow<TerminalState, TerminalEvent, TerminalEffect>;

/// <summary>
/// One step each of the terminal machine: access, the halves of a split line, and the line's coming and going (S210, S220, S310).
/// </summary>
public sealed class TerminalSessionStepTest
{
    [TestCaseSource(nameof(Access))]
    [TestCaseSource(nameof(Halves))]
    [TestCaseSource(nameof(LostLines))]
    [TestCaseSource(nameof(Cancelling))]
    [TestCaseSource(nameof(CardsComeAndGo))]
    [TestCaseSource(nameof(Notes))]
    public void Step(object row) => ((Row)row).Check(TerminalMachine.On);

    private static IEnumerable<TestCaseData> Access()
    {
        var used = Relaying(new Relay(First, 5, 2, 1, 4, true)) with { Phase = TerminalPhase.Offline };
        yield return Handled("LineUp_AllThatBelongsToALine_BeginsAnew", used, new TerminalEvent.LineUp(Names.Nonce),
            used with { Phase = TerminalPhase.Greeting, Hello = TheHello, Requests = 0, Printed = 0, Insertions = 0, NextSequence = 0,
                Relay = null },
            Show(IssueNotice.AskingAccess), Send(TheHello), Arm);
        var greeting = At(TerminalPhase.Greeting, hasOrder: false) with { Hello = TheHello with { MinVersion = 2, MaxVersion = 3 } };
        foreach (var version in new[] { 1, 4 })
            yield return Rejected($"Challenge_OfVersion{version}ThatWasNotOffered_IsRejected", greeting,
                Got(new Challenge(version, Names.Nonce, new LineNumber(3))));
        foreach (var version in new[] { 2, 3 })
        {
            var challenge = new Challenge(version, Names.Nonce, new LineNumber(3));
            yield return Handled($"Challenge_OfOfferedVersion{version}_IsSigned", greeting, Got(challenge),
                greeting with { Phase = TerminalPhase.Proving }, StopTimer, new TerminalEffect.Sign(greeting.Hello, challenge));
        }
        yield return Handled("Challenge_Signed_TheProofGoesOut", At(TerminalPhase.Proving), new TerminalEvent.Signed(Names.Proof),
            At(TerminalPhase.AwaitingAdmission), Send(Names.Proof), Arm);
        var let = At(TerminalPhase.AwaitingAdmission, hasOrder: false);
        yield return Handled("Admission_OfAWholeLine_IsJudged", let, Got(Names.Admitted),
            let with { Phase = TerminalPhase.VerifyingCenter }, StopTimer, new TerminalEffect.JudgeCenter(Names.Admitted));
        var judging = At(TerminalPhase.VerifyingCenter, hasOrder: false);
        yield return Handled("Center_Genuine_AccessIsGranted", judging, new TerminalEvent.CenterJudged(true),
            judging with { Phase = TerminalPhase.Idle }, Show(IssueNotice.AccessGranted));
        yield return Handled("Center_NotGenuine_GetsNothing", judging, new TerminalEvent.CenterJudged(false), judging,
            Show(IssueNotice.CenterNotKnown), StopTimer, CloseLine);
        var resuming = At(TerminalPhase.VerifyingCenter);
        yield return Handled("Center_GenuineAndAnOrderUnderWay_ItIsResumed", resuming, new TerminalEvent.CenterJudged(true),
            resuming with { Phase = TerminalPhase.Requesting, Requests = 3 }, Show(IssueNotice.AccessGranted), Show(IssueNotice.Resuming),
                Send(new Resume(3, Names.Token)), Arm);
        foreach (var phase in new[] { TerminalPhase.Greeting, TerminalPhase.Proving, TerminalPhase.AwaitingAdmission,
            TerminalPhase.AwaitingResults })
            yield return Handled($"Refusal_{phase}_IsShownAndTheLineClosed", At(phase), Got(new Refused(RefusalCode.NotKnown)), At(phase),
                Show(IssueNotice.AccessRefused, nameof(RefusalCode.NotKnown)), StopTimer, CloseLine);
        foreach (var phase in new[] { TerminalPhase.Greeting, TerminalPhase.AwaitingAdmission, TerminalPhase.AwaitingResults,
            TerminalPhase.Requesting, TerminalPhase.Standby })
            yield return Handled($"Timer_{phase}_ClosesTheLine", At(phase), new TerminalEvent.TimerFired(), At(phase), StopTimer,
                CloseLine);
        foreach (var phase in new[] { TerminalPhase.Greeting, TerminalPhase.Proving, TerminalPhase.AwaitingAdmission,
            TerminalPhase.VerifyingCenter, TerminalPhase.AwaitingResults })
        {
            foreach (var early in new[] { Got(new Issued("receipt")), Got(new Abort(AbortCode.CenterStopped)), Command(0),
                new TerminalEvent.Garbage("noise") })
                yield return Rejected($"{early.Kind}_{phase}_IsRejected", At(phase), early);
        }
    }

    private static IEnumerable<TestCaseData> Halves()
    {
        var data = At(TerminalPhase.AwaitingAdmission, hasOrder: false) with { Half = LineHalf.Data };
        var withToken = Names.Admitted with { JoinToken = Names.Token };
        yield return Rejected("Admission_OfTheDataHalfWithoutAToken_IsRejected", data, Got(Names.Admitted));
        yield return Handled("Admission_OfTheDataHalf_KeepsTheToken", data, Got(withToken),
            data with { Phase = TerminalPhase.VerifyingCenter, JoinToken = Names.Token }, StopTimer,
                new TerminalEffect.JudgeCenter(withToken));
        var results = data with { Half = LineHalf.Results, JoinToken = Names.Nonce };
        yield return Handled("Admission_OfTheResultsHalf_KeepsItsOwnToken", results, Got(withToken),
            results with { Phase = TerminalPhase.VerifyingCenter }, StopTimer, new TerminalEffect.JudgeCenter(withToken));
        var judging = data with { Phase = TerminalPhase.VerifyingCenter, JoinToken = Names.Token };
        yield return Handled("Center_GenuineOnTheDataHalf_TheResultsHalfIsBroughtUp", judging, new TerminalEvent.CenterJudged(true),
            judging with { Phase = TerminalPhase.AwaitingResults }, new TerminalEffect.BringUpResults(Names.Token), Arm);
        var joining = judging with { Half = LineHalf.Results };
        yield return Handled("Center_GenuineOnTheResultsHalf_ItIsAttachedBeforeItIsJoined", joining, new TerminalEvent.CenterJudged(true),
            joining with { Phase = TerminalPhase.Attached }, new TerminalEffect.AttachResults(), Send(new Join(Names.Token)));
        var waiting = judging with { Phase = TerminalPhase.AwaitingResults };
        yield return Handled("Halves_Joined_AccessIsGranted", waiting, Got(new Joined()),
            waiting with { Phase = TerminalPhase.Idle, JoinToken = ByteString.Empty }, StopTimer, Show(IssueNotice.AccessGranted));
        var resuming = waiting with { Token = Names.Nonce };
        yield return Handled("Halves_JoinedAndAnOrderUnderWay_ItIsResumed", resuming, Got(new Joined()),
            resuming with { Phase = TerminalPhase.Requesting, JoinToken = ByteString.Empty, Requests = 3 },
            StopTimer, Show(IssueNotice.AccessGranted), Show(IssueNotice.Resuming), Send(new Resume(3, Names.Nonce)), Arm);
        yield return Rejected("Order_BeforeTheHalvesAreJoined_IsRejected", waiting, Got(new InsertCard(1, Names.Token, false, "card")));
        yield return Ignored("Attached_AnyMessage_IsTheDataHalfsBusiness", joining with { Phase = TerminalPhase.Attached },
            Got(new Refused(RefusalCode.NotKnown)));
    }

    private static IEnumerable<TestCaseData> LostLines()
    {
        foreach (var phase in Enum.GetValues<TerminalPhase>().Except([TerminalPhase.Offline, TerminalPhase.Attached]))
        {
            foreach (var hasOrder in new[] { true, false })
            {
                var state = At(phase, hasOrder: hasOrder) with { JoinToken = Names.Token,
                    Relay = phase is TerminalPhase.Relaying ? new Relay(First, 5, 2, 1, 4, true) : null };
                yield return Handled($"LineDown_{phase}_Order{hasOrder}_NothingIsKept", state, new TerminalEvent.LineDown(),
                    state with { Phase = TerminalPhase.Offline, Relay = null, Hello = null, JoinToken = ByteString.Empty },
                    StopTimer, ReleaseCard, Show(phase is TerminalPhase.Requesting && !hasOrder ? IssueNotice.AskAgain : IssueNotice.LineLost));
            }
        }
        var results = At(TerminalPhase.AwaitingAdmission) with { Half = LineHalf.Results, JoinToken = Names.Token };
        yield return Handled("LineDown_OfAResultsHalf_TouchesNoCard", results, new TerminalEvent.LineDown(),
            results with { Phase = TerminalPhase.Offline, Hello = null, JoinToken = ByteString.Empty }, StopTimer);
        yield return Ignored("LineDown_Offline_IsLate", At(TerminalPhase.Offline), new TerminalEvent.LineDown());
    }

    private static IEnumerable<TestCaseData> Cancelling()
    {
        foreach (var phase in new[] { TerminalPhase.Offline, TerminalPhase.Greeting, TerminalPhase.Proving, TerminalPhase.AwaitingAdmission,
            TerminalPhase.VerifyingCenter, TerminalPhase.AwaitingResults })
        {
            yield return Handled($"Cancel_{phase}_TheOrderIsNotResumed", At(phase), new TerminalEvent.CancelOrdered(),
                At(phase, hasOrder: false), Show(IssueNotice.Aborted, nameof(AbortCode.OperatorCancelled)));
            yield return Ignored($"Cancel_{phase}_WithoutAnOrder_IsIgnored", At(phase, hasOrder: false), new TerminalEvent.CancelOrdered());
            yield return Ignored($"Issue_{phase}_IsIgnored", At(phase), new TerminalEvent.IssueOrdered("order", default, Names.Operator));
        }
    }

    private static IEnumerable<TestCaseData> Notes()
    {
        var note = Got(new Witness(Names.Nonce));
        foreach (var phase in Enum.GetValues<TerminalPhase>().Where(phase => phase is TerminalPhase.VerifyingCenter || phase.HasAccess()))
        {
            var state = At(phase) with { Relay = phase is TerminalPhase.Relaying ? new Relay(First, 5, 2, 1, 4, true) : null };
            yield return Handled($"Note_{phase}_IsKeptAndNothingElse", state, note, state, new TerminalEffect.KeepWitness(Names.Nonce));
        }
        foreach (var phase in new[] { TerminalPhase.Greeting, TerminalPhase.Proving, TerminalPhase.AwaitingAdmission,
            TerminalPhase.AwaitingResults })
            yield return Rejected($"Note_{phase}_IsRejected", At(phase), note);
        yield return Ignored("Note_Offline_IsLate", At(TerminalPhase.Offline), note);
    }

    private static IEnumerable<TestCaseData> CardsComeAndGo()
    {
        TerminalPhase[] asks = [TerminalPhase.AwaitingCard], waits = [TerminalPhase.Swapping, TerminalPhase.Removing],
            busy = [TerminalPhase.Relaying, TerminalPhase.Attached];
        foreach (var phase in Enum.GetValues<TerminalPhase>().Except([.. asks, .. waits, .. busy]))
        {
            yield return Handled($"Card_In_{phase}_IsNoted", At(phase, cardIn: false), new TerminalEvent.CardInserted(Names.Atr),
                At(phase));
            yield return Handled($"Card_Gone_{phase}_IsNoted", At(phase), new TerminalEvent.CardGone(), At(phase, cardIn: false));
        }
        foreach (var phase in waits)
            yield return Ignored($"Card_In_{phase}_IsADouble", At(phase), new TerminalEvent.CardInserted(Names.Atr));
        yield return Handled("Card_Gone_AwaitingCard_IsNoted", At(TerminalPhase.AwaitingCard), new TerminalEvent.CardGone(),
            At(TerminalPhase.AwaitingCard, cardIn: false));
    }
}
