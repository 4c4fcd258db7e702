namespace CardIssue.Core.Cards.Products.Json;

/// <summary>Makes of the lines of a CSV file what an order in JSON would be, each part with its place, so that both are checked alike.</summary>
internal sealed class CsvOrders
{
    private const string Order = "orderId", Customer = "customerId", Code = "issueCode", Branch = "branch";

    private readonly CsvReader _reader;
    private readonly CardProduct _product;
    private readonly JsonMistakes _mistakes;

    /// <summary>What each column is of: a property of the order, a field, or null for one that is not read.</summary>
    private readonly List<(string? Name, bool IsField, JsonPath Path)> _columns = [];

    private CsvOrders(CsvReader reader, CardProduct product, JsonMistakes mistakes) => (_reader, _product, _mistakes) = (reader, product, mistakes);

    /// <summary>Reads the line of names; null when it is not what the product says.</summary>
    public static CsvOrders? Begin(LineReader lines, CardProduct product, JsonMistakes mistakes)
    {
        var csv = product.Csv!;
        var orders = new CsvOrders(new CsvReader(lines, csv.Separator, mistakes), product, mistakes);
        if (orders._reader.Read() is { } names) return orders.TryNames(csv, names) ? orders : null;
        mistakes.Add(new JsonPlace(1, 1, JsonPath.Root), "The file is empty.");
        return null;
    }

    /// <summary>The next order as an object; null at the end.</summary>
    public LocatedNode? Next()
    {
        while (_reader.Read() is { } cells)
        {
            if (cells.Count == 0) continue;
            if (cells.Count == _columns.Count) return Node(cells);
            _mistakes.Add(new JsonPlace(cells[0].Line, 1, JsonPath.Root), $"There are {cells.Count} cells; the first line names {_columns.Count} columns.");
        }
        return null;
    }

    private bool TryNames(CsvColumns csv, IReadOnlyList<CsvCell> names)
    {
        if (names.Count == 0) return false;
        var known = new Dictionary<string, (string? Name, bool IsField)>(StringComparer.Ordinal)
        {
            [csv.Order] = (Order, false),
            [csv.Customer] = (Customer, false),
        };
        if (csv.IssueCode is { } code) known.Add(code, (Code, false));
        if (csv.Branch is { } branch) known.Add(branch, (Branch, false));
        foreach (var field in csv.Fields) known.Add(field.Column, (field.Name, true));
        foreach (var ignored in csv.Ignored) known.Add(ignored, (null, false));
        var (before, seen) = (_mistakes.Total, new HashSet<string>(StringComparer.Ordinal));
        for (var i = 0; i < names.Count; i++)
        {
            var name = names[i].Text;
            var path = JsonMistakes.CanShow(name) ? JsonPath.Root.Property(name) : JsonPath.Root.Property(i + 1);
            var place = new JsonPlace(names[i].Line, names[i].Column, path);
            if (!seen.Add(name)) _mistakes.Add(place, "The column is here twice.");
            if (known.TryGetValue(name, out var of)) _columns.Add((of.Name, of.IsField, path));
            else _mistakes.Add(place, $"The product {_product.Name} does not know the column {JsonMistakes.Shown(name)}: name it in its csv, under fields or ignore.");
        }
        foreach (var (column, of) in known)
            if (of.Name is not null && !seen.Contains(column))
                _mistakes.Add(new JsonPlace(names[0].Line, 1, JsonPath.Root), $"The column \"{column}\" is missing, which the product {_product.Name} reads.");
        return _mistakes.Total == before;
    }

    private LocatedNode Node(IReadOnlyList<CsvCell> cells)
    {
        var start = new JsonPlace(cells[0].Line, 1, JsonPath.Root);
        var (order, fields) = (new LocatedNode(JsonKind.Object, start), new LocatedNode(JsonKind.Object, start));
        Add(order, "product", new LocatedNode(JsonKind.String, start, _product.Name));
        for (var i = 0; i < cells.Count; i++)
        {
            var (name, isField, path) = _columns[i];
            if (name is null || (name is Code or Branch && !isField && cells[i].Text.Length == 0)) continue;
            var place = new JsonPlace(cells[i].Line, cells[i].Column, path);
            Add(isField ? fields : order, name, new LocatedNode(JsonKind.String, place, cells[i].Text));
        }
        Add(order, "fields", fields);
        return order;
    }

    private static void Add(LocatedNode to, string name, LocatedNode value) => to.Add(new LocatedProperty(name, value.Place, value));
}
