using CardIssue.Center.Approvals;
using CardIssue.Center.Orders;
using CardIssue.Center.Recovery;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Test.Center;

[TestFixture, Parallelizable]
public class LogReconciliationTest
{
    // Each order's name says where it is when the store is lost; those of "kept" are there before the backup and nobody touches them
    // after it.
    private static readonly string[] Kept = ["kept-ready", "kept-bound", "kept-writing", "kept-closing", "kept-waiting", "kept-waiting-ready", "kept-issued", "kept-voided"];
    private static readonly string[] Touched =
        ["claimed", "bound", "writing", "closing", "issued", "waiting", "waiting-ready", "retried", "voided", "issued-voided", "void-ordered", "renewed"];

    private StoreBench _bench = null!;
    private RememberingFeed _feed = null!;
    private int _card;

    [SetUp]
    public async Task Open()
    {
        _bench = await StoreBench.OpenAsync();
        _feed = new RememberingFeed();
        _card = 0;
    }

    [TearDown]
    public async Task Close() => await _bench.DisposeAsync();

    private Task ImportAsync(IEnumerable<string> orders) => _bench.ImportAsync([.. orders.Select(order => _bench.New(order, "c-" + order))]);

    /// <summary>Brings an order to where its name says.</summary>
    private async Task BringAsync(string name)
    {
        var where = name.Replace("kept-", "", StringComparison.Ordinal).Replace("lost-", "", StringComparison.Ordinal);
        var card = StoreBench.Card(++_card);
        _bench.Time.Advance(TimeSpan.FromSeconds(1));
        if (where == "ready") return;
        if (where == "renewed")
        {
            await _bench.Desk.RenewCodeAsync(new OrderId(name), ByteString.FromHex("0BAD"), _bench.Time.GetUtcNow().AddDays(9), _bench.Ann);
            return;
        }
        if (where is "voided")
        {
            await _bench.VoidAsync(new OrderId(name), "not wanted");
            return;
        }
        if (where is "issued" or "issued-voided")
        {
            await _bench.IssueAsync(name, card);
            if (where == "issued") return;
            await _bench.VoidAsync(new OrderId(name), "stolen");
            await _bench.Pump(_feed).PumpAsync();
            return;
        }
        var claim = await _bench.ClaimedAsync(name, session: $"s-{name}");
        OrderChange bound = new OrderChange.Bound(card);
        await _bench.SaveAsync(claim, where switch
        {
            "claimed" => [],
            "bound" or "void-ordered" => [bound],
            "writing" => [bound, new OrderChange.Leaving(1, 1), new OrderChange.Confirmed(1), new OrderChange.Leaving(2, 2)],
            "closing" => [bound, new OrderChange.Leaving(1, 1), new OrderChange.Confirmed(1), new OrderChange.Closing(1)],
            "waiting" or "retried" => [bound, new OrderChange.Leaving(1, 3), new OrderChange.Waiting(1)],
            "waiting-ready" => [new OrderChange.Waiting(1)],
            _ => throw new ArgumentException(name),
        });
        if (where != "claimed") await _bench.SaveAsync(claim, new OrderChange.Released());
        if (where == "retried") await _bench.Desk.RetryAsync(new OrderId(name), _bench.Ann, "new reader");
        if (where == "void-ordered") await _bench.VoidAsync(new OrderId(name), "broke");
    }

    private async Task<Dictionary<string, OrderView>> ViewsAsync() => (await _bench.Desk.ListAsync()).ToDictionary(view => view.Order.Value);

    /// <summary>What must be the same again; a session's claim is not.</summary>
    private static (OrderState, CardId?, OrderProgress, int?, bool, bool) Standing(OrderView view) => (
        view.State == OrderState.Claimed ? OrderState.Ready : view.State, view.Card, view.Progress, view.WaitingRecord, view.CodeSpent, view.VoidOrdered);

    private async Task<Dictionary<string, OrderView>> WorkAsync()
    {
        await ImportAsync([.. Kept, .. Touched]);
        foreach (var order in Kept) await BringAsync(order);
        await _bench.Pump(_feed).PumpAsync();
        await _bench.BackUpAsync();
        foreach (var order in Touched) await BringAsync(order);
        await ImportAsync(["lost-ready", "lost-issued", "lost-writing"]);
        await BringAsync("lost-issued");
        await BringAsync("lost-writing");
        return await ViewsAsync();
    }

    [Test]
    public async Task EveryState_SettledFromTheLaterLog_IsAsItWas([Values] bool fromExport)
    {
        var lost = await WorkAsync();
        var export = fromExport ? await _bench.ExportLogAsync() : null;
        var aside = await _bench.LoseAndRestoreAsync();
        var restored = await ViewsAsync();
        foreach (var order in Kept.Concat(Touched).Except(["kept-issued", "kept-voided"]))
            Assert.That(restored[order].State, Is.EqualTo(OrderState.Quarantined), order);

        var plan = await _bench.SettleAsync(export ?? aside);

        Assert.That(plan.Missing, Is.Empty);
        Assert.That(plan.Steps.Where(step => step.Way is ReconcileWay.ByHand), Is.Empty);
        var settled = await ViewsAsync();
        foreach (var order in Kept.Concat(Touched))
        {
            Assert.That(Standing(settled[order]), Is.EqualTo(Standing(lost[order])), order);
            Assert.That(settled[order].Fence, Is.GreaterThanOrEqualTo(lost[order].Fence), order);
        }
        Assert.That(plan.Count(ReconcileWay.AsBefore), Is.EqualTo(Kept.Length - 2));
        Assert.That(plan.Count(ReconcileWay.AsLogged), Is.EqualTo(Touched.Length));
        Assert.That(await _bench.Desk.PutBackAsync(), Is.Null, "the put-back is settled with it");
        foreach (var order in new[] { "issued", "issued-voided", "writing", "kept-issued" })
            Assert.That((await _bench.Orders.CardAsync(lost[order].Card!.Value)).IsUsableFor(new OrderId("claimed")), Is.False, order);

        // A waiting order knows what it waits in; a renewed code is lost; the ready ones go on.
        Assert.That(await _bench.Desk.RetryAsync(new OrderId("kept-waiting"), _bench.Ann, "go on"), Is.EqualTo(DeskOutcome.Done));
        Assert.That((await _bench.ClaimedAsync("kept-waiting", session: "s9")).State, Is.EqualTo(OrderState.Writing));
        Assert.That(await _bench.DeclineAsync("renewed"), Is.EqualTo(DeclineCode.OrderOrCode));
        await _bench.IssueAsync("kept-ready", StoreBench.Card(900));
        await _bench.Pump(_feed).PumpAsync();
        Assert.That((await _bench.ViewAsync("void-ordered")).State, Is.EqualTo(OrderState.Voided), "the void that was ordered is finished");
        Assert.That((await _bench.StoredLog().VerifyAsync()).IsOk, Is.True);
        Assert.That((await _bench.StoredLog().ReadAsync(new())).Select(row => row.Entry.Kind), Has.Member(LogReconciliation.Kind));
    }

    [Test]
    public async Task ImportedSinceTheBackup_ImportedAgain_IsIssuedOnceOnly()
    {
        var lost = await WorkAsync();
        var log = await _bench.ExportLogAsync();
        await _bench.LoseAndRestoreAsync();
        var plan = await _bench.SettleAsync(log);
        Assert.That(plan.Steps.Where(step => step.Way is ReconcileWay.ImportAgain).Select(step => step.Order.Value),
            Is.EqualTo(new[] { "lost-issued", "lost-ready", "lost-writing" }));
        var card = lost["lost-issued"].Card!.Value;
        Assert.That((await _bench.Orders.CardAsync(card)).Standing, Is.EqualTo(CardStanding.Issued), "it is nobody else's");

        await ImportAsync(["lost-ready", "lost-issued", "lost-writing"]);
        Assert.That((await _bench.ViewAsync("lost-ready")).State, Is.EqualTo(OrderState.Ready));
        Assert.That(await _bench.DeclineAsync("lost-issued"), Is.EqualTo(DeclineCode.Waiting));
        Assert.That(await _bench.DeclineAsync("lost-writing"), Is.EqualTo(DeclineCode.Waiting));

        var again = await _bench.SettleAsync(log);
        Assert.That(again.Count(ReconcileWay.Settled), Is.EqualTo(Touched.Length));
        foreach (var order in new[] { "lost-issued", "lost-writing" }) Assert.That(Standing(await _bench.ViewAsync(order)), Is.EqualTo(Standing(lost[order])), order);
        Assert.That((await _bench.Orders.CardAsync(card)).Order, Is.EqualTo(new OrderId("lost-issued")));
        Assert.That(await _bench.DeclineAsync("lost-issued"), Is.EqualTo(DeclineCode.AlreadyIssued));
    }

    /// <summary>Imported before anybody settled it: no order of the lost time may be begun anew.</summary>
    [Test]
    public async Task ImportedBeforeItIsSettled_IsQuarantinedAndSettledWithTheOthers()
    {
        var lost = await WorkAsync();
        var log = await _bench.ExportLogAsync();
        await _bench.LoseAndRestoreAsync();
        await ImportAsync(["lost-ready", "lost-issued", "new"]);
        foreach (var order in new[] { "lost-ready", "lost-issued", "new" }) Assert.That(await _bench.DeclineAsync(order), Is.EqualTo(DeclineCode.Waiting), order);
        await _bench.SettleAsync(log);
        Assert.That(Standing(await _bench.ViewAsync("lost-issued")), Is.EqualTo(Standing(lost["lost-issued"])));
        foreach (var order in new[] { "lost-ready", "new" }) Assert.That((await _bench.ViewAsync(order)).State, Is.EqualTo(OrderState.Ready), order);
    }

    [TestCase("changed")]
    [TestCase("taken out")]
    [TestCase("forged")]
    [TestCase("doubled")]
    [TestCase("no JSON")]
    [TestCase("another seal")]
    public async Task LogThatIsNotWhatTheCenterWrote_IsRefused(string how)
    {
        await WorkAsync();
        var log = await _bench.ExportLogAsync();
        await _bench.LoseAndRestoreAsync();
        var lines = (await File.ReadAllLinesAsync(log)).ToList();
        // Both are of the lost time: the last entry, and the seal of the chain's end behind it.
        var (last, seal) = (lines.FindLastIndex(line => line.Contains("\"kind\"", StringComparison.Ordinal)), lines.Count - 1);
        if (how == "changed") lines[last] = lines[last].Replace("\"fence\":1", "\"fence\":2", StringComparison.Ordinal);
        if (how == "taken out") lines.RemoveAt(last - 1);
        if (how == "doubled") lines.Insert(last, lines[last]);
        if (how == "no JSON") lines[last] = lines[last][..^3];
        if (how == "another seal") lines[seal] = lines[seal].Replace("\"generation\":", "\"generation\":9", StringComparison.Ordinal);
        if (how == "forged")
        {
            // The chain is computed anew from the change on; only the MAC can't be.
            using var document = System.Text.Json.JsonDocument.Parse(lines[last].Replace("\"fence\":1", "\"fence\":2", StringComparison.Ordinal));
            var row = CardIssue.Center.Storage.LogJson.RowFrom(document.RootElement);
            using var before = System.Text.Json.JsonDocument.Parse(lines[last - 1]);
            var hash = CardIssue.Center.Storage.LogChain.HashOf(CardIssue.Center.Storage.LogJson.RowFrom(before.RootElement).Hash, row);
            lines[last] = lines[last].Replace("\"fence\":1", "\"fence\":2", StringComparison.Ordinal)
                .Replace($"\"hash\":\"{row.Hash}\"", $"\"hash\":\"{hash}\"", StringComparison.Ordinal);
        }
        await File.WriteAllLinesAsync(log, lines);

        var fault = await Assert.ThrowsAsync<RecoveryException>(() => _bench.SettleAsync(log));
        Assert.That(fault!.Fault, Is.EqualTo(RecoveryFault.Altered), fault.Message);
        Assert.That((await _bench.ViewAsync("kept-ready")).State, Is.EqualTo(OrderState.Quarantined));
    }

    [Test]
    public async Task CutLog_IsIncomplete_AndSettlesOnlyWhatItNamesWithACard()
    {
        await WorkAsync();
        var log = await _bench.ExportLogAsync();
        await _bench.LoseAndRestoreAsync();
        var lines = await File.ReadAllLinesAsync(log);
        var end = Array.FindIndex(lines, line => line.Contains("\"order\":\"retried\"", StringComparison.Ordinal) && line.Contains("\"kind\":\"Claimed\"", StringComparison.Ordinal));
        await File.WriteAllLinesAsync(log, lines[..end]);

        var fault = await Assert.ThrowsAsync<RecoveryException>(() => _bench.SettleAsync(log));
        Assert.That(fault!.Fault, Is.EqualTo(RecoveryFault.Incomplete));
        Assert.That(fault.Message, Does.Contain("cut off"));
        Assert.That((await _bench.ViewAsync("issued")).State, Is.EqualTo(OrderState.Quarantined), "nothing was settled");

        await _bench.SettleAsync(log, endsHere: true);
        var views = await ViewsAsync();
        Assert.That(views["issued"].State, Is.EqualTo(OrderState.Issued));
        Assert.That(views["writing"].State, Is.EqualTo(OrderState.Writing));
        Assert.That(views["writing"].Progress.Unproved, Is.EqualTo(views["writing"].Progress.Furthest), "its card may be further by now");
        foreach (var order in Kept.Except(["kept-issued", "kept-voided"]).Append("claimed").Append("retried"))
            Assert.That(views[order].State, Is.EqualTo(OrderState.Quarantined), order);
        Assert.That(await _bench.Desk.PutBackAsync(), Is.Not.Null, "people go on with the others");
    }

    /// <summary>A whole log, sealed, but of before what is known to have happened: the backup's own.</summary>
    [TestCase(true)]
    [TestCase(false)]
    public async Task EarlierLog_IsIncomplete(bool checkpoint)
    {
        await WorkAsync();
        var earlier = LostStore.BackupOf(_bench);
        if (checkpoint) await _bench.StoredLog().CheckpointAsync();
        await _bench.Database.DisposeAsync();
        if (checkpoint) Directory.Delete(Path.Combine(_bench.Directory, "log"), recursive: true);
        _bench.Restore(overNewer: true);
        await _bench.StartAsync();
        var plan = await _bench.Reconciliation().PlanAsync(earlier, null, endsHere: false);
        Assert.That(plan.Missing, Has.One.Contains(checkpoint ? "vouches for entry" : "had come to commit"));
        Assert.That(plan.Steps.Select(step => step.Way), Is.All.EqualTo(ReconcileWay.ByHand));
    }

    [Test]
    public async Task NothingTellsHowFarItWas_IsIncomplete()
    {
        await WorkAsync();
        var log = await _bench.ExportLogAsync();
        await _bench.Database.DisposeAsync();
        Directory.Delete(Path.Combine(_bench.Directory, "log"), recursive: true);
        _bench.Restore(overNewer: true);
        await _bench.StartAsync();
        var plan = await _bench.Reconciliation().PlanAsync(log, null, endsHere: false);
        Assert.That(plan.Missing, Has.One.Contains("nothing tells how far"));
    }

    [Test]
    public async Task LogOfAnotherStoreOrVault_IsRefused()
    {
        await WorkAsync();
        await _bench.LoseAndRestoreAsync();
        await using var other = await StoreBench.OpenAsync();
        await other.ImportAsync(other.New("o1"));
        var fault = await Assert.ThrowsAsync<RecoveryException>(() => _bench.Reconciliation().PlanAsync(other.Directory, null, endsHere: true));
        Assert.That(fault!.Fault, Is.EqualTo(RecoveryFault.Foreign));
    }

    /// <summary>What this store did itself since it was put back is not undone by a log of before.</summary>
    [Test]
    public async Task ChangedHereSince_StaysForPeople()
    {
        await WorkAsync();
        var log = await _bench.ExportLogAsync();
        await _bench.LoseAndRestoreAsync();
        await _bench.VoidAsync(new OrderId("claimed"), "customer went away");
        var plan = await _bench.SettleAsync(log);
        Assert.That(plan.Steps.Single(step => step.Way == ReconcileWay.ByHand).Order.Value, Is.EqualTo("claimed"));
        Assert.That((await _bench.ViewAsync("claimed")).State, Is.EqualTo(OrderState.Voided));
    }

    [Test]
    public async Task ChangedSinceThePlan_NothingIsSettled()
    {
        await WorkAsync();
        var log = await _bench.ExportLogAsync();
        await _bench.LoseAndRestoreAsync();
        var plan = await _bench.Reconciliation().PlanAsync(log, null, endsHere: false);
        await _bench.VoidAsync(new OrderId("kept-ready"), "customer went away");
        var fault = await Assert.ThrowsAsync<RecoveryException>(() => _bench.CarryOutAsync(plan));
        Assert.That(fault!.Fault, Is.EqualTo(RecoveryFault.Changed));
        Assert.That((await _bench.ViewAsync("issued")).State, Is.EqualTo(OrderState.Quarantined));
    }

    [Test]
    public async Task OnePersonAlone_OrAnotherPlanThanWasApproved_SettlesNothing()
    {
        await WorkAsync();
        var log = await _bench.ExportLogAsync();
        await _bench.LoseAndRestoreAsync();
        var plan = await _bench.Reconciliation().PlanAsync(log, null, endsHere: false);
        using var asked = await _bench.Approvals.AskAsync(_bench.Ann, plan.ToAct(), "restored");
        using var alone = await _bench.Approvals.ApproveAsync(_bench.Ann, asked.Id);
        Assert.That(alone.Outcome, Is.EqualTo(ApprovalOutcome.SamePerson));
        await IsNotApproved(plan);
        using var approved = await _bench.Approvals.ApproveAsync(_bench.Bob, asked.Id);
        await IsNotApproved(await _bench.Reconciliation().PlanAsync(log, null, endsHere: true));
        Assert.That((await _bench.ViewAsync("issued")).State, Is.EqualTo(OrderState.Quarantined));
        await _bench.Reconciliation().CarryOutAsync(plan, _bench.Ann, asked.Id);
        Assert.That((await _bench.ViewAsync("issued")).State, Is.EqualTo(OrderState.Issued));
        await IsNotApproved(plan);

        async Task IsNotApproved(ReconcilePlan tried) => Assert.That(
            (await Assert.ThrowsAsync<RecoveryException>(() => _bench.Reconciliation().CarryOutAsync(tried, _bench.Ann, asked.Id)))!.Fault,
            Is.EqualTo(RecoveryFault.NotApproved));
    }

    [Test]
    public async Task NeverPutBack_ThereIsNothingToSettle()
    {
        await WorkAsync();
        await Assert.ThrowsAsync<RecoveryException>(() => _bench.Reconciliation().PlanAsync(_bench.Directory, null, endsHere: false));
    }
}
