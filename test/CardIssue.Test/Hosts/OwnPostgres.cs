using CardIssue.Test.Parts;

namespace CardIssue.Test.Hosts;

/// <summary>A PostgreSQL server of one test's own, which that may kill.</summary>
internal sealed class OwnPostgres : IDisposable
{
    // A line of input kills the server with all its processes and starts it again.
    private const string Serve = """
        start() { $as "$bin/postgres" -D data -k "$dir" -c listen_addresses= -c max_connections=100 >>server.log 2>&1 & server=$!; }
        start
        while read -r _; do
          children=$(pgrep -P $server)
          kill -KILL $server $children
          wait $server
          start
        done
        """;

    private readonly PostgresProcess _server;

    public OwnPostgres()
    {
        Part.Require("pgrep", "procps");
        _server = new PostgresProcess(Serve);
        PostgresServer.Execute(_server.PlaceOf("postgres"), "CREATE DATABASE center");
    }

    /// <summary>The database's connection string.</summary>
    public string Database => _server.PlaceOf("center");

    /// <summary>Kills the server (SIGKILL) with all that it is made of, and starts it again.</summary>
    public void Kill()
    {
        _server.Input.WriteLine();
        _server.Input.Flush();
    }

    public void Dispose() => _server.Dispose();
}
