using CardIssue.Core;
using CardIssue.Core.Protocol;

namespace CardIssue.Test.Explorer;

/// <summary>A world and what its exploration counts: states and transitions, and those of the second run from what was left unfinished.</summary>
internal sealed record Pinned(WorldOptions World, int States, long Transitions, int AgainStates);

/// <summary>The worlds that are explored, with their counts. PROTOCOL.md shows them.</summary>
internal static class Worlds
{
    public static PlanShape Plan(bool isSealed, params RecordShape[] records) => new(1, 1, 1, 1, isSealed, ValueList.Create<RecordShape>(records));

    public static RecordShape Repeatable(int commands) => new(commands, Repeat.Repeatable);

    public static RecordShape LookFirst(int commands) => new(commands, Repeat.LookFirst, LookCommands: 1);

    public static RecordShape StartOver(int commands, int at) => new(commands, Repeat.StartOver, RestartAt: at);

    private static readonly PlanShape Two = Plan(false, LookFirst(2), StartOver(2, 2));

    public static readonly WorldOptions Simple = new() { Name = "any fault, two records", Plan = Plan(false, LookFirst(2), Repeatable(2)) };

    public static readonly Pinned[] All =
    [
        new(Simple, 102_498, 163_410, 5_380),
        new(Simple with { Name = "any fault, three records, end-to-end", Plan = Plan(false, Repeatable(2), LookFirst(3), StartOver(2, 1)) }, 146_084, 229_060, 7_174),
        new(Simple with { Name = "any fault, three records, sealed", Plan = Plan(true, LookFirst(1), Repeatable(2), StartOver(2, 2)), Faults = Faults.All | Faults.Module }, 127_557, 198_781, 6_271),
        new(Simple with { Name = "any two faults, one record", Plan = Plan(false, LookFirst(1)), Budget = new(2, 2, 0, 0, 0, 0) }, 1_538_865, 3_096_310, 24_532),
        new(Simple with { Name = "two card faults", Plan = Two, Faults = Faults.Card, Budget = new(2, 2, 0, 0, 0, 0) }, 1_547_634, 2_461_765, 30_102),
        new(Simple with { Name = "two card faults, one try", Plan = Plan(false, Repeatable(1)), MaxTries = 1, Faults = Faults.Card, Budget = new(2, 2, 0, 0, 0, 0) }, 655_373, 1_047_275, 16_365),
        new(Simple with { Name = "two crashes", Plan = Two, Faults = Faults.CrashCenter | Faults.CrashTerminal, Budget = new(2, 3, 0, 0, 0, 0) }, 366_603, 916_670, 8_295),
        new(Simple with { Name = "two line faults", Plan = Two, Faults = Faults.Cut | Faults.Lose | Faults.Double, Budget = new(2, 2, 0, 0, 0, 0) }, 107_773, 222_190, 3_428),
        new(Simple with { Name = "three cuts and crashes", Plan = Plan(false, LookFirst(2)), Faults = Faults.Cut | Faults.CrashCenter, Budget = new(3, 2, 0, 0, 0, 0) }, 85_089, 228_274, 941),
        new(Simple with { Name = "a session that lives on", Plan = Plan(false, LookFirst(2)), Zombies = true, Faults = Faults.Cut | Faults.SaveFails, Budget = new(2, 2, 0, 0, 0, 0) }, 857_926, 2_603_591, 6_468),
        new(Simple with { Name = "store restored", Plan = Two, Faults = Faults.Restore | Faults.Cut | Faults.CrashCenter, Budget = new(2, 2, 1, 0, 0, 0) }, 236_586, 519_764, 491),
        new(Simple with
        {
            Name = "start over at a record to be looked at", Plan = Plan(false, LookFirst(1), StartOver(1, 1)), CenterPolicy = new(3, 2, 5),
            Faults = Faults.Cut | Faults.Card, Budget = new(2, 2, 0, 0, 0, 0),
        }, 1_581_352, 2_605_483, 31_404),
        new(Simple with { Name = "operators", Plan = Plan(false, Repeatable(1)), Faults = Faults.None, Budget = new(0, 2, 1, 1, 1, 1) }, 872_895, 1_972_260, 10_864),
        new(Simple with { Name = "operators, wrong cards", Plan = Plan(false, Repeatable(1)), Faults = Faults.None, Budget = new(0, 2, 3, 0, 0, 0) }, 10_928, 14_862, 433),
        new(Simple with { Name = "operators and a fault", Plan = Plan(false, Repeatable(1)), Faults = Faults.Cut | Faults.Card | Faults.SaveFails, Budget = new(1, 2, 0, 1, 0, 0) }, 1_427_629, 2_862_201, 28_618),
        new(Simple with { Name = "a bad peer", Plan = Plan(false, Repeatable(1)), Faults = Faults.Inject, Budget = new(1, 2, 0, 0, 0, 0) }, 1_447_992, 4_722_917, 3_589),
        new(Simple with { Name = "unknown terminal", Ends = false, TerminalKnown = false, Budget = new(1, 1, 0, 1, 1, 1) }, 1_038, 4_222, 0),
        new(Simple with { Name = "unknown center", Ends = false, CenterGenuine = false, Budget = new(1, 1, 0, 1, 1, 1) }, 1_400, 5_791, 0),
        new(Simple with { Name = "unknown reader", ReaderKnown = false, Budget = new(1, 2, 0, 1, 1, 1) }, 58_848, 233_596, 0),
        new(Simple with { Name = "no common version", Ends = false, CenterPolicy = new(2, 2, 5, 2, 3), Budget = new(1, 1, 0, 1, 1, 1) }, 326, 1_299, 0),
    ];
}
