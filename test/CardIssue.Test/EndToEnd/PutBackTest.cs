using CardIssue.Center.Approvals;
using CardIssue.Center.People;
using CardIssue.Center.Orders;
using CardIssue.Center.Storage;
using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Modules;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Terminal.Relay;
using CardIssue.Test.Modules;

namespace CardIssue.Test.EndToEnd;

/// <summary>
/// A center's whole folder is put back from a copy and served, as an attacker or a tired operator would: the first terminal that comes in
/// and remembers more shows it, and nothing is issued of what may have changed until people have settled it.
/// </summary>
[TestFixture, Parallelizable]
public sealed class PutBackTest
{

    [Test]
    public async Task WholeFolder_PutBackAfterAnIssue_IssuesNoSecondCard()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.OrderAsync("o-1", Products.EndToEnd());
        await shop.OrderAsync("o-2", Products.EndToEnd());
        await shop.CopyCenterAsync();
        shop.Reader.Insert(Shop.Card(1));
        Assert.That((await shop.IssueAsync("o-1")).Ending, Is.EqualTo(IssueEnding.Issued));
        shop.Reader.Remove();
        await shop.ShowsAsync("Ready");

        await shop.PutBackAsync();
        var second = Shop.Card(2);
        shop.Reader.Insert(second);
        var outcome = await shop.IssueAsync("o-1");

        Assert.That((outcome.Ending, outcome.Detail), Is.EqualTo((IssueEnding.Declined, nameof(DeclineCode.Waiting))));
        Assert.That(second.Inspect().Application(Products.Application).IsPersonalized, Is.False);
        Assert.That((await shop.ViewAsync("o-1")).State, Is.EqualTo(OrderState.Quarantined));
        Assert.That((await shop.ViewAsync("o-2")).State, Is.EqualTo(OrderState.Quarantined), "nobody can tell that nothing came of it");
        var found = (await shop.Desk.PutBackAsync())!;
        Assert.That((found.Orders, found.Quarantined), Is.EqualTo((2, 2)));
        Assert.That(found.FoundBy, Does.StartWith($"terminal {Shop.TerminalName}"));
        Assert.That(found.ToldGeneration, Is.GreaterThan(found.KnownGeneration));
        Assert.That((await shop.Log.ReadAsync(new LogQuery())).Select(row => row.Entry.Kind), Has.Member("PutBack").And.Member("Witness"));
        Assert.That((await shop.Desk.HistoryAsync(new OrderId("o-1")))[^1].Detail, Does.Contain("put back").And.Contain("generation"));
    }

    /// <summary>An embedder's own store in front of the center's.</summary>
    [Test]
    public async Task OrdersBehindAnotherStore_Issue_TheTerminalIsAWitness()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.RestartCenterAsync(Walls.Trap.Replace(shop.Services, nameof(CardIssue.Center.Sessions.CenterServices.Orders), new Walls.Trap().Before(shop.Services.Orders)));
        await shop.OrderAsync("o-1", Products.EndToEnd());
        shop.Reader.Insert(Shop.Card(1));
        Assert.That((await shop.IssueAsync("o-1")).Ending, Is.EqualTo(IssueEnding.Issued));
        Assert.That(File.Exists(shop.NoteFile), Is.True);
    }

    [Test]
    public async Task WholeFolder_PutBackToBeforeTheOrder_WhatIsImportedAgainIsQuarantined([Values] bool importedFirst)
    {
        await using var shop = await Shop.OpenAsync();
        await shop.CopyCenterAsync();
        await shop.OrderAsync("o-1", Products.EndToEnd());
        shop.Reader.Insert(Shop.Card(1));
        Assert.That((await shop.IssueAsync("o-1")).Ending, Is.EqualTo(IssueEnding.Issued));
        shop.Reader.Remove();
        await shop.ShowsAsync("Ready");

        await shop.StopTerminalAsync();
        await shop.PutBackAsync();
        if (importedFirst) await shop.OrderAsync("o-1", Products.EndToEnd());
        shop.StartTerminal();
        await shop.HasAccessAsync();
        if (!importedFirst) await shop.OrderAsync("o-1", Products.EndToEnd());
        shop.Reader.Insert(Shop.Card(2));
        var outcome = await shop.IssueAsync("o-1");

        Assert.That((outcome.Ending, outcome.Detail), Is.EqualTo((IssueEnding.Declined, nameof(DeclineCode.Waiting))));
        Assert.That((await shop.Desk.PutBackAsync())!.Quarantined, Is.EqualTo(1));
    }

    [Test]
    public async Task WholeFolder_PutBackInMidRecord_TheCardThatWasBegunIsNotGoneOnWith()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.OrderAsync("o-1", Products.EndToEnd());
        await shop.CopyCenterAsync();
        shop.Reader.Insert(Shop.Card(1));
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        shop.WhenShown("WritingRecord  1", () => begun.TrySetResult());
        var issuing = shop.IssueAsync("o-1");
        await begun.Task;

        await shop.PutBackAsync();

        Assert.That((await issuing).Ending, Is.Not.EqualTo(IssueEnding.Issued), "the terminal knew that the card was bound before it wrote");
        await shop.ReachesAsync("o-1", OrderState.Quarantined);
    }

    [Test]
    public async Task PutBack_SettledByPeople_IsNotFoundAgain_AndOrdersGoOn()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.OrderAsync("o-1", Products.EndToEnd());
        await shop.OrderAsync("o-2", Products.EndToEnd());
        await shop.CopyCenterAsync();
        shop.Reader.Insert(Shop.Card(1));
        Assert.That((await shop.IssueAsync("o-1")).Ending, Is.EqualTo(IssueEnding.Issued));
        var card = (await shop.ViewAsync("o-1")).Card!.Value;
        shop.Reader.Remove();
        await shop.ShowsAsync("Ready");
        await shop.PutBackAsync();
        await shop.HasAccessAsync();

        Assert.That(await DoAsync(shop, new CenterAct.SettlePutBack()), Is.EqualTo(DeskOutcome.DoesNotFit));
        Assert.That(await DoAsync(shop, new CenterAct.ReconcileOrder(new OrderId("o-1"), new Reconciliation.WasIssued(card))), Is.EqualTo(DeskOutcome.Done));
        Assert.That(await DoAsync(shop, new CenterAct.ReconcileOrder(new OrderId("o-2"), new Reconciliation.GoesOn(null, OrderProgress.None))), Is.EqualTo(DeskOutcome.Done));
        Assert.That(await DoAsync(shop, new CenterAct.SettlePutBack()), Is.EqualTo(DeskOutcome.Done));
        await shop.RestartTerminalAsync();
        await shop.HasAccessAsync();
        await shop.OrderAsync("o-3", Products.EndToEnd());

        Assert.That(await shop.Desk.PutBackAsync(), Is.Null);
        foreach (var order in new[] { "o-2", "o-3" })
        {
            shop.Reader.Insert(Shop.Card(order == "o-2" ? 2u : 3u));
            Assert.That((await shop.IssueAsync(order)).Ending, Is.EqualTo(IssueEnding.Issued), order);
            shop.Reader.Remove();
        }
        Assert.That((await shop.ViewAsync("o-2")).Fence, Is.GreaterThan(PutBack.Leap), "above all that were given in what is lost");
        Assert.That(await DoAsync(shop, new CenterAct.SettlePutBack()), Is.EqualTo(DeskOutcome.WrongState));
    }

    [Test]
    public async Task ATerminal_OfflineForLong_RemembersLess_AndNothingHappens()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.HasAccessAsync();
        await shop.UntilNoteAsync();
        await shop.StopTerminalAsync();
        var note = File.ReadAllBytes(shop.NoteFile);
        shop.StartTerminal();
        await shop.OrderAsync("o-1", Products.EndToEnd());
        shop.Reader.Insert(Shop.Card(1));
        Assert.That((await shop.IssueAsync("o-1")).Ending, Is.EqualTo(IssueEnding.Issued));
        shop.Reader.Remove();
        await shop.StopTerminalAsync();
        Assert.That(File.ReadAllBytes(shop.NoteFile), Is.Not.EqualTo(note));
        File.WriteAllBytes(shop.NoteFile, note);
        await shop.OrderAsync("o-2", Products.EndToEnd());

        shop.StartTerminal();
        await shop.HasAccessAsync();

        Assert.That((await shop.ViewAsync("o-2")).State, Is.EqualTo(OrderState.Ready));
        Assert.That(await shop.Desk.PutBackAsync(), Is.Null);
    }

    [Test]
    public async Task ATerminal_WithJunkOrAForgedNote_QuarantinesNothing()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.OrderAsync("o-1", Products.EndToEnd());
        using var stranger = P256PrivateKey.Generate();
        var forged = SignedWitnessNote.Sign(
            new WitnessNote(shop.Vault.Identity.Id, ByteString.Own(new byte[16]), long.MaxValue, "host-1", long.MaxValue, ByteString.Own(new byte[32])), stranger);
        foreach (var junk in new[] { forged, ByteString.Own([1, 2, 3]) })
        {
            shop.WrapModule = module => new ShowingModule(module, junk);
            await shop.RestartTerminalAsync();
            await shop.HasAccessAsync();
        }

        await shop.LogsAsync(row => row.Entry.Kind == "NoteRefused");
        Assert.That((await shop.ViewAsync("o-1")).State, Is.EqualTo(OrderState.Ready));
        Assert.That(await shop.Desk.PutBackAsync(), Is.Null);
    }

    /// <summary>A module that shows what it is told to.</summary>
    private sealed class ShowingModule(ISecureModule inner, ByteString note) : ModuleAround(inner)
    {
        public override ByteString Note => note;

        public override NoteKeeping KeepNote(ByteString kept) => NoteKeeping.Older;
    }

    /// <summary>Asked for by one and approved by another.</summary>
    private static async Task<DeskOutcome> DoAsync(Shop shop, CenterAct act)
    {
        var approvals = new DatabaseApprovals(shop.Database, shop.Vault, new PeopleOptions(), new OrderOptions());
        var asked = await approvals.AskAsync(TestPeople.Of(shop.Database, "ann"), act, "test");
        return (asked.Outcome is ApprovalOutcome.Done ? await approvals.ApproveAsync(TestPeople.Of(shop.Database, "bob"), asked.Id) : asked).Act!.Value;
    }
}
