using System.Data.Common;
using CardIssue.Center.Storage;
using CardIssue.Test.Parts;
using Microsoft.Data.Sqlite;

namespace CardIssue.Test.Center.Engines;

/// <summary>The kinds of engine that a store can be kept in.</summary>
public enum EngineKind
{
    Sqlite,
    Postgres,
}

/// <summary>One store of a kind of engine, and what happens to it from outside.</summary>
internal abstract class EngineUnderTest : IDisposable
{
    public static EngineUnderTest Of(EngineKind kind) => kind switch
    {
        EngineKind.Sqlite => new SqliteUnderTest(),
        EngineKind.Postgres => new PostgresUnderTest(),
    };

    /// <summary>Where a store of its own is for the center's options: <see cref="StoreOptions.Postgres"/>.</summary>
    public static string PlaceOf(EngineKind kind) => kind is EngineKind.Postgres ? PostgresServer.MakeStore() : "";

    /// <summary>A directory for the store, and for what is beside it.</summary>
    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("cardissue-engine-").FullName;

    public virtual StoreOptions Options => new() { Directory = Directory, BusyTimeout = TimeSpan.FromSeconds(1) };

    /// <summary>Opens the store, as often as one likes.</summary>
    public IStoreEngine Open(StoreOptions options) => StoreEngine.Open(options);

    /// <summary>A connection past everything that the store keeps to.</summary>
    public abstract DbConnection Connect();

    /// <summary>Another process writes, until it is disposed.</summary>
    public abstract IDisposable Hold();

    /// <summary>The engine has no room for anything more, until it is disposed.</summary>
    public abstract IDisposable Fill(IStoreEngine engine);

    /// <summary>Reads a copy that <see cref="IStoreEngine.CopyTo"/> made.</summary>
    public static long CountInCopy(string path, string sql)
    {
        using var copy = Connect(path);
        return new StoreView(copy).Number(sql);
    }

    public void Dispose() => System.IO.Directory.Delete(Directory, recursive: true);

    private sealed class SqliteUnderTest : EngineUnderTest
    {
        public override DbConnection Connect() => EngineUnderTest.Connect(Options.DatabasePath);

        public override IDisposable Hold()
        {
            var other = EngineUnderTest.Connect(Options.DatabasePath);
            other.Execute("BEGIN IMMEDIATE");
            return other;
        }

        public override IDisposable Fill(IStoreEngine engine)
        {
            var file = (SqliteFile)engine;
            file.Execute("PRAGMA max_page_count = 1");
            return new Ending(() => file.Execute("PRAGMA max_page_count = 1000000"));
        }
    }

    private sealed class PostgresUnderTest : EngineUnderTest
    {
        private readonly string _database = PostgresServer.MakeStore();

        public override StoreOptions Options
        {
            get
            {
                var options = base.Options;
                options.Postgres = _database;
                return options;
            }
        }

        public override DbConnection Connect() => PostgresServer.Connect(_database);

        public override IDisposable Hold()
        {
            var other = PostgresServer.Connect(_database);
            Sql.Execute(other, "BEGIN; LOCK TABLE store_meta IN SHARE ROW EXCLUSIVE MODE");
            return other;
        }

        /// <summary>What the server says where its disk is full, from every table: a server whose disk is full is of no use to other tests.</summary>
        public override IDisposable Fill(IStoreEngine engine)
        {
            PostgresServer.Execute(_database, """
                CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS
                  'BEGIN RAISE EXCEPTION ''could not extend file'' USING ERRCODE = ''disk_full''; END';
                DO 'DECLARE t text; BEGIN FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = ''public'' LOOP
                  EXECUTE format(''CREATE TRIGGER no_room BEFORE INSERT ON %I FOR EACH ROW EXECUTE FUNCTION no_room()'', t); END LOOP; END'
                """);
            return new Ending(() => PostgresServer.Execute(_database, "DROP FUNCTION no_room CASCADE"));
        }
    }

    internal static SqliteConnection Connect(string path)
    {
        var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        return connection;
    }

    private sealed class Ending(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}
