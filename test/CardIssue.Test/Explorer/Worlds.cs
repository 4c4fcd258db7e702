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

    public static RecordShape Repeatable(int commands) => new(commands, RepeatRule.Repeatable);

    public static RecordShape LookFirst(int commands) => new(commands, RepeatRule.LookFirst, LookCommands: 1, EvidenceCommands: 1);

    public static RecordShape StartOver(int commands, int at) => new(commands, RepeatRule.StartOver, RestartAt: at);

    /// <summary>The same where the center gives each card a number, and what a card tells of itself is read again in its channel.</summary>
    public static PlanShape Numbering(PlanShape plan) => plan with { AuthenticateCommands = 2, AssignCommands = 2 };

    /// <summary>
    /// The same for a card that was issued: it has its number, and is seen to hold what it is believed to before anything leaves.
    /// </summary>
    public static PlanShape Rewriting(PlanShape plan) => plan with { AuthenticateCommands = 2, BeforeCommands = 1 };

    /// <summary>The same where the closing leaves with the last record.</summary>
    public static PlanShape Closing(PlanShape plan) => plan with { ClosesWithLast = true };

    /// <summary>The same where the first record leaves with the authentication: the cryptogram alone proves a card.</summary>
    public static PlanShape AtOnce(PlanShape plan) => plan with { FirstWithAuthentication = true };

    private static readonly PlanShape Two = Plan(false, LookFirst(2), StartOver(2, 2));

    public static readonly WorldOptions Simple = new() { Name = "any fault, two records", Plan = Closing(Plan(false, LookFirst(2), Repeatable(2))) };

    /// <summary>A rewrite of a card that was issued, and another issued card at hand.</summary>
    public static readonly WorldOptions Rewrite = Simple with
    {
        Name = "rewrite", Rewrites = true, Identities = Identities.Given, Plan = Rewriting(Plan(false, LookFirst(2), Repeatable(1))),
    };

    /// <summary>
    /// Two hosts on one store: the one that has the order is taken for dead and lives on, and the terminal comes to the other.
    /// </summary>
    public static readonly WorldOptions TwoHosts = Simple with
    {
        Name = "two hosts, one taken for dead", Plan = Closing(Plan(false, LookFirst(1))), Zombies = true,
        Faults = Faults.Cut | Faults.HostLost, Budget = new(2, 2, 1, 0, 0, 0),
    };

    public static readonly Pinned[] All =
    [
        new(Simple, 121_523, 216_750, 6_294),
        new(Simple with { Name = "any fault, three records, end-to-end",
            Plan = Plan(false, Repeatable(2), LookFirst(3), StartOver(2, 1)) }, 169_769, 294_280, 8_608),
        new(Simple with { Name = "any fault, three records, sealed", Plan = Closing(Plan(true, LookFirst(1), Repeatable(2), StartOver(2, 2))),
            Faults = Faults.All | Faults.Module }, 153_122, 267_678, 7_421),
        new(Simple with { Name = "any two faults, one record", Plan = Closing(Plan(false, LookFirst(1))), Budget = new(2, 2, 0, 0, 0, 0) },
            1_984_129, 4_388_015, 36_217),
        new(Simple with { Name = "two card faults", Plan = Closing(Two), Faults = Faults.Card, Budget = new(2, 2, 0, 0, 0, 0) }, 1_890_385,
            3_403_778, 43_180),
        new(Simple with { Name = "two card faults, one try", Plan = Plan(false, Repeatable(1)), MaxTries = 1, Faults = Faults.Card,
            Budget = new(2, 2, 0, 0, 0, 0) }, 826_179, 1_512_600, 23_193),
        new(Simple with { Name = "two crashes", Plan = Closing(Two), Faults = Faults.CrashCenter | Faults.CrashTerminal,
            Budget = new(2, 3, 0, 0, 0, 0) }, 444_259, 1_179_343, 12_625),
        new(Simple with { Name = "two line faults", Plan = Closing(Two), Faults = Faults.Cut | Faults.Lose | Faults.Double,
            Budget = new(2, 2, 0, 0, 0, 0) }, 140_691, 311_384, 3_854),
        new(Simple with { Name = "three cuts and crashes", Plan = Closing(Plan(false, LookFirst(2))), Faults = Faults.Cut | Faults.CrashCenter,
            Budget = new(3, 2, 0, 0, 0, 0) }, 108_865, 300_988, 1_113),
        new(Simple with { Name = "a session that lives on", Plan = Closing(Plan(false, LookFirst(2))), Zombies = true,
            Faults = Faults.Cut | Faults.SaveFails, Budget = new(2, 2, 0, 0, 0, 0) }, 1_098_602, 3_524_563, 9_903),
        new(TwoHosts, 3_247_247, 10_907_848, 12_373),
        new(Simple with { Name = "store restored", Plan = Closing(Two), Faults = Faults.Restore | Faults.Cut | Faults.CrashCenter,
            Budget = new(2, 2, 1, 0, 0, 0) }, 276_164, 647_698, 562),
        new(Simple with { Name = "store and log put back", Plan = Closing(Plan(false, Repeatable(1))), Faults = Faults.PutBack,
            Budget = new(1, 2, 1, 0, 0, 0) }, 608_512, 1_108_011, 5_246),
        new(Simple with
        {
            Name = "start over at a record to be looked at", Plan = Closing(Plan(false, LookFirst(1), StartOver(1, 1))), CenterPolicy = new(3, 2, 5),
            Faults = Faults.Cut | Faults.Card, Budget = new(2, 2, 0, 0, 0, 0),
        }, 1_955_053, 3_640_101, 44_040),
        new(Simple with { Name = "equal identities, any fault", Identities = Identities.Equal, Budget = new(1, 1, 1, 0, 0, 0) }, 34_895,
            56_911, 14_915),
        new(Simple with { Name = "equal identities, evidence, two faults", Plan = Closing(Plan(false, LookFirst(1))), Identities = Identities.Equal,
            Faults = Faults.Card | Faults.Cut, Budget = new(2, 1, 0, 0, 0, 0) }, 156_483, 291_500, 16_188),
        new(Simple with { Name = "equal identities, late evidence", Plan = Plan(false, Repeatable(1), LookFirst(1)),
            Identities = Identities.Equal, Faults = Faults.Swap | Faults.Cut, Budget = new(2, 1, 0, 0, 0, 0) }, 171_271, 319_321, 17_141),
        new(Simple with { Name = "equal identities, three swaps", Plan = Closing(Plan(false, LookFirst(1), Repeatable(1))),
            CenterPolicy = new(3, 3, 5), Identities = Identities.Equal, Faults = Faults.Swap, Budget = new(3, 1, 0, 0, 0, 0) }, 763_878,
            1_498_796, 42_332),
        new(Simple with { Name = "equal identities, no evidence", Plan = Closing(Plan(true, Repeatable(1), StartOver(1, 2))),
            Identities = Identities.Equal, Faults = Faults.Swap | Faults.Cut, Budget = new(2, 1, 0, 0, 0, 0) }, 165_957, 314_971, 10_108),
        new(Simple with { Name = "identities altered on the way", Plan = Closing(Plan(false, LookFirst(1)) with { AuthenticateCommands = 2 }),
            Faults = Faults.Alter | Faults.Swap, Budget = new(2, 1, 0, 0, 0, 0) }, 71_382, 128_633, 17_798),
        new(Simple with { Name = "numbers given, any fault", Plan = Closing(Numbering(Plan(false, Repeatable(2), LookFirst(1)))),
            Identities = Identities.Given, Faults = Faults.All | Faults.Alter, Budget = new(1, 1, 1, 0, 0, 0) }, 33_398, 55_909, 9_258),
        new(Simple with { Name = "numbers given, sealed, two faults", Plan = Closing(Numbering(Plan(true, Repeatable(1)))),
            Identities = Identities.Given, Faults = Faults.Card | Faults.Cut, Budget = new(2, 1, 0, 0, 0, 0) }, 251_003, 480_187, 17_038),
        new(Simple with { Name = "numbers given in the place of others, altered and swapped", TellsOther = true,
            Plan = Numbering(Plan(false, Repeatable(1), Repeatable(1))), Identities = Identities.Given,
            Faults = Faults.Alter | Faults.Swap, Budget = new(2, 1, 0, 0, 0, 0) }, 163_462, 291_689, 18_019),
        new(Simple with { Name = "numbers given, altered and swapped", Plan = Numbering(Plan(false, Repeatable(1), Repeatable(1))),
            Identities = Identities.Given, Faults = Faults.Alter | Faults.Swap, Budget = new(2, 1, 0, 0, 0, 0) }, 150_911, 269_986, 18_207),
        new(Simple with { Name = "numbers given, a session that lives on", Plan = Closing(Numbering(Plan(false, Repeatable(1)))),
            Identities = Identities.Given, Zombies = true, Faults = Faults.Cut | Faults.SaveFails, Budget = new(2, 1, 0, 0, 0, 0) },
            58_378, 175_964, 7_149),
        new(Simple with { Name = "numbers given in the place of others, crashes", TellsOther = true,
            Plan = Closing(Numbering(Plan(false, Repeatable(1)))), Identities = Identities.Given,
            Faults = Faults.CrashCenter | Faults.CrashTerminal | Faults.SaveFails, Budget = new(2, 2, 0, 0, 0, 0) }, 71_994, 186_409,
            4_898),
        new(Simple with { Name = "the first at once, any fault", Plan = AtOnce(Plan(false, LookFirst(2), Repeatable(1))),
            Faults = Faults.All | Faults.Alter | Faults.Hide, Budget = new(1, 1, 1, 0, 0, 0) }, 36_965, 63_505, 16_117),
        new(Simple with { Name = "the first at once, sealed, any fault", Plan = AtOnce(Plan(true, StartOver(2, 1))),
            Faults = Faults.All | Faults.Module | Faults.Hide, Budget = new(1, 1, 0, 0, 0, 0) }, 9_594, 16_730, 6_160),
        new(Simple with { Name = "the first at once, equal identities, hidden and swapped", Plan = AtOnce(Plan(false, LookFirst(1))),
            Identities = Identities.Equal, Faults = Faults.Hide | Faults.Swap | Faults.Cut, Budget = new(2, 1, 0, 0, 0, 0) }, 117_670, 223_222, 11_764),
        new(Simple with { Name = "the first at once, one try", Plan = AtOnce(Plan(false, LookFirst(1))), MaxTries = 1,
            Faults = Faults.Card | Faults.Hide | Faults.Cut, CenterPolicy = new(2, 2, 3), Budget = new(2, 1, 0, 0, 0, 0) }, 74_472, 147_116, 17_241),
        new(Simple with { Name = "the first at once, crashes", Plan = AtOnce(Plan(false, LookFirst(1))),
            Faults = Faults.CrashCenter | Faults.CrashTerminal | Faults.SaveFails, Budget = new(2, 1, 0, 0, 0, 0) }, 9_227, 20_012, 10_300),
        new(Simple with { Name = "the first at once, a session that lives on", Plan = AtOnce(Plan(false, LookFirst(1))), Zombies = true,
            Faults = Faults.Cut | Faults.SaveFails, Budget = new(2, 1, 0, 0, 0, 0) }, 45_239, 131_873, 7_959),
        new(Simple with { Name = "the first at once, store and log put back", Plan = AtOnce(Plan(false, Repeatable(1))),
            Faults = Faults.PutBack, CenterPolicy = new(2, 2, 2), Budget = new(1, 2, 0, 0, 0, 0) }, 110_765, 207_679, 2_206),
        new(Rewrite with { Name = "rewrite, any fault", Plan = Closing(Rewriting(Plan(false, LookFirst(2)))) }, 93_433, 174_842, 3_229),
        new(Rewrite with { Name = "rewrite, any fault, another card at hand", Plan = Rewriting(Plan(false, LookFirst(1))),
            Budget = new(1, 1, 1, 0, 0, 0) }, 19_823, 35_617, 3_080),
        new(Rewrite with { Name = "rewrite that ends by reading, any fault", ClosesByReading = true,
            Plan = Rewriting(Plan(true, LookFirst(1))), Faults = Faults.All | Faults.Module }, 91_260, 170_491, 2_976),
        new(Rewrite with { Name = "rewrite, two card faults", Plan = Closing(Rewriting(Plan(false, LookFirst(1)))), CenterPolicy = new(2, 2, 3),
            Faults = Faults.Card, Budget = new(2, 1, 0, 0, 0, 0) }, 39_799, 75_736, 6_852),
        new(Rewrite with { Name = "rewrite, altered and swapped", Plan = Closing(Rewriting(Plan(false, Repeatable(1)))),
            Faults = Faults.Alter | Faults.Swap, CenterPolicy = new(2, 2, 3), Budget = new(2, 1, 1, 0, 0, 0) }, 46_354, 91_807, 3_278),
        new(Rewrite with { Name = "rewrite, crashes", Plan = Closing(Rewriting(Plan(false, LookFirst(1)))),
            Faults = Faults.CrashCenter | Faults.CrashTerminal | Faults.SaveFails, Budget = new(2, 1, 0, 0, 0, 0) }, 7_510, 17_293, 5_313),
        new(Rewrite with { Name = "rewrite, a session that lives on", Plan = Closing(Rewriting(Plan(false, LookFirst(1)))), Zombies = true,
            Faults = Faults.Cut | Faults.SaveFails, CenterPolicy = new(2, 2, 3), Budget = new(1, 2, 0, 0, 0, 0) },
            52_303, 146_386, 1_743),
        new(Rewrite with { Name = "rewrite, store restored", Plan = Closing(Rewriting(Plan(false, LookFirst(1)))),
            Faults = Faults.Restore | Faults.Cut, Budget = new(2, 2, 0, 0, 0, 0) }, 37_791, 82_223, 412),
        new(Rewrite with { Name = "rewrite, store and log put back", Plan = Closing(Rewriting(Plan(false, LookFirst(1)))),
            Faults = Faults.PutBack, CenterPolicy = new(2, 2, 3), Budget = new(1, 2, 0, 0, 0, 0) }, 110_135, 204_748, 1_923),
        new(Rewrite with { Name = "rewrite of a card changed elsewhere, any fault", ChangedElsewhere = true,
            Plan = Closing(Rewriting(Plan(false, LookFirst(1)))), Budget = new(1, 1, 1, 0, 0, 0) }, 12_031, 23_705, 1_346),
        new(Simple with { Name = "operators", Plan = Closing(Plan(false, Repeatable(1))), Faults = Faults.None, Budget = new(0, 2, 1, 1, 1, 1) },
            1_161_701, 2_779_122, 17_108),
        new(Simple with { Name = "operators, wrong cards", Plan = Closing(Plan(false, Repeatable(1))), Faults = Faults.None, Budget = new(0, 2, 3, 0, 0, 0) }, 13_633, 20_907, 501),
        new(Simple with { Name = "operators and a fault", Plan = Closing(Plan(false, Repeatable(1))),
            Faults = Faults.Cut | Faults.Card | Faults.SaveFails, Budget = new(1, 2, 0, 1, 0, 0) }, 539_716, 1_155_178, 23_715),
        new(Simple with { Name = "a bad peer", Plan = Closing(Plan(false, Repeatable(1))), Faults = Faults.Inject, Budget = new(1, 2, 1, 0, 0, 0) },
            272_109, 668_017, 5_211),
        new(Simple with { Name = "unknown terminal", Ends = false, TerminalKnown = false, Budget = new(1, 1, 0, 1, 1, 1) }, 1_038, 4_222, 0),
        new(Simple with { Name = "unknown center", Ends = false, CenterGenuine = false, Budget = new(1, 1, 0, 1, 1, 1) }, 1_400, 5_803, 0),
        new(Simple with { Name = "unknown reader", ReaderKnown = false, Budget = new(1, 2, 0, 1, 1, 1) }, 177_992, 774_077, 0),
        new(Simple with { Name = "reader pulled or exchanged, twice", Plan = Closing(Plan(false, LookFirst(1))), Faults = Faults.Reader,
            Budget = new(2, 1, 0, 0, 0, 0) }, 23_456, 50_893, 3_333),
        new(Simple with { Name = "reader pulled or exchanged, operators", Plan = Closing(Plan(false, Repeatable(1))), Faults = Faults.Reader,
            Budget = new(1, 2, 0, 1, 0, 0) }, 234_855, 537_060, 5_467),
        new(Simple with { Name = "no common version", Ends = false, CenterPolicy = new(2, 2, 5, 2, 3), Budget = new(1, 1, 0, 1, 1, 1) }, 326, 1_299, 0),
    ];
}
