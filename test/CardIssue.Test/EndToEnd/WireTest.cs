using CardIssue.Core.Keys;
using CardIssue.Terminal.Relay;
using CardIssue.Test.Parts;
using CardIssue.Test.Products.Json;
using CardIssue.Testing.Lines;

namespace CardIssue.Test.EndToEnd;

/// <summary>What a card costs on the line before TLS: every message from the word to insert it on, with the headers of their frames.</summary>
[Parallelizable]
public sealed class WireTest
{
    /// <summary>Bytes for each APDU that are not its own, nor a seal's.</summary>
    private const int Most = 16;

    [TestCase("endToEnd")]
    [TestCase("module")]
    public async Task SampleCard_CostsAtMost16BytesForEachApduBeyondIt(string mode)
    {
        var text = mode == "module" ? Samples.Module : Samples.EndToEnd;
        await using var shop = await Shop.OpenAsync(line: ShopLine.Loopback(7, withTls: true));
        CountingLine? line = null;
        shop.Wrap = inner => line = new CountingLine(inner);
        var card = new CountingReader(shop.Hardware.Reader);
        shop.ReaderInFront = card;
        await shop.RestartTerminalAsync();
        // The shop's vault has the master key of samples/orders under another name.
        await shop.OrderAsync("o-1", Samples.Change(text, "\"issuer-test\"", "\"visa\""), Samples.ReadOrders(Samples.Orders).Orders![0].Fields);
        LineCount before = default, after = default;
        // The opening comes behind it, before the card is in: its bytes count.
        shop.WhenShown("InsertCard", () =>
        {
            before = line!.Count;
            card.Reset();
        });
        shop.WhenShown("Issued", () => after = line!.Count);
        var issuing = shop.IssueAsync("o-1");
        await shop.ShowsAsync("InsertCard");
        shop.Reader.Insert(Shop.Card(1));

        Assert.That((await issuing).Ending, Is.EqualTo(IssueEnding.Issued));

        var bytes = after.BytesSent + after.BytesReceived - before.BytesSent - before.BytesReceived;
        TestContext.Out.WriteLine($"{card.Apdus} APDUs of {card.Bytes} bytes; {bytes} bytes on the line");
        // SELECT, INITIALIZE UPDATE and EXTERNAL AUTHENTICATE are not sealed.
        var seals = mode == "module" ? SealedCommand.Overhead * (card.Apdus - 3) : 0;
        Assert.That((bytes - card.Bytes - seals) / (double)card.Apdus, Is.LessThanOrEqualTo(Most));
    }
}
