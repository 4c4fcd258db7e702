using Npgsql;

namespace CardIssue.Center.Storage;

/// <summary>Where a PostgreSQL database is: what was configured, with what the center itself relies on.</summary>
internal sealed class PostgresPlace
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(2);

    private const int PreparedStatements = 400;

    private readonly NpgsqlConnectionStringBuilder _given;

    /// <param name="connection">What was configured.</param>
    /// <exception cref="ArgumentException">It is no connection string.</exception>
    public PostgresPlace(string connection) => _given = Parse(connection);

    /// <summary>For messages; without a password.</summary>
    public string Text => $"PostgreSQL database {_given.Database} at {_given.Host}";

    /// <summary>For what writes, and holds locks: a session of its own.</summary>
    public string Alone => Make(pooled: false);

    /// <summary>For what reads, several at once.</summary>
    public string Shared => Make(pooled: true);

    /// <summary>What is wrong with a connection string; null for nothing, and for an empty one.</summary>
    public static string? FaultOf(string connection)
    {
        if (connection.Length == 0) return null;
        try
        {
            return Parse(connection) is { Host.Length: > 0, Database.Length: > 0 } ? null : "Host and Database must be named";
        }
        catch (ArgumentException error)
        {
            return error.InnerException is ArgumentException { ParamName.Length: > 0 } one ? $"{one.ParamName} is nothing that it may have, or not with this value" : error.InnerException!.Message;
        }
    }

    /// <summary>Whether a connection string has a password in it, which then stands where it stands.</summary>
    public static bool HasPassword(string connection) => Parse(connection) is { Password.Length: > 0 } or { SslPassword.Length: > 0 };

    private static NpgsqlConnectionStringBuilder Parse(string connection)
    {
        try
        {
            return new NpgsqlConnectionStringBuilder(connection);
        }
        // What it throws depends on what is wrong with which key.
        catch (Exception error) when (error is ArgumentException or FormatException or InvalidCastException or KeyNotFoundException)
        {
            throw new ArgumentException(error.Message, nameof(connection), error);
        }
    }

    private string Make(bool pooled) => new NpgsqlConnectionStringBuilder(_given.ConnectionString)
    {
        Pooling = pooled,
        // Nothing is set in those that are pooled but for a transaction.
        NoResetOnClose = pooled,
        ApplicationName = _given.ApplicationName is { Length: > 0 } name ? name : "CardIssue",
        // Details of an error hold the values of rows.
        IncludeErrorDetail = false,
        CommandTimeout = (int)Longest.TotalSeconds,
        MaxAutoPrepare = PreparedStatements,
        AutoPrepareMinUsages = 2,
        TcpKeepAlive = true,
    }.ConnectionString;
}
