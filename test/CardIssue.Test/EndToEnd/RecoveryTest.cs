using CardIssue.Center.Orders;
using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Terminal.Relay;
using CardIssue.Testing.Lines;
using CardIssue.Testing.Cards;

namespace CardIssue.Test.EndToEnd;

/// <summary>Power cuts, lost lines and dead terminals in the middle of an issue, with real parts: the same card is finished, another is refused.</summary>
[TestFixture, Parallelizable]
public sealed class RecoveryTest
{
    /// <summary>
    /// Commands of an issue without faults: opening 4, authentication 3, numbering 2, records 3 + 3 + 3, closing 2; a few more for the
    /// reopening.
    /// </summary>
    private const int Commands = 23;

    [TestCase("endToEnd", CutMoment.BeforeExecution)]
    [TestCase("endToEnd", CutMoment.BeforeResponse)]
    [TestCase("module", CutMoment.BeforeExecution)]
    [TestCase("module", CutMoment.BeforeResponse)]
    public async Task PowerCut_AtAnyCommand_TheSameCardIsIssuedWhole(string mode, CutMoment moment)
    {
        await using var shop = await Shop.OpenAsync();
        for (var at = 1; at <= Commands; at++)
        {
            var order = $"o-{at}";
            await shop.OrderAsync(order, Products.EndToEnd($"p-{mode}", mode));
            var card = Shop.Card((uint)at);
            card.CutPower(new PowerCut(at, moment));
            shop.Reader.Insert(card);

            var outcome = await shop.IssueAsync(order);

            Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.Issued), $"cut at command {at}: {outcome.Detail}");
            ThatIsWhole(card);
            shop.Reader.Remove();
        }
        Assert.That((await shop.Log.VerifyAsync()).Findings, Is.Empty);
    }

    [TestCase("endToEnd")]
    [TestCase("module")]
    public async Task LineLost_InMidRecord_IsResumedByItself(string mode)
    {
        await using var shop = await Shop.OpenAsync();
        await shop.OrderAsync("o-1", Products.EndToEnd(mode: mode));
        var card = Shop.Card(1);
        shop.Reader.Insert(card);
        shop.WhenShown("WritingRecord  2", () => ((LoopbackLine)shop.CurrentLine!).Cut());

        var outcome = await shop.IssueAsync("o-1");

        Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.Issued), outcome.Detail);
        Assert.That(shop.Shown, Has.Some.Contains("LineLost").And.Some.Contains("Resuming"));
        ThatIsWhole(card);
        var claims = (await shop.Log.ReadAsync(new LogQuery(new OrderId("o-1")))).Where(row => row.Entry is { Kind: "Claimed", Step: 230 }).ToList();
        Assert.That(claims, Has.Count.EqualTo(2));
        Assert.That(claims.Select(row => row.Entry.Detail), Is.All.Contains("operator olga; product e2e/1"));
    }

    [TestCase("endToEnd")]
    [TestCase("module")]
    public async Task TerminalDies_InMidRecord_OnlyTheSameCardGoesOn(string mode)
    {
        await using var shop = await Shop.OpenAsync();
        await shop.OrderAsync("o-1", Products.EndToEnd(mode: mode));
        var card = Shop.Card(1);
        shop.Reader.Insert(card);
        var dying = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        shop.WhenShown("WritingRecord  2", () => dying.TrySetResult());
        await shop.TerminalDiesAsync("o-1", dying.Task);

        shop.Reader.Insert(Shop.Card(2));
        var second = shop.IssueAsync("o-1");
        await shop.ShowsAsync("CardRejected OtherCard");
        shop.Reader.Insert(card);

        Assert.That((await second).Ending, Is.EqualTo(IssueEnding.Issued));
        ThatIsWhole(card);
        Assert.That((await shop.ViewAsync("o-1")).State, Is.EqualTo(OrderState.Issued));
    }

    [Test]
    public async Task CardThatNeverTakesARecord_ThreeAttempts_TheOrderWaits()
    {
        await using var shop = await Shop.OpenAsync();
        // The card refuses a DGI 9000 that is not the check value of 8000.
        await shop.OrderAsync("o-1", Products.EndToEnd().Replace("\"9010\", \"hex\": \"0303\"", "\"9000\", \"hex\": \"112233445566778899\"", StringComparison.Ordinal));
        shop.Reader.Insert(Shop.Card(1));

        var outcome = await shop.IssueAsync("o-1");

        Assert.That((outcome.Ending, outcome.Detail), Is.EqualTo((IssueEnding.Aborted, nameof(AbortCode.WriteFailed))));
        Assert.That(shop.Shown.Count(s => s.Contains("WritingRecord  2", StringComparison.Ordinal)), Is.EqualTo(3));
        Assert.That((await shop.ViewAsync("o-1")).State, Is.EqualTo(OrderState.Waiting));
    }

    [Test]
    public async Task Record_OfSeveralCommands_CostsOneRoundTrip_TheNumberTheOpeningAndTheClosingNone()
    {
        await using var shop = await Shop.OpenAsync();
        CountingLine? counting = null;
        shop.Wrap = line => counting = new CountingLine(line);
        await shop.RestartTerminalAsync();
        await shop.OrderAsync("o-1", Products.EndToEnd());
        var trips = new Dictionary<int, long>();
        for (var record = 1; record <= 3; record++)
        {
            var number = record;
            shop.WhenShown($"WritingRecord  {number}", () => trips[number] = counting!.Count.RoundTrips);
        }
        // The opening is there when the card is in; the closing leaves with the last record.
        var (present, issued) = (0L, 0L);
        long? accessing = null;
        shop.WhenShown("CardIn", () => present = counting!.Count.RoundTrips);
        shop.WhenShown("AccessingCard", () => accessing ??= counting!.Count.RoundTrips);
        shop.WhenShown("Issued", () => issued = counting!.Count.RoundTrips);

        var issuing = shop.IssueAsync("o-1");
        await shop.ShowsAsync("InsertCard");
        // As an operator would: what went along with the word is here by then.
        await Task.Delay(TimeSpan.FromMilliseconds(300));
        shop.Reader.Insert(Shop.Card(1));
        Assert.That((await issuing).Ending, Is.EqualTo(IssueEnding.Issued));

        Assert.That(accessing - present, Is.Zero);
        Assert.That(trips[1] - present, Is.EqualTo(2), "the authentication, with the card's state and its number; the record");
        Assert.That(new[] { trips[2] - trips[1], trips[3] - trips[2], issued - trips[3] }, Is.All.EqualTo(1));
        Assert.That(shop.Shown.Any(s => s.Contains("ClosingCard", StringComparison.Ordinal)), Is.False);
    }

    private static void ThatIsWhole(CardSimulator card)
    {
        var application = card.Inspect().Application(Products.Application);
        Assert.That(application.IsPersonalized, Is.True);
        Assert.That(application.Records, Has.Count.EqualTo(2));
        Assert.That(application.Dgis.Keys, Is.SupersetOf(new ushort[] { 0x8000, 0x9010, 0x3001, 0x9104 }));
    }
}
