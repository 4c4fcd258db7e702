using CardIssue.Center.Storage;
using CardIssue.Center.Terminals;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Center;
using CardIssue.Terminal.Relay;

namespace CardIssue.Test.EndToEnd;

/// <summary>Somebody at the console ends a session, or takes its terminal away.</summary>
[TestFixture, Parallelizable]
public sealed class SessionEndTest
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    [Test]
    public async Task EndedInMidRecord_ComesBackByItself_AndTheSameCardIsFinished()
    {
        await using var shop = await Shop.OpenAsync(options => options.RegistryLook = TimeSpan.FromMilliseconds(50));
        await shop.OrderAsync("o-1", Products.EndToEnd());
        shop.Reader.Insert(Shop.Card(1));
        CardIssue.Center.Sessions.LiveSession? live = null;
        shop.WhenShown("WritingRecord  2", () =>
        {
            live = shop.Server.LiveSessions().Single();
            // The terminal waits in its display meanwhile: the record can't be done before.
            shop.Registry.EndSessionAsync(live.Name, TestPeople.Of(shop.Database)).GetAwaiter().GetResult();
            Assert.That(SpinWait.SpinUntil(() => shop.Server.LiveSessions().All(it => it.Name != live.Name), Limit), Is.True, "it ended");
        });

        var outcome = await shop.IssueAsync("o-1");

        Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.Issued), outcome.Detail);
        Assert.That((live!.Terminal, live.Order, live.Line), Is.EqualTo((Shop.TerminalName, (OrderId?)new OrderId("o-1"),
            new LineNumber(7))));
        Assert.That(shop.Shown, Has.Some.Contains("LineLost").And.Some.Contains("Resuming"));
        await shop.LogsAsync(row => row.Entry.Kind == "Ended" && row.Entry.Detail.Contains("ended by ann", StringComparison.Ordinal));
        await shop.LogsAsync(row => row.Entry.Kind == "SessionEndAsked");
        Assert.That((await shop.Log.VerifyAsync()).IsOk, Is.True);
    }

    [Test]
    public async Task TerminalRemoved_ItsSessionEnds_ItIsRefused_AndIsNotListed()
    {
        await using var shop = await Shop.OpenAsync(options => options.RegistryLook = TimeSpan.FromMilliseconds(50));
        await shop.ShowsAsync("AccessGranted");
        Assert.That(await shop.Registry.RemoveAsync(Shop.TerminalName, TestPeople.Of(shop.Database)), Is.EqualTo(TerminalChange.Done));
        await shop.ShowsAsync("AccessRefused");
        Assert.That((shop.Server.LiveSessions(), await shop.Registry.ListAsync(), await shop.Registry.ReadersAsync(Shop.TerminalName)),
            Is.EqualTo((Array.Empty<CardIssue.Center.Sessions.LiveSession>(), Array.Empty<TerminalRecord>(), Array.Empty<ReaderRecord>())));
        await shop.LogsAsync(row => row.Entry.Kind == "TerminalRemoved" && row.Entry.Terminal == Shop.TerminalName);
    }
}
