using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Cards.Tlv;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Center;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Core.Cards.Products.Profiles.GlobalPlatform;

/// <summary>
/// Which card it is: what it tells of itself before the channel, the same inside it, and the number that the center gives it.
/// </summary>
internal sealed partial class GlobalPlatformProfile
{
    /// <summary>DGI of BER-TLV data objects for a security domain (GPCS §11.11.2.3).</summary>
    private const ushort DataObjects = 0x0070;

    private const byte FormatBits = 0x18, DgiFormat = 0x08;

    private static readonly ValueList<ushort> NotThere = [StatusWords.NotFound];

    /// <inheritdoc/>
    public ClaimedIdentity IdentityOf(CardProduct product, OpeningReading.Ready reading, Func<ByteString, bool> isGiven)
    {
        ArgumentNullException.ThrowIfNull(reading);
        var claimed = IdentityReading.Of(product, reading.InitializeUpdate, Told(product, reading), isGiven);
        // A card that has what may not be there is not touched: that is judged before it gets a number.
        return LookedForAtOpening(product).Any() ? claimed with { IsBare = false } : claimed;
    }

    /// <inheritdoc/>
    public IReadOnlyList<CardCommand> IdentityReads(CardProduct product, bool isBare = false) =>
        [.. IdentityTags.ReadAgain(product).Select(tag => new CardCommand(GetData.Command(tag), isBare ? NotThere : Whatever))];

    /// <inheritdoc/>
    public ClaimedIdentity? IdentityInside(
        CardProduct product, OpeningReading.Ready reading, IReadOnlyList<CommandOutcome> reads, Func<ByteString, bool> isGiven)
    {
        ArgumentNullException.ThrowIfNull(product);
        ArgumentNullException.ThrowIfNull(reading);
        ArgumentNullException.ThrowIfNull(reads);
        var tags = IdentityTags.ReadAgain(product);
        if (reads.Count < tags.Count || reads.Any(read => read.Response is UnwrapResult.Breach)) return null;
        var told = Told(product, reading);
        // An error word carries no MAC: that something is not there is never the card's word. Hiding it leaves another identity than
        // before, or none.
        for (var i = 0; i < tags.Count; i++)
            told[tags[i]] = Outcomes.IsBelievable(reads[i].Response, product.SecurityLevel)
                ? new ResponseApdu(Outcomes.DataOf(reads[i].Response) ?? default, reads[i].Response.StatusWord) : default;
        if (IdentityTags.ProvesDiversification(product) && !IsToldAgain(reading, told[GetData.DiversificationData]))
            return new ClaimedIdentity(null, IdentityKind.Told, "of other diversification data than INITIALIZE UPDATE told, or of none");
        return IdentityReading.Of(product, reading.InitializeUpdate, told, isGiven);
    }

    /// <inheritdoc/>
    public int AssignCommands(CardProduct product) =>
        IdentityTags.Assigned(product) is null ? 0 : Assign(product, ByteString.Own([0])).Count;

    /// <inheritdoc/>
    public IReadOnlyList<CardCommand> Assign(CardProduct product, ByteString number)
    {
        var assigned = IdentityTags.Assigned(product)
            ?? throw new ArgumentException("The product gives cards no numbers.", nameof(product));
        int? le = product.SecurityLevel.HasRMac() ? CommandApdu.MaxShortLe : null;
        return [new CardCommand(Write(assigned, number, le)), new CardCommand(GetData.Command(assigned.Tag))];
    }

    /// <inheritdoc/>
    public Verdict JudgeAssign(CardProduct product, ByteString number, ScriptStop stop, IReadOnlyList<CommandOutcome> outcomes)
    {
        ArgumentNullException.ThrowIfNull(product);
        ArgumentNullException.ThrowIfNull(outcomes);
        if (stop is ScriptStop.CardLost) return new Verdict.CardLost();
        if (outcomes.Any(outcome => outcome.Response is UnwrapResult.Breach)) return new Verdict.InDoubt();
        // Whether or not the card says so itself: it is free as before, and another may be tried.
        if (stop is ScriptStop.UnexpectedStatus) return new Verdict.Rejected(CardRejection.NoIdentity);
        if (stop is not ScriptStop.Completed || outcomes.Count != AssignCommands(product)
            || !Outcomes.AllSucceeded(outcomes, product.SecurityLevel))
            return new Verdict.InDoubt();
        var tag = IdentityTags.Assigned(product)!.Tag;
        var told = Outcomes.DataOf(outcomes[^1].Response)!.Value;
        return told == number || GetData.ValueOf(told, tag) == number
            ? new Verdict.Genuine(IdentityReading.Of(tag, number), IdentityKind.Given)
            : new Verdict.Rejected(CardRejection.NoIdentity);
    }

    private static bool IsToldAgain(OpeningReading.Ready reading, ResponseApdu inside) => inside.IsOk
        && GetData.ValueOf(inside.Data, GetData.DiversificationData) is { Length: InitializeUpdateResponse.DiversificationLength } value
        && reading.InitializeUpdate.Data.Span.StartsWith(value.Span);

    private static CommandApdu Write(IdentitySource.Assigned assigned, ByteString number, int? le)
    {
        if (assigned.Command is { } header)
            return new CommandApdu((byte)(header >> 24), (byte)(header >> 16), (byte)(header >> 8), (byte)header, number, le);
        var data = BerTlv.Primitive((uint)assigned.Tag, number).ToBytes();
        if ((assigned.StoreDataP1 & FormatBits) == DgiFormat) data = new Dgi(DataObjects, data).ToBytes();
        return new CommandApdu(0x80, Instructions.StoreData, assigned.StoreDataP1, 0x00, data, le);
    }

    private static Dictionary<ushort, ResponseApdu> Told(CardProduct product, OpeningReading.Ready reading)
    {
        var tags = IdentityTags.ToldIn(product);
        return Enumerable.Range(0, tags.Count).ToDictionary(i => tags[i], i => reading.Told[i]);
    }
}
