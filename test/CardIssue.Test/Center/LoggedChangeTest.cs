using CardIssue.Center.Orders;
using CardIssue.Center.Recovery;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;

namespace CardIssue.Test.Center;

public sealed class LoggedChangeTest
{
    private static readonly DateTimeOffset Noon = new(2025, 3, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>One claim, two hosts: the other's clock is an hour behind, its chain is long, and the commits say how it was.</summary>
    [Test]
    public void ChangesOfTwoHosts_InOrder_AreThatOfTheirCommits()
    {
        LoggedChange[] changes = [Change("VoidOrdered", 7, Noon.AddHours(-1), 900), Change("Bound", 6, Noon, 3), Change("Claimed", 5, Noon.AddSeconds(-1), 2)];
        Assert.That(changes.Order(LoggedChange.InOrder).Select(change => change.Change), Is.EqualTo(new[] { "Claimed", "Bound", "VoidOrdered" }));
        Assert.That(OrderTrail.Of(changes).Last.Change, Is.EqualTo("VoidOrdered"));
    }

    [Test]
    public void ChangesOfVersionsBefore_InOrder_AreByClaimThenTime_AndBeforeThoseWithACommit()
    {
        LoggedChange[] changes =
            [Change("Reconciled", 1, Noon.AddDays(-1), 1), Change("Claimed", 0, Noon, 9, fence: 2), Change("Bound", 0, Noon.AddHours(1), 4), Change("Claimed", 0, Noon, 5)];
        Assert.That(changes.Order(LoggedChange.InOrder).Select(change => (change.Change, change.Fence)),
            Is.EqualTo(new[] { ("Claimed", 1L), ("Bound", 1L), ("Claimed", 2L), ("Reconciled", 1L) }));
    }

    private static LoggedChange Change(string change, long commit, DateTimeOffset at, long sequence, long fence = 1) =>
        new(new OrderId("o1"), at, sequence, change, fence, OrderState.Bound, null, default, "", commit);
}
