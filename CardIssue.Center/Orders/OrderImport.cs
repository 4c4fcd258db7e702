using CardIssue.Center.Issuers;
using CardIssue.Center.Products;
using CardIssue.Center.Storage;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Orders;

/// <summary>Puts new orders into the store, inside a transaction that the caller undoes when one is refused.</summary>
internal static class OrderImport
{
    /// <summary>What is wrong with the list by itself; told before anything is written.</summary>
    public static IEnumerable<ImportRefusal> Faults(ProductRecord product, IReadOnlyList<NewOrder> orders, DateTimeOffset now)
    {
        var seen = new HashSet<OrderId>();
        var accounts = new Dictionary<ByteString, int>();
        for (var i = 0; i < orders.Count; i++)
        {
            var order = orders[i];
            var fault = Fault(product, order, now)
                ?? (!seen.Add(order.Order) ? "its order id is twice in the list" : null)
                ?? (!order.AccountDigest.IsEmpty && !accounts.TryAdd(order.AccountDigest, i + 1) && !order.MayRepeatAccount
                    ? $"its card number and sequence number are those of order {accounts[order.AccountDigest]} of the list"
                    : null);
            if (fault is not null) yield return new ImportRefusal(i + 1, order.Order, fault);
        }
    }

    /// <summary>What is wrong with an order by itself; null for nothing.</summary>
    public static string? Fault(ProductRecord product, NewOrder order, DateTimeOffset now) => order.Fault
        ?? (order.Product != product.Ref ? $"it names product {order.Product}; the import is for {product.Ref}" : null)
        ?? (order.CodeExpires <= now ? "its issue code has expired already" : null);

    /// <summary>Adds a product and its orders; says what stands against it, for all of them, and then the transaction must be undone.</summary>
    public static IEnumerable<ImportRefusal> Add(
        StoreTransaction connection, ProductRecord product, IReadOnlyList<NewOrder> orders, DateTimeOffset now)
    {
        if (DatabaseProductStore.Add(connection, product, now) is { } fault)
        {
            yield return new ImportRefusal(0, null, fault);
            yield break;
        }
        var (read, issuer) = (new ProductTexts(connection), DatabaseProductStore.IssuerOf(product, IssuerTable.Owners(connection), out _));
        for (var i = 0; i < orders.Count; i++)
        {
            var clash = IssuerFault(issuer, orders[i]) ?? RewriteFault(connection, product.Ref, read, orders[i]) ?? Add(connection, product.Mode, orders[i], null, now);
            if (clash is not null) yield return new ImportRefusal(i + 1, orders[i].Order, clash);
        }
    }

    /// <summary>What stands against an order that is sealed for another issuer than its product's; null for nothing.</summary>
    public static string? IssuerFault(IssuerId? ofProduct, NewOrder order) => order.Issuer == ofProduct ? null
        : $"it is {Whose(order.Issuer)}, and its product {order.Product} is {Whose(ofProduct)}";

    private static string Whose(IssuerId? issuer) => issuer is { } of ? $"issuer {of}'s" : "no issuer's";

    /// <summary>
    /// What stands against a rewrite's card: not issued, not the customer's, or of a product or version that the rewrite does not begin
    /// from, when all that waits for it is done.
    /// </summary>
    /// <param name="connection">The store.</param>
    /// <param name="product">The rewrite's.</param>
    /// <param name="read">Has the products.</param>
    /// <param name="order">The rewrite.</param>
    /// <param name="before">Rewrites of its card that come before it and are not in the store yet.</param>
    public static string? RewriteFault(
        StoreView connection, ProductRef product, ProductTexts read, NewOrder order, IReadOnlyList<CardContent>? before = null)
    {
        if (order.Rewrite is not { } rewrite) return null;
        if (read.Find(product)?.Rewrite(rewrite.Name)?.Doing is not { } doing) return $"product {product} has no rewrite {rewrite.Name}";
        var (card, refusal) = CardContents.Find(connection, new CardReference(order.Customer, Card: rewrite.Card) { Issuer = order.Issuer });
        if (card is null) return refusal;
        if (card.Sequence != order.Sequence) return $"its card has sequence number {card.Sequence}";
        var then = card.Contents.Concat(before ?? []).Where(content => content.IsOnCardThen).ToList();
        var onCard = then.Count == 0 ? card.Product : then[^1].Product;
        if (!Begins(doing, product, onCard))
            return $"card {card.Card} has product {onCard}, and {rewrite.Name} of {product} does not begin from that";
        return KeysFault(read.Find(product)!, rewrite.Name, CardKeys.After(then, read.Find)) is { } fault
            ? $"rewrite {rewrite.Name} of {product} can't be done on card {card.Card}: {fault}" : null;
    }

    /// <summary>Why a rewrite and the keys of its card do not go together; null where they do.</summary>
    public static string? KeysFault(CardProduct product, string rewrite, CardKeys? onCard) => onCard is null
        ? "which keys it has, nobody can tell: a product that it was written by is missing"
        : ProductRules.KeysFault(product.Rewrite(rewrite, onCard.Held)!, [.. onCard.Had]);

    /// <summary>Whether a rewrite begins from what a card has.</summary>
    public static bool Begins(RewriteDefinition rewrite, ProductRef product, ProductRef onCard) => onCard.Name == product.Name
        && (rewrite.From.Count == 0 ? onCard.Version == product.Version : rewrite.From.Contains(onCard.Version));

    /// <summary>
    /// Adds one order; returns why not, or null. While a put-back is not settled the order is quarantined: it may be one that was imported before,
    /// and issued, in what is lost. One that a later log knows with a card is quarantined until that log settles it.
    /// </summary>
    public static string? Add(StoreTransaction connection, ProductMode mode, NewOrder order, OrderId? reissueOf, DateTimeOffset now)
    {
        if (Clash(connection, order, connection.Generation) is { } clash) return clash;
        var putBack = PutBack.Unsettled(connection);
        var doubtful = putBack is not null || AbsentOrders.IsKnown(connection, order.Order);
        connection.Insert(SealedTable.Orders, """
            INSERT INTO orders (order_id, customer, sequence, product, product_version, mode, sealed, display, code_verifier, code_expires, state,
              held_state, put_back, reissue_of, account_digest, imported_at, updated_at, card, rewrite, rewrite_number, issuer, branch)
            VALUES ($order, $customer, $sequence, $product, $version, $mode, $sealed, $display, $verifier, $expires, $state,
              $held, $put_back, $reissue_of, $account, $now, $now, $card, $rewrite, $number, $issuer, $branch)
            """,
            ("$order", order.Order), ("$customer", order.Customer), ("$sequence", order.Sequence), ("$product", order.Product.Name),
            ("$version", order.Product.Version), ("$mode", mode), ("$sealed", order.SealedData), ("$display", order.Display),
            ("$verifier", order.CodeVerifier), ("$expires", order.CodeExpires), ("$state", doubtful ? OrderState.Quarantined : OrderState.Ready),
            ("$held", doubtful ? OrderState.Ready : null), ("$put_back", putBack), ("$reissue_of", reissueOf),
            ("$account", order.AccountDigest), ("$now", now), ("$card", order.Rewrite?.Card), ("$rewrite", order.Rewrite?.Name),
            ("$number", order.Rewrite is { } rewrite ? RewriteOrders.Of(connection, rewrite.Card).Count + 1 : null), ("$issuer", order.Issuer),
            ("$branch", order.Branch));
        OrderRow.Find(connection, order.Order)!.AddHistory(connection, now, reissueOf is null ? "Imported" : "Reissued", reissueOf?.Value ?? "");
        return null;
    }

    /// <summary>What stands against an order in the store; null for nothing.</summary>
    /// <param name="connection">The store.</param>
    /// <param name="order">The order.</param>
    /// <param name="commit">The commit that it is to be part of; null where it is only looked at.</param>
    public static string? Clash(StoreView connection, NewOrder order, long? commit = null)
    {
        if (OrderClaiming.IdOf(connection, order.Order.Value) is not null)
        {
            return OrderRow.Look(connection, "order_id = $order", ("$order", order.Order)) is [var known] && known.SealedBy == commit
                ? "an earlier order of the file has its order id" : "its order id is known already";
        }
        if (LogTable.HasChanges(connection, order.Order))
            return "the log has an order of this id, whose row is gone from the store: see log verify --vault";
        if (order.Rewrite is not null) return null;
        var taken = connection.Number(
            "SELECT count(*) FROM orders WHERE customer = $customer AND coalesce(issuer, '') = $issuer AND sequence = $sequence AND rewrite IS NULL",
            ("$customer", order.Customer), ("$issuer", order.Issuer?.Value ?? ""), ("$sequence", order.Sequence));
        if (taken > 0) return $"the customer has an order with sequence number {order.Sequence} already";
        if (order.AccountDigest.IsEmpty || order.MayRepeatAccount) return null;
        var same = OrderRow.Look(connection, "account_digest = $account LIMIT 1", ("$account", order.AccountDigest)).FirstOrDefault();
        return same is null ? null : "its card number and sequence number are those of "
            + (same.Issuer == order.Issuer ? $"order {same.Order}, which is {same.State}" : "an order that is not this issuer's");
    }
}

/// <summary>Undoes the transaction of an import; becomes a result, never leaves the store.</summary>
internal sealed class ImportRefusedException(ValueList<ImportRefusal> refusals) : Exception("An import was refused.")
{
    public ValueList<ImportRefusal> Refusals => refusals;
}
