using CardIssue.Core.Protocol.Terminal;

namespace CardIssue.Test.Explorer;

/// <summary>What the exploration of a split line's admission found.</summary>
internal sealed record SplitFindings(int States, long Transitions, string? Violation, IReadOnlyList<SplitHappening> Trace, Coverage Coverage);

/// <summary>A split line's admission, breadth first over full states: both sessions at the center, both machines at the terminal, what is under way on both halves.</summary>
internal static class SplitExploration
{
    /// <summary>Faults of one exploration.</summary>
    public const int Faults = 3;

    /// <summary>Its counts, which PROTOCOL.md shows.</summary>
    public const int States = 62_828, Transitions = 373_905;

    private const int MaxStates = 2_000_000;

    private static readonly Lazy<SplitFindings> Done = new(() => Run(Machines.Real, Faults));

    /// <summary>The exploration, done once for all tests.</summary>
    public static SplitFindings Found => Done.Value;

    /// <summary>Explores these machines.</summary>
    public static SplitFindings Run(Machines machines, int faults)
    {
        var coverage = new Coverage();
        var play = new SplitPlay(machines, coverage);
        var numbers = new Dictionary<SplitWorld, int>();
        var worlds = new List<SplitWorld>();
        var (parents, by) = (new List<int>(), new List<SplitHappening>());
        var into = new List<List<int>>();
        long transitions = 0;

        int Add(SplitWorld w, int parent, SplitHappening happening)
        {
            if (numbers.TryGetValue(w, out var known)) return known;
            numbers.Add(w, worlds.Count);
            worlds.Add(w);
            parents.Add(parent);
            by.Add(happening);
            into.Add([]);
            return worlds.Count - 1;
        }

        IReadOnlyList<SplitHappening> Trace(int at)
        {
            var trace = new List<SplitHappening>();
            for (; parents[at] >= 0; at = parents[at]) trace.Insert(0, by[at]);
            return trace;
        }

        Add(SplitWorld.Start(faults), -1, default);
        for (var at = 0; at < worlds.Count; at++)
        {
            if (worlds.Count > MaxStates) throw new InvalidOperationException($"more than {MaxStates} states");
            foreach (var happening in Possible(worlds[at]))
            {
                transitions++;
                var next = Add(play.Take(worlds[at], happening), at, happening);
                if (play.Violation is { } violation) return new SplitFindings(worlds.Count, transitions, violation, [.. Trace(at), happening], coverage);
                if (happening < SplitHappening.CutData) into[next].Add(at);
            }
        }
        var stuck = Stuck(worlds, into);
        return stuck < 0
            ? new SplitFindings(worlds.Count, transitions, null, [], coverage)
            : new SplitFindings(worlds.Count, transitions, "the halves cannot be joined any more", Trace(stuck), coverage);
    }

    /// <summary>The first state from which the line cannot be whole and at rest without another fault; -1 for none.</summary>
    private static int Stuck(List<SplitWorld> worlds, List<List<int>> into)
    {
        var reached = worlds.Select(w => w.AtRest).ToArray();
        var todo = new Stack<int>(Enumerable.Range(0, worlds.Count).Where(i => reached[i]));
        while (todo.TryPop(out var to))
        {
            foreach (var from in into[to])
            {
                if (reached[from]) continue;
                reached[from] = true;
                todo.Push(from);
            }
        }
        return Array.IndexOf(reached, false);
    }

    private static IEnumerable<SplitHappening> Possible(SplitWorld w) =>
        Enum.GetValues<SplitHappening>().Where(h => h < SplitHappening.CutData ? Free(w, h) : w.Faults > 0 && Fault(w, h));

    private static bool Free(SplitWorld w, SplitHappening h) => h switch
    {
        SplitHappening.ToDataCenter => w.DataCenter is { Inbox.Count: > 0 },
        SplitHappening.ToResultsCenter => w.ResultsCenter is { Inbox.Count: > 0 } && (!w.AttachedCenter || w.DataCenter is not null),
        SplitHappening.ToData => w.Data.Inbox.Count > 0,
        SplitHappening.ToResults => w.Results is { Inbox.Count: > 0 },
        SplitHappening.DataCenterProceeds => w.DataCenter is { Pending.Count: > 0 },
        SplitHappening.ResultsCenterProceeds => w.ResultsCenter is { Pending.Count: > 0 },
        SplitHappening.DataProceeds => w.Data.Pending.Count > 0,
        SplitHappening.ResultsProceeds => w.Results is { Pending.Count: > 0 },
        SplitHappening.DataCenterNotices => w.DataCenter is { Dead: true },
        SplitHappening.ResultsCenterNotices => w.ResultsCenter is { Dead: true },
        SplitHappening.DataNotices => w.Data is { Dead: true, State.Phase: not TerminalPhase.Offline },
        SplitHappening.ResultsNotices => w.Results is { Dead: true, State.Phase: not TerminalPhase.Offline },
        SplitHappening.DataComesUp => w.Data.State.Phase is TerminalPhase.Offline && w is { DataCenter: null, ResultsCenter: null },
        SplitHappening.ResultsComesUp => !w.BringUp.IsEmpty && w is { Results: null, ResultsCenter: null, Data.Dead: false },
        SplitHappening.DataCenterTimer => w.Quiet && !w.AtRest && w.DataCenter is { Timer: true },
        SplitHappening.ResultsCenterTimer => w.Quiet && !w.AtRest && w.ResultsCenter is { Timer: true },
        SplitHappening.DataTimer => w.Quiet && w.Data.Timer,
        SplitHappening.ResultsTimer => w.Quiet && w.Results is { Timer: true },
        SplitHappening.OperatorOrders => w.Orders > 0 && w.Data.State.Phase is TerminalPhase.Idle,
        SplitHappening.CardIn => w.Data.State is { Phase: TerminalPhase.AwaitingResults, CardIn: false },
        SplitHappening.CardOut => w.Data.State is { Phase: TerminalPhase.AwaitingResults, CardIn: true },
        _ => throw new InvalidOperationException($"{h} is a fault"),
    };

    private static bool Fault(SplitWorld w, SplitHappening h) => h switch
    {
        SplitHappening.CutData => w.DataCenter is { Dead: false } && !w.Data.Dead,
        SplitHappening.CutResults => w.ResultsCenter is { Dead: false },
        SplitHappening.LoseToDataCenter or SplitHappening.DoubleToDataCenter => w.DataCenter is { Inbox.Count: > 0 },
        SplitHappening.LoseToResultsCenter or SplitHappening.DoubleToResultsCenter => w.ResultsCenter is { Inbox.Count: > 0 },
        SplitHappening.LoseToData or SplitHappening.DoubleToData => w.Data.Inbox.Count > 0,
        SplitHappening.LoseToResults => w.Results is { Inbox.Count: > 0 },
        SplitHappening.CenterCrashes => w.DataCenter is not null,
        SplitHappening.TerminalCrashes => w.Data.State.Phase is not TerminalPhase.Offline,
        SplitHappening.WrongToken or SplitHappening.SessionMessageOnResults => w.ResultsCenter is { Dead: false } && (!w.AttachedCenter || w.DataCenter is not null),
        SplitHappening.TokenReplaced => w.Waiting != 0,
        SplitHappening.SessionMessageOnData => w.DataCenter is { Dead: false },
        SplitHappening.CenterStops => w.DataCenter is { Dead: false },
        SplitHappening.DataCenterTimerEarly => w.DataCenter is { Timer: true },
        SplitHappening.ResultsCenterTimerEarly => w.ResultsCenter is { Timer: true },
        SplitHappening.DataTimerEarly => w.Data.Timer,
        _ => throw new InvalidOperationException($"{h} is no fault"),
    };
}
