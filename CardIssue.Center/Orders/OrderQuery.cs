using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Orders;

/// <summary>Which orders to list; what is null asks for nothing.</summary>
public sealed record OrderQuery
{
    /// <summary>In this state.</summary>
    public OrderState? State { get; init; }

    /// <summary>This issuer's.</summary>
    public IssuerId? Issuer { get; init; }

    /// <summary>Of this product, by name.</summary>
    public string? Product { get; init; }

    /// <summary>Of this version of it.</summary>
    public int? ProductVersion { get; init; }

    /// <summary>Of this customer.</summary>
    public string? Customer { get; init; }

    /// <summary>Begun at this terminal the last time, with their issue code.</summary>
    public TerminalId? Terminal { get; init; }

    /// <summary>To be issued at this branch; of those that name none, begun the last time at a terminal that is of it now.</summary>
    public BranchId? Branch { get; init; }

    /// <summary>Changed last at this time or later.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Changed last before this time.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Behind this order, by number.</summary>
    public OrderId? After { get; init; }

    internal RowFilter Filter(string? after) => new RowFilter()
        .And("issuer = $issuer", "$issuer", Issuer).And("state = $state", "$state", State)
        .And("product = $product", "$product", Product)
        .And("product_version = $version", "$version", ProductVersion).And("customer = $customer", "$customer", Customer)
        .And("token_terminal = $terminal", "$terminal", Terminal)
        .And("(branch = $branch OR (branch IS NULL AND token_terminal IN (SELECT terminal FROM terminals WHERE branch = $branch)))", "$branch", Branch)
        .And("updated_at >= $since", "$since", Since)
        .And("updated_at < $until", "$until", Until).And("order_id > $after", "$after", after);
}

/// <summary>Which cards of the registry to list; what is null asks for nothing.</summary>
public sealed record CardQuery
{
    /// <summary>Issued, or voided.</summary>
    public CardStanding? Standing { get; init; }

    /// <summary>This issuer's.</summary>
    public IssuerId? Issuer { get; init; }

    /// <summary>Issued as this product, by name.</summary>
    public string? Product { get; init; }

    /// <summary>As this version of it.</summary>
    public int? ProductVersion { get; init; }

    /// <summary>Of this customer.</summary>
    public string? Customer { get; init; }

    /// <summary>Issued at this terminal.</summary>
    public TerminalId? Terminal { get; init; }

    /// <summary>Issued at a terminal that is of this branch now.</summary>
    public BranchId? Branch { get; init; }

    /// <summary>Issued at this time or later.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Issued before this time.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Behind this card, by identity.</summary>
    public CardId? After { get; init; }

    internal RowFilter Filter(CardId? after) => new RowFilter()
        .And("o.issuer = $issuer", "$issuer", Issuer).And("c.standing = $standing", "$standing", Standing).And("o.product = $product", "$product", Product)
        .And("o.product_version = $version", "$version", ProductVersion).And("c.customer = $customer", "$customer", Customer)
        .And("o.token_terminal = $terminal", "$terminal", Terminal).And("o.token_terminal IN (SELECT terminal FROM terminals WHERE branch = $branch)", "$branch", Branch)
        .And("c.issued_at >= $since", "$since", Since)
        .And("c.issued_at < $until", "$until", Until).And("c.card > $after", "$after", after);
}

/// <summary>A card of the registry, as a list shows it.</summary>
/// <param name="Card">Its identity.</param>
/// <param name="Order">The order by which it was issued.</param>
/// <param name="Customer">The customer's id.</param>
/// <param name="Sequence">The sequence number of the customer's card.</param>
/// <param name="Standing">Issued or voided.</param>
/// <param name="Product">What it was issued as; <see cref="IOrderDesk.CardAsync"/> says what it has by now.</param>
/// <param name="Terminal">Where its order was begun the last time; null where nobody knows any more.</param>
/// <param name="Issued">When it was issued, UTC; null of one that was spoilt: voided with its order, and never issued.</param>
/// <param name="Voided">When it was voided.</param>
public sealed record CardView(
    CardId Card, OrderId Order, string Customer, int Sequence, CardStanding Standing, Products.ProductRef Product, TerminalId? Terminal,
    DateTimeOffset? Issued, DateTimeOffset? Voided)
{
    /// <summary>Whose card it is; null for the center's own.</summary>
    public IssuerId? Issuer { get; init; }
}
