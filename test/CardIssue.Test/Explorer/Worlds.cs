using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Center;

namespace CardIssue.Test.Explorer;

/// <summary>A world and what its exploration counts: states and transitions, and those of the second run from what was left unfinished.</summary>
internal sealed record Pinned(WorldOptions World, int States, long Transitions, int AgainStates);

/// <summary>The worlds that are explored, with their counts. PROTOCOL.md shows them.</summary>
internal static class Worlds
{
    public static PlanShape Plan(bool isSealed, params RecordShape[] records) => new(1, 1, 1, 1, isSealed, ValueList.Create<RecordShape>(records));

    public static RecordShape Repeatable(int commands) => new(commands, Repeat.Repeatable);

    public static RecordShape LookFirst(int commands) => new(commands, Repeat.LookFirst, LookCommands: 1, EvidenceCommands: 1);

    public static RecordShape StartOver(int commands, int at) => new(commands, Repeat.StartOver, RestartAt: at);

    /// <summary>The same where the center gives each card a number, and what a card tells of itself is read again in its channel.</summary>
    public static PlanShape Numbering(PlanShape plan) => plan with { AuthenticateCommands = 2, AssignCommands = 2 };

    /// <summary>
    /// The same for a card that was issued: it has its number, and is seen to hold what it is believed to before anything leaves.
    /// </summary>
    public static PlanShape Rewriting(PlanShape plan) => plan with { AuthenticateCommands = 2, BeforeCommands = 1 };

    private static readonly PlanShape Two = Plan(false, LookFirst(2), StartOver(2, 2));

    public static readonly WorldOptions Simple = new() { Name = "any fault, two records", Plan = Plan(false, LookFirst(2), Repeatable(2)) };

    /// <summary>A rewrite of a card that was issued, and another issued card at hand.</summary>
    public static readonly WorldOptions Rewrite = Simple with
    {
        Name = "rewrite", Rewrites = true, Identities = Identities.Given, Plan = Rewriting(Plan(false, LookFirst(2), Repeatable(1))),
    };

    public static readonly Pinned[] All =
    [
        new(Simple, 105_209, 167_233, 5_482),
        new(Simple with { Name = "any fault, three records, end-to-end",
            Plan = Plan(false, Repeatable(2), LookFirst(3), StartOver(2, 1)) }, 145_271, 228_387, 7_148),
        new(Simple with { Name = "any fault, three records, sealed", Plan = Plan(true, LookFirst(1), Repeatable(2), StartOver(2, 2)),
            Faults = Faults.All | Faults.Module }, 131_588, 204_374, 6_397),
        new(Simple with { Name = "any two faults, one record", Plan = Plan(false, LookFirst(1)), Budget = new(2, 2, 0, 0, 0, 0) },
            1_616_214, 3_233_113, 29_495),
        new(Simple with { Name = "two card faults", Plan = Two, Faults = Faults.Card, Budget = new(2, 2, 0, 0, 0, 0) }, 1_650_599,
            2_630_741, 36_536),
        new(Simple with { Name = "two card faults, one try", Plan = Plan(false, Repeatable(1)), MaxTries = 1, Faults = Faults.Card,
            Budget = new(2, 2, 0, 0, 0, 0) }, 651_359, 1_040_154, 19_017),
        new(Simple with { Name = "two crashes", Plan = Two, Faults = Faults.CrashCenter | Faults.CrashTerminal,
            Budget = new(2, 3, 0, 0, 0, 0) }, 413_995, 992_511, 11_061),
        new(Simple with { Name = "two line faults", Plan = Two, Faults = Faults.Cut | Faults.Lose | Faults.Double,
            Budget = new(2, 2, 0, 0, 0, 0) }, 114_734, 233_219, 3_518),
        new(Simple with { Name = "three cuts and crashes", Plan = Plan(false, LookFirst(2)), Faults = Faults.Cut | Faults.CrashCenter,
            Budget = new(3, 2, 0, 0, 0, 0) }, 97_791, 256_503, 941),
        new(Simple with { Name = "a session that lives on", Plan = Plan(false, LookFirst(2)), Zombies = true,
            Faults = Faults.Cut | Faults.SaveFails, Budget = new(2, 2, 0, 0, 0, 0) }, 884_813, 2_671_904, 8_159),
        new(Simple with { Name = "store restored", Plan = Two, Faults = Faults.Restore | Faults.Cut | Faults.CrashCenter,
            Budget = new(2, 2, 1, 0, 0, 0) }, 257_045, 553_657, 491),
        new(Simple with { Name = "store and log put back", Plan = Plan(false, Repeatable(1)), Faults = Faults.PutBack,
            Budget = new(1, 2, 1, 0, 0, 0) }, 535_677, 924_051, 4_344),
        new(Simple with
        {
            Name = "start over at a record to be looked at", Plan = Plan(false, LookFirst(1), StartOver(1, 1)), CenterPolicy = new(3, 2, 5),
            Faults = Faults.Cut | Faults.Card, Budget = new(2, 2, 0, 0, 0, 0),
        }, 1_734_622, 2_846_831, 36_834),
        new(Simple with { Name = "equal identities, any fault", Identities = Identities.Equal, Budget = new(1, 1, 1, 0, 0, 0) }, 32_440,
            48_630, 14_186),
        new(Simple with { Name = "equal identities, evidence, two faults", Plan = Plan(false, LookFirst(1)), Identities = Identities.Equal,
            Faults = Faults.Card | Faults.Cut, Budget = new(2, 1, 0, 0, 0, 0) }, 132_503, 225_336, 13_854),
        new(Simple with { Name = "equal identities, late evidence", Plan = Plan(false, Repeatable(1), LookFirst(1)),
            Identities = Identities.Equal, Faults = Faults.Swap | Faults.Cut, Budget = new(2, 1, 0, 0, 0, 0) }, 149_920, 257_114, 14_729),
        new(Simple with { Name = "equal identities, three swaps", Plan = Plan(false, LookFirst(1), Repeatable(1)),
            CenterPolicy = new(3, 3, 5), Identities = Identities.Equal, Faults = Faults.Swap, Budget = new(3, 1, 0, 0, 0, 0) }, 712_279,
            1_263_706, 42_607),
        new(Simple with { Name = "equal identities, no evidence", Plan = Plan(true, Repeatable(1), StartOver(1, 2)),
            Identities = Identities.Equal, Faults = Faults.Swap | Faults.Cut, Budget = new(2, 1, 0, 0, 0, 0) }, 139_361, 239_863, 8_764),
        new(Simple with { Name = "identities altered on the way", Plan = Plan(false, LookFirst(1)) with { AuthenticateCommands = 2 },
            Faults = Faults.Alter | Faults.Swap, Budget = new(2, 1, 0, 0, 0, 0) }, 59_201, 97_112, 14_610),
        new(Simple with { Name = "numbers given, any fault", Plan = Numbering(Plan(false, Repeatable(2), LookFirst(1))),
            Identities = Identities.Given, Faults = Faults.All | Faults.Alter, Budget = new(1, 1, 1, 0, 0, 0) }, 30_620, 46_293, 7_944),
        new(Simple with { Name = "numbers given, sealed, two faults", Plan = Numbering(Plan(true, Repeatable(1))),
            Identities = Identities.Given, Faults = Faults.Card | Faults.Cut, Budget = new(2, 1, 0, 0, 0, 0) }, 231_717, 395_132, 14_541),
        new(Simple with { Name = "numbers given, altered and swapped", Plan = Numbering(Plan(false, Repeatable(1), Repeatable(1))),
            Identities = Identities.Given, Faults = Faults.Alter | Faults.Swap, Budget = new(2, 1, 0, 0, 0, 0) }, 135_602, 219_349, 15_291),
        new(Simple with { Name = "numbers given, a session that lives on", Plan = Numbering(Plan(false, Repeatable(1))),
            Identities = Identities.Given, Zombies = true, Faults = Faults.Cut | Faults.SaveFails, Budget = new(2, 1, 0, 0, 0, 0) },
            56_969, 160_042, 6_038),
        new(Simple with { Name = "numbers given, crashes", Plan = Numbering(Plan(false, Repeatable(1))), Identities = Identities.Given,
            Faults = Faults.CrashCenter | Faults.CrashTerminal | Faults.SaveFails, Budget = new(2, 2, 0, 0, 0, 0) }, 72_900, 171_226,
            5_257),
        new(Rewrite with { Name = "rewrite, any fault", Plan = Rewriting(Plan(false, LookFirst(2))) }, 81_005, 133_285, 2_920),
        new(Rewrite with { Name = "rewrite, any fault, another card at hand", Plan = Rewriting(Plan(false, LookFirst(1))),
            Budget = new(1, 1, 1, 0, 0, 0) }, 16_821, 27_344, 2_568),
        new(Rewrite with { Name = "rewrite that ends by reading, any fault", ClosesByReading = true,
            Plan = Rewriting(Plan(true, LookFirst(1))), Faults = Faults.All | Faults.Module }, 74_870, 124_055, 2_464),
        new(Rewrite with { Name = "rewrite, two card faults", Plan = Rewriting(Plan(false, LookFirst(1))), CenterPolicy = new(2, 2, 3),
            Faults = Faults.Card, Budget = new(2, 1, 0, 0, 0, 0) }, 40_300, 67_178, 6_814),
        new(Rewrite with { Name = "rewrite, altered and swapped", Plan = Rewriting(Plan(false, Repeatable(1))),
            Faults = Faults.Alter | Faults.Swap, CenterPolicy = new(2, 2, 3), Budget = new(2, 1, 1, 0, 0, 0) }, 46_972, 82_113, 3_462),
        new(Rewrite with { Name = "rewrite, crashes", Plan = Rewriting(Plan(false, LookFirst(1))),
            Faults = Faults.CrashCenter | Faults.CrashTerminal | Faults.SaveFails, Budget = new(2, 1, 0, 0, 0, 0) }, 7_632, 16_706, 5_161),
        new(Rewrite with { Name = "rewrite, a session that lives on", Plan = Rewriting(Plan(false, LookFirst(1))), Zombies = true,
            Faults = Faults.Cut | Faults.SaveFails, CenterPolicy = new(2, 2, 3), Budget = new(1, 2, 0, 0, 0, 0) },
            50_191, 127_817, 1_716),
        new(Rewrite with { Name = "rewrite, store restored", Plan = Rewriting(Plan(false, LookFirst(1))),
            Faults = Faults.Restore | Faults.Cut, Budget = new(2, 2, 0, 0, 0, 0) }, 38_033, 75_450, 360),
        new(Rewrite with { Name = "rewrite, store and log put back", Plan = Rewriting(Plan(false, LookFirst(1))),
            Faults = Faults.PutBack, CenterPolicy = new(2, 2, 3), Budget = new(1, 2, 0, 0, 0, 0) }, 127_972, 227_663, 2_217),
        new(Rewrite with { Name = "rewrite of a card changed elsewhere, any fault", ChangedElsewhere = true,
            Plan = Rewriting(Plan(false, LookFirst(1))), Budget = new(1, 1, 1, 0, 0, 0) }, 9_709, 17_393, 1_104),
        new(Simple with { Name = "operators", Plan = Plan(false, Repeatable(1)), Faults = Faults.None, Budget = new(0, 2, 1, 1, 1, 1) },
            884_738, 1_995_617, 13_916),
        new(Simple with { Name = "operators, wrong cards", Plan = Plan(false, Repeatable(1)), Faults = Faults.None, Budget = new(0, 2, 3, 0, 0, 0) }, 10_928, 14_862, 433),
        new(Simple with { Name = "operators and a fault", Plan = Plan(false, Repeatable(1)),
            Faults = Faults.Cut | Faults.Card | Faults.SaveFails, Budget = new(1, 2, 0, 1, 0, 0) }, 413_070, 811_033, 19_273),
        new(Simple with { Name = "a bad peer", Plan = Plan(false, Repeatable(1)), Faults = Faults.Inject, Budget = new(1, 2, 1, 0, 0, 0) },
            201_868, 470_664, 4_311),
        new(Simple with { Name = "unknown terminal", Ends = false, TerminalKnown = false, Budget = new(1, 1, 0, 1, 1, 1) }, 1_038, 4_222, 0),
        new(Simple with { Name = "unknown center", Ends = false, CenterGenuine = false, Budget = new(1, 1, 0, 1, 1, 1) }, 1_400, 5_803, 0),
        new(Simple with { Name = "unknown reader", ReaderKnown = false, Budget = new(1, 2, 0, 1, 1, 1) }, 65_373, 256_848, 0),
        new(Simple with { Name = "no common version", Ends = false, CenterPolicy = new(2, 2, 5, 2, 3), Budget = new(1, 1, 0, 1, 1, 1) }, 326, 1_299, 0),
    ];
}
