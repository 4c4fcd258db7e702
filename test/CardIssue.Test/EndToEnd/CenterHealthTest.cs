using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using CardIssue.Center;
using CardIssue.Center.Feed;
using CardIssue.Center.Hosting;
using CardIssue.Center.Issuers;
using CardIssue.Center.Sessions;
using CardIssue.Center.Storage;
using CardIssue.Center.Vault;
using CardIssue.Core.Primitives;
using CardIssue.Terminal;
using CardIssue.Test.Center;
using CardIssue.Test.Center.Engines;
using CardIssue.Test.Parts;
using Microsoft.Extensions.Time.Testing;
using NSubstitute;

namespace CardIssue.Test.EndToEnd;

/// <summary>How a center that serves says of itself that it works, and that it does not.</summary>
[Parallelizable]
public sealed partial class CenterHealthTest
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [TestCase(EngineKind.Sqlite)]
    [TestCase(EngineKind.Postgres)]
    public async Task Center_IsServed_IsReady_UntilItsServerOrItsLoopEnds(EngineKind engine)
    {
        await using var shop = await Shop.OpenAsync(postgres: EngineUnderTest.PlaceOf(engine));
        var time = new FakeTimeProvider();
        using var health = Of(shop, time);
        Assert.That((health.Report().IsLive, health.Report().IsReady), Is.EqualTo((false, false)), "nothing was looked at yet");
        using (var stop = new CancellationTokenSource())
        {
            shop.Database.Serve();
            var running = health.RunAsync(stop.Token);
            await ComesAsync(time, () => health.Report().IsReady);
            Assert.That(health.Report().Ready.Select(check => (check.Name, check.Text)), Is.EqualTo(
                new[] { ("serving", "ok"), ("store", "ok"), ("log", "ok"), ("vault", "ok"), ("host", "ok") }));
            await shop.RestartCenterAsync();
            Assert.That((health.Report().IsReady, Names(health.Report())), Is.EqualTo((false, "serving")), "that server is over");
            await stop.CancelAsync();
            await running;
        }
        time.Advance(CenterHealth.LongestSilence + Second);
        Assert.That(health.Report().IsLive, Is.False);
        Assert.That(Names(health.Report()), Is.EqualTo("loop, serving, store, log, vault, host"), "what was long ago says nothing of now");
    }

    /// <summary>A vault from an old backup: it lets nobody in, so nobody is to be sent there.</summary>
    [Test]
    public async Task CentersKeysInForce_AreNotInTheVault_HostIsNotReady()
    {
        await using var shop = await Shop.OpenAsync();
        await using var host = await ReadyHost.OfAsync(shop);
        var others = new NamedKeys(1, ByteString.FromHex(new string('1', 64)));
        Assert.That(() => shop.Vault.FollowKeys(new CenterKeysStanding(others, others, 0, 0)), Throws.InstanceOf<KeyVaultException>());
        await host.ComesAsync(report => Names(report) == "vault");
    }

    /// <summary>A disk that is full, and one that answers no more: that the process lives nobody doubts, and a new start would not help.</summary>
    [TestCase(false)]
    [TestCase(true)]
    public async Task StoreCannotBeWritten_HostIsLive_AndNotReady_UntilItCanBe(bool hangs)
    {
        await using var shop = await Shop.OpenAsync();
        var disk = new Disk();
        shop.WrapEngine = engine => disk.Around(engine);
        await shop.ReopenCenterAsync();
        await using var host = await ReadyHost.OfAsync(shop);
        disk.Breaks(hangs);
        await host.ComesAsync(report => Names(report).Contains("log", StringComparison.Ordinal));
        Assert.That((host.Report.IsLive, host.Report.IsReady), Is.EqualTo((true, false)));
        Assert.That(host.Report.Ready.Single(check => check.Name == "log").Text, Does.StartWith("not since "));
        disk.Mends();
        await host.ComesAsync(report => report.IsReady);
    }

    /// <summary>OPERATING names every instrument, with its unit, and no other.</summary>
    [Test]
    public async Task EveryInstrument_IsInTheDocument_WithItsUnit()
    {
        var found = new List<string>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Name is CenterTelemetry.Name or TerminalTelemetry.Name) found.Add($"{instrument.Name} {instrument.Unit}");
            },
        };
        await using var shop = await Shop.OpenAsync();
        using var health = Of(shop, TimeProvider.System);
        RuntimeHelpers.RunClassConstructor(typeof(CenterTelemetry).TypeHandle);
        RuntimeHelpers.RunClassConstructor(typeof(TerminalTelemetry).TypeHandle);
        listener.Start();
        var document = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "OPERATING.md"));
        Assert.That(Row().Matches(document).Select(row => $"{row.Groups["name"].Value} {row.Groups["unit"].Value}"), Is.EquivalentTo(found.Distinct()));
    }

    /// <summary>A host that serves, is watched, and was ready once.</summary>
    private sealed class ReadyHost : IAsyncDisposable
    {
        private readonly FakeTimeProvider _time = new();
        private readonly CancellationTokenSource _stop = new();
        private readonly CenterHealth _health;
        private readonly Task _running;

        private ReadyHost(Shop shop)
        {
            shop.Database.Serve();
            _health = Of(shop, _time);
            _running = _health.RunAsync(_stop.Token);
        }

        public CenterReport Report => _health.Report();

        public static async Task<ReadyHost> OfAsync(Shop shop)
        {
            var host = new ReadyHost(shop);
            await host.ComesAsync(report => report.IsReady);
            return host;
        }

        public Task ComesAsync(Func<CenterReport, bool> holds) => CenterHealthTest.ComesAsync(_time, () => holds(Report));

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _running;
            _health.Dispose();
            _stop.Dispose();
        }
    }

    private static CenterHealth Of(Shop shop, TimeProvider time)
    {
        var own = shop.Services;
        var services = new CenterServices
        {
            Vault = own.Vault, Orders = own.Orders, Desk = own.Desk, Terminals = own.Terminals, Admissions = own.Admissions, Products = own.Products,
            Log = own.Log, Host = own.Host, Time = time,
        };
        return new CenterHealth(shop.Database, shop.Server, services, new FeedPumps(
            new DatabaseIssuers(shop.Database), issuer => new FeedPump(shop.Database, Substitute.For<IIssuerFeed>(), TimeProvider.System, Second, issuer: issuer)));
    }

    private static Task ComesAsync(FakeTimeProvider time, Func<bool> holds) => Part.UntilAsync(() =>
    {
        // No faster than a slow machine's own looks come after it.
        time.Advance(Second / 4);
        return holds();
    }, "the report");

    private static string Names(CenterReport report) =>
        string.Join(", ", report.Live.Concat(report.Ready).Where(check => !check.IsGood).Select(check => check.Name));

    [GeneratedRegex(@"^\| `(?<name>cardissue\.[a-z_.]+)` \| `(?<unit>[^`]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    /// <summary>What a store's writes go through.</summary>
    private sealed class Disk
    {
        private volatile TaskCompletionSource? _broken;
        private bool _hangs;

        public void Breaks(bool hangs)
        {
            _hangs = hangs;
            _broken = new TaskCompletionSource();
        }

        public void Mends()
        {
            var broken = _broken;
            _broken = null;
            broken!.SetResult();
        }

        public IStoreEngine Around(IStoreEngine inner) => new Engine(this, inner);

        private void Check()
        {
            if (_broken is not { } broken) return;
            if (!_hangs) throw new StoreException(StoreFault.Full, "the disk is full");
            broken.Task.Wait();
        }

        private sealed class Engine(Disk disk, IStoreEngine inner) : EngineInFront(inner)
        {
            public override T Write<T>(Func<System.Data.Common.DbConnection, T> work, Func<System.Data.Common.DbConnection, bool>? isSaved = null)
            {
                disk.Check();
                return base.Write(work, isSaved);
            }
        }
    }
}
