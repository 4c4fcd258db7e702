using System.Data.Common;
using CardIssue.Center.Orders;
using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;
using CardIssue.Terminal.Relay;
using CardIssue.Test.Center;
using CardIssue.Test.Center.Engines;
using CardIssue.Test.Vault;

namespace CardIssue.Test.EndToEnd;

/// <summary>
/// Stores as each version before made them, by its own scripts, with orders in them: this version opens each, and issues from it. The oldest
/// store that somebody's center really had is in <see cref="OlderCenterTest"/>.
/// </summary>
[Parallelizable]
public sealed class OlderStoresTest
{
    /// <summary>One version in so many issues a card, and so do the first and the latest.</summary>
    private const int Sample = 6;

    [TestCase(EngineKind.Sqlite)]
    [TestCase(EngineKind.Postgres)]
    public async Task StoreOfEachVersionBefore_Opened_IsWhole_AndIssues(EngineKind engine)
    {
        await using var shop = await Shop.OpenAsync(postgres: EngineUnderTest.PlaceOf(engine));
        var terminal = (await shop.Registry.GetAsync(Shop.TerminalName))!;
        var versions = OlderStore.Numbers(engine).Skip(1).ToList();
        await shop.StopTerminalAsync();
        for (var at = 0; at < versions.Count; at++)
        {
            var before = versions[at];
            await shop.ReopenCenterAsync(() => PutOlder(shop, before));
            Assert.That(await OrderSeals.TakeOverAsync(shop.Database, shop.Vault), Is.EqualTo((2, 0)), before);
            if (at % Sample == 0 || at == versions.Count - 1)
            {
                await shop.Registry.PutAsync(terminal);
                await shop.Registry.SetReadersAsync(Shop.TerminalName, [shop.Hardware.Known]);
                shop.StartTerminal();
                shop.Reader.Insert(Shop.Card((uint)at + 1));
                var outcome = await shop.IssueAsync("o-1");
                Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.Issued), $"before {before}: {outcome}");
                shop.Reader.Remove();
                await shop.StopTerminalAsync();
            }
            Assert.That((await shop.ViewAsync("o-2")).State, Is.EqualTo(OrderState.Ready), before);
            Assert.That((await shop.Log.VerifyAsync()).Findings, Is.Empty, before);
            Assert.That(await shop.Orders.History.SettleRowsAsync(), Is.Empty, before);
        }
    }

    /// <summary>The center's disk as that version left it: its store alone, and a vault that has not taken anything over.</summary>
    private static void PutOlder(Shop shop, string before)
    {
        var data = Path.Combine(shop.Folder, "data");
        Directory.Delete(data, recursive: true);
        Directory.CreateDirectory(data);
        foreach (var left in Directory.GetFiles(shop.Folder, "generation*").Append(shop.NoteFile)) File.Delete(left);
        if (Directory.Exists(Path.Combine(shop.Folder, "log"))) Directory.Delete(Path.Combine(shop.Folder, "log"), recursive: true);
        Seals.MakeOlder(shop.Vault);
        using DbConnection store = shop.Postgres.Length == 0 ? OlderStore.MakeEmpty(data, before) : OlderStore.MakeEmptyPostgres(shop.Postgres, before);
        OlderStore.AddProduct(store, "e2e", Products.EndToEnd());
        foreach (var order in new[] { new OrderId("o-1"), new OrderId("o-2") })
        {
            var fields = Products.Fields.ToDictionary();
            // One card number, one order.
            if (order.Value == "o-2") (fields["pan"], fields["track2"]) = ("4761739001010127", "4761739001010127D30122011758989389");
            OlderStore.AddOrder(
                store, order, Seals.Older(order, Seals.MasterOf(shop.Vault), 1, OrderData.Write(fields)), "e2e",
                shop.Vault.CreateIssueCodeVerifier(order, "4711"u8));
        }
    }
}
