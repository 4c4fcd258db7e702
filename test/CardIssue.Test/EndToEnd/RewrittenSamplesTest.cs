using CardIssue.Center.Orders;
using CardIssue.Center.Programs;
using CardIssue.Center.Vault;
using CardIssue.Core.Primitives;
using CardIssue.Terminal.Relay;
using CardIssue.Test.Center;
using CardIssue.Test.Products.Json;
using CardIssue.Testing.Cards;
using CardIssue.Testing.Cards.Crypto;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Test.EndToEnd;

/// <summary>
/// The cards that the samples make, SCP02, SCP03 with own keys, and one whose application is loaded at the counter: issued, and blocked and
/// unblocked again afterwards, with the power cut at every command of it; the one with own keys gets new ones first.
/// </summary>
[TestFixture, Parallelizable]
public sealed class RewrittenSamplesTest
{
    /// <summary>One more than the commands of a rewrite without faults, of whichever sample: the last pass is not cut.</summary>
    private const int Commands = 15;

    /// <summary>The opening 4, the authentication 2, before 1.</summary>
    private const int PutKeyCommand = 8;

    private static readonly Dictionary<string, string> Member =
        new() { ["name"] = "CARDHOLDER/ALMA", ["member"] = "3080000000000017", ["points"] = "500" };

    private static readonly ByteString TestKey = ByteString.FromHex(CardProfile.TestKey);

    [TestCase("debit-scp02", "endToEnd", CutMoment.BeforeExecution)]
    [TestCase("debit-scp02", "module", CutMoment.BeforeResponse)]
    [TestCase("debit-own-keys", "endToEnd", CutMoment.BeforeResponse)]
    [TestCase("debit-own-keys", "module", CutMoment.BeforeExecution)]
    [TestCase("loyalty", "endToEnd", CutMoment.BeforeExecution)]
    [TestCase("loyalty", "module", CutMoment.BeforeResponse)]
    public async Task SampleCard_IssuedThenRewritten_CutAtAnyCommand_IsBlockedAndUnblockedWhole(string name, string mode, CutMoment moment)
    {
        await using var shop = await OpenAsync();
        var product = Samples.Text($"{name}.product.json").Replace("\"mode\": \"endToEnd\"", $"\"mode\": \"{mode}\"", StringComparison.Ordinal);
        var fields = name == "loyalty" ? Member : Samples.ReadOrders(Samples.Orders).Orders![0].Fields;
        var aid = Samples.Product(product).Product!.Application!.ToString()!;
        await shop.OrderAsync("i-1", product, fields);
        var card = Card(name);
        shop.Reader.Insert(card);
        var issued = await shop.IssueAsync("i-1");
        Assert.That(issued.Ending, Is.EqualTo(IssueEnding.Issued), issued.Detail);
        shop.Reader.Remove();

        string[] first = name == "debit-own-keys" ? ["renew-keys"] : [];
        foreach (var rewrite in first)
        {
            Assert.That(await shop.OrderRewriteAsync(rewrite, product, rewrite, "i-1", []), Is.Null);
            card.CutPower(new PowerCut(PutKeyCommand, moment));
            shop.Reader.Insert(card);
            var renewed = await shop.IssueAsync(rewrite);
            Assert.That(renewed.Ending, Is.EqualTo(IssueEnding.Issued), renewed.Detail);
            Assert.That(card.Inspect().KeyVersions, Is.EqualTo(new[] { (byte)0x32 }));
            shop.Reader.Remove();
        }
        for (var at = 1; at <= Commands; at++)
        {
            var (rewrite, state) = at % 2 == 1 ? ("block", (byte)0x8F) : ("unblock", (byte)0x0F);
            Assert.That(await shop.OrderRewriteAsync($"r-{at}", product, rewrite, "i-1", []), Is.Null);
            card.CutPower(new PowerCut(at, moment));
            shop.Reader.Insert(card);

            var outcome = await shop.IssueAsync($"r-{at}");

            Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.Issued), $"cut at command {at}: {outcome.Detail}");
            Assert.That(card.Inspect().Application(aid).LifeCycle, Is.EqualTo(state), $"cut at command {at}");
            Assert.That(card.State.FailedAuthentications, Is.Zero, $"cut at command {at}");
            shop.Reader.Remove();
        }
        Assert.That((await shop.CardOfAsync("i-1")).Contents, Has.Count.EqualTo(1 + first.Length + Commands).And.All.Property(nameof(CardContent.At)).Not.Null);
    }

    private static CardSimulator Card(string name) => CardSimulator.Create(name switch
    {
        "debit-scp02" => CardProfile.BlankEmv(1, [CardKeySet.Derive(0x20, Diversification.Emv, TestKey.Span, CardProfile.Kdd(1).Span, CardKeyType.Des)]) with
        {
            Scp = CardState.Scp02, ScpParameter = 0x75,
        },
        _ => CardProfile.BlankEmv(1, [CardKeySet.Derive(0x30, Diversification.Kdf3, TestKey.Span, CardProfile.Kdd(1).Span, CardKeyType.Aes)]),
    });

    private static async Task<Shop> OpenAsync()
    {
        var shop = await Shop.OpenAsync();
        Modules.Counter.ImportMaster(shop.Vault, "issuer-test", 0x30, TestKey);
        Modules.Counter.ImportMaster(shop.Vault, "issuer-own", 0x31, OwnKeysCase.OwnMaster);
        Modules.Counter.ImportMaster(shop.Vault, "issuer-own", 0x32, RenewedKeysCase.NewMaster);
        Modules.Counter.ImportMaster(shop.Vault, "issuer-test-des", 0x20, TestKey, CardKeyAlgorithm.TripleDes);
        var program = ByteString.Own(await File.ReadAllBytesAsync(Path.Combine(Samples.Folder, "loyalty.cap")));
        Assert.That(await shop.Programs.AddAsync("loyalty", program, TestPeople.Of(shop.Database)), Is.EqualTo(ProgramChange.Done));
        return shop;
    }
}
