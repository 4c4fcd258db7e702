using System.Reflection;
using CardIssue.Center;
using CardIssue.Center.Feed;
using CardIssue.Center.Issuers;
using CardIssue.Center.Orders;
using CardIssue.Center.Products;
using CardIssue.Center.Sessions;
using CardIssue.Center.Terminals;
using CardIssue.Center.Vault;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Terminal.Relay;
using CardIssue.Test.Center;
using CardIssue.Test.EndToEnd;
using Microsoft.Extensions.Logging;

namespace CardIssue.Test.Walls;

using Products = EndToEnd.Products;

/// <summary>
/// Whatever a part of the center throws ends an order or a session at most, is told and logged: the next card is issued by the same
/// server.
/// </summary>
[TestFixture]
public sealed class CenterWallsTest
{
    [TestCase(nameof(IOrderStore.ClaimAsync), nameof(DeclineCode.NotNow))]
    [TestCase(nameof(IOrderStore.CommitAsync), "")]
    [TestCase(nameof(IOrderStore.CardAsync), nameof(AbortCode.CenterFailed))]
    [TestCase(nameof(IOrderStore.RenewAsync), "")]
    public Task OrderStoreThatThrows_TheNextCardIsIssued(string member, string detail) =>
        SpringAsync(nameof(CenterServices.Orders), services => services.Orders, member, detail);

    [TestCase(nameof(IProductStore.GetAsync), nameof(DeclineCode.NotNow))]
    public Task ProductStoreThatThrows_TheNextCardIsIssued(string member, string detail) =>
        SpringAsync(nameof(CenterServices.Products), services => services.Products, member, detail);

    [TestCase(nameof(ITerminalRegistry.GetAsync), "")]
    [TestCase(nameof(ITerminalRegistry.VersionedReadersAsync), "")]
    public Task TerminalRegistryThatThrows_TheNextCardIsIssued(string member, string detail) =>
        SpringAsync(nameof(CenterServices.Terminals), services => services.Terminals, member, detail);

    [Test]
    public async Task DisplayThatThrowsAlways_TheCardIsIssued()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.RestartCenterAsync(Trap.Replace(shop.Services, nameof(CenterServices.Display), new ThrowingDisplay()));
        await IssueNextAsync(shop);
    }

    /// <summary>A vault that breaks at a step and is whole again after its fault is in the log.</summary>
    [TestCase("AskingAccess", "")]
    [TestCase("AskingOrder", nameof(DeclineCode.NotNow))]
    [TestCase("CardIn", nameof(AbortCode.CenterFailed))]
    public async Task VaultThatThrows_TheNextCardIsIssued(string step, string detail)
    {
        await using var shop = await Shop.OpenAsync();
        using var passphrase = SecretBytes.Copy("correct horse battery"u8);
        using var vault = FileKeyVault.Open(Path.Combine(shop.Folder, "vault"), passphrase);
        var content = typeof(FileKeyVault).GetField("_content", BindingFlags.Instance | BindingFlags.NonPublic)!;
        var whole = content.GetValue(vault);
        await ToldAsync(shop);
        File.Delete(shop.NoteFile);
        await shop.RestartCenterAsync(Trap.Replace(shop.Services, nameof(CenterServices.Vault), vault));
        // The note that follows access is signed before the vault breaks.
        await ToldAsync(shop);
        await shop.OrderAsync("o-1", Products.EndToEnd());
        shop.WhenShown(step, () => content.SetValue(vault, null));
        if (step == "AskingAccess") await shop.RestartTerminalAsync();
        shop.Reader.Insert(Shop.Card(1));
        var issuing = shop.IssueAsync("o-1");
        await shop.LogsAsync(row => row.Entry.Kind == "Fault");
        content.SetValue(vault, whole);
        await ExpectAsync(shop, await issuing, detail);
        await IssueNextAsync(shop);
    }

    [Test]
    public async Task OrderThatIsClaimedAndCannotBePlanned_IsGivenBackAtOnce()
    {
        await using var shop = await Shop.OpenAsync();
        var trap = new Trap();
        await shop.RestartCenterAsync(Trap.Replace(shop.Services, nameof(CenterServices.Products), trap.Before(shop.Services.Products)));
        await shop.OrderAsync("o-1", Products.EndToEnd());
        trap.Arm(nameof(IProductStore.GetAsync));
        await shop.IssueAsync("o-1");
        Assert.That((await shop.ViewAsync("o-1")).State, Is.EqualTo(OrderState.Ready));
        shop.Reader.Insert(Shop.Card(1));
        Assert.That((await shop.IssueAsync("o-1")).IsIssued, Is.True);
    }

    [Test]
    public async Task FeedThatThrows_IsAskedAgain_NothingIsLost()
    {
        await using var bench = await StoreBench.OpenAsync();
        await bench.ImportAsync(bench.New("o1"));
        await bench.IssueAsync("o1", StoreBench.Card(1));
        var (trap, feed) = (new Trap(), new RememberingFeed());
        trap.Arm(nameof(feed.TellAsync));
        var pump = bench.Pump(trap.Before<IIssuerFeed>(feed));
        using var stop = new CancellationTokenSource();
        var pumping = pump.RunAsync(stop.Token);
        Assert.That(() => pump.Trouble, Does.Contain("planted").After(10_000, 5));
        Assert.That(pumping.IsCompleted, Is.False);
        await ToldAfterAPauseAsync(bench, feed);
        await stop.CancelAsync();
        await pumping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>People are shown how a feed stands by a table, which fails as none does.</summary>
    [Test]
    public async Task FeedWhoseStandingCannotBeKept_IsAskedAgain_NothingIsLost()
    {
        await using var bench = await StoreBench.OpenAsync();
        await bench.ImportAsync(bench.New("o1"));
        await bench.IssueAsync("o1", StoreBench.Card(1));
        await bench.Database.ExecuteAsync("DROP TABLE feed_state");
        var feed = new RememberingFeed { Fails = true };
        var pump = bench.Pump(feed);
        using var stop = new CancellationTokenSource();
        var pumping = pump.RunAsync(stop.Token);
        Assert.That(() => pump.Trouble, Does.Contain("away").After(10_000, 5));
        feed.Fails = false;
        await ToldAfterAPauseAsync(bench, feed);
        await stop.CancelAsync();
        await pumping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>A log that fails ends a pump; and what is told of it, too, fails the first time.</summary>
    [Test]
    public async Task FeedWhosePumpEnds_IsBegunAgain_NothingIsLost()
    {
        await using var bench = await StoreBench.OpenAsync();
        await bench.ImportAsync(bench.New("o1"));
        await bench.IssueAsync("o1", StoreBench.Card(1));
        var (feed, log) = (new RememberingFeed { Fails = true }, new LogThatFails());
        var (told, second) = (0, TimeSpan.FromSeconds(1));
        var pumps = new FeedPumps(new DatabaseIssuers(bench.Database), _ => new FeedPump(bench.Database, feed, bench.Time, second, log));
        using var stop = new CancellationTokenSource();
        var running = pumps.RunAsync(second, bench.Time, _ => throw new InvalidOperationException($"planted {++told}"), stop.Token);
        Assert.That(() => told, Is.Positive.After(10_000, 5));
        log.IsWhole = true;
        feed.Fails = false;
        await ToldAfterAPauseAsync(bench, feed);
        await stop.CancelAsync();
        await running;
    }

    [Test]
    public async Task LookWhoseTroubleCannotBeTold_IsRepeated_AndToldAgain()
    {
        var (looks, told) = (0, 0);
        using var stop = new CancellationTokenSource();
        await RepeatedLook.RunAsync(TimeSpan.FromMilliseconds(1), TimeProvider.System, _ => throw new IOException($"look {++looks}"), _ =>
        {
            if (++told == 3) stop.Cancel();
            throw new InvalidOperationException("planted");
        }, stop.Token).WaitAsync(TimeSpan.FromSeconds(60));
        Assert.That((looks, told), Is.EqualTo((3, 3)));
    }

    [Test]
    public async Task FeedThatNeverReturns_CountsAsFailed()
    {
        await using var bench = await StoreBench.OpenAsync();
        await bench.ImportAsync(bench.New("o1"));
        await bench.IssueAsync("o1", StoreBench.Card(1));
        var feed = new FeedStuckOnce();
        var pump = bench.Pump(feed);
        using var stop = new CancellationTokenSource();
        var pumping = pump.RunAsync(stop.Token);
        var stuckWith = await feed.Stuck.WaitAsync(TimeSpan.FromSeconds(60));
        bench.Time.Advance(FeedPump.MaxTelling - TimeSpan.FromSeconds(1));
        Assert.That((pump.Trouble, await pump.BacklogAsync()), Is.EqualTo(((string?)null, 1)), "it may still come back");
        bench.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.That(() => pump.Trouble, Is.EqualTo("The feed did not take 1 events within 5 minutes.").After(10_000, 5));
        Assert.That((pumping.IsCompleted, await pump.BacklogAsync()), Is.EqualTo((false, 1)));
        await ToldAfterAPauseAsync(bench, feed.Then);
        Assert.That(feed.Then.Told, Is.EqualTo(stuckWith), "the batch comes again");
        Assert.That(() => pump.Trouble, Is.Null.After(10_000, 5));
        await stop.CancelAsync();
        await pumping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>The first line that is awaited fails, and one in the middle of the day.</summary>
    [Test]
    public async Task ListenerThatThrows_IsAskedAgain()
    {
        var trap = new Trap();
        trap.Arm(nameof(ILineListener.AcceptAsync));
        var line = ShopLine.Loopback(7);
        await using var shop = await Shop.OpenAsync(line: line with { Served = line.Served with { Listener = trap.Before(line.Listener) } });
        await IssueNextAsync(shop);
        Assert.That(trap.HasSprung, Is.True);

        trap.Arm(nameof(ILineListener.AcceptAsync));
        // The line that is awaited already is still taken; the one after it is asked for in vain.
        await shop.RestartTerminalAsync();
        await shop.HasAccessAsync();
        await shop.RestartTerminalAsync();
        await IssueNextAsync(shop, "o-10", 10);
    }

    private static async Task SpringAsync<T>(string part, Func<CenterServices, T> of, string member, string detail, bool isLogged = true) where T : class
    {
        await using var shop = await Shop.OpenAsync(options => options.LeaseRenewal = TimeSpan.FromMilliseconds(20));
        var trap = new Trap();
        await shop.RestartCenterAsync(Trap.Replace(shop.Services, part, trap.Before(of(shop.Services))));
        await shop.OrderAsync("o-1", Products.EndToEnd());
        await shop.HasAccessAsync();
        shop.WhenShown("AskingOrder", () => trap.Arm(member));
        if (typeof(T) == typeof(ITerminalRegistry))
        {
            trap.Arm(member);
            await shop.RestartTerminalAsync();
        }
        shop.Reader.Insert(Shop.Card(1));
        await ExpectAsync(shop, await shop.IssueAsync("o-1"), detail);
        Assert.That(() => trap.HasSprung, Is.True.After(5_000, 5), "nothing was tried");
        if (isLogged && member is not nameof(IOrderStore.RenewAsync)) await shop.LogsAsync(row => row.Entry.Kind == "Fault" && row.Entry.Detail.Contains(nameof(InvalidOperationException), StringComparison.Ordinal));
        await IssueNextAsync(shop);
    }

    /// <summary>By its name where one is to be told; issued, after a line that came again, where none is.</summary>
    private static async Task ExpectAsync(Shop shop, IssueOutcome outcome, string detail)
    {
        if (detail.Length == 0) Assert.That(outcome.Ending, Is.AnyOf(IssueEnding.Issued, IssueEnding.LineLost), outcome.Detail);
        else Assert.That(outcome.Detail, Is.EqualTo(detail));
        if (!outcome.IsIssued) await shop.UnclaimedAsync("o-1");
    }

    private static async Task ToldAsync(Shop shop)
    {
        for (var waited = 0; waited < 5_000 && !File.Exists(shop.NoteFile); waited += 5) await Task.Delay(5);
        Assert.That(File.Exists(shop.NoteFile), Is.True);
    }

    private static async Task IssueNextAsync(Shop shop, string order = "o-9", uint card = 9)
    {
        shop.Reader.Remove();
        await shop.OrderAsync(order, Products.EndToEnd(name: "next"));
        shop.Reader.Insert(Shop.Card(card));
        var outcome = await shop.IssueAsync(order);
        Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.Issued), outcome.Detail);
        Assert.That((await shop.Log.VerifyAsync()).Findings, Is.Empty);
    }

    /// <summary>A pause for each look: the pump's own begins a moment after it says what is wrong.</summary>
    private static async Task ToldAfterAPauseAsync(StoreBench bench, RememberingFeed feed)
    {
        for (var looks = 0; looks < 1_000 && feed.Told.Count == 0; looks++)
        {
            bench.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(10);
        }
        Assert.That(feed.Told, Has.Count.EqualTo(1));
    }

    /// <summary>Never comes back from the first batch, whatever it is told; takes the next.</summary>
    private sealed class FeedStuckOnce : IIssuerFeed
    {
        private readonly TaskCompletionSource<IReadOnlyList<FeedEvent>> _stuck = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public RememberingFeed Then { get; } = new();

        /// <summary>The first batch, as soon as it is told.</summary>
        public Task<IReadOnlyList<FeedEvent>> Stuck => _stuck.Task;

        public Task TellAsync(IReadOnlyList<FeedEvent> events, CancellationToken cancellation) =>
            _stuck.TrySetResult(events) ? new TaskCompletionSource().Task : Then.TellAsync(events, cancellation);
    }

    private sealed class LogThatFails : ILogger<FeedPump>
    {
        public bool IsWhole { get; set; }

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsWhole) throw new InvalidOperationException("planted");
        }
    }

    private sealed class ThrowingDisplay : IProgress<CenterProgress>
    {
        public void Report(CenterProgress value) => throw new InvalidOperationException("planted");
    }
}
