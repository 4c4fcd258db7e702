using CardIssue.Center.Sessions;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Terminal.Relay;

namespace CardIssue.Test.EndToEnd;

/// <summary>The lines of a center become others while it serves.</summary>
[Parallelizable]
public sealed class ChangedLinesTest
{
    [Test]
    public async Task LineTakenAway_ItsSessionEnds_AndWithTheLineBackCardsAreIssued()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.OrderAsync("O-1", Products.EndToEnd());
        await shop.HasAccessAsync();
        await shop.Server.ChangeLinesAsync([]);
        await shop.QuietAsync();
        await shop.Server.ChangeLinesAsync([.. shop.Served()]);
        shop.Reader.Insert(Shop.Card(1));
        Assert.That((await shop.IssueAsync("O-1")).IsIssued, Is.True);
    }

    [Test]
    public async Task LineAdded_TheOthersGoOn_AndWhatDoesNotFitChangesNothing()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.OrderAsync("O-1", Products.EndToEnd());
        await shop.HasAccessAsync();
        var lost = 0;
        shop.Relay.StatusChanged += (_, status) => lost += status.State is RelayState.Connecting ? 1 : 0;
        await using var other = new QuietListener();
        var data = new ServedLine(other, Results: new LineNumber(10));
        Assert.That(async () => await shop.Server.ChangeLinesAsync([.. shop.Served(), data]), Throws.ArgumentException);
        await shop.Server.ChangeLinesAsync([.. shop.Served(), new ServedLine(other)]);
        Assert.That(other.IsServed, Is.True);
        await shop.Server.ChangeLinesAsync([.. shop.Served()]);
        Assert.That(other.IsServed, Is.False);
        shop.Reader.Insert(Shop.Card(1));
        Assert.That((await shop.IssueAsync("O-1")).IsIssued, Is.True);
        Assert.That(lost, Is.Zero);
    }

    [Test]
    public async Task NotRunning_ChangeLines_IsRefused()
    {
        await using var shop = await Shop.OpenAsync();
        Assert.That(async () => await new CenterServer(shop.Services).ChangeLinesAsync([]), Throws.InvalidOperationException);
        await shop.RestartCenterAsync();
        // Before the store has been looked through.
        await shop.Server.ChangeLinesAsync([]);
        await shop.QuietAsync();
    }

    /// <summary>Nobody comes in here.</summary>
    private sealed class QuietListener : ILineListener
    {
        private int _waiting;

        public LineNumber Line { get; } = new(9);

        public bool IsServed => Volatile.Read(ref _waiting) == 1;

        public async ValueTask<ILine> AcceptAsync(CancellationToken cancellation)
        {
            Interlocked.Increment(ref _waiting);
            try
            {
                await Task.Delay(Timeout.Infinite, cancellation);
            }
            finally
            {
                Interlocked.Decrement(ref _waiting);
            }
            throw new InvalidOperationException();
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
