using System.Data.Common;
using System.Text;
using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;
using CardIssue.Test.Center.Engines;
using CardIssue.Test.Products.Json;
using DbUp.Builder;
using DbUp;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace CardIssue.Test.Center;

/// <summary>Stores as older versions made them.</summary>
internal static class OlderStore
{
    private const string SqliteScripts = "CardIssue.Center.Storage.Scripts.Store.", PostgresScripts = "CardIssue.Center.Storage.Scripts.Postgres.";

    /// <summary>The number of each script of an engine, in their order.</summary>
    public static IReadOnlyList<string> Numbers(EngineKind engine) =>
        [.. typeof(CenterDatabase).Assembly.GetManifestResourceNames().Where(name => name.StartsWith(ScriptsOf(engine), StringComparison.Ordinal))
            .Select(name => name[ScriptsOf(engine).Length..][..3]).Order(StringComparer.Ordinal)];

    /// <summary>The store as the scripts before one make it, open, with a product in it.</summary>
    public static SqliteConnection Make(string directory, string before)
    {
        var connection = MakeEmpty(directory, before);
        AddProduct(connection, "visa-like-e2e", Samples.EndToEnd);
        return connection;
    }

    /// <summary>The same without a product.</summary>
    public static SqliteConnection MakeEmpty(string directory, string before)
    {
        var text = new SqliteConnectionStringBuilder { DataSource = Path.Combine(directory, "center.db"), Pooling = false }.ToString();
        Upgrade(DeployChanges.To.SqliteDatabase(text), EngineKind.Sqlite, before);
        var connection = new SqliteConnection(text);
        connection.Open();
        return connection;
    }

    /// <summary>The same in a PostgreSQL database, whatever was in it.</summary>
    public static NpgsqlConnection MakeEmptyPostgres(string place, string before)
    {
        PostgresServer.Execute(place, "DROP SCHEMA public CASCADE; CREATE SCHEMA public");
        Upgrade(DeployChanges.To.PostgresqlDatabase($"{place};Pooling=false"), EngineKind.Postgres, before);
        return PostgresServer.Connect(place);
    }

    /// <summary>A product of end-to-end mode, of version 1.</summary>
    public static void AddProduct(DbConnection connection, string name, string text) => Sql.Execute(
        connection, "INSERT INTO products (name, version, mode, body, added_at) VALUES ($name, 1, 2, $body, 1)",
        ("$name", name), ("$body", Encoding.UTF8.GetBytes(text)));

    /// <summary>An order of a product, ready; its customer has its number.</summary>
    public static void AddOrder(
        DbConnection connection, OrderId order, ByteString? sealedData, string product = "visa-like-e2e", ByteString? verifier = null) => Sql.Execute(
        connection, """
        INSERT INTO orders (order_id, customer, sequence, product, product_version, mode, sealed, display, code_verifier, code_expires,
          state, imported_at, updated_at)
        VALUES ($order, $order, 1, $product, 1, 2, $sealed, '', $verifier, 4000000000000, 1, 1, 1)
        """, ("$order", order), ("$product", product), ("$sealed", sealedData), ("$verifier", verifier ?? ByteString.FromHex("00")));

    private static void Upgrade(UpgradeEngineBuilder builder, EngineKind engine, string before)
    {
        var made = builder
            .WithScriptsEmbeddedInAssembly(typeof(CenterDatabase).Assembly,
                name => name.StartsWith(ScriptsOf(engine), StringComparison.Ordinal) && string.CompareOrdinal(name, ScriptsOf(engine) + before) < 0)
            .WithTransactionPerScript().WithVariablesDisabled().LogToNowhere().Build().PerformUpgrade();
        Assert.That(made.Successful, Is.True, made.Error?.Message);
    }

    private static string ScriptsOf(EngineKind engine) => engine is EngineKind.Sqlite ? SqliteScripts : PostgresScripts;
}
