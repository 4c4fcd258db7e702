using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Products;

/// <content>The keys that its cards have before and after.</content>
public sealed partial record CardProduct
{
    /// <summary>A factory's keys: they go by themselves when others are added, on most cards.</summary>
    private const byte FactoryVersion = 0xFF;

    /// <summary>The keys that the card gets for those that it has, which are those above; null when it keeps them.</summary>
    public OwnKeys? OwnKeys { get; init; }

    /// <summary>Further keys that the card has and keeps, beside those that it is opened with; of a rewrite alone.</summary>
    public ValueList<HeldKeySet> KeysBeside { get; init; }

    /// <summary>The version, as the card names it, of the keys that it is opened with: at an issue, the transport keys'.</summary>
    internal byte TransportVersion => Quirks.AnsweredKeyVersion ?? KeyVersion;

    /// <summary>The number of the record that puts the own keys; 0 for none.</summary>
    public int OwnKeysRecord => Enumerable.Range(1, Records.Count).FirstOrDefault(number => Records[number - 1].PutsKeys);

    /// <summary>The keys that the center knows to be on a card before this is written, those that it is opened with first.</summary>
    public ValueList<HeldKeySet> KeysBefore =>
    [
        new HeldKeySet(KeySet, KeyVersion, Diversification)
        {
            AskedAs = Quirks.AskedKeyVersion, AnsweredAs = Quirks.AnsweredKeyVersion,
        },
        .. KeysBeside,
    ];

    /// <summary>The keys that the center knows to be on a card afterwards, those that it is opened with from then on first.</summary>
    public ValueList<HeldKeySet> KeysAfter =>
        OwnKeys is not { } own ? KeysBefore
        : own.Put is OwnKeysPut.Add && TransportVersion != FactoryVersion ? [own.Set, .. KeysBefore]
        : [own.Set, .. KeysBeside];
}
