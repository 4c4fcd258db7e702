using CardIssue.Center.Orders;
using CardIssue.Center.Storage;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Terminal.Relay;
using CardIssue.Testing.Cards;

namespace CardIssue.Test.EndToEnd;

/// <summary>
/// Cards that get keys of their own for their transport keys: added and replaced, at once and one by one, SCP02 and SCP03, in both key
/// modes, cut at every command. Whatever is cut, the card ends with the same keys, and no try of it is spent.
/// </summary>
[TestFixture, Parallelizable(ParallelScope.All)]
public sealed class OwnKeysTest
{
    /// <summary>More than an issue with one reopening has commands.</summary>
    private const int MostCommands = 60;

    private static IEnumerable<TestCaseData> Ways() => OwnKeysCase.All.Select((way, i) => i % 2 == 0 ? (way, "endToEnd") : (way, "module"))
        .Select(pair => new TestCaseData(pair.way, pair.Item2).SetArgDisplayNames(pair.way.Name, pair.Item2));

    /// <summary>
    /// Each way in both key modes and at both moments, where it is a way of its own; where it is one of its kind, once, and from the last
    /// record before the keys on: what comes earlier is the same in all.
    /// </summary>
    private static IEnumerable<TestCaseData> Cuts()
    {
        const int late = 13;
        const CutMoment before = CutMoment.BeforeExecution, after = CutMoment.BeforeResponse;
        TestCaseData Of(OwnKeysCase way, string mode, CutMoment moment, int from = 1) =>
            new TestCaseData(way, mode, moment, from).SetArgDisplayNames(way.Name, mode, moment.ToString());
        yield return Of(OwnKeysCase.Add, "endToEnd", before);
        yield return Of(OwnKeysCase.Add, "module", after);
        yield return Of(OwnKeysCase.Replace, "module", before);
        yield return Of(OwnKeysCase.Replace, "endToEnd", after);
        yield return Of(OwnKeysCase.Add02, "module", before);
        yield return Of(OwnKeysCase.Add02, "endToEnd", after);
        yield return Of(OwnKeysCase.Replace02, "endToEnd", before);
        yield return Of(OwnKeysCase.Replace02, "module", after);
        yield return Of(OwnKeysCase.ReplaceSameVersion, "module", after, late);
        yield return Of(OwnKeysCase.ReplaceSameVersion02, "endToEnd", after, late);
        yield return Of(OwnKeysCase.AddToFactory, "endToEnd", after, late);
        yield return Of(OwnKeysCase.Add02WithoutMac, "module", after, late);
        yield return Of(OwnKeysCase.OneByOneAdd, "endToEnd", after, late);
        yield return Of(OwnKeysCase.OneByOne02, "module", before, late);
    }

    [TestCaseSource(nameof(Ways))]
    public async Task Card_IsIssuedWithItsOwnKeys_AndLogAndReceiptSayWhich(object given, string mode)
    {
        var way = (OwnKeysCase)given;
        await using var shop = await way.OpenShopAsync();
        await shop.OrderAsync("o-1", way.Product(mode));
        var card = way.Card(1);
        shop.Reader.Insert(card);

        var outcome = await shop.IssueAsync("o-1");

        Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.Issued), outcome.Detail);
        way.IsDone(card, 1, "");
        Assert.That(outcome.Receipt, Does.Contain($"Keys: own {way.Own:X2}"));
        var log = await shop.Log.ReadAsync(new LogQuery(new OrderId("o-1")));
        var proof = way.Level == "03" ? ProofKind.Cryptogram : ProofKind.CardMac;
        Assert.That(log.Select(row => row.Entry.Detail ?? ""), Has.Some.Matches<string>(detail =>
            detail!.Contains($"Proof = {proof}", StringComparison.Ordinal)
            && detail.Contains($"the card has own {way.Own:X2}", StringComparison.Ordinal)));
        Assert.That(shop.Relay.HoldsNothing, Is.True);
    }

    [TestCaseSource(nameof(Cuts))]
    public async Task PowerCut_AtAnyCommand_TheCardEndsWithTheSameKeys(object given, string mode, CutMoment moment, int from)
    {
        var way = (OwnKeysCase)given;
        await using var shop = await way.OpenShopAsync();
        for (var at = from; at <= MostCommands; at++)
        {
            var (order, serial) = ($"o-{at}", (uint)at);
            await shop.OrderAsync(order, way.Product(mode));
            var card = way.Card(serial);
            card.CutPower(new PowerCut(at, moment));
            shop.Reader.Insert(card);

            var outcome = await shop.IssueAsync(order);

            Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.Issued), $"cut at command {at}: {outcome.Detail}");
            way.IsDone(card, serial, $"cut at command {at}");
            shop.Reader.Remove();
            if (card.Commands >= at) continue;
            var tries = await shop.Database.ReadAsync(store => store.Number("SELECT count(*) FROM card_tries"), default);
            Assert.That(tries, Is.Zero, "tries that the center counts");
            return;
        }
        Assert.Fail("The issue never came to its end without a cut.");
    }
}
