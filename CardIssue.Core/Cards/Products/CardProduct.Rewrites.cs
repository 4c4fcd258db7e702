using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Products;

/// <content>What may be done to its cards later.</content>
public sealed partial record CardProduct
{
    /// <summary>
    /// One of its rewrites, as a product of its own: other records and another end, on cards in whichever state, and all else the same. Cards
    /// are opened with the keys that they have by then. Null when there is none of this name.
    /// </summary>
    /// <param name="name">Its name.</param>
    /// <param name="onCard">The keys that the center knows to be on the card, those that it is opened with first; null for those of a card
    /// of this version on which none were changed since: where the rewrite puts the product's own keys, it has not got them yet.</param>
    public CardProduct? Rewrite(string name, ValueList<HeldKeySet>? onCard = null)
    {
        foreach (var rewrite in Rewrites)
        {
            if (rewrite.Name != name) continue;
            var puts = rewrite.Records.Any(record => record.PutsKeys);
            var keys = onCard ?? (puts && rewrite.OwnKeys is null ? KeysBefore : KeysAfter);
            return this with
            {
                Doing = rewrite, Rewrites = default, Records = rewrite.Records, Close = rewrite.Close, Start = null,
                Application = rewrite.ToSecurityDomain ? null : Application, PlainP1 = rewrite.PlainP1 ?? PlainP1,
                EncryptedP1 = rewrite.EncryptedP1 ?? EncryptedP1, Packed = rewrite.Packed ?? Packed,
                KeySet = keys[0].KeySet, KeyVersion = keys[0].KeyVersion, Diversification = keys[0].Diversification,
                KeysBeside = [.. keys.Skip(1)], OwnKeys = puts ? rewrite.OwnKeys ?? OwnKeys : null,
                // How a card that is given keys is asked for those that it has, its keys say.
                Quirks = Quirks with { AskedKeyVersion = puts ? null : keys[0].AskedAs, AnsweredKeyVersion = keys[0].AnsweredAs },
            };
        }
        return null;
    }
}
