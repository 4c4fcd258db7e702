using System.Security.Cryptography;
using CardIssue.Center.Storage;
using CardIssue.Center.Terminals;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Center.Orders;

/// <summary>
/// Finds and claims an order. The two halves of a claim by code are transactions of their own: the try is durable before the check. A row
/// that is not this center's latest of the order is a <see cref="StoreException"/> that names it.
/// </summary>
internal static class OrderClaiming
{
    /// <summary>What the first half found: the order, the verifier to check against, and the try that was counted.</summary>
    public sealed record CountedTry(OrderId? Order, string NotFound, ByteString Verifier, long Attempt);

    /// <summary>First half: finds the order and counts a try. Returns why not, or what to check.</summary>
    public static (ClaimOutcome.Declined? Declined, CountedTry? Try) Begin(
        StoreTransaction connection, string reference, TerminalId terminal, OrderOptions options, DateTimeOffset now)
    {
        if (Held(connection, terminal) is { } held) return (held, null);
        var (order, notFound) = Find(connection, reference);
        // An unknown reference is counted as a customer of that name, so that it runs into the limit like a known one.
        var customer = order is null ? reference : CodeAttempts.KeyOf(order);
        if (CodeAttempts.Exhausted(connection, customer, terminal, options, now) is { } exhausted)
            return (new ClaimOutcome.Declined(DeclineCode.TooMany, exhausted, order?.Order), null);
        var attempt = CodeAttempts.Count(connection, customer, terminal, options, now);
        var verifier = order is null ? DecoyVerifier(connection) : Verifier(connection, order.Order);
        return (null, new CountedTry(order?.Order, notFound, verifier ?? ByteString.Empty, attempt));
    }

    /// <summary>Second half, after a right code: takes the try back and claims.</summary>
    public static ClaimOutcome Finish(StoreTransaction connection, CountedTry counted, OrderClaimant claimant, OrderOptions options, DateTimeOffset now)
    {
        var person = claimant.Operator!.Value;
        var order = OrderRow.Find(connection, counted.Order!.Value)!;
        if (order.CodeExpires <= now) return Declined(DeclineCode.OrderOrCode, "the issue code has expired", order);
        // Renewed, or deleted, by somebody while the code was looked at: that counts, for a code is renewed when others know it.
        if (Verifier(connection, order.Order) != counted.Verifier)
            return Declined(DeclineCode.OrderOrCode, "the issue code is not the order's any more", order);
        CodeAttempts.TakeBack(connection, counted.Attempt);
        if (Refusal(connection, order, now, takeOverFrom: null) is { } refusal) return refusal;
        if (Elsewhere(connection, order, claimant.Terminal) is { } elsewhere) return elsewhere;
        OrderAge.Check(connection, order);
        KeptReceipts.Forget(connection, claimant.Terminal);
        var token = ByteString.Own(RandomNumberGenerator.GetBytes(ProtocolLimits.TokenLength));
        connection.UpdateRow(SealedTable.Orders, order.Order.Value,
            ("token_hash", Hash(token)), ("token_terminal", claimant.Terminal), ("token_operator", person));
        return Claim(connection, order, token, claimant, person, options, now);
    }

    /// <summary>Claims by token.</summary>
    public static ClaimOutcome Resume(StoreTransaction connection, ByteString token, OrderClaimant claimant, OrderOptions options, DateTimeOffset now)
    {
        var order = OrderRow.Select(connection, "token_hash = $hash", ("$hash", Hash(token))).FirstOrDefault();
        if (order is null) return new ClaimOutcome.Declined(DeclineCode.OrderOrCode, "no order has this token", null);
        if (order.TokenTerminal != claimant.Terminal.Value)
            return Declined(DeclineCode.OrderOrCode, $"the token was given to terminal {order.TokenTerminal}", order);
        if ((claimant.Operator ?? order.TokenOperator) is not { } person)
            return Declined(DeclineCode.OrderOrCode, "nobody knows any more who was given the token", order);
        if (KeptReceipts.Find(connection, order, options, now) is { } done) return done;
        if (Held(connection, claimant.Terminal) is { } held) return held with { Order = order.Order };
        if (Refusal(connection, order, now, takeOverFrom: claimant.Terminal) is { } refusal) return refusal;
        OrderAge.Check(connection, order);
        return Claim(connection, order, token, claimant, person, options, now);
    }

    private static ClaimOutcome.Declined? Held(StoreView connection, TerminalId terminal) =>
        TerminalFaults.HoldOf(connection, terminal) is { } hold
            ? new ClaimOutcome.Declined(DeclineCode.TerminalHeld, $"terminal {terminal} needs attention since {hold.Since:u}: {hold.Fault}", null)
            : null;

    /// <summary>The order of that number, for the log; null for a customer's id, and for a number that no order has.</summary>
    public static OrderId? IdOf(StoreView connection, string reference) => NameRule.Accepts(reference)
        && connection.Number("SELECT count(*) FROM orders WHERE order_id = $order", ("$order", reference)) > 0
            ? new OrderId(reference) : null;

    private static (OrderRow? Order, string NotFound) Find(StoreView connection, string reference)
    {
        if (!NameRule.Accepts(reference)) return (null, "the reference is no name");
        if (OrderRow.Find(connection, new OrderId(reference)) is { } order) return (order, "");
        var ofCustomer = OrderRow.Select(connection, "customer = $customer ORDER BY sequence, rewrite_number", ("$customer", reference));
        if (ofCustomer.Count == 0) ofCustomer = RewriteOrders.OfCard(connection, reference);
        var open = ofCustomer.Where(candidate => !candidate.IsEnded).ToList();
        return open.Count switch
        {
            1 => (open[0], ""),
            > 1 when RewriteOrders.AreOfOneCard(open) => (open[0], ""),
            0 when ofCustomer.LastOrDefault(candidate => candidate.Rewrite is null) is { State: OrderState.Issued } issued => (issued, ""),
            0 => (null, "no open order"),
            _ => (null, $"the customer has {open.Count} open orders; the order number is needed"),
        };
    }

    private static ClaimOutcome.Declined? Refusal(StoreView connection, OrderRow order, DateTimeOffset now, TerminalId? takeOverFrom)
    {
        if (order.VoidReason is not null && order.State != OrderState.Voided)
            return Declined(DeclineCode.Waiting, "it is being voided", order);
        if (FeedOutbox.BlockWaits(connection, order.Order))
            return Declined(DeclineCode.Waiting, "the issuer is not told yet to block the card that it had", order);
        if (!order.IsEnded && RewriteOrders.Refusal(connection, order) is { } refusal) return Declined(DeclineCode.Waiting, refusal, order);
        return order.State switch
        {
            OrderState.Rewritten => Declined(DeclineCode.AlreadyIssued, "the card is rewritten", order),
            OrderState.Cancelled => Declined(DeclineCode.OrderOrCode, "it is cancelled", order),
            OrderState.Issued => Declined(DeclineCode.AlreadyIssued, "it is issued", order),
            OrderState.Voided => Declined(DeclineCode.OrderOrCode, "it is voided", order),
            OrderState.Waiting => Declined(DeclineCode.Waiting, $"it waits at record {order.WaitingRecord}", order),
            OrderState.Quarantined => Declined(DeclineCode.Waiting, "it is quarantined", order),
            OrderState.Ready or OrderState.Claimed or OrderState.Bound or OrderState.Writing or OrderState.Closing =>
                order.Claim is { } claim && claim.LeaseUntil > now && claim.Terminal != takeOverFrom && !HostTable.IsLost(connection, claim.Host)
                    ? Declined(DeclineCode.Busy, $"session {claim.Session} at terminal {claim.Terminal} has it until {claim.LeaseUntil:O}", order)
                    : null,
        };
    }

    /// <summary>Where an order is begun its issuer may say; a card that something is on already is finished wherever it is brought.</summary>
    private static ClaimOutcome.Declined? Elsewhere(StoreView connection, OrderRow order, TerminalId terminal)
    {
        if (order.Branch is not { } named || order.State is not (OrderState.Ready or OrderState.Claimed)) return null;
        var at = TerminalTable.Find(connection, terminal)?.Branch;
        return at == named ? null
            : Declined(DeclineCode.OtherBranch, $"it is to be issued at branch {named}, and terminal {terminal} is of {(at is { } branch ? $"branch {branch}" : "none")}", order);
    }

    private static ClaimOutcome Claim(
        StoreTransaction connection, OrderRow order, ByteString token, OrderClaimant claimant, OperatorId person, OrderOptions options,
        DateTimeOffset now)
    {
        var sealedData = connection.First("SELECT sealed FROM orders WHERE order_id = $order AND sealed IS NOT NULL",
            row => new Sealed(row.Bytes("sealed")!.Value), ("$order", order.Order));
        if (sealedData is null) return Declined(DeclineCode.NotNow, "its write data was deleted", order);
        // The store's number goes on above all that were ever used when an older copy was put back, and so do fencing numbers.
        var fence = Math.Max(order.Fence + 1, connection.Generation);
        connection.Restart(fence);
        var claimed = order with
        {
            Fence = fence,
            State = order.State == OrderState.Ready ? OrderState.Claimed : order.State,
            Claim = new OrderClaim(claimant.Session, claimant.Host, claimant.Terminal, person, now + options.Lease),
        };
        claimed.Save(connection, now, "Claimed", $"session {claimant.Session}, host {claimant.Host}, terminal {claimant.Terminal}, operator {person}");
        return new ClaimOutcome.Claimed(claimed.Order, claimed.Fence, claimed.State, claimed.Card, claimed.Progress, token, claimed.Display,
            claimed.Product, claimed.Mode, sealedData.Data, claimed.Customer, claimed.Sequence, person)
        {
            Rewrite = claimed.Rewriting,
            Issuer = claimed.Issuer,
            OnCard = claimed.Rewrite is null ? null : CardContents.Of(connection, claimed.Card!.Value),
        };
    }

    private static ByteString? Verifier(StoreView connection, OrderId order) => connection.First(
        "SELECT code_verifier FROM orders WHERE order_id = $order AND code_verifier IS NOT NULL",
        row => new Sealed(row.Bytes("code_verifier")!.Value), ("$order", order))?.Data;

    /// <summary>Any verifier: checking against it takes as long as for a known order.</summary>
    private static ByteString? DecoyVerifier(StoreView connection) => connection.First(
        "SELECT code_verifier FROM orders WHERE code_verifier IS NOT NULL LIMIT 1", row => new Sealed(row.Bytes("code_verifier")!.Value))?.Data;

    /// <summary>Only the token's hash is stored: the file alone does not let anyone resume.</summary>
    private static byte[] Hash(ByteString token) => SHA256.HashData(token.Span);

    private static ClaimOutcome.Declined Declined(DeclineCode code, string detail, OrderRow order) => new(code, detail, order.Order);

    private sealed record Sealed(ByteString Data);
}
