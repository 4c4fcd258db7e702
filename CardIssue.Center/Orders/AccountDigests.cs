using CardIssue.Center.Products;
using CardIssue.Center.Sessions;
using CardIssue.Center.Storage;
using CardIssue.Center.Vault;
using CardIssue.Core;
using CardIssue.Core.Cards.Products;

namespace CardIssue.Center.Orders;

/// <summary>Gives orders of an older store the digest by which a second card of their account is noticed (<see cref="NewOrder.AccountDigest"/>).</summary>
public static class AccountDigests
{
    private const int OrdersAtOnce = 100;

    /// <summary>
    /// Fills in what is missing, before an order is taken in. One whose write data is deleted stays without; one that can't be read now (its product or its
    /// key is missing) is looked into again the next time.
    /// </summary>
    /// <param name="database">The store.</param>
    /// <param name="vault">Opens the write data, and makes the digests.</param>
    /// <param name="cancellation">Ends it between two transactions; the next call goes on.</param>
    /// <returns>How many orders were looked into.</returns>
    /// <exception cref="StoreException">The store could not be read or written.</exception>
    public static async Task<int> FillInAsync(CenterDatabase database, IKeyVault vault, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(database);
        ArgumentNullException.ThrowIfNull(vault);
        var products = new Dictionary<ProductRef, CardProduct?>();
        var last = "";
        for (var done = 0; ; done += OrdersAtOnce)
        {
            var orders = await database.ReadAsync(connection => connection.Query(
                "SELECT order_id, product, product_version, sealed FROM orders WHERE account_digest IS NULL AND sealed IS NOT NULL AND order_id > $last ORDER BY order_id LIMIT $most",
                row => (Order: new OrderId(row.Text("order_id")!), Product: new ProductRef(row.Text("product")!, row.Int("product_version")),
                    Data: row.Bytes("sealed")!.Value),
                ("$last", last), ("$most", OrdersAtOnce)), cancellation).ConfigureAwait(false);
            if (orders.Count == 0) return done;
            last = orders[^1].Order.Value;
            foreach (var reference in orders.Select(order => order.Product).Distinct())
                if (!products.ContainsKey(reference))
                    products.Add(reference, await ReadAsync(database, reference, cancellation).ConfigureAwait(false));
            var digests = orders.ConvertAll(order => (order.Order, Digest: Digest(vault, order.Order, products[order.Product], order.Data)));
            await database.WriteAsync(connection => digests.Where(order => order.Digest is not null).Sum(order => connection.Execute(
                "UPDATE orders SET account_digest = $digest WHERE order_id = $order AND account_digest IS NULL",
                ("$digest", order.Digest), ("$order", order.Order))), cancellation).ConfigureAwait(false);
            if (orders.Count < OrdersAtOnce) return done + orders.Count;
        }
    }

    private static async Task<CardProduct?> ReadAsync(CenterDatabase database, ProductRef reference, CancellationToken cancellation)
    {
        var record = await database.ReadAsync(connection => SqliteProductStore.Find(connection, reference), cancellation).ConfigureAwait(false);
        return record is null ? null : CardProductFile.Read(record.Body.Span, reference.ToString()).Product;
    }

    /// <summary>Empty for an order without a card number; null when that can't be told.</summary>
    private static ByteString? Digest(IKeyVault vault, OrderId order, CardProduct? product, ByteString sealedData)
    {
        if (product is null || !vault.TryOpenOrderData(order, sealedData, out var data)) return null;
        using (data)
        {
            try
            {
                var plan = CardPlan.Create(product, OrderData.Read(data.Span));
                return plan.Account is { } account ? vault.DigestAccount(account) : plan.Plan is null ? null : ByteString.Empty;
            }
            catch (System.Security.Cryptography.CryptographicException)
            {
                return null;
            }
        }
    }
}
