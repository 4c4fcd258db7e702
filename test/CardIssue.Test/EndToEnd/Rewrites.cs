using System.Text;
using CardIssue.Center.Approvals;
using CardIssue.Center.Orders;
using CardIssue.Center.People;
using CardIssue.Center.Products;
using CardIssue.Center.Vault;
using CardIssue.Core.Cards.Products.Json;
using CardIssue.Core.Primitives;
using CardIssue.Test.Center;
using CardIssue.Testing.Cards;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Test.EndToEnd;

/// <summary>A card with points on it, which are changed after it was issued; blocking and unblocking it; and its next version.</summary>
internal static class Rewrites
{
    public const int Number = 0xDF01, Points = 0xDF02, Stamp = 0xDF03;

    public static string Product(string mode, int version = 1) => $$"""
        {
          "name": "points-{{mode}}", "version": {{version}}, "profile": "globalplatform", "mode": "{{mode}}",
          "keySet": "visa", "keyVersion": "30", "diversification": "kdf3", "identity": ["assigned"], "securityLevel": "33",
          "securityDomain": "A000000151000000", "storeData": { "plainP1": "10", "encryptedP1": "70" },
          "records": [
            { "name": "number", "proof": "readBack", "repeat": "repeatable", "items": [ { "tag": "DF01", "field": "pan", "as": "digits" } ],
              "checks": [ { "getData": "DF01", "done": { "tlv": [ { "tag": "DF01", "field": "pan", "as": "digits" } ] } } ] },
            { "name": "points", "proof": "cardMac", "repeat": "repeatable", "items": [ { "tag": "DF02", "field": "points", "as": "hex" } ] }
          ],
          "close": { "status": { "scope": "card", "aid": "A000000151000000", "state": "0F" } },
          "closeLook": [ {{State(OfCard, "0F", "07")}} ],
          "rewrites": [
            {
              "name": "points",
              "from": [{{(version == 1 ? "1" : "1, 2")}}],
              "before": [
                { "getData": "DF01", "done": { "tlv": [ { "tag": "DF01", "field": "pan", "as": "digits" } ] } },
                { "getData": "DF02", "done": {{Tlv("DF02", "believed")}} }
              ],
              "records": [
                { "name": "points", "proof": "readBack", "repeat": "lookFirst", "items": [ { "tag": "DF02", "field": "points", "as": "hex" } ],
                  "checks": [ { "getData": "DF02", "done": {{Tlv("DF02", "points")}} } ],
                  "look": [ { "getData": "DF02", "done": {{Tlv("DF02", "points")}}, "notDone": {{Tlv("DF02", "believed")}} } ] },
                { "name": "stamp", "proof": "cardMac", "repeat": "repeatable", "items": [ { "tag": "DF03", "field": "stamp", "as": "hex" } ] }
              ],
              "closeLook": [ { "getData": "DF02", "done": {{Tlv("DF02", "points")}} }, { "getData": "DF03", "done": {{Tlv("DF03", "stamp")}} } ]
            },
            {
              "name": "block",
              "before": [ { "lifeCycle": {{Of}}, "done": { "state": "07" } } ],
              "records": [
                { "name": "block", "proof": "cardState", "repeat": "lookFirst",
                  "status": { "scope": "application", "aid": "{{Products.Application}}", "state": "87" },
                  "checks": [ { "lifeCycle": {{Of}}, "done": { "state": "87" } } ], "look": [ {{State(Of, "87", "07")}} ] }
              ],
              "closeLook": [ { "lifeCycle": {{Of}}, "done": { "state": "87" } } ]
            }
          ]
        }
        """;

    private const string Of = "{ \"scope\": \"applications\", \"aid\": \"" + Products.Application + "\" }",
        OfCard = "{ \"scope\": \"issuerSecurityDomain\", \"aid\": \"A000000151000000\" }";

    private static string State(string of, string done, string notDone) =>
        $$"""{ "lifeCycle": {{of}}, "done": { "state": "{{done}}" }, "notDone": { "state": "{{notDone}}" } }""";

    private static string Tlv(string tag, string field) => $$"""{ "tlv": [ { "tag": "{{tag}}", "field": "{{field}}", "as": "hex" } ] }""";

    public static Dictionary<string, string> Issue => new() { ["pan"] = Products.Fields["pan"], ["points"] = Hex(0) };

    /// <summary>From so many points to so many.</summary>
    public static Dictionary<string, string> Change(int believed, int points) => new()
    {
        ["pan"] = Products.Fields["pan"], ["believed"] = Hex(believed), ["points"] = Hex(points), ["stamp"] = Hex(points + 0x1000),
    };

    public static string Hex(int points) => points.ToString("X4", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>A card with no points, issued by the order.</summary>
    public static async Task<CardSimulator> IssuedAsync(this Shop shop, string order, string product, uint serial = 1)
    {
        await shop.OrderAsync(order, product, Issue);
        var card = CardSimulator.Create(Shop.Card(serial).State with { LifeCycle = CardLifeCycle.Initialized });
        shop.Reader.Insert(card);
        var outcome = await shop.IssueAsync(order);
        Assert.That(outcome.Ending, Is.EqualTo(CardIssue.Terminal.Relay.IssueEnding.Issued), outcome.Detail);
        shop.Reader.Remove();
        return card;
    }

    /// <summary>Takes a rewrite in of the card that an order issued; its code is 4711.</summary>
    /// <returns>Why not, or null.</returns>
    public static async Task<string?> OrderRewriteAsync(
        this Shop shop, string order, string product, string rewrite, string issued, Dictionary<string, string> fields, string? customer = null)
    {
        var found = await shop.Desk.FindCardAsync(new CardReference(null, new OrderId(issued)));
        if (found.Card is not { } card) return found.Refusal;
        var body = ByteString.Own(Encoding.UTF8.GetBytes(product));
        var read = CardProductFile.Read(body.Span, "product");
        Assert.That(read.Mistakes, Is.Empty);
        var record = ProductRecord.Of(read.Product!, body);
        var id = new OrderId(order);
        var terms = new OrderTerms(id, customer ?? card.Customer, card.Sequence, $"{record.Ref} {rewrite}", ProductTerms.Of(record, read.Product!))
        {
            Rewrite = new RewriteOf(rewrite, card.Card),
        };
        var entry = new NewOrder(id, terms.Customer, terms.Sequence, record.Ref, shop.Vault.SealOrderData(terms, OrderData.Write(fields)),
            shop.Vault.CreateIssueCodeVerifier(id, "4711"u8), DateTimeOffset.UtcNow.AddDays(1), terms.Display) { Rewrite = terms.Rewrite };
        return (await shop.Orders.ImportAsync(record, [entry])).Refusal;
    }

    public static async Task<IssuedCard> CardOfAsync(this Shop shop, string issued) =>
        (await shop.Desk.CardAsync((await shop.ViewAsync(issued)).Card!.Value))!;

    /// <summary>Ann asks for it and Bob approves.</summary>
    public static async Task<DeskOutcome> DoAsync(this Shop shop, CenterAct act)
    {
        var approvals = new DatabaseApprovals(shop.Database, shop.Vault, new PeopleOptions(), new OrderOptions());
        var asked = await approvals.AskAsync(TestPeople.Of(shop.Database, "ann"), act, "test");
        return (asked.Outcome is ApprovalOutcome.Done ? await approvals.ApproveAsync(TestPeople.Of(shop.Database, "bob"), asked.Id) : asked).Act!.Value;
    }

    public static Task<DeskOutcome> CancelAsync(this Shop shop, string order) =>
        shop.Desk.CancelAsync(new OrderId(order), TestPeople.Of(shop.Database, "ann"), "test");

    public static string? Holds(this CardSimulator card, int tag) => card.Inspect().Data.TryGetValue(tag, out var value) ? value.ToString() : null;
}
