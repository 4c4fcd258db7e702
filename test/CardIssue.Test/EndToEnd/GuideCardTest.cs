using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Terminal.Relay;
using CardIssue.Test.Products.Json;
using CardIssue.Testing.Cards;
using CardIssue.VirtualCard.Cli;

namespace CardIssue.Test.EndToEnd;

/// <summary>Who follows OPERATING.md gets a card that the sample products take.</summary>
[Parallelizable]
public sealed class GuideCardTest
{
    private const string Command = "virtualcard new ";

    private static IEnumerable<TestCaseData> SampleProducts() =>
        [new TestCaseData(Samples.EndToEnd).SetArgDisplayNames("end to end"), new TestCaseData(Samples.Module).SetArgDisplayNames("module")];

    [TestCaseSource(nameof(SampleProducts))]
    public async Task CardMadeAsTheGuideSays_IsIssuedWithASampleProduct(string text)
    {
        var product = Samples.Product(text).Product!;
        await using var shop = await Shop.OpenAsync();
        var entry = Samples.ReadOrders(Samples.Orders).Orders!.First(o => o.Product == product.Name);
        // The shop's vault has the master key of samples/orders under another name.
        await shop.OrderAsync("o-1", Samples.Change(text, "\"issuer-test\"", "\"visa\""), entry.Fields);
        var card = await MakeAsync(shop.Folder, "card.json");
        shop.Reader.Insert(card);

        var outcome = await shop.IssueAsync("o-1");

        Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.Issued), outcome.Detail);
        Assert.That(card.Inspect().Application(product.Application!.ToString()!).IsPersonalized, Is.True);
    }

    [Test]
    public async Task DebitCardMadeAsTheGuideSays_IsIssuedOverScp02()
    {
        await using var shop = await Shop.OpenAsync();
        CardIssue.Test.Modules.Counter.ImportMaster(
            shop.Vault, "issuer-test-des", 0x20, ByteString.FromHex(CardProfile.TestKey), CardIssue.Center.Vault.CardKeyAlgorithm.TripleDes);
        var entry = Samples.ReadOrders(Samples.Orders).Orders![0];
        await shop.OrderAsync("o-1", Samples.Debit, entry.Fields);
        var card = await MakeAsync(shop.Folder, "debit.json");
        shop.Reader.Insert(card);

        var outcome = await shop.IssueAsync("o-1");

        Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.Issued), outcome.Detail);
        Assert.That(card.Inspect().Application(Samples.Product(Samples.Debit).Product!.Application!.ToString()!).IsPersonalized, Is.True);
    }

    [Test]
    public async Task CardMadeAsTheGuideSays_IsIssuedWithItsOwnKeys()
    {
        await using var shop = await Shop.OpenAsync();
        CardIssue.Test.Modules.Counter.ImportMaster(shop.Vault, "issuer-test", 0x30, ByteString.FromHex(CardProfile.TestKey));
        CardIssue.Test.Modules.Counter.ImportMaster(shop.Vault, "issuer-own", 0x31, OwnKeysCase.OwnMaster);
        var entry = Samples.ReadOrders(Samples.Orders).Orders![0];
        await shop.OrderAsync("o-1", Samples.DebitOwnKeys, entry.Fields);
        var card = await MakeAsync(shop.Folder, "card.json");
        shop.Reader.Insert(card);

        var outcome = await shop.IssueAsync("o-1");

        Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.Issued), outcome.Detail);
        Assert.That(card.Inspect().KeyVersions, Is.EqualTo(new[] { (byte)0x31 }));
    }

    /// <summary>What GlobalPlatformPro and gpshell try when they are told no key: 404142…4F for all three.</summary>
    [Test]
    public async Task CardForOtherHosts_OpensUnderTheTestKeyItself()
    {
        var folder = Directory.CreateTempSubdirectory("cardissue-guide-").FullName;
        try
        {
            var card = await MakeAsync(folder, "gp.json");
            card.Reset();
            var keys = CardIssue.Testing.Cards.State.CardKeySet.FromHex(0x30, CardProfile.TestKey, CardProfile.TestKey, CardProfile.TestKey);
            Assert.That(CardIssue.Test.VirtualCard.TestCard.Host(card, keys).Open(0x33), Is.EqualTo(CardIssue.Testing.Cards.Apdu.Sw.Ok));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Runs the line of the guide that makes that card, in a folder of the test's own.</summary>
    private static async Task<CardSimulator> MakeAsync(string folder, string file)
    {
        var line = File.ReadLines(Path.Combine(Repository.Root, "OPERATING.md"))
            .Single(l => l.StartsWith(Command, StringComparison.Ordinal) && l.Contains(file, StringComparison.Ordinal));
        var path = Path.Combine(folder, file);
        var arguments = line.Split('#')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..];
        using var error = new StringWriter();
        Assert.That(await VirtualCardCommand.RunAsync([.. arguments.Select(a => a == file ? path : a)], TextWriter.Null, error), Is.Zero, error.ToString());
        return CardSimulator.Open(path);
    }
}
