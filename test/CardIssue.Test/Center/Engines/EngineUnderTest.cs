using CardIssue.Center.Storage;
using Microsoft.Data.Sqlite;

namespace CardIssue.Test.Center.Engines;

/// <summary>The kinds of engine that a store can be kept in.</summary>
public enum EngineKind
{
    Sqlite,
}

/// <summary>One store of a kind of engine, and what happens to it from outside.</summary>
internal abstract class EngineUnderTest : IDisposable
{
    public static EngineUnderTest Of(EngineKind kind) => kind switch
    {
        EngineKind.Sqlite => new SqliteUnderTest(),
    };

    /// <summary>A directory for the store, and for what is beside it.</summary>
    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("cardissue-engine-").FullName;

    public StoreOptions Options => new() { Directory = Directory, BusyTimeout = TimeSpan.FromSeconds(1) };

    /// <summary>Opens the store, as often as one likes.</summary>
    public abstract IStoreEngine Open(StoreOptions options);

    /// <summary>Another process writes, until it is disposed.</summary>
    public abstract IDisposable Hold();

    /// <summary>The engine has no room for anything more, until it is disposed.</summary>
    public abstract IDisposable Fill(IStoreEngine engine);

    /// <summary>Whether a text stands anywhere in the engine's own files.</summary>
    public abstract bool Holds(string text);

    /// <summary>Reads a copy that <see cref="IStoreEngine.CopyTo"/> made.</summary>
    public abstract long CountInCopy(string path, string sql);

    public void Dispose() => System.IO.Directory.Delete(Directory, recursive: true);

    private sealed class SqliteUnderTest : EngineUnderTest
    {
        public override IStoreEngine Open(StoreOptions options) => SqliteFile.Open(options.DatabasePath, options.BusyTimeout);

        public override IDisposable Hold()
        {
            var other = Connect(Options.DatabasePath);
            other.Execute("BEGIN IMMEDIATE");
            return other;
        }

        public override IDisposable Fill(IStoreEngine engine)
        {
            var file = (SqliteFile)engine;
            file.Execute("PRAGMA max_page_count = 1");
            return new Ending(() => file.Execute("PRAGMA max_page_count = 1000000"));
        }

        public override bool Holds(string text) => System.IO.Directory.GetFiles(Directory, "center.db*").Any(file =>
        {
            using var read = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            var bytes = new byte[read.Length];
            read.ReadExactly(bytes);
            return bytes.AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(text)) >= 0;
        });

        public override long CountInCopy(string path, string sql)
        {
            using var copy = Connect(path);
            return new StoreView(copy).Number(sql);
        }

        private static SqliteConnection Connect(string path)
        {
            var connection = new SqliteConnection($"Data Source={path};Pooling=False");
            connection.Open();
            return connection;
        }
    }

    private sealed class Ending(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}
