using CardIssue.Center.Feed;
using CardIssue.Center.Hosting;
using CardIssue.Center.Issuers;
using CardIssue.Center.Orders;
using CardIssue.Center.Products;
using CardIssue.Center.Sessions;
using CardIssue.Center.Storage;
using CardIssue.Center.Vault;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Test.Keys;
using CardIssue.Testing.Lines;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CardIssue.Test.Hosts;

/// <summary><see cref="CenterServiceCollectionExtensions"/> on a Generic Host.</summary>
[TestFixture]
public sealed class CenterHostingTest
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cardissue-hosting-").FullName;

    [OneTimeTearDown]
    public void Delete() => Directory.Delete(_folder, recursive: true);

    [Test]
    public async Task WrongOptions_HostStart_TellsAllOfThemAtOnce()
    {
        using var host = MakeHost(options =>
        {
            options.Host = "no name";
            options.FeedPause = TimeSpan.Zero;
            options.Store.MaxWaiting = 0;
            options.Sessions.MaxCards = 0;
        });
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());
        Assert.That(error!.Failures, Has.Some.Contains("Host").And.Some.Contains("FeedPause").And.Some.Contains("MaxWaiting").And.Some.Contains("MaxCards"));
    }

    [Test]
    public async Task Center_HostStartsAndStops_ServesItsLinesAndLeavesACheckpoint()
    {
        using var passphrase = SecretBytes.Copy("correct horse battery"u8);
        FileKeyVault.Create(Path.Combine(_folder, "vault.json"), passphrase, new CenterId("C-1"), PassphraseFileTest.Cheapest).Dispose();
        await using var listener = new LoopbackListener(new LineNumber(1));
        var host = MakeHost(_ => { }, listener);
        await host.StartAsync();
        Assert.That(await host.Services.GetRequiredService<IOrderDesk>().CountAsync(), Is.Empty);
        Assert.That(host.Services.GetRequiredService<CenterServer>().Sessions, Is.Zero);
        await host.StopAsync();
        await ((IAsyncDisposable)host).DisposeAsync();
        Assert.That(Directory.EnumerateFiles(Path.Combine(_folder, "checkpoints")), Is.Not.Empty);
    }

    [TestCase("", true)]
    [TestCase("exported", false)]
    public async Task CheckpointsExportedNowhere_HostStart_Warns(string directory, bool warns)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder, "warn-" + directory)).FullName;
        using var passphrase = SecretBytes.Copy("correct horse battery"u8);
        FileKeyVault.Create(Path.Combine(folder, "vault.json"), passphrase, new CenterId("C-1"), PassphraseFileTest.Cheapest).Dispose();
        var said = new SaidLog();
        var host = MakeHost(options =>
        {
            options.UseDirectory(folder);
            options.Log.CheckpointDirectory = directory.Length == 0 ? "" : Path.Combine(folder, directory);
        }, logs: said);
        await host.StartAsync();
        await host.StopAsync();
        await ((IAsyncDisposable)host).DisposeAsync();
        Assert.That(said.Warnings.Any(text => text.Contains("not exported", StringComparison.Ordinal)), Is.EqualTo(warns));
        Assert.That(Directory.Exists(Path.Combine(folder, "exported")), Is.Not.EqualTo(warns));
    }

    /// <summary>One whom nobody knows is a slip: the right one's events would go elsewhere.</summary>
    [Test]
    public async Task FeedOfAnIssuerThatIsNot_HostStart_IsRefused_AndEachIssuerHasAFileOfHisOwn()
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder, "issuers")).FullName;
        using var passphrase = SecretBytes.Copy("correct horse battery"u8);
        FileKeyVault.Create(Path.Combine(folder, "vault.json"), passphrase, new CenterId("C-1"), PassphraseFileTest.Cheapest).Dispose();
        var host = MakeHost(options =>
        {
            options.UseDirectory(folder);
            options.IssuerFeeds["bank-x"] = new FeedOptions();
        });
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());
        Assert.That(error!.Message, Does.Contain("bank-x").And.Contain("issuer list"));
        var database = host.Services.GetRequiredService<CenterDatabase>();
        await database.WriteAsync(store =>
        {
            store.Execute("INSERT INTO products (name, version, mode, body, added_at) VALUES ('p', 1, 1, $body, 1)", ("$body", ByteString.Copy("{}"u8)));
            IssuerTable.Put(store, new IssuerRecord(new IssuerId("bank-a"), ["keys-a"]));
            var order = new NewOrder(new OrderId("a1"), "c1", 0, new ProductRef("p", 1), ByteString.Copy([1]), ByteString.Copy([1]), database.Now.AddDays(1), "")
            {
                Issuer = new IssuerId("bank-a"),
            };
            Assert.That(OrderImport.Add(store, ProductMode.Module, order, null, database.Now), Is.Null);
            FeedOutbox.Add(store, FeedEventKind.Voided, OrderRow.Find(store, order.Order)!, "test", database.Now);
            return true;
        }, default);
        Assert.That(await host.Services.GetRequiredService<FeedPump>().PumpAsync(), Is.Zero);
        Assert.That(await host.Services.GetRequiredService<FeedPumps>().Of(new IssuerId("bank-a")).PumpAsync(), Is.EqualTo(1));
        Assert.That(await File.ReadAllTextAsync(Path.Combine(folder, "feed.bank-a.jsonl")), Does.Contain("\"issuer\":\"bank-a\"").And.Contain("\"order\":\"a1\""));
        Assert.That(File.Exists(Path.Combine(folder, "feed.jsonl")), Is.False);
        await ((IAsyncDisposable)host).DisposeAsync();
    }

    /// <summary>Told at the start, and not at the first event of the night.</summary>
    [TestCase("", "no.secret")]
    [TestCase("too short", "a secret has 32 to 256 characters")]
    public async Task FeedWhoseSecretIsNone_HostStart_IsRefused(string secret, string says)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder, $"secret-{secret.Length}")).FullName;
        using var passphrase = SecretBytes.Copy("correct horse battery"u8);
        FileKeyVault.Create(Path.Combine(folder, "vault.json"), passphrase, new CenterId("C-1"), PassphraseFileTest.Cheapest).Dispose();
        var file = Path.Combine(folder, "no.secret");
        if (secret.Length > 0)
        {
            await using var written = PrivateFiles.Open(file, FileMode.CreateNew, FileAccess.Write);
            await written.WriteAsync(System.Text.Encoding.ASCII.GetBytes(secret));
        }
        var host = MakeHost(options =>
        {
            options.UseDirectory(folder);
            options.Feed.Url = "https://issuer.example/events";
            options.Feed.SecretFile = file;
        });
        var error = await Assert.CatchAsync<IOException>(() => host.StartAsync());
        Assert.That(error!.Message, Does.Contain(says));
        await ((IAsyncDisposable)host).DisposeAsync();
    }

    private IHost MakeHost(Action<CenterOptions> change, LoopbackListener? listener = null, ILoggerProvider? logs = null)
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddCardIssueCenter(options =>
        {
            options.UseDirectory(_folder);
            options.Passphrase = () => SecretBytes.Copy("correct horse battery"u8);
            change(options);
        });
        if (listener is not null) builder.Services.AddCardIssueLine(_ => listener, withoutTls: true);
        builder.Services.AddCardIssueCenterService();
        if (logs is not null) builder.Logging.AddProvider(logs);
        return builder.Build();
    }

    /// <summary>Keeps the warnings.</summary>
    private sealed class SaidLog : ILoggerProvider, ILogger
    {
        public System.Collections.Concurrent.ConcurrentBag<string> Warnings { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel)) Warnings.Add(formatter(state, exception));
        }

        public void Dispose()
        {
        }
    }
}
