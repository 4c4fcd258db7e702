using CardIssue.Center.People;
using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;

namespace CardIssue.Center.Orders;

/// <summary>What became of an operator's action at the center.</summary>
public enum DeskOutcome
{
    /// <summary>Done.</summary>
    Done = 1,
    /// <summary>The void is ordered; it takes effect once the issuer's feed was told to block the card (<see cref="Feed.FeedPump"/>).</summary>
    BlockOrdered = 2,
    /// <summary>No such order.</summary>
    NotFound = 3,
    /// <summary>The order's state does not allow it.</summary>
    WrongState = 4,
    /// <summary>The person has not the role for it.</summary>
    NotAllowed = 5,
    /// <summary>It was reissued already.</summary>
    AlreadyReissued = 6,
    /// <summary>What was given does not fit: an order id or sequence number that is taken, a card that belongs to another order, an impossible progress.</summary>
    DoesNotFit = 7,
    /// <summary>Fewer than two supervisors would be left who are not locked.</summary>
    TooFewSupervisors = 8,
    /// <summary>It is a rewrite: it voids no card. While nothing of it has left it may be cancelled.</summary>
    VoidsNoCard = 9,
    /// <summary>Something of a rewrite has left: its card is changed until the whole of it is there, at any branch.</summary>
    GoesForward = 10,
}

/// <summary>What the log and the card showed of a quarantined order.</summary>
public abstract record Reconciliation
{
    private Reconciliation() { }

    /// <summary>It goes on from where the log and the card say it is.</summary>
    /// <param name="Card">The card that it is bound to; null when none was.</param>
    /// <param name="Progress">How far it is; nothing confirmed or in doubt, and attempt 1, when no record left.</param>
    /// <param name="Closing">Whether its closing had left.</param>
    public sealed record GoesOn(CardId? Card, OrderProgress Progress, bool Closing = false) : Reconciliation;

    /// <summary>Its card was issued, or rewritten. Where the store does not have that yet, the issuer's feed is told.</summary>
    public sealed record WasIssued(CardId Card) : Reconciliation;
}

/// <summary>An order as the center's operator sees it.</summary>
/// <param name="Order">Its number.</param>
/// <param name="Customer">The customer's id.</param>
/// <param name="Sequence">The sequence number of the customer's card.</param>
/// <param name="Product">What is written.</param>
/// <param name="State">Where it stands.</param>
/// <param name="IsLive">Issued, and the issuer's feed was told.</param>
/// <param name="VoidOrdered">Whether it is being voided: the feed is not told to block yet.</param>
/// <param name="Card">The card that it is bound to.</param>
/// <param name="Progress">How far it is.</param>
/// <param name="WaitingRecord">The record that it waits at.</param>
/// <param name="Fence">The number of the latest claim.</param>
/// <param name="Session">The session that has it.</param>
/// <param name="Terminal">That session's terminal.</param>
/// <param name="LeaseUntil">Until when it has it.</param>
/// <param name="CodeExpires">When its issue code ends.</param>
/// <param name="CodeSpent">Whether the code is spent: it resumes the bound card and binds no other.</param>
/// <param name="Display">What the terminal's operator sees.</param>
/// <param name="Imported">When it was imported.</param>
/// <param name="Updated">When it was last changed.</param>
/// <param name="Ended">When it was issued or voided.</param>
public sealed record OrderView(
    OrderId Order, string Customer, int Sequence, Products.ProductRef Product, OrderState State, bool IsLive, bool VoidOrdered, CardId? Card,
    OrderProgress Progress, int? WaitingRecord, long Fence, string? Session, TerminalId? Terminal, DateTimeOffset? LeaseUntil, DateTimeOffset CodeExpires,
    bool CodeSpent, string Display, DateTimeOffset Imported, DateTimeOffset Updated, DateTimeOffset? Ended)
{
    /// <summary>Which of its product's rewrites it is; null for an issue.</summary>
    public string? Rewrite { get; init; }

    /// <summary>Whose order it is; null for the center's own.</summary>
    public IssuerId? Issuer { get; init; }

    /// <summary>The branch that it is to be begun at; null for any.</summary>
    public BranchId? Branch { get; init; }
}

/// <summary>A receipt that is shown again.</summary>
/// <param name="Order">The order.</param>
/// <param name="State">Where it stands now: it may have been voided since.</param>
/// <param name="Card">Its card.</param>
/// <param name="Ended">When it was done, UTC.</param>
/// <param name="Text">
/// What it said, word for word; null where none was kept: of an order that is not done, that a version before issued, or that was settled from a log.
/// </param>
public sealed record ShownReceipt(OrderId Order, OrderState State, CardId? Card, DateTimeOffset? Ended, string? Text);

/// <summary>One change of an order.</summary>
/// <param name="At">When, UTC.</param>
/// <param name="Fence">Under which claim.</param>
/// <param name="Change">The change's name.</param>
/// <param name="Detail">What it was about.</param>
/// <param name="State">The state after it.</param>
/// <param name="Progress">The progress after it.</param>
public sealed record OrderHistoryEntry(DateTimeOffset At, long Fence, string Change, string Detail, OrderState State, OrderProgress Progress);

/// <summary>
/// Orders as the center's people use them. Each action drops a session's claim on the order and is kept in the order's history with the person's name. What undoes
/// safety is not here: it is asked for by one and approved by another (<see cref="Approvals.IApprovals"/>).
/// </summary>
/// <remarks>Every call throws <see cref="StoreException"/> when the store cannot be read or written; then nothing was changed.</remarks>
public interface IOrderDesk
{
    /// <summary>The most rows that a list returns.</summary>
    public const int MaxListed = 10_000;

    /// <summary>Lets a waiting order go on, with its attempts at 1 again and with the card that it has.</summary>
    Task<DeskOutcome> RetryAsync(OrderId order, CenterPerson person, string reason, CancellationToken cancellation = default);

    /// <summary>
    /// Gives an order a new issue code. It clears its customer's wrong tries, for they were at the old code; where another order of the customer is open they stay, or
    /// renewing one would give tries at the other (<see cref="Approvals.CenterAct.ClearCodeTries"/>).
    /// </summary>
    Task<DeskOutcome> RenewCodeAsync(OrderId order, ByteString verifier, DateTimeOffset expires, CenterPerson person, CancellationToken cancellation = default);

    /// <summary>A new order in place of a voided one, once. Its customer must be the same and its sequence number the next (<see cref="NextSequenceAsync"/>).</summary>
    Task<DeskOutcome> ReissueAsync(OrderId voided, NewOrder replacement, CenterPerson person, CancellationToken cancellation = default);

    /// <summary>
    /// Gives up a rewrite: of one of which nothing has left the card is as it was. Of any other only when its card is voided, for it goes
    /// forward else.
    /// </summary>
    Task<DeskOutcome> CancelAsync(OrderId order, CenterPerson person, string reason, CancellationToken cancellation = default);

    /// <summary>The one issued card that is meant: the card that a rewrite is to be bound to.</summary>
    Task<CardFinding> FindCardAsync(CardReference reference, CancellationToken cancellation = default);

    /// <summary>A card that is issued, or was, and what is on it, version by version; null for every other.</summary>
    Task<IssuedCard?> CardAsync(CardId card, CancellationToken cancellation = default);

    /// <summary>The sequence number of a customer's next card.</summary>
    /// <param name="customer">The customer's id.</param>
    /// <param name="issuer">Whose customer; null for the center's own.</param>
    /// <param name="cancellation">Ends the wait.</param>
    Task<int> NextSequenceAsync(string customer, IssuerId? issuer = null, CancellationToken cancellation = default);

    /// <summary>Quarantines every order that is not issued or voided, and every one issued since <paramref name="issuedSince"/> (the time of the backup).</summary>
    /// <returns>How many; null when the person has not the role for it.</returns>
    Task<int?> QuarantineAllAsync(DateTimeOffset? issuedSince, CenterPerson person, string reason, CancellationToken cancellation = default);

    /// <summary>
    /// The latest put-back that is not settled: the store was found to be an older copy of itself. Null when there is none.
    /// <see cref="Approvals.CenterAct.SettlePutBack"/> settles it.
    /// </summary>
    Task<PutBackView?> PutBackAsync(CancellationToken cancellation = default);

    /// <summary>Orders by number, at most <see cref="MaxListed"/>; of one state or of all.</summary>
    Task<IReadOnlyList<OrderView>> ListAsync(OrderState? state = null, int most = MaxListed, CancellationToken cancellation = default);

    /// <summary>All orders that fit, by number, as many as there are: a page at a time, so that memory stays flat.</summary>
    IAsyncEnumerable<OrderView> EnumerateAsync(OrderQuery query, CancellationToken cancellation = default);

    /// <summary>All cards of the registry that fit, by identity, in the same way.</summary>
    IAsyncEnumerable<CardView> EnumerateCardsAsync(CardQuery query, CancellationToken cancellation = default);

    /// <summary>One order, or null.</summary>
    Task<OrderView?> GetAsync(OrderId order, CancellationToken cancellation = default);

    /// <summary>An order's history, oldest first.</summary>
    Task<IReadOnlyList<OrderHistoryEntry>> HistoryAsync(OrderId order, CancellationToken cancellation = default);

    /// <summary>What an order's receipt said, to be printed again; the log says who looked.</summary>
    /// <param name="order">An order that is done, or was.</param>
    /// <param name="person">Who looks: a clerk, a supervisor or an auditor.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The receipt where the outcome is <see cref="DeskOutcome.Done"/>.</returns>
    Task<(DeskOutcome Outcome, ShownReceipt? Receipt)> ReceiptAsync(OrderId order, CenterPerson person, CancellationToken cancellation = default);

    /// <summary>How many orders are in each state that has any.</summary>
    Task<IReadOnlyDictionary<OrderState, int>> CountAsync(CancellationToken cancellation = default);

    /// <summary>Deletes the write data of orders that ended longer than <see cref="OrderOptions.KeepWriteData"/> ago; its place in the file is overwritten.</summary>
    /// <returns>Of how many orders.</returns>
    /// <exception cref="StoreException">It is deleted, and stands in the write-ahead log still, for somebody reads; call it again.</exception>
    Task<int> DeleteWriteDataAsync(CancellationToken cancellation = default);
}
