using CardIssue.Center.Products;
using CardIssue.Center.Storage;
using CardIssue.Center.Vault;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;

namespace CardIssue.Center.Orders;

/// <summary>An order as the table has it, without its write data.</summary>
internal sealed record OrderRow
{
    public required OrderId Order { get; init; }
    public required string Customer { get; init; }

    /// <summary>Whose order it is; null for the center's own. Its customer is one of that issuer's.</summary>
    public IssuerId? Issuer { get; init; }

    /// <summary>The branch that it is to be begun at; null for any.</summary>
    public BranchId? Branch { get; init; }
    public required int Sequence { get; init; }
    public required ProductRef Product { get; init; }
    public required ProductMode Mode { get; init; }
    public required string Display { get; init; }
    public required DateTimeOffset CodeExpires { get; init; }
    public bool CodeSpent { get; init; }
    public required OrderState State { get; init; }

    /// <summary>The state to go back to from Waiting or Quarantined.</summary>
    public OrderState? HeldState { get; init; }
    public int? WaitingRecord { get; init; }
    public CardId? Card { get; init; }
    public OrderProgress Progress { get; init; } = OrderProgress.None;
    public long Fence { get; init; }
    public OrderClaim? Claim { get; init; }
    public string? TokenTerminal { get; init; }

    /// <summary>Who claimed with the code; every claim by that claim's token is his.</summary>
    public OperatorId? TokenOperator { get; init; }

    /// <summary>The reason of a void that was ordered; the order is voided once the feed was told to block.</summary>
    public string? VoidReason { get; init; }
    public required DateTimeOffset Imported { get; init; }
    public DateTimeOffset Updated { get; init; }
    public DateTimeOffset? Ended { get; init; }

    /// <summary>Which of its product's rewrites it is; null for an issue.</summary>
    public string? Rewrite { get; init; }

    /// <summary>Of a rewrite its place among those of its card, from 1: they are done in this order.</summary>
    public int RewriteNumber { get; init; }

    /// <summary>What the receipt of an order that is done says, until it need not be told again.</summary>
    public string? Receipt { get; init; }

    /// <summary>The commit that wrote the row; 0 where it has no seal.</summary>
    public long SealedBy { get; init; }

    /// <summary>What the write data must be sealed for.</summary>
    public OrderTerms Terms(ProductTerms product) => new(Order, Customer, Sequence, Display, product) { Rewrite = Rewriting, Issuer = Issuer };

    /// <summary>Which rewrite of which card it is; null for an issue.</summary>
    public RewriteOf? Rewriting => Rewrite is null ? null : new RewriteOf(Rewrite, Card!.Value);

    public bool IsEnded => IsDone || State is OrderState.Voided or OrderState.Cancelled;

    /// <summary>Whether its card has what was ordered.</summary>
    public bool IsDone => State is OrderState.Issued or OrderState.Rewritten;

    /// <summary>Whether its card had what was ordered when a quarantine took the place of that.</summary>
    public bool WasDone => HeldState is OrderState.Issued or OrderState.Rewritten;

    /// <exception cref="StoreException"><see cref="StoreFault.Altered"/>: the row is not what this center wrote.</exception>
    public static OrderRow? Find(StoreView connection, OrderId order) => connection.Row(SealedTable.Orders, order.Value, Read);

    /// <exception cref="StoreException"><see cref="StoreFault.Altered"/>: one is not what this center wrote.</exception>
    public static List<OrderRow> Select(StoreView connection, string where, params ReadOnlySpan<(string, object?)> values) =>
        connection.Query(SealedTable.Orders, where, Read, values);

    /// <summary>Those that this center wrote, where many are changed at once.</summary>
    public static List<OrderRow> SelectRight(StoreView connection, string where, params ReadOnlySpan<(string, object?)> values) =>
        connection.QueryRight(SealedTable.Orders, where, Read, values);

    /// <summary>As they stand there, to be shown: nothing is decided by them. What no order can be is passed over.</summary>
    public static List<OrderRow> Look(StoreView connection, string where, params ReadOnlySpan<(string, object?)> values) =>
        [.. connection.Query(SealedTable.Orders.SelectWhere(where), TryRead, values).OfType<OrderRow>()];

    /// <summary>A row as it stands there; null where somebody put in what no order can be.</summary>
    public static OrderRow? TryRead(StoredRow row)
    {
        try
        {
            return Read(row);
        }
        // FormatException: a name that is none; the others: a value of another type or beyond its range.
        catch (Exception changed) when (
            changed is FormatException or InvalidCastException or InvalidOperationException or OverflowException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>Writes what may change, and a row of history.</summary>
    public void Save(StoreTransaction connection, DateTimeOffset now, string change, string detail)
    {
        connection.UpdateRow(SealedTable.Orders, Order.Value,
            ("code_expires", CodeExpires), ("code_spent", CodeSpent), ("state", State), ("held_state", HeldState), ("waiting_record", WaitingRecord),
            ("card", Card), ("confirmed", Progress.Confirmed), ("in_doubt", Progress.InDoubt), ("attempt", Progress.Attempt),
            ("furthest", Progress.Furthest), ("unproved", Progress.Unproved), ("fence", Fence), ("claim_session", Claim?.Session),
            ("claim_host", Claim?.Host), ("claim_terminal", Claim?.Terminal), ("claim_operator", Claim?.Operator), ("lease_until", Claim?.LeaseUntil),
            ("void_reason", VoidReason), ("updated_at", now), ("ended_at", Ended));
        AddHistory(connection, now, change, detail);
    }

    /// <summary>Says in the order's history, and in the log, what was done with it and where it stands now.</summary>
    public void AddHistory(StoreTransaction connection, DateTimeOffset now, string change, string detail)
    {
        connection.Add(RowsToAdd.OrderHistory,
            Order, now, Fence, change, detail, State, Progress.Confirmed, Progress.InDoubt, Progress.Attempt, Progress.Furthest);
        var logged = LoggedChange.Detail(this, change, detail, connection.Generation);
        var entry = new LogEntry(Claim?.Session ?? NoSession, Claim?.Terminal, null, Order, LogDirection.None, 0, change, logged);
        connection.Log(entry, at: now);
    }

    /// <summary>Who changed an order that no session has.</summary>
    private const string NoSession = "store";

    private static OrderRow Read(StoredRow row) => new()
    {
        Order = new OrderId(row.Text("order_id")!),
        Customer = row.Text("customer")!,
        Issuer = row.Issuer(),
        Branch = row.Branch(),
        Sequence = row.Int("sequence"),
        Product = new ProductRef(row.Text("product")!, row.Int("product_version")),
        Mode = (ProductMode)row.Int("mode"),
        Display = row.Text("display")!,
        CodeExpires = row.Time("code_expires")!.Value,
        CodeSpent = row.Int("code_spent") != 0,
        State = (OrderState)row.Int("state"),
        HeldState = (OrderState?)row.Long("held_state"),
        WaitingRecord = (int?)row.Long("waiting_record"),
        Card = row.Bytes("card") is { } card ? new CardId(card) : null,
        Progress = new OrderProgress(row.Int("confirmed"), row.Int("in_doubt"), row.Int("attempt"), row.Int("furthest"), row.Int("unproved")),
        Fence = row.Long("fence")!.Value,
        Claim = OrderClaim.Read(row),
        TokenTerminal = row.Text("token_terminal"),
        TokenOperator = row.Text("token_operator") is { } person ? new OperatorId(person) : null,
        VoidReason = row.Text("void_reason"),
        Imported = row.Time("imported_at")!.Value,
        Updated = row.Time("updated_at")!.Value,
        Ended = row.Time("ended_at"),
        Rewrite = row.Text("rewrite"),
        RewriteNumber = (int?)row.Long("rewrite_number") ?? 0,
        Receipt = row.Text("receipt"),
        SealedBy = row.Long("seal_generation") ?? 0,
    };
}

/// <summary>The claim of a session on an order.</summary>
internal sealed record OrderClaim(string Session, string Host, TerminalId Terminal, OperatorId? Operator, DateTimeOffset LeaseUntil)
{
    public static OrderClaim? Read(StoredRow row) => row.Text("claim_session") is not { } session ? null : new OrderClaim(
        session, row.Text("claim_host")!, new TerminalId(row.Text("claim_terminal")!),
        row.Text("claim_operator") is { } person ? new OperatorId(person) : null, row.Time("lease_until")!.Value);
}
