using System.Text;
using CardIssue.Center.Orders;
using CardIssue.Center.Products;
using CardIssue.Center.Storage;
using CardIssue.Center.Vault;
using CardIssue.Core.Cards.Products.Json;
using CardIssue.Core.Primitives;
using CardIssue.Test.Products.Json;
using Microsoft.Data.Sqlite;

namespace CardIssue.Test.Hosts;

/// <summary>What an import left in the store: with the vault, but not through the code that claims orders.</summary>
internal static class ImportedOrders
{
    /// <summary>Each order's code, data and account are its own and no other order's.</summary>
    /// <param name="host">The center.</param>
    /// <param name="codes">The code of every order.</param>
    /// <param name="given">The orders; null for those of the sample.</param>
    public static void AreEachOfItsOwn(CenterHostProcess host, IReadOnlyDictionary<string, string> codes, IReadOnlyList<OrderEntry>? given = null)
    {
        using var passphrase = SecretBytes.Copy("correct horse battery"u8);
        using var vault = FileKeyVault.Open(Path.Combine(host.Data, "vault.json"), passphrase);
        using var connection = new SqliteConnection($"Data Source={Path.Combine(host.Data, "center.db")};Pooling=False");
        connection.Open();
        var store = new StoreView(connection);
        var entries = given ?? Samples.ReadOrders(Samples.Orders).Orders!;
        Assert.That(codes.Keys, Is.EquivalentTo(entries.Select(entry => entry.Order.Value)));
        Assert.That(codes.Values.Distinct().Count(), Is.EqualTo(entries.Count));
        foreach (var entry in entries)
        {
            var order = entry.Order;
            var (verifier, sealedData, account, row) = store.Query("SELECT * FROM orders WHERE order_id = $order", found =>
                (found.Bytes("code_verifier")!.Value, found.Bytes("sealed")!.Value, found.Bytes("account_digest")!.Value,
                    (Customer: found.Text("customer")!, Sequence: found.Int("sequence"), Display: found.Text("display")!)),
                        ("$order", order)).Single();
            foreach (var (other, code) in codes)
                Assert.That(vault.CheckIssueCode(order, verifier, Encoding.ASCII.GetBytes(code)), Is.EqualTo(other == order.Value),
                    $"{order}: the code of {other}");
            Assert.That(account, Is.EqualTo(vault.DigestAccount(entry.Account!)), order.Value);
            Assert.That((row.Customer, row.Sequence), Is.EqualTo((entry.Customer, entry.Account!.Sequence)), order.Value);
            var product = Product(store, entry.Product);
            Assert.That(vault.TryOpenOrderData(new OrderTerms(order, row.Customer, row.Sequence, row.Display, product), sealedData,
                out var data), Is.True, order.Value);
            using (data) Assert.That(OrderData.Read(data!.Span), Is.EquivalentTo(entry.Fields), order.Value);
        }
    }

    private static ProductTerms Product(StoreView store, string name)
    {
        var body = store.Query("SELECT body FROM products WHERE name = $name", found => found.Bytes("body")!.Value,
            ("$name", name)).Single();
        var product = CardProductFile.Read(body.Span, name).Product!;
        return ProductTerms.Of(ProductRecord.Of(product, body), product);
    }
}
