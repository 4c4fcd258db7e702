using CardIssue.Center.Orders;
using CardIssue.Center.Storage;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Core.Protocol.Terminal;
using CardIssue.Terminal.Relay;
using CardIssue.Testing.Lines;
using CardIssue.Testing.Cards;

namespace CardIssue.Test.EndToEnd;

/// <summary>Cards that their cryptogram alone proves: the first record leaves with the authentication.</summary>
[TestFixture, Parallelizable]
public sealed class FirstWithAuthenticationTest
{
    /// <summary>SELECT, INITIALIZE UPDATE; EXTERNAL AUTHENTICATE; STORE DATA, GET DATA of the first record.</summary>
    private const int Opening = 2, Authentication = 3, FirstRecord = 5;

    [TestCase("endToEnd")]
    [TestCase("module")]
    public async Task NewCard_EachRecordCostsOneRoundTrip_TheAuthenticationNone(string mode)
    {
        await using var shop = await Shop.OpenAsync();
        CountingLine? counting = null;
        shop.Wrap = line => counting = new CountingLine(line);
        await shop.RestartTerminalAsync();
        await shop.OrderAsync("o-1", Products.ReadBack(mode));
        var (present, second, issued) = (0L, 0L, 0L);
        shop.WhenShown("CardIn", () => present = counting!.Count.RoundTrips);
        shop.WhenShown("WritingRecord  2", () => second = counting!.Count.RoundTrips);
        shop.WhenShown("Issued", () => issued = counting!.Count.RoundTrips);

        var issuing = shop.IssueAsync("o-1");
        await shop.ShowsAsync("InsertCard");
        // As an operator would: what went along with the word is here by then.
        await Task.Delay(TimeSpan.FromMilliseconds(300));
        shop.Reader.Insert(BatchCard.Make(7, "kdf3"));
        Assert.That((await issuing).Ending, Is.EqualTo(IssueEnding.Issued));

        Assert.That((second - present, issued - second), Is.EqualTo((2, 1)), "the first record with the authentication; the second; issued");
        Assert.That(shop.Shown.Any(s => s.Contains("WritingRecord  1", StringComparison.Ordinal)), Is.False);
    }

    /// <summary>Wherever the card loses its power, it comes back and is issued whole; the counts of tries are cleared.</summary>
    [Test]
    public async Task CutAtAnyCommand_TheSameCardBack_IsIssued([Values("endToEnd", "module")] string mode, [Values] CutMoment moment)
    {
        await using var shop = await Shop.OpenAsync();
        for (var at = Opening; at <= FirstRecord + 2; at++)
        {
            await shop.OrderAsync($"o-{at}", Products.ReadBack(mode));
            var card = Shop.Card((uint)at);
            card.CutPower(new PowerCut(at, moment));
            shop.Reader.Insert(card);

            Assert.That((await shop.IssueAsync($"o-{at}")).Ending, Is.EqualTo(IssueEnding.Issued), $"cut at command {at}");

            Assert.That(card.IsClosed(), Is.True);
            // A record that was not given to the card cost no attempt of it.
            Assert.That((await Attempts(shop, $"o-{at}")).Max(), Is.EqualTo(at is > Authentication and <= FirstRecord ? 2 : 1), $"cut at command {at}");
            shop.Reader.Remove();
            await shop.PhaseAsync(TerminalPhase.Idle);
        }
        Assert.That(await CountAsync(shop, "card_tries"), Is.Zero);
        Assert.That((await shop.Log.VerifyAsync()).Findings, Is.Empty);
    }

    [TestCase("endToEnd")]
    [TestCase("module")]
    public async Task CardThatRefusesItsAuthentication_GetsNothingOfTheRecord_TheOrderKeepsIt(string mode)
    {
        await using var shop = await Shop.OpenAsync();
        var refusals = 1;
        shop.ReaderInFront = new AlteringReader(shop.Hardware.Reader)
        {
            Swallow = command => command[1] == 0x82 && refusals-- > 0 ? [0x63, 0x00] : null,
        };
        await shop.RestartTerminalAsync();
        await shop.OrderAsync("o-1", Products.ReadBack(mode));
        var (card, other) = (Shop.Card(1), Shop.Card(2));
        shop.Reader.Insert(card);
        var issuing = shop.IssueAsync("o-1");

        await shop.ShowsAsync("CardRejected RefusedUs");
        Assert.That(card.Commands, Is.EqualTo(Opening), "nothing of the record, nor of the authentication, reached it");
        var view = await shop.ViewAsync("o-1");
        Assert.That((view.State, view.Card is null, view.Progress.InDoubt, view.Progress.Attempt), Is.EqualTo((OrderState.Writing, false, 0, 1)));
        Assert.That(await CountAsync(shop, "card_tries"), Is.EqualTo(1));

        shop.Reader.Insert(other);
        await shop.ShowsAsync("CardRejected OtherCard");
        shop.Reader.Insert(card);
        Assert.That((await issuing).Ending, Is.EqualTo(IssueEnding.Issued));
        Assert.That((card.IsClosed(), other.IsClosed(), await CountAsync(shop, "card_tries")), Is.EqualTo((true, false, 0)));
    }

    [Test]
    public async Task ModuleThatRefusesTheTicket_StopsTheOrder_AndCostsNoTryAndNoAttempt()
    {
        await using var shop = await Shop.OpenAsync();
        var faults = new ModuleFaults { Tickets = true };
        shop.WrapModule = module => new RefusingModule(module, faults);
        await shop.RestartTerminalAsync();
        await shop.OrderAsync("o-1", Products.ReadBack("module"));
        var card = Shop.Card(1);
        shop.Reader.Insert(card);
        var outcome = await shop.IssueAsync("o-1");
        Assert.That((outcome.Ending, outcome.Detail), Is.EqualTo((IssueEnding.Aborted, nameof(AbortCode.ModuleRefused))));
        await shop.UnclaimedAsync("o-1");
        var view = await shop.ViewAsync("o-1");
        Assert.That((view.State, view.Progress.InDoubt, view.Progress.Attempt), Is.EqualTo((OrderState.Writing, 0, 1)));
        Assert.That(await CountAsync(shop, "card_tries"), Is.Zero);
        Assert.That(await CountAsync(shop, "terminal_faults"), Is.EqualTo(1), "the order is bound, and no card was opened");

        faults.Tickets = false;
        shop.Reader.Remove();
        await shop.PhaseAsync(TerminalPhase.Idle);
        shop.Reader.Insert(card);
        Assert.That((await shop.IssueAsync("o-1")).Ending, Is.EqualTo(IssueEnding.Issued));
        Assert.That(await CountAsync(shop, "terminal_faults"), Is.Zero);
    }

    /// <summary>What became of the record is in doubt, and the order waits for its card.</summary>
    [TestCase("endToEnd")]
    [TestCase("module")]
    public async Task TerminalDies_InTheFirstScript_OnlyTheSameCardGoesOn(string mode)
    {
        await using var shop = await Shop.OpenAsync();
        await shop.OrderAsync("o-1", Products.ReadBack(mode));
        var card = Shop.Card(1);
        var dying = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        shop.WhenShown("AccessingCard", () => shop.WhenShown("AccessingCard", () => dying.TrySetResult()));
        shop.Reader.Insert(card);
        await shop.TerminalDiesAsync("o-1", dying.Task);

        shop.Reader.Insert(Shop.Card(2));
        var second = shop.IssueAsync("o-1");
        await shop.ShowsAsync("CardRejected OtherCard");
        shop.Reader.Insert(card);
        Assert.That((await second).Ending, Is.EqualTo(IssueEnding.Issued));
        Assert.That(card.IsClosed(), Is.True);
    }

    /// <summary>The attempts at which the first record left.</summary>
    private static async Task<IReadOnlyList<int>> Attempts(Shop shop, string order) =>
        [.. (await shop.Desk.HistoryAsync(new(order))).Where(change => change is { Change: "Leaving", Detail: "record 1" }).Select(change => change.Progress.Attempt)];

    private static Task<long> CountAsync(Shop shop, string table) =>
        shop.Database.ReadAsync(store => store.Number($"SELECT count(*) FROM {table}"), default);
}
