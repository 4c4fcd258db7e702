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
        new(Simple, 124_118, 218_821, 6_592),
        new(Simple with { Name = "any fault, three records, end-to-end",
            Plan = Plan(false, Repeatable(2), LookFirst(3), StartOver(2, 1)) }, 169_601, 294_084, 8_608),
        new(Simple with { Name = "any fault, three records, sealed", Plan = Plan(true, LookFirst(1), Repeatable(2), StartOver(2, 2)),
            Faults = Faults.All | Faults.Module }, 155_179, 268_863, 7_717),
        new(Simple with { Name = "any two faults, one record", Plan = Plan(false, LookFirst(1)), Budget = new(2, 2, 0, 0, 0, 0) },
            1_980_147, 4_383_182, 36_217),
        new(Simple with { Name = "two card faults", Plan = Two, Faults = Faults.Card, Budget = new(2, 2, 0, 0, 0, 0) }, 1_971_096,
            3_518_218, 45_204),
        new(Simple with { Name = "two card faults, one try", Plan = Plan(false, Repeatable(1)), MaxTries = 1, Faults = Faults.Card,
            Budget = new(2, 2, 0, 0, 0, 0) }, 825_245, 1_511_381, 23_193),
        new(Simple with { Name = "two crashes", Plan = Two, Faults = Faults.CrashCenter | Faults.CrashTerminal,
            Budget = new(2, 3, 0, 0, 0, 0) }, 467_550, 1_233_652, 13_365),
        new(Simple with { Name = "two line faults", Plan = Two, Faults = Faults.Cut | Faults.Lose | Faults.Double,
            Budget = new(2, 2, 0, 0, 0, 0) }, 137_175, 302_549, 4_214),
        new(Simple with { Name = "three cuts and crashes", Plan = Plan(false, LookFirst(2)), Faults = Faults.Cut | Faults.CrashCenter,
            Budget = new(3, 2, 0, 0, 0, 0) }, 110_910, 306_404, 1_113),
        new(Simple with { Name = "a session that lives on", Plan = Plan(false, LookFirst(2)), Zombies = true,
            Faults = Faults.Cut | Faults.SaveFails, Budget = new(2, 2, 0, 0, 0, 0) }, 1_100_019, 3_528_423, 9_903),
        new(Simple with { Name = "store restored", Plan = Two, Faults = Faults.Restore | Faults.Cut | Faults.CrashCenter,
            Budget = new(2, 2, 1, 0, 0, 0) }, 288_396, 663_124, 559),
        new(Simple with { Name = "store and log put back", Plan = Plan(false, Repeatable(1)), Faults = Faults.PutBack,
            Budget = new(1, 2, 1, 0, 0, 0) }, 604_975, 1_102_110, 5_244),
        new(Simple with
        {
            Name = "start over at a record to be looked at", Plan = Plan(false, LookFirst(1), StartOver(1, 1)), CenterPolicy = new(3, 2, 5),
            Faults = Faults.Cut | Faults.Card, Budget = new(2, 2, 0, 0, 0, 0),
        }, 2_097_059, 3_882_995, 45_572),
        new(Simple with { Name = "equal identities, any fault", Identities = Identities.Equal, Budget = new(1, 1, 1, 0, 0, 0) }, 36_165,
            58_480, 16_664),
        new(Simple with { Name = "equal identities, evidence, two faults", Plan = Plan(false, LookFirst(1)), Identities = Identities.Equal,
            Faults = Faults.Card | Faults.Cut, Budget = new(2, 1, 0, 0, 0, 0) }, 156_817, 292_080, 16_188),
        new(Simple with { Name = "equal identities, late evidence", Plan = Plan(false, Repeatable(1), LookFirst(1)),
            Identities = Identities.Equal, Faults = Faults.Swap | Faults.Cut, Budget = new(2, 1, 0, 0, 0, 0) }, 171_767, 320_115, 17_141),
        new(Simple with { Name = "equal identities, three swaps", Plan = Plan(false, LookFirst(1), Repeatable(1)),
            CenterPolicy = new(3, 3, 5), Identities = Identities.Equal, Faults = Faults.Swap, Budget = new(3, 1, 0, 0, 0, 0) }, 792_113,
            1_548_603, 48_022),
        new(Simple with { Name = "equal identities, no evidence", Plan = Plan(true, Repeatable(1), StartOver(1, 2)),
            Identities = Identities.Equal, Faults = Faults.Swap | Faults.Cut, Budget = new(2, 1, 0, 0, 0, 0) }, 166_399, 315_691, 10_108),
        new(Simple with { Name = "identities altered on the way", Plan = Plan(false, LookFirst(1)) with { AuthenticateCommands = 2 },
            Faults = Faults.Alter | Faults.Swap, Budget = new(2, 1, 0, 0, 0, 0) }, 71_382, 128_633, 17_798),
        new(Simple with { Name = "numbers given, any fault", Plan = Numbering(Plan(false, Repeatable(2), LookFirst(1))),
            Identities = Identities.Given, Faults = Faults.All | Faults.Alter, Budget = new(1, 1, 1, 0, 0, 0) }, 35_502, 58_218, 9_328),
        new(Simple with { Name = "numbers given, sealed, two faults", Plan = Numbering(Plan(true, Repeatable(1))),
            Identities = Identities.Given, Faults = Faults.Card | Faults.Cut, Budget = new(2, 1, 0, 0, 0, 0) }, 284_884, 535_727, 17_241),
        new(Simple with { Name = "numbers given, altered and swapped", Plan = Numbering(Plan(false, Repeatable(1), Repeatable(1))),
            Identities = Identities.Given, Faults = Faults.Alter | Faults.Swap, Budget = new(2, 1, 0, 0, 0, 0) }, 163_462, 291_689, 18_019),
        new(Simple with { Name = "numbers given, a session that lives on", Plan = Numbering(Plan(false, Repeatable(1))),
            Identities = Identities.Given, Zombies = true, Faults = Faults.Cut | Faults.SaveFails, Budget = new(2, 1, 0, 0, 0, 0) },
            65_684, 192_129, 7_094),
        new(Simple with { Name = "numbers given, crashes", Plan = Numbering(Plan(false, Repeatable(1))), Identities = Identities.Given,
            Faults = Faults.CrashCenter | Faults.CrashTerminal | Faults.SaveFails, Budget = new(2, 2, 0, 0, 0, 0) }, 81_592, 205_968,
            6_173),
        new(Rewrite with { Name = "rewrite, any fault", Plan = Rewriting(Plan(false, LookFirst(2))) }, 96_362, 175_853, 3_460),
        new(Rewrite with { Name = "rewrite, any fault, another card at hand", Plan = Rewriting(Plan(false, LookFirst(1))),
            Budget = new(1, 1, 1, 0, 0, 0) }, 19_981, 35_444, 3_054),
        new(Rewrite with { Name = "rewrite that ends by reading, any fault", ClosesByReading = true,
            Plan = Rewriting(Plan(true, LookFirst(1))), Faults = Faults.All | Faults.Module }, 90_419, 167_178, 2_950),
        new(Rewrite with { Name = "rewrite, two card faults", Plan = Rewriting(Plan(false, LookFirst(1))), CenterPolicy = new(2, 2, 3),
            Faults = Faults.Card, Budget = new(2, 1, 0, 0, 0, 0) }, 44_638, 82_856, 8_272),
        new(Rewrite with { Name = "rewrite, altered and swapped", Plan = Rewriting(Plan(false, Repeatable(1))),
            Faults = Faults.Alter | Faults.Swap, CenterPolicy = new(2, 2, 3), Budget = new(2, 1, 1, 0, 0, 0) }, 52_014, 100_408, 4_164),
        new(Rewrite with { Name = "rewrite, crashes", Plan = Rewriting(Plan(false, LookFirst(1))),
            Faults = Faults.CrashCenter | Faults.CrashTerminal | Faults.SaveFails, Budget = new(2, 1, 0, 0, 0, 0) }, 8_130, 18_522, 6_133),
        new(Rewrite with { Name = "rewrite, a session that lives on", Plan = Rewriting(Plan(false, LookFirst(1))), Zombies = true,
            Faults = Faults.Cut | Faults.SaveFails, CenterPolicy = new(2, 2, 3), Budget = new(1, 2, 0, 0, 0, 0) },
            59_549, 162_096, 2_040),
        new(Rewrite with { Name = "rewrite, store restored", Plan = Rewriting(Plan(false, LookFirst(1))),
            Faults = Faults.Restore | Faults.Cut, Budget = new(2, 2, 0, 0, 0, 0) }, 42_346, 89_367, 414),
        new(Rewrite with { Name = "rewrite, store and log put back", Plan = Rewriting(Plan(false, LookFirst(1))),
            Faults = Faults.PutBack, CenterPolicy = new(2, 2, 3), Budget = new(1, 2, 0, 0, 0, 0) }, 129_257, 235_503, 2_595),
        new(Rewrite with { Name = "rewrite of a card changed elsewhere, any fault", ChangedElsewhere = true,
            Plan = Rewriting(Plan(false, LookFirst(1))), Budget = new(1, 1, 1, 0, 0, 0) }, 12_063, 23_407, 1_320),
        new(Simple with { Name = "operators", Plan = Plan(false, Repeatable(1)), Faults = Faults.None, Budget = new(0, 2, 1, 1, 1, 1) },
            1_161_857, 2_779_971, 17_108),
        new(Simple with { Name = "operators, wrong cards", Plan = Plan(false, Repeatable(1)), Faults = Faults.None, Budget = new(0, 2, 3, 0, 0, 0) }, 13_617, 20_887, 501),
        new(Simple with { Name = "operators and a fault", Plan = Plan(false, Repeatable(1)),
            Faults = Faults.Cut | Faults.Card | Faults.SaveFails, Budget = new(1, 2, 0, 1, 0, 0) }, 539_286, 1_154_662, 23_715),
        new(Simple with { Name = "a bad peer", Plan = Plan(false, Repeatable(1)), Faults = Faults.Inject, Budget = new(1, 2, 1, 0, 0, 0) },
            271_063, 666_167, 5_211),
        new(Simple with { Name = "unknown terminal", Ends = false, TerminalKnown = false, Budget = new(1, 1, 0, 1, 1, 1) }, 1_038, 4_222, 0),
        new(Simple with { Name = "unknown center", Ends = false, CenterGenuine = false, Budget = new(1, 1, 0, 1, 1, 1) }, 1_400, 5_803, 0),
        new(Simple with { Name = "unknown reader", ReaderKnown = false, Budget = new(1, 2, 0, 1, 1, 1) }, 177_968, 774_035, 0),
        new(Simple with { Name = "no common version", Ends = false, CenterPolicy = new(2, 2, 5, 2, 3), Budget = new(1, 1, 0, 1, 1, 1) }, 326, 1_299, 0),
    ];
}
