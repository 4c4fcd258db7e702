using CardIssue.Bench;
using CardIssue.Terminal.Relay;

namespace CardIssue.Test.EndToEnd;

/// <summary>How often the center waits for its disk: counted where SQLite asks the system for it.</summary>
[TestFixture]
public sealed class DurableWaitsTest
{
    private const int MostOfAnIssue = 12;

    private static string Product(string mode) => Products.EndToEnd("waits", mode, identity: "[\"diversificationData\"]");

    [TestCase("endToEnd")]
    [TestCase("module")]
    public async Task Issue_OfThreeRecords_AdmissionIncluded_WaitsForTheDiskTwelveTimesAtMost(string mode)
    {
        await using var shop = await Shop.OpenAsync();
        using var disk = SqliteDisk.Of(shop.Folder);
        await shop.ReopenCenterAsync();
        await shop.OrderAsync("o-1", Product(mode));
        await shop.OrderAsync("o-2", Product(mode));
        shop.Reader.Insert(Shop.Card(1));
        Assert.That((await shop.IssueAsync("o-1")).Ending, Is.EqualTo(IssueEnding.Issued), "everything is warm after it");
        shop.Reader.Remove();
        await shop.ShowsAsync("Ready");
        await shop.RemovedAsync(1);
        await shop.StopTerminalAsync();
        await shop.QuietAsync();
        var (before, commits) = (disk.Syncs, shop.Database.Commits);
        shop.StartTerminal();
        shop.Reader.Insert(Shop.Card(2));
        Assert.That((await shop.IssueAsync("o-2")).Ending, Is.EqualTo(IssueEnding.Issued));
        shop.Reader.Remove();
        await shop.RemovedAsync(2);
        var (waits, committed) = (disk.Syncs - before, shop.Database.Commits - commits);
        TestContext.Out.WriteLine($"{mode}: {waits} syncs, {committed} commits");
        Assert.That(waits, Is.LessThanOrEqualTo(MostOfAnIssue));
        Assert.That(committed, Is.EqualTo(waits), "each commit is one sync of the write-ahead log");
    }

    [Test]
    public async Task Store_Commits_AreSyncedOneByOne_AndWhatIsReadIsNot()
    {
        await using var shop = await Shop.OpenAsync();
        using var disk = SqliteDisk.Of(shop.Folder);
        await shop.ReopenCenterAsync();
        await shop.StopTerminalAsync();
        await shop.QuietAsync();
        await shop.OrderAsync("o-1", Product("module"));
        var before = await CountedAsync();
        for (var i = 2; i <= 4; i++) await shop.OrderAsync($"o-{i}", Product("module"));
        await shop.ViewAsync("o-1");
        var after = await CountedAsync();
        Assert.That(after.Commits - before.Commits, Is.GreaterThanOrEqualTo(3));
        Assert.That(after.Syncs - before.Syncs, Is.EqualTo(after.Commits - before.Commits));

        // The server that has just begun writes, too: both are counted when neither moves.
        async Task<(long Syncs, long Commits)> CountedAsync()
        {
            while (true)
            {
                var counted = (disk.Syncs, shop.Database.Commits);
                await Task.Delay(200);
                if (counted == (disk.Syncs, shop.Database.Commits)) return counted;
            }
        }
    }
}
