using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Center;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Core.Protocol.Terminal;

namespace CardIssue.Test.Explorer;

/// <summary>A half of a split line at the center: its session, and what is under way to it.</summary>
/// <param name="Pending">What its host is about to answer, oldest first.</param>
internal sealed record CenterHalf(CenterState State, bool Timer, bool Dead, ValueList<RelayMessage> Inbox, ValueList<CenterEvent> Pending);

/// <summary>A half of a split line at the terminal: its machine, and what is under way to it.</summary>
internal sealed record TerminalHalf(TerminalState State, bool Timer, bool Dead, ValueList<RelayMessage> Inbox, ValueList<TerminalEvent> Pending);

/// <summary>The admission of a split line in full. Compares by content.</summary>
/// <param name="DataCenter">The session of the data half; null when there is none.</param>
/// <param name="ResultsCenter">The session of the results half; null when there is none.</param>
/// <param name="Data">The terminal, on the data half.</param>
/// <param name="Results">The machine of the results half; null when that is not up.</param>
/// <param name="BringUp">The token that the results half is to be brought up with.</param>
/// <param name="Waiting">The token that the center's desk has a data half waiting for; 0 for none.</param>
/// <param name="Token">The last token given.</param>
/// <param name="AttachedCenter">Whether the center joined the halves.</param>
/// <param name="AttachedTerminal">Whether the terminal sends on the results half.</param>
/// <param name="Faults">Faults left.</param>
/// <param name="Orders">How often the operator may still ask.</param>
internal sealed record SplitWorld(
    CenterHalf? DataCenter, CenterHalf? ResultsCenter, TerminalHalf Data, TerminalHalf? Results,
    ByteString BringUp, int Waiting, int Token, bool AttachedCenter, bool AttachedTerminal, int Faults, int Orders)
{
    public static SplitWorld Start(int faults) => new(null, null, Fresh(), null, default, 0, 0, false, false, faults, 1);

    public static TerminalHalf Fresh() => new(TerminalState.Start(Names.Terminal, new TerminalPolicy(2, 1), LineHalf.Data), false, true, default, default);

    /// <summary>A line is whole, nothing is under way, and the terminal may work.</summary>
    public bool AtRest => AttachedCenter && AttachedTerminal && Quiet
        && DataCenter is { State.Phase: CenterPhase.Idle } && Data.State.Phase is TerminalPhase.Idle;

    /// <summary>Whether nothing can happen but that a timer runs out.</summary>
    public bool Quiet => IsQuiet(DataCenter) && IsQuiet(ResultsCenter) && IsQuiet(Data) && IsQuiet(Results) && (BringUp.IsEmpty || Results is not null)
        && (Data.State.Phase is not TerminalPhase.Offline || DataCenter is not null);

    private static bool IsQuiet(CenterHalf? half) => half is null or { Inbox.Count: 0, Pending.Count: 0, Dead: false };

    private static bool IsQuiet(TerminalHalf? half) => half is null || half is { Inbox.Count: 0, Pending.Count: 0 } && (!half.Dead || half.State.Phase is TerminalPhase.Offline);
}

/// <summary>What may happen to a split line. From <see cref="CutData"/> on, each costs a fault.</summary>
internal enum SplitHappening
{
    ToDataCenter,
    ToResultsCenter,
    ToData,
    ToResults,
    DataCenterProceeds,
    ResultsCenterProceeds,
    DataProceeds,
    ResultsProceeds,
    DataCenterNotices,
    ResultsCenterNotices,
    DataNotices,
    ResultsNotices,
    DataComesUp,
    ResultsComesUp,
    DataCenterTimer,
    ResultsCenterTimer,
    DataTimer,
    ResultsTimer,
    OperatorOrders,
    CardIn,
    CardOut,
    CutData,
    CutResults,
    LoseToDataCenter,
    LoseToResultsCenter,
    LoseToData,
    LoseToResults,
    DoubleToDataCenter,
    DoubleToResultsCenter,
    DoubleToData,
    CenterCrashes,
    TerminalCrashes,
    /// <summary>A join with another token comes on the results half.</summary>
    WrongToken,
    /// <summary>The data half was admitted and its token replaced: a later data half of the same terminal waits.</summary>
    TokenReplaced,
    /// <summary>A message of a session comes on the data half.</summary>
    SessionMessageOnData,
    /// <summary>A message of a session comes on the results half.</summary>
    SessionMessageOnResults,
    CenterStops,
    DataCenterTimerEarly,
    ResultsCenterTimerEarly,
    DataTimerEarly,
}
