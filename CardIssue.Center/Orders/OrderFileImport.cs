using CardIssue.Center.Issuers;
using CardIssue.Center.People;
using CardIssue.Center.Products;
using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Orders;

/// <summary>
/// Takes in the orders of a file in one transaction: all, or none, whatever ends it. Nobody else writes into the store meanwhile: a million
/// orders are minutes in which no card is written, tens of thousands are seconds.
/// </summary>
/// <param name="database">The store.</param>
public sealed class OrderFileImport(CenterDatabase database)
{
    /// <summary>The most refusals that are told; of the others, how many there are.</summary>
    public const int MaxRefusals = 1_000;

    /// <summary>The length of <see cref="ComingOrders.Digest"/>.</summary>
    public const int DigestLength = 32;

    /// <summary>The longest name of a file that is kept.</summary>
    public const int MaxName = 200;

    private const int OrdersBetween = 1_000, MaxNoted = 100;

    /// <summary>Whether a file was taken in before.</summary>
    /// <param name="digest">What its content is known by.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="StoreException">The store could not be read.</exception>
    public Task<TakenFile?> FindAsync(ByteString digest, CancellationToken cancellation = default) =>
        database.ReadAsync(store => Find(store, digest), cancellation);

    /// <summary>Takes the orders in.</summary>
    /// <param name="coming">The orders.</param>
    /// <param name="person">Who takes them in.</param>
    /// <param name="cancellation">Undoes all of it, until the last order was looked at.</param>
    /// <exception cref="StoreException">It could not be saved; none was imported.</exception>
    /// <exception cref="OperationCanceledException">None was imported.</exception>
    public async Task<OrderFileOutcome> RunAsync(ComingOrders coming, CenterPerson person, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(coming);
        ArgumentNullException.ThrowIfNull(person);
        if (coming.Digest.Length != DigestLength) throw new ArgumentException($"A file is known by {DigestLength} bytes.", nameof(coming));
        database.Check(person);
        try
        {
            var count = await database.WriteAsync(store => Add(store, coming, person, cancellation), cancellation).ConfigureAwait(false);
            return new OrderFileOutcome(count, default, 0, null);
        }
        catch (FileRefusedException refused)
        {
            return refused.Outcome;
        }
    }

    private long Add(StoreTransaction store, ComingOrders coming, CenterPerson person, CancellationToken cancellation)
    {
        var (now, refusals, count) = (database.Now, new List<FileRefusal>(), 0L);
        if (!person.MayNow(store, PersonRoles.Clerk | PersonRoles.Supervisor, person.Issuer))
            throw Refused(new FileRefusal(0, 0, null, $"{person} has not the role for it"));
        if (Find(store, coming.Digest) is { } before) throw new FileRefusedException(new OrderFileOutcome(0, default, 0, before));
        foreach (var product in coming.Products)
            if (DatabaseProductStore.Add(store, product, now) is { } fault) throw Refused(new FileRefusal(0, 0, null, fault));
        var (more, products, texts) = (0L, coming.Products.ToDictionary(product => product.Ref), new ProductTexts(store));
        var issuers = Issuers(store, coming, person);
        foreach (var order in coming.Orders)
        {
            cancellation.ThrowIfCancellationRequested();
            count++;
            if (count % OrdersBetween == 0) coming.Progress?.Report(count);
            if (Fault(store, order, products, texts, issuers, now) is not { } message) continue;
            if (refusals.Count < MaxRefusals) refusals.Add(new FileRefusal(order.Line, order.Column, order.Order, message));
            else more++;
        }
        if (refusals.Count > 0) throw new FileRefusedException(new OrderFileOutcome(0, [.. refusals], more, null));
        var file = PlainText.Of(coming.File, MaxName);
        store.Execute("INSERT INTO order_files (digest, file, orders, person, imported_at) VALUES ($digest, $file, $orders, $person, $now)",
            ("$digest", coming.Digest), ("$file", file), ("$orders", count), ("$person", person.Name.Value), ("$now", now));
        store.Log(ConsoleLog.Of("OrdersImported", new
        {
            person = person.Name.Value, orders = count, products = coming.Products.Take(MaxNoted).Select(product => product.Ref.ToString()), file,
        }));
        return count;
    }

    /// <summary>Whose each product is: this person's issuer's, and the one's that all are for where one is named.</summary>
    private static Dictionary<ProductRef, IssuerId?> Issuers(StoreTransaction store, ComingOrders coming, CenterPerson person)
    {
        var (owners, issuers) = (IssuerTable.Owners(store), new Dictionary<ProductRef, IssuerId?>());
        foreach (var product in coming.Products)
        {
            var issuer = DatabaseProductStore.IssuerOf(product, owners, out _);
            if (!person.IsFor(issuer) || (coming.Issuer is { } only && issuer != only))
                throw Refused(new FileRefusal(0, 0, null, $"product {product.Ref} is not issuer {coming.Issuer ?? person.Issuer}'s"));
            issuers[product.Ref] = issuer;
        }
        return issuers;
    }

    private static string? Fault(
        StoreTransaction store, ComingOrder coming, Dictionary<ProductRef, ProductRecord> products, ProductTexts texts,
        Dictionary<ProductRef, IssuerId?> issuers, DateTimeOffset now)
    {
        if (!products.TryGetValue(coming.Product, out var product)) return $"its product {coming.Product} does not come along";
        var next = coming.Sequence ?? DatabaseOrderDesk.NextSequence(store, coming.Customer, issuers[coming.Product]);
        if (next > NewOrder.MaxSequence) return $"the customer has had {next} cards, the most that a sequence number can count";
        var order = coming.Seal(next);
        return OrderImport.Fault(product, order, now)
            ?? OrderImport.IssuerFault(issuers[coming.Product], order)
            ?? OrderImport.RewriteFault(store, product.Ref, texts, order)
            ?? OrderImport.Add(store, product.Mode, order, null, now);
    }

    private static TakenFile? Find(StoreView store, ByteString digest) => store.First(
        "SELECT file, orders, person, imported_at FROM order_files WHERE digest = $digest",
        row => new TakenFile(row.Text("file")!, row.Long("orders")!.Value, row.Text("person")!, row.Time("imported_at")!.Value),
        ("$digest", digest));

    private static FileRefusedException Refused(FileRefusal refusal) => new(new OrderFileOutcome(0, [refusal], 0, null));

    /// <summary>Undoes the transaction; becomes a result, never leaves the store.</summary>
    private sealed class FileRefusedException(OrderFileOutcome outcome) : Exception("A file of orders was refused.")
    {
        public OrderFileOutcome Outcome => outcome;
    }
}
