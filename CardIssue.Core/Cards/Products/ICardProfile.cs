using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Center;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Core.Cards.Products;

/// <summary>What a card said of itself when it was opened, before its cryptogram is verified: claimed, not known.</summary>
internal abstract record OpeningReading
{
    private OpeningReading() { }

    /// <summary>It can be verified.</summary>
    /// <param name="InitializeUpdate">The answer to INITIALIZE UPDATE.</param>
    /// <param name="Told">What the card told of itself, in the order of <see cref="ICardProfile.Open"/>.</param>
    /// <param name="CardData">The answer to GET DATA of the card data, where the product leaves it to the card how its channel is spoken.</param>
    public sealed record Ready(
        ResponseApdu InitializeUpdate,
        ValueList<ResponseApdu> Told,
        ResponseApdu CardData = default) : OpeningReading;

    /// <summary>It will not do.</summary>
    /// <param name="Code">Coarsely.</param>
    /// <param name="Detail">In full, for the log.</param>
    internal sealed record Rejected(CardRejection Code, string Detail) : OpeningReading;

    /// <summary>It is gone.</summary>
    internal sealed record CardLost : OpeningReading;
}

/// <summary>Keys that an opening may be verified with.</summary>
/// <param name="Set">The keys.</param>
/// <param name="Terms">How the channel is spoken under them.</param>
/// <param name="AreOwn">Whether they are the card's own, not its transport keys.</param>
internal readonly record struct OpeningKeys(HeldKeySet Set, ChannelTerms Terms, bool AreOwn);

/// <summary>Who a card says it is.</summary>
/// <param name="Card">Its identity; null when nothing tells it from others. Of a blank card: what its tries are counted for.</param>
/// <param name="Kind">What that is worth.</param>
/// <param name="Detail">Where it comes from, for the log.</param>
internal sealed record ClaimedIdentity(CardId? Card, IdentityKind Kind, string Detail)
{
    /// <summary>
    /// Of a blank card: whether it answered 6A88 to all that <see cref="ICardProfile.IdentityReads"/> reads again, and nothing is looked for
    /// that may not be on it. Then that status word is the whole answer that is right in the channel, too.
    /// </summary>
    public bool IsBare { get; init; }

    /// <summary>Whether the card says inside the channel what it said before.</summary>
    internal bool Fits(ClaimedIdentity before)
    {
        ArgumentNullException.ThrowIfNull(before);
        return Card == before.Card && Kind == before.Kind;
    }

    /// <inheritdoc/>
    public override string ToString() =>
        Card is null ? $"none ({Detail})" : Kind is IdentityKind.Blank ? $"a card without a number, {Detail}" : $"{Card}, {Detail}";
}

/// <summary>
/// How one kind of card is opened, proved and judged. Products name theirs.
/// An error that the card did not authenticate is in doubt, never failed: error status words carry no MAC.
/// </summary>
internal interface ICardProfile
{
    /// <summary>The name that products use.</summary>
    string Name { get; }

    /// <summary>Length of the host challenge in bytes: 8, or 16 in SCP03's S16 mode (GPC Amd D).</summary>
    /// <param name="product">The product, which names protocol and parameter.</param>
    int ChallengeLength(CardProduct product);

    /// <summary>How the card's channel is spoken: what the product says, and where it leaves that to the card, what the card told.</summary>
    ChannelTerms Terms(CardProduct product, OpeningReading.Ready reading);

    /// <summary>
    /// The keys that an opening may be of, by the version that the card answered: one set, or, where own and transport keys have the same
    /// version, both, the own ones first. The cryptogram says which; it is verified at the center, so none that is wrong costs the card a
    /// try.
    /// </summary>
    IReadOnlyList<OpeningKeys> KeysOf(CardProduct product, OpeningReading.Ready reading);

    /// <summary>How many commands <see cref="Open"/> has.</summary>
    int OpenCommands(CardProduct product);

    /// <summary>
    /// The commands of an opening, in the clear; the last one that is answered brings the card's cryptogram: where a card may have keys of
    /// its own beside others, the script ends at the command that asks for them, if it has.
    /// </summary>
    /// <param name="product">The product.</param>
    /// <param name="hostChallenge">Fresh random bytes, <see cref="ChallengeLength"/> of them.</param>
    IReadOnlyList<CardCommand> Open(CardProduct product, ReadOnlySpan<byte> hostChallenge);

    /// <summary>Reads the answers to an opening.</summary>
    OpeningReading ReadOpening(CardProduct product, ScriptStop stop, IReadOnlyList<ResponseApdu> responses);

    /// <summary>Who the card says it is, before its channel is open.</summary>
    /// <param name="product">The product.</param>
    /// <param name="reading">What it said.</param>
    /// <param name="isGiven">Whether a number is one that this center gives to cards.</param>
    ClaimedIdentity IdentityOf(CardProduct product, OpeningReading.Ready reading, Func<ByteString, bool> isGiven);

    /// <summary>What is read again after EXTERNAL AUTHENTICATE, because neither keys nor cryptogram prove it.</summary>
    /// <param name="product">The product.</param>
    /// <param name="isBare">
    /// Whether the terminal is to stop unless the card says that nothing of it is there, for its number follows.
    /// </param>
    IReadOnlyList<CardCommand> IdentityReads(CardProduct product, bool isBare = false);

    /// <summary>Who the card says it is inside the channel; null when that was not heard from it.</summary>
    /// <param name="product">The product.</param>
    /// <param name="reading">What it said before.</param>
    /// <param name="reads">The answers to <see cref="IdentityReads"/>.</param>
    /// <param name="isGiven">Whether a number is one that this center gives to cards.</param>
    ClaimedIdentity? IdentityInside(CardProduct product, OpeningReading.Ready reading, IReadOnlyList<CommandOutcome> reads,
        Func<ByteString, bool> isGiven);

    /// <summary>How many commands <see cref="Assign"/> has; 0 when the product gives cards no numbers.</summary>
    int AssignCommands(CardProduct product);

    /// <summary>The commands that give a card its number and read it back.</summary>
    /// <param name="product">The product, which says where the number stands.</param>
    /// <param name="number">The number: 16 bytes of the center's making.</param>
    IReadOnlyList<CardCommand> Assign(CardProduct product, ByteString number);

    /// <summary>Judges a numbering: genuine when the card itself told the number.</summary>
    Verdict JudgeAssign(CardProduct product, ByteString number, ScriptStop stop, IReadOnlyList<CommandOutcome> outcomes);

    /// <summary>The coarse code for a diagnosis.</summary>
    CardRejection Of(OpenDiagnosis diagnosis);

    /// <summary>What is read of the card's state after EXTERNAL AUTHENTICATE and <see cref="IdentityReads"/>, in the same script.</summary>
    IReadOnlyList<CardCommand> AfterAuthentication(CardProduct product);

    /// <summary>Judges an authentication.</summary>
    /// <param name="product">The product.</param>
    /// <param name="stop">How the script ended.</param>
    /// <param name="externalAuthenticate">The answer to EXTERNAL AUTHENTICATE; null when there is none.</param>
    /// <param name="after">The answers to <see cref="AfterAuthentication"/>.</param>
    /// <param name="resuming">Whether the card was begun before: its state may be a later one then.</param>
    Verdict JudgeAuthentication(CardProduct product, ScriptStop stop, ResponseApdu? externalAuthenticate, IReadOnlyList<CommandOutcome> after, bool resuming);

    /// <summary>Whether the card itself showed that a record is on it.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="number">The record.</param>
    /// <param name="outcomes">The answers to the reads that show the record; fewer when it stopped.</param>
    bool Shows(CardPlan plan, int number, IReadOnlyList<CommandOutcome> outcomes);

    /// <summary>Judges a record.</summary>
    Verdict JudgeRecord(CardPlan plan, int number, ScriptStop stop, IReadOnlyList<CommandOutcome> outcomes);

    /// <summary>
    /// Judges what is on the card before a rewrite: as it is believed to be, or unclear, with what was found instead.
    /// </summary>
    Verdict JudgeBefore(CardPlan plan, ScriptStop stop, IReadOnlyList<CommandOutcome> outcomes);

    /// <summary>Judges a look at a record that is in doubt.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="number">The record.</param>
    /// <param name="stop">How the script ended.</param>
    /// <param name="outcomes">What the card said.</param>
    /// <param name="keys">What the opening showed of its keys.</param>
    Verdict JudgeLook(CardPlan plan, int number, ScriptStop stop, IReadOnlyList<CommandOutcome> outcomes, KeysOnCard keys = default);

    /// <summary>Which of its own keys a card said it has, in the look at the record that puts them; none where it did not say.</summary>
    ValueList<byte> OwnIds(CardProduct product, IReadOnlyList<CommandOutcome> look);

    /// <summary>Judges the closing.</summary>
    Verdict JudgeClose(CardPlan plan, ScriptStop stop, IReadOnlyList<CommandOutcome> outcomes);

    /// <summary>Judges a look at a closing that is in doubt.</summary>
    Verdict JudgeCloseLook(CardPlan plan, ScriptStop stop, IReadOnlyList<CommandOutcome> outcomes);

    /// <summary>What was left out of answers because it was not whole, for the log; no data.</summary>
    IReadOnlyList<string> Remarks(IReadOnlyList<CommandOutcome> outcomes);
}
