using System.Data.Common;
using CardIssue.Core.Primitives;
using Microsoft.Data.Sqlite;

namespace CardIssue.Center.Storage;

/// <summary>
/// The store in one SQLite file: write-ahead log, full synchronisation, short transactions. Every commit is durable when the call returns.
/// </summary>
internal sealed class SqliteFile : IStoreEngine
{
    // https://sqlite.org/rescode.html
    private const int ErrorCode = 1, CorruptCode = 11, ConstraintCode = 19, MismatchCode = 20, RangeCode = 25;

    /// <summary>
    /// What the writer keeps of the file in memory, in KiB: with SQLite's 2 MB most pages of indexes are read anew for each commit; with 32 MB a commit that
    /// splits a page walks through all of them at its end.
    /// </summary>
    private const int CacheKiB = 8 * 1024;

    /// <summary>Nothing is committed meanwhile.</summary>
    private static readonly TimeSpan CompactWait = TimeSpan.FromSeconds(1);

    private readonly SqliteConnection _writer;
    private readonly string _readOnly;
    private readonly TimeSpan _busyTimeout;
    private readonly IdleConnections _readers;
    private long _commits;

    private SqliteFile(string path, SqliteConnection writer, string readOnly, TimeSpan busyTimeout)
    {
        Place = path;
        _writer = writer;
        _readOnly = readOnly;
        _busyTimeout = busyTimeout;
        _readers = new IdleConnections(() => new SqliteConnection(readOnly));
    }

    /// <inheritdoc/>
    public string Place { get; }

    /// <inheritdoc/>
    public long Commits => Interlocked.Read(ref _commits);

    /// <summary>A database's file, and what SQLite keeps beside it: whatever of that is there belongs to what is in the file.</summary>
    // https://sqlite.org/tempfiles.html: a rollback journal before the write-ahead log is chosen, and in a copy that VACUUM INTO made.
    public static IEnumerable<string> PartsOf(string path) => [path, path + "-journal", path + "-wal", path + "-shm"];

    /// <summary>Opens the file, makes it where it is not there, and brings its tables up to this version.</summary>
    /// <exception cref="StoreException">It cannot be used.</exception>
    public static SqliteFile Open(string path, TimeSpan busyTimeout)
    {
        path = Path.GetFullPath(path);
        return Guarded(path, () =>
        {
            PrivateFiles.CreateDirectory(Path.GetDirectoryName(path)!);
            PrivateFiles.CreateFile(path);
            var seconds = Math.Max(1, (int)busyTimeout.TotalSeconds);
            var text = new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, DefaultTimeout = seconds };
            Migrations.Apply(text.ToString(), path);
            var writer = new SqliteConnection(text.ToString());
            try
            {
                writer.Open();
                // secure_delete: write data that is deleted N days after issue is overwritten, not only unlinked.
                Sql.Execute(writer, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON");
                // https://sqlite.org/tempfiles.html#statement_journal_files: what the parts of a commit may be taken back to is else a file, opened and written for each.
                Sql.Execute(writer, $"PRAGMA busy_timeout={seconds * 1000}; PRAGMA cache_size=-{CacheKiB}; PRAGMA temp_store=MEMORY");
                text.Mode = SqliteOpenMode.ReadOnly;
                return new SqliteFile(path, writer, text.ToString(), TimeSpan.FromSeconds(seconds));
            }
            catch
            {
                writer.Dispose();
                throw;
            }
        });
    }

    /// <summary>Opens the file for reading alone; nothing is made, and its tables stay as they are.</summary>
    /// <exception cref="StoreException">It cannot be read, or was written by another version.</exception>
    public static SqliteFile OpenToRead(string path)
    {
        path = Path.GetFullPath(path);
        return Guarded(path, () =>
        {
            var text = new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, Mode = SqliteOpenMode.ReadOnly }.ToString();
            Migrations.Compare(text, path);
            var connection = new SqliteConnection(text);
            connection.Open();
            return new SqliteFile(path, connection, text, TimeSpan.Zero);
        });
    }

    /// <inheritdoc/>
    public T Write<T>(Func<DbConnection, T> work, Func<DbConnection, bool>? isSaved = null) => Guarded(Place, () =>
    {
        using var transaction = _writer.BeginTransaction();
        var result = work(_writer);
        transaction.Commit();
        Interlocked.Increment(ref _commits);
        return result;
    });

    /// <inheritdoc/>
    // https://sqlite.org/pragma.html#pragma_synchronous: with a write-ahead log NORMAL loses the latest transactions in a power cut, and never more.
    public void WriteInPassing(Action<DbConnection> work) => Guarded(Place, () =>
    {
        Sql.Execute(_writer, "PRAGMA synchronous=NORMAL");
        try
        {
            using var transaction = _writer.BeginTransaction();
            work(_writer);
            transaction.Commit();
            return 0;
        }
        finally
        {
            Sql.Execute(_writer, "PRAGMA synchronous=FULL");
        }
    });

    /// <inheritdoc/>
    public T Read<T>(Func<DbConnection, T> work) => Guarded(Place, () => _readers.Use(connection =>
    {
        // The provider would compile both each time. After an exception the connection is closed.
        Run(connection, "BEGIN");
        var result = work(connection);
        Run(connection, "COMMIT");
        return result;
    }));

    /// <inheritdoc/>
    public T Look<T>(Func<DbConnection, T> work) => Guarded(Place, () => _readers.Use(work));

    /// <inheritdoc/>
    public bool TakesHosts => false;

    /// <inheritdoc/>
    // The file beside it that is held open says it.
    public void Serve(string host)
    {
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> Serving(IReadOnlyList<string> hosts) => [];

    /// <inheritdoc/>
    // https://sqlite.org/pragma.html#pragma_wal_checkpoint: a row of whether somebody was in the way, who reads an older state.
    public void Compact() => Guarded(Place, () =>
    {
        Sql.Execute(_writer, $"PRAGMA busy_timeout={CompactWait.TotalMilliseconds}");
        try
        {
            using var command = _writer.CreateCommand();
            command.CommandText = "PRAGMA wal_checkpoint(TRUNCATE)";
            return command.ExecuteScalar() is 0L ? 0 : throw new StoreException(StoreFault.Busy,
                $"{Place}-wal: what was deleted still stands there, for somebody reads the store. It is tried again with the next checkpoint; end what reads for so long (log export, backup).");
        }
        finally
        {
            Sql.Execute(_writer, $"PRAGMA busy_timeout={_busyTimeout.TotalMilliseconds}");
        }
    });

    /// <inheritdoc/>
    // https://sqlite.org/lang_vacuum.html: a read transaction of its own; no free page and no rest of a deleted row goes along.
    public void CopyTo(string path, CancellationToken cancellation) => Guarded(Place, () =>
    {
        using var connection = new SqliteConnection(_readOnly);
        connection.Open();
        using var stop = cancellation.Register(() => SQLitePCL.raw.sqlite3_interrupt(connection.Handle!));
        using var command = connection.CreateCommand();
        command.CommandText = "VACUUM INTO $path";
        command.Parameters.AddWithValue("$path", path);
        try
        {
            command.ExecuteNonQuery();
        }
        catch (SqliteException) when (cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellation);
        }
        catch (SqliteException error) when (error.SqliteErrorCode != CorruptCode && SqliteFaults.From(error, path) is { } fault)
        {
            throw fault;
        }
        using var copy = PrivateFiles.Open(path, FileMode.Open, FileAccess.ReadWrite);
        copy.Flush(flushToDisk: true);
        return 0;
    });

    /// <summary>Carries a statement out that is part of no transaction.</summary>
    public void Execute(string sql) => Guarded(Place, () => Sql.Execute(_writer, sql));

    /// <inheritdoc/>
    // https://sqlite.org/lang_transaction.html: a full disk, an error of the disk and others may undo the whole transaction; statements
    // after that would be transactions of their own. These four never do.
    public bool EndsTransaction(Exception error) => error is SqliteException { SqliteErrorCode: not (ErrorCode or ConstraintCode or MismatchCode or RangeCode) };

    /// <inheritdoc/>
    public void Dispose()
    {
        _readers.Dispose();
        _writer.Dispose();
    }

    private static void Run(SqliteConnection connection, string sql)
    {
        using var statement = Statements.Take(connection, sql, []);
        statement.Run();
    }

    private static T Guarded<T>(string path, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (SqliteException error) when (SqliteFaults.From(error, path) is { } fault)
        {
            throw fault;
        }
        catch (UnauthorizedAccessException error)
        {
            throw new StoreException(StoreFault.ReadOnly, $"{path}: access denied; give this user the right to write the file and its directory.", error);
        }
        // What the work itself throws by name is its own, though it is an IOException.
        catch (IOException error) when (error is not CardIssueException)
        {
            throw StoreException.From(error, path)!;
        }
    }
}
