using CardIssue.Center.Orders;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Test.Center;

/// <summary>What is done at the center's desk, by people whose names these tests don't care for.</summary>
internal static class DeskActs
{
    public static Task<DeskOutcome> RetryAsync(this StoreBench bench, string order) =>
        bench.Desk.RetryAsync(new OrderId(order), bench.Ann, "test");

    public static Task<DeskOutcome> RenewCodeAsync(this StoreBench bench, string order, ByteString verifier, DateTimeOffset expires) =>
        bench.Desk.RenewCodeAsync(new OrderId(order), verifier, expires, bench.Ann);

    public static Task<DeskOutcome> VoidAsync(this StoreBench bench, string order) =>
        bench.VoidAsync(new OrderId(order), "test");

    public static Task<DeskOutcome> ReissueAsync(this StoreBench bench, string order, NewOrder replacement) =>
        bench.Desk.ReissueAsync(new OrderId(order), replacement, bench.Ann);

    public static async Task<int> QuarantineAllAsync(this StoreBench bench, DateTimeOffset? issuedSince = null) =>
        (await bench.Desk.QuarantineAllAsync(issuedSince, bench.Ann, "test"))!.Value;

    public static Task<DeskOutcome> ReconcileAsync(this StoreBench bench, string order, Reconciliation found) =>
        bench.ReconcileAsync(new OrderId(order), found, "test");

    /// <summary>Brings an order, which is there and ready, to a state; on card <paramref name="card"/> where it has one.</summary>
    public static async Task<ClaimOutcome.Claimed> BringToAsync(this StoreBench bench, string order, Standing standing, CardId card)
    {
        var claim = await bench.ClaimedAsync(order);
        OrderChange bound = new OrderChange.Bound(card), leaves = new OrderChange.Leaving(1, 1), confirmed = new OrderChange.Confirmed(1);
        OrderChange closing = new OrderChange.Closing(1), released = new OrderChange.Released();
        OrderChange[] changes = standing switch
        {
            Standing.Ready or Standing.VoidedUnbound or Standing.QuarantinedReady => [released],
            Standing.Claimed => [],
            Standing.Bound => [bound, released],
            Standing.Writing or Standing.Voiding or Standing.Voided or Standing.Quarantined => [bound, leaves, released],
            Standing.Closing => [bound, leaves, confirmed, closing, released],
            Standing.Issued or Standing.QuarantinedIssued or Standing.VoidingIssued =>
                [bound, leaves, confirmed, closing, new OrderChange.Issued(card), released],
            Standing.Waiting => [bound, leaves, new OrderChange.Waiting(1), released],
            Standing.WaitingUnbound => [new OrderChange.Waiting(0), released],
        };
        await bench.SaveAsync(claim, changes);
        if (standing is Standing.Voiding or Standing.Voided or Standing.VoidingIssued)
            Assert.That(await bench.VoidAsync(order), Is.EqualTo(DeskOutcome.BlockOrdered));
        if (standing is Standing.VoidedUnbound) Assert.That(await bench.VoidAsync(order), Is.EqualTo(DeskOutcome.Done));
        if (standing is Standing.Voided) await bench.Pump(new RememberingFeed()).PumpAsync();
        if (standing is Standing.Quarantined or Standing.QuarantinedReady) await bench.QuarantineAllAsync();
        if (standing is Standing.QuarantinedIssued) await bench.QuarantineAllAsync(DateTimeOffset.UnixEpoch);
        return claim;
    }
}

/// <summary>Where an order stands, and how it came there.</summary>
internal enum Standing
{
    Ready, Claimed, Bound, Writing, Closing, Issued, Waiting, WaitingUnbound, Voiding, VoidingIssued, Voided, VoidedUnbound, Quarantined,
        QuarantinedReady,
    QuarantinedIssued,
}
