using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Core.Protocol.Terminal;
using static CardIssue.Test.Protocol.TerminalTable;

namespace CardIssue.Test.Protocol;

using Relay = CardIssue.Core.Protocol.Terminal.Relay;
using Row = MachineRow<TerminalState, TerminalEvent, TerminalEffect>;

/// <summary>
/// One step each of the terminal machine: a script's commands come in, go to the card one at a time, and what the card said is
/// reported once (S280, S290).
/// </summary>
public sealed class TerminalRelayStepTest
{
    [TestCaseSource(nameof(Scripts))]
    [TestCaseSource(nameof(Commands))]
    [TestCaseSource(nameof(Answers))]
    [TestCaseSource(nameof(Credits))]
    [TestCaseSource(nameof(Faults))]
    [TestCaseSource(nameof(Strays))]
    public void Step(object row) => ((Row)row).Check(TerminalMachine.On);

    private static IEnumerable<TestCaseData> Scripts()
    {
        var standby = At(TerminalPhase.Standby);
        yield return Ignored("Script_OfANumberBefore_IsADouble", standby, Got(Script(First - 1, 5)));
        foreach (var first in new[] { First, First + 7 })
            yield return Begins($"Script_At{first}_Begins", Script(first, 5), new Relay(first, 5, 0, 0, 4, false), IssueNotice.WritingRecord);
        yield return Begins("Script_ShorterThanTheWindow_GrantsNoMoreThanItHas", Script(First, 3), new Relay(First, 3, 0, 0, 3, false),
            IssueNotice.WritingRecord);
        foreach (var (kind, notice) in new[]
            { (ScriptKind.Open, IssueNotice.AccessingCard), (ScriptKind.Authenticate, IssueNotice.AccessingCard),
                (ScriptKind.Look, IssueNotice.LookingAtCard), (ScriptKind.Close, IssueNotice.ClosingCard) })
            yield return Begins($"Script_{kind}_IsShown", Script(First, 1, kind, 2), new Relay(First, 1, 0, 0, 1, false), notice);
        yield return Handled("Script_WithoutACard_IsAnsweredAtOnce", standby with { CardIn = false }, Got(Script(First, 5)),
            standby with { CardIn = false, NextSequence = First + 5 }, new TerminalEffect.SendResult(First, ScriptStop.CardLost), Arm);
        yield return Ignored("Script_WhileOneIsUnderWay_IsADouble", Relaying(new Relay(First, 5, 0, 0, 4, false)),
            Got(Script(First + 5, 5)));

        TestCaseData Begins(string name, Script script, Relay relay, IssueNotice notice) => Handled(name, standby, Got(script),
            standby with { Phase = TerminalPhase.Relaying, Relay = relay, NextSequence = script.First + script.Count },
            Show(notice, record: script.Record), new TerminalEffect.BeginScript(script), Arm);
    }

    private static IEnumerable<TestCaseData> Commands()
    {
        var relay = new Relay(First, 6, 0, 0, 4, false);
        yield return Arrives("Command_First_GoesToTheCard", relay, 0, Transmit(0));
        yield return Arrives("Command_WhileTheCardIsAtWork_IsKept", relay with { Arrived = 1, InCard = true }, 1);
        yield return Arrives("Command_AfterTheCardHasAnsweredAll_GoesToTheCard", relay with { Arrived = 2, Answered = 2, Granted = 6 }, 2,
            Transmit(2));
        yield return Arrives("Command_LastOfTheCredit_IsKept", relay with { Arrived = 3, InCard = true }, 3);
        yield return Rejected("Command_BeyondTheCredit_IsRejected", Relaying(relay with { Arrived = 4, InCard = true }), Command(4));
        foreach (var index in new[] { 0, 1 })
            yield return Ignored($"Command_{index}Again_IsADouble", Relaying(relay with { Arrived = 2, InCard = true }), Command(index));
        foreach (var index in new[] { 3, 5, 900 })
        {
            var state = Relaying(relay with { Arrived = 2, InCard = true });
            yield return Handled($"Command_{index}AfterAGap_EndsTheScript", state, Command(index), Reported(state),
                Reports(state.Relay!, ScriptStop.Gap));
        }

        static TestCaseData Arrives(string name, Relay relay, int index, params TerminalEffect[] transmits) =>
            Handled(name, Relaying(relay), Command(index),
            Relaying(relay with { Arrived = relay.Arrived + 1, InCard = true }), [.. transmits, Arm]);
    }

    private static IEnumerable<TestCaseData> Answers()
    {
        var relay = new Relay(First, 6, 3, 1, 4, true);
        foreach (var index in new[] { 0, 2 })
            yield return Ignored($"Answer_ToCommand{index}_IsLate", Relaying(relay), Answered(index));
        yield return Ignored("Answer_WhenTheCardIsNotAtWork_IsLate", Relaying(relay with { InCard = false }), Answered(1));
        yield return Handled("Answer_OfAnUnexpectedStatus_EndsTheScript", Relaying(relay), Answered(1, false), Reported(Relaying(relay)),
            Reports(relay, ScriptStop.UnexpectedStatus));
        var last = new Relay(First, 6, 6, 5, 6, true);
        yield return Handled("Answer_ToTheLastCommand_CompletesTheScript", Relaying(last), Answered(5), Reported(Relaying(last)),
            Reports(last, ScriptStop.Completed));
        yield return Handled("Answer_ToTheLastCommand_OfAnUnexpectedStatus_DoesNotCompleteIt", Relaying(last), Answered(5, false),
            Reported(Relaying(last)), Reports(last, ScriptStop.UnexpectedStatus));
        var lastButOne = new Relay(First, 6, 5, 4, 6, true);
        yield return Handled("Answer_ToTheLastCommandButOne_WaitsForTheLast", Relaying(lastButOne), Answered(4),
            Relaying(lastButOne with { Answered = 5, InCard = false }), Arm);
    }

    /// <summary>Credit comes in steps of two, or for the rest of the script; the next command goes to the card first.</summary>
    private static IEnumerable<TestCaseData> Credits()
    {
        yield return Goes("Answer_OneCommandShortOfACreditStep_GrantsNone", new Relay(First, 20, 2, 0, 4, true),
            new Relay(First, 20, 2, 1, 4, true), Transmit(1));
        yield return Goes("Answer_ThatFillsACreditStep_GrantsIt", new Relay(First, 20, 3, 1, 4, true), new Relay(First, 20, 3, 2, 6, true),
            Transmit(2), Send(new Credit(First + 6)));
        yield return Goes("Answer_WithNothingMoreHere_GrantsAndWaits", new Relay(First, 20, 2, 1, 4, true),
            new Relay(First, 20, 2, 2, 6, false), Send(new Credit(First + 6)));
        yield return Goes("Answer_ForTheRestOfTheScript_GrantsLessThanAStep", new Relay(First, 5, 2, 0, 4, true),
            new Relay(First, 5, 2, 1, 5, true), Transmit(1), Send(new Credit(First + 5)));
        yield return Goes("Answer_WithAllGranted_GrantsNoMore", new Relay(First, 5, 3, 1, 5, true), new Relay(First, 5, 3, 2, 5, true),
            Transmit(2));

        static TestCaseData Goes(string name, Relay before, Relay after, params TerminalEffect[] effects) =>
            Handled(name, Relaying(before), Answered(before.Answered), Relaying(after), [.. effects, Arm]);
    }

    private static IEnumerable<TestCaseData> Faults()
    {
        var relay = new Relay(First, 6, 3, 1, 4, true);
        foreach (var stop in new[] { ScriptStop.CardLost, ScriptStop.ModuleRefused })
            yield return Handled($"Fault_{stop}_EndsTheScript", Relaying(relay), Faulted(1, stop), Reported(Relaying(relay)),
                Reports(relay, stop));
        foreach (var index in new[] { 0, 2 })
            yield return Ignored($"Fault_OfCommand{index}_IsLate", Relaying(relay), Faulted(index));
        yield return Ignored("Fault_WhenTheCardIsNotAtWork_IsLate", Relaying(relay with { InCard = false }), Faulted(1));
        yield return Handled("Card_GoneWhileAtWork_ItsAnswerOrFaultTellsTheRest", Relaying(relay), new TerminalEvent.CardGone(),
            Relaying(relay, cardIn: false));
        var idle = relay with { Arrived = 1, InCard = false };
        yield return Handled("Card_GoneWhileNotAtWork_EndsTheScript", Relaying(idle), new TerminalEvent.CardGone(),
            Reported(Relaying(idle, cardIn: false)), Reports(idle, ScriptStop.CardLost));
        yield return Handled("Card_InAgainWhileAScriptIsUnderWay_IsNoted", Relaying(relay, cardIn: false),
            new TerminalEvent.CardInserted(default), Relaying(relay));
        yield return Handled("Timer_WhileTheCardIsAtWork_GoesOnWaiting", Relaying(relay), new TerminalEvent.TimerFired(), Relaying(relay),
            Arm);
        yield return Handled("Timer_WhileTheCenterIsSilent_ClosesTheLine", Relaying(idle), new TerminalEvent.TimerFired(), Relaying(idle),
            StopTimer, CloseLine);
        yield return Rejected("Garbage_InAScript_ClosesTheLine", Relaying(relay), new TerminalEvent.Garbage("noise"));
        foreach (var phase in Enum.GetValues<TerminalPhase>().Except([TerminalPhase.Relaying]))
        {
            yield return Ignored($"Fault_{phase}_IsLate", At(phase), Faulted(0));
            yield return Ignored($"Answer_{phase}_IsLate", At(phase), Answered(0));
        }
    }

    /// <summary>A command that belongs to no script is zeroed, and none of the next script's with it.</summary>
    private static IEnumerable<TestCaseData> Strays()
    {
        foreach (var phase in new[]
            { TerminalPhase.Idle, TerminalPhase.Requesting, TerminalPhase.CheckingReader, TerminalPhase.AwaitingCard,
                TerminalPhase.Swapping, TerminalPhase.Standby, TerminalPhase.Removing })
            yield return Handled($"Command_{phase}_IsDiscarded", At(phase), Command(3), At(phase),
                new TerminalEffect.DiscardCommands(First + 4));
    }
}
