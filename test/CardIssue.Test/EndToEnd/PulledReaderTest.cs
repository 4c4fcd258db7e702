using System.Globalization;
using CardIssue.Center.Orders;
using CardIssue.Center.Sessions;
using CardIssue.Core.Cards;
using CardIssue.Core.Keys;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Core.Protocol.Terminal;
using CardIssue.Terminal.Readers;
using CardIssue.Terminal.Relay;
using CardIssue.Test.Parts;
using CardIssue.Test.Relay;
using CardIssue.Testing.Cards;
using CardIssue.Testing.Cards.Reading;

namespace CardIssue.Test.EndToEnd;

/// <summary>A reader that is pulled in the middle of an order is away, not unknown: it is waited for, and judged anew when it is back (S250).</summary>
public sealed class PulledReaderTest
{
    private const string Away = "S250 ReaderAway ReaderGone";

    /// <summary>When the plug is pulled.</summary>
    public enum Moment
    {
        CardIsAskedFor,
        BeforeTheCheck,
        BeforeTheConnection,
        Connecting,
        Resetting,
    }

    [Test]
    public async Task PulledAndBack_TheOrderGoesOn_AndNobodyHearsOfAnUnknownReader([Values] Moment moment)
    {
        var (shop, reader) = await ReaderCheckTest.OpenAsync();
        await using var _ = shop;
        await shop.OrderAsync("o-1", Products.EndToEnd());
        var card = Shop.Card(1);
        if (moment is not Moment.CardIsAskedFor) shop.Reader.Insert(card);
        Pull(moment, shop, reader);
        var issuing = shop.IssueAsync("o-1");
        if (moment is Moment.CardIsAskedFor)
        {
            await shop.PhaseAsync(TerminalPhase.AwaitingCard);
            reader.Lose();
        }

        await IsAwayAsync(shop, issuing);
        reader.Return();
        if (moment is Moment.CardIsAskedFor)
        {
            // What is to be done now is said again.
            await shop.ShowsAsync("S240 InsertCard", 2);
            shop.Reader.Insert(card);
        }

        Assert.That((await issuing).Ending, Is.EqualTo(IssueEnding.Issued));
        await IsNotReportedAsync(shop);
    }

    private static void Pull(Moment moment, Shop shop, SwappableReader reader)
    {
        if (moment is Moment.BeforeTheCheck) shop.WhenShown("S240 InsertCard", reader.Lose);
        if (moment is Moment.BeforeTheConnection) shop.WhenShown("S250 CardIn", reader.Lose);
        if (moment is Moment.Connecting or Moment.Resetting) LoseOnce(reader, moment is Moment.Connecting ? ReaderCall.Connect : ReaderCall.Reset, 1);
    }

    /// <summary>With an order and its card, whose reader goes in the middle of a record.</summary>
    private static async Task<(Shop Shop, SwappableReader Reader)> OpenToBePulledAsync(Action<CenterSessionOptions>? options = null)
    {
        var (shop, reader) = await ReaderCheckTest.OpenAsync(options);
        await shop.OrderAsync("o-1", Products.EndToEnd());
        shop.Reader.Insert(Shop.Card(1));
        LoseOnce(reader, ReaderCall.Transmit, 5);
        return (shop, reader);
    }

    /// <summary>At the call of that number, once.</summary>
    private static void LoseOnce(SwappableReader reader, ReaderCall call, int number)
    {
        var calls = 0;
        reader.Before = made =>
        {
            if (made == call && ++calls == number) reader.Lose();
        };
    }

    /// <summary>Opening, authentication, each record, the closing.</summary>
    [Test]
    public async Task PulledAtAnyCommand_SameCardIsBack_IsIssued()
    {
        var (shop, reader) = await ReaderCheckTest.OpenAsync();
        await using var _ = shop;
        await shop.OrderAsync("o-0", Products.EndToEnd());
        shop.Reader.Insert(Shop.Card(100));
        Assert.That((await shop.IssueAsync("o-0")).IsIssued, Is.True);
        var commands = reader.Transmits;
        Assert.That(commands, Is.GreaterThan(5));
        // Every other command, and the last; before it reaches the card or after, and back at once or when it was missed.
        foreach (var (round, at) in Enumerable.Range(1, commands).Where(at => at % 2 == 1 || at == commands).Index())
        {
            var (isMissed, answered) = (round % 2 == 0, round / 2 % 2 == 0);
            var order = string.Create(CultureInfo.InvariantCulture, $"o-{at}");
            await shop.OrderAsync(order, Products.EndToEnd());
            shop.Reader.Remove();
            await shop.PhaseAsync(TerminalPhase.Idle);
            var calls = 0;
            void Count()
            {
                if (++calls != at) return;
                reader.Lose();
                if (!isMissed) reader.Return();
            }

            reader.Answered = answered ? Count : null;
            reader.Before = answered ? null : call =>
            {
                if (call is ReaderCall.Transmit) Count();
            };
            shop.Reader.Insert(Shop.Card((uint)at));
            var before = TimesAway(shop);
            var issuing = shop.IssueAsync(order);
            if (isMissed)
            {
                await IsAwayAsync(shop, issuing, before + 1);
                reader.Return();
            }
            Assert.That((await issuing).Ending, Is.EqualTo(IssueEnding.Issued), $"pulled at command {at}");
            Assert.That((await shop.ViewAsync(order)).State, Is.EqualTo(OrderState.Issued));
        }
        await IsNotReportedAsync(shop);
        Assert.That((await shop.Log.VerifyAsync()).Findings, Is.Empty);
    }

    [Test]
    public async Task ComesBackAsAnother_InMidRecord_IsRefusedAndReported_NothingReachesTheCard()
    {
        var (shop, reader) = await OpenToBePulledAsync();
        await using var _ = shop;
        var issuing = shop.IssueAsync("o-1");
        await IsAwayAsync(shop, issuing);
        var (connects, transmits) = (reader.Connects, reader.Transmits);
        reader.Identity = ReaderCheckTest.Stranger;
        reader.Return();
        Assert.That((await issuing).Ending, Is.EqualTo(IssueEnding.ReaderRefused));
        Assert.That((reader.Connects, reader.Transmits), Is.EqualTo((connects, transmits)));
        await shop.LogsAsync(row => row.Entry.Kind == nameof(RelayMessageType.ReaderRefused) && row.Entry.Detail.Contains("XX-9999", StringComparison.Ordinal));
    }

    [Test]
    public async Task Away_OperatorCancels_EndsAtOnce_TheNextIsIssuedWhenItIsBack()
    {
        var (shop, reader) = await OpenToBePulledAsync();
        await using var _ = shop;
        using var cancel = new CancellationTokenSource();
        var issuing = shop.IssueAsync("o-1", cancellation: cancel.Token);
        await IsAwayAsync(shop, issuing);
        await cancel.CancelAsync();
        Assert.That(async () => await issuing, Throws.InstanceOf<OperationCanceledException>());
        await shop.PhaseAsync(TerminalPhase.Idle);
        await shop.UnclaimedAsync("o-1");
        var again = shop.IssueAsync("o-1");
        await IsAwayAsync(shop, again, 2);
        reader.Return();
        Assert.That((await again).IsIssued, Is.True);
        await IsNotReportedAsync(shop);
    }

    /// <summary>A driver that never answers is no reason to wait for it: who cancels is heard, and so is the center.</summary>
    [Test]
    public async Task DriverHangs_OperatorCancels_EndsAtOnce()
    {
        var (shop, reader) = await ReaderCheckTest.OpenAsync();
        await using var _ = shop;
        await shop.OrderAsync("o-1", Products.EndToEnd());
        var hangs = new TaskCompletionSource();
        shop.WhenShown("S240 InsertCard", () => reader.Saying = hangs.Task);
        using var cancel = new CancellationTokenSource();
        var issuing = shop.IssueAsync("o-1", cancellation: cancel.Token);
        await shop.PhaseAsync(TerminalPhase.CheckingReader);
        await cancel.CancelAsync();
        Assert.That(async () => await issuing, Throws.InstanceOf<OperationCanceledException>());
        await shop.PhaseAsync(TerminalPhase.Idle);
        hangs.SetResult();
    }

    [Test]
    public async Task Away_ForLongerThanTheCenterWaits_OrderIsGivenBack_WithWhatWasWrong()
    {
        var (shop, reader) = await OpenToBePulledAsync(options => options.CardWait = TimeSpan.FromSeconds(1));
        await using var _ = shop;
        var outcome = await shop.IssueAsync("o-1");
        Assert.That((outcome.Ending, outcome.Reason, outcome.ReaderFault), Is.EqualTo((IssueEnding.Aborted, IssueReason.StoppedTimedOut, (CardFault?)CardFault.ReaderGone)));
        reader.Return();
        await shop.UnclaimedAsync("o-1");
        Assert.That((await shop.IssueAsync("o-1")).IsIssued, Is.True);
    }

    [Test]
    public async Task LineIsLost_WhileTheReaderIsAway_GoesOnWhenBothAreBack()
    {
        var (shop, reader) = await OpenToBePulledAsync();
        await using var _ = shop;
        var issuing = shop.IssueAsync("o-1");
        await IsAwayAsync(shop, issuing);
        await shop.CurrentLine!.DisposeAsync();
        await IsAwayAsync(shop, issuing, 2);
        reader.Return();
        Assert.That((await issuing).IsIssued, Is.True);
    }

    /// <summary>The slots of a reader come back one after the other.</summary>
    [Test]
    public async Task PulledWithTheSamInIt_TheOrderGoesOn_WhenBothSlotsAreBack()
    {
        await using var shop = await Shop.OpenAsync();
        // While the terminal is in it would be told of a reader that the list has no more: it has no key yet.
        await shop.StopTerminalAsync();
        await using var samSlot = new VirtualCardReader();
        samSlot.Insert(CardSimulator.Create(CardProfile.Sam(1, [])));
        var slot = new SwappableReader(samSlot, ReaderCheckTest.Known);
        using var sam = new SamReaderKey(slot);
        await shop.Registry.SetReadersAsync(Shop.TerminalName, [shop.Hardware.Known with { Key = (await sam.ReadPublicKeyAsync(default)).Value }]);
        var reader = new SwappableReader((VirtualCardReader)shop.Hardware.Reader, ReaderCheckTest.Known);
        (shop.ReaderInFront, shop.ReaderKey) = (reader, sam);
        shop.StartTerminal();
        await shop.HasAccessAsync();
        await shop.OrderAsync("o-1", Products.EndToEnd());
        shop.Reader.Insert(Shop.Card(1));
        shop.WhenShown("S280", () =>
        {
            slot.Lose();
            reader.Lose();
        });
        var issuing = shop.IssueAsync("o-1");
        await IsAwayAsync(shop, issuing);
        var asked = 0;
        slot.Before = call =>
        {
            if (call is ReaderCall.Connect && ++asked == 2) slot.Return();
        };
        reader.Return();
        Assert.That((await issuing).IsIssued, Is.True);
        await IsNotReportedAsync(shop);
    }

    /// <summary>The reader was there when its enrolment was asked for.</summary>
    [Test]
    public async Task AwayWhenTheCenterAnswers_EnrolmentSaysSo()
    {
        var (shop, reader) = await ReaderCheckTest.OpenAsync();
        await using var _ = shop;
        // The relay looks at its reader by itself, too: what counts is what is asked after the request has described it, on this thread.
        var (here, isDescribed) = (Environment.CurrentManagedThreadId, false);
        reader.Before = call =>
        {
            if (call is not ReaderCall.Identify) return;
            if (isDescribed) reader.Lose();
            isDescribed |= Environment.CurrentManagedThreadId == here;
        };
        var outcome = await shop.Relay.EnrollReaderAsync(default);
        Assert.That(outcome, Is.EqualTo(new ReaderEnrollmentOutcome(ReaderStanding.Known, new ReaderJudgement.Away(CardFault.ReaderGone))));
    }

    /// <summary>Nobody is told once a second that it is away, and what to do when it is back.</summary>
    [Test]
    public async Task ReaderThatSaysWhatItIsThoughItIsAway_IsToldOnce()
    {
        var (shop, reader) = await ReaderCheckTest.OpenAsync();
        await using var _ = shop;
        reader.AlwaysSays = true;
        await shop.OrderAsync("o-1", Products.EndToEnd());
        var issuing = shop.IssueAsync("o-1");
        await shop.PhaseAsync(TerminalPhase.AwaitingCard);
        reader.Lose();
        await IsAwayAsync(shop, issuing);
        var waits = reader.Waits;
        await Part.UntilAsync(() => reader.Waits > waits + 3, "the reader is waited on");
        Assert.That(TimesAway(shop), Is.EqualTo(1));
        Assert.That(shop.Shown.Count(shown => shown.Contains("InsertCard", StringComparison.Ordinal)), Is.EqualTo(1));
        reader.Return();
        await shop.ShowsAsync("S240 InsertCard", 2);
        shop.Reader.Insert(Shop.Card(1));
        Assert.That((await issuing).IsIssued, Is.True);
    }

    /// <summary>Until the operator reads so; the order must not end before.</summary>
    private static async Task IsAwayAsync(Shop shop, Task<IssueOutcome> issuing, int times = 1)
    {
        var shown = shop.ShowsAsync(Away, times);
        if (await Task.WhenAny(shown, issuing) == issuing) Assert.Fail($"ended with {await issuing}\n{string.Join('\n', shop.Shown)}");
        await shown;
    }

    private static int TimesAway(Shop shop)
    {
        lock (shop.Shown) return shop.Shown.Count(shown => shown.Contains(Away, StringComparison.Ordinal));
    }

    private static async Task IsNotReportedAsync(Shop shop)
    {
        Assert.That(shop.Shown, Has.None.Contains("ReaderRefused"));
        Assert.That((await shop.Log.ReadAsync(new())).Select(row => row.Entry.Kind), Has.None.EqualTo(nameof(RelayMessageType.ReaderRefused)));
    }
}
