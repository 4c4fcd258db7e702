using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Products;

/// <summary>Plans that write no card.</summary>
public sealed partial class CardPlan
{
    private static readonly Dictionary<string, string> Nobody = [];

    /// <summary>
    /// The same plan with what is a customer's covered by one byte (<see cref="FieldStandIn.Cover"/>): its commands have the lengths
    /// and the order of the real ones, for the same writer makes them. Only for fields that a plan can be made of.
    /// </summary>
    internal static CardPlan Covered(CardProduct product, IReadOnlyDictionary<string, string> fields, CardPrograms programs, byte fill) =>
        new(product, Render(product, new TemplateRenderer(fields, product.Channel.Protocol, new FieldStandIn.Cover(fill))), [], programs);

    /// <summary>
    /// What no customer's fields can mend: what is too much already with the shortest that there are, and what is wrong by itself.
    /// </summary>
    internal static IReadOnlyList<PlanError> FaultsOfEvery(CardProduct product)
    {
        var renderer = new TemplateRenderer(Nobody, product.Channel.Protocol, new FieldStandIn.Least());
        var items = Render(product, renderer);
        for (var i = 0; i < product.Records.Count; i++)
            Expect([], renderer, i + 1, OfEvery([.. product.Records[i].Checks.Span, .. product.Records[i].Look.Span]));
        Expect([], renderer, product.Records.Count + 1, OfEvery(product.Close.Look));
        Expect([], renderer, 0, OfEvery(product.Before));
        if (renderer.Errors.Count > 0) return renderer.Errors;
        var faults = new List<PlanError>();
        var (writer, lengths) = (new CommandWriter(product, CardPrograms.None), new LengthsOnly(product.Channel.Protocol));
        // What is loaded is a center's; with it the plan is made, and measured, where there is one.
        var isWhole = !items.Any(list => list.Any(item => item.Content is not null));
        foreach (var list in items) list.RemoveAll(item => item.Content is not null);
        for (var i = 0; i < items.Length; i++)
            if (Fault(() => writer.Store(items[i], lengths, last: false, 0)) is { } fault) faults.Add(new PlanError(i + 1, "", fault));
        if (faults.Count == 0 && isWhole && Fault(() => new CardPlan(product, items, [], CardPrograms.None)) is { } whole) faults.Add(new PlanError(0, "", whole));
        return faults;
    }

    /// <summary>
    /// The plan of a customer whose fields are the shortest that there are, for its counts; only of a product that breaks no rule
    /// and has no programs.
    /// </summary>
    internal static CardPlan OfNobody(CardProduct product) =>
        new(product, Render(product, new TemplateRenderer(Nobody, product.Channel.Protocol, new FieldStandIn.Least())), [], CardPrograms.None);

    private static List<RenderedItem>[] Render(CardProduct product, TemplateRenderer renderer) =>
    [
        .. product.Records.Select((record, i) => renderer.Items(i + 1, record.Items)),
        renderer.Items(product.Records.Count + 1, product.Close.Items),
    ];

    /// <summary>Those whose digests are the same for every customer: with a field left out, they would not have their length.</summary>
    private static ValueList<CheckDefinition> OfEvery(ValueList<CheckDefinition> checks) =>
        [.. checks.Where(check => !new[] { check.Done, check.NotDone }.OfType<Expectation.Digest>().Any(digest => HasField(digest.Content)))];

    /// <summary>What is wrong; without the name of a parameter, which says nothing to who wrote the product.</summary>
    private static string Words(ArgumentException e) => e.Message.Split(" (Parameter", 2)[0].TrimEnd('.');

    private static string? Fault(Func<object> make)
    {
        try
        {
            make();
            return null;
        }
        catch (ArgumentException e)
        {
            return Words(e);
        }
    }
}
