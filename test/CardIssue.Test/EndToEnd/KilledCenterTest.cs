using CardIssue.Center.Feed;
using CardIssue.Center.Orders;
using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Core.Protocol.Terminal;
using CardIssue.Terminal.Relay;
using CardIssue.Testing.Lines;
using CardIssue.Testing.Cards;

namespace CardIssue.Test.EndToEnd;

/// <summary>
/// The center is killed just before and just after each commit of a whole visit: access, a wrong code, an issue of three records, the card taken out, the
/// issuer told; and of a visit in which an issued card is rewritten, and gets other keys. Another center opens the same store, the terminal comes
/// back by itself, and all ends as though nothing had been.
/// </summary>
[TestFixture, Parallelizable]
public sealed class KilledCenterTest
{
    /// <summary>Of a visit, at the least: an issue's, one for the wrong code, one for what was told.</summary>
    private const int LeastCommits = 12;

    private const int MostTries = 4;

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(20), Pause = TimeSpan.FromMilliseconds(5);

    private CenterDeath _death = null!;
    private ToldFeed _told = null!;
    private Shop _shop = null!;

    [SetUp]
    public async Task OpenAsync()
    {
        _death = new CenterDeath();
        _told = new ToldFeed(_death);
        _shop = await Shop.OpenAsync();
        _shop.WrapEngine = _death.Wrap;
        _shop.Wrap = line =>
        {
            // Nobody listens where the center ran.
            if (_death.IsDead) ((LoopbackLine)line).Cut();
            return line;
        };
        await _shop.StopTerminalAsync();
        await _shop.ReopenCenterAsync();
    }

    [TearDown]
    public async Task CloseAsync() => await _shop.DisposeAsync();

    [TestCase("endToEnd", DeathMoment.Before)]
    [TestCase("endToEnd", DeathMoment.After)]
    [TestCase("module", DeathMoment.Before)]
    [TestCase("module", DeathMoment.After)]
    public async Task CenterKilled_AtAnyCommit_OneCardIsLiveAndAllIsAsWithoutIt(string mode, DeathMoment moment)
    {
        var whole = await VisitAsync($"{mode}-0", mode, 0, null);
        Assert.That((whole.State, whole.IsLive, whole.CodeSpent, whole.LiveCards, whole.Cards, whole.WrongCodes), Is.EqualTo((OrderState.Issued, true, true, 1, 1, 0)));
        var killed = 0;
        for (var at = 1; at == killed + 1; at++)
        {
            var order = $"{mode}-{at}";
            var end = await VisitAsync(order, mode, at, moment);
            if (_death.Died.IsCompleted) killed++;
            TestContext.Out.WriteLine($"{moment} commit {at}: {(killed == at ? end.Asked : "not reached")}");
            Assert.That(end with { Asked = whole.Asked }, Is.EqualTo(whole), $"killed {moment} commit {at}; {end.Asked}");
            Assert.That(await _shop.Desk.PutBackAsync(), Is.Null, "nothing was put back");
            Assert.That((await _shop.Log.VerifyAsync()).Findings, Is.Empty);
        }
        Assert.That(killed, Is.GreaterThanOrEqualTo(LeastCommits));
        Assert.That(_told.Events, Has.Count.EqualTo(killed + 2), "one event for each order, however often it was told");
    }

    [TestCase("endToEnd", DeathMoment.After)]
    [TestCase("module", DeathMoment.Before)]
    public async Task CenterKilled_AtAnyCommitOfARewrite_TheCardIsRewrittenWholeAndToldOfOnce(string mode, DeathMoment moment)
    {
        RenewedKeysCase.Replace.EnterKeys(_shop);
        var whole = await RewriteAsync($"{mode}-0", mode, 0, null);
        Assert.That((whole.State, whole.CodeSpent, whole.WrongCodes), Is.EqualTo((OrderState.Rewritten, true, 0)));
        var killed = 0;
        for (var at = 1; at == killed + 1; at++)
        {
            var end = await RewriteAsync($"{mode}-{at}", mode, at, moment);
            if (_death.Died.IsCompleted) killed++;
            Assert.That(end with { Asked = whole.Asked }, Is.EqualTo(whole), $"killed {moment} commit {at}; {end.Asked}");
            Assert.That(await _shop.Desk.PutBackAsync(), Is.Null, "nothing was put back");
            Assert.That((await _shop.Log.VerifyAsync()).Findings, Is.Empty);
        }
        Assert.That(killed, Is.GreaterThanOrEqualTo(LeastCommits));
    }

    /// <summary>A card is issued by a center that lives; then its customer drops in again.</summary>
    private async Task<Visit> RewriteAsync(string order, string mode, int at, DeathMoment? moment)
    {
        var (way, issue, card) = (RenewedKeysCase.Replace, $"i-{order}", RenewedKeysCase.Replace.Card((uint)at + 1));
        _death.ComeAt(int.MaxValue, DeathMoment.After, () => { });
        await _shop.OrderAsync(issue, way.Issued(mode), new Dictionary<string, string>());
        await AtTheCounterAsync(issue, card, []);
        Assert.That(await _shop.OrderRewriteAsync(order, way.Rewriting(mode), "renew", issue, []), Is.Null);
        var asked = new List<string>();
        Die(at, moment);
        await AtTheCounterAsync(order, card, asked);
        way.IsDone(card, (uint)at + 1, $"killed {moment} commit {at}");
        return await EndAsync(order, card, string.Join(", ", asked), FeedEventKind.Rewritten);
    }

    /// <summary>A customer's visit. Whatever the terminal is answered, its operator asks again, as he would.</summary>
    private async Task<Visit> VisitAsync(string order, string mode, int at, DeathMoment? moment)
    {
        await _shop.OrderAsync(order, Products.EndToEnd($"killed-{mode}", mode));
        var card = Shop.Card((uint)at + 1);
        var asked = new List<string>();
        Die(at, moment);
        await AtTheCounterAsync(order, card, asked);
        return await EndAsync(order, card, string.Join(", ", asked), FeedEventKind.Issued);
    }

    private void Die(int at, DeathMoment? moment) => _death.ComeAt(
        moment is null ? int.MaxValue : at, moment ?? DeathMoment.After, () => (_shop.CurrentLine as LoopbackLine)?.Cut());

    private async Task AtTheCounterAsync(string order, CardSimulator card, List<string> asked)
    {
        var removals = await _shop.RemovalsAsync();
        _shop.StartTerminal();
        await AskAsync(order, "4712", outcome => outcome is { Ending: IssueEnding.Declined, Detail: nameof(DeclineCode.OrderOrCode) }, asked);
        _shop.Reader.Insert(card);
        _shop.WhenShown(nameof(IssueNotice.TakeCardOut), () => _shop.Reader.Remove());
        await AskAsync(order, "4711", IsDone, asked);
        await WithCenterAsync(RemovalAsync(removals + 1));
        while (!await WithCenterAsync(PumpAsync()))
        {
        }
        // The last commit may be of a session whose line is gone.
        await _shop.StopTerminalAsync();
        await _shop.QuietAsync();
        await WithCenterAsync(Task.FromResult(true));
    }

    /// <summary>A center that was killed between saving that it is issued and saying so says it, with the receipt, to whoever resumes.</summary>
    private static bool IsDone(IssueOutcome outcome) =>
        outcome.IsIssued && outcome.Receipt.Split('\n')[0] is "CARD ISSUED" or "CARD REWRITTEN";

    private async Task AskAsync(string order, string code, Func<IssueOutcome, bool> ends, List<string> asked)
    {
        for (var tries = 0; tries < MostTries; tries++)
        {
            var outcome = await WithCenterAsync(_shop.IssueAsync(order, code));
            asked.Add($"{code} {outcome.Ending} {outcome.Detail}".TrimEnd());
            if (ends(outcome)) return;
        }
        Assert.Fail($"{order}: {string.Join(", ", asked)}");
    }

    /// <summary>Waits for what is done, and starts another center where the one that there was dies meanwhile.</summary>
    private async Task<T> WithCenterAsync<T>(Task<T> done)
    {
        await Task.WhenAny(done, _death.Died);
        if (_death.IsDead) await _shop.ReopenCenterAsync(_death.Revive);
        return await done;
    }

    /// <summary>Until it is logged; a center that was killed does not hear of it.</summary>
    private async Task<bool> RemovalAsync(long removals)
    {
        for (var waited = TimeSpan.Zero; waited < Longest; waited += Pause)
        {
            if (_death.Died.IsCompleted) return false;
            try
            {
                if (await _shop.RemovalsAsync() >= removals) return true;
            }
            catch (StoreException) when (_death.Died.IsCompleted)
            {
                return false;
            }
            await Task.Delay(Pause);
        }
        throw new TimeoutException("the card's removal was not logged");
    }

    private async Task<bool> PumpAsync()
    {
        try
        {
            await new FeedPump(_shop.Database, _told, TimeProvider.System, TimeSpan.FromSeconds(1)).PumpAsync();
            return true;
        }
        catch (IOException) when (_death.Died.IsCompleted)
        {
            return false;
        }
    }

    private async Task<Visit> EndAsync(string order, CardSimulator card, string asked, FeedEventKind kind)
    {
        var view = await _shop.ViewAsync(order);
        var history = await _shop.Desk.HistoryAsync(new OrderId(order));
        var fences = history.Where(change => change.Change == "Claimed").Select(change => change.Fence).ToList();
        Assert.That(fences, Is.Ordered.And.Unique, "each fence is given once");
        var told = _told.Events.Values.Where(told => told.Order.Value == order).ToList();
        Assert.That(told.Select(it => (it.Kind, it.Card)), Is.EqualTo(new[] { (kind, view.Card) }));
        return await _shop.Database.ReadAsync(store =>
        {
            return new Visit(
                view.State, view.IsLive, view.CodeSpent, view.Progress.Confirmed, Content(card),
                LiveCards: Count("issued_cards WHERE order_id = $order AND standing = $issued"), Cards: Count("issued_cards WHERE order_id = $order"),
                WrongCodes: Count("code_attempts WHERE customer = $customer"), CardTries: Count("card_tries WHERE card = $card"), asked);

            long Count(string of) => store.Number($"SELECT count(*) FROM {of}",
                ("$order", order), ("$customer", view.Customer), ("$issued", CardStanding.Issued), ("$card", view.Card));
        }, default);
    }

    /// <summary>What came of it.</summary>
    private sealed record Visit(
        OrderState State, bool IsLive, bool CodeSpent, int Confirmed, string Content, long LiveCards, long Cards, long WrongCodes, long CardTries, string Asked);

    private static string Content(CardSimulator card)
    {
        var application = card.Inspect().Application(Products.Application);
        return string.Join('\n', (string[])[
            application.LifeCycle.ToString("X2"),
            .. application.Records.OrderBy(record => record.Key.Sfi).ThenBy(record => record.Key.Number).Select(record => $"{record.Key} {record.Value}"),
            .. application.Dgis.OrderBy(dgi => dgi.Key).Select(dgi => $"{dgi.Key:X4} {dgi.Value}")]);
    }

    /// <summary>An issuer who knows doubles by their name, as he is told to.</summary>
    private sealed class ToldFeed(CenterDeath death) : IIssuerFeed
    {
        public Dictionary<string, FeedEvent> Events { get; } = [];

        public Task TellAsync(IReadOnlyList<FeedEvent> events, CancellationToken cancellation)
        {
            death.ThrowIfDead();
            foreach (var told in events)
                if (!Events.TryAdd(told.EventId, told)) Assert.That(told, Is.EqualTo(Events[told.EventId]), "the same event, the same meaning");
            return Task.CompletedTask;
        }
    }
}
