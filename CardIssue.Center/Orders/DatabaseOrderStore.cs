using CardIssue.Center.Issuers;
using CardIssue.Center.People;
using CardIssue.Center.Products;
using CardIssue.Center.Storage;
using CardIssue.Center.Terminals;
using CardIssue.Center.Vault;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Center.Orders;

/// <summary>Orders in the center's store.</summary>
public sealed class DatabaseOrderStore : IOrderStore
{
    /// <summary>What a code is checked for when there is no order: any name will do, the verdict is not used.</summary>
    private static readonly OrderId Nobody = new("-");

    private readonly CenterDatabase _database;
    private readonly OrderOptions _options;

    /// <summary>Uses an open store.</summary>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">An option is out of its range.</exception>
    public DatabaseOrderStore(CenterDatabase database, OrderOptions options)
    {
        ArgumentNullException.ThrowIfNull(database);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _database = database;
        _options = options;
        History = new StoreHistory(database);
        Hosts = new HostPresence(database, database.Time);
    }

    /// <inheritdoc/>
    public IStoreHistory History { get; }

    /// <inheritdoc/>
    public IHostPresence Hosts { get; }

    /// <summary>The most products that the log's entry names.</summary>
    private const int MaxNoted = 100;

    /// <inheritdoc/>
    public Task<ImportOutcome> ImportAsync(ProductRecord product, IReadOnlyList<NewOrder> orders, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(product);
        ArgumentNullException.ThrowIfNull(orders);
        return ImportAsync([new ImportBatch(product, orders)], cancellation);
    }

    /// <inheritdoc/>
    public Task<ImportOutcome> ImportAsync(IReadOnlyList<ImportBatch> batches, CancellationToken cancellation = default) => ImportAsync(batches, null, cancellation);

    /// <inheritdoc/>
    public async Task<ImportOutcome> ImportAsync(IReadOnlyList<ImportBatch> batches, CenterPerson? person, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(batches);
        if (person is not null) _database.Check(person);
        ValueList<ImportRefusal> faults = [.. batches.SelectMany(batch => OrderImport.Faults(batch.Product, batch.Orders, _database.Now))];
        if (faults.Count > 0) return new ImportOutcome(0, faults);
        try
        {
            var count = await _database.WriteAsync(connection =>
            {
                if (person?.MayNow(connection, PersonRoles.Clerk | PersonRoles.Supervisor, person.Issuer) == false)
                    throw new ImportRefusedException([new ImportRefusal(0, null, $"{person} has not the role for it")]);
                if (person is not null && NotHis(connection, batches, person) is { } product)
                    throw new ImportRefusedException([new ImportRefusal(0, null, $"product {product} is not issuer {person.Issuer}'s")]);
                ValueList<ImportRefusal> clashes =
                    [.. batches.SelectMany(batch => OrderImport.Add(connection, batch.Product, batch.Orders, _database.Now))];
                if (clashes.Count > 0) throw new ImportRefusedException(clashes);
                var orders = batches.Sum(batch => batch.Orders.Count);
                connection.Log(ConsoleLog.Of("OrdersImported", new
                {
                    person = person?.Name.Value, orders, products = batches.Take(MaxNoted).Select(batch => batch.Product.Ref.ToString()),
                }));
                return orders;
            }, cancellation).ConfigureAwait(false);
            return new ImportOutcome(count, default);
        }
        catch (ImportRefusedException refused)
        {
            return new ImportOutcome(0, refused.Refusals);
        }
    }

    /// <summary>A product that is not of whom its person is; null where all are.</summary>
    private static ProductRef? NotHis(StoreView store, IReadOnlyList<ImportBatch> batches, CenterPerson person)
    {
        var owners = IssuerTable.Owners(store);
        return batches.FirstOrDefault(batch => !person.IsFor(DatabaseProductStore.IssuerOf(batch.Product, owners, out _)))?.Product.Ref;
    }

    /// <inheritdoc/>
    public async Task<ClaimOutcome> ClaimAsync(
        string reference, Func<OrderId, ByteString, bool> codeFits, OrderClaimant claimant, IReadOnlyList<SessionRecord>? before = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(codeFits);
        ArgumentNullException.ThrowIfNull(claimant);
        if (claimant.Operator is null) throw new ArgumentException("A claim by code names its operator.", nameof(claimant));
        var (declined, counted) = await _database.WriteAsync(
            connection =>
            {
                Commit(connection, before ?? []);
                return UnlessAltered(() => OrderClaiming.Begin(connection, reference, claimant.Terminal, _options, _database.Now),
                    altered => (altered with { Order = OrderClaiming.IdOf(connection, reference) }, null));
            }, cancellation).ConfigureAwait(false);
        if (counted is null) return declined!;
        // Outside of any transaction: the check is slow on purpose.
        var (fits, lack) = Check(codeFits, counted);
        if (counted.Order is null) return new ClaimOutcome.Declined(DeclineCode.OrderOrCode, counted.NotFound, null);
        if (lack is not null) return await LacksAsync(counted, lack, cancellation).ConfigureAwait(false);
        if (!fits) return new ClaimOutcome.Declined(DeclineCode.OrderOrCode, "the issue code is wrong", counted.Order);
        return await _database.WriteAsync(
            connection => UnlessAltered(() => OrderClaiming.Finish(connection, counted, claimant, _options, _database.Now),
                altered => altered with { Order = counted.Order }), cancellation).ConfigureAwait(false);
    }

    /// <returns>Whether the code fits, or why that can't be said here.</returns>
    private static (bool Fits, string? Lack) Check(Func<OrderId, ByteString, bool> codeFits, OrderClaiming.CountedTry counted)
    {
        try
        {
            return (codeFits(counted.Order ?? Nobody, counted.Verifier), null);
        }
        catch (KeyVaultException lacks)
        {
            return (false, lacks.Message);
        }
    }

    /// <summary>Nobody's try: no code was right or wrong.</summary>
    private async Task<ClaimOutcome> LacksAsync(OrderClaiming.CountedTry counted, string lack, CancellationToken cancellation)
    {
        await _database.WriteAsync(
            connection =>
            {
                CodeAttempts.TakeBack(connection, counted.Attempt);
                return true;
            }, cancellation).ConfigureAwait(false);
        return new ClaimOutcome.Declined(DeclineCode.CenterLacks, lack, counted.Order);
    }

    /// <inheritdoc/>
    public async Task<ClaimOutcome> ResumeAsync(
        ByteString token, OrderClaimant claimant, IReadOnlyList<SessionRecord>? before = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(claimant);
        return await _database.WriteAsync(
            connection =>
            {
                Commit(connection, before ?? []);
                return UnlessAltered<ClaimOutcome>(
                    () => OrderClaiming.Resume(connection, token, claimant, _options, _database.Now), altered => altered);
            }, cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<bool> RenewAsync(OrderId order, long fence, CancellationToken cancellation = default) => await _database.WriteAsync(
        connection => connection.Update(SealedTable.Orders, "lease_until = $until",
            "order_id = $order AND fence = $fence AND claim_session IS NOT NULL",
            ("$until", _database.Now + _options.Lease), ("$order", order), ("$fence", fence)) == 1,
        cancellation).ConfigureAwait(false);

    /// <inheritdoc/>
    public async Task<CommitOutcome> CommitAsync(IReadOnlyList<SessionRecord> records, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(records);
        return await _database.WriteAsync(connection => Commit(connection, records), cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<SaveOutcome> SaveAsync(OrderId order, long fence, OrderChange change, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(change);
        return await _database.WriteAsync(
            connection => OrderSaving.Save(connection, order, fence, change, _options, _database.Now), cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<int> ReleaseSessionsOfHostAsync(string host, CancellationToken cancellation = default)
    {
        _database.Serve();
        return await _database.WriteAsync(
            connection =>
            {
                var held = OrderRow.SelectRight(connection, "claim_host = $host", ("$host", host));
                foreach (var order in held)
                    OrderTransition.Release(order).Save(connection, _database.Now, "Released", $"host {host} started anew");
                return held.Count;
            },
            cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public Task<CardRecord> CardAsync(CardId card, CancellationToken cancellation = default) =>
        _database.ReadAsync(connection => CardRegistry.Look(connection, card, _options.CardTries), cancellation);

    /// <inheritdoc/>
    public Task<int> CardTriesAsync(CardId card, CancellationToken cancellation = default) =>
        _database.ReadAsync(connection => CardRegistry.Tries(connection, card), cancellation);

    /// <summary>What was changed in the file is refused by name, and what stands before it in the commit is kept.</summary>
    private static T UnlessAltered<T>(Func<T> claim, Func<ClaimOutcome.Declined, T> refuse)
    {
        try
        {
            return claim();
        }
        catch (StoreException altered) when (altered.Fault is StoreFault.Altered)
        {
            return refuse(new ClaimOutcome.Declined(DeclineCode.CenterLacks, altered.Message, null));
        }
    }

    private CommitOutcome Commit(StoreTransaction store, IReadOnlyList<SessionRecord> records)
    {
        for (var i = 0; i < records.Count; i++)
        {
            switch (records[i])
            {
                case SessionRecord.Logged(var entry, var digest, var at):
                    store.Log(entry, digest, at);
                    break;
                case SessionRecord.Shown(var terminal, var note):
                    WitnessNotes.Keep(store, terminal, note);
                    break;
                case SessionRecord.Faulted(var terminal, var fault):
                    TerminalFaults.Count(store, terminal, fault, _options.TerminalFaults, _database.Now - _options.CodeWindow, _database.Now);
                    break;
                case SessionRecord.Saved(var order, var fence, var change) saved:
                    if (OrderSaving.Save(store, order, fence, change, _options, _database.Now) is var outcome and not SaveOutcome.Saved) return new CommitOutcome(i, outcome);
                    if (saved.Receipt.Length > 0) KeptReceipts.Keep(store, order, saved.Receipt);
                    break;
            }
        }
        return new CommitOutcome(records.Count, null);
    }
}
