using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CardIssue.Center.Log;
using CardIssue.Center.Orders;
using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Terminal.Relay;
using CardIssue.Test.Center;
using Microsoft.Data.Sqlite;

namespace CardIssue.Test.EndToEnd;

/// <summary>Somebody who can write the store's file, and has no key, changes what is to be written, how, or for whom.</summary>
[TestFixture, Parallelizable]
public sealed class ChangedStoreTest
{
    private const string Weak = "\"securityLevel\": \"11\", \"exposedToTerminal\": true";

    private static readonly (string What, string Sql)[] Changes =
    [
        ("a weaker level, exposed to the terminal",
            "UPDATE products SET body = CAST(replace(body, '\"securityLevel\": \"33\"', '" + Weak + "') AS BLOB) WHERE name = $own"),
        ("a weaker level", "UPDATE products SET body = CAST(replace(body, '\"33\"', '\"13\"') AS BLOB) WHERE name = $own"),
        ("exposed to the terminal, and nothing else",
            "UPDATE products SET body = CAST(replace(body, '\"33\"', '\"33\", \"exposedToTerminal\": true') AS BLOB) WHERE name = $own"),
        ("other data on the card",
            "UPDATE products SET body = CAST(replace(body, '82025C00940408010200', '82025C00940408010201') AS BLOB) WHERE name = $own"),
        ("a space", "UPDATE products SET body = CAST(body || ' ' AS BLOB) WHERE name = $own"),
        ("module mode in the text", "UPDATE products SET body = CAST(replace(body, 'endToEnd', 'module') AS BLOB) WHERE name = $own"),
        ("module mode everywhere",
            "UPDATE products SET mode = 1, body = CAST(replace(body, 'endToEnd', 'module') AS BLOB) WHERE name = $own; "
            + "UPDATE orders SET mode = 1 WHERE order_id = $order"),
        ("the product's mode", "UPDATE products SET mode = 1 WHERE name = $own"),
        ("the order's mode", "UPDATE orders SET mode = 1 WHERE order_id = $order"),
        ("another product", "UPDATE orders SET product = 'other' WHERE order_id = $order"),
        ("another version",
            "INSERT INTO products SELECT name, 2, mode, CAST(replace(body, '\"version\": 1', '\"version\": 2') AS BLOB), added_at FROM products "
            + "WHERE name = $own; "
            + "UPDATE orders SET product_version = 2 WHERE order_id = $order"),
        ("another product under the name", "UPDATE products SET body = (SELECT body FROM products WHERE name = 'other') WHERE name = $own"),
        ("another customer", "UPDATE orders SET customer = 'mallory' WHERE order_id = $order"),
        ("another sequence number", "UPDATE orders SET sequence = 7 WHERE order_id = $order"),
        ("another text for the operator", "UPDATE orders SET display = 'another card' WHERE order_id = $order"),
        ("another order's data",
            "UPDATE orders SET sealed = (SELECT sealed FROM orders WHERE order_id = 'untouched') WHERE order_id = $order"),
    ];

    [Test]
    public async Task RowsChanged_Issue_IsDeclined_TheLogSaysWhy_AndNothingLeaves()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.OrderAsync("untouched", Products.EndToEnd());
        await shop.OrderAsync("of-other", Products.EndToEnd("other").Replace("\"33\"", "\"13\"", StringComparison.Ordinal));
        foreach (var (i, (what, sql)) in Changes.Index())
        {
            var (order, product) = ($"o-{i}", $"p-{i}");
            await shop.OrderAsync(order, Products.EndToEnd(product));
            Assert.That(Execute(shop, sql, ("$order", order), ("$own", product)), Is.GreaterThan(0), what);
            var outcome = await shop.IssueAsync(order);
            Assert.That((outcome.Ending, outcome.Detail), Is.EqualTo((IssueEnding.Declined, nameof(DeclineCode.CenterLacks))), what);
            var log = await shop.Log.ReadAsync(new LogQuery(new OrderId(order)));
            Assert.That(log.Where(row => row.Entry.Direction == LogDirection.Out).Select(row => row.Entry.Kind),
                Is.All.EqualTo("Declined"), what);
            Assert.That(log.Where(row => row.Entry.Step == 230).Select(row => row.Entry.Kind), Has.None.EqualTo("Claimed"), what);
            Assert.That(log.Single(row => row.Entry.Kind == "Declining").Entry.Detail, Does.Match("was changed|says of itself"), what);
            Assert.That((await shop.Desk.ListAsync()).Single(view => view.Order.Value == order).State, Is.EqualTo(OrderState.Ready), what);
        }
        Assert.That(shop.Shown, Has.None.Contains("S240"));
        shop.Reader.Insert(Shop.Card(1));
        Assert.That((await shop.IssueAsync("untouched")).Ending, Is.EqualTo(IssueEnding.Issued));
        var findings = (await shop.Log.VerifyAsync()).Findings;
        Assert.That(findings.Select(finding => finding.Kind), Is.All.EqualTo(LogFindingKind.RowAltered), "a product and the write data are bound into the order's seal, and noticed there");
        Assert.That(findings, Has.Count.EqualTo(Changes.Count(change => change.Sql.Contains("UPDATE orders SET", StringComparison.Ordinal) && !change.Sql.Contains("SET sealed", StringComparison.Ordinal))));
    }

    /// <summary>
    /// Rows that are changed while the center serves: the terminal is refused by name, and so is the order, and both stand in the log.
    /// </summary>
    [Test]
    public async Task TerminalsRowChanged_Terminal_IsRefusedAndTheLogNamesTheRow()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.OrderAsync("o-1", Products.EndToEnd());
        await shop.HasAccessAsync();
        Execute(shop, "UPDATE terminals SET networks = networks || ' 0.0.0.0/0'");
        await shop.RestartTerminalAsync();
        await shop.LogsAsync(row => row.Entry is { Kind: "Refusing", Step: 310 } && row.Entry.Detail.Contains("T-1 of terminals", StringComparison.Ordinal));
        Execute(shop, "UPDATE terminals SET networks = replace(networks, ' 0.0.0.0/0', '')");
        shop.Reader.Insert(Shop.Card(1));
        Assert.That((await shop.IssueAsync("o-1")).Ending, Is.EqualTo(IssueEnding.Issued), "as it was");
        Execute(shop, "UPDATE orders SET state = 1, card = NULL, code_spent = 0, confirmed = 0, furthest = 0 WHERE order_id = 'o-1'");
        shop.Reader.Remove();
        await shop.ShowsAsync("Ready");
        shop.Reader.Insert(Shop.Card(2));
        Assert.That((await shop.IssueAsync("o-1")).Detail, Is.EqualTo(nameof(DeclineCode.CenterLacks)));
        await shop.LogsAsync(row => row.Entry.Kind == "Declining" && row.Entry.Detail.Contains("o-1 of orders", StringComparison.Ordinal));
    }

    [Test]
    public async Task Order_Claimed_TheLogNamesProductHashModeLevelExposureAndOperator()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.OrderAsync("o-1", Products.EndToEnd());
        shop.Reader.Insert(Shop.Card(1));
        Assert.That((await shop.IssueAsync("o-1")).Ending, Is.EqualTo(IssueEnding.Issued));
        var hash = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(Products.EndToEnd())));
        var claimed = (await shop.Log.ReadAsync(new LogQuery(new OrderId("o-1")))).Single(row => row.Entry is { Kind: "Claimed", Step: 230 }).Entry.Detail;
        Assert.That(claimed, Does.Contain(string.Create(CultureInfo.InvariantCulture,
            $"operator olga; product e2e/1, SHA-256 {hash}, EndToEnd, level 33, not exposed to the terminal")));
    }

    private static int Execute(Shop shop, string sql, params (string, object?)[] values)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(shop.Folder, "data", "center.db")};Pooling=False");
        connection.Open();
        return connection.Execute(sql, values);
    }
}
