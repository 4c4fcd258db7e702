using System.Data.Common;
using CardIssue.Center.Storage;
using CardIssue.Terminal.Relay;
using CardIssue.Test.Parts;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace CardIssue.Test.EndToEnd;

/// <summary>
/// What an issue costs does not grow with what the store holds: no statement of it goes through a whole table that grows with orders, cards,
/// terminals or years. The engines have the same indexes, so one of them is asked.
/// </summary>
[TestFixture]
public sealed class StatementsTest
{
    // https://sqlite.org/c3ref/c_stmtstatus_counter.html
    private const int StatementRuns = 6;

    /// <summary>127 and 128 were reached; a feed that tells twice, or a lease, may be in it.</summary>
    private const int MostWritten = 134;

    private static readonly string[] GrowingTables =
    [
        "orders", "order_history", "issued_cards", "card_tries", "code_attempts", "feed_outbox", "log_entries", "absent_orders", "terminals", "readers",
        "reader_requests", "terminal_faults", "enrolments",
    ];

    [TestCase("orders", "SELECT * FROM orders WHERE card = $card AND state > 1 AND rewrite = 'r' OR display = 'x'", true)]
    [TestCase("orders", "SELECT * FROM orders WHERE order_id = $order", false)]
    public async Task Statement_ThatGoesThroughATable_IsFound(string table, string sql, bool isFound)
    {
        await using var shop = await Shop.OpenAsync();
        Assert.That(Scans(shop, sql), isFound ? Is.EqualTo(new[] { table }) : Is.Empty);
    }

    [Test]
    public async Task Issue_WithAdmissionAndReconnection_GoesThroughNoTableThatGrows()
    {
        await using var shop = await Shop.OpenAsync();
        var engine = default(Listening);
        shop.WrapEngine = inner => engine = new Listening(inner);
        await shop.ReopenCenterAsync();
        foreach (var (order, mode) in new[] { ("o-1", "endToEnd"), ("o-2", "module") }) await shop.OrderAsync(order, Products.EndToEnd("looks-" + mode, mode));
        engine!.Begin();
        await shop.RestartTerminalAsync();
        shop.Reader.Insert(Shop.Card(1));
        Assert.That((await shop.IssueAsync("o-1")).Ending, Is.EqualTo(IssueEnding.Issued));
        shop.Reader.Remove();
        await shop.ShowsAsync("Ready");
        await shop.RestartTerminalAsync();
        shop.Reader.Insert(Shop.Card(2));
        Assert.That((await shop.IssueAsync("o-2")).Ending, Is.EqualTo(IssueEnding.Issued));
        var statements = engine.End();
        Assert.That(statements, Has.Count.GreaterThan(40), "those of two issues");
        Assert.That(
            from sql in statements from table in Scans(shop, sql) select $"{table}: {sql}", Is.Empty);
    }

    /// <summary>Each is a part of what a card costs the center; on a server each that is waited for is a way there and back besides.</summary>
    [TestCase("endToEnd")]
    [TestCase("module")]
    public async Task Issue_OfThreeRecords_TakesNoMoreStatementsThanItDid(string mode)
    {
        await using var shop = await Shop.OpenAsync();
        var engine = default(Listening);
        shop.WrapEngine = inner => engine = new Listening(inner);
        await shop.ReopenCenterAsync();
        foreach (var order in new[] { "o-1", "o-2" }) await shop.OrderAsync(order, Products.EndToEnd("counts-" + mode, mode));
        shop.Reader.Insert(Shop.Card(1));
        Assert.That((await shop.IssueAsync("o-1")).Ending, Is.EqualTo(IssueEnding.Issued), "the terminal is let in with it");
        shop.Reader.Remove();
        await shop.ShowsAsync("Ready");
        await shop.RemovedAsync(1);
        engine!.Begin();
        shop.Reader.Insert(Shop.Card(2));
        Assert.That((await shop.IssueAsync("o-2")).Ending, Is.EqualTo(IssueEnding.Issued));
        shop.Reader.Remove();
        await shop.RemovedAsync(2);
        engine.End();
        TestContext.Out.WriteLine($"{mode}: {engine.Written} statements in commits, {engine.Looked} outside");
        foreach (var (sql, times) in engine.Times) TestContext.Out.WriteLine($"{times} {sql.ReplaceLineEndings(" ")}");
        Assert.That(engine.Written, Is.InRange(MostWritten / 2, MostWritten));
    }

    /// <summary>The growing tables that a statement goes through from end to end, by SQLite's own plan.</summary>
    // https://sqlite.org/eqp.html
    private static string[] Scans(Shop shop, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(shop.Folder, "data", "center.db")};Mode=ReadOnly;Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"EXPLAIN QUERY PLAN {sql}";
        foreach (var name in System.Text.RegularExpressions.Regex.Matches(sql, @"\$\w+").Select(match => match.Value).Distinct())
            command.Parameters.AddWithValue(name, DBNull.Value);
        using var plan = command.ExecuteReader();
        var steps = new List<string>();
        while (plan.Read()) steps.Add(plan.GetString(3));
        return [.. GrowingTables.Where(table => steps.Exists(step => step == $"SCAN {table}" || step.StartsWith($"SCAN {table} ", StringComparison.Ordinal)))];
    }

    /// <summary>Keeps which statements are carried out.</summary>
    private sealed class Listening(IStoreEngine inner) : EngineInFront(inner)
    {
        private readonly HashSet<string> _heard = [];
        private readonly HashSet<sqlite3> _connections = [];
        private bool _listens;

        /// <summary>How many statements the commits took, those of the feed and of leases with them.</summary>
        public long Written { get; private set; }

        /// <summary>How many the reads outside of commits took, their begins and ends with them but the last.</summary>
        public long Looked { get; private set; }

        /// <summary>How often each was carried out.</summary>
        public SortedDictionary<string, long> Times { get; } = new(StringComparer.Ordinal);

        public void Begin()
        {
            lock (_heard) (_listens, Written, Looked) = (true, 0, 0);
        }

        public IReadOnlyCollection<string> End()
        {
            lock (_heard)
            {
                _listens = false;
                return [.. _heard];
            }
        }

        public override T Write<T>(Func<DbConnection, T> work, Func<DbConnection, bool>? isSaved = null) => base.Write(Heard(work, isCommit: true), isSaved);

        public override T Read<T>(Func<DbConnection, T> work) => base.Read(Heard(work));

        public override T Look<T>(Func<DbConnection, T> work) => base.Look(Heard(work));

        public override void WriteInPassing(Action<DbConnection> work) => base.WriteInPassing(connection => Heard(at =>
        {
            work(at);
            return 0;
        })(connection));

        private Func<DbConnection, T> Heard<T>(Func<DbConnection, T> work, bool isCommit = false) => connection =>
        {
            var handle = ((SqliteConnection)connection).Handle!;
            lock (_heard)
            {
                if (_connections.Add(handle)) handle.enable_sqlite3_next_stmt(true);
            }
            var result = work(connection);
            lock (_heard)
            {
                for (var statement = Next(handle, null); statement is not null; statement = Next(handle, statement))
                {
                    var runs = raw.sqlite3_stmt_status(statement, StatementRuns, 1);
                    if (_listens && isCommit) Written += runs;
                    if (!_listens || runs == 0) continue;
                    if (!isCommit) Looked += runs;
                    var sql = raw.sqlite3_sql(statement).utf8_to_string();
                    _heard.Add(sql);
                    Times[sql] = Times.GetValueOrDefault(sql) + runs;
                }
            }
            return result;
        };

        private static sqlite3_stmt? Next(sqlite3 connection, sqlite3_stmt? statement)
        {
            try
            {
                return raw.sqlite3_next_stmt(connection, statement);
            }
            catch (KeyNotFoundException)
            {
                // A reader's BEGIN, which was compiled before anybody listened: the oldest of all, and so the last.
                return null;
            }
        }
    }
}
