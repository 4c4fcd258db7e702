using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Center;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Core.Protocol.Terminal;

namespace CardIssue.Test.Explorer;

using CenterStep = Step<CenterState, CenterEffect>;
using TerminalStep = Step<TerminalState, TerminalEffect>;

/// <summary>The functions under exploration: the real machines, or mutants that delegate to them.</summary>
internal sealed record Machines(Func<CenterState, CenterEvent, CenterStep> Center, Func<TerminalState, TerminalEvent, TerminalStep> Terminal)
{
    public static readonly Machines Real = new(CenterMachine.On, TerminalMachine.On);
}

/// <summary>The faults that a world may have.</summary>
[Flags]
internal enum Faults
{
    None = 0,
    Cut = 1,
    Lose = 2,
    Double = 4,
    CrashCenter = 8,
    CrashTerminal = 16,
    /// <summary>Pulled, fallen silent, swapped, reset, refusing: anything that a card does.</summary>
    Card = 32,
    SaveFails = 64,
    Restore = 128,
    SpuriousTimer = 256,
    /// <summary>A peer that does not keep to the protocol puts a message on the line.</summary>
    Inject = 512,
    Module = 1024,
    /// <summary>The terminal alters what a card says of itself before its channel is open.</summary>
    Alter = 2048,
    /// <summary>
    /// Store and log together are put back to an earlier copy, taken at any moment, and the terminal keeps what it was told: only then are
    /// notes told and changes counted.
    /// </summary>
    PutBack = 8192,
    /// <summary>Of <see cref="Card"/> only what lets another card take its place: pulled after a command took effect, or swapped.</summary>
    Swap = 4096,
    /// <summary>
    /// Another host takes the one that has the order for dead, and it lives: whoever asks for the order is given it there.
    /// </summary>
    HostLost = 16384,
    /// <summary>The terminal says of an authentication, whose answer carries no MAC, that the card refused it.</summary>
    Hide = 32768,
    /// <summary>The reader is pulled, with the card in it, and comes back; or another one comes in its place.</summary>
    Reader = 65536,
    All = Cut | Lose | Double | CrashCenter | CrashTerminal | Card | SaveFails | SpuriousTimer,
}

/// <summary>What the cards of a world are known by.</summary>
internal enum Identities
{
    /// <summary>Each tells another identity.</summary>
    Unique,
    /// <summary>The good cards tell the same.</summary>
    Equal,
    /// <summary>The center gives each a number; before that the good cards tell the same.</summary>
    Given,
}

/// <summary>What the center makes of a terminal's note; all but the first are planted bugs.</summary>
internal enum Witnessing
{
    /// <summary>Compared before access is granted, with all that follows.</summary>
    Heard,
    /// <summary>Not compared.</summary>
    NotCompared,
    /// <summary>Compared when an order was claimed.</summary>
    ComparedLate,
    /// <summary>An order that is claimed is not quarantined.</summary>
    ClaimedSpared,
    /// <summary>The store's generation is not raised, and with it not the next fencing number.</summary>
    FenceKept,
    /// <summary>An order that is imported before people have settled it is ready.</summary>
    ImportTaken,
}

/// <summary>How the terminal's host checks its reader; all but the first are planted bugs.</summary>
internal enum ReaderChecking
{
    /// <summary>Before each card, and before each connection to one; one that is away is waited for, and what comes back is judged anew.</summary>
    Waited,
    /// <summary>One that is away is not known.</summary>
    AwayIsUnknown,
    /// <summary>One that was away is not asked again when it is back.</summary>
    Forgotten,
    /// <summary>What comes back is taken for what went.</summary>
    Remembered,
    /// <summary>Before each card, and not before the connection.</summary>
    Once,
}

/// <summary>How an order is taken over from a host that was taken for dead; all but the first are planted bugs.</summary>
internal enum TakingOver
{
    /// <summary>Under a number of its own, which every save is held against.</summary>
    Fenced,
    /// <summary>Under the number that the other host has.</summary>
    NumberKept,
    /// <summary>What binds a card is held against no number.</summary>
    BindingUnfenced,
}

/// <summary>What does not change within a world.</summary>
internal sealed record WorldOptions
{
    public required string Name { get; init; }
    public required PlanShape Plan { get; init; }
    public Machines Machines { get; init; } = Machines.Real;
    public CenterPolicy CenterPolicy { get; init; } = new(MaxAttempts: 2, MaxCards: 2, MaxOpenings: 5);
    public TerminalPolicy TerminalPolicy { get; init; } = new(Window: 2, CreditStep: 1);
    public int MaxTries { get; init; } = 3;
    public Identities Identities { get; init; }
    /// <summary>Whether a card without a number tells something else in its place, as a factory may have written it.</summary>
    public bool TellsOther { get; init; }
    /// <summary>
    /// Whether the order is a rewrite: bound from the start to card A, which was issued before, as B was for another order.
    /// </summary>
    public bool Rewrites { get; init; }
    /// <summary>Whether its card was changed elsewhere since it was issued.</summary>
    public bool ChangedElsewhere { get; init; }
    /// <summary>Whether the closing writes nothing and shows what is there.</summary>
    public bool ClosesByReading { get; init; }
    public bool TerminalKnown { get; init; } = true;
    public bool ReaderKnown { get; init; } = true;
    public bool CenterGenuine { get; init; } = true;
    /// <summary>Whether the order can end: not where access is refused.</summary>
    public bool Ends { get; init; } = true;
    public Faults Faults { get; init; } = Faults.All;
    public Budget Budget { get; init; } = new(1, 2, 0, 0, 0, 0);
    /// <summary>Whether a session that has not noticed that its line is cut may live on beside a new one.</summary>
    public bool Zombies { get; init; }
    /// <summary>Whether the store minds fencing numbers; false only in a planted bug.</summary>
    public bool Fenced { get; init; } = true;
    /// <summary>How an order is taken over.</summary>
    public TakingOver TakingOver { get; init; }
    /// <summary>Whether a restored order is quarantined; false only in a planted bug.</summary>
    public bool Quarantines { get; init; } = true;

    /// <summary>What the center makes of a terminal's note.</summary>
    public Witnessing Witnessing { get; init; }

    /// <summary>How the terminal's host checks its reader.</summary>
    public ReaderChecking ReaderChecking { get; init; }

    /// <summary>Whether store and log may be put back together.</summary>
    public bool MayBePutBack => Faults.HasFlag(Faults.PutBack);

    /// <summary>What a card tells of itself.</summary>
    public byte ToldBy(Card card, CardModel model) => Identities switch
    {
        Identities.Unique => (byte)card,
        Identities.Equal => card is Card.X ? (byte)Card.X : (byte)Card.A,
        Identities.Given => model.Number,
    };

    /// <summary>What the center knows a card by that tells this.</summary>
    public CardId IdOf(byte told) => Store.IdOf(Identities is Identities.Given ? (byte)(Numbered + told) : told);

    /// <summary>What the center knows a card by.</summary>
    public CardId IdOf(Card card, CardModel model) => IdOf(ToldBy(card, model));

    private const byte Numbered = 16;
}

/// <summary>What may still happen that nobody has to do.</summary>
/// <param name="Faults">Faults left.</param>
/// <param name="Orders">How often the operator may still ask for the order.</param>
/// <param name="Others">How many wrong cards may still be put in.</param>
/// <param name="Cancels">How often the operator may cancel.</param>
/// <param name="Stops">How often the center's operator may stop the order.</param>
/// <param name="Early">How often a card may be put in before it is asked for.</param>
internal sealed record Budget(int Faults, int Orders, int Others, int Cancels, int Stops, int Early);

/// <summary>A full state of the world. Compares by content.</summary>
/// <param name="Center">The session on the line; null when the center is down or has none.</param>
/// <param name="Zombie">An older session that has not noticed that its line is cut.</param>
internal sealed record World(CenterSide? Center, CenterSide? Zombie, TerminalSide Terminal, Store Store, Cards Cards, Budget Budget)
{
    public static World Start(WorldOptions options) => new(
        null, null, TerminalSide.Start(options), options.MayBePutBack ? Store.Absent(options) : Store.Fresh(options),
        new Cards(
            Issued(options, 1) with { Elsewhere = options.ChangedElsewhere }, Issued(options, 2), CardModel.Fresh(options.Plan), null, false,
            default),
        options.Budget);

    private static CardModel Issued(WorldOptions options, byte number) =>
        CardModel.Fresh(options.Plan) with { Number = options.Rewrites ? number : (byte)0 };

    /// <summary>Whether the session that has the claim still works on it: then its lease is alive.</summary>
    public bool HolderLives => Store.Held && (Holds(Center) || Holds(Zombie));

    private bool Holds(CenterSide? side) => side?.State.Work is { } work && work.Claim.Fence == Store.Fence;
}

/// <summary>A session at the center and its host.</summary>
/// <param name="Pending">What the host was asked and has not answered yet, oldest first.</param>
/// <param name="Failure">A save that failed, which the machine hears of before anything else.</param>
/// <param name="Keys">The keys of the opening.</param>
/// <param name="Inbox">What is under way on the line to it.</param>
/// <param name="LineDead">The line is cut, which it has not noticed.</param>
internal sealed record CenterSide(
    CenterState State, bool Timer, ValueList<CenterEffect> Pending, CenterEvent.SaveFailed? Failure, CenterKeys? Keys,
    ValueList<RelayMessage> Inbox, bool LineDead)
{
    public static CenterSide Start(CenterPolicy policy) => new(CenterState.Start(policy), false, default, null, null, default, false);
}

/// <summary>The center's side of an opening.</summary>
/// <param name="Counter">Commands wrapped so far.</param>
/// <param name="Genuine">The card whose cryptogram was verified.</param>
/// <param name="Spent">Whether something in this opening came out other than done: the counters of the two sides may differ.</param>
/// <param name="Told">What the card told of itself before the channel was open.</param>
/// <param name="Number">The number to give to it.</param>
internal sealed record CenterKeys(long Fence, int Opening, int Counter, Card? Genuine, bool Spent = false, byte Told = 0, byte Number = 0);

/// <summary>The terminal and its host.</summary>
/// <param name="Pending">What module, reader and card are about to answer, oldest first.</param>
/// <param name="Inbox">What is under way on the line to it.</param>
/// <param name="LineDead">The line is cut, which it has not noticed.</param>
/// <param name="Buffer">Commands held.</param>
/// <param name="Responses">Responses held.</param>
/// <param name="Ticket">The opening that the module has a ticket for.</param>
/// <param name="Receipts">Receipts printed: paper, which no crash takes back.</param>
/// <param name="Note">What the module remembers of the center; no crash takes it back.</param>
/// <param name="ReaderDue">Whether a check waits for the reader to come back.</param>
internal sealed record TerminalSide(
    TerminalState State, bool Timer, ValueList<TerminalEvent> Pending, ValueList<RelayMessage> Inbox, bool LineDead,
    ValueList<Command> Buffer, ValueList<ByteString> Responses, ByteString Ticket, int Receipts, ByteString Note = default, bool ReaderDue = false)
{
    public static TerminalSide Start(WorldOptions options) =>
        new(TerminalState.Start(Names.Terminal, options.TerminalPolicy), false, default, default, false, default, default, default, 0);
}

/// <summary>The names in the world.</summary>
internal static class Names
{
    public static readonly TerminalId Terminal = new("T1");
    public static readonly OrderId Order = new("O1");
    public static readonly OperatorId Operator = new("op");
    public static readonly ByteString Nonce = ByteString.Own([1]);
    public static readonly ByteString Token = ByteString.Own([7]);
    public static readonly Admitted Admitted = new(ByteString.Own([2]), ByteString.Own([5]), ByteString.Own([3]));
    public static readonly Proof Proof = new(ByteString.Own([4]), ByteString.Own([6]));
    public static readonly ByteString Atr = ByteString.Own([0x3B, 0]);
}

internal static class Lists
{
    public static ValueList<T> Tail<T>(this ValueList<T> list) => ValueList.Create(list.Span[1..]);
}
