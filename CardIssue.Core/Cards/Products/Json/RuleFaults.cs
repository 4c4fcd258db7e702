namespace CardIssue.Core.Cards.Products.Json;

/// <summary>Puts what <see cref="ProductRules"/> finds at the property that it is about.</summary>
internal static class RuleFaults
{
    public static void Locate(CardProduct product, LocatedNode root, JsonMistakes mistakes)
    {
        foreach (var fault in ProductRules.Check(product))
        {
            var of = fault.Rewrite is { } name ? Rewrite(root, name) : root;
            var within = fault.Record == 0 ? of : Record(of, fault.Record);
            // The model keeps the closing's look in the closing; the file has it beside it.
            var property = fault.Property == "close.look" ? "closeLook" : fault.Property;
            // A property that is left out has no place of its own.
            mistakes.Add(within.Find(property)?.Place ?? within.Place, Sentence(fault.Message));
        }
    }

    private static LocatedNode Rewrite(LocatedNode root, string name) =>
        root.Find("rewrites")!.Value.Items.First(rewrite => rewrite.Find("name")?.Value.Text == name);

    private static LocatedNode Record(LocatedNode root, int number) =>
        root.Find("records")?.Value is { } records && number <= records.Items.Count ? records.Items[number - 1] : root;

    private static string Sentence(string message) => $"{char.ToUpperInvariant(message[0])}{message[1..]}.";
}
