using CardIssue.Terminal.Relay;

namespace CardIssue.Test.EndToEnd;

/// <summary>How often the center waits for its disk: each commit is one sync of the store's write-ahead log.</summary>
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
        await shop.OrderAsync("o-1", Product(mode));
        await shop.OrderAsync("o-2", Product(mode));
        shop.Reader.Insert(Shop.Card(1));
        Assert.That((await shop.IssueAsync("o-1")).Ending, Is.EqualTo(IssueEnding.Issued), "everything is warm after it");
        shop.Reader.Remove();
        await shop.ShowsAsync("Ready");
        var before = shop.Database.Commits;
        await shop.RestartTerminalAsync();
        shop.Reader.Insert(Shop.Card(2));
        Assert.That((await shop.IssueAsync("o-2")).Ending, Is.EqualTo(IssueEnding.Issued));
        shop.Reader.Remove();
        await shop.LogsAsync(row => row.Entry.Kind == "CardRemoved");
        var waits = shop.Database.Commits - before;
        TestContext.Out.WriteLine($"{mode}: {waits} commits");
        Assert.That(waits, Is.LessThanOrEqualTo(MostOfAnIssue));
    }
}
