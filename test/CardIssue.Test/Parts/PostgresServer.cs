using CardIssue.Center.Storage;
using Npgsql;

namespace CardIssue.Test;

/// <summary>The one PostgreSQL server that tests of this process use; started by the first test that wants it.</summary>
[SetUpFixture]
public sealed class PostgresServer
{
    private const string Template = "template_store";

    private const string Serve = """
        printf 'local all guarded scram-sha-256\nlocal all all trust\n' >data/pg_hba.conf
        $as "$bin/postgres" -D data -k "$dir" -c listen_addresses= -c max_connections=200 -c wal_level=minimal -c max_wal_senders=0 >server.log 2>&1 &
        server=$!
        cat >/dev/null
        """;

    private static readonly Lock Turn = new();
    private static PostgresProcess? _server;
    private static int _count;

    /// <summary>Makes an empty store in a database of its own.</summary>
    /// <returns>Its connection string.</returns>
    internal static string MakeStore() => Make(Template);

    /// <summary>Makes an empty database.</summary>
    internal static string MakeEmpty() => Make("template0");

    internal static NpgsqlConnection Connect(string database) => PostgresProcess.Connect(database);

    /// <summary>Carries a statement out in a database.</summary>
    internal static void Execute(string database, string sql) => PostgresProcess.Execute(database, sql);

    [OneTimeTearDown]
    public static void Stop()
    {
        _server?.Dispose();
        _server = null;
    }

    private static string Make(string template)
    {
        var (server, name) = (Started(), $"store_{Interlocked.Increment(ref _count)}");
        Execute(server.PlaceOf("postgres"), $"CREATE DATABASE {name} TEMPLATE {template}");
        return server.PlaceOf(name);
    }

    private static PostgresProcess Started()
    {
        lock (Turn)
        {
            if (_server is not null) return _server;
            var server = new PostgresProcess(Serve);
            Execute(server.PlaceOf("postgres"), $"CREATE DATABASE {Template}");
            PostgresStore.Open(new StoreOptions { Postgres = server.PlaceOf(Template) }).Dispose();
            return _server = server;
        }
    }
}
