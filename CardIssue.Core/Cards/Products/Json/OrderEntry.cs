using System.Collections.ObjectModel;
using CardIssue.Core.Cards.Products.Emv;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Products.Json;

/// <summary>One order of an orders file, checked against its product. Its fields are a customer's data: they are never shown.</summary>
public sealed class OrderEntry
{
    internal OrderEntry(
        OrderId order, string customer, string product, string? issueCode, Dictionary<string, string> fields, CardAccount? account, int line, int column)
    {
        (Order, Customer, Product, IssueCode, Account) = (order, customer, product, issueCode, account);
        (Fields, Line, Column) = (new ReadOnlyDictionary<string, string>(fields), line, column);
    }

    /// <summary>The order's number, once in the file.</summary>
    public OrderId Order { get; }

    /// <summary>The customer's id, by <see cref="NameRule"/>.</summary>
    public string Customer { get; }

    /// <summary>The product's name.</summary>
    public string Product { get; }

    /// <summary>The one-time issue code that the customer was given; null when the center is to make one.</summary>
    public string? IssueCode { get; }

    /// <summary>The customer's fields, all that the product's templates ask for and nothing else.</summary>
    public IReadOnlyDictionary<string, string> Fields { get; }

    /// <summary>The card number and sequence number that its card will have; null when the card is of no account.</summary>
    public CardAccount? Account { get; }

    /// <summary>Which rewrite of which card it is; null for an issue.</summary>
    public OrderRewrite? Rewrite { get; init; }

    /// <summary>The branch that it is to be issued at; null for any.</summary>
    public BranchId? Branch { get; init; }

    /// <summary>The line that the order begins at, from 1.</summary>
    public int Line { get; }

    /// <summary>The column that the order begins at, from 1.</summary>
    public int Column { get; }

    /// <summary>The order's number and product alone.</summary>
    public override string ToString() => $"order {Order}, product {Product}";
}

/// <summary>What makes an order of a file a rewrite: of the customer's one card, where neither order nor card is named.</summary>
/// <param name="Name">Which of the product's rewrites.</param>
/// <param name="Order">The order by which the card was issued.</param>
/// <param name="Card">The card's identity.</param>
public sealed record OrderRewrite(string Name, OrderId? Order, CardId? Card);

/// <summary>What came of reading an orders file: all of its orders, or all that is wrong with it; never some of the orders.</summary>
public sealed class OrdersReading : JsonReading
{
    internal OrdersReading(string source, IReadOnlyList<OrderEntry>? orders, JsonMistakes mistakes) : base(source, mistakes) => Orders = Unless(orders);

    /// <summary>The orders, in the order of the file; null when there is a mistake.</summary>
    public IReadOnlyList<OrderEntry>? Orders { get; }
}
