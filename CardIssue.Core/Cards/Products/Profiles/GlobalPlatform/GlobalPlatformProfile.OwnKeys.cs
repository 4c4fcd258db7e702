using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Center;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Core.Cards.Products.Profiles.GlobalPlatform;

/// <summary>
/// Own keys for the transport keys, or for own keys of before. Which of them a card holds is read from it in each opening: by the version
/// that it answers with and by its cryptogram, which is verified without sending it anything. So nothing is guessed, and no try of the card is spent.
/// </summary>
internal sealed partial class GlobalPlatformProfile
{
    /// <summary>
    /// P1 of INITIALIZE UPDATE that leaves it to the card with which of its keys it answers (GPCS §E.5.1, Amendment D §7.1.1).
    /// </summary>
    private const byte AnyVersion = 0x00;

    private const int VersionAt = InitializeUpdateResponse.DiversificationLength;

    /// <summary>
    /// What cards say of keys that they have not: 6A88 (GPCS §E.5.1, Amendment D §7.1.1), and the other errors of ISO 7816-4 5.6, for each
    /// refuses in its own way. All but 9000, as far as a command can name it.
    /// </summary>
    private static readonly ValueList<ushort> NoSuchKeys =
    [
        StatusWords.NotFound, 0x6300, 0x6400, 0x6581, 0x6700, 0x6881, 0x6882, 0x6900, 0x6981, 0x6982, 0x6983, 0x6984, 0x6985, 0x6986,
        0x6987, 0x6988, 0x6999, 0x6A80, 0x6A81, 0x6A82, 0x6A83, 0x6A84, 0x6A85, 0x6A86, 0x6A87, 0x6A89, 0x6B00, 0x6D00, 0x6E00, 0x6F00,
        0x9484, 0x9485,
    ];

    /// <inheritdoc/>
    public IReadOnlyList<OpeningKeys> KeysOf(CardProduct product, OpeningReading.Ready reading)
    {
        ArgumentNullException.ThrowIfNull(product);
        ArgumentNullException.ThrowIfNull(reading);
        var terms = Terms(product, reading);
        var transport = new OpeningKeys(new HeldKeySet(product.KeySet, product.KeyVersion, product.Diversification), terms, AreOwn: false);
        var answer = reading.InitializeUpdate;
        if (product.OwnKeys is not { } own || !answer.IsOk || answer.Data.Length <= VersionAt) return [transport];
        var version = answer.Data.Span[VersionAt];
        // Quirks of versions are those of a factory's keys; the own ones have the version that they were given.
        var ours = new OpeningKeys(own.Set,
            terms with { Quirks = terms.Quirks with { AskedKeyVersion = null, AnsweredKeyVersion = null } }, AreOwn: true);
        return version != own.KeyVersion ? [transport] : version == product.TransportVersion ? [ours, transport] : [ours];
    }

    /// <inheritdoc/>
    public ValueList<byte> OwnIds(CardProduct product, IReadOnlyList<CommandOutcome> look)
    {
        ArgumentNullException.ThrowIfNull(product);
        ArgumentNullException.ThrowIfNull(look);
        return look.Count > 0 && ToldIds(product, look[0].Response) is { } told ? told : default;
    }

    /// <summary>Which of its own keys the card says it has; null where it does not say.</summary>
    private static ValueList<byte>? ToldIds(CardProduct product, UnwrapResult response) =>
        product.OwnKeys is { } own && Outcomes.DataOf(response) is { } data
            && KeyInformation.TryParse(data.Span, out var keys, out _, out _)
            ? [.. keys.Where(key => key.KeyVersion == own.KeyVersion).Select(key => key.KeyId)] : null;

    private static int OwnKeysCommands(CardProduct product) => product.OwnKeys is { Put: OwnKeysPut.Add } ? 1 : 0;

    /// <summary>
    /// Keys that are added leave the others there, and the card may answer with those: the own ones are asked for by name first. A card
    /// that has them answers 9000, which is not expected: so the script ends there, and the channel is of the own keys. Beside a channel of
    /// others their cryptogram would be worth nothing: another card could have made it.
    /// </summary>
    private static CardCommand[] AskForOwnKeys(CardProduct product, ReadOnlySpan<byte> hostChallenge) => OwnKeysCommands(product) == 0 ? []
        : [new CardCommand(ChannelCommands.InitializeUpdate(product.OwnKeys!.KeyVersion, hostChallenge), NoSuchKeys)];

    /// <summary>Whether the card answered for its own keys, which ended the opening.</summary>
    private static bool IsByOwnKeys(CardProduct product, ScriptStop stop, IReadOnlyList<ResponseApdu> responses) =>
        OwnKeysCommands(product) > 0 && stop is ScriptStop.UnexpectedStatus
        && responses.Count == OpenCount + IdentityTags.ToldIn(product).Count + CardDataCommands(product) && responses[^1].IsOk;

    /// <summary>
    /// Before and after own keys come in their place, whichever the card has. Others that stay are asked for by version: a card may hold
    /// more sets, of another protocol too, and would answer with any. A factory's keys have none that could be asked for.
    /// </summary>
    private static byte VersionToAskFor(CardProduct product) => product.OwnKeys switch
    {
        null => product.Quirks.AskedKeyVersion ?? product.KeyVersion,
        { Put: OwnKeysPut.Add } when product.TransportVersion <= PutKey.LastVersion => product.TransportVersion,
        _ => AnyVersion,
    };

    /// <summary>
    /// The card took the keys when it says so by its MAC and repeats their check values; else it is opened anew and shows it by a
    /// cryptogram.
    /// </summary>
    private static Verdict JudgePutKeys(CardPlan plan, int number, ScriptStop stop, IReadOnlyList<CommandOutcome> outcomes)
    {
        var record = plan.Product.Records[number - 1];
        var judged = Judge(plan, stop, outcomes, new Sent(plan.Shape.Records[number - 1].Commands, default), record.Proof);
        var answeredWrong = outcomes.Any(outcome => outcome.Response.StatusWord == StatusWords.Ok
            && Outcomes.DataOf(outcome.Response) is { } data && data != PutKey.AnswerTo(outcome.Command.Apdu));
        // Keys that have other check values are other keys: what the card holds now, nobody knows.
        if (answeredWrong) return new Verdict.Unclear();
        return judged is Verdict.Done && record.Proof is ProofKind.Cryptogram ? new Verdict.InDoubt() : judged;
    }

    /// <summary>
    /// A channel of the own keys shows that they are there. Of keys that came one by one a card may hold some and answer nevertheless: then
    /// its key information must not say so.
    /// </summary>
    private static Verdict JudgeOwnKeys(CardProduct product, ScriptStop stop, IReadOnlyList<CommandOutcome> outcomes, KeysOnCard keys)
    {
        if (stop is ScriptStop.CardLost) return new Verdict.CardLost();
        if (outcomes.Count == 0 || outcomes[0].Response is UnwrapResult.Breach) return new Verdict.InDoubt();
        if (!keys.AreOwn) return new Verdict.NotDone();
        var lacksSome = outcomes[0].Response is UnwrapResult.Authenticated authenticated && ToldIds(product, authenticated) is { } told
            && !Enumerable.Range(PutKey.FirstKey, PutKey.LastKey).All(id => told.Contains((byte)id));
        return product.OwnKeys!.OneByOne && lacksSome ? new Verdict.Unclear() : new Verdict.Done(ProofKind.Cryptogram);
    }
}
