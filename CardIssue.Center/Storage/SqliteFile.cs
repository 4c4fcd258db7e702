using Microsoft.Data.Sqlite;

namespace CardIssue.Center.Storage;

/// <summary>
/// One SQLite file: write-ahead log, full synchronisation, one writer at a time in this process, short transactions. Every commit is durable
/// when the call returns.
/// </summary>
internal sealed class SqliteFile : IAsyncDisposable
{
    private readonly SqliteConnection _writer;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly int _maxWaiting;
    private readonly string _readOnly;
    private int _waiting;
    private long _commits;

    private SqliteFile(string path, SqliteConnection writer, string readOnly, int maxWaiting)
    {
        FilePath = path;
        _writer = writer;
        _readOnly = readOnly;
        _maxWaiting = maxWaiting;
    }

    public string FilePath { get; }

    /// <summary>Transactions committed since the file was opened.</summary>
    public long Commits => Interlocked.Read(ref _commits);

    /// <summary>Opens the file, makes it where it is not there, and brings its tables up to this version.</summary>
    /// <exception cref="StoreException">It cannot be used.</exception>
    public static SqliteFile Open(string path, string scripts, TimeSpan busyTimeout, int maxWaiting)
    {
        path = Path.GetFullPath(path);
        return Guarded(path, () =>
        {
            PrivateFiles.CreateDirectory(Path.GetDirectoryName(path)!);
            PrivateFiles.CreateFile(path);
            var seconds = Math.Max(1, (int)busyTimeout.TotalSeconds);
            var text = new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, DefaultTimeout = seconds };
            Migrations.Apply(text.ToString(), scripts, path);
            var writer = new SqliteConnection(text.ToString());
            try
            {
                writer.Open();
                // secure_delete: write data that is deleted N days after issue is overwritten, not only unlinked.
                writer.Execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON");
                writer.Execute($"PRAGMA busy_timeout={seconds * 1000}");
                text.Mode = SqliteOpenMode.ReadOnly;
                return new SqliteFile(path, writer, text.ToString(), maxWaiting);
            }
            catch
            {
                writer.Dispose();
                throw;
            }
        });
    }

    /// <summary>Runs <paramref name="work"/> in a transaction of its own, alone; an exception in it undoes everything.</summary>
    /// <exception cref="StoreException">It could not be saved; nothing of it is.</exception>
    public async Task<T> WriteAsync<T>(Func<SqliteConnection, T> work, CancellationToken cancellation)
    {
        await TakeTurnAsync(cancellation).ConfigureAwait(false);
        try
        {
            // SQLite blocks in fsync: away from the caller's thread, which may serve a line.
            return await Task.Run(() => Guarded(FilePath, () => InTransaction(work)), CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Runs a statement outside of any transaction, alone.</summary>
    public async Task ExecuteAsync(string sql, CancellationToken cancellation)
    {
        await TakeTurnAsync(cancellation).ConfigureAwait(false);
        try
        {
            await Task.Run(() => Guarded(FilePath, () => _writer.Execute(sql)), CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Reads one consistent state on a connection of its own, beside the writer.</summary>
    /// <exception cref="StoreException">The file cannot be read.</exception>
    public Task<T> ReadAsync<T>(Func<SqliteConnection, T> work, CancellationToken cancellation) =>
        Task.Run(() => Guarded(FilePath, () =>
        {
            using var connection = new SqliteConnection(_readOnly);
            connection.Open();
            using var transaction = connection.BeginTransaction(deferred: true);
            return work(connection);
        }), cancellation);

    public async ValueTask DisposeAsync()
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        _writer.Dispose();
        _turn.Dispose();
    }

    private async Task TakeTurnAsync(CancellationToken cancellation)
    {
        if (Interlocked.Increment(ref _waiting) > _maxWaiting)
        {
            Interlocked.Decrement(ref _waiting);
            throw new StoreException(StoreFault.Busy, $"{FilePath}: {_maxWaiting} calls wait for it already; the disk is too slow for this load.");
        }
        try
        {
            await _turn.WaitAsync(cancellation).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    private T InTransaction<T>(Func<SqliteConnection, T> work)
    {
        using var transaction = _writer.BeginTransaction();
        var result = work(_writer);
        transaction.Commit();
        Interlocked.Increment(ref _commits);
        return result;
    }

    private static T Guarded<T>(string path, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (SqliteException error) when (StoreException.From(error, path) is { } fault)
        {
            throw fault;
        }
        catch (UnauthorizedAccessException error)
        {
            throw new StoreException(StoreFault.ReadOnly, $"{path}: access denied; give this user the right to write the file and its directory.", error);
        }
        catch (IOException error) when (error is not StoreException)
        {
            throw StoreException.From(error, path)!;
        }
    }
}
