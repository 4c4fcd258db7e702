using System.Diagnostics;
using CardIssue.Center.Storage;
using CardIssue.Test.Parts;
using Npgsql;

namespace CardIssue.Test;

/// <summary>
/// The one PostgreSQL server that tests of this process use, on a Unix socket in a directory of its own; started by the first test that
/// wants it. However this process ends, the server ends with it: what started it waits for the end of its input, and then takes it away.
/// </summary>
[SetUpFixture]
public sealed class PostgresServer
{
    private const string Installed = "/usr/lib/postgresql", Template = "template_store", User = "cardissue";

    // The server's user is another one than root, which it does not run as. SIGQUIT: at once, nothing is kept.
    private const string Script = """
        trap '' INT HUP
        dir=$1 bin=$2
        if [ "$(id -u)" = 0 ]; then chown postgres "$dir"; as='setpriv --reuid=postgres --regid=postgres --init-groups --'; else as=; fi
        cd "$dir"
        $as "$bin/initdb" -D data -A trust -U cardissue -E UTF8 --locale=C --no-sync --no-instructions >init.log 2>&1
        printf 'local all guarded scram-sha-256\nlocal all all trust\n' >data/pg_hba.conf
        $as "$bin/postgres" -D data -k "$dir" -c listen_addresses= -c max_connections=200 -c wal_level=minimal -c max_wal_senders=0 >server.log 2>&1 &
        server=$!
        cat >/dev/null
        kill -QUIT $server
        wait $server
        rm -rf "$dir"
        """;

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    private static readonly Lock Turn = new();
    private static Process? _process;
    private static string? _directory;
    private static int _count;

    /// <summary>Makes an empty store in a database of its own.</summary>
    /// <returns>Its connection string.</returns>
    internal static string MakeStore()
    {
        Start();
        return Make(Template);
    }

    /// <summary>Makes an empty database.</summary>
    internal static string MakeEmpty()
    {
        Start();
        return Make("template0");
    }

    internal static NpgsqlConnection Connect(string database)
    {
        var connection = new NpgsqlConnection($"{database};Pooling=false");
        connection.Open();
        return connection;
    }

    /// <summary>Carries a statement out in a database.</summary>
    internal static void Execute(string database, string sql)
    {
        using var connection = Connect(database);
        using var command = new NpgsqlCommand(sql, connection);
        command.ExecuteNonQuery();
    }

    [OneTimeTearDown]
    public static void Stop()
    {
        if (_process is null) return;
        NpgsqlConnection.ClearAllPools();
        _process.StandardInput.Close();
        _process.WaitForExit(Longest);
        _process.Dispose();
        _process = null;
    }

    private static string Make(string template)
    {
        var name = $"store_{Interlocked.Increment(ref _count)}";
        Execute(PlaceOf("postgres"), $"CREATE DATABASE {name} TEMPLATE {template}");
        return PlaceOf(name);
    }

    private static string PlaceOf(string database) => $"Host={_directory};Username={User};Database={database}";

    private static void Start()
    {
        lock (Turn)
        {
            if (_process is null) StartNew();
        }
    }

    private static void StartNew()
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
        _process = Process.Start(new ProcessStartInfo("sh", ["-c", Script, "sh", _directory, programs!]) { RedirectStandardInput = true })!;
        Await(_process);
        Execute(PlaceOf("postgres"), $"CREATE DATABASE {Template}");
        PostgresStore.Open(new StoreOptions { Postgres = PlaceOf(Template) }).Dispose();
    }

    private static void Await(Process process)
    {
        for (var waiting = Stopwatch.StartNew(); ; Thread.Sleep(20))
        {
            try
            {
                Connect(PlaceOf("postgres")).Dispose();
                return;
            }
            catch (NpgsqlException) when (waiting.Elapsed < Longest && !process.HasExited)
            {
                // It is starting.
            }
        }
    }
}
