using CardIssue.Center.Orders;
using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Log;

/// <summary>
/// Opens the center's database. It is done from here, above the store, for what is found then (that it was put back, that its log was cut) is about the orders
/// that it holds.
/// </summary>
public static class CenterDatabaseOpening
{
    extension(CenterDatabase)
    {
        /// <summary>
        /// Opens the store, makes it where it is not there, and finds whether it was restored from an older copy; then every order that is not
        /// issued or voided is quarantined before this returns. A log that a center of before kept in a file of its own is taken over.
        /// </summary>
        /// <param name="options">Where it is.</param>
        /// <param name="log">This host's chain of the log, and where an older log is.</param>
        /// <param name="keys">The log's keys. Without the secret ones the store is opened for reading alone: it must be there, and nothing is changed.</param>
        /// <param name="time">The clock.</param>
        /// <param name="cancellation">Ends the wait.</param>
        /// <exception cref="StoreException">It cannot be used; the message says why and what to do.</exception>
        /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">An option is out of its range.</exception>
        public static Task<CenterDatabase> OpenAsync(
            StoreOptions options, LogOptions log, ILogKeys keys, TimeProvider time, CancellationToken cancellation = default) =>
            OpenAsync(options, log, keys, time, StoreEngine.Open, cancellation);

        /// <summary>Whether a store is there; nothing is made.</summary>
        /// <param name="options">Where it would be.</param>
        /// <exception cref="StoreException">It cannot be asked: the database server does not answer, or lets nobody in.</exception>
        public static bool IsThere(StoreOptions options)
        {
            ArgumentNullException.ThrowIfNull(options);
            options.Validate();
            return StoreEngine.IsThere(options);
        }

        /// <summary>The same in an engine that is opened so; for reading alone it is the one that the options name.</summary>
        internal static Task<CenterDatabase> OpenAsync(
            StoreOptions options, LogOptions log, ILogKeys keys, TimeProvider time, Func<StoreOptions, IStoreEngine> open, CancellationToken cancellation) =>
            CenterDatabase.OpenAsync(options, log, keys, time, open, new OrderGuard(), cancellation);
    }

    private sealed class OrderGuard : IStoreGuard
    {
        public void PutBack(StoreTransaction store, string by, long told, ByteString storeId, DateTimeOffset? knownUntil, LogCheckpoint? exported) =>
            Orders.PutBack.Take(store, by, told, storeId, knownUntil, exported);

        public bool IsBehind(StoreView store, LogCheckpoint checkpoint) => StoreHistory.IsBehind(store, checkpoint);

        public void Hear(StoreTransaction store, LogCheckpoint exported) => StoreHistory.Hear(store, exported);

        public bool IsWhole(StoreView store, ILogKeys keys) => new LogVerification(keys).Run(store, null).IsOk;
    }
}
