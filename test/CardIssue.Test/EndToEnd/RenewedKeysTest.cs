using CardIssue.Center.Orders;
using CardIssue.Center.Products;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Terminal.Relay;
using CardIssue.Testing.Cards;

namespace CardIssue.Test.EndToEnd;

/// <summary>
/// Issued cards that get other keys by a rewrite: SCP02 and SCP03, added and replaced, at once and one by one, those too that kept their
/// transport keys so far, in both key modes, cut at every command. Later rewrites open the card with what it has then.
/// </summary>
[TestFixture, Parallelizable(ParallelScope.All)]
public sealed class RenewedKeysTest
{
    /// <summary>More than a rewrite with one reopening has commands.</summary>
    private const int MostCommands = 60;

    /// <summary>
    /// Both protocols in both key modes and at both moments; the other ways once, from the last record before the keys on: what comes earlier
    /// is the same in all.
    /// </summary>
    private static IEnumerable<TestCaseData> Cuts()
    {
        const int late = 7;
        const CutMoment before = CutMoment.BeforeExecution, after = CutMoment.BeforeResponse;
        TestCaseData Of(RenewedKeysCase way, string mode, CutMoment moment, int from = 1) =>
            new TestCaseData(way, mode, moment, from).SetArgDisplayNames(way.Name, mode, moment.ToString());
        yield return Of(RenewedKeysCase.Replace, "endToEnd", after);
        yield return Of(RenewedKeysCase.Replace, "module", before, late);
        yield return Of(RenewedKeysCase.Replace02, "module", after);
        yield return Of(RenewedKeysCase.Replace02, "endToEnd", before, late);
        yield return Of(RenewedKeysCase.Add, "module", after, late);
        yield return Of(RenewedKeysCase.AddBeside, "endToEnd", after, late);
        yield return Of(RenewedKeysCase.OneByOneAdd, "endToEnd", after, late);
        yield return Of(RenewedKeysCase.FirstOwn, "module", after, late);
        yield return Of(RenewedKeysCase.ReplaceSameVersion02, "endToEnd", after, late);
        yield return Of(RenewedKeysCase.FirstOwn02, "module", after, late);
    }

    [TestCaseSource(nameof(Cuts))]
    public async Task PowerCut_AtAnyCommand_TheCardEndsWithTheNewKeys_AndLaterRewritesOpenItWithThem(
        object given, string mode, CutMoment moment, int from)
    {
        var way = (RenewedKeysCase)given;
        await using var shop = await way.OpenShopAsync();
        for (var at = from; at <= MostCommands; at++)
        {
            var (order, serial) = ($"i-{at}", (uint)at);
            var card = await IssuedAsync(shop, way, mode, order, serial);
            Assert.That(await shop.OrderRewriteAsync($"r-{at}", way.Rewriting(mode), "renew", order, []), Is.Null);
            card.CutPower(new PowerCut(at, moment));
            shop.Reader.Insert(card);
            var before = card.Commands;

            var outcome = await shop.IssueAsync($"r-{at}");

            Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.Issued), $"cut at command {at}: {outcome.Detail}");
            Assert.That(outcome.Receipt, Does.Contain($"Keys: {string.Join(" and ", way.Known)}"));
            way.IsDone(card, serial, $"cut at command {at}");
            shop.Reader.Remove();
            if (card.Commands - before >= at) continue;
            var known = await CardKeys.OfAsync(await shop.CardOfAsync(order), new DatabaseProductStore(shop.Database));
            Assert.That(known!.Held.Select(keys => keys.ToString()), Is.EqualTo(way.Known));
            Assert.That(await shop.OrderRewriteAsync("later", way.Rewriting(mode), "later", order, []), Is.Null);
            shop.Reader.Insert(card);
            var later = await shop.IssueAsync("later");
            Assert.That((later.Ending, card.Holds(0xDF04)), Is.EqualTo((IssueEnding.Issued, "04")), later.Detail);
            var tries = await shop.Database.ReadAsync(store => store.Number("SELECT count(*) FROM card_tries"), default);
            Assert.That(tries, Is.Zero, "tries that the center counts");
            Assert.That(shop.Relay.HoldsNothing, Is.True);
            return;
        }
        Assert.Fail("The rewrite never came to its end without a cut.");
    }

    /// <summary>Nothing has left yet, and the card shows the keys: somebody else gave it them, so nobody knows what else he did.</summary>
    [Test]
    public async Task CardThatHasTheNewKeysAlready_IsTold_AndNotWrittenOn()
    {
        var way = RenewedKeysCase.Replace;
        await using var shop = await way.OpenShopAsync();
        var card = await IssuedAsync(shop, way, "endToEnd", "i-1", 1);
        Assert.That(await shop.OrderRewriteAsync("r-1", way.Rewriting("endToEnd"), "renew", "i-1", []), Is.Null);
        var elsewhere = CardSimulator.Create(card.State with { Keys = CardProfile.BlankEmv(1, [way.NewSet(1)]).Keys });
        shop.Reader.Insert(elsewhere);

        var outcome = await shop.IssueAsync("r-1");

        Assert.That((outcome.Ending, outcome.Detail), Is.EqualTo((IssueEnding.Aborted, nameof(AbortCode.WriteFailed))));
        Assert.That((await shop.Desk.HistoryAsync(new OrderId("r-1"))).Last(it => it.Change == "Waiting").Detail,
            Is.EqualTo("record 0: the card has keys renewed 32 already"));
        Assert.That(elsewhere.Holds(0xDF02), Is.Null);
        Assert.That(await shop.CancelAsync("r-1"), Is.EqualTo(DeskOutcome.Done));
    }

    /// <summary>What waits for the card counts as done: of keys that it will have had by then none is put again.</summary>
    [Test]
    public async Task KeysThatTheCardHas_OrWillHave_AreRefusedAtTheImport()
    {
        var way = RenewedKeysCase.Replace;
        await using var shop = await way.OpenShopAsync();
        var card = await IssuedAsync(shop, way, "endToEnd", "i-1", 1);
        Assert.That(await shop.OrderRewriteAsync("r-1", way.Rewriting("endToEnd"), "renew", "i-1", []), Is.Null);

        var again = await shop.OrderRewriteAsync("r-2", way.Rewriting("endToEnd"), "renew", "i-1", []);

        Assert.That(again, Does.EndWith("the card has, or had, keys renewed 32: they are put once"));
        Assert.That(await shop.CancelAsync("r-1"), Is.EqualTo(DeskOutcome.Done));
        Assert.That(await shop.OrderRewriteAsync("r-3", way.Rewriting("endToEnd"), "renew", "i-1", []), Is.Null);
        shop.Reader.Insert(card);
        Assert.That((await shop.IssueAsync("r-3")).Ending, Is.EqualTo(IssueEnding.Issued));
        way.IsDone(card, 1, "");
    }

    /// <summary>A terminal that keeps PUT KEY for itself, and says that the card took it: the card's MAC is missing.</summary>
    [Test]
    public async Task TerminalDropsPutKey_AndClaimsSuccess_NothingIsBelieved()
    {
        var way = RenewedKeysCase.Replace;
        await using var shop = await way.OpenShopAsync();
        var card = await IssuedAsync(shop, way, "endToEnd", "i-1", 1);
        var fresh = way.NewSet(1);
        byte[] answer = [way.New, .. fresh.Enc.CheckValue, .. fresh.Mac.CheckValue, .. fresh.Dek.CheckValue, 0x90, 0x00];
        const byte putKey = 0xD8;
        shop.ReaderInFront = new AlteringReader(shop.Hardware.Reader) { Swallow = command => command[1] == putKey ? answer : null };
        await shop.RestartTerminalAsync();
        Assert.That(await shop.OrderRewriteAsync("r-1", way.Rewriting("endToEnd"), "renew", "i-1", []), Is.Null);
        shop.Reader.Insert(card);

        var outcome = await shop.IssueAsync("r-1");

        Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.Aborted), outcome.Detail);
        await shop.ReachesAsync("r-1", OrderState.Waiting);
        OwnKeysCase.HasKeys(card, [way.OwnSet(1)], "nothing was put");
        var known = await CardKeys.OfAsync(await shop.CardOfAsync("i-1"), new DatabaseProductStore(shop.Database));
        Assert.That(known!.Held.Select(keys => keys.ToString()), Is.EqualTo(new[] { "own 31" }));
    }

    private static async Task<CardSimulator> IssuedAsync(Shop shop, RenewedKeysCase way, string mode, string order, uint serial)
    {
        await shop.OrderAsync(order, way.Issued(mode), new Dictionary<string, string>());
        var card = way.Card(serial);
        shop.Reader.Insert(card);
        var issued = await shop.IssueAsync(order);
        Assert.That(issued.Ending, Is.EqualTo(IssueEnding.Issued), issued.Detail);
        shop.Reader.Remove();
        return card;
    }
}
