using CardIssue.Core.Cards.Products.Emv;
using CardIssue.Core.Cards.Tlv;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Products;

/// <summary>With what no order could ever be taken in, or no card be written, whatever the customer's fields are.</summary>
internal static partial class ProductRules
{
    private static readonly BerTag FileLocator = 0x94;

    private static IEnumerable<ProductFault> FaultsOfEveryOrder(CardProduct product)
    {
        foreach (var error in CardPlan.FaultsOfEvery(product))
            yield return error.Record == 0 ? new ProductFault("records", 0, error.Message) : In(error.Record, error.Message);
        foreach (var fault in LocatorFaults(product))
            yield return In(RecordOf(product, fault.Grouping), fault.Message.TrimEnd('.'));

        ProductFault In(int record, string message) =>
            record > product.Records.Count ? new ProductFault("close", 0, message) : new ProductFault("items", record, message);
    }

    /// <summary>
    /// Records that an AFL names and that the product does not write; where a field brings ready-made groupings, nobody knows yet, and
    /// of a rewrite's AFL the card has some already.
    /// </summary>
    private static IEnumerable<EmvFault> LocatorFaults(CardProduct product)
    {
        if (product.Doing is not null || AllItems(product).Any(item => item is ItemDefinition.Prepared)) return [];
        return EmvCheck.Of(AllItems(product).OfType<ItemDefinition.Grouping>()
            .Select(grouping => (grouping.Id, grouping.Secret ? default : LocatorOf(grouping.Content)))).Faults;
    }

    /// <summary>The AFL alone, where it is the same for every customer.</summary>
    private static ByteString LocatorOf(ValueList<TemplateNode> content)
    {
        var locator = content.OfType<TemplateNode.Tlv>().FirstOrDefault(piece => piece.Tag == FileLocator);
        if (locator is null || locator.Content.Any(piece => piece is not TemplateNode.Literal)) return default;
        var entries = ByteString.Concat([.. locator.Content.Cast<TemplateNode.Literal>().Select(piece => piece.Bytes)]);
        return BerTlv.Primitive(FileLocator, entries).ToBytes();
    }

    private static int RecordOf(CardProduct product, ushort grouping)
    {
        for (var i = 0; i < product.Records.Count; i++)
            if (product.Records[i].Items.Any(item => item is ItemDefinition.Grouping one && one.Id == grouping)) return i + 1;
        return product.Records.Count + 1;
    }
}
