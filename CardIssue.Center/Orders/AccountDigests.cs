using CardIssue.Center.Storage;
using CardIssue.Center.Vault;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Orders;

/// <summary>Gives orders of an older store the digest by which a second card of their account is noticed (<see cref="NewOrder.AccountDigest"/>).</summary>
public static class AccountDigests
{
    private const int OrdersAtOnce = 100;

    /// <summary>
    /// Fills in what is missing, before an order is taken in; seals the older store's write data anew first.
    /// An order whose write data is deleted stays without; one that can't be read now (its product or its key is missing) is looked into
    /// again the next time.
    /// </summary>
    /// <param name="database">The store.</param>
    /// <param name="vault">Opens the write data, and makes the digests.</param>
    /// <param name="cancellation">Ends it between two transactions; the next call goes on.</param>
    /// <returns>How many orders were looked into.</returns>
    /// <exception cref="StoreException">The store could not be read or written.</exception>
    /// <exception cref="IOException">The vault could not be saved.</exception>
    public static async Task<int> FillInAsync(CenterDatabase database, IKeyVault vault, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(database);
        ArgumentNullException.ThrowIfNull(vault);
        await OrderSeals.TakeOverAsync(database, vault, cancellation).ConfigureAwait(false);
        var products = new ProductReader(database);
        var last = "";
        for (var done = 0; ; done += OrdersAtOnce)
        {
            var orders = await SealedOrder.ReadAsync(
                database, "account_digest IS NULL", last, OrdersAtOnce, cancellation).ConfigureAwait(false);
            if (orders.Count == 0) return done;
            last = orders[^1].Row.Order.Value;
            var digests = new List<(OrderId Order, ByteString Digest)>(orders.Count);
            foreach (var order in orders)
            {
                if (await products.FindAsync(order.Row, cancellation).ConfigureAwait(false) is var (product, terms)
                    && Digest(vault, product, order.Row.Terms(terms), order.Data) is { } digest) digests.Add((order.Row.Order, digest));
            }
            await database.WriteAsync(connection => digests.Sum(order => connection.UpdateRight(SealedTable.Orders,
                "account_digest = $digest", "order_id = $order AND account_digest IS NULL",
                ("$digest", order.Digest), ("$order", order.Order))), cancellation).ConfigureAwait(false);
            if (orders.Count < OrdersAtOnce) return done + orders.Count;
        }
    }

    /// <summary>Empty for an order without a card number; null when that can't be told.</summary>
    private static ByteString? Digest(IKeyVault vault, CardProduct product, OrderTerms terms, ByteString sealedData)
    {
        if (!vault.TryOpenOrderData(terms, sealedData, out var data)) return null;
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
