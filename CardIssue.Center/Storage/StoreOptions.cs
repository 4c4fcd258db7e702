using Microsoft.Extensions.Options;

namespace CardIssue.Center.Storage;

/// <summary>Where the center keeps its orders, terminals, products and log, and how long it waits for the file.</summary>
public sealed class StoreOptions
{
    /// <summary>The directory of the store's file <c>center.db</c>; made with rights for its owner only where it is not there.</summary>
    public string Directory { get; set; } = "data";

    /// <summary>
    /// The small file that tells whether the store was restored from an older copy. Keep it beside the log and out of the store's backup.
    /// Empty: <c>center.generation</c> in the directory <c>log</c> below <see cref="Directory"/>.
    /// </summary>
    public string GenerationFile { get; set; } = "";

    /// <summary>
    /// The PostgreSQL database that the store is in, as Npgsql's connection string (Host, Port, Database, Username, Passfile, SSL Mode, …);
    /// empty for a file. One database for each center, in UTF-8, which the user owns. The password is better in a file that only this user
    /// can read (Passfile; else <c>~/.pgpass</c>), or not needed (a Unix socket). <see cref="Directory"/> still holds what is beside it.
    /// </summary>
    public string Postgres { get; set; } = "";

    /// <summary>
    /// How long to wait for another process that holds the file or, with PostgreSQL, the store: 1 second to 1 minute. The database ends who
    /// stands still in the middle of a commit for half of that, 5 seconds at most; hosts of one center have the same.
    /// </summary>
    public TimeSpan BusyTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How many calls may wait for the file before more are refused: 1 to 100,000.</summary>
    public int MaxWaiting { get; set; } = 4_096;

    /// <summary>The most calls that share one commit: 1 to 10,000.</summary>
    public int MaxBatch { get; set; } = 512;

    internal string DatabasePath => Path.Combine(Directory, "center.db");

    internal string LockPath => Path.GetFullPath(Path.Combine(Directory, "serve.lock"));

    /// <summary>Left by a restore for the next opening: what may have changed since the backup is quarantined then.</summary>
    internal string RestoreMark => Path.GetFullPath(Path.Combine(Directory, "center.restored"));

    internal string GenerationPath => GenerationFile.Length > 0 ? GenerationFile : Path.Combine(Directory, "log", "center.generation");

    /// <summary>Checks the values.</summary>
    /// <exception cref="OptionsValidationException">A value is out of its range; the message names it.</exception>
    internal void Validate() => new OptionCheck<StoreOptions>()
        .That(Directory.Length > 0, "Directory must be named")
        .That(PostgresPlace.FaultOf(Postgres) is null, $"Postgres is no connection string: {PostgresPlace.FaultOf(Postgres)}")
        .Within(BusyTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1), nameof(BusyTimeout))
        .Within(MaxWaiting, 1, 100_000, nameof(MaxWaiting))
        .Within(MaxBatch, 1, 10_000, nameof(MaxBatch))
        .Done();
}
