using System.Globalization;
using CardIssue.Center.Feed;
using CardIssue.Center.Hosting;
using CardIssue.Center.Log;
using CardIssue.Center.Orders;
using CardIssue.Center.People;
using CardIssue.Center.Products;
using CardIssue.Center.Sessions;
using CardIssue.Center.Storage;
using CardIssue.Center.Vault;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Test.Keys;
using CardIssue.Test.Parts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace CardIssue.Test.Hosts;

/// <summary>Settings that are changed while a center runs: taken, refused as a whole, or named for the next start.</summary>
[TestFixture, FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class RunningSettingsTest
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cardissue-settings-").FullName;
    private ServiceProvider _services = null!;

    [SetUp]
    public void Open()
    {
        var vault = Path.Combine(_folder, "vault.json");
        using var passphrase = SecretBytes.Copy("correct horse battery"u8);
        FileKeyVault.Create(vault, passphrase, new CenterId("C-1"), PassphraseFileTest.Cheapest).Dispose();
        var services = new ServiceCollection();
        services.AddCardIssueCenter(options => Configure(options));
        _services = services.BuildServiceProvider();
    }

    [TearDown]
    public async Task CloseAsync()
    {
        await _services.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Whoever adds a setting decides: it is read where it is used, or it counts from the next start.</summary>
    [Test]
    public void EachSetting_IsTaken_OrIsFromTheStart()
    {
        var names = RunningSettings.NamesOf(typeof(CenterOptions)).ToList();
        Assert.That(RunningSettings.FromStart, Is.SubsetOf(names));
        Assert.That(names.Except(RunningSettings.FromStart), Is.EquivalentTo(new[]
        {
            "Log:CheckpointDirectory", "Orders:Lease", "Orders:CodeAttemptsPerCustomer", "Orders:CodeAttemptsPerTerminal", "Orders:TerminalFaults",
            "Orders:CodeWindow", "Orders:IssueCodeLength", "Orders:CardTries", "Orders:KeepWriteData", "Orders:ReceiptKept",
            "People:Cost", "People:MinPassword", "People:MaxTries", "People:LockTime", "People:ApprovalTime", "Admission:Attempts", "Admission:MaxPlaces",
            "Sessions:Admission", "Sessions:CardWait", "Sessions:Script", "Sessions:Removal", "Sessions:Idle", "Sessions:LeaseRenewal",
            "Sessions:StoreAway", "Sessions:Checkpoint", "Sessions:CheckpointEntries", "Sessions:MaxAttempts", "Sessions:MaxCards",
            "Sessions:MaxOpenings", "Sessions:MaxSessions", "Sessions:MaxSessionsPerTerminal",
            "FeedFile", "Feed:Url", "Feed:SecretFile", "Feed:CaFile", "Feed:Timeout", "Feed:LongestPause", "IssuerFeeds", "FeedPause",
        }));
    }

    [Test]
    public async Task ChangedSettings_AreInForce_InTheServicesThatRun_AndTheLogNamesThem()
    {
        var sessions = _services.GetRequiredService<CenterServices>().Options;
        var (admissions, people) = (_services.GetRequiredService<CenterServices>().Admissions, _services.GetRequiredService<IPeople>());
        var change = await TakeAsync(options =>
        {
            options.Sessions.MaxSessions = 3;
            options.Admission.Attempts = 1;
            options.People.MinPassword = 40;
            options.Store.MaxBatch = 7;
        });
        Assert.That(change.Taken, Is.EquivalentTo(new[] { "Sessions:MaxSessions", "Admission:Attempts", "People:MinPassword" }));
        Assert.That(change.AtNextStart, Is.EqualTo(new[] { "Store:MaxBatch" }));
        Assert.That(sessions.MaxSessions, Is.EqualTo(3));
        var peer = new CardIssue.Core.Lines.LinePeer(new LineNumber(1), System.Net.IPAddress.Loopback, default, default);
        Assert.That((admissions.Refused(peer, null, tell: true), admissions.Refused(peer, null, tell: true)), Is.EqualTo((true, false)));
        using var password = SecretBytes.Copy("twenty-nine characters or so.."u8);
        Assert.That(_services.GetRequiredService<IOptions<CenterOptions>>().Value.People.FaultOf(new PersonName("ann"), password), Is.EqualTo(PasswordFault.TooShort));
        Assert.That(_services.GetRequiredService<IOptions<CenterOptions>>().Value.Store.MaxBatch, Is.EqualTo(512), "as the store was opened");
        Assert.That(people, Is.Not.Null);
        var log = await _services.GetRequiredService<IExchangeLog>().EnumerateAsync(new LogQuery { Kind = "SettingsChanged" }).ToListAsync();
        Assert.That(log.Single().Entry.Detail, Does.Contain("Sessions:MaxSessions").And.Contain("Store:MaxBatch").And.Not.Contain("512"));
        // The same again: nothing is other than it is.
        Assert.That((await TakeAsync(options => { })).Taken, Has.Count.EqualTo(3), "back");
        Assert.That((await TakeAsync(options => { })).Taken, Is.Empty);
    }

    [Test]
    public async Task WrongSettings_ChangeNothing()
    {
        foreach (var (wrong, says) in new (Action<CenterOptions> Wrong, string Says)[]
        {
            (options => options.Sessions.MaxCards = 900, "MaxCards"),
            (options => options.Store.MaxWaiting = 0, "MaxWaiting"),
            (options => options.IssuerFeeds["bank-x"] = new FeedOptions(), "bank-x"),
            (options => options.Feed = new FeedOptions { Url = "http://issuer.example", SecretFile = "s" }, "Url"),
        })
        {
            var error = await Assert.ThrowsAsync<OptionsValidationException>(() => TakeAsync(options =>
            {
                options.Orders.CodeAttemptsPerCustomer = 1;
                wrong(options);
            }));
            Assert.That(error!.Message, Does.Contain(says));
        }
        await Assert.ThrowsAsync<FileNotFoundException>(() => TakeAsync(options =>
        {
            options.Orders.CodeAttemptsPerCustomer = 1;
            options.Feed = new FeedOptions { Url = "https://issuer.example", SecretFile = "s", CaFile = Path.Combine(_folder, "none.pem") };
        }), "a feed that can't be made");
        // The event of the night would be the first to find it out.
        await File.WriteAllTextAsync(Path.Combine(_folder, "short"), "short");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(Path.Combine(_folder, "short"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        foreach (var secret in new[] { "none", "short" })
        {
            var error = await Assert.CatchAsync<IOException>(() => TakeAsync(options =>
            {
                options.Orders.CodeAttemptsPerCustomer = 1;
                options.Feed = new FeedOptions { Url = "https://issuer.example", SecretFile = Path.Combine(_folder, secret) };
            }));
            Assert.That(error!.Message, Does.Contain(Path.Combine(_folder, secret)));
        }
        Assert.That(_services.GetRequiredService<IOptions<CenterOptions>>().Value.Orders.CodeAttemptsPerCustomer, Is.EqualTo(5));
    }

    /// <summary>A feed that fails would be tried again in an hour.</summary>
    [Test]
    public async Task ChangedFeed_ThatFailed_IsTriedAtOnce_WhereItIsNow()
    {
        var database = _services.GetRequiredService<CenterDatabase>();
        var file = Path.Combine(_folder, "elsewhere.jsonl");
        await TakeAsync(options => (options.FeedFile, options.FeedPause, options.Feed) =
            (Path.Combine(_folder, "vault.json", "no-folder.jsonl"), TimeSpan.FromMinutes(10), new FeedOptions { LongestPause = TimeSpan.FromHours(1) }));
        var pump = _services.GetRequiredService<FeedPump>();
        await database.WriteAsync(store =>
        {
            store.Execute("INSERT INTO products (name, version, mode, body, added_at) VALUES ('p', 1, 1, $body, 1)", ("$body", ByteString.Copy("{}"u8)));
            var order = new NewOrder(new OrderId("a1"), "c1", 0, new ProductRef("p", 1), ByteString.Copy([1]), ByteString.Copy([1]), database.Now.AddDays(1), "");
            Assert.That(OrderImport.Add(store, ProductMode.Module, order, null, database.Now), Is.Null);
            FeedOutbox.Add(store, FeedEventKind.Voided, OrderRow.Find(store, order.Order)!, "test", database.Now);
            return true;
        }, default);
        using var stop = new CancellationTokenSource();
        var running = pump.RunAsync(stop.Token);
        await Part.UntilAsync(() => pump.Trouble is not null);
        await TakeAsync(options => (options.FeedFile, options.FeedPause) = (file, TimeSpan.FromMinutes(10)));
        await Part.UntilAsync(() => File.Exists(file) && File.ReadAllText(file).Contains("\"order\":\"a1\"", StringComparison.Ordinal));
        await stop.CancelAsync();
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void Configure(CenterOptions options)
    {
        options.UseDirectory(_folder);
        options.Passphrase = () => SecretBytes.Copy("correct horse battery"u8);
    }

    private Task<SettingsChange> TakeAsync(Action<CenterOptions> change)
    {
        var next = new CenterOptions();
        Configure(next);
        change(next);
        return _services.GetRequiredService<RunningSettings>().TakeAsync(next);
    }
}
