using CardIssue.Test.Products.Json;
using Npgsql;

namespace CardIssue.Test.Hosts;

/// <summary><c>centerhost</c> with its store in a PostgreSQL database: made there, moved there, kept and put back.</summary>
[TestFixture, FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class CenterHostPostgresTest : IDisposable
{
    private readonly CenterHostProcess _host = new();

    public void Dispose() => _host.Dispose();

    [Test]
    public async Task DatabaseThatCannotBe_Init_SaysWhatToDo_AndMakesNothing()
    {
        var database = PostgresServer.MakeEmpty();
        await EndsAsync(2, "does not belong on a command line", "init", "--id", "main", "--store", $"postgres:{database};Password=hush");
        await EndsAsync(2, "does not belong on a command line", "init", "--id", "main", "--store", $"postgres:{database};SSL Password=hush");
        await EndsAsync(2, "postgres:", "init", "--id", "main", "--store", database);
        await EndsAsync(2, "No database is named", "init", "--id", "main", "--store", "postgres:");
        await EndsAsync(2, "passwort is nothing that it may have", "init", "--id", "main", "--store", $"postgres:{database};Passwort=hush");
        await EndsAsync(2, "Database must be named", "init", "--id", "main", "--store", "postgres:Host=/nowhere");
        await EndsAsync(3, "check that the server runs", "init", "--id", "main", "--store", "postgres:Host=/nowhere;Database=a");
        await EndsAsync(3, "createdb", "init", "--id", "main", "--store", $"postgres:{database}_none");
        Assert.That(File.Exists(Path.Combine(_host.Data, "vault.json")), Is.False);
        await DoAsync("init", "--id", "main", "--store", $"postgres:{database}");
        Assert.That(await File.ReadAllTextAsync(Path.Combine(_host.Data, "centerhost.json")), Does.Contain("Argon2").And.Contain("\"Postgres\""));
        Assert.That(File.Exists(Path.Combine(_host.Data, "center.db")), Is.False);
        await DoAsync("status");
        // Another center's directory, and the same database.
        File.Move(Path.Combine(_host.Data, "vault.json"), _host.File("vault"));
        File.Delete(Path.Combine(_host.Data, "center.json"));
        await EndsAsync(3, "has a center's store already", "init", "--id", "other");
    }

    [Test]
    public async Task DatabaseGone_EachCommand_SaysSo()
    {
        var database = PostgresServer.MakeEmpty();
        await DoAsync("init", "--id", "main", "--store", $"postgres:{database}");
        NpgsqlConnection.ClearAllPools();
        var name = new NpgsqlConnectionStringBuilder(database).Database;
        PostgresServer.Execute(PostgresServer.MakeEmpty(), $"ALTER DATABASE {name} RENAME TO {name}_away");
        await EndsAsync(3, "is not there", "status");
        await EndsAsync(3, "is not there", "log", "verify");
        // An empty one in its place is no new center.
        PostgresServer.Execute(PostgresServer.MakeEmpty(), $"CREATE DATABASE {name}");
        await EndsAsync(3, "is gone, but", "status");
    }

    [Test]
    public async Task Migrate_MovesAllOfIt_AndTheFileIsNotOpenedAgain()
    {
        var database = PostgresServer.MakeEmpty();
        await MakeAsync();
        var heads = (await DoAsync("log", "verify", "--vault", "--json")).Json[0];
        await EndsAsync(2, "connection string", "migrate", "--to", "postgres:;;=");
        await DoAsync("migrate", "--to", $"postgres:{database}");
        var after = (await DoAsync("log", "verify", "--vault", "--json")).Json[0];
        Assert.That(after.GetProperty("entries").GetInt64(), Is.GreaterThan(heads.GetProperty("entries").GetInt64()));
        Assert.That((await DoAsync("order", "list", "--json")).Json, Has.Length.EqualTo(4));
        await EndsAsync(4, "is in a database already", "migrate", "--to", $"postgres:{database}");

        // Cut before the settings were written: the file tells where the store is, and the same command goes on.
        var settings = Path.Combine(_host.Data, "centerhost.json");
        await File.WriteAllTextAsync(settings, """{"Argon2":{"MemoryKiB":19456,"Passes":2,"Lanes":1}}""");
        await EndsAsync(3, "was moved to PostgreSQL database", "status");
        await EndsAsync(3, "was moved to PostgreSQL database", "log", "verify");
        await DoAsync("migrate", "--to", $"postgres:{database}");
        await DoAsync("status");
    }

    /// <summary>A slip in the database's name puts nothing beside somebody else's tables; what an extension brings is nobody's.</summary>
    [Test]
    public async Task DatabaseOfSomethingElse_Migrate_IsRefused_AndLeavesItAsItWas()
    {
        var (others, withExtension) = (PostgresServer.MakeEmpty(), PostgresServer.MakeEmpty());
        PostgresServer.Execute(others, "CREATE TABLE payroll (a int)");
        PostgresServer.Execute(withExtension, "CREATE VIEW seen AS SELECT 1; CREATE SCHEMA elsewhere; CREATE TABLE elsewhere.t (a int)");
        await DoAsync("init", "--id", "main");
        await EndsAsync(3, "tables of something else (payroll)", "migrate", "--to", $"postgres:{others}");
        await using (var connection = PostgresServer.Connect(others))
            Assert.That(new NpgsqlCommand("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", connection).ExecuteScalar(), Is.EqualTo(1));
        await DoAsync("status");
        await DoAsync("migrate", "--to", $"postgres:{withExtension}");
    }

    [Test]
    public async Task BackupAndRestore_AreAsWithAFile()
    {
        await DoAsync("init", "--id", "main", "--store", $"postgres:{PostgresServer.MakeEmpty()}");
        await ImportAsync();
        await DoAsync("backup", _host.File("b"));
        await DoAsync("line", "add", "7", "--listen", "tls:127.0.0.1:0");
        await EndsAsync(4, "is newer than the backup", "restore", _host.File("b"));
        await DoAsync("restore", _host.File("b"), "--over-newer");
        Assert.That((await DoAsync("order", "list", "--state", "quarantined", "--json")).Json, Has.Length.EqualTo(4));
        var aside = Directory.GetDirectories(_host.Data, "before-restore-*").Single();
        await DoAsync("order", "reconcile", "--from-log", aside, "--reason", "test", "--dry-run");
        await DoAsync("log", "verify", "--vault");
        // Tried in another directory: into a file there, and its settings must not name the database that is served.
        var elsewhere = _host.File("try");
        string[] there = ["--data", elsewhere, "--passphrase-file", _host.File("passphrase")];
        Assert.That((await HostRun.OfAsync(HostRun.Center, _host.Folder, ["restore", _host.File("b"), .. there])).Code, Is.Zero);
        Assert.That(File.Exists(Path.Combine(elsewhere, "center.db")), Is.True);
        Assert.That(await File.ReadAllTextAsync(Path.Combine(elsewhere, "centerhost.json")), Does.Contain("\"Postgres\": \"\""));
        Assert.That((await HostRun.OfAsync(HostRun.Center, _host.Folder, ["log", "verify", "--vault", .. there])).Code, Is.Zero);
    }

    private async Task MakeAsync()
    {
        await DoAsync("init", "--id", "main");
        await ImportAsync();
    }

    private async Task ImportAsync() => await DoAsync(
        "order", "import", "--orders", Path.Combine(Samples.Folder, "orders.json"), "--product", Path.Combine(Samples.Folder, "visa-like-e2e.product.json"),
        "--product", Path.Combine(Samples.Folder, "visa-like-module.product.json"));

    private async Task<CenterHostRun> DoAsync(params string[] args)
    {
        var run = await _host.RunAsync(args);
        Assert.That(run.Code, Is.Zero, $"{string.Join(' ', args)}: {run}");
        return run;
    }

    private async Task EndsAsync(int code, string says, params string[] args)
    {
        var run = await _host.RunAsync(args);
        Assert.That((run.Code, run.Error.Contains(says, StringComparison.Ordinal)), Is.EqualTo((code, true)), $"{string.Join(' ', args)}: {run}");
        Assert.That(run.Output + run.Error, Does.Not.Contain("hush"));
    }
}
