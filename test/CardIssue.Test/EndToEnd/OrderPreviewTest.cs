using System.Collections.Concurrent;
using CardIssue.Center.Orders;
using CardIssue.Center.People;
using CardIssue.Center.Storage;
using CardIssue.Center.Vault;
using CardIssue.Core.Cards.Products.Preview;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Terminal.Relay;
using CardIssue.Test.Modules;
using CardIssue.Test.Products;
using CardIssue.Testing.Cards;

namespace CardIssue.Test.EndToEnd;

/// <summary>A preview of an order in the center, against what its card is then sent.</summary>
[TestFixture, Parallelizable]
public sealed class OrderPreviewTest
{
    private const int MacLength = 8;

    /// <summary>
    /// At a level without encryption the wire shows every command: the preview is those, one after the other, to the last byte of the
    /// closing.
    /// </summary>
    [Test]
    public async Task Preview_AndThenTheIssue_AreTheSameCommands()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.OrderAsync("o-1", AtLevel11(Products.EndToEnd()));
        var shown = (OrderPreview.Shown)await Previews(shop).OfAsync(new OrderId("o-1"), TestPeople.Of(shop.Database));
        Assert.That(shown.Lack, Is.Null);

        await ThatIsWhatTheCardGetsAsync(shop, "o-1", shown, Shop.Card(1));
    }

    /// <summary>The look before, no number, the records and the reading that it ends with.</summary>
    [Test]
    public async Task PreviewOfARewrite_AndThenTheRewrite_AreTheSameCommands()
    {
        await using var shop = await Shop.OpenAsync();
        var product = AtLevel11(Rewrites.Product("endToEnd"));
        var card = await shop.IssuedAsync("o-1", product);
        Assert.That(await shop.OrderRewriteAsync("r-1", product, "points", "o-1", Rewrites.Change(0, 7)), Is.Null);
        var shown = (OrderPreview.Shown)await Previews(shop).OfAsync(new OrderId("r-1"), TestPeople.Of(shop.Database));
        Assert.That((shown.Rewrite, shown.Lack), Is.EqualTo(("points", (string?)null)));
        await ThatIsWhatTheCardGetsAsync(shop, "r-1", shown, card);
    }

    /// <summary>PUT KEY with what is hidden of its own keys, in both protocols; nothing of its length is another.</summary>
    [TestCase(false)]
    [TestCase(true)]
    public async Task PreviewOfOwnKeys_AndThenTheIssue_AreTheSameCommands(bool is02)
    {
        var way = new OwnKeysCase("in the clear", is02, "replace", 0x21, "11", 0x20);
        await using var shop = await way.OpenShopAsync();
        await shop.OrderAsync("o-1", AtLevel11(way.Product("endToEnd")));
        var shown = (OrderPreview.Shown)await Previews(shop).OfAsync(new OrderId("o-1"), TestPeople.Of(shop.Database));
        Assert.That(shown.Lack, Is.Null);
        var card = way.Card(1);
        await ThatIsWhatTheCardGetsAsync(shop, "o-1", shown, card);
        way.IsDone(card, 1, "and it has them");
    }

    /// <summary>The vault knows how long they are.</summary>
    [Test]
    public async Task PreviewOfOwnKeysOfAes256_HasTheirLength()
    {
        await using var shop = await Shop.OpenAsync();
        Counter.ImportMaster(shop.Vault, "transport", 0x30, Counter.Master);
        Counter.ImportMaster(
            shop.Vault, "own", 0x31, ByteString.Concat(OwnKeysCase.OwnMaster, OwnKeysCase.OwnMaster), CardKeyAlgorithm.Aes256);
        await shop.OrderAsync("o-1", OwnKeysCase.Add.Product("endToEnd"));
        var shown = (OrderPreview.Shown)await Previews(shop).OfAsync(new OrderId("o-1"), TestPeople.Of(shop.Database));
        Assert.That(shown.Commands.Scripts.SelectMany(script => script.Commands).Single(command => command.Name == "PUT KEY").ShortData,
            Does.StartWith("31" + "882120**(32)03******"));
    }

    [Test]
    public async Task Preview_IsInTheLogWithWhoLooked_AndIsForAuditorsAndSupervisorsAlone()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.OrderAsync("o-1", Products.EndToEnd());
        var order = new OrderId("o-1");
        foreach (var roles in new[] { PersonRoles.Clerk, PersonRoles.KeyCustodian, PersonRoles.Clerk | PersonRoles.KeyCustodian })
            Assert.That(((OrderPreview.Refused)await Previews(shop).OfAsync(order, TestPeople.Of(shop.Database, roles: roles))).Outcome, Is.EqualTo(DeskOutcome.NotAllowed));
        Assert.That(await LookedAsync(shop), Is.Empty);
        Assert.That(await Previews(shop).OfAsync(order, TestPeople.Of(shop.Database, roles: PersonRoles.Auditor)), Is.InstanceOf<OrderPreview.Shown>());
        Assert.That(await LookedAsync(shop), Is.EqualTo(new[] { """{"person":"ann"}""" }));
        Assert.That(((OrderPreview.Refused)await Previews(shop).OfAsync(new OrderId("o-2"), TestPeople.Of(shop.Database))).Outcome, Is.EqualTo(DeskOutcome.NotFound));
        Assert.That((await shop.ViewAsync("o-1")).State, Is.EqualTo(OrderState.Ready));

        async Task<IEnumerable<string>> LookedAsync(Shop at) =>
            (await at.Log.ReadAsync(new LogQuery(order))).Where(row => row.Entry.Kind == "OrderPreviewed").Select(row => row.Entry.Detail);
    }

    private static string AtLevel11(string product) => System.Text.RegularExpressions.Regex.Replace(
        product, "\"securityLevel\": \"..\"", "\"securityLevel\": \"11\", \"exposedToTerminal\": true");

    private static async Task ThatIsWhatTheCardGetsAsync(Shop shop, string order, OrderPreview.Shown shown, CardSimulator card)
    {
        var sent = new ConcurrentQueue<byte[]>();
        shop.ReaderInFront = new AlteringReader(shop.Hardware.Reader)
        {
            Alter = (command, answer) =>
            {
                sent.Enqueue(command);
                return answer;
            },
        };
        await shop.RestartTerminalAsync();
        shop.Reader.Insert(card);
        var outcome = await shop.IssueAsync(order);
        Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.Issued), outcome.Detail);

        var expected = shown.Commands.Scripts.Where(script => !script.OnlyInDoubt).SelectMany(script => script.Commands).ToList();
        Assert.That(sent, Has.Count.EqualTo(expected.Count));
        foreach (var (command, bytes) in expected.Zip(sent)) ThatIs(command, bytes);
    }

    private static OrderPreviews Previews(Shop shop) => new(shop.Database, shop.Vault);

    /// <summary>Inside the channel the class says so, and the MAC stands behind the data; before it, the command is as it is.</summary>
    private static void ThatIs(CommandPreview shown, byte[] sent)
    {
        var isInside = (sent[0] & 0x04) != 0 && sent[1] != 0x82;
        if (isInside) sent[0] ^= 0x04;
        Assert.That(Convert.ToHexString(sent.AsSpan(0, 4)), Is.EqualTo(shown.Header));
        var length = sent.Length > 5 ? sent[4] - (isInside ? MacLength : 0) : 0;
        CardPreviewTest.ThatOnlyHides(shown, length == 0 ? default : ByteString.Copy(sent.AsSpan(5, length)));
    }
}
