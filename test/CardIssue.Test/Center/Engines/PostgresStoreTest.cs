using System.Data.Common;
using CardIssue.Center.Storage;
using Npgsql;

namespace CardIssue.Test.Center.Engines;

/// <summary>What a server brings that a file does not: sessions that are lost, settings of somebody else's, a lock of a host that is gone.</summary>
public sealed class PostgresStoreTest
{
    private string _database = null!;
    private PostgresStore _engine = null!;

    private StoreOptions Options => new() { Postgres = _database, BusyTimeout = TimeSpan.FromSeconds(2) };

    [SetUp]
    public void Open()
    {
        _database = PostgresServer.MakeStore();
        _engine = PostgresStore.Open(Options);
    }

    [TearDown]
    public void Close() => _engine.Dispose();

    [Test]
    public void SessionLost_BetweenTwo_TheNextIsDone_WritingAndReading()
    {
        AddTry();
        Assert.That(Count(), Is.EqualTo(1));
        EndSessions();
        AddTry();
        EndSessions();
        Assert.That(Count(), Is.EqualTo(2));
    }

    [Test]
    public void SessionLost_WithinATransaction_NothingOfItIsThere_AndItsCallerHears()
    {
        var fault = Assert.Throws<StoreException>(() => _engine.Write(connection =>
        {
            AddTry(connection);
            EndSessions();
            return AddTry(connection);
        }));
        Assert.That((fault!.Fault, Count()), Is.EqualTo((StoreFault.Unreachable, 0)));
        AddTry();
        Assert.That(Count(), Is.EqualTo(1));
    }

    /// <summary>A deferred trigger runs in COMMIT, so that is where the session ends: before the server has committed.</summary>
    [Test]
    public void SessionLost_WithinCommit_ItIsAskedWhatBecameOfIt()
    {
        PostgresServer.Execute(_database, """
            CREATE FUNCTION end_session() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END';
            CREATE CONSTRAINT TRIGGER ends AFTER INSERT ON code_attempts DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION end_session()
            """);
        var before = _engine.Commits;
        Assert.That(Assert.Throws<StoreException>(AddTry)!.Fault, Is.EqualTo(StoreFault.Unreachable));
        Assert.That((_engine.Commits - before, Count()), Is.EqualTo((0, 0)));
        PostgresServer.Execute(_database, "DROP FUNCTION end_session CASCADE");
        AddTry();
        Assert.That(Count(), Is.EqualTo(1));
    }

    /// <summary>The server commits, and its answer never comes: what is durable is not told as lost.</summary>
    [Test]
    public void AnswerToCommitLost_ItIsAskedWhatBecameOfIt_AndCounted()
    {
        using var relay = new LostAnswer(_database);
        using var engine = PostgresStore.Open(new StoreOptions { Postgres = relay.Place, BusyTimeout = TimeSpan.FromSeconds(5) });
        AddTry(engine);
        relay.LoseAt("COMMIT");
        AddTry(engine);
        Assert.That((relay.Lost, engine.Commits, Count()), Is.EqualTo((1, 2, 2)));
    }

    /// <summary>The server commits, and lets nobody in who could ask: nobody may be told that nothing is saved.</summary>
    [Test]
    public void AnswerToCommitLost_AndTheServerTakesNoMoreSessions_ItMayBeSaved()
    {
        using var relay = new LostAnswer(_database);
        using var engine = PostgresStore.Open(new StoreOptions { Postgres = relay.Place, BusyTimeout = TimeSpan.FromSeconds(1) });
        AddTry(engine);
        var elsewhere = new NpgsqlConnectionStringBuilder(_database) { Database = "postgres" }.ConnectionString;
        PostgresServer.Execute(elsewhere, $"ALTER DATABASE {NameOf(_database)} ALLOW_CONNECTIONS false");
        relay.LoseAt("COMMIT");
        var fault = Assert.Throws<StoreException>(() => AddTry(engine))!;
        PostgresServer.Execute(elsewhere, $"ALTER DATABASE {NameOf(_database)} ALLOW_CONNECTIONS true");
        Assert.That((fault.Fault, fault.MayBeSaved, Count()), Is.EqualTo((StoreFault.Unreachable, true, 2)));
    }

    /// <summary>A process that is stopped, or a machine that is moved, says nothing more and holds what it has.</summary>
    [TestCase(false)]
    [TestCase(true)]
    public async Task HostStandsStill_WithinATransaction_OthersWriteBeforeTheyGiveUp_AndItHearsThatNothingIsSaved(bool allWasDone)
    {
        using var holds = new SemaphoreSlim(0);
        using var goesOn = new SemaphoreSlim(0);
        Task still = Task.Run(() => _engine.Write(connection =>
        {
            AddTry(connection);
            holds.Release();
            goesOn.Wait();
            return allWasDone ? 0 : AddTry(connection);
        }));
        await holds.WaitAsync();
        using var other = PostgresStore.Open(Options);
        try
        {
            Assert.That(() => AddTry(other), Throws.Nothing);
        }
        finally
        {
            goesOn.Release();
            await still.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        var fault = (StoreException)still.Exception!.InnerException!;
        Assert.That((fault.Fault, fault.MayBeSaved, Count()), Is.EqualTo((StoreFault.Unreachable, false, 1)));
        AddTry();
        Assert.That(Count(), Is.EqualTo(2), "it goes on");
    }

    [Test]
    public void Served_AnotherHost_Serves_AndOneOfTheSameName_IsRefusedUntilTheFirstIsGone()
    {
        _engine.Serve("one");
        _engine.Serve("one");
        using var other = PostgresStore.Open(Options);
        using var namesake = PostgresStore.Open(Options);
        other.Serve("two");
        var fault = Assert.Throws<StoreException>(() => namesake.Serve("one"))!;
        Assert.That((fault.Fault, fault.Message.Contains("Center:Host")), Is.EqualTo((StoreFault.Served, true)));
        AddTry(namesake);
        Assert.That(Count(), Is.EqualTo(1));
        _engine.Dispose();
        namesake.Serve("one");
    }

    [Test]
    public void Served_WhatNeedsTheWholeStore_IsRefused_AndTheOtherWayRound()
    {
        _engine.Serve("one");
        using (var restoring = PostgresStore.Open(Options))
        {
            Assert.That(Assert.Throws<StoreException>(restoring.ServeNobody)!.Fault, Is.EqualTo(StoreFault.Served));
            _engine.Dispose();
            restoring.ServeNobody();
            using var other = PostgresStore.Open(Options);
            Assert.That(Assert.Throws<StoreException>(() => other.Serve("two"))!.Fault, Is.EqualTo(StoreFault.Served));
        }
        using var later = PostgresStore.Open(Options);
        later.Serve("two");
    }

    [Test]
    public void TakenAsAWhole_SessionLost_AndAHostServesMeanwhile_WritesNoMore()
    {
        _engine.ServeNobody();
        EndSessions();
        using (var other = PostgresStore.Open(Options))
        {
            other.Serve("two");
            Assert.That(Assert.Throws<StoreException>(AddTry)!.Fault, Is.EqualTo(StoreFault.Served));
        }
        AddTry();
        using var later = PostgresStore.Open(Options);
        Assert.That(Assert.Throws<StoreException>(() => later.Serve("two"))!.Fault, Is.EqualTo(StoreFault.Served), "it has the store for itself again");
    }

    [Test]
    public void TablesOfAnOlderVersion_WhileAHostServes_StayAsTheyAre()
    {
        _engine.Serve("one");
        PostgresServer.Execute(_database, "DROP TABLE hosts; DELETE FROM schemaversions WHERE scriptname LIKE '%020_hosts%'");
        Assert.That(Assert.Throws<StoreException>(() => PostgresStore.Open(Options))!.Fault, Is.EqualTo(StoreFault.Served));
        _engine.Dispose();
        using var next = PostgresStore.Open(Options);
        Assert.That(next.Read(connection => new StoreView(connection).Number("SELECT count(*) FROM hosts")), Is.Zero);
        next.Serve("one");
    }

    [Test]
    public void Served_SessionLost_AndANamesakeServesMeanwhile_WritesNoMore()
    {
        _engine.Serve("one");
        EndSessions();
        using var namesake = PostgresStore.Open(Options);
        namesake.Serve("one");
        Assert.That(Assert.Throws<StoreException>(AddTry)!.Fault, Is.EqualTo(StoreFault.Served));
        Assert.That(Count(), Is.Zero);
        namesake.Dispose();
        AddTry();
        Assert.That(Count(), Is.EqualTo(1), "and goes on when nobody else has the name");
    }

    [Test]
    public void SynchronousCommit_Off_IsNotOpened([Values("off", "on")] string setting)
    {
        PostgresServer.Execute(_database, $"ALTER DATABASE {NameOf(_database)} SET synchronous_commit = {setting}");
        if (setting == "on") PostgresStore.Open(Options).Dispose();
        else Assert.That(Assert.Throws<StoreException>(() => PostgresStore.Open(Options))!.Fault, Is.EqualTo(StoreFault.Unsafe));
    }

    [Test]
    public void NoSuchDatabase_NoServer_WrongPassword_SayWhatToDo()
    {
        PostgresServer.Execute(_database, "CREATE ROLE guarded LOGIN PASSWORD 'right'");
        foreach (var (place, says) in new[]
        {
            (_database + "_none", "createdb"), ("Host=/nowhere;Username=a;Database=b", "check that the server runs"),
            (_database + ";Username=guarded;Password=wrong", "pg_hba.conf"),
        })
        {
            var fault = Assert.Throws<StoreException>(() => PostgresStore.Open(new StoreOptions { Postgres = place, BusyTimeout = TimeSpan.FromSeconds(1) }));
            Assert.That(fault!.Fault, Is.EqualTo(StoreFault.Unreachable), place);
            Assert.That(fault.Message, Does.Contain(says).And.Not.Contain("wrong"), place);
        }
    }

    [Test]
    public void Empty_IsNotThere_AndOpenedIsOfThisVersion_AtOnceFromTwo()
    {
        var empty = new StoreOptions { Postgres = PostgresServer.MakeEmpty() };
        Assert.That(PostgresStore.IsThere(empty), Is.False);
        Assert.That(Assert.Throws<StoreException>(() => PostgresStore.OpenToRead(empty))!.Fault, Is.EqualTo(StoreFault.Older));
        var opening = Enumerable.Range(0, 2).Select(_ => Task.Run(() => PostgresStore.Open(empty).Dispose())).ToArray();
        Assert.That(Task.WhenAll(opening).Wait(TimeSpan.FromSeconds(30)), Is.True);
        PostgresStore.OpenToRead(empty).Dispose();
    }

    /// <summary>A column that only one engine has would be lost with a move, a backup or a restore.</summary>
    [Test]
    public void Tables_AreTheSameInBothEngines()
    {
        using var file = EngineUnderTest.Of(EngineKind.Sqlite);
        file.Open(file.Options).Dispose();
        using var sqlite = file.Connect();
        using var postgres = PostgresServer.Connect(_database);
        var expected = Lines(sqlite, """
            SELECT m.name || '.' || c.name || CASE WHEN c."notnull" OR c.pk > 0 THEN ' required' ELSE '' END
            FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' AND m.name NOT LIKE 'Schema%'
            """);
        var found = Lines(postgres, """
            SELECT table_name || '.' || column_name || CASE WHEN is_nullable = 'NO' THEN ' required' ELSE '' END
            FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'schemaversions'
            """);
        Assert.That(found, Is.EquivalentTo(expected));
        Assert.That(StoreCopy.Tables, Is.EquivalentTo(expected.Select(line => line.Split('.')[0]).Distinct()), "and all of them are copied");
    }

    [Test]
    public void HistoryAndLog_AreOnlyAddedTo()
    {
        foreach (var table in new[] { "log_heads", "log_entries" })
        {
            var change = () => _engine.Execute($"DO 'BEGIN INSERT INTO {table} SELECT (json_populate_record(null::{table}, "
                + "''{\"instance\":\"a\",\"sequence\":1,\"at\":1,\"session\":\"s\",\"direction\":0,\"step\":0,\"kind\":\"k\",\"detail\":\"{}\",\"digest\":\"\",\"hash\":\"\",\"mac\":\"\",\"generation\":1}'')).*; "
                + $"DELETE FROM {table}; END'");
            if (table == "log_heads") Assert.DoesNotThrow(() => change());
            else Assert.That(Assert.Throws<PostgresException>(() => change())!.MessageText, Is.EqualTo("log_entries is only added to"));
        }
    }

    private static List<string> Lines(DbConnection connection, string sql)
    {
        using var command = Sql.Command(connection, sql);
        using var reader = command.ExecuteReader();
        var lines = new List<string>();
        while (reader.Read()) lines.Add(reader.GetString(0));
        return lines;
    }

    private void EndSessions() => PostgresServer.Execute(
        _database, "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");

    private void AddTry() => AddTry(_engine);

    private static void AddTry(PostgresStore engine) => engine.Write(AddTry);

    private static int AddTry(DbConnection connection) =>
        Sql.Execute(connection, "INSERT INTO code_attempts (customer, terminal, at) VALUES ('ann', 'T-1', 1)");

    private long Count() => _engine.Read(connection => new StoreView(connection).Number("SELECT count(*) FROM code_attempts"));

    private static string NameOf(string database) => new NpgsqlConnectionStringBuilder(database).Database!;
}
