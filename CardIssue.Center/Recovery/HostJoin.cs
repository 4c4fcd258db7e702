using CardIssue.Center.Storage;

namespace CardIssue.Center.Recovery;

/// <summary>
/// Lets a further host serve from a store. Its directory knows nothing of the store yet, which is how one looks that was put back: so a host that serves
/// must vouch for it, which has compared the store with what it knew.
/// </summary>
public static class HostJoin
{
    /// <summary>How long a host that serves is waited for.</summary>
    internal static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>Notes in this host's directory how far the store is; from then on it finds a put-back by itself.</summary>
    /// <param name="store">Where the store is: a PostgreSQL database; and this host's directory.</param>
    /// <param name="keys">The vault's keys: they show that the store is this center's.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The hosts that serve.</returns>
    /// <exception cref="RecoveryException">The store takes one host alone, this directory is a host's already, or no host serves.</exception>
    /// <exception cref="StoreException">The store cannot be read, or is not this center's.</exception>
    public static async Task<IReadOnlyList<string>> RunAsync(StoreOptions store, ILogKeys keys, TimeProvider time, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(keys);
        ArgumentNullException.ThrowIfNull(time);
        store.Validate();
        if (store.Postgres.Length == 0) throw new RecoveryException(RecoveryFault.Foreign, "A store in a file takes one host alone; migrate moves it to PostgreSQL.");
        if (GenerationMirror.HasNumber(store.GenerationPath))
            throw new RecoveryException(RecoveryFault.Foreign, $"{Path.GetFullPath(store.GenerationPath)} shows that this directory is a host's already: serve it.");
        using var engine = StoreEngine.OpenToRead(store);
        var began = time.GetTimestamp();
        // A host that begins to serve meanwhile vouches as well: by its next sign of life.
        var first = new Dictionary<string, long>(StringComparer.Ordinal);
        while (true)
        {
            var now = engine.Read(Living);
            var serving = now.Where(row => !first.TryAdd(row.Host, row.Beat) && first[row.Host] != row.Beat).Select(row => row.Host).ToList();
            if (serving.Count > 0)
            {
                Note(engine, store, keys);
                return serving;
            }
            if (time.GetElapsedTime(began) > Longest)
            {
                throw new RecoveryException(RecoveryFault.Foreign,
                    $"{engine.Place}: no host serves from it that could vouch for it. Serve it with a host that has before, then join.");
            }
            await Task.Delay(Pause, time, cancellation).ConfigureAwait(false);
        }
    }

    private static List<HostRow> Living(System.Data.Common.DbConnection connection) => HostTable.All(new StoreView(connection)).FindAll(row => row.LostAt is null);

    private static void Note(IStoreEngine engine, StoreOptions store, ILogKeys keys)
    {
        var (id, generation) = engine.Read(connection =>
        {
            var view = new StoreView(connection);
            var (id, generation) = (CenterDatabase.IdIn(view), CenterDatabase.GenerationIn(view));
            // Sealed by the latest commit under this vault's keys: another center's store, and another vault's, end here.
            _ = view.ReadSums(new RowSeals(keys), id, generation);
            return (id, generation);
        });
        using var mirror = new GenerationMirror(store.GenerationPath);
        mirror.Write(id, generation, flush: true);
    }
}
