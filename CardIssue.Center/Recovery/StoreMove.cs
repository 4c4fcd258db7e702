using System.Data.Common;
using CardIssue.Center.Log;
using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Recovery;

/// <summary>
/// Moves a center's store from its file into a PostgreSQL database: all of it, in one commit there, verified before and after. Then the file
/// says where it went, and is not opened again. Cut at any moment, the store is where it was, or moved; done again it goes on.
/// </summary>
public static class StoreMove
{
    /// <summary>What the log says when a move is begun.</summary>
    internal const string BegunKind = "StoreMoveBegun";

    /// <summary>Moves it. Nobody may serve from it meanwhile.</summary>
    /// <param name="database">The store in its file, opened with the vault's keys; of no more use afterwards.</param>
    /// <param name="keys">The vault's keys.</param>
    /// <param name="to">The database, in <see cref="StoreOptions.Postgres"/>, without a password in it: empty, or of a move that was cut.</param>
    /// <param name="who">Who moves it, for the log.</param>
    /// <param name="cancellation">Ends it; nothing was moved then.</param>
    /// <returns>How many rows were moved.</returns>
    /// <exception cref="RecoveryException">The log or the rows are not whole; or the database has another store, or a newer one. Nothing was moved.</exception>
    /// <exception cref="StoreException">The center is being served, or a store could not be read or written. Nothing was moved.</exception>
    public static async Task<long> ToPostgresAsync(
        CenterDatabase database, ILogKeys keys, StoreOptions to, string who, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(database);
        ArgumentNullException.ThrowIfNull(keys);
        ArgumentNullException.ThrowIfNull(to);
        to.Validate();
        if (to.Postgres.Length == 0 || PostgresPlace.HasPassword(to.Postgres))
            throw new ArgumentException("A database is named, without a password: it stands in the file that was moved.", nameof(to));
        database.Serve();
        if (!await database.ReadAsync(database.IsWhole, cancellation).ConfigureAwait(false))
            throw new RecoveryException(RecoveryFault.Altered, "The store is not whole; see log verify --vault. Nothing was moved.");
        var place = new PostgresPlace(to.Postgres).Text;
        await database.WriteAsync(store => store.Log("move", BegunKind, new { by = who, to = place }), cancellation).ConfigureAwait(false);
        var rows = 0L;
        await database.BetweenAsync(engine =>
        {
            using var target = PostgresStore.Open(to);
            target.ServeNobody();
            // The file's own transaction is the frame: nobody writes into it until it says that it was moved.
            engine.Write(from =>
            {
                rows = target.Write(into => Copy(from, into, keys, place, cancellation));
                return Sql.Execute(from, "UPDATE store_meta SET moved_to = $to", ("$to", to.Postgres));
            });
        }, cancellation).ConfigureAwait(false);
        return rows;
    }

    /// <summary>Where the store of a file was moved to, as <see cref="StoreOptions.Postgres"/> has it; null where it was not, or none is there.</summary>
    /// <exception cref="StoreException">It cannot be read.</exception>
    public static string? MovedTo(StoreOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var file = new StoreOptions { Directory = options.Directory };
        if (!StoreEngine.IsThere(file)) return null;
        try
        {
            using var engine = StoreEngine.OpenToRead(file);
            return engine.Read(connection => CenterDatabase.MovedTo(new StoreView(connection)));
        }
        catch (StoreException older) when (older.Fault is StoreFault.Older)
        {
            // One that was moved is of a version that can do that.
            return null;
        }
    }

    private static long Copy(DbConnection from, DbConnection into, ILogKeys keys, string place, CancellationToken cancellation)
    {
        var (source, target) = (new StoreView(from), new StoreView(into));
        if (target.Number("SELECT count(*) FROM store_meta") > 0) CheckOlder(source, target, place);
        var rows = StoreCopy.Replace(from, into, cancellation);
        var report = new LogVerification(keys).Run(target, null);
        return report.IsOk && CenterDatabase.IdIn(target) == CenterDatabase.IdIn(source)
            ? rows
            : throw new RecoveryException(RecoveryFault.Altered, $"What came to {place} is not what was sent: {report.Findings.FirstOrDefault()?.Text}. Nothing was moved.");
    }

    /// <summary>What is there is of a move that was cut: the same store, and nothing that this one has not.</summary>
    private static void CheckOlder(StoreView source, StoreView target, string place)
    {
        if (CenterDatabase.IdIn(target) != CenterDatabase.IdIn(source))
            throw new RecoveryException(RecoveryFault.Foreign, $"{place} has another center's store; name an empty database. Nothing was moved.");
        var known = CenterDatabase.GenerationIn(target) <= CenterDatabase.GenerationIn(source)
            && LogTable.Heads(target).TrueForAll(head => LogTable.HashAt(source, head.Instance, head.Sequence) == head.Hash);
        if (!known)
            throw new RecoveryException(RecoveryFault.Newer, $"{place} has this store, and has gone on from there; serve that one. Nothing was moved.");
    }
}
