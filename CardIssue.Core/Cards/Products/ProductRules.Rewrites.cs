using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;

namespace CardIssue.Core.Cards.Products;

/// <summary>What is asked of a product's rewrites besides what is asked of its records.</summary>
internal static partial class ProductRules
{
    /// <summary>The most rewrites of one product.</summary>
    public const int MaxRewrites = 64;

    /// <summary>The most versions that one rewrite begins from.</summary>
    public const int MaxFrom = 64;

    private static void CheckRewrites(CardProduct product, List<ProductFault> faults)
    {
        if (product.Rewrites.Count == 0) return;
        if (product.Rewrites.Count > MaxRewrites)
            faults.Add(new ProductFault("rewrites", 0, $"a product has {MaxRewrites} rewrites at most"));
        if (product.Rewrites.Select(rewrite => rewrite.Name).Distinct().Count() != product.Rewrites.Count)
            faults.Add(new ProductFault("rewrites", 0, "two rewrites have the same name"));
        // A card that can tell the same as another would be written on in its place after a cut, when nothing of before is on it any more.
        if (product.IdentitySources is not [IdentitySource.Assigned])
        {
            faults.Add(new ProductFault("rewrites", 0,
                "only a card that the center gave a number can be told from every other after a cut: "
                + "rewrites need \"identity\": [\"assigned\"]"));
        }
        foreach (var rewrite in product.Rewrites)
            foreach (var fault in RewriteFaults(product, product.Rewrite(rewrite.Name)!)) faults.Add(fault with { Rewrite = rewrite.Name });
    }

    private static List<ProductFault> RewriteFaults(CardProduct product, CardProduct rewrite)
    {
        var faults = new List<ProductFault>();
        void Fault(string property, string message) => faults.Add(new ProductFault(property, 0, message));
        var doing = rewrite.Doing!;
        if (!NameRule.Accepts(doing.Name)) Fault("name", $"a name is 1 to {NameRule.MaxLength} of A-Z a-z 0-9 . _ -");
        if (doing.From.Any(version => version < 1 || version > product.Version))
            Fault("from", "a card comes from this version of the product or an earlier one");
        if (doing.Before.Count == 0)
            Fault("before", "what is not known of the card must be told, not overwritten: say what is read before");
        if (doing.Before.Any(check => check.NotDone is not null))
            Fault("before", "what the card must hold is done; there is no notDone before");
        if (doing.Before.Count > 0 && !rewrite.SecurityLevel.HasRMac())
            Fault("before", "a look is worth nothing without the card's MAC on its responses: security level 11, 13 or 33");
        if (doing.OwnKeys is not null && rewrite.OwnKeysRecord == 0)
            Fault("ownKeys", "no record of the rewrite puts these keys: the one item of a record is putKeys");
        if (rewrite.Records.SelectMany(record => record.Items).Any(IsRefusedWhereItIs))
            Fault("records", "a rewrite's card is known and is not refused for a program that it has: accept or replace, and say before what it must hold");
        CheckReads(rewrite, doing.Before, message => Fault("before", message));
        CheckStoreData(rewrite, faults);
        for (var i = 0; i < rewrite.Records.Count; i++) CheckRecord(rewrite, i + 1, rewrite.Records[i], faults);
        CheckClose(rewrite, faults);
        CheckOwnKeys(rewrite, faults);
        CheckDomainKeys(rewrite, faults);
        return faults;
    }

    private static bool IsRefusedWhereItIs(ItemDefinition item) =>
        item is ItemDefinition.Load { WhenThere: WhenThere.Refuse } or ItemDefinition.Install { WhenThere: WhenThere.Refuse };
}
