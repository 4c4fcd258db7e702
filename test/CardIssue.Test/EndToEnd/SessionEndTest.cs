using System.Diagnostics;
using CardIssue.Center.Log;
using CardIssue.Center.Storage;
using CardIssue.Center.Terminals;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Center;
using CardIssue.Terminal.Relay;
using CardIssue.Test.Center.Engines;

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
        LiveSession? live = null;
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

    /// <summary>With a file: another program at the host's machine.</summary>
    [Test]
    public async Task SessionOfAHost_IsSeenAndEnded_FromAnotherOne([Values] EngineKind engine)
    {
        await using var shop = await Shop.OpenAsync(options => options.RegistryLook = TimeSpan.FromMilliseconds(50), postgres: EngineUnderTest.PlaceOf(engine));
        await shop.ShowsAsync("AccessGranted");
        await using var other = await OtherAsync(shop);
        var registry = new DatabaseTerminalRegistry(other);

        var seen = await OneAsync(it => it.Phase is CenterPhase.Idle);
        Assert.That((seen.Host, seen.Terminal, seen.Line, seen.Order), Is.EqualTo(("host-1", Shop.TerminalName, new LineNumber(7), (OrderId?)null)));
        Assert.That(seen.Since, Is.EqualTo(DateTimeOffset.UtcNow).Within(TimeSpan.FromMinutes(1)));
        Assert.That(await registry.EndSessionAsync(seen.Name, TestPeople.Of(other, "bob")), Is.EqualTo(TerminalChange.Done));
        var next = await OneAsync(it => it.Name != seen.Name);
        Assert.That(next.Terminal, Is.EqualTo(Shop.TerminalName), "it came back by itself");
        await shop.LogsAsync(row => row.Entry.Kind == "Ended" && row.Entry.Detail.Contains("ended by bob", StringComparison.Ordinal));
        await shop.LogsAsync(row => row.Entry.Kind == "SessionEndAsked" && row.Entry.Detail.Contains(seen.Name, StringComparison.Ordinal));

        async Task<LiveSession> OneAsync(Func<LiveSession, bool> which)
        {
            for (var waited = Stopwatch.StartNew(); waited.Elapsed < TimeSpan.FromSeconds(60); await Task.Delay(20))
                if (await registry.SessionsAsync() is [var only] && which(only)) return only;
            throw new AssertionException($"not so: {string.Join(", ", await registry.SessionsAsync())}");
        }
    }

    private static async Task<CenterDatabase> OtherAsync(Shop shop)
    {
        var place = new StoreOptions
        {
            Directory = Path.Combine(shop.Folder, shop.Postgres.Length == 0 ? "data" : "other"), GenerationFile = Path.Combine(shop.Folder, "other-generation"), Postgres = shop.Postgres,
        };
        using (var mirror = new GenerationMirror(place.GenerationPath))
        {
            var (id, generation) = await shop.Database.ReadAsync(store => (CenterDatabase.IdIn(store), CenterDatabase.GenerationIn(store)), default);
            mirror.Write(id, generation, flush: false);
        }
        return await CenterDatabase.OpenAsync(place, new LogOptions { Directory = Path.Combine(shop.Folder, "other-log"), Instance = "host-2" }, shop.Vault, TimeProvider.System);
    }

    [Test]
    public async Task TerminalRemoved_ItsSessionEnds_ItIsRefused_AndIsNotListed()
    {
        await using var shop = await Shop.OpenAsync(options => options.RegistryLook = TimeSpan.FromMilliseconds(50));
        await shop.ShowsAsync("AccessGranted");
        Assert.That(await shop.Registry.RemoveAsync(Shop.TerminalName, TestPeople.Of(shop.Database)), Is.EqualTo(TerminalChange.Done));
        await shop.ShowsAsync("AccessRefused");
        Assert.That((shop.Server.LiveSessions(), await shop.Registry.ListAsync(), await shop.Registry.ReadersAsync(Shop.TerminalName)),
            Is.EqualTo((Array.Empty<LiveSession>(), Array.Empty<TerminalRecord>(), Array.Empty<ReaderRecord>())));
        await shop.LogsAsync(row => row.Entry.Kind == "TerminalRemoved" && row.Entry.Terminal == Shop.TerminalName);
    }
}
