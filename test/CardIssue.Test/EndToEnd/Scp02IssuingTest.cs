using CardIssue.Center.Orders;
using CardIssue.Center.Storage;
using CardIssue.Center.Vault;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Terminal;
using CardIssue.Terminal.Relay;
using CardIssue.Test.Modules;
using CardIssue.Testing.Cards;
using CardIssue.Testing.Cards.Crypto;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Test.EndToEnd;

/// <summary>Cards that speak SCP02, with real parts: in both key modes, with a MAC on their answers and without, cut at every command.</summary>
[TestFixture, Parallelizable]
public sealed class Scp02IssuingTest
{
    /// <summary>Commands of an issue without faults, and a few more for the reopening; with the card data that is asked for i.</summary>
    private const int Commands = 24;

    private const byte KeyVersion = 0x20;

    private static string Product(string mode, string level, string? i, string diversification = "emvCps", string scp = "02")
    {
        var text = Products.EndToEnd($"scp02-{mode}", mode, diversification: diversification)
            .Replace("\"keySet\": \"visa\", \"keyVersion\": \"30\"", $"\"keySet\": \"kmc\", \"keyVersion\": \"20\", \"scp\": \"{scp}\"", StringComparison.Ordinal)
            .Replace("\"securityLevel\": \"33\"", $"\"securityLevel\": \"{level}\"{(i is null ? "" : $", \"i\": \"{i}\"")}", StringComparison.Ordinal);
        return level is "03" ? text.Replace("cardMac", "terminalWord", StringComparison.Ordinal) : text;
    }

    private static async Task<Shop> OpenShopAsync()
    {
        var shop = await Shop.OpenAsync();
        Counter.ImportMaster(shop.Vault, "kmc", KeyVersion, Counter.Master, CardKeyAlgorithm.TripleDes);
        return shop;
    }

    private static CardSimulator Card(uint serial, byte i, Diversification method = Diversification.Emv)
    {
        var keys = CardKeySet.Derive(KeyVersion, method, Counter.Master.Span, CardProfile.Kdd(serial).Span, CardKeyType.Des);
        return CardSimulator.Create(CardProfile.BlankEmv(serial, [keys]) with { Scp = CardState.Scp02, ScpParameter = i });
    }

    [TestCase("endToEnd", "13", "75", 0x75, ProofKind.CardMac)]
    [TestCase("module", "13", "75", 0x75, ProofKind.CardMac)]
    [TestCase("endToEnd", "13", null, 0x35, ProofKind.CardMac)]
    [TestCase("module", "03", null, 0x15, ProofKind.TerminalWord)]
    [TestCase("endToEnd", "03", "55", 0x55, ProofKind.TerminalWord)]
    [TestCase("module", "03", "05", 0x05, ProofKind.TerminalWord)]
    public async Task GenuineCard_IsIssued_HoldsTheCustomersData_AndTheLogSaysWhichProof(string mode, string level, string? i, int cardSays, ProofKind proof)
    {
        await using var shop = await OpenShopAsync();
        await shop.OrderAsync("o-1", Product(mode, level, i));
        var card = Card(1, (byte)cardSays);
        shop.Reader.Insert(card);

        var outcome = await shop.IssueAsync("o-1");

        Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.Issued), outcome.Detail);
        ThatIsWhole(card);
        Assert.That(card.State.SequenceCounters[KeyVersion], Is.EqualTo(1));
        Assert.That((await shop.ViewAsync("o-1")).State, Is.EqualTo(OrderState.Issued));
        Assert.That(shop.Relay.HoldsNothing, Is.True);
        var log = await shop.Log.ReadAsync(new LogQuery(new OrderId("o-1")));
        Assert.That(log.Select(row => row.Entry.Detail), Has.Some.Contains(proof.ToString()));
        if (proof is ProofKind.TerminalWord) Assert.That(log.Select(row => row.Entry.Detail), Has.None.Contains(nameof(ProofKind.CardMac)));
        Assert.That((await shop.Log.VerifyAsync()).Findings, Is.Empty);
    }

    /// <summary>Whoever alters what no cryptogram proves would make another card of one that is issued, and have it issued again.</summary>
    [TestCase("emvCps", Diversification.Emv, "0,1,2,3")]
    [TestCase("visa2", Diversification.Visa2, "2,3,8,9")]
    public async Task IssuedCard_ItsUnprovedBytesAlteredOnTheWay_IsKnownAgain(string diversification, Diversification method, string unproved)
    {
        const byte initializeUpdate = 0x50;
        await using var shop = await OpenShopAsync();
        var reader = new AlteringReader(shop.Hardware.Reader);
        shop.ReaderInFront = reader;
        await shop.RestartTerminalAsync();
        var product = Product("endToEnd", "13", null, diversification).Replace("\"assigned\"", "\"provedDiversificationData\"", StringComparison.Ordinal);
        foreach (var order in new[] { "o-1", "o-2" }) await shop.OrderAsync(order, product);
        var card = Card(1, 0x35, method);
        shop.Reader.Insert(card);
        Assert.That((await shop.IssueAsync("o-1")).Ending, Is.EqualTo(IssueEnding.Issued));
        shop.Reader.Remove();
        await shop.PhaseAsync(TerminalPhase.Idle);

        var places = unproved.Split(',').Select(int.Parse).ToArray();
        reader.Alter = (command, answer) => command[1] != initializeUpdate || answer.Length <= CardProfile.Kdd(1).Length ? answer
            : [.. answer.Select((said, at) => places.Contains(at) ? (byte)~said : said)];
        shop.Reader.Insert(card);
        _ = shop.IssueAsync("o-2");

        await shop.ShowsAsync("CardRejected InUse");
    }

    /// <summary>The card's answer says which protocol, the key in the vault which may be: one product, cards of either kind in two shops.</summary>
    [TestCase(CardKeyAlgorithm.TripleDes, true)]
    [TestCase(CardKeyAlgorithm.Aes128, false)]
    public async Task DetectedProtocol_IsTheKeys_AndACardOfTheOtherIsRefused(CardKeyAlgorithm algorithm, bool is02)
    {
        await using var shop = await Shop.OpenAsync();
        Counter.ImportMaster(shop.Vault, "kmc", KeyVersion, Counter.Master, algorithm);
        var secret = "{ \"dgi\": \"8000\", \"secret\": true, \"field\": \"keys\", \"as\": \"hex\" }, ";
        await shop.OrderAsync("o-1", Product("endToEnd", "13", null, "none", "detect").Replace(secret, "", StringComparison.Ordinal),
            Products.Fields.Where(field => field.Key != "keys").ToDictionary());
        var aes = CardKeySet.Derive(KeyVersion, Diversification.None, Counter.Master.Span, CardProfile.Kdd(2).Span);
        var (scp02, scp03) = (Card(1, 0x75, Diversification.None), CardSimulator.Create(CardProfile.BlankEmv(2, [aes])));
        var (right, wrong) = is02 ? (scp02, scp03) : (scp03, scp02);
        shop.Reader.Insert(wrong);
        var issuing = shop.IssueAsync("o-1");
        await shop.ShowsAsync("CardRejected Unreadable");
        Assert.That(wrong.State.FailedAuthentications, Is.Zero);
        shop.Reader.Insert(right);

        var outcome = await issuing;

        Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.Issued), outcome.Detail);
        Assert.That(right.Inspect().Application(Products.Application).IsPersonalized, Is.True);
    }

    /// <summary>SCP03 with 16-byte challenges, cryptograms and MACs; the ticket of module mode carries them too.</summary>
    [TestCase("endToEnd")]
    [TestCase("module")]
    public async Task S16Card_IsIssued_WhenTheProductNamesIt(string mode)
    {
        await using var shop = await Shop.OpenAsync();
        await shop.OrderAsync("o-1", Products.EndToEnd(mode: mode).Replace("\"securityLevel\"", "\"i\": \"71\", \"securityLevel\"", StringComparison.Ordinal));
        var card = CardSimulator.Create(Shop.Card(1).State with { ScpParameter = 0x71 });
        shop.Reader.Insert(card);

        var outcome = await shop.IssueAsync("o-1");

        Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.Issued), outcome.Detail);
        ThatIsWhole(card);
    }

    [TestCase("emvCps", Diversification.Emv)]
    [TestCase("visa2", Diversification.Visa2)]
    [TestCase("none", Diversification.None)]
    public async Task MasterKey_Diversified_OpensTheCard(string product, Diversification card)
    {
        await using var shop = await OpenShopAsync();
        await shop.OrderAsync("o-1", Product("endToEnd", "13", "75", product));
        shop.Reader.Insert(Card(1, 0x75, card));

        Assert.That((await shop.IssueAsync("o-1")).Ending, Is.EqualTo(IssueEnding.Issued));
    }

    [TestCase("endToEnd", "13", CutMoment.BeforeExecution)]
    [TestCase("module", "13", CutMoment.BeforeResponse)]
    [TestCase("endToEnd", "03", CutMoment.BeforeResponse)]
    public async Task PowerCut_AtAnyCommand_TheSameCardIsIssuedWhole(string mode, string level, CutMoment moment)
    {
        await using var shop = await OpenShopAsync();
        for (var at = 1; at <= Commands; at++)
        {
            var order = $"o-{at}";
            await shop.OrderAsync(order, Product(mode, level, null));
            var card = Card((uint)at, 0x75);
            card.CutPower(new PowerCut(at, moment));
            shop.Reader.Insert(card);

            var outcome = await shop.IssueAsync(order);

            Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.Issued), $"cut at command {at}: {outcome.Detail}");
            ThatIsWhole(card);
            Assert.That(card.State.FailedAuthentications, Is.Zero);
            shop.Reader.Remove();
        }
        Assert.That((await shop.Log.VerifyAsync()).Findings, Is.Empty);
    }

    /// <summary>The keys are there under the same version, and of the right length: still no key is used in the other protocol.</summary>
    [Test]
    public async Task CardOfTheOtherProtocol_IsRefused_AndNoTryIsBurnt()
    {
        await using var shop = await OpenShopAsync();
        await shop.OrderAsync("o-1", Product("endToEnd", "13", "75"));
        var keys = CardKeySet.Derive(KeyVersion, Diversification.Emv, Counter.Master.Span, CardProfile.Kdd(1).Span);
        var other = CardSimulator.Create(CardProfile.BlankEmv(1, [keys]));
        shop.Reader.Insert(other);
        var issuing = shop.IssueAsync("o-1");
        await shop.ShowsAsync("CardRejected Unreadable");
        Assert.That(other.State.FailedAuthentications, Is.Zero);
        shop.Reader.Insert(Card(2, 0x75));

        Assert.That((await issuing).Ending, Is.EqualTo(IssueEnding.Issued));
    }

    [Test]
    public async Task CardWithAnotherKey_IsRefused_AndNoTryIsBurnt()
    {
        await using var shop = await OpenShopAsync();
        await shop.OrderAsync("o-1", Product("module", "13", "75"));
        var stranger = Card(1, 0x75, Diversification.Visa2);
        shop.Reader.Insert(stranger);
        var issuing = shop.IssueAsync("o-1");
        await shop.ShowsAsync("CardRejected NotGenuine");
        Assert.That(stranger.State.FailedAuthentications, Is.Zero);
        Assert.That(stranger.Inspect().Application(Products.Application).Records, Is.Empty);
        shop.Reader.Insert(Card(2, 0x75));

        Assert.That((await issuing).Ending, Is.EqualTo(IssueEnding.Issued));
    }

    private static void ThatIsWhole(CardSimulator card)
    {
        var application = card.Inspect().Application(Products.Application);
        Assert.That(application.IsPersonalized, Is.True);
        Assert.That(application.Records, Has.Count.EqualTo(2));
        Assert.That(application.Records[new RecordReference(1, 2)], Is.EqualTo(ByteString.FromHex("70105A0847617390010101195F2403301231")));
        Assert.That(application.Dgis[0x8000], Is.EqualTo(ByteString.FromHex(Products.Fields["keys"])));
    }
}
