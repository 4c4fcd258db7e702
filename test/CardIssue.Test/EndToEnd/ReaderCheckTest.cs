using CardIssue.Center.Orders;
using CardIssue.Center.Terminals;
using CardIssue.Core.Cards;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Core.Protocol.Terminal;
using CardIssue.Terminal.Relay;
using CardIssue.TerminalHost.Display;
using CardIssue.Test.Relay;
using CardIssue.Testing.Cards.Reading;

namespace CardIssue.Test.EndToEnd;

/// <summary>S250: a reader is checked when it is connected, before each card, and before the card is touched.</summary>
public sealed class ReaderCheckTest
{
    private static readonly ReaderIdentity Known = new("virtual", "reader", "CardIssue", "VirtualCard", "VC-0001");
    private static readonly ReaderIdentity Stranger = Known with { Serial = "XX-9999" };

    /// <summary>A shop whose reader is the one that the center knows, for now.</summary>
    private static async Task<(Shop Shop, SwappableReader Reader)> OpenAsync()
    {
        var shop = await Shop.OpenAsync();
        await shop.ShowsAsync("AccessGranted");
        var reader = new SwappableReader((VirtualCardReader)shop.Hardware.Reader, Known);
        shop.ReaderInFront = reader;
        await shop.RestartTerminalAsync();
        await shop.ShowsAsync("AccessGranted", 2);
        return (shop, reader);
    }

    [Test]
    public async Task UnknownReader_IsConnected_IsShownAndLoggedAtTheCenterAtOnce()
    {
        await using var shop = await Shop.OpenAsync(enrolReader: false);
        await shop.ShowsAsync("S250 ReaderRefused virtual reader CardIssue VirtualCard, serial VC-0001: the list names no reader; it tells no port");
        await shop.LogsAsync(row => row.Entry is { Kind: nameof(RelayMessageType.ReaderRefused), Step: 250 } entry && entry.Detail.Contains("VC-0001", StringComparison.Ordinal));
        Assert.That(shop.Relay.Phase, Is.EqualTo(TerminalPhase.Idle), "the access stays");
    }

    [Test]
    public async Task ReaderTakenFromTheList_WhileItsTerminalIsIn_IsRefusedAtOnce_AndOneAddedEndsNothing()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.HasAccessAsync();
        var lost = 0;
        shop.Relay.StatusChanged += (_, status) => lost += status.State is RelayState.Connecting ? 1 : 0;
        var other = new ReaderRecord("virtual", null, null, "VC-0002", null, [], false);
        await shop.Registry.SetReadersAsync(Shop.TerminalName, [shop.Hardware.Known, other]);
        await Task.Delay(TimeSpan.FromSeconds(1.5));
        Assert.That(lost, Is.Zero);
        await shop.Registry.SetReadersAsync(Shop.TerminalName, [other]);
        await shop.ShowsAsync("S250 ReaderRefused virtual reader CardIssue VirtualCard, serial VC-0001");
        Assert.That(lost, Is.EqualTo(1));
    }

    /// <summary>Who is asked for a card must not be left to look for one while the reader is what is missing.</summary>
    [Test]
    public async Task Reader_GoesWhileACardIsAskedFor_IsToldOnce_AndACardCountsWhenItIsBack()
    {
        var (shop, reader) = await OpenAsync();
        await using var _ = shop;
        await shop.OrderAsync("o-1", Products.EndToEnd());
        var steps = new List<IssueProgress>();
        using var code = SecretBytes.Copy("4711"u8);
        var issue = shop.Relay.IssueAsync(new IssueRequest("o-1", code, new OperatorId("olga")), new Told(steps));
        await shop.PhaseAsync(TerminalPhase.AwaitingCard);
        reader.Lose();
        await shop.ShowsAsync("S240 InsertCard", 2);
        reader.Return();
        shop.Reader.Insert(Shop.Card(71));
        var outcome = await issue;
        Assert.That((outcome.Ending, outcome.ReaderFault), Is.EqualTo((IssueEnding.Issued, (CardFault?)null)));
        lock (steps)
        {
            var asked = steps.Where(step => step.Notice is IssueNotice.InsertCard).ToList();
            Assert.That(asked.Select(step => step.ReaderFault), Is.EqualTo(new CardFault?[] { null, CardFault.ReaderGone }));
            Assert.That(asked[1].Detail, Is.EqualTo(asked[0].Detail));
            Assert.That(Wording.Of(asked[1]).English, Does.StartWith("insert a card: ").And.EndsWith("; the card reader does not answer, see that it is connected"));
        }
    }

    private sealed class Told(List<IssueProgress> steps) : IProgress<IssueProgress>
    {
        public void Report(IssueProgress value)
        {
            lock (steps) steps.Add(value);
        }
    }

    [Test]
    public async Task Reader_ComesBackAsAnother_IsReportedWithoutAnOrder()
    {
        var (shop, reader) = await OpenAsync();
        await using var _ = shop;
        reader.Lose();
        reader.Identity = Stranger;
        Assert.That(shop.Shown, Has.None.Contains("ReaderRefused"));
        reader.Return();
        await shop.ShowsAsync("S250 ReaderRefused");
        await shop.LogsAsync(row => row.Entry.Kind == nameof(RelayMessageType.ReaderRefused) && row.Entry.Detail.Contains("XX-9999", StringComparison.Ordinal));
    }

    [Test]
    public async Task Reader_IsSwappedBetweenCheckAndCard_NoByteGoesToTheCard()
    {
        var (shop, reader) = await OpenAsync();
        await using var _ = shop;
        await shop.OrderAsync("o-1", Products.EndToEnd());
        var issuing = shop.IssueAsync("o-1");
        // The check of the reader follows what is shown; the card's ATR is reported only after it.
        await shop.ShowsAsync("InsertCard");
        await shop.PhaseAsync(TerminalPhase.AwaitingCard);
        reader.Identity = Stranger;
        var card = Shop.Card(1);
        shop.Reader.Insert(card);

        var outcome = await issuing;

        Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.ReaderRefused), outcome.Detail);
        Assert.That((reader.Connects, reader.Transmits, card.Commands), Is.EqualTo((0, 0, 0)));
        await shop.ReachesAsync("o-1", OrderState.Ready);
    }

    [Test]
    public async Task Reader_IsSwappedBetweenTwoCards_SecondCardIsNotTouched()
    {
        var (shop, reader) = await OpenAsync();
        await using var _ = shop;
        await shop.OrderAsync("o-1", Products.EndToEnd());
        await shop.OrderAsync("o-2", Products.EndToEnd());
        shop.Reader.Insert(Shop.Card(1));
        Assert.That((await shop.IssueAsync("o-1")).IsIssued, Is.True);
        shop.Reader.Remove();
        await shop.ShowsAsync("S320 Ready");
        var (connects, transmits) = (reader.Connects, reader.Transmits);
        reader.Identity = Stranger;
        shop.Reader.Insert(Shop.Card(2));

        var outcome = await shop.IssueAsync("o-2");

        Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.ReaderRefused));
        Assert.That((reader.Connects, reader.Transmits), Is.EqualTo((connects, transmits)));
    }

    [Test]
    public async Task KnownReader_GoesAndComesBack_IssuesAgain()
    {
        var (shop, reader) = await OpenAsync();
        await using var _ = shop;
        await shop.OrderAsync("o-1", Products.EndToEnd());
        reader.Lose();
        reader.Return();
        shop.Reader.Insert(Shop.Card(1));
        Assert.That((await shop.IssueAsync("o-1")).IsIssued, Is.True);
        Assert.That(shop.Shown, Has.None.Contains("ReaderRefused"));
    }
}
