using CardIssue.Bench;
using CardIssue.Center.Storage;
using Microsoft.Data.Sqlite;

namespace CardIssue.Test.Hosts;

/// <summary>Commands of the console while the disk gets full, or the store is locked, at each of their commits: they say so, and nothing is done without its entry in the log.</summary>
[TestFixture, Parallelizable]
public sealed class ConsoleDiskTest
{
    private const int MostCommits = 12;

    private static readonly Dictionary<DiskFault, string> Words = new() { [DiskFault.Full] = "disk is full", [DiskFault.Locked] = "another process holds it" };

    private HostFolder _bare = null!, _working = null!;

    /// <summary>A center with a terminal, and one with orders besides, of which one is asked to be voided.</summary>
    [OneTimeSetUp]
    public async Task MakeAsync()
    {
        _bare = await HostFolder.MakeAsync();
        File.WriteAllText(_bare["center/centerhost.json"],
            """{"Argon2":{"MemoryKiB":19456,"Passes":2,"Lanes":1},"Center":{"Store":{"BusyTimeout":"00:00:01"}}}""");
        await DoAsync(_bare, "terminal", "add", "--file", _bare["terminal/terminal.json"], "--line", "1", "--address", "127.0.0.1");
        _working = _bare.Copy();
        await DoAsync(_working, Import(_working));
        await DoAsync(_working, "order", "void", "E2E-0001", "--reason", "the card broke");
    }

    [OneTimeTearDown]
    public void Delete()
    {
        _bare?.Dispose();
        _working?.Dispose();
    }

    [Test]
    public Task OrderVoid_AskedFor([Values(DiskFault.Full, DiskFault.Locked)] DiskFault fault) =>
        FailsAtAnyCommitAsync(_working, fault, _ => ["order", "void", "MODULE-0001", "--reason", "lost"]);

    [Test]
    public Task OrderVoid_Approved([Values(DiskFault.Full, DiskFault.Locked)] DiskFault fault) => FailsAtAnyCommitAsync(_working, fault,
        folder => ["approval", "approve", "1", "--as", "bob", "--password-file", folder["bob.password"]]);

    [Test]
    public Task TerminalDisable([Values(DiskFault.Full, DiskFault.Locked)] DiskFault fault) =>
        FailsAtAnyCommitAsync(_working, fault, _ => ["terminal", "disable", "T-1"]);

    [Test]
    public Task OrderImport([Values(DiskFault.Full, DiskFault.Locked)] DiskFault fault) => FailsAtAnyCommitAsync(_bare, fault, Import);

    private static async Task FailsAtAnyCommitAsync(HostFolder from, DiskFault fault, Func<HostFolder, string[]> command)
    {
        for (var commits = 0; commits < MostCommits; commits++)
        {
            using var folder = from.Copy();
            using var disk = SqliteDisk.Of(folder.Folder);
            // The other process, without which there would be nothing but files.
            using var other = Connect(folder);
            var before = StandOf(folder);
            disk.FailAfter(commits, fault);
            var run = await folder.RunAsync(HostRun.Center, command(folder));
            disk.Mend();
            var after = StandOf(folder);
            var what = $"{fault} after {commits} commits: {run}";
            Assert.That(after.Rows != before.Rows, Is.EqualTo(after.Acts > before.Acts), what);
            if (run.Code == 0)
            {
                Assert.That(commits, Is.GreaterThan(1), "the login and the act");
                Assert.That(after.Rows, Is.Not.EqualTo(before.Rows), what);
                return;
            }
            run.IsAnEnd(what);
            Assert.That(run.Code, Is.EqualTo(3), what);
            Assert.That(run.Error, Does.Contain(Words[fault]), what);
            var verified = await folder.RunAsync(HostRun.Center, "log", "verify", "--vault");
            Assert.That(verified.Code, Is.Zero, verified.ToString());
        }
        Assert.Fail("it never came to its end");
    }

    /// <summary>What commands change, and how many entries of the log tell of what was done.</summary>
    private static (string Rows, long Acts) StandOf(HostFolder folder)
    {
        using var connection = Connect(folder);
        var store = new StoreView(connection);
        return (
            string.Join('\n', store.Query("""
                SELECT order_id || ' ' || state || ' ' || coalesce(void_reason, '') FROM orders UNION ALL
                SELECT terminal || ' ' || enabled FROM terminals UNION ALL
                SELECT id || ' ' || state FROM approvals ORDER BY 1
                """, row => (string)row[0])),
            store.Number("SELECT count(*) FROM log_entries WHERE kind NOT IN ('LoggedIn', 'LoginsRefused', 'Checkpoint')"));
    }

    private static SqliteConnection Connect(HostFolder folder)
    {
        var connection = new SqliteConnection($"Data Source={folder["center/center.db"]};Pooling=False");
        connection.Open();
        new StoreView(connection).Number("SELECT count(*) FROM orders");
        return connection;
    }

    private static string[] Import(HostFolder folder) =>
        ["order", "import", "--product", folder["product.json"], "--product", folder["module.product.json"], "--orders", folder["orders.json"]];

    private static async Task DoAsync(HostFolder folder, params string[] args)
    {
        var run = await folder.RunAsync(HostRun.Center, args);
        Assert.That(run.Code, Is.Zero, run.ToString());
    }
}
