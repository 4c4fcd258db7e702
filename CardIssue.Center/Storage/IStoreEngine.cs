using System.Data.Common;

namespace CardIssue.Center.Storage;

/// <summary>
/// A database that the store is kept in. All that differs between engines is here; the statements are the same for each. One call of
/// <see cref="Write{T}"/>, <see cref="WriteInPassing"/> or <see cref="Compact"/> at a time: <see cref="StoreWriter"/> sees to that.
/// </summary>
internal interface IStoreEngine : IDisposable
{
    /// <summary>Where it is, for messages.</summary>
    string Place { get; }

    /// <summary>Transactions committed since it was opened.</summary>
    long Commits { get; }

    /// <summary>Runs work in a transaction that nobody else writes beside; durable when it returns. An exception in it undoes everything.</summary>
    /// <param name="work">The work.</param>
    /// <param name="isSaved">
    /// Whether the store has what the work did, where that can be told from it; asked where the answer to the commit was lost.
    /// </param>
    /// <exception cref="StoreException">It could not be saved; nothing of it is, but see <see cref="StoreException.MayBeSaved"/>.</exception>
    T Write<T>(Func<DbConnection, T> work, Func<DbConnection, bool>? isSaved = null);

    /// <summary>
    /// The same for what need not outlast a power cut: nobody waits for the disk. What was durable before stays so, and what is written after
    /// it makes this durable, too.
    /// </summary>
    /// <exception cref="StoreException">It could not be saved; nothing of it is.</exception>
    void WriteInPassing(Action<DbConnection> work);

    /// <summary>Reads one consistent state, beside the writer.</summary>
    /// <exception cref="StoreException">It cannot be read.</exception>
    T Read<T>(Func<DbConnection, T> work);

    /// <summary>Reads by one statement, which is one consistent state by itself and needs no transaction around it.</summary>
    /// <exception cref="StoreException">It cannot be read.</exception>
    T Look<T>(Func<DbConnection, T> work);

    /// <summary>Whether several hosts may serve from it at once; else one alone.</summary>
    bool TakesHosts { get; }

    /// <summary>A host serves from it from now on, until it is disposed. Again is harmless.</summary>
    /// <param name="host">Its name: no other host that serves has it.</param>
    /// <exception cref="StoreException"><see cref="StoreFault.Served"/>: one has, or the store is being restored or moved.</exception>
    void Serve(string host);

    /// <summary>Which of these hosts serve from it at this moment, in whatever process; where it takes one host alone, that is not known here.</summary>
    /// <exception cref="StoreException">It cannot be asked.</exception>
    IReadOnlyList<string> Serving(IReadOnlyList<string> hosts);

    /// <summary>Takes what was deleted out of the engine's own files too, where the engine can.</summary>
    /// <exception cref="StoreException">It could not; <see cref="StoreFault.Busy"/>: somebody reads an older state.</exception>
    void Compact();

    /// <summary>Writes one consistent state into a file, beside the writer; what was deleted is not in it. Durable when it returns.</summary>
    /// <param name="path">An empty file.</param>
    /// <param name="cancellation">Ends it; what the file holds then is worth nothing.</param>
    /// <exception cref="StoreException">It could not be read, or not written there.</exception>
    void CopyTo(string path, CancellationToken cancellation);

    /// <summary>Whether an exception inside <see cref="Write{T}"/> ended the transaction, so that nothing more may be done in it.</summary>
    bool EndsTransaction(Exception error);
}
