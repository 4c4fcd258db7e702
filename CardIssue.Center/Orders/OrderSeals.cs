using CardIssue.Center.Products;
using CardIssue.Center.Storage;
using CardIssue.Center.Vault;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.Products.Json;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Orders;

/// <summary>
/// Takes over the write data of an older store, which was sealed for its order alone: it is sealed anew for the order's terms, once.
/// Afterwards data of the older kind opens no more, so nobody who can write the file, and kept a copy of it, can have an order written by
/// a product that he changed.
/// </summary>
internal static class OrderSeals
{
    // So few that their products fit in the detail of one entry of the log.
    private const int OrdersAtOnce = 50;

    /// <summary>
    /// Takes over what there is, and ends it for good (<see cref="IKeyVault.EndTakingOver"/>). Before an order is claimed or taken in.
    /// </summary>
    /// <param name="database">The store.</param>
    /// <param name="vault">Opens and seals.</param>
    /// <param name="cancellation">Ends it between two transactions; the next call goes on.</param>
    /// <returns>
    /// How many were taken over, and how many could not be and will never open with this vault: their data is damaged or its key gone, or
    /// this version does not understand their product.
    /// </returns>
    /// <exception cref="StoreException">The store could not be read or written.</exception>
    /// <exception cref="IOException">The vault could not be saved.</exception>
    public static async Task<(int Taken, int Left)> TakeOverAsync(
        CenterDatabase database, IKeyVault vault, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(database);
        ArgumentNullException.ThrowIfNull(vault);
        if (!vault.TakesOverOrderData) return (0, 0);
        var (taken, left, last) = (0, 0, "");
        var products = new ProductReader(database);
        while (true)
        {
            var orders = await SealedOrder.ReadAsync(
                database, $"substr(sealed, 1, {OrderDataSeal.OlderMark.Length}) = $mark", last, OrdersAtOnce, cancellation,
                ("$mark", OrderDataSeal.OlderMark)).ConfigureAwait(false);
            if (orders.Count == 0) break;
            last = orders[^1].Row.Order.Value;
            var made = new List<(OrderId Order, ProductTerms Product, ByteString Data)>(orders.Count);
            foreach (var order in orders)
            {
                if (await products.FindAsync(order.Row, cancellation).ConfigureAwait(false) is var (_, terms)
                    && vault.TryTakeOverOrderData(order.Row.Terms(terms), order.Data, out var data))
                    made.Add((order.Row.Order, terms, data));
            }
            await database.WriteAsync(store =>
            {
                foreach (var (order, _, data) in made)
                    store.Execute("UPDATE orders SET sealed = $data WHERE order_id = $order", ("$data", data), ("$order", order));
                var products = made.Select(order => order.Product.ToString()).Distinct();
                return store.Log("center", "OrdersTakenOver", new { sealedAnew = made.Count, left = orders.Count - made.Count, products });
            }, cancellation).ConfigureAwait(false);
            taken += made.Count;
            left += orders.Count - made.Count;
        }
        vault.EndTakingOver();
        return (taken, left);
    }
}

/// <summary>An order with its write data, as what goes through all of them needs it.</summary>
internal sealed record SealedOrder(OrderRow Row, ByteString Data)
{
    /// <summary>The next orders that have write data, by number.</summary>
    public static Task<List<SealedOrder>> ReadAsync(
        CenterDatabase database, string where, string after, int most, CancellationToken cancellation, params (string, object?)[] values) =>
        database.ReadAsync(store =>
            OrderRow.Look(store, $"sealed IS NOT NULL AND {where} AND order_id > $after ORDER BY order_id LIMIT $most",
                [.. values, ("$after", after), ("$most", most)]).ConvertAll(row => new SealedOrder(row, DataOf(store, row)!.Value)), cancellation);

    /// <summary>An order's write data; null where it was deleted.</summary>
    public static ByteString? DataOf(StoreView store, OrderRow row) => store.Query(
        "SELECT sealed FROM orders WHERE order_id = $order", found => found.Bytes("sealed"), ("$order", row.Order))[0];
}

/// <summary>Reads each product once.</summary>
internal sealed class ProductReader(CenterDatabase database)
{
    private readonly Dictionary<ProductRef, (CardProduct, ProductTerms)?> _read = [];

    /// <summary>An order's product; null when it is not there, or this version does not understand it.</summary>
    public async Task<(CardProduct Product, ProductTerms Terms)?> FindAsync(OrderRow order, CancellationToken cancellation)
    {
        if (_read.TryGetValue(order.Product, out var known)) return known;
        var record = await database.ReadAsync(
            store => DatabaseProductStore.Find(store, order.Product), cancellation).ConfigureAwait(false);
        var product = record is null ? null : CardProductFile.Read(record.Body.Span, order.Product.ToString()).Product;
        (CardProduct, ProductTerms)? found = product is null ? null : (product, ProductTerms.Of(record!, product));
        _read.Add(order.Product, found);
        return found;
    }
}
