using System.Text;
using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;
using CardIssue.Test.Products.Json;
using DbUp;
using Microsoft.Data.Sqlite;

namespace CardIssue.Test.Center;

/// <summary>Stores as older versions made them.</summary>
internal static class OlderStore
{
    private const string Scripts = "CardIssue.Center.Storage.Scripts.Store.";

    /// <summary>The store as the scripts before one make it, open, with a product in it.</summary>
    public static SqliteConnection Make(string directory, string before)
    {
        var text = new SqliteConnectionStringBuilder { DataSource = Path.Combine(directory, "center.db"), Pooling = false }.ToString();
        var made = DeployChanges.To.SqliteDatabase(text)
            .WithScriptsEmbeddedInAssembly(typeof(CenterDatabase).Assembly,
                name => name.StartsWith(Scripts, StringComparison.Ordinal) && string.CompareOrdinal(name, Scripts + before) < 0)
            .WithTransactionPerScript().LogToNowhere().Build().PerformUpgrade();
        Assert.That(made.Successful, Is.True, made.Error?.Message);
        var connection = new SqliteConnection(text);
        connection.Open();
        connection.Execute("INSERT INTO products (name, version, mode, body, added_at) VALUES ('visa-like-e2e', 1, 2, $body, 1)",
            ("$body", Encoding.UTF8.GetBytes(Samples.EndToEnd)));
        return connection;
    }

    /// <summary>An order of that product, ready; its customer has its number.</summary>
    public static void AddOrder(SqliteConnection connection, OrderId order, ByteString? sealedData) => connection.Execute("""
        INSERT INTO orders (order_id, customer, sequence, product, product_version, mode, sealed, display, code_verifier, code_expires,
          state, imported_at, updated_at)
        VALUES ($order, $order, 1, 'visa-like-e2e', 1, 2, $sealed, '', X'00', 4000000000000, 1, 1, 1)
        """, ("$order", order), ("$sealed", sealedData));
}
