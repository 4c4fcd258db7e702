using CardIssue.Core.Cards.Products.Emv;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Products.Json;

/// <summary>Reads orders from JSON. <c>orders.schema.json</c> says the same for editors.</summary>
public static class OrdersFile
{
    /// <summary>The most orders of one file.</summary>
    internal const int MaxOrders = 10_000;

    /// <summary>Reads orders. Each is checked by making its plan, and by checking an EMV card's data against itself.</summary>
    /// <param name="json">The file, UTF-8, with or without a byte order mark; 16 MiB at most.</param>
    /// <param name="source">The file's name, for messages.</param>
    /// <param name="products">Finds a product by its name; null when there is none.</param>
    /// <param name="codes">What issue codes must be; null for <see cref="IssueCodeRule.Default"/>.</param>
    /// <param name="programs">The programs that products name; null for none. An order whose product names another is a mistake.</param>
    public static OrdersReading Read(
        ReadOnlySpan<byte> json, string source, Func<string, CardProduct?> products, IssueCodeRule? codes = null, CardPrograms? programs = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(products);
        var mistakes = new JsonMistakes();
        var root = LocatedJson.Read(json, mistakes);
        var orders = root is null ? null : new OrderMapping(products, codes ?? IssueCodeRule.Default, programs ?? CardPrograms.None, mistakes).Orders(root);
        return new OrdersReading(source, orders, mistakes);
    }
}

/// <summary>Maps and checks orders. No mistake quotes what a field, a customer id or an issue code is.</summary>
/// <param name="products">Finds a product by its name.</param>
/// <param name="codes">What issue codes must be.</param>
/// <param name="programs">The programs that there are.</param>
/// <param name="mistakes">Where mistakes go.</param>
/// <param name="opens">Opens a text that is encrypted to the center; null where nothing is.</param>
/// <param name="remembers">Whether orders that are there twice are found here; of a file that may be longer than memory the store finds them.</param>
internal sealed class OrderMapping(
    Func<string, CardProduct?> products, IssueCodeRule codes, CardPrograms programs, JsonMistakes mistakes,
    Func<string, string?>? opens = null, bool remembers = true)
{
    /// <summary>The most fields of one order.</summary>
    public const int MaxFields = 1_000;

    /// <summary>The longest identity of a card, in bytes.</summary>
    private const int MaxCard = 64;

    private readonly HashSet<string> _orders = new(StringComparer.Ordinal);
    private readonly Dictionary<CardAccount, int> _accounts = [];

    public List<OrderEntry>? Orders(LocatedNode root)
    {
        if (ObjectReader.Of(root, mistakes) is not { } o) return null;
        o.Optional("$schema")?.AsText(mistakes, JsonSchemas.MaxAddress);
        var orders = new List<OrderEntry>();
        foreach (var node in o.Required("orders")?.AsList(mistakes, 1, OrdersFile.MaxOrders) ?? [])
            if (Order(node) is { } order) orders.Add(order);
        o.Done();
        return orders;
    }

    public OrderEntry? Order(LocatedNode node)
    {
        if (ObjectReader.Of(node, mistakes) is not { } o) return null;
        var id = o.Required("orderId");
        var order = id?.AsName(mistakes);
        if (order is not null && remembers && !_orders.Add(order)) mistakes.Add(id!.Place, "An earlier order has this id.");
        var customer = o.Required("customerId")?.AsName(mistakes);
        var productName = o.Required("product");
        var product = productName?.AsName(mistakes) is { } name ? Product(productName.Place, name) : null;
        OrderRewrite? rewrite = null;
        if (o.Optional("rewrite") is { } later) (product, rewrite) = Rewrite(later, product);
        var branch = o.Optional("branch")?.AsName(mistakes);
        var code = o.Optional("issueCode") is { } secret ? IssueCode(secret) : null;
        var fieldsNode = o.Required("fields");
        var fields = fieldsNode is null ? null : Fields(fieldsNode);
        o.Done();
        var account = product is not null && fields is not null ? new FieldCheck(product, programs, fieldsNode!, mistakes).Check(fields) : null;
        if (account is not null && remembers) CheckOnce(account, product!, node.Place);
        return order is null || customer is null || product is null || fields is null
            ? null
            : new OrderEntry(new OrderId(order), customer, product.Name, code, fields, account, node.Place.Line, node.Place.Column)
            {
                Rewrite = rewrite,
                Branch = branch is null ? null : new BranchId(branch),
            };
    }

    private void CheckOnce(CardAccount account, CardProduct product, JsonPlace place)
    {
        if (_accounts.TryAdd(account, place.Line) || product.AllowRepeatedCardNumber) return;
        mistakes.Add(place,
            $"The order of line {_accounts[account]} has this card number and sequence number; the product does not allow it (allowRepeatedCardNumber).");
    }

    /// <summary>The rewrite in its product's place: its fields are those of the order.</summary>
    private (CardProduct? Product, OrderRewrite? Rewrite) Rewrite(LocatedNode node, CardProduct? product)
    {
        if (ObjectReader.Of(node, mistakes) is not { } o) return default;
        var named = o.Required("name");
        var name = named?.AsName(mistakes);
        var order = o.Optional("order")?.AsName(mistakes);
        var card = o.Optional("card")?.AsHex(mistakes, 1, MaxCard);
        o.Done();
        if (name is null || product is null) return default;
        if (product.Rewrite(name) is { } found)
            return (found, new OrderRewrite(name, order is null ? null : new OrderId(order), card is { } id ? new CardId(id) : null));
        var known = string.Join(", ", product.Rewrites.Select(rewrite => rewrite.Name));
        mistakes.Add(named!.Place,
            known.Length == 0 ? "The product has no rewrites." : $"The product has no such rewrite; it has: {known}.");
        return default;
    }

    private CardProduct? Product(JsonPlace place, string name)
    {
        var product = products(name);
        if (product is null) mistakes.Add(place, "There is no product of this name.");
        return product;
    }

    private string? IssueCode(LocatedNode node)
    {
        if (node.AsText(mistakes, IssueCodeRule.MaxLength) is not { } code) return null;
        var fault = codes.Fault(System.Text.Encoding.UTF8.GetBytes(code));
        if (fault is null) return code;
        mistakes.Add(node.Place, fault);
        return null;
    }

    /// <summary>The fields; null when the list itself is wrong, for then checking them would tell the same fault twice.</summary>
    private Dictionary<string, string>? Fields(LocatedNode node)
    {
        if (node.Kind != JsonKind.Object)
        {
            node.WrongKind("An object", mistakes);
            return null;
        }
        if (node.Properties.Count > MaxFields)
        {
            mistakes.Add(node.Place, $"There are {node.Properties.Count} fields; {MaxFields} are the most.");
            return null;
        }
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        var isGood = true;
        foreach (var property in node.Properties)
        {
            if (Text(property.Value) is { } text) fields.Add(property.Name, text);
            else isGood = false;
        }
        return isGood ? fields : null;
    }

    /// <summary>A field's text, opened where it is encrypted. Why one does not open is not told: who may try must not learn from it.</summary>
    private string? Text(LocatedNode node)
    {
        if (node.Kind != JsonKind.String || !node.Text.StartsWith(OrdersStream.Encrypted, StringComparison.Ordinal))
            return node.AsText(mistakes, FieldText.MaxLength);
        if (opens?.Invoke(node.Text[OrdersStream.Encrypted.Length..]) is { Length: <= FieldText.MaxLength } text) return text;
        mistakes.Add(node.Place, opens is null
            ? "The field is encrypted to a center, which is not at hand."
            : "The field does not open: it is not encrypted to this center, by a way that it takes, or was changed.");
        return null;
    }
}
