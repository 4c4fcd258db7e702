using CardIssue.Center.Products;
using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Orders;

/// <summary>Lists of orders and of cards, as they stand there: nothing is decided by them.</summary>
internal static class OrderLists
{
    public static List<(string Place, OrderView? Row)> Orders(StoreView store, OrderQuery query, string? after, Func<StoreView, OrderRow, OrderView> view)
    {
        var filter = query.Filter(after);
        var rows = store.Query(
            SealedTable.Orders.SelectWhere($"{filter.Where} ORDER BY order_id LIMIT {RowPages.Rows}"),
            row => (Place: row.Text("order_id") ?? "", Row: OrderRow.TryRead(row)), filter.Values);
        return rows.ConvertAll(it => (it.Place, it.Row is null ? null : view(store, it.Row)));
    }

    public static List<(PlaceOfCard Place, CardView? Row)> Cards(StoreView store, CardQuery query, PlaceOfCard? after)
    {
        var filter = query.Filter(after?.Card);
        return store.Query($"""
            SELECT c.card, c.order_id, c.customer, c.sequence, c.standing, c.issued_at, c.voided_at, o.product, o.product_version, o.token_terminal, o.issuer
            FROM issued_cards c JOIN orders o ON o.order_id = c.order_id WHERE {filter.Where} ORDER BY c.card LIMIT {RowPages.Rows}
            """, row => (new PlaceOfCard(new CardId(row.Bytes("card")!.Value)), TryRead(row)), filter.Values);
    }

    /// <summary>Null for what no card can be.</summary>
    private static CardView? TryRead(StoredRow row)
    {
        try
        {
            return new CardView(
                new CardId(row.Bytes("card")!.Value), new OrderId(row.Text("order_id")!), row.Text("customer")!, row.Int("sequence"),
                (CardStanding)row.Int("standing"), new ProductRef(row.Text("product")!, row.Int("product_version")),
                row.Text("token_terminal") is { } terminal ? new TerminalId(terminal) : null, row.Time("issued_at"), row.Time("voided_at"))
            {
                Issuer = row.Issuer(),
            };
        }
        catch (Exception changed) when (changed is FormatException or InvalidCastException or OverflowException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>Where a page of cards ends.</summary>
    public sealed record PlaceOfCard(CardId Card);
}
