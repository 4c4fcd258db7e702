using CardIssue.Center.People;
using CardIssue.Center.Products;
using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Orders;

/// <summary>
/// Looks at all orders of a file before the first is taken in, and keeps nobody from writing: some at a time are compared with the store
/// as it is then, and each with the file's orders before it. What comes into the store afterwards, the commits find.
/// </summary>
internal sealed class OrderFileLook(CenterDatabase database, ComingOrders coming, CenterPerson person, int ordersAtOnce) : IDisposable
{
    private readonly OrdersOfFile _before = new(database.Directory);
    private readonly Dictionary<ProductRef, ProductRecord> _products = coming.Products.ToDictionary(product => product.Ref);
    private readonly FileRefusals _refusals = new();

    /// <summary>Looks at them.</summary>
    /// <param name="taken">How many are in already: these were looked at.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>How many orders the file has.</returns>
    /// <exception cref="FileRefusedException">Something stands against orders that are not in.</exception>
    /// <exception cref="StoreException">The store could not be read, or there is no room beside it.</exception>
    public async Task<long> RunAsync(long taken, CancellationToken cancellation)
    {
        // Whose a product is, is the same to the file's end; the commits make sure of it.
        var issuers = await database.ReadAsync(store => ProductFault(store) is { } fault
            ? throw FileRefusedException.Of(fault, taken)
            : OrderFileImport.Issuers(store, coming, person, taken), cancellation).ConfigureAwait(false);
        var count = 0L;
        foreach (var orders in coming.Orders.Chunk(ordersAtOnce))
        {
            cancellation.ThrowIfCancellationRequested();
            var first = (int)Math.Clamp(taken - count, 0, orders.Length);
            if (first < orders.Length)
            {
                await database.ReadAsync(store =>
                {
                    Look(store, orders.AsSpan(first), issuers);
                    return true;
                }, cancellation).ConfigureAwait(false);
            }
            count += orders.Length;
            coming.Progress?.Report(count);
        }
        _refusals.Check(taken);
        return count;
    }

    public void Dispose() => _before.Dispose();

    private string? ProductFault(StoreView store) =>
        coming.Products.Select(product => DatabaseProductStore.FaultOf(store, product)).FirstOrDefault(fault => fault is not null);

    private void Look(StoreView store, ReadOnlySpan<ComingOrder> orders, Dictionary<ProductRef, IssuerId?> issuers)
    {
        var texts = new ProductTexts(store, _products);
        foreach (var order in orders)
        {
            var issuer = issuers.GetValueOrDefault(order.Product);
            var next = order.Sequence ?? Math.Max(DatabaseOrderDesk.NextSequence(store, order.Customer, issuer), _before.NextSequence(order.Customer, issuer));
            _refusals.Add(order, OrderFileImport.Fault(order, _products, issuers, next, database.Now, (product, made) =>
                (made.Rewrite is { } rewrite ? OrderImport.RewriteFault(store, product.Ref, texts, made, _before.RewritesOf(rewrite.Card)) : null)
                ?? OrderImport.Clash(store, made) ?? _before.Add(made)));
        }
    }
}
