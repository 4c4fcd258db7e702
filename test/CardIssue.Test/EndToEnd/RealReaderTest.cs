using CardIssue.Center.Orders;
using CardIssue.Core.Primitives;
using CardIssue.Terminal.Relay;
using CardIssue.Testing.Cards;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Test.EndToEnd;

/// <summary>Cards issued through our serial driver and the simulated GemPC Twin, T=0 and T=1, in both modes. Through pcscd: <see cref="Processes.LinesAndReadersTest"/>.</summary>
public sealed class RealReaderTest
{
    [Test]
    public async Task Card_ThroughSerialReader_IsIssued([Values("endToEnd", "module")] string mode, [Values] CardProtocol protocol) =>
        await IssueAsync(await ShopReader.SerialAsync(), mode, protocol);

    [Test]
    public async Task Card_PulledInMidRecord_GoesOnThroughSerialReader() => await PullAsync(await ShopReader.SerialAsync());

    [Test]
    public async Task Reader_PulledInMidRecord_IsWaitedFor_AndGoesOn()
    {
        var reader = await ShopReader.SerialAsync();
        await using var shop = await Shop.OpenAsync(reader: reader);
        await shop.OrderAsync("o-1", Products.EndToEnd());
        shop.Reader.Insert(Shop.Card(1));
        shop.WhenShown("S280", reader.HangUp);
        var issuing = shop.IssueAsync("o-1");
        await shop.ShowsAsync("S250 ReaderAway");
        await reader.PlugInAsync();
        Assert.That((await issuing).Ending, Is.EqualTo(IssueEnding.Issued));
        Assert.That(shop.Shown, Has.None.Contains("ReaderRefused"));
    }

    private static async Task IssueAsync(ShopReader reader, string mode, CardProtocol protocol)
    {
        await using var shop = await Shop.OpenAsync(reader: reader);
        await shop.OrderAsync("o-1", Products.EndToEnd(mode: mode));
        var card = Shop.Card(1, protocol: protocol);
        shop.Reader.Insert(card);

        var outcome = await shop.IssueAsync("o-1");

        Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.Issued), outcome.Detail);
        var application = card.Inspect().Application(Products.Application);
        Assert.That(application.IsPersonalized, Is.True);
        Assert.That(application.Records[new RecordReference(1, 2)], Is.EqualTo(ByteString.FromHex("70105A0847617390010101195F2403301231")));
        Assert.That((await shop.Log.VerifyAsync()).Findings, Is.Empty);
        shop.Reader.Remove();
        await shop.ShowsAsync("S320");
    }

    private static async Task PullAsync(ShopReader reader)
    {
        await using var shop = await Shop.OpenAsync(reader: reader);
        await shop.OrderAsync("o-1", Products.EndToEnd());
        var card = Shop.Card(1);
        shop.WhenShown("S280", () => shop.Reader.Remove());
        shop.Reader.Insert(card);
        var issuing = shop.IssueAsync("o-1");
        await shop.ShowsAsync("S280");
        await Task.Delay(TimeSpan.FromSeconds(1));
        shop.Reader.Insert(card);
        Assert.That((await issuing).Ending, Is.EqualTo(IssueEnding.Issued));
        Assert.That((await shop.ViewAsync("o-1")).State, Is.EqualTo(OrderState.Issued));
    }
}
