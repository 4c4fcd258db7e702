using System.Diagnostics.CodeAnalysis;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Products.Json;

/// <summary>The forms that orders come in.</summary>
public enum OrdersForm
{
    /// <summary>One JSON object with all orders: 16 MiB and 10,000 at most; what may be a rewrite, too.</summary>
    Json = 1,
    /// <summary>An order a line, each as <c>orders.schema.json</c> has it; as many as one likes.</summary>
    JsonLines = 2,
    /// <summary>CSV (RFC 4180), an order of one product a line, whose columns the product names (<see cref="CardProduct.Csv"/>); as many as one likes.</summary>
    Csv = 3,
}

/// <summary>What orders are read by.</summary>
/// <param name="Products">Finds a product by its name; null when there is none.</param>
public sealed record OrdersContext(Func<string, CardProduct?> Products)
{
    /// <summary>What issue codes must be.</summary>
    public IssueCodeRule Codes { get; init; } = IssueCodeRule.Default;

    /// <summary>The programs that products name.</summary>
    public CardPrograms Programs { get; init; } = CardPrograms.None;

    /// <summary>The product that a CSV file's orders are for; it has <see cref="CardProduct.Csv"/>.</summary>
    public CardProduct? Csv { get; init; }

    /// <summary>
    /// Opens a field that begins with <c>cms:</c>, whose rest it gets, Base64 of a CMS message (RFC 5652); null when it does not open. Null
    /// without a center.
    /// </summary>
    public Func<string, string?>? Opens { get; init; }
}

/// <summary>
/// Reads orders one after the other, however many there are; what it keeps is one order, and the first of the mistakes. Orders that are in the
/// file twice are not found here, but in JSON of one piece: a store finds them.
/// </summary>
public sealed class OrdersStream
{
    /// <summary>What a field's text begins with whose rest is CMS in Base64, encrypted to the center.</summary>
    internal const string Encrypted = "cms:";

    private readonly Stream _content;
    private readonly OrdersForm _form;
    private readonly OrdersContext _context;
    private readonly JsonMistakes _mistakes = new();

    /// <summary>Reads from a stream, which stays the caller's.</summary>
    /// <param name="content">The orders, UTF-8, with or without a byte order mark.</param>
    /// <param name="form">Their form.</param>
    /// <param name="context">What they are read by.</param>
    /// <exception cref="ArgumentException">A CSV file is of no product, or of one that says nothing of CSV.</exception>
    public OrdersStream(Stream content, OrdersForm form, OrdersContext context)
    {
        ArgumentNullException.ThrowIfNull(content);
        ArgumentNullException.ThrowIfNull(context);
        if (form == OrdersForm.Csv && context.Csv?.Csv is null) throw new ArgumentException("CSV is read by a product that names its columns.", nameof(context));
        (_content, _form, _context) = (content, form, context);
    }

    /// <summary>How many orders were read, those with mistakes too.</summary>
    public long Count { get; private set; }

    /// <summary>How many mistakes were found so far, those that are not kept too.</summary>
    public long MistakeCount => _mistakes.Total;

    /// <summary>The mistakes in the order of the file; of more than 1,000 the first.</summary>
    public ValueList<JsonMistake> Mistakes => _mistakes.Kept();

    /// <summary>The orders in the order of the file, each when it is asked for; those with mistakes are left out. To be gone through once.</summary>
    /// <exception cref="IOException">The stream could not be read.</exception>
    public IEnumerable<OrderEntry> Read()
    {
        var mapping = new OrderMapping(
            _context.Products, _context.Codes, _context.Programs, _mistakes, _context.Opens, remembers: _form == OrdersForm.Json);
        return _form switch
        {
            OrdersForm.Json => Whole(mapping),
            OrdersForm.JsonLines => Each(mapping, Lines()),
            _ => Each(mapping, Rows()),
        };
    }

    /// <summary>Reads all of them, where that are few: 10,000 at most. One more is a mistake of the reading.</summary>
    /// <param name="source">The file's name, for messages.</param>
    /// <returns>The orders, with all mistakes by line and column.</returns>
    public OrdersReading ReadAll(string source)
    {
        var orders = new List<OrderEntry>();
        foreach (var order in Read())
        {
            orders.Add(order);
            if (orders.Count <= OrdersFile.MaxOrders) continue;
            _mistakes.Add(new JsonPlace(order.Line, order.Column, JsonPath.Root), $"There are more than {OrdersFile.MaxOrders} orders, the most that are looked at together.");
            break;
        }
        return new OrdersReading(source, orders, _mistakes);
    }

    private IEnumerable<OrderEntry> Each(OrderMapping mapping, IEnumerable<LocatedNode> nodes)
    {
        foreach (var node in nodes)
        {
            Count++;
            var before = _mistakes.Total;
            if (mapping.Order(node) is { } order && _mistakes.Total == before) yield return order;
        }
        if (Count == 0 && _mistakes.Total == 0) _mistakes.Add(new JsonPlace(1, 1, JsonPath.Root), "There are no orders.");
    }

    private IEnumerable<LocatedNode> Lines()
    {
        var lines = new LineReader(_content);
        while (TryNode(lines, out var node))
            if (node is not null) yield return node;
        lines.Clear();
    }

    private bool TryNode(LineReader lines, out LocatedNode? node)
    {
        node = null;
        if (!lines.TryRead(out var line)) return false;
        if (lines.IsTooLong) _mistakes.Add(new JsonPlace(lines.Line, 1, JsonPath.Root), $"The line is longer than {LineReader.MaxLine} bytes.");
        else if (!line.Trim(" \t\r"u8).IsEmpty) node = LocatedJson.Read(line, _mistakes, lines.Line);
        return true;
    }

    private IEnumerable<LocatedNode> Rows()
    {
        var lines = new LineReader(_content);
        if (CsvOrders.Begin(lines, _context.Csv!, _mistakes) is { } rows)
            while (rows.Next() is { } node) yield return node;
        lines.Clear();
    }

    private IEnumerable<OrderEntry> Whole(OrderMapping mapping)
    {
        if (!TryAll(out var bytes)) return [];
        var orders = LocatedJson.Read(bytes, _mistakes) is { } root ? mapping.Orders(root) : null;
        Count = orders?.Count ?? 0;
        return orders is null || _mistakes.Total > 0 ? [] : orders;
    }

    private bool TryAll([NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        using var all = new MemoryStream();
        var chunk = new byte[64 * 1024];
        for (int read; (read = _content.Read(chunk)) > 0;)
        {
            all.Write(chunk.AsSpan(0, read));
            if (all.Length <= LocatedJson.MaxFileBytes) continue;
            _mistakes.Add(new JsonPlace(1, 1, JsonPath.Root),
                $"The file has more than {LocatedJson.MaxFileBytes} bytes, the most of JSON in one piece; JSON lines and CSV may be longer.");
            return false;
        }
        bytes = all.ToArray();
        return true;
    }
}
