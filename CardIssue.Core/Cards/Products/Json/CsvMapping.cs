using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Products.Json;

/// <summary>Maps what a product says of CSV files.</summary>
internal static class CsvMapping
{
    /// <summary>The most columns of a file.</summary>
    public const int MaxColumns = 1_000;

    /// <summary>The longest name of a column.</summary>
    public const int MaxName = 100;

    public static CsvColumns? Columns(LocatedNode node, JsonMistakes mistakes)
    {
        if (ObjectReader.Of(node, mistakes) is not { } o) return null;
        var separator = o.Optional("separator")?.AsWord(mistakes, (",", ','), (";", ';'), ("|", '|'), ("\t", '\t')) ?? ',';
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var order = Column(o.Required("orderId"));
        var customer = Column(o.Required("customerId"));
        var code = Column(o.Optional("issueCode"));
        var branch = Column(o.Optional("branch"));
        var fields = Fields(o.Required("fields"));
        var ignored = new List<string>();
        foreach (var one in o.Optional("ignore")?.AsList(mistakes, 0, MaxColumns) ?? [])
            if (Column(one) is { } name) ignored.Add(name);
        o.Done();
        return order is null || customer is null
            ? null
            : new CsvColumns
            {
                Separator = separator, Order = order, Customer = customer, IssueCode = code, Branch = branch, Fields = [.. fields], Ignored = [.. ignored],
            };

        string? Column(LocatedNode? named)
        {
            if (named?.AsText(mistakes, MaxName) is not { } name) return null;
            if (name.Length == 0) mistakes.Add(named.Place, "A column has a name.");
            else if (!seen.Add(name)) mistakes.Add(named.Place, "The column is named here twice.");
            else return name;
            return null;
        }

        List<CsvField> Fields(LocatedNode? named)
        {
            var found = new List<CsvField>();
            if (named is null) return found;
            if (named.Kind != JsonKind.Object || named.Properties.Count is 0 or > MaxColumns)
            {
                named.WrongKind("An object of 1 to 1000 fields", mistakes);
                return found;
            }
            foreach (var property in named.Properties)
            {
                if (!NameRule.Accepts(property.Name)) mistakes.Add(property.Place, $"A name has 1 to {NameRule.MaxLength} of A-Z a-z 0-9 . _ -");
                else if (Column(property.Value) is { } column) found.Add(new CsvField(property.Name, column));
            }
            return found;
        }
    }
}
