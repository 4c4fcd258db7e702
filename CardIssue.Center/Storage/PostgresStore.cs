using System.Buffers.Binary;
using System.Data;
using System.Data.Common;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace CardIssue.Center.Storage;

/// <summary>
/// The store in a PostgreSQL database of its own. What writes, in whatever process, holds one lock for the whole transaction: one after the
/// other, as with a file, so no two ever clash and nothing is tried twice. Every commit is durable when the call returns.
/// </summary>
internal sealed class PostgresStore : IStoreEngine
{
    private const int OldestVersion = 140_000;

    // Advisory locks are a database's own: https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
    private const string ServeLock = "1128353604, 1", MigrationLock = "1128353604, 2", NameLocks = "1128353605";

    private const string StopAll = "stop all hosts first";

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50), Ending = TimeSpan.FromSeconds(1),
        LongestAsked = TimeSpan.FromMinutes(2), LongestIdle = TimeSpan.FromSeconds(5);

    private readonly Lock _turn = new();
    private readonly PostgresPlace _place;
    private readonly TimeSpan _busyTimeout;
    private readonly NpgsqlDataSource _readers;
    private NpgsqlConnection? _session;
    private string? _host;
    private bool _alone;
    private long _commits;

    private PostgresStore(PostgresPlace place, TimeSpan busyTimeout)
    {
        (_place, _busyTimeout) = (place, busyTimeout);
        _readers = NpgsqlDataSource.Create(place.Shared);
    }

    /// <inheritdoc/>
    public string Place => _place.Text;

    /// <inheritdoc/>
    public long Commits => Interlocked.Read(ref _commits);

    /// <summary>Opens the database, and brings its tables up to this version.</summary>
    /// <exception cref="StoreException">It cannot be used.</exception>
    public static PostgresStore Open(StoreOptions options) => Open(options, session =>
    {
        // Two that open it at once: the second finds all done.
        Sql.Execute(session, $"SELECT pg_advisory_lock({MigrationLock})");
        var place = new PostgresPlace(options.Postgres);
        if (Migrations.AreDue(place)) Migrate(session, place);
        Sql.Execute(session, $"SELECT pg_advisory_unlock({MigrationLock})");
    });

    /// <summary>Opens it for reading alone; its tables stay as they are.</summary>
    /// <exception cref="StoreException">It cannot be read, or was written by another version.</exception>
    public static PostgresStore OpenToRead(StoreOptions options) => Open(options, _ => Migrations.Compare(new PostgresPlace(options.Postgres)));

    /// <summary>Whether the database has a center's store in it.</summary>
    /// <exception cref="StoreException">It cannot be asked.</exception>
    public static bool IsThere(StoreOptions options)
    {
        var place = new PostgresPlace(options.Postgres);
        return Guarded(place.Text, () =>
        {
            using var connection = new NpgsqlConnection(place.Alone);
            connection.Open();
            return Ask(connection, "SELECT count(*) FROM pg_class WHERE oid = to_regclass('store_meta')") != "0"
                && Ask(connection, "SELECT count(*) FROM store_meta") != "0";
        });
    }

    /// <inheritdoc/>
    public T Write<T>(Func<DbConnection, T> work, Func<DbConnection, bool>? isSaved = null)
    {
        lock (_turn)
        {
            return Guarded(Place, () =>
            {
                var (transaction, number) = Begin();
                using (transaction)
                {
                    var result = work(transaction.Connection!);
                    Commit(transaction, number, isSaved);
                    Interlocked.Increment(ref _commits);
                    return result;
                }
            });
        }
    }

    /// <inheritdoc/>
    // https://www.postgresql.org/docs/current/wal-async-commit.html
    public void WriteInPassing(Action<DbConnection> work) => Write(connection =>
    {
        Sql.Execute(connection, "SET LOCAL synchronous_commit = off");
        work(connection);
        return 0;
    });

    /// <inheritdoc/>
    public T Read<T>(Func<DbConnection, T> work) => Guarded(Place, () =>
    {
        var (connection, transaction) = OnReader(session =>
        {
            var begun = session.BeginTransaction(IsolationLevel.RepeatableRead);
            // Also shows whether the session is still there.
            Sql.Execute(session, "SET TRANSACTION READ ONLY");
            return (session, begun);
        });
        using (connection)
        using (transaction) return work(connection);
    });

    /// <inheritdoc/>
    // Where the session was lost since it was used, nothing was read yet.
    public T Look<T>(Func<DbConnection, T> work) => Guarded(Place, () => OnReader(connection =>
    {
        using (connection) return work(connection);
    }));

    /// <inheritdoc/>
    public bool TakesHosts => true;

    /// <inheritdoc/>
    public void Serve(string host)
    {
        lock (_turn)
        {
            Guarded(Place, () =>
            {
                var session = Session();
                if (_host is null) TakeServing(session, host);
                return _host = host;
            });
        }
    }

    /// <inheritdoc/>
    // https://www.postgresql.org/docs/current/view-pg-locks.html: of a lock of two numbers the first is classid, the second objid, and objsubid is 2.
    public IReadOnlyList<string> Serving(IReadOnlyList<string> hosts) => hosts.Count == 0 ? [] : Read(connection =>
    {
        var held = new StoreView(connection).Query($"""
            SELECT objid::bigint AS name FROM pg_locks WHERE locktype = 'advisory' AND classid = {NameLocks} AND objsubid = 2 AND granted
              AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            """, row => (int)row.Long("name")!.Value);
        return (IReadOnlyList<string>)[.. hosts.Where(host => held.Contains(NumberOf(host)))];
    });

    /// <summary>What is done with the whole store has it for itself, until it is disposed: no host serves.</summary>
    /// <exception cref="StoreException"><see cref="StoreFault.Served"/>: one does.</exception>
    public void ServeNobody()
    {
        lock (_turn) Guarded(Place, () => _alone = TakeAlone(Session(), Place, StopAll));
    }

    /// <inheritdoc/>
    // Its autovacuum gives the room of what was deleted to what comes; the bytes stay where nothing came yet, and in the write-ahead log.
    public void Compact()
    {
    }

    /// <inheritdoc/>
    // Into a file as the other engine has it: one form of backups, which either engine can be restored from.
    public void CopyTo(string path, CancellationToken cancellation)
    {
        using (var file = SqliteFile.Open(path, _busyTimeout)) Read(from => file.Write(to => StoreCopy.Run(from, to, cancellation)));
        using var copy = PrivateFiles.Open(path, FileMode.Open, FileAccess.ReadWrite);
        copy.Flush(flushToDisk: true);
    }

    /// <inheritdoc/>
    public bool EndsTransaction(Exception error) => PostgresFaults.EndsTransaction(error);

    /// <summary>Carries a statement out that is part of no transaction.</summary>
    public void Execute(string sql)
    {
        lock (_turn) Guarded(Place, () => Sql.Execute(Session(), sql));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _session?.Dispose();
        _readers.Dispose();
    }

    private static PostgresStore Open(StoreOptions options, Action<NpgsqlConnection> prepare)
    {
        var store = new PostgresStore(new PostgresPlace(options.Postgres), options.BusyTimeout);
        try
        {
            return Guarded(store.Place, () =>
            {
                var session = store._session = store.Connect();
                store.Check(session);
                prepare(session);
                return store;
            });
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    /// <summary>What the center relies on. Looked at, for whoever set it otherwise wanted it faster, and will not hear of it before a power cut.</summary>
    private void Check(NpgsqlConnection session)
    {
        var version = int.Parse(Ask(session, "SHOW server_version_num"), CultureInfo.InvariantCulture);
        if (version < OldestVersion)
            throw new StoreException(StoreFault.Unreachable, $"{Place}: is of version {version / 10_000}; version {OldestVersion / 10_000} is the oldest that does.");
        if (Ask(session, "SHOW server_encoding") is not "UTF8" and var encoding)
            throw new StoreException(StoreFault.Unreachable, $"{Place}: is in {encoding}; make it in UTF8 (createdb -E UTF8 -T template0).");
        foreach (var setting in (ReadOnlySpan<string>)["fsync", "full_page_writes", "synchronous_commit"])
        {
            if (Ask(session, $"SHOW {setting}") == "off")
                throw new StoreException(StoreFault.Unsafe, $"{Place}: {setting} is off: what it calls committed may be gone after a power cut, and cards with it. Set {setting} = on.");
        }
    }

    /// <summary>
    /// The transaction, after which nobody else begins to write until it ends. Before it has the lock nothing was done: where the session
    /// was lost since the last one, another does as well.
    /// </summary>
    private (NpgsqlTransaction Transaction, string Number) Begin()
    {
        for (var again = false; ; again = true)
        {
            var session = Session();
            NpgsqlTransaction? transaction = null;
            try
            {
                // A lock before the first look: what is seen is what the one before has left. So nothing is there to clash with.
                transaction = session.BeginTransaction(IsolationLevel.RepeatableRead);
                return (transaction, Ask(session, "LOCK TABLE store_meta IN SHARE ROW EXCLUSIVE MODE; SELECT pg_current_xact_id()::text"));
            }
            catch (Exception error)
            {
                transaction?.Dispose();
                if (again || !PostgresFaults.EndsSession(error)) throw;
                Drop();
            }
        }
    }

    /// <summary>
    /// Commits. Where the session is lost just then the server is asked what became of it: what is durable is not told as lost, nor the
    /// other way round.
    /// </summary>
    private void Commit(NpgsqlTransaction transaction, string number, Func<DbConnection, bool>? isSaved)
    {
        try
        {
            transaction.Commit();
        }
        catch (Exception error) when (PostgresFaults.EndsSession(error))
        {
            Drop();
            if (!WasCommitted(number, isSaved)) throw;
        }
    }

    /// <summary>
    /// Asked until there is an answer. After a crash of the server a number that was never made durable may be another transaction's, so the
    /// store itself is looked at as well.
    /// </summary>
    // https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-PG-SNAPSHOT
    private bool WasCommitted(string number, Func<DbConnection, bool>? isSaved)
    {
        for (var end = After(_host is null ? _busyTimeout : LongestAsked); ; Thread.Sleep(Pause))
        {
            Exception? away = null;
            try
            {
                var session = Session();
                var state = Ask(session, $"SELECT coalesce(pg_xact_status('{number}'::xid8), 'unknown')");
                if (state != "in progress") return state == "committed" && isSaved?.Invoke(session) != false;
            }
            catch (PostgresException future) when (future.SqlState == PostgresErrorCodes.InvalidParameterValue)
            {
                // The server knows of no such number yet: it was lost with the crash.
                return false;
            }
            catch (Exception error) when (error is DbException or StoreException)
            {
                // Whatever it says instead, as that it takes no more sessions, is no answer.
                Drop();
                away = error;
            }
            if (!IsOver(end)) continue;
            throw new StoreException(
                StoreFault.Unreachable, $"{Place}: went away within a commit and did not come back: whether it is saved is not known.", away)
            {
                MayBeSaved = true,
            };
        }
    }

    /// <summary>Begins with a session that reads, and with another one where it was lost since it was used. Whoever begins disposes it; where that fails, it is.</summary>
    private T OnReader<T>(Func<NpgsqlConnection, T> begin)
    {
        for (var again = false; ; again = true)
        {
            var connection = _readers.CreateConnection();
            try
            {
                Open(connection);
                return begin(connection);
            }
            catch (Exception error)
            {
                connection.Dispose();
                if (again || !PostgresFaults.EndsSession(error)) throw;
                // The server was started anew: all that are kept are gone.
                _readers.Clear();
            }
        }
    }

    /// <summary>The session that writes. A lost one is made anew, within the time that there is for a busy store.</summary>
    private NpgsqlConnection Session()
    {
        if (_session is { FullState: ConnectionState.Open }) return _session;
        Drop();
        for (var end = End(); ; Thread.Sleep(Pause))
        {
            NpgsqlConnection? session = null;
            try
            {
                session = Connect();
                if (_host is { } host) TakeServing(session, host);
                if (_alone) TakeAlone(session, Place, StopAll);
                return _session = session;
            }
            catch (Exception error) when (IsGone(error) && !IsOver(end))
            {
                // The server starts, or has not noticed yet that the session before is gone.
                session?.Dispose();
            }
            catch
            {
                session?.Dispose();
                throw;
            }
        }
    }

    private NpgsqlConnection Connect()
    {
        var session = new NpgsqlConnection(_place.Alone);
        try
        {
            Open(session);
            // A host that is gone without a word, or stands still within a transaction, holds its locks no longer than this:
            // others, who wait for twice as long, get them before they give up.
            var idle = Math.Min(LongestIdle.TotalMilliseconds, _busyTimeout.TotalMilliseconds / 2);
            Sql.Execute(session, $"SET lock_timeout = {(long)_busyTimeout.TotalMilliseconds}; SET idle_in_transaction_session_timeout = {(long)idle}; "
                + "SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3");
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>A server that does not answer at all is away, as one that refuses is.</summary>
    private void Open(NpgsqlConnection session)
    {
        try
        {
            session.Open();
        }
        catch (NpgsqlException error) when (error.InnerException is TimeoutException)
        {
            throw new StoreException(StoreFault.Unreachable, $"{Place}: does not answer; check that the server runs and can be reached from here.", error);
        }
    }

    /// <summary>
    /// The locks are the session's, and only the session writes: whoever has lost the one cannot do the other. One is shared by all hosts,
    /// the other is the name's.
    /// </summary>
    private void TakeServing(NpgsqlConnection session, string host)
    {
        if (!TryTake(session, $"pg_try_advisory_lock_shared({ServeLock})"))
            throw new StoreException(StoreFault.Served, $"{Place}: is being restored, moved or brought up to another version; try again when that is done.");
        if (TryTake(session, $"pg_try_advisory_lock({NameLocks}, {NumberOf(host)})")) return;
        Sql.Execute(session, $"SELECT pg_advisory_unlock_shared({ServeLock})");
        throw new StoreException(StoreFault.Served,
            $"{Place}: another host of the name {host} serves from it already; stop that one first, or give this one a name of its own (Center:Host).");
    }

    private static bool TakeAlone(NpgsqlConnection session, string place, string what) => TryTake(session, $"pg_try_advisory_lock({ServeLock})")
        ? true : throw new StoreException(StoreFault.Served, $"{place}: is served; {what}.");

    /// <summary>A host of the version before would find tables that it does not know.</summary>
    private static void Migrate(NpgsqlConnection session, PostgresPlace place)
    {
        CheckOwn(session, place.Text);
        TakeAlone(session, place.Text, "its tables are of an older version: stop all hosts, then begin again with those of this one");
        Migrations.Apply(place);
        Sql.Execute(session, $"SELECT pg_advisory_unlock({ServeLock})");
    }

    /// <summary>A database that somebody else's tables are in was named by a slip: nothing is put beside them.</summary>
    private static void CheckOwn(NpgsqlConnection session, string place)
    {
        var other = Ask(session, """
            SELECT min(relname) FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
              AND to_regclass('schemaversions') IS NULL AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')
            """);
        if (other.Length > 0)
            throw new StoreException(StoreFault.Unreachable, $"{place}: has tables of something else ({other}); name a database of the center's own, an empty one.");
    }

    private static bool TryTake(NpgsqlConnection session, string take)
    {
        // The server needs a moment to see that a session has ended.
        for (var end = After(Ending); ; Thread.Sleep(Pause))
        {
            if (Ask(session, $"SELECT {take}::text") == "true") return true;
            if (IsOver(end)) return false;
        }
    }

    /// <summary>A name as the number of a lock. Two names of one number would be refused side by side, which another name mends.</summary>
    private static int NumberOf(string host) => BinaryPrimitives.ReadInt32BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(host)));

    /// <summary>Whether the server is away, or has not noticed yet that a session before is gone.</summary>
    private static bool IsGone(Exception error) =>
        error is StoreException { Fault: StoreFault.Served or StoreFault.Unreachable } || PostgresFaults.EndsSession(error);

    private void Drop()
    {
        _session?.Dispose();
        _session = null;
    }

    private long End() => After(_busyTimeout);

    private static long After(TimeSpan time) => TimeProvider.System.GetTimestamp() + (long)(time.TotalSeconds * TimeProvider.System.TimestampFrequency);

    private static bool IsOver(long end) => TimeProvider.System.GetTimestamp() > end;

    private static string Ask(NpgsqlConnection connection, string sql)
    {
        using var command = new NpgsqlCommand(sql, connection);
        return Convert.ToString(command.ExecuteScalar(), CultureInfo.InvariantCulture) ?? "";
    }

    private static T Guarded<T>(string place, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception error) when (PostgresFaults.From(error, place) is { } fault)
        {
            throw fault;
        }
    }
}
