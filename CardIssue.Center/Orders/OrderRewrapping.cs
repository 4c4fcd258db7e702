using System.Buffers.Binary;
using CardIssue.Center.People;
using CardIssue.Center.Products;
using CardIssue.Center.Storage;
using CardIssue.Center.Vault;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Orders;

/// <summary>How far write data is wrapped anew.</summary>
/// <param name="Version">Under which master.</param>
/// <param name="Rewrapped">Of how many orders, in this run.</param>
/// <param name="Left">
/// How many could not be, and open no more with this vault: their data is damaged or its key gone, or this version does not understand their product.
/// </param>
/// <param name="Waiting">How many are still to come.</param>
public sealed record RewrapReport(int Version, int Rewrapped, int Left, int Waiting);

/// <summary>
/// After a rotation of the master key (<see cref="FileKeyVault.RotateMaster"/>): wraps the data key of each order under the new master. The data stays as it
/// is. A commit for each batch, beside whoever serves; what was cut is gone on with by the next run.
/// </summary>
public static class OrderRewrapping
{
    private const int OrdersAtOnce = 200;

    /// <summary>How many orders have write data under each version of the master.</summary>
    /// <exception cref="StoreException">The store could not be read.</exception>
    public static Task<IReadOnlyDictionary<int, int>> CountAsync(CenterDatabase database, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(database);
        return database.ReadAsync(
            store => Versions(store, "SELECT substr(sealed, 2, 4) AS version, count(*) AS n FROM orders WHERE sealed IS NOT NULL GROUP BY substr(sealed, 2, 4)"), cancellation);
    }

    /// <summary>How many open orders have an issue code whose verifier is of each version of that key.</summary>
    /// <exception cref="StoreException">The store could not be read.</exception>
    public static Task<IReadOnlyDictionary<int, int>> CountCodesAsync(CenterDatabase database, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(database);
        return database.ReadAsync(store => Versions(store, """
            SELECT substr(code_verifier, 1, 4) AS version, count(*) AS n FROM orders WHERE code_verifier IS NOT NULL AND ended_at IS NULL
            GROUP BY substr(code_verifier, 1, 4)
            """), cancellation);
    }

    /// <summary>Wraps anew what is not under the latest master.</summary>
    /// <param name="database">The store.</param>
    /// <param name="vault">Opens and wraps.</param>
    /// <param name="person">Who has it done: a key custodian or a supervisor.</param>
    /// <param name="progress">Told after each commit.</param>
    /// <param name="cancellation">Ends it between two commits.</param>
    /// <returns>Null when the person has not the role for it.</returns>
    /// <exception cref="StoreException">The store could not be read or written.</exception>
    public static async Task<RewrapReport?> RunAsync(
        CenterDatabase database, IKeyVault vault, CenterPerson person, IProgress<RewrapReport>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(database);
        ArgumentNullException.ThrowIfNull(vault);
        database.Check(person);
        var (version, products, last) = (vault.OrderDataVersion, new ProductReader(database), "");
        var mark = OrderDataSeal.MarkOf(version);
        var report = new RewrapReport(version, 0, 0, await WaitingAsync(database, mark, cancellation).ConfigureAwait(false));
        while (true)
        {
            var orders = await SealedOrder.ReadAsync(
                database, Older, last, OrdersAtOnce, cancellation, ("$mark", mark)).ConfigureAwait(false);
            if (orders.Count == 0) break;
            last = orders[^1].Row.Order.Value;
            var made = new List<(SealedOrder Order, ByteString Data)>(orders.Count);
            foreach (var order in orders)
            {
                if (await products.FindAsync(order.Row, cancellation).ConfigureAwait(false) is var (_, terms)
                    && vault.TryRewrapOrderData(order.Row.Terms(terms), order.Data, out var data))
                    made.Add((order, data));
            }
            if (!await database.WriteAsync(store => Save(store, person, version, made, orders.Count), cancellation).ConfigureAwait(false)) return null;
            report = report with
            {
                Rewrapped = report.Rewrapped + made.Count, Left = report.Left + orders.Count - made.Count, Waiting = Math.Max(0, report.Waiting - orders.Count),
            };
            progress?.Report(report);
        }
        return report with { Waiting = 0 };
    }

    private static readonly string Older = $"substr(sealed, 1, {OrderDataSeal.MarkOf(0).Length}) <> $mark";

    private static Task<int> WaitingAsync(CenterDatabase database, ByteString mark, CancellationToken cancellation) => database.ReadAsync(
        store => (int)store.Number($"SELECT count(*) FROM orders WHERE sealed IS NOT NULL AND {Older}", ("$mark", mark)), cancellation);

    /// <summary>What was changed or deleted since it was read stays as it is by now.</summary>
    private static bool Save(StoreTransaction store, CenterPerson person, int version, List<(SealedOrder Order, ByteString Data)> made, int read)
    {
        if (!person.MayNow(store, PersonRoles.KeyCustodian | PersonRoles.Supervisor)) return false;
        var rewrapped = made.Sum(it => store.Execute(
            "UPDATE orders SET sealed = $data WHERE order_id = $order AND sealed = $before",
            ("$data", it.Data), ("$order", it.Order.Row.Order), ("$before", it.Order.Data)));
        store.Log(ConsoleLog.Of("OrdersRewrapped", new { person = person.Name.Value, version, rewrapped, left = read - made.Count }));
        return true;
    }

    private static IReadOnlyDictionary<int, int> Versions(StoreView store, string sql) => store
        .Query(sql, row => (Version: row.Bytes("version") is { Length: sizeof(int) } bytes ? BinaryPrimitives.ReadInt32BigEndian(bytes.Span) : 0, Count: row.Int("n")))
        .GroupBy(row => row.Version).ToDictionary(row => row.Key, row => row.Sum(it => it.Count));
}
