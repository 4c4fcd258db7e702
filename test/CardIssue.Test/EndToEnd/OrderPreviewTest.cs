using System.Collections.Concurrent;
using CardIssue.Center.Orders;
using CardIssue.Center.People;
using CardIssue.Center.Storage;
using CardIssue.Core.Cards.Products.Preview;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Terminal.Relay;
using CardIssue.Test.Products;

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
        await shop.OrderAsync("o-1", Products.EndToEnd().Replace("\"securityLevel\": \"33\"", "\"securityLevel\": \"11\", \"exposedToTerminal\": true", StringComparison.Ordinal));
        var shown = (OrderPreview.Shown)await Previews(shop).OfAsync(new OrderId("o-1"), TestPeople.Of(shop.Database));
        Assert.That(shown.Lack, Is.Null);

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
        shop.Reader.Insert(Shop.Card(1));
        var outcome = await shop.IssueAsync("o-1");
        Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.Issued), outcome.Detail);

        var expected = shown.Commands.Scripts.Where(script => !script.OnlyInDoubt).SelectMany(script => script.Commands).ToList();
        Assert.That(sent, Has.Count.EqualTo(expected.Count));
        foreach (var (command, bytes) in expected.Zip(sent)) ThatIs(command, bytes);
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
