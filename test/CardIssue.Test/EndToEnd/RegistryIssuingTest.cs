using System.Collections.Immutable;
using CardIssue.Core.Primitives;
using CardIssue.Terminal.Relay;
using CardIssue.Testing.Cards;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Test.EndToEnd;

/// <summary>
/// A card on which an application is given to another security domain, and gets other privileges, at the issue and back again by a rewrite: with
/// real parts, in both key modes, cut at every command.
/// </summary>
[TestFixture, Parallelizable]
public sealed class RegistryIssuingTest
{
    /// <summary>More than an issue with one reopening has commands.</summary>
    private const int MostCommands = 60;

    private const string Domain = "A00000015153504101", Issuers = "A000000151000000";

    private static string Product(string mode)
    {
        const string of = "{ \"scope\": \"applications\", \"aid\": \"" + Products.Application + "\" }";
        string Record(string name, string item) => $$"""{ "name": "{{name}}", "proof": "cardMac", "repeat": "repeatable", "items": [ {{item}} ] }""";
        var give = Record("give", $$"""{ "extradite": "{{Products.Application}}", "securityDomain": "{{Domain}}" }""");
        var privileges = Record("privileges", $$"""{ "registryUpdate": "{{Products.Application}}", "privileges": "020000" }""");
        var back = Record("back", $$"""{ "registryUpdate": "{{Products.Application}}", "privileges": "00", "securityDomain": "{{Issuers}}" }""");
        return $$"""
            {
              "name": "registry-{{mode}}", "version": 1, "profile": "globalplatform", "mode": "{{mode}}",
              "keySet": "visa", "keyVersion": "30", "diversification": "kdf3", "identity": ["assigned"], "securityLevel": "33",
              "securityDomain": "{{Issuers}}", "storeData": { "plainP1": "10", "encryptedP1": "70" },
              "records": [ {{give}}, {{privileges}} ],
              "close": { "status": { "scope": "application", "aid": "{{Products.Application}}", "state": "87" } },
              "closeLook": [ { "lifeCycle": {{of}}, "done": { "state": "87" }, "notDone": { "state": "07" } } ],
              "rewrites": [ {
                "name": "back", "before": [ { "lifeCycle": {{of}}, "done": { "state": "87" } } ], "records": [ {{back}} ],
                "closeLook": [ { "lifeCycle": {{of}}, "done": { "state": "87" } } ]
              } ]
            }
            """;
    }

    private static CardSimulator Card(uint serial)
    {
        var state = Shop.Card(serial).State;
        var domain = new CardApplication(ByteString.FromHex(Domain), CardProfile.EmvPackage, ByteString.FromHex(Domain), CardApplication.Personalized,
            ByteString.Own([CardApplication.SecurityDomain, 0, 0]), ImmutableSortedDictionary<ushort, ByteString>.Empty);
        return CardSimulator.Create(state with { Applications = state.Applications.Add(domain) });
    }

    [TestCase("endToEnd", CutMoment.BeforeResponse)]
    [TestCase("module", CutMoment.BeforeExecution)]
    public async Task PowerCut_AtAnyCommand_TheApplicationIsWhereItIsToBe(string mode, CutMoment moment)
    {
        await using var shop = await Shop.OpenAsync();
        var product = Product(mode);
        for (var at = 1; at <= MostCommands; at++)
        {
            var (issue, rewrite) = ($"i-{at}", $"r-{at}");
            await shop.OrderAsync(issue, product, new Dictionary<string, string>());
            var card = Card((uint)at);
            await DoneAsync(shop, card, issue, at, moment);
            ThatIs(card, Domain, "020000", $"cut at command {at}");
            var issued = card.Commands;
            Assert.That(await shop.OrderRewriteAsync(rewrite, product, "back", issue, []), Is.Null);
            await DoneAsync(shop, card, rewrite, at, moment);
            ThatIs(card, "", "00", $"cut at command {at}");
            if (issued < at && card.Commands - issued < at) return;
        }
        Assert.Fail("The issue never came to its end without a cut.");
    }

    private static async Task DoneAsync(Shop shop, CardSimulator card, string order, int at, CutMoment moment)
    {
        card.CutPower(new PowerCut(at, moment));
        shop.Reader.Insert(card);
        var outcome = await shop.IssueAsync(order);
        Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.Issued), $"{order}: {outcome.Detail}");
        shop.Reader.Remove();
        card.CutPower(null);
    }

    private static void ThatIs(CardSimulator card, string domain, string privileges, string because)
    {
        var application = card.State.Find(ByteString.FromHex(Products.Application))!;
        Assert.That((application.Domain.ToString(), application.Privileges.ToString(), application.LifeCycle),
            Is.EqualTo((domain, privileges, (byte)0x87)), because);
        Assert.That(card.State.FailedAuthentications, Is.Zero, because);
    }
}
