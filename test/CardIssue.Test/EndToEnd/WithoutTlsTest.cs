using CardIssue.Center.Orders;
using CardIssue.Center.Sessions;
using CardIssue.Center.Storage;
using CardIssue.Core.Lines;
using CardIssue.Terminal.Relay;

namespace CardIssue.Test.EndToEnd;

/// <summary>A dedicated line without TLS: counter and MAC on every message after the admission.</summary>
[TestFixture, Parallelizable]
public sealed class WithoutTlsTest
{
    [TestCase("endToEnd")]
    [TestCase("module")]
    public async Task Card_OverTcpWithoutTls_IsIssued(string mode)
    {
        await using var shop = await Shop.OpenAsync(line: ShopLine.Tcp(7));
        await shop.OrderAsync("o-1", Products.EndToEnd(mode: mode));
        shop.Reader.Insert(Shop.Card(1));
        var outcome = await shop.IssueAsync("o-1");
        Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.Issued), outcome.Detail);
        Assert.That((await shop.Log.VerifyAsync()).Findings, Is.Empty);
    }

    /// <summary>
    /// Frame 4 of the terminal is its first credit or offer of a card, 6 one in mid-script; frame 4 of the center is in the first script,
    /// its note after the
    /// admission not counted.
    /// </summary>
    [Test]
    public async Task Line_TamperedWith_Ends_NothingIsActedOn_TheSameCardIsIssuedOnTheNext(
        [Values] LineAttack attack, [Values] bool up, [Values(4, 6)] int at)
    {
        await using var shop = await Shop.OpenAsync(line: ShopLine.Tcp(7));
        await shop.StopTerminalAsync();
        var struck = 0;
        shop.CenterSilence = TimeSpan.FromSeconds(2);
        shop.Wrap = line => new AttackedLine(line, attack, up, up ? at : at + 1, () => Interlocked.Exchange(ref struck, 1) == 0);
        shop.StartTerminal();
        await shop.OrderAsync("o-1", Products.EndToEnd());
        var card = Shop.Card(1);
        shop.Reader.Insert(card);

        var outcome = await shop.IssueAsync("o-1");

        Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.Issued), outcome.Detail);
        Assert.That(struck, Is.EqualTo(1));
        await shop.ShowsAsync("LineLost");
        var log = await shop.Log.ReadAsync(new LogQuery());
        var tampered = log.Count(row => row.Entry.Kind == nameof(LineFault.Tampered));
        // What is only missing shows by the next frame, or by the silence; what came to the terminal changed ends the line there.
        if (up && attack is not (LineAttack.Drop or LineAttack.Swap)) Assert.That(tampered, Is.EqualTo(1), "what came to the center is in its log");
        else Assert.That(tampered, Is.LessThanOrEqualTo(up ? 1 : 0));
        Assert.That(log.Count(row => row.Entry.Kind == "Garbage"), Is.Zero);
        Assert.That((await shop.ViewAsync("o-1")).State, Is.EqualTo(OrderState.Issued));
        Assert.That(card.Inspect().FailedAuthentications, Is.Zero);
        Assert.That((await shop.Log.VerifyAsync()).Findings, Is.Empty);
    }

    [Test]
    public async Task LineWithoutTls_NotConfiguredSo_IsClosedBeforeAWord()
    {
        var line = ShopLine.Loopback(7);
        await using var shop = await Shop.OpenAsync(line: line with { Served = new ServedLine(line.Listener) });
        await using var up = await line.Connector.ConnectAsync(default);
        using var frame = await up.ReceiveAsync(Transport.Lines.Soon());
        Assert.That(frame, Is.Null);
        Assert.That((await shop.Log.ReadAsync(new LogQuery())).Where(row => row.Entry.Session != "console"), Is.Empty);
    }
}
