using CardIssue.Center.Orders;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Terminal.Relay;
using CardIssue.Test.Center;
using CardIssue.Testing.Cards;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Test.EndToEnd;

/// <summary>The flow S210 to S320 with real parts: center on SQLite, vault, relay, secure module, virtual card.</summary>
[TestFixture]
public sealed class IssuingTest
{
    [TestCase("endToEnd")]
    [TestCase("module")]
    public async Task GenuineCard_IsIssued_HoldsTheCustomersData(string mode)
    {
        await using var shop = await Shop.OpenAsync();
        await shop.OrderAsync("o-1", Products.EndToEnd(mode: mode));
        var card = Shop.Card(1);
        shop.Reader.Insert(card);

        var outcome = await shop.IssueAsync("o-1");

        Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.Issued), outcome.Detail);
        var application = card.Inspect().Application(Products.Application);
        Assert.Multiple(() =>
        {
            Assert.That(application.IsPersonalized, Is.True);
            Assert.That(application.Records[new RecordReference(1, 2)], Is.EqualTo(ByteString.FromHex("70105A0847617390010101195F2403301231")));
            Assert.That(application.Dgis[0x8000], Is.EqualTo(ByteString.FromHex(Products.Fields["keys"])));
        });
        Assert.That((await shop.ViewAsync("o-1")).State, Is.EqualTo(OrderState.Issued));
        Assert.That((await shop.Log.VerifyAsync()).Findings, Is.Empty);
        Assert.That(shop.Relay.HoldsNothing, Is.True);
    }

    [Test]
    public async Task CardTakenOut_NextCustomer_IsServedOnTheSameAccess()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.OrderAsync("o-1", Products.EndToEnd());
        await shop.OrderAsync("o-2", Products.EndToEnd());
        shop.Reader.Insert(Shop.Card(1));
        await shop.IssueAsync("o-1");
        shop.Reader.Remove();

        var next = shop.IssueAsync("o-2");
        shop.Reader.Insert(Shop.Card(2));

        Assert.That((await next).Ending, Is.EqualTo(IssueEnding.Issued));
        Assert.That(shop.Shown.Count(s => s.StartsWith("S220", StringComparison.Ordinal)), Is.EqualTo(1));
    }

    [Test]
    public async Task OrderOfAnotherBranch_IsDeclinedByName_AndIssuedOnceTheTerminalIsOfIt()
    {
        await using var shop = await Shop.OpenAsync();
        var north = new BranchId("north");
        await shop.OrderAsync("o-1", Products.EndToEnd(), branch: north);
        var declined = await shop.IssueAsync("o-1");
        Assert.That((declined.Ending, declined.Reason), Is.EqualTo((IssueEnding.Declined, IssueReason.OrderOtherBranch)));
        await shop.LogsAsync(row => row.Entry.Kind == "Declining" && row.Entry.Detail.Contains("branch north", StringComparison.Ordinal));
        await shop.Registry.SetBranchAsync(Shop.TerminalName, north, TestPeople.Of(shop.Database));
        shop.Reader.Insert(Shop.Card(1));
        Assert.That((await shop.IssueAsync("o-1")).Ending, Is.EqualTo(IssueEnding.Issued));
    }

    [Test]
    public async Task CardWithAnotherKey_IsRefusedAndNotTouched_AnotherIsIssued()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.OrderAsync("o-1", Products.EndToEnd());
        var foreign = Shop.Card(9, genuine: false);
        shop.Reader.Insert(foreign);
        var issuing = shop.IssueAsync("o-1");
        await shop.ShowsAsync("CardRejected NotGenuine");
        Assert.That(foreign.Inspect().FailedAuthentications, Is.Zero, "a wrong key must not burn a try");

        shop.Reader.Insert(Shop.Card(1));

        Assert.That((await issuing).Ending, Is.EqualTo(IssueEnding.Issued));
    }

    [Test]
    public async Task WrongCode_IsDeclined_LikeAnUnknownOrder()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.OrderAsync("o-1", Products.EndToEnd());
        var wrongCode = await shop.IssueAsync("o-1", "0000");
        var unknown = await shop.IssueAsync("o-9");
        Assert.That((wrongCode.Ending, wrongCode.Detail), Is.EqualTo((IssueEnding.Declined, nameof(DeclineCode.OrderOrCode))));
        Assert.That(unknown, Is.EqualTo(wrongCode with { At = unknown.At }));
    }

    [Test]
    public async Task UnknownReader_IsRefused_TheCardIsNotTouched()
    {
        await using var shop = await Shop.OpenAsync(enrolReader: false);
        await shop.OrderAsync("o-1", Products.EndToEnd());
        var card = Shop.Card(1);
        shop.Reader.Insert(card);
        var outcome = await shop.IssueAsync("o-1");
        Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.ReaderRefused));
        Assert.That(card.Commands, Is.Zero);
        await shop.ReachesAsync("o-1", OrderState.Ready);
    }

    [Test]
    public async Task DisabledTerminal_IsRefused_AndItIsLogged()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.Registry.EnableAsync(Shop.TerminalName, false);
        await shop.RestartTerminalAsync();
        await shop.ShowsAsync("AccessRefused");
        var log = await shop.Log.ReadAsync(new CardIssue.Center.Storage.LogQuery());
        Assert.That(log.Select(row => row.Entry.Kind), Has.Some.EqualTo("Refusing"));
    }

    [Test]
    public async Task Cancelled_BeforeACardIsIn_TheOrderIsReadyAgain()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.OrderAsync("o-1", Products.EndToEnd());
        using var cancel = new CancellationTokenSource();
        var issuing = shop.IssueAsync("o-1", cancellation: cancel.Token);
        await shop.ShowsAsync("S240");
        await cancel.CancelAsync();
        Assert.That(async () => await issuing, Throws.InstanceOf<OperationCanceledException>());
        await shop.ReachesAsync("o-1", OrderState.Ready);
    }

    [Test]
    public async Task IssuedCard_ForAnotherOrder_IsRefused()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.OrderAsync("o-1", Products.EndToEnd());
        await shop.OrderAsync("o-2", Products.EndToEnd());
        var issued = Shop.Card(1);
        shop.Reader.Insert(issued);
        await shop.IssueAsync("o-1");
        shop.Reader.Remove();
        var next = shop.IssueAsync("o-2");
        await shop.ShowsAsync("S240", 2);
        shop.Reader.Insert(issued);
        await shop.ShowsAsync("CardRejected InUse");
        shop.Reader.Insert(Shop.Card(2));
        Assert.That((await next).Ending, Is.EqualTo(IssueEnding.Issued));
    }
}
