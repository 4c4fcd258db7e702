using System.Diagnostics;
using CardIssue.Test.Parts;
using Npgsql;

namespace CardIssue.Test.Hosts;

/// <summary>A PostgreSQL server of one test's own, which that may kill. It ends with this process, however that ends.</summary>
internal sealed class OwnPostgres : IDisposable
{
    private const string Installed = "/usr/lib/postgresql", User = "cardissue";

    // A line of input kills the server with all its processes and starts it again; the end of the input ends it.
    private const string Script = """
        trap '' INT HUP
        dir=$1 bin=$2
        if [ "$(id -u)" = 0 ]; then chown postgres "$dir"; as='setpriv --reuid=postgres --regid=postgres --init-groups --'; else as=; fi
        cd "$dir"
        $as "$bin/initdb" -D data -A trust -U cardissue -E UTF8 --locale=C --no-sync --no-instructions >init.log 2>&1
        start() { $as "$bin/postgres" -D data -k "$dir" -c listen_addresses= -c max_connections=100 >>server.log 2>&1 & server=$!; }
        start
        while read -r _; do
          children=$(pgrep -P $server)
          kill -KILL $server $children
          wait $server
          start
        done
        kill -QUIT $server
        wait $server
        rm -rf "$dir"
        """;

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly string _directory;

    public OwnPostgres()
    {
        Part.Require("setpriv", "util-linux");
        Part.Require("pgrep", "procps");
        var programs = Directory.Exists(Installed)
            ? Directory.GetDirectories(Installed).Select(version => Path.Combine(version, "bin")).Where(bin => File.Exists(Path.Combine(bin, "initdb"))).Max()
            : null;
        Part.Require(programs is null ? "initdb" : Path.Combine(programs, "initdb"), "postgresql");
        const string Memory = "/dev/shm";
        _directory = Directory.CreateDirectory(Path.Combine(
            Directory.Exists(Memory) ? Memory : Path.GetTempPath(), $"cardissue-own-{Environment.ProcessId}-{Path.GetRandomFileName()}")).FullName;
        _process = Process.Start(new ProcessStartInfo("sh", ["-c", Script, "sh", _directory, programs!]) { RedirectStandardInput = true })!;
        Await();
        using var connection = new NpgsqlConnection($"{PlaceOf("postgres")};Pooling=false");
        connection.Open();
        using var make = new NpgsqlCommand("CREATE DATABASE center", connection);
        make.ExecuteNonQuery();
    }

    /// <summary>The database's connection string.</summary>
    public string Database => PlaceOf("center");

    /// <summary>Kills the server (SIGKILL) with all that it is made of, and starts it again.</summary>
    public void Kill()
    {
        _process.StandardInput.WriteLine();
        _process.StandardInput.Flush();
    }

    public void Dispose()
    {
        NpgsqlConnection.ClearAllPools();
        _process.StandardInput.Close();
        _process.WaitForExit(Longest);
        _process.Dispose();
    }

    private string PlaceOf(string database) => $"Host={_directory};Username={User};Database={database}";

    private void Await()
    {
        for (var waiting = Stopwatch.StartNew(); ; Thread.Sleep(20))
        {
            try
            {
                using var connection = new NpgsqlConnection($"{PlaceOf("postgres")};Pooling=false");
                connection.Open();
                return;
            }
            catch (NpgsqlException) when (waiting.Elapsed < Longest && !_process.HasExited)
            {
                // It is starting.
            }
        }
    }
}
