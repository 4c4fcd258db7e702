using System.Diagnostics;
using CardIssue.Test.Parts;
using Npgsql;

namespace CardIssue.Test;

/// <summary>
/// A PostgreSQL server on a Unix socket in a directory of its own. However this process ends, the server ends with it: what started it
/// waits for the end of its input, and then takes it away.
/// </summary>
internal sealed class PostgresProcess : IDisposable
{
    private const string Installed = "/usr/lib/postgresql", User = "cardissue";

    // The server's user is another one than root, which it does not run as.
    private const string Prepare = """
        trap '' INT HUP
        dir=$1 bin=$2
        if [ "$(id -u)" = 0 ]; then chown postgres "$dir"; as='setpriv --reuid=postgres --regid=postgres --init-groups --'; else as=; fi
        cd "$dir"
        $as "$bin/initdb" -D data -A trust -U cardissue -E UTF8 --locale=C --no-sync --no-instructions >init.log 2>&1

        """;

    // SIGQUIT: at once, nothing is kept.
    private const string TakeAway = """

        kill -QUIT $server
        wait $server
        rm -rf "$dir"
        """;

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly string _directory;

    /// <summary>Starts one.</summary>
    /// <param name="serve">
    /// For a shell, in the server's directory: starts <c>$as "$bin/postgres" -D data -k "$dir"</c>, whose process is <c>$server</c>, and ends when
    /// its input does.
    /// </param>
    public PostgresProcess(string serve)
    {
        Part.Require("setpriv", "util-linux");
        var programs = Directory.Exists(Installed)
            ? Directory.GetDirectories(Installed).Select(version => Path.Combine(version, "bin")).Where(bin => File.Exists(Path.Combine(bin, "initdb"))).Max()
            : null;
        Part.Require(programs is null ? "initdb" : Path.Combine(programs, "initdb"), "postgresql");
        // In memory, where that can be: what is waited for is the disk.
        const string Memory = "/dev/shm";
        _directory = Directory.CreateDirectory(Path.Combine(
            Directory.Exists(Memory) ? Memory : Path.GetTempPath(), $"cardissue-postgres-{Environment.ProcessId}-{Path.GetRandomFileName()}")).FullName;
        _process = Process.Start(new ProcessStartInfo("sh", ["-c", Prepare + serve + TakeAway, "sh", _directory, programs!]) { RedirectStandardInput = true })!;
        Await();
    }

    /// <summary>What the shell reads.</summary>
    public StreamWriter Input => _process.StandardInput;

    /// <summary>A database's connection string.</summary>
    public string PlaceOf(string database) => $"Host={_directory};Username={User};Database={database}";

    /// <summary>A connection of its own.</summary>
    public static NpgsqlConnection Connect(string database)
    {
        var connection = new NpgsqlConnection($"{database};Pooling=false");
        connection.Open();
        return connection;
    }

    /// <summary>Carries a statement out in a database.</summary>
    public static void Execute(string database, string sql)
    {
        using var connection = Connect(database);
        using var command = new NpgsqlCommand(sql, connection);
        command.ExecuteNonQuery();
    }

    public void Dispose()
    {
        NpgsqlConnection.ClearAllPools();
        Input.Close();
        _process.WaitForExit(Longest);
        _process.Dispose();
    }

    private void Await()
    {
        for (var waiting = Stopwatch.StartNew(); ; Thread.Sleep(20))
        {
            try
            {
                Connect(PlaceOf("postgres")).Dispose();
                return;
            }
            catch (NpgsqlException) when (waiting.Elapsed < Longest && !_process.HasExited)
            {
                // It is starting.
            }
        }
    }
}
