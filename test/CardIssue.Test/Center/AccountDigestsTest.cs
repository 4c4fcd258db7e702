using System.Text;
using CardIssue.Center.Orders;
using CardIssue.Center.Products;
using CardIssue.Center.Sessions;
using CardIssue.Center.Storage;
using CardIssue.Center.Vault;
using CardIssue.Core;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Keys;
using CardIssue.Test.Keys;
using CardIssue.Test.Products.Json;
using DbUp;
using Microsoft.Data.Sqlite;

namespace CardIssue.Test.Center;

/// <summary>A store that was made before orders had account digests (scripts 001 to 004), with orders in it.</summary>
[TestFixture]
public sealed class AccountDigestsTest
{
    private StoreBench _bench = null!;
    private FileKeyVault _vault = null!;

    [SetUp]
    public async Task OpenOlderStore()
    {
        _bench = await StoreBench.OpenAsync();
        await _bench.Database.DisposeAsync();
        foreach (var file in Directory.GetFiles(_bench.Directory, "center.*", SearchOption.AllDirectories)) File.Delete(file);
        using var passphrase = SecretBytes.Copy("correct horse battery"u8);
        _vault = FileKeyVault.Create(Path.Combine(_bench.Directory, "vault"), passphrase, new CenterId("C-1"), PassphraseFileTest.Cheapest);
    }

    [TearDown]
    public async Task Close()
    {
        _vault.Dispose();
        await _bench.DisposeAsync();
    }

    [Test]
    public async Task OlderStore_Opened_HasItsOrders_AndTheirAccountsOnceFilledIn()
    {
        const string Scripts = "CardIssue.Center.Storage.Scripts.Store.";
        var entries = Samples.ReadOrders(Samples.Orders).Orders!.Where(entry => entry.Product == "visa-like-e2e").ToList();
        var path = Path.Combine(_bench.Directory, "center.db");
        var text = new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString();
        var made = DeployChanges.To.SqliteDatabase(text)
            .WithScriptsEmbeddedInAssembly(typeof(CenterDatabase).Assembly, name => name.StartsWith(Scripts, StringComparison.Ordinal) && string.CompareOrdinal(name, Scripts + "005") < 0)
            .WithTransactionPerScript().LogToNowhere().Build().PerformUpgrade();
        Assert.That(made.Successful, Is.True, made.Error?.Message);
        await using (var connection = new SqliteConnection(text))
        {
            await connection.OpenAsync();
            connection.Execute("INSERT INTO products (name, version, mode, body, added_at) VALUES ('visa-like-e2e', 1, 2, $body, 1)", ("$body", Encoding.UTF8.GetBytes(Samples.EndToEnd)));
            foreach (var entry in entries) AddAsBefore(connection, entry.Order, _vault.SealOrderData(entry.Order, OrderData.Write(entry.Fields)));
            AddAsBefore(connection, new OrderId("deleted"), null);
            AddAsBefore(connection, new OrderId("damaged"), ByteString.FromHex("00"));
        }
        await _bench.StartAsync();
        Assert.That((await _bench.Desk.ListAsync()).Select(order => order.Order.Value), Is.EquivalentTo(new[] { "E2E-0001", "E2E-0002", "deleted", "damaged" }));
        Assert.That(await ImportAsync("new-1", entries[1]), Is.Null, "the store does not know yet whose the older orders are");

        Assert.That(await AccountDigests.FillInAsync(_bench.Database, _vault), Is.EqualTo(3));
        Assert.That(await AccountDigests.FillInAsync(_bench.Database, _vault), Is.Zero);
        Assert.That(await ImportAsync("new-2", entries[0]), Does.EndWith("its card number and sequence number are those of order E2E-0001, which is Ready"));
    }

    private static void AddAsBefore(SqliteConnection connection, OrderId order, ByteString? sealedData) => connection.Execute("""
        INSERT INTO orders (order_id, customer, sequence, product, product_version, mode, sealed, display, code_verifier, code_expires, state, imported_at, updated_at)
        VALUES ($order, $order, 1, 'visa-like-e2e', 1, 2, $sealed, '', X'00', 4000000000000, 1, 1, 1)
        """, ("$order", order), ("$sealed", sealedData));

    private async Task<string?> ImportAsync(string order, OrderEntry like)
    {
        var product = new ProductRecord(new ProductRef("visa-like-e2e", 1), ProductMode.EndToEnd, ByteString.Own(Encoding.UTF8.GetBytes(Samples.EndToEnd)));
        var entry = _bench.New(order, order) with { Product = product.Ref, AccountDigest = _vault.DigestAccount(like.Account!) };
        return (await _bench.Orders.ImportAsync(product, [entry])).Refusal;
    }
}
