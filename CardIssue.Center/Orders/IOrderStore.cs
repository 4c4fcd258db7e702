using CardIssue.Center.People;
using CardIssue.Center.Products;
using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;

namespace CardIssue.Center.Orders;

/// <summary>
/// The orders as sessions use them. Every change is durable when its call returns; a call that fails has changed nothing, or says so as
/// <see cref="StoreException"/>, after which the session must stop and the order be claimed anew.
/// </summary>
public interface IOrderStore
{
    /// <summary>
    /// How far the store is, and whether terminals remember that it was further. Of the store itself: one in front of it hands it on, or
    /// the center has no witnesses.
    /// </summary>
    IStoreHistory History { get; }

    /// <summary>That this host serves, for the others of the same store. Handed on likewise.</summary>
    IHostPresence Hosts { get; }

    /// <summary>Adds a product version (unless it is there already, unchanged) and orders for it: all, or none.</summary>
    /// <exception cref="StoreException">It could not be saved; none was imported.</exception>
    Task<ImportOutcome> ImportAsync(ProductRecord product, IReadOnlyList<NewOrder> orders, CancellationToken cancellation = default);

    /// <summary>Adds several products with their orders in one transaction: all, or none.</summary>
    /// <exception cref="StoreException">It could not be saved; none was imported.</exception>
    Task<ImportOutcome> ImportAsync(IReadOnlyList<ImportBatch> batches, CancellationToken cancellation = default);

    /// <summary>Adds several products with their orders in one transaction, together with what the log says of it: all, or none.</summary>
    /// <param name="batches">The products with their orders.</param>
    /// <param name="person">Who takes them in; null for a host that does so by itself.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="StoreException">It could not be saved; none was imported.</exception>
    Task<ImportOutcome> ImportAsync(IReadOnlyList<ImportBatch> batches, CenterPerson? person, CancellationToken cancellation = default);

    /// <summary>
    /// Claims an order for a session. A try of the code is counted durably, for the customer and for the terminal, before the code is checked;
    /// a right code takes the count back, and so does one that can't be checked here.
    /// </summary>
    /// <param name="reference">An order number, or a customer id with exactly one open order.</param>
    /// <param name="codeFits">Checks the code against the stored verifier of an order; called once, also for an unknown order (with another's, under a name that no order has), so
    /// that both take as long; never called when the tries are used up. Where it throws <see cref="Vault.KeyVaultException"/> the center lacks a key
    /// for it, and the claim is declined as that (<c>CenterLacks</c>).</param>
    /// <param name="claimant">Who asks; with an operator.</param>
    /// <param name="before">What the session did until now; in the commit that counts the try.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="ArgumentException">The claimant has no operator.</exception>
    /// <exception cref="StoreException">It could not be saved.</exception>
    Task<ClaimOutcome> ClaimAsync(string reference, Func<OrderId, ByteString, bool> codeFits, OrderClaimant claimant, IReadOnlyList<SessionRecord>? before = null, CancellationToken cancellation = default);

    /// <summary>Claims again by resume token: good for the terminal that it was given to, until the order ends. Takes over from that terminal's own older session at once. An order that is done meanwhile is told as done, for <see cref="OrderOptions.ReceiptKept"/>, and until another order begins at that terminal.</summary>
    /// <exception cref="StoreException">It could not be saved.</exception>
    Task<ClaimOutcome> ResumeAsync(ByteString token, OrderClaimant claimant, IReadOnlyList<SessionRecord>? before = null, CancellationToken cancellation = default);

    /// <summary>Renews the lease of a claim.</summary>
    /// <returns>False when the claim is lost.</returns>
    /// <exception cref="StoreException">It could not be saved.</exception>
    Task<bool> RenewAsync(OrderId order, long fence, CancellationToken cancellation = default);

    /// <summary>
    /// Makes what a session did durable, in its order and in one commit: changes of its order, each as <see cref="SaveAsync"/> saves it, and what the log says.
    /// A refused change ends it: what stands before it is kept, the rest is not.
    /// </summary>
    /// <exception cref="InvalidOperationException">A change does not fit the order's state: a local bug. Nothing was saved.</exception>
    /// <exception cref="StoreException">It could not be saved; nothing of it was.</exception>
    Task<CommitOutcome> CommitAsync(IReadOnlyList<SessionRecord> records, CancellationToken cancellation = default);

    /// <summary>Saves a change and its row of history in one transaction; the one that issues the card also its row in the registry and the feed's event. Renews the lease.</summary>
    /// <exception cref="InvalidOperationException">The change does not fit the order's state: a local bug. Nothing was saved.</exception>
    /// <exception cref="StoreException">It could not be saved.</exception>
    Task<SaveOutcome> SaveAsync(OrderId order, long fence, OrderChange change, CancellationToken cancellation = default);

    /// <summary>
    /// Lets go of every claim of a host's sessions. At that host's start, when all its earlier sessions are known to be dead: the store
    /// must see to that.
    /// </summary>
    /// <returns>How many there were.</returns>
    /// <exception cref="StoreException">Another center serves from this store, or it could not be saved; nothing was let go.</exception>
    Task<int> ReleaseSessionsOfHostAsync(string host, CancellationToken cancellation = default);

    /// <summary>What the center knows of a card whose cryptogram was verified.</summary>
    Task<CardRecord> CardAsync(CardId card, CancellationToken cancellation = default);

    /// <summary>Authentications begun on this card without success.</summary>
    Task<int> CardTriesAsync(CardId card, CancellationToken cancellation = default);
}
