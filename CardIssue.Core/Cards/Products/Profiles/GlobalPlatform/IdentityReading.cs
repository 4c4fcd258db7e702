using CardIssue.Core.Cards.Diversification;
using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Center;

namespace CardIssue.Core.Cards.Products.Profiles.GlobalPlatform;

/// <summary>The data objects that a product's identity is read from.</summary>
internal static class IdentityTags
{
    /// <summary>
    /// What is asked before the channel is open; where the center gives numbers, the chip's data too, so that the tries of a card without
    /// one are its own.
    /// </summary>
    public static ValueList<ushort> ToldIn(CardProduct product) =>
        Assigned(product) is null ? ReadAgain(product) : [.. ReadAgain(product).Append(GetData.ProductionLifeCycle).Distinct()];

    /// <summary>What is asked again inside the channel: all but what INITIALIZE UPDATE told, where the cryptogram proves it.</summary>
    public static ValueList<ushort> ReadAgain(CardProduct product)
    {
        ArgumentNullException.ThrowIfNull(product);
        ushort[] proof = ProvesDiversification(product) ? [GetData.DiversificationData] : [];
        return [.. product.IdentitySources.SelectMany(Of).Concat(proof).Distinct()];
    }

    /// <summary>
    /// Whether own keys are to be made of diversification data that no cryptogram proves, for the transport keys are the same on all
    /// cards: whoever alters it on the way would choose whose keys the card gets.
    /// </summary>
    public static bool ProvesDiversification(CardProduct product)
    {
        ArgumentNullException.ThrowIfNull(product);
        return product.Diversification is KeyDiversification.None
            && (product.OwnKeys is { Diversification: not KeyDiversification.None }
                || product.DomainsGivenKeys.Any(domain => domain.Diversification is not KeyDiversification.None));
    }

    public static IdentitySource.Assigned? Assigned(CardProduct product)
    {
        ArgumentNullException.ThrowIfNull(product);
        return product.IdentitySources.OfType<IdentitySource.Assigned>().FirstOrDefault();
    }

    private static ushort[] Of(IdentitySource source) => source switch
    {
        IdentitySource.DiversificationData or IdentitySource.ProvedDiversificationData => [],
        IdentitySource.ProductionLifeCycle => [GetData.ProductionLifeCycle],
        IdentitySource.CardImageNumber => [GetData.CardImageNumber],
        IdentitySource.IssuerAndCardNumber => [GetData.IssuerNumber, GetData.CardImageNumber],
        IdentitySource.DataObject other => [other.Tag],
        IdentitySource.Assigned assigned => [assigned.Tag],
        _ => throw new InvalidOperationException($"No one reads {source.GetType().Name}."),
    };
}

/// <summary>
/// Makes a card's identity of what it told. Diversification data stands by itself, 10 bytes; everything else has the tag that it was read
/// from before it (or 0001 and the way that keys come from it, of the bytes that are proved), and a length where two values meet, so that no
/// two sources make the same of different cards.
/// </summary>
internal static class IdentityReading
{
    /// <summary>No data object has it.</summary>
    private const ushort ProvedTag = 0x0001;

    private const int MaxIssuerNumber = 16, MaxCardNumber = 32, MaxOther = 48;

    /// <summary>The first source that tells something.</summary>
    public static ClaimedIdentity Of(
        CardProduct product, ResponseApdu initializeUpdate, IReadOnlyDictionary<ushort, ResponseApdu> told, Func<ByteString, bool> isGiven)
    {
        ArgumentNullException.ThrowIfNull(isGiven);
        var diversification = initializeUpdate.Data.Length < InitializeUpdateResponse.DiversificationLength
            ? default : initializeUpdate.Data.Slice(0, InitializeUpdateResponse.DiversificationLength);
        foreach (var source in product.IdentitySources)
        {
            if (source is IdentitySource.Assigned assigned)
            {
                return NumberIn(told, assigned.Tag, isGiven) is { } number
                    ? new ClaimedIdentity(Of(assigned.Tag, number), IdentityKind.Given, "its number")
                    : new ClaimedIdentity(Tagged(0, ByteString.Concat(diversification, Chip(told))), IdentityKind.Blank,
                        "known by diversification data and chip alone")
                        {
                            IsBare = !IdentityTags.ProvesDiversification(product) && IdentityTags.ReadAgain(product)
                                .All(tag => told.TryGetValue(tag, out var said) && said.StatusWord == StatusWords.NotFound),
                        };
            }
            if (Of(source, product.Diversification, diversification, told) is { } card) return new ClaimedIdentity(card, IdentityKind.Told, NameOf(source));
        }
        return new ClaimedIdentity(null, IdentityKind.Told,
            $"nothing in {string.Join(", ", product.IdentitySources.Select(NameOf))} tells the card from others");
    }

    /// <summary>The identity that a number is.</summary>
    public static CardId Of(ushort tag, ByteString number) => Tagged(tag, number);

    private static CardId? Of(
        IdentitySource source, KeyDiversification method, ByteString diversification, IReadOnlyDictionary<ushort, ResponseApdu> told)
    {
        switch (source)
        {
            case IdentitySource.DiversificationData:
                return TellsNothing(diversification) ? null : new CardId(diversification);
            case IdentitySource.ProvedDiversificationData when diversification.IsEmpty:
                return null;
            case IdentitySource.ProvedDiversificationData:
                var proved = ByteString.Own(CardKeyDerivation.BytesOf(method, diversification.Span));
                return TellsNothing(proved) ? null : Tagged(ProvedTag, ByteString.Concat(ByteString.Own([(byte)method]), proved));
            case IdentitySource.ProductionLifeCycle:
                return Chip(told) is { Length: > 0 } chip ? Tagged(GetData.ProductionLifeCycle, chip) : null;
            case IdentitySource.CardImageNumber:
                return Value(told, GetData.CardImageNumber, MaxCardNumber) is { Length: > 0 } number
                    ? Tagged(GetData.CardImageNumber, number) : null;
            case IdentitySource.IssuerAndCardNumber:
                var issuer = Value(told, GetData.IssuerNumber, MaxIssuerNumber);
                var card = Value(told, GetData.CardImageNumber, MaxCardNumber);
                return issuer.IsEmpty || card.IsEmpty ? null
                    : Tagged(GetData.IssuerNumber, ByteString.Concat(ByteString.Own([(byte)issuer.Length]), issuer, card));
            case IdentitySource.DataObject other:
                return Value(told, other.Tag, MaxOther) is { Length: > 0 } value ? Tagged(other.Tag, value) : null;
            default:
                throw new InvalidOperationException($"No one reads {source.GetType().Name}.");
        }
    }

    /// <summary>A number of the center's, in its tag or bare: it is known by itself, whatever it begins with.</summary>
    private static ByteString? NumberIn(IReadOnlyDictionary<ushort, ResponseApdu> told, ushort tag, Func<ByteString, bool> isGiven)
    {
        if (!told.TryGetValue(tag, out var response) || !response.IsOk) return null;
        if (isGiven(response.Data)) return response.Data;
        return Value(told, tag, MaxOther) is { Length: > 0 } value && isGiven(value) ? value : null;
    }

    /// <summary>A data object's value; empty when it tells nothing.</summary>
    private static ByteString Value(IReadOnlyDictionary<ushort, ResponseApdu> told, ushort tag, int most)
    {
        if (!told.TryGetValue(tag, out var response) || !response.IsOk) return default;
        var value = GetData.ValueOf(response.Data, tag);
        return value.Length > most || TellsNothing(value) ? default : value;
    }

    /// <summary>The chip's serial data; empty when its serial number tells nothing.</summary>
    private static ByteString Chip(IReadOnlyDictionary<ushort, ResponseApdu> told) =>
        told.TryGetValue(GetData.ProductionLifeCycle, out var response) && response.IsOk
        && CardProductionLifeCycle.TryParse(response.Data.Span, out var lifeCycle, out _) && !TellsNothing(lifeCycle.Serial)
            ? lifeCycle.ChipIdentity : default;

    private static bool TellsNothing(ByteString value) =>
        value.Span.IndexOfAnyExcept((byte)0x00) < 0 || value.Span.IndexOfAnyExcept((byte)0xFF) < 0;

    private static CardId Tagged(ushort tag, ByteString value) =>
        new(ByteString.Concat(ByteString.Own([(byte)(tag >> 8), (byte)tag]), value));

    private static string NameOf(IdentitySource source) => source switch
    {
        IdentitySource.DiversificationData => "diversification data",
        IdentitySource.ProvedDiversificationData => "the diversification data that its keys come from",
        IdentitySource.ProductionLifeCycle => "CPLC",
        IdentitySource.CardImageNumber => "card image number",
        IdentitySource.IssuerAndCardNumber => "issuer and card number",
        IdentitySource.DataObject other => $"data object {other.Tag:X4}",
        _ => "its number",
    };
}
