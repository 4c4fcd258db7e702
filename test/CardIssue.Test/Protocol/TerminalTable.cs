using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Core.Protocol.Terminal;
using CardIssue.Test.Explorer;

namespace CardIssue.Test.Protocol;

using Relay = CardIssue.Core.Protocol.Terminal.Relay;
using Row = MachineRow<TerminalState, TerminalEvent, TerminalEffect>;

/// <summary>
/// What the tables of the terminal machine are written with: states as they stand in each situation, and the effects that recur.
/// </summary>
internal static class TerminalTable
{
    /// <summary>The first sequence number of the script under way; numbers below it are of scripts before.</summary>
    public const int First = 50;

    public static readonly TerminalPolicy Policy = new(Window: 4, CreditStep: 2);
    public static readonly Hello TheHello = new(1, 1, Names.Terminal, Names.Nonce, Policy.Window, Declines: (int)DeclineCode.OtherBranch);

    public static TerminalState At(TerminalPhase phase, bool cardIn = true, bool hasOrder = true) =>
        TerminalState.Start(Names.Terminal, Policy) with
    {
        Phase = phase, CardIn = cardIn, Token = hasOrder ? Names.Token : ByteString.Empty, Hello = TheHello, Requests = 2, Printed = 1,
            Insertions = 3, NextSequence = First,
    };

    /// <summary>A script is under way.</summary>
    public static TerminalState Relaying(Relay relay, bool cardIn = true) =>
        At(TerminalPhase.Relaying, cardIn) with { Relay = relay, NextSequence = relay.First + relay.Count };

    /// <summary>What becomes of a script under way that ends.</summary>
    public static TerminalState Reported(TerminalState state) => state with { Phase = TerminalPhase.Standby, Relay = null };

    public static Script Script(int first, int count, ScriptKind kind = ScriptKind.Record, int record = 1) =>
        new(kind, 1, record, 1, first, count, false, false, ByteString.Empty);

    public static TerminalEvent Got(RelayMessage message) => new TerminalEvent.Received(message);

    public static TerminalEvent Command(int index) => new TerminalEvent.CommandArrived(First + index);

    public static TerminalEvent Answered(int index, bool expected = true) => new TerminalEvent.Answered(First + index, expected);

    public static TerminalEvent Faulted(int index, ScriptStop stop = ScriptStop.CardLost) => new TerminalEvent.Faulted(First + index, stop);

    public static TerminalEffect Send(RelayMessage message) => new TerminalEffect.Send(message);

    public static TerminalEffect Show(IssueNotice notice, string text = "", int record = 0) => new TerminalEffect.Show(notice, text, record);

    public static TerminalEffect Transmit(int index) => new TerminalEffect.Transmit(First + index);

    public static readonly TerminalEffect Arm = new TerminalEffect.ArmTimer(), StopTimer = new TerminalEffect.StopTimer(),
        ReleaseCard = new TerminalEffect.ReleaseCard(), CloseLine = new TerminalEffect.CloseLine(),
            CheckReader = new TerminalEffect.CheckReader();

    /// <summary>A script ends: nothing of it is left in the buffer before its result is sent.</summary>
    public static TerminalEffect[] Reports(Relay relay, ScriptStop stop) =>
    [
        new TerminalEffect.DiscardCommands(relay.First + relay.Count), new TerminalEffect.SendResult(relay.First, stop),
        Show(IssueNotice.Reporting, stop.ToString()), Arm,
    ];

    /// <summary>An order ends, after <paramref name="first"/>: with a card in the reader, or without.</summary>
    public static TestCaseData Finishes(string name, TerminalState state, TerminalEvent happened, TerminalState then,
        params TerminalEffect[] first) => Handled(name, state, happened,
        then with { Phase = state.CardIn ? TerminalPhase.Removing : TerminalPhase.Idle, Token = ByteString.Empty, Relay = null },
        [.. first, StopTimer, ReleaseCard, .. state.CardIn ? [Show(IssueNotice.TakeCardOut)] : new[] { Send(new CardRemoved()),
            Show(IssueNotice.Ready) }]);

    public static TestCaseData Handled(string name, TerminalState state, TerminalEvent happened, TerminalState then,
        params TerminalEffect[] effects) =>
        Case(name, new Row(state, happened, then, [.. effects], OutcomeKind.Handled));

    public static TestCaseData Ignored(string name, TerminalState state, TerminalEvent happened) =>
        Case(name, new Row(state, happened, state, default, OutcomeKind.Ignored));

    /// <summary>The line is closed; the phase changes when it is down.</summary>
    public static TestCaseData Rejected(string name, TerminalState state, TerminalEvent happened) =>
        Case(name, new Row(state, happened, state, [StopTimer, CloseLine], OutcomeKind.Rejected));

    private static TestCaseData Case(string name, Row row) => new TestCaseData(row).SetName(name);
}
