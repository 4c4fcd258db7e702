using CardIssue.Center.Log;
using CardIssue.Center.Orders;
using CardIssue.Center.Storage;
using CardIssue.Center.Vault;
using CardIssue.Core.Cards.Products.Json;
using CardIssue.Core.Primitives;
using CardIssue.Test.Keys;
using CardIssue.Test.Products.Json;
using CardIssue.Test.Vault;

namespace CardIssue.Test.Center;

/// <summary>
/// A store of an older version, whose orders are sealed for their number alone, and that has no operators of resume tokens.
/// </summary>
[TestFixture]
public sealed class OrderSealsTest : OlderStoreFixture
{
    private static readonly OrderId O1 = new("o1"), O2 = new("o2"), Damaged = new("damaged"), Lost = new("lost");
    private ByteString Older(OrderId order, string data) =>
        Seals.Older(order, Seals.MasterOf(Vault), 1, System.Text.Encoding.UTF8.GetBytes(data));

    [Test]
    public async Task OlderOrders_TakenOver_OpenForTheirTermsAlone_AndNoneIsTakenOverAgain()
    {
        ByteString kept;
        await using (var connection = OlderStore.Make(Bench.Directory, before: "011"))
        {
            OlderStore.AddOrder(connection, O1, kept = Older(O1, "{\"pan\":\"1\"}"));
            OlderStore.AddOrder(connection, O2, Older(O2, "{}"));
            OlderStore.AddOrder(connection, Damaged, Older(O1, "{}"));
            OlderStore.AddOrder(connection, Lost, Older(Lost, "{}"));
            OlderStore.AddOrder(connection, new OrderId("deleted"), null);
            connection.Execute("INSERT INTO products (name, version, mode, body, added_at) VALUES ('gone', 1, 2, X'00', 1)");
            connection.Execute("UPDATE orders SET product = 'gone' WHERE order_id = 'lost'");
        }
        await Bench.StartAsync();
        Assert.That(await OrderSeals.TakeOverAsync(Bench.Database, Vault), Is.EqualTo((2, 2)));
        Assert.That(await OpensAsync(O1), Is.True);
        Assert.That(await OpensAsync(O2), Is.True);
        Assert.That(await OpensAsync(Damaged), Is.False);
        Assert.That(Vault.TakesOverOrderData, Is.False);
        var log = await new StoredLog(Bench.Database, Bench.Log, Bench.Keys, Bench.Time).ReadAsync(new LogQuery());
        Assert.That(log.Single(row => row.Entry.Kind == "OrdersTakenOver").Entry.Detail, Does.StartWith("{\"sealedAnew\":2,\"left\":2,")
            .And.Match("product visa-like-e2e/1, SHA-256 [0-9A-F]{64}, EndToEnd, level 33, not exposed to the terminal"),
                "what it was sealed for");

        // Whoever kept a copy of the older file, and can write this one, gains nothing.
        await Execute("UPDATE orders SET sealed = $sealed WHERE order_id = 'o1'", ("$sealed", kept));
        Assert.That(await OpensAsync(O1), Is.False);
        Assert.That(await OrderSeals.TakeOverAsync(Bench.Database, Vault), Is.EqualTo((0, 0)));
        Assert.That(await OpensAsync(O1), Is.False);
    }

    [Test]
    public async Task ManyOlderOrders_TakenOver_AllOfThemAre()
    {
        const int Many = 201;
        await using (var connection = OlderStore.Make(Bench.Directory, before: "011"))
            for (var i = 0; i < Many; i++) OlderStore.AddOrder(connection, new OrderId($"o{i}"), Older(new OrderId($"o{i}"), "{}"));
        await Bench.StartAsync();
        Assert.That(await OrderSeals.TakeOverAsync(Bench.Database, Vault), Is.EqualTo((Many, 0)));
        Assert.That(await OpensAsync(new OrderId($"o{Many - 1}")), Is.True);
    }

    [Test]
    public async Task TokensOfAnOlderStore_KnowWhoClaimedWithTheCode_OrAreNoGood()
    {
        var token = ByteString.Own(new byte[16]);
        await using (var connection = OlderStore.Make(Bench.Directory, before: "011"))
        {
            foreach (var order in new[] { O1, O2, Lost }) OlderStore.AddOrder(connection, order, Older(order, "{}"));
            Claimed(O1, "session s1, host h1, terminal t1, operator olga");
            Claimed(O1, "session s2, host h1, terminal t1, operator Åse, at the till");
            Claimed(O1, "session s3, host h1, terminal t1, operator ");
            Claimed(O2, "session s1, host h1, terminal t1, operator ");
            connection.Execute("UPDATE orders SET token_hash = $hash, token_terminal = 't1' WHERE order_id = 'o1'",
                ("$hash", System.Security.Cryptography.SHA256.HashData(token.Span)));
            connection.Execute("UPDATE orders SET token_hash = X'02', token_terminal = 't1' WHERE order_id = 'o2'");

            void Claimed(OrderId order, string detail) => connection.Execute("""
                INSERT INTO order_history (order_id, at, fence, change, detail, state, confirmed, in_doubt, attempt, furthest)
                VALUES ($order, 1, 1, 'Claimed', $detail, 2, 0, 0, 1, 0)
                """, ("$order", order), ("$detail", detail));
        }
        await Bench.StartAsync();
        var resumed = (ClaimOutcome.Claimed)await Bench.Orders.ResumeAsync(token, StoreBench.At("t1") with { Operator = null });
        Assert.That(resumed.Operator, Is.EqualTo(new OperatorId("Åse, at the till")));
        var known = await Bench.Database.ReadAsync(connection =>
            connection.Query("SELECT token_operator FROM orders WHERE order_id IN ('lost', 'o2')",
            row => row.Text("token_operator")), default);
        Assert.That(known, Is.All.Null);
    }

    private async Task<bool> OpensAsync(OrderId order)
    {
        var (row, data) = await Bench.Database.ReadAsync(connection => (OrderRow.Find(connection, order)!,
            connection.Query("SELECT sealed FROM orders WHERE order_id = $order", found => found.Bytes("sealed")!.Value,
                ("$order", order))[0]), default);
        var product = await Bench.Database.ReadAsync(connection =>
            CardIssue.Center.Products.DatabaseProductStore.Find(connection, row.Product), default);
        var terms = ProductTerms.Of(product!, CardProductFile.Read(product!.Body.Span, "product").Product!);
        if (!Vault.TryOpenOrderData(row.Terms(terms), data, out var plain)) return false;
        using (plain) Assert.That(OrderData.Read(plain.Span), Is.Not.Null);
        return !Vault.TryOpenOrderData(row.Terms(terms) with { Customer = "another" }, data, out _);
    }

    private Task Execute(string sql, params (string, object?)[] values) =>
        Bench.Database.WriteAsync(connection => connection.Execute(sql, values), default);
}
