using CardIssue.Center.People;
using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;

namespace CardIssue.Center.Orders;

/// <summary>The operators' side of the orders in the center's store.</summary>
public sealed class DatabaseOrderDesk : IOrderDesk
{
    /// <summary>Orders whose write data is deleted in one commit.</summary>
    private const int MaxDeleted = 1_000;

    private readonly CenterDatabase _database;
    private readonly OrderOptions _options;

    /// <summary>Uses an open store.</summary>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">An option is out of its range.</exception>
    public DatabaseOrderDesk(CenterDatabase database, OrderOptions options)
    {
        ArgumentNullException.ThrowIfNull(database);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _database = database;
        _options = options;
    }

    /// <inheritdoc/>
    public Task<DeskOutcome> RetryAsync(OrderId order, CenterPerson person, string reason, CancellationToken cancellation = default) =>
        ActAsync(order, person, new { person = person?.Name.Value, reason }, "OrderRetried", (connection, row) =>
        {
            if (row.State != OrderState.Waiting || row.VoidReason is not null) return DeskOutcome.WrongState;
            var back = row.HeldState is { } held and not OrderState.Claimed ? held : OrderState.Ready;
            (row with { State = back, HeldState = null, WaitingRecord = null, Claim = null, Progress = row.Progress with { Attempt = 1 } })
                .Save(connection, _database.Now, "Retried", $"{person}: {reason}");
            return DeskOutcome.Done;
        }, cancellation);

    /// <inheritdoc/>
    public Task<DeskOutcome> RenewCodeAsync(
        OrderId order, ByteString verifier, DateTimeOffset expires, CenterPerson person, CancellationToken cancellation = default) =>
        ActAsync(order, person, new { person = person?.Name.Value, expires = expires.UtcDateTime }, "CodeRenewed", (connection, row) =>
        {
            if (row.IsEnded || row.VoidReason is not null) return DeskOutcome.WrongState;
            if (verifier.Length is 0 or > NewOrder.MaxVerifier || expires <= _database.Now) return DeskOutcome.DoesNotFit;
            connection.UpdateRow(SealedTable.Orders, order.Value, ("code_verifier", verifier));
            // The tries are counted for the customer: they guard the codes of his other orders, too.
            var hasOthers = OrderRow.Look(connection, "customer = $customer", ("$customer", row.Customer))
                .Exists(other => other.Order != order && other.Issuer == row.Issuer && !other.IsEnded);
            if (!hasOthers) CodeAttempts.ClearCustomer(connection, CodeAttempts.KeyOf(row));
            (row with { CodeExpires = expires }).Save(connection, _database.Now, "CodeRenewed", $"{person}");
            return DeskOutcome.Done;
        }, cancellation);

    /// <inheritdoc/>
    public async Task<DeskOutcome> ReissueAsync(OrderId voided, NewOrder replacement, CenterPerson person, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(replacement);
        return await ActAsync(voided, person, new { person = person?.Name.Value, replacement = replacement.Order.Value }, "OrderReissued", (connection, row) =>
        {
            if (row.State != OrderState.Voided) return DeskOutcome.WrongState;
            if (connection.Number("SELECT count(*) FROM orders WHERE reissue_of = $order", ("$order", voided)) > 0) return DeskOutcome.AlreadyReissued;
            if (replacement.Fault is not null || replacement.Rewrite is not null || replacement.Customer != row.Customer || replacement.Issuer != row.Issuer
                || replacement.CodeExpires <= _database.Now
                || replacement.Sequence != NextSequence(connection, row.Customer, row.Issuer)
                || Products.DatabaseProductStore.Find(connection, replacement.Product) is not { } product
                || Products.DatabaseProductStore.IssuerOf(product, Issuers.IssuerTable.Owners(connection), out _) != row.Issuer) return DeskOutcome.DoesNotFit;
            if (OrderImport.Add(connection, product.Mode, replacement, voided, _database.Now) is not null) return DeskOutcome.DoesNotFit;
            row.AddHistory(connection, _database.Now, "ReissuedAs", $"{replacement.Order} by {person}");
            return DeskOutcome.Done;
        }, cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public Task<DeskOutcome> CancelAsync(OrderId order, CenterPerson person, string reason, CancellationToken cancellation = default) =>
        ActAsync(order, person, new { person = person?.Name.Value, reason }, "OrderCancelled", (connection, row) =>
        {
            if (row.Rewrite is null || row.IsEnded || row.State == OrderState.Quarantined) return DeskOutcome.WrongState;
            if (!RewriteOrders.MayBeCancelled(connection, row)) return DeskOutcome.GoesForward;
            (row with { State = OrderState.Cancelled, HeldState = null, WaitingRecord = null, Claim = null, Ended = _database.Now })
                .Save(connection, _database.Now, nameof(OrderState.Cancelled), $"{person}: {reason}");
            return DeskOutcome.Done;
        }, cancellation);

    /// <inheritdoc/>
    public Task<CardFinding> FindCardAsync(CardReference reference, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(reference);
        return _database.ReadAsync(connection => CardContents.Find(connection, reference), cancellation);
    }

    /// <inheritdoc/>
    public Task<IssuedCard?> CardAsync(CardId card, CancellationToken cancellation = default) =>
        _database.ReadAsync(connection => CardContents.Of(connection, card), cancellation);

    /// <inheritdoc/>
    public Task<int> NextSequenceAsync(string customer, IssuerId? issuer = null, CancellationToken cancellation = default) =>
        _database.ReadAsync(connection => NextSequence(connection, customer, issuer), cancellation);

    /// <inheritdoc/>
    public async Task<int?> QuarantineAllAsync(
        DateTimeOffset? issuedSince, CenterPerson person, string reason, CancellationToken cancellation = default)
    {
        _database.Check(person);
        return await _database.WriteAsync<int?>(
            connection =>
            {
                if (!person.MayNow(connection, PersonRoles.Supervisor)) return null;
                var orders = Quarantine.All(connection, issuedSince, $"{person}: {reason}", _database.Now);
                connection.Log(ConsoleLog.Of("OrdersQuarantined", new { person = person.Name.Value, orders, reason }));
                return orders;
            }, cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public Task<PutBackView?> PutBackAsync(CancellationToken cancellation = default) => _database.ReadAsync(PutBack.View, cancellation);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<OrderView>> ListAsync(
        OrderState? state = null, int most = IOrderDesk.MaxListed, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(most, IOrderDesk.MaxListed);
        return await _database.ReadAsync(
            connection => OrderRow.Look(connection, "state = $state OR $state IS NULL ORDER BY order_id LIMIT $most", ("$state", state), ("$most", most))
                .ConvertAll(row => View(connection, row)),
            cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<OrderView> EnumerateAsync(OrderQuery query, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        return RowPages.AllAsync<string, OrderView>(
            _database, (store, after) => OrderLists.Orders(store, query, after, View), query.After?.Value, cancellation);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<CardView> EnumerateCardsAsync(CardQuery query, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        var from = query.After is { } after ? new OrderLists.PlaceOfCard(after) : null;
        return RowPages.AllAsync<OrderLists.PlaceOfCard, CardView>(
            _database, (store, place) => OrderLists.Cards(store, query, place), from, cancellation);
    }

    /// <inheritdoc/>
    public Task<OrderView?> GetAsync(OrderId order, CancellationToken cancellation = default) =>
        _database.ReadAsync(connection => OrderRow.Find(connection, order) is { } row ? View(connection, row) : null, cancellation);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<OrderHistoryEntry>> HistoryAsync(OrderId order, CancellationToken cancellation = default) =>
        await _database.ReadAsync(connection => connection.Query("SELECT * FROM order_history WHERE order_id = $order ORDER BY id",
            row => new OrderHistoryEntry(row.Time("at")!.Value, row.Long("fence")!.Value, row.Text("change")!, row.Text("detail")!,
                (OrderState)row.Int("state"), new OrderProgress(row.Int("confirmed"), row.Int("in_doubt"), row.Int("attempt"), row.Int("furthest"))),
            ("$order", order)), cancellation).ConfigureAwait(false);

    /// <inheritdoc/>
    public Task<(DeskOutcome Outcome, ShownReceipt? Receipt)> ReceiptAsync(
        OrderId order, CenterPerson person, CancellationToken cancellation = default)
    {
        _database.Check(person);
        return _database.WriteAsync<(DeskOutcome, ShownReceipt?)>(connection =>
            !person.MayNow(connection, PersonRoles.Clerk | PersonRoles.Supervisor | PersonRoles.Auditor, person.Issuer) ? (DeskOutcome.NotAllowed, null)
            : OrderRow.Find(connection, order) is not { } row || !person.IsFor(row.Issuer) ? (DeskOutcome.NotFound, null)
            : KeptReceipts.Show(connection, order, person) is { } shown ? (DeskOutcome.Done, shown)
            : (DeskOutcome.NotFound, null), cancellation);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyDictionary<OrderState, int>> CountAsync(CancellationToken cancellation = default)
    {
        var rows = await _database.ReadAsync(connection => connection.Query("SELECT state, count(*) AS n FROM orders GROUP BY state",
            row => (State: (OrderState)row.Int("state"), Count: row.Int("n"))), cancellation).ConfigureAwait(false);
        return rows.ToDictionary(row => row.State, row => row.Count);
    }

    /// <inheritdoc/>
    public async Task<int> DeleteWriteDataAsync(CancellationToken cancellation = default)
    {
        var deleted = 0;
        for (var some = MaxDeleted; some == MaxDeleted; deleted += some)
            some = await _database.WriteAsync(DeleteWriteData, cancellation).ConfigureAwait(false);
        // The write-ahead log still has older pages: bring it into the file and cut it to nothing. Each time, for it may not have been possible the last.
        await _database.BetweenAsync(engine => engine.Compact(), cancellation).ConfigureAwait(false);
        return deleted;
    }

    private int DeleteWriteData(StoreTransaction connection)
    {
        var orders = OrderRow.SelectRight(connection, """
            order_id IN (SELECT order_id FROM orders
              WHERE sealed IS NOT NULL AND state IN ($issued, $voided, $rewritten, $cancelled) AND ended_at <= $before LIMIT $most)
            """,
            ("$issued", OrderState.Issued), ("$voided", OrderState.Voided), ("$rewritten", OrderState.Rewritten),
            ("$cancelled", OrderState.Cancelled),
            ("$before", _database.Now - _options.KeepWriteData), ("$most", MaxDeleted));
        foreach (var order in orders)
        {
            connection.UpdateRow(SealedTable.Orders, order.Order.Value, ("sealed", null), ("code_verifier", null), ("updated_at", _database.Now));
            connection.Log(new LogEntry("store", null, null, order.Order, LogDirection.None, 0, "WriteDataDeleted"));
        }
        return orders.Count;
    }

    private async Task<DeskOutcome> ActAsync(
        OrderId order, CenterPerson? person, object detail, string kind, Func<StoreTransaction, OrderRow, DeskOutcome> act, CancellationToken cancellation)
    {
        _database.Check(person!);
        return await _database.WriteAsync(connection =>
        {
            if (!person!.MayNow(connection, PersonRoles.Clerk | PersonRoles.Supervisor, person.Issuer)) return DeskOutcome.NotAllowed;
            if (OrderRow.Find(connection, order) is not { } row || !person.IsFor(row.Issuer)) return DeskOutcome.NotFound;
            var outcome = act(connection, row);
            if (outcome is DeskOutcome.Done) connection.Log(ConsoleLog.Of(kind, detail, order));
            return outcome;
        }, cancellation).ConfigureAwait(false);
    }

    internal static int NextSequence(StoreView connection, string customer, IssuerId? issuer) => (int)connection.Number(
        "SELECT coalesce(max(sequence) + 1, 0) FROM orders WHERE customer = $customer AND coalesce(issuer, '') = $issuer AND rewrite IS NULL",
        ("$customer", customer), ("$issuer", issuer?.Value ?? ""));

    private static OrderView View(StoreView connection, OrderRow row) => new(
        row.Order, row.Customer, row.Sequence, row.Product, row.State,
        row.State == OrderState.Issued && FeedOutbox.IsTold(connection, row.Order, FeedEventKind.Issued),
        row.VoidReason is not null && row.State != OrderState.Voided, row.Card, row.Progress, row.WaitingRecord, row.Fence, row.Claim?.Session,
        row.Claim?.Terminal, row.Claim?.LeaseUntil, row.CodeExpires, row.CodeSpent, row.Display, row.Imported, row.Updated, row.Ended)
    {
        Rewrite = row.Rewrite,
        Issuer = row.Issuer,
        Branch = row.Branch,
    };
}
