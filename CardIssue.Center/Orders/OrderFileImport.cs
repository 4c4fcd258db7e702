using CardIssue.Center.Issuers;
using CardIssue.Center.People;
using CardIssue.Center.Products;
using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Orders;

/// <summary>
/// Takes in the orders of a file: looks at all of them first, while everybody goes on writing, and then takes them in by short
/// commits, between which others write. What ends it between two commits leaves the file's first orders; the same file again goes on behind
/// them.
/// </summary>
/// <param name="database">The store.</param>
public sealed class OrderFileImport(CenterDatabase database)
{
    /// <summary>The most refusals that are told; of the others, how many there are.</summary>
    public const int MaxRefusals = 1_000;

    /// <summary>The length of <see cref="ComingOrders.Digest"/>, and of <see cref="ComingOrders.Content"/>.</summary>
    internal const int DigestLength = 32;

    /// <summary>The longest name of a file that is kept.</summary>
    internal const int MaxName = 200;

    private const int MaxNoted = 100;

    /// <summary>
    /// Longer than who waits for a file of SQLite sleeps between two looks at its lock (https://sqlite.org/c3ref/busy_timeout.html: 100 ms).
    /// </summary>
    private static readonly TimeSpan Gap = TimeSpan.FromMilliseconds(150);

    /// <summary>How many orders one commit takes in: a card that is issued meanwhile waits for one of them at each of its own commits.</summary>
    internal int OrdersAtOnce { get; init; } = 250;

    /// <summary>Awaited between two commits, with how many are in: others get their turn.</summary>
    internal Func<long, CancellationToken, Task> Between { get; init; } = (_, cancellation) => Task.Delay(Gap, cancellation);

    /// <summary>Whether a file was taken in before, or some of it.</summary>
    /// <param name="digest">What its content is known by.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="StoreException">The store could not be read.</exception>
    public Task<TakenFile?> FindAsync(ByteString digest, CancellationToken cancellation = default) =>
        database.ReadAsync(store => Find(store, digest)?.File, cancellation);

    /// <summary>Takes the orders in, those that are not in yet.</summary>
    /// <param name="coming">The orders.</param>
    /// <param name="person">Who takes them in.</param>
    /// <param name="cancellation">Ends it, between two commits: the same call again goes on.</param>
    /// <exception cref="StoreException">What was not taken in could not be saved; the same call again goes on.</exception>
    /// <exception cref="OperationCanceledException">It was ended before the last order was taken in.</exception>
    public async Task<OrderFileOutcome> RunAsync(ComingOrders coming, CenterPerson person, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(coming);
        ArgumentNullException.ThrowIfNull(person);
        if (coming.Digest.Length != DigestLength) throw new ArgumentException($"A file is known by {DigestLength} bytes.", nameof(coming));
        if (coming.Content.Length is not (0 or DigestLength))
            throw new ArgumentException($"Its orders are known by {DigestLength} bytes, or by none.", nameof(coming));
        database.Check(person);
        try
        {
            var begun = await database.ReadAsync(store => Begun(store, coming, person), cancellation).ConfigureAwait(false);
            if (begun is { IsWhole: true }) return new OrderFileOutcome(0, default, 0, begun);
            var taken = begun?.Taken ?? 0;
            using var look = new OrderFileLook(database, coming, person, OrdersAtOnce);
            var count = await look.RunAsync(taken, cancellation).ConfigureAwait(false);
            coming.Beginning?.Invoke();
            return await TakeAsync(coming, taken, count, person, cancellation).ConfigureAwait(false)
                ? new OrderFileOutcome(count, default, 0, null)
                : new OrderFileOutcome(0, default, 0, await FindAsync(coming.Digest, cancellation).ConfigureAwait(false));
        }
        catch (FileRefusedException refused)
        {
            return refused.Outcome;
        }
    }

    /// <summary>Whose each product is: this person's issuer's, and the one's that all are for where one is named.</summary>
    /// <exception cref="FileRefusedException">One is not.</exception>
    internal static Dictionary<ProductRef, IssuerId?> Issuers(StoreView store, ComingOrders coming, CenterPerson person, long taken)
    {
        var (owners, issuers) = (IssuerTable.Owners(store), new Dictionary<ProductRef, IssuerId?>());
        foreach (var product in coming.Products)
        {
            var issuer = DatabaseProductStore.IssuerOf(product, owners, out _);
            if (!person.IsFor(issuer) || (coming.Issuer is { } only && issuer != only))
                throw FileRefusedException.Of($"product {product.Ref} is not issuer {coming.Issuer ?? person.Issuer}'s", taken);
            issuers[product.Ref] = issuer;
        }
        return issuers;
    }

    /// <summary>What stands against an order by itself, and then by all else.</summary>
    internal static string? Fault(
        ComingOrder coming, IReadOnlyDictionary<ProductRef, ProductRecord> products, Dictionary<ProductRef, IssuerId?> issuers, int next, DateTimeOffset now,
        Func<ProductRecord, NewOrder, string?> all)
    {
        if (!products.TryGetValue(coming.Product, out var product)) return $"its product {coming.Product} does not come along";
        if (next > NewOrder.MaxSequence) return $"the customer has had {next} cards, the most that a sequence number can count";
        var order = coming.Seal(next);
        return OrderImport.Fault(product, order, now) ?? OrderImport.IssuerFault(issuers[coming.Product], order) ?? all(product, order);
    }

    /// <summary>Goes through the file, a commit at a time, behind what is in already.</summary>
    /// <returns>Whether any of it was taken in here: not where another import of the same file was quicker each time.</returns>
    private async Task<bool> TakeAsync(ComingOrders coming, long taken, long count, CenterPerson person, CancellationToken cancellation)
    {
        using var orders = coming.Orders.GetEnumerator();
        var waiting = new Queue<ComingOrder>(OrdersAtOnce);
        var (first, hasTaken, isLater) = (0L, false, false);
        do
        {
            for (; first < taken; first++)
                if (!waiting.TryDequeue(out _)) orders.MoveNext();
            while (waiting.Count < OrdersAtOnce && orders.MoveNext()) waiting.Enqueue(orders.Current);
            if (isLater) await Between(first, cancellation).ConfigureAwait(false);
            var (now, isOwn) = await database.WriteAsync(
                store => Take(store, coming, first, waiting, count, person, cancellation), cancellation).ConfigureAwait(false);
            (taken, hasTaken, isLater) = (now, hasTaken || isOwn, true);
            coming.Progress?.Report(taken);
        }
        while (taken < count);
        return hasTaken;
    }

    /// <summary>One commit.</summary>
    /// <returns>How many orders of the file are in, and whether this took any in: not where another import of the file went on meanwhile.</returns>
    private (long Taken, bool IsOwn) Take(
        StoreTransaction store, ComingOrders coming, long first, IReadOnlyCollection<ComingOrder> orders, long count, CenterPerson person,
        CancellationToken cancellation)
    {
        var taken = Begun(store, coming, person)?.Taken ?? 0;
        if (taken > first) return (taken, false);
        if (taken < first)
        {
            throw new StoreException(StoreFault.Altered,
                $"{first} orders of {coming.File} were in, and {taken} are: the store was put back to an older copy. Take the file in again.");
        }
        var (now, products, texts) = (database.Now, coming.Products.ToDictionary(product => product.Ref), new ProductTexts(store));
        foreach (var product in coming.Products)
            if (DatabaseProductStore.Add(store, product, now) is { } fault) throw FileRefusedException.Of(fault, first);
        var (refusals, issuers) = (new FileRefusals(), Issuers(store, coming, person, first));
        foreach (var order in orders)
        {
            cancellation.ThrowIfCancellationRequested();
            var next = order.Sequence ?? DatabaseOrderDesk.NextSequence(store, order.Customer, issuers.GetValueOrDefault(order.Product));
            refusals.Add(order, Fault(order, products, issuers, next, now,
                (product, made) => OrderImport.RewriteFault(store, product.Ref, texts, made) ?? OrderImport.Add(store, product.Mode, made, null, now)));
        }
        refusals.Check(first);
        taken = first + orders.Count;
        var file = PlainText.Of(coming.File, MaxName);
        store.Execute("""
            INSERT INTO order_files (digest, file, orders, taken, person, imported_at, content)
            VALUES ($digest, $file, $orders, $taken, $person, $now, $content)
            ON CONFLICT (digest) DO UPDATE SET taken = $taken, person = $person, imported_at = $now
            """,
            ("$digest", coming.Digest), ("$file", file), ("$orders", count), ("$taken", taken), ("$person", person.Name.Value), ("$now", now),
            ("$content", coming.Content));
        store.Log(ConsoleLog.Of("OrdersImported", new
        {
            person = person.Name.Value, orders = orders.Count, taken, of = count,
            products = coming.Products.Take(MaxNoted).Select(product => product.Ref.ToString()), file,
        }));
        return (taken, true);
    }

    /// <summary>What is in of the file; null for nothing.</summary>
    /// <exception cref="FileRefusedException">It may not go on by this person, or with these orders.</exception>
    private static TakenFile? Begun(StoreView store, ComingOrders coming, CenterPerson person)
    {
        var found = Find(store, coming.Digest);
        if (!person.MayNow(store, PersonRoles.Clerk | PersonRoles.Supervisor, person.Issuer))
            throw FileRefusedException.Of($"{person} has not the role for it", found?.File.Taken ?? 0);
        if (found is not var (file, content)) return null;
        return file.IsWhole || content == coming.Content ? file : throw FileRefusedException.Of(
            $"{file.Taken} of its {file.Orders} orders are in, and the others go on only with the same products and the same codes", file.Taken);
    }

    private static (TakenFile File, ByteString Content)? Find(StoreView store, ByteString digest) => store.Query(
        "SELECT file, orders, taken, person, imported_at, content FROM order_files WHERE digest = $digest",
        row => ((TakenFile, ByteString)?)(new TakenFile(
            row.Text("file")!, row.Long("orders")!.Value, row.Long("taken")!.Value, row.Text("person")!, row.Time("imported_at")!.Value),
            row.Bytes("content") ?? ByteString.Empty),
        ("$digest", digest)).FirstOrDefault();
}

/// <summary>What stands against orders of a file, the first of it, and how much more there is.</summary>
internal sealed class FileRefusals
{
    private readonly List<FileRefusal> _first = [];
    private long _more;

    /// <param name="order">The order.</param>
    /// <param name="message">What stands against it; null for nothing.</param>
    public void Add(ComingOrder order, string? message)
    {
        if (message is null) return;
        if (_first.Count < OrderFileImport.MaxRefusals) _first.Add(new FileRefusal(order.Line, order.Column, order.Order, message));
        else _more++;
    }

    /// <param name="taken">How many orders of the file are in.</param>
    /// <exception cref="FileRefusedException">There are some.</exception>
    public void Check(long taken)
    {
        if (_first.Count > 0) throw new FileRefusedException(new OrderFileOutcome(taken, [.. _first], _more, null));
    }
}

/// <summary>Undoes the transaction; becomes a result, never leaves the store.</summary>
internal sealed class FileRefusedException(OrderFileOutcome outcome) : Exception("A file of orders was refused.")
{
    public OrderFileOutcome Outcome => outcome;

    /// <param name="message">Why, of the file as a whole.</param>
    /// <param name="taken">How many orders of it are in.</param>
    public static FileRefusedException Of(string message, long taken = 0) => new(new OrderFileOutcome(taken, [new FileRefusal(0, 0, null, message)], 0, null));
}
