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
        new(Simple, 102_691, 163_701, 5_380),
        new(Simple with { Name = "any fault, three records, end-to-end", Plan = Plan(false, Repeatable(2), LookFirst(3), StartOver(2, 1)) }, 146_277, 229_351, 7_174),
        new(Simple with { Name = "any fault, three records, sealed", Plan = Plan(true, LookFirst(1), Repeatable(2), StartOver(2, 2)), Faults = Faults.All | Faults.Module }, 127_750, 199_072, 6_271),
        new(Simple with { Name = "any two faults, one record", Plan = Plan(false, LookFirst(1)), Budget = new(2, 2, 0, 0, 0, 0) }, 1_542_214, 3_102_799, 24_532),
        new(Simple with { Name = "two card faults", Plan = Two, Faults = Faults.Card, Budget = new(2, 2, 0, 0, 0, 0) }, 1_547_634, 2_461_765, 30_102),
        new(Simple with { Name = "two card faults, one try", Plan = Plan(false, Repeatable(1)), MaxTries = 1, Faults = Faults.Card, Budget = new(2, 2, 0, 0, 0, 0) }, 655_373, 1_047_275, 16_365),
        new(Simple with { Name = "two crashes", Plan = Two, Faults = Faults.CrashCenter | Faults.CrashTerminal, Budget = new(2, 3, 0, 0, 0, 0) }, 369_453, 922_946, 8_295),
        new(Simple with { Name = "two line faults", Plan = Two, Faults = Faults.Cut | Faults.Lose | Faults.Double, Budget = new(2, 2, 0, 0, 0, 0) }, 108_783, 224_178, 3_428),
        new(Simple with { Name = "three cuts and crashes", Plan = Plan(false, LookFirst(2)), Faults = Faults.Cut | Faults.CrashCenter, Budget = new(3, 2, 0, 0, 0, 0) }, 87_043, 233_367, 941),
        new(Simple with { Name = "a session that lives on", Plan = Plan(false, LookFirst(2)), Zombies = true, Faults = Faults.Cut | Faults.SaveFails, Budget = new(2, 2, 0, 0, 0, 0) }, 860_203, 2_609_820, 6_468),
        new(Simple with { Name = "store restored", Plan = Two, Faults = Faults.Restore | Faults.Cut | Faults.CrashCenter, Budget = new(2, 2, 1, 0, 0, 0) }, 243_470, 532_360, 491),
        new(Simple with
        {
            Name = "start over at a record to be looked at", Plan = Plan(false, LookFirst(1), StartOver(1, 1)), CenterPolicy = new(3, 2, 5),
            Faults = Faults.Cut | Faults.Card, Budget = new(2, 2, 0, 0, 0, 0),
        }, 1_583_061, 2_608_279, 31_404),
        new(Simple with { Name = "operators", Plan = Plan(false, Repeatable(1)), Faults = Faults.None, Budget = new(0, 2, 1, 1, 1, 1) }, 877_512, 1_981_232, 10_864),
        new(Simple with { Name = "operators, wrong cards", Plan = Plan(false, Repeatable(1)), Faults = Faults.None, Budget = new(0, 2, 3, 0, 0, 0) }, 10_928, 14_862, 433),
        new(Simple with { Name = "operators and a fault", Plan = Plan(false, Repeatable(1)), Faults = Faults.Cut | Faults.Card | Faults.SaveFails, Budget = new(1, 2, 0, 1, 0, 0) }, 403_909, 797_896, 14_891),
        new(Simple with { Name = "a bad peer", Plan = Plan(false, Repeatable(1)), Faults = Faults.Inject, Budget = new(1, 2, 0, 0, 0, 0) }, 53_907, 129_434, 2_016),
        new(Simple with { Name = "unknown terminal", Ends = false, TerminalKnown = false, Budget = new(1, 1, 0, 1, 1, 1) }, 1_038, 4_222, 0),
        new(Simple with { Name = "unknown center", Ends = false, CenterGenuine = false, Budget = new(1, 1, 0, 1, 1, 1) }, 1_400, 5_791, 0),
        new(Simple with { Name = "unknown reader", ReaderKnown = false, Budget = new(1, 2, 0, 1, 1, 1) }, 65_373, 256_728, 0),
        new(Simple with { Name = "no common version", Ends = false, CenterPolicy = new(2, 2, 5, 2, 3), Budget = new(1, 1, 0, 1, 1, 1) }, 326, 1_299, 0),
    ];
}
