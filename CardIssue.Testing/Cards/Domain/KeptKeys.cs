using System.Collections.Immutable;
using CardIssue.Core.Primitives;
using CardIssue.Testing.Cards.Apdu;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Testing.Cards.Domain;

/// <summary>What a security domain does with new keys, however they came: by PUT KEY or by STORE DATA.</summary>
internal static class KeptKeys
{
    private const byte FactoryVersion = 0xFF;
    private static readonly byte[] SecureChannelKeys = [1, 2, 3];

    /// <summary>Keeps them all, or none.</summary>
    /// <param name="card">The card.</param>
    /// <param name="domain">The security domain, empty for the issuer's.</param>
    /// <param name="keys">All that it is to have then.</param>
    /// <param name="fresh">Those of them that came.</param>
    /// <returns>Why not; null when it is done.</returns>
    public static ushort? Keep(
        CardMemory card, ByteString domain, ImmutableSortedDictionary<KeyReference, CardKey> keys, IReadOnlyCollection<KeyReference> fresh)
    {
        var (before, scp) = (card.State.KeysOf(domain), card.State.Scp);
        // What the factory left goes once a whole set of the owner's is there, not before: without one nobody could open the card.
        var whole = new DomainKeys(keys, before.SequenceCounters);
        if (fresh.Any(key => key.Version != FactoryVersion && whole.Set(key.Version, scp) is not null))
            keys = keys.RemoveRange(keys.Keys.Where(key => key.Version == FactoryVersion));
        var after = before.With(keys, scp, version => IsNew(before, version, scp, fresh));
        if (after.Set(0, scp) is null && (domain.IsEmpty || before.Set(0, scp) is not null)) return Sw.Conditions;
        if (after.Keys.Count > CardState.MaximumKeys) return Sw.NoRoom;
        card.State = Personalized(card.State.WithKeys(domain, after), domain);
        return null;
    }

    /// <summary>
    /// A set that is new, or new as a whole, counts from 0 (GPC Amd D 6.2.2.1); of SCP02 one of which any key is new (GPCS E.1.2).
    /// </summary>
    private static bool IsNew(DomainKeys before, byte version, byte scp, IReadOnlyCollection<KeyReference> fresh)
    {
        var put = SecureChannelKeys.Count(id => fresh.Contains(new KeyReference(version, id)));
        return put > 0 && (put == SecureChannelKeys.Length || scp == CardState.Scp02 || before.Set(version, scp) is null);
    }

    /// <summary>A supplementary domain with keys of its own can serve applications, and says so itself (GPCS 5.3.2.3).</summary>
    private static CardState Personalized(CardState card, ByteString domain) =>
        domain.IsEmpty || card.Find(domain) is not { LifeCycle: CardApplication.Selectable } found || found.Keys.Set(0, card.Scp) is null
            ? card : card.With(found with { LifeCycle = CardApplication.Personalized });
}
