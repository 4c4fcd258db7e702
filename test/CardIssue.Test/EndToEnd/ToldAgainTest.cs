using CardIssue.Center.Orders;
using CardIssue.Center.Storage;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Terminal.Relay;

namespace CardIssue.Test.EndToEnd;

/// <summary>
/// The line is lost between the closing and the farewell: the card is issued, the center has saved it, and the terminal does not know. It
/// is told when it returns.
/// </summary>
[TestFixture, Parallelizable]
public sealed class ToldAgainTest
{
    [TestCase("endToEnd")]
    [TestCase("module")]
    public async Task FarewellLost_TerminalReturns_GetsItsReceiptOnce(string mode)
    {
        await using var shop = await OpenAsync(losses: 1);
        await shop.OrderAsync("o-1", Products.EndToEnd(mode: mode));
        var card = Shop.Card(1);
        shop.Reader.Insert(card);

        var outcome = await shop.IssueAsync("o-1");

        ThatIsTold(shop, outcome, "CARD ISSUED");
        shop.Reader.Remove();
        await shop.ShowsAsync("Ready");
        await shop.OrderAsync("o-2", Products.EndToEnd(mode: mode));
        shop.Reader.Insert(Shop.Card(2));
        Assert.That((await shop.IssueAsync("o-2")).IsIssued, "the next customer follows on the same access");
        Assert.That(shop.Shown.Count(text => text.Contains("Issued", StringComparison.Ordinal)), Is.EqualTo(2));
        var log = await shop.Log.ReadAsync(new LogQuery(new OrderId("o-1")));
        Assert.That(log.Select(row => row.Entry.Kind).Where(kind => kind is "Issued" or "ToldAgain"),
            Is.EqualTo(new[] { "Issued", "Issued", "ToldAgain", "Issued" }), "saved once, told, and told again");
    }

    /// <summary>Lost again and again, with the card taken out meanwhile and the center started anew.</summary>
    [Test]
    public async Task FarewellLostAgain_IsToldUntilItArrives()
    {
        await using var shop = await OpenAsync(losses: 3);
        await shop.OrderAsync("o-1", Products.EndToEnd());
        shop.Reader.Insert(Shop.Card(1));
        var restarted = new TaskCompletionSource();
        shop.WhenShown("LineLost", () => { shop.Reader.Remove(); restarted.SetResult(); });
        var issuing = shop.IssueAsync("o-1");
        await restarted.Task;
        await shop.RestartCenterAsync();

        ThatIsTold(shop, await issuing, "CARD ISSUED");
        await shop.ShowsAsync("Ready");
        Assert.That(shop.Shown.Count(text => text.Contains("Resuming", StringComparison.Ordinal)), Is.GreaterThanOrEqualTo(3));
    }

    [Test]
    public async Task FarewellLost_OfARewrite_IsToldAgain()
    {
        await using var shop = await OpenAsync(losses: 0);
        var product = Rewrites.Product("endToEnd");
        var card = await shop.IssuedAsync("i-1", product);
        Assert.That(await shop.OrderRewriteAsync("r-1", product, "points", "i-1", Rewrites.Change(0, 250)), Is.Null);
        shop.Wrap = Losing(1);
        await shop.RestartTerminalAsync();
        shop.Reader.Insert(card);

        ThatIsTold(shop, await shop.IssueAsync("r-1"), "CARD REWRITTEN");
        Assert.That((await shop.ViewAsync("r-1")).State, Is.EqualTo(OrderState.Rewritten));
    }

    private static void ThatIsTold(Shop shop, IssueOutcome outcome, string receipt)
    {
        Assert.That((outcome.Ending, outcome.Detail), Is.EqualTo((IssueEnding.Issued, "")));
        Assert.That(outcome.Receipt, Does.StartWith(receipt + "\n").And.Contain("Proof: "));
        Assert.That(shop.Shown, Has.Some.Contains("LineLost").And.Some.Contains("Resuming"));
        Assert.That(shop.Shown, Has.None.Contains("OrderDeclined"));
    }

    private static async Task<Shop> OpenAsync(int losses)
    {
        // As with TLS, so that messages are seen here.
        var shop = await Shop.OpenAsync(line: ShopLine.Loopback(7, withTls: true));
        shop.Wrap = Losing(losses);
        await shop.RestartTerminalAsync();
        return shop;
    }

    /// <summary>Lines that break, so often, in place of each message that the card is issued.</summary>
    private static Func<ILine, ILine> Losing(int losses)
    {
        var left = losses;
        return line => new LosingLine(line, () => Interlocked.Decrement(ref left) >= 0);
    }

    private sealed class LosingLine(ILine inner, Func<bool> loses) : ILine
    {
        public LinePeer Peer => inner.Peer;

        public ValueTask SendAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellation) => inner.SendAsync(frame, cancellation);

        public async ValueTask<LineFrame?> ReceiveAsync(CancellationToken cancellation)
        {
            var frame = await inner.ReceiveAsync(cancellation);
            if (frame is null || MessageCodec.Decode(frame.Memory) is not { IsMessage: true, Message: Issued } || !loses()) return frame;
            frame.Dispose();
            await inner.DisposeAsync();
            throw new LineException(LineFault.Broken, "cut before the farewell");
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
