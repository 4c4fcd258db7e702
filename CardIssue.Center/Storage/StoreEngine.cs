namespace CardIssue.Center.Storage;

/// <summary>Which engine a store is kept in: the one place that asks.</summary>
internal static class StoreEngine
{
    /// <summary>Opens the store, makes it where it is not there, and brings its tables up to this version.</summary>
    /// <exception cref="StoreException">It cannot be used.</exception>
    public static IStoreEngine Open(StoreOptions options) =>
        options.Postgres.Length > 0 ? PostgresStore.Open(options) : SqliteFile.Open(options.DatabasePath, options.BusyTimeout);

    /// <summary>Opens the store for reading alone; nothing is made or changed.</summary>
    /// <exception cref="StoreException">It cannot be read, or was written by another version.</exception>
    public static IStoreEngine OpenToRead(StoreOptions options) =>
        options.Postgres.Length > 0 ? PostgresStore.OpenToRead(options) : SqliteFile.OpenToRead(options.DatabasePath);

    /// <summary>Whether a store is there; nothing is made.</summary>
    public static bool IsThere(StoreOptions options) =>
        options.Postgres.Length > 0 ? PostgresStore.IsThere(options) : new FileInfo(options.DatabasePath) is { Exists: true, Length: > 0 };

    /// <summary>Where it is, for messages.</summary>
    public static string PlaceOf(StoreOptions options) =>
        options.Postgres.Length > 0 ? new PostgresPlace(options.Postgres).Text : Path.GetFullPath(options.DatabasePath);
}
