using System.Text;
using CardIssue.Center.Orders;
using CardIssue.Center.Products;
using CardIssue.Core.Cards.Products.Json;
using CardIssue.Core.Primitives;
using CardIssue.Test.Keys;
using CardIssue.Test.Products.Json;
using CardIssue.Test.Vault;

namespace CardIssue.Test.Center;

/// <summary>A store that was made before orders had account digests (scripts 001 to 004), with orders in it.</summary>
[TestFixture]
public sealed class AccountDigestsTest : OlderStoreFixture
{
    [Test]
    public async Task OlderStore_Opened_HasItsOrders_AndTheirAccountsOnceFilledIn()
    {
        var entries = Samples.ReadOrders(Samples.Orders).Orders!.Where(entry => entry.Product == "visa-like-e2e").ToList();
        await using (var connection = OlderStore.Make(Bench.Directory, before: "005"))
        {
            foreach (var entry in entries) OlderStore.AddOrder(connection, entry.Order,
                Seals.Older(entry.Order, Seals.MasterOf(Vault), 1, OrderData.Write(entry.Fields)));
            OlderStore.AddOrder(connection, new OrderId("deleted"), null);
            OlderStore.AddOrder(connection, new OrderId("damaged"), ByteString.FromHex("00"));
        }
        await Bench.StartAsync();
        Assert.That((await Bench.Desk.ListAsync()).Select(order => order.Order.Value), Is.EquivalentTo(new[] { "E2E-0001", "E2E-0002", "deleted", "damaged" }));
        Assert.That(await ImportAsync("new-1", entries[1]), Is.Null, "the store does not know yet whose the older orders are");

        Assert.That(await AccountDigests.FillInAsync(Bench.Database, Vault), Is.EqualTo(3));
        Assert.That(await AccountDigests.FillInAsync(Bench.Database, Vault), Is.EqualTo(1), "what can't be read is looked into again");
        Assert.That(Vault.TakesOverOrderData, Is.False);
        Assert.That(await ImportAsync("new-2", entries[0]), Does.EndWith("its card number and sequence number are those of order E2E-0001, which is Ready"));
    }

    [Test]
    public async Task OlderStore_WithCardsOfSharedKeys_Opened_KnowsThemByTheirChip()
    {
        var (data, chip, other) = ("0102030405060708090A", "1112131415161718191A", "2122232425262728292A");
        await using (var connection = OlderStore.Make(Bench.Directory, before: "005"))
        {
            OlderStore.AddOrder(connection, new OrderId("begun"), null);
            OlderStore.AddOrder(connection, new OrderId("issued"), null);
            connection.Execute("UPDATE orders SET card = $card, state = $state WHERE order_id = 'begun'",
                ("$card", ByteString.FromHex(data + chip)), ("$state", OrderState.Bound));
            connection.Execute("INSERT INTO issued_cards (card, order_id, customer, sequence, standing, issued_at) VALUES ($card, 'issued', 'issued', 1, $issued, 1)",
                ("$card", ByteString.FromHex(data + other)), ("$issued", CardStanding.Issued));
            connection.Execute("INSERT INTO card_tries (card, tries, last_at) VALUES ($card, 2, 1), ($diversified, 1, 1)",
                ("$card", ByteString.FromHex(data + chip)), ("$diversified", ByteString.FromHex(data)));
        }
        await Bench.StartAsync();
        var begun = await Bench.Orders.CardAsync(new CardId(ByteString.FromHex("9F7F" + chip)));
        Assert.That((begun.Standing, begun.Order?.Value, begun.Tries), Is.EqualTo((CardStanding.Bound, "begun", 2)));
        Assert.That((await Bench.Orders.CardAsync(new CardId(ByteString.FromHex("9F7F" + other)))).Standing, Is.EqualTo(CardStanding.Issued));
        Assert.That(await Bench.Orders.CardTriesAsync(new CardId(ByteString.FromHex(data))), Is.EqualTo(1), "a diversified card is known as before");
    }

    private async Task<string?> ImportAsync(string order, OrderEntry like)
    {
        var product = new ProductRecord(new ProductRef("visa-like-e2e", 1), ProductMode.EndToEnd, ByteString.Own(Encoding.UTF8.GetBytes(Samples.EndToEnd)));
        var entry = Bench.New(order, order) with { Product = product.Ref, AccountDigest = Vault.DigestAccount(like.Account!) };
        return (await Bench.Orders.ImportAsync(product, [entry])).Refusal;
    }
}
