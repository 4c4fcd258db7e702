using System.Text.Json;
using CardIssue.Core;
using CardIssue.Core.Cards;
using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Test.Cards.Vectors;

namespace CardIssue.Test.Cards.GlobalPlatform;

/// <summary>Answers of a real NXP P71.</summary>
public class GlobalPlatformTest
{
    private static IEnumerable<(CommandApdu Command, ResponseApdu Response)> Exchanges(string file) =>
        Vector.Load("p71_traces.json").Single(trace => trace.Text("file") == file).GetProperty("exchanges").EnumerateArray()
            .Select(e => (CommandApdu.Parse(e.Hex("c").Span), ResponseApdu.Parse(e.Hex("r").Span)));

    private static ByteString Answer(CommandApdu command, string file = "gp_pro_scp03_mac.log") => Exchanges(file).First(e => e.Command == command).Response.Data;

    [Test]
    public void Select_Answered_TellsTheSecurityDomain()
    {
        Assert.That(FileControlInformation.TryParse(Answer(Select.IssuerSecurityDomain()).Span, out var fci, out var error), Is.True, error);
        Assert.That(fci!.Aid, Is.EqualTo(Aid.FromHex("A000000151000000")));
        Assert.That(fci.MaxCommandData, Is.EqualTo(255));
    }

    [TestCase("gp_pro_scp03_mac.log", 0x88)]
    [TestCase("gp_pro_list_success.txt", 0x80)]
    public void KeyInformation_Answered_TellsThreeKeys(string file, int type)
    {
        Assert.That(KeyInformation.TryParse(Answer(GetData.Command(GetData.KeyInformationTemplate), file).Span, out var keys, out var error), Is.True, error);
        Assert.That(keys, Is.EqualTo(new[] { 1, 2, 3 }.Select(id => new KeyInformation((byte)id, 1, (byte)type, 16))));
    }

    [Test]
    public void KeyInformation_InExtendedFormat_IsRead()
    {
        Assert.That(KeyInformation.TryParse(ByteString.FromHex("E00C C00A 01 30 FF 88 0010 01 38 01 00").Span, out var keys, out var error), Is.True, error);
        Assert.That(keys[0], Is.EqualTo(new KeyInformation(1, 0x30, 0x88, 16)));
    }

    [Test]
    public void CardData_Answered_TellsPlatformAndChannel()
    {
        Assert.That(CardRecognitionData.TryParse(Answer(GetData.Command(GetData.CardData)).Span, out var data, out var error), Is.True, error);
        Assert.That(data!.Version, Is.EqualTo("2.3"));
        Assert.That(data.Channels, Is.EqualTo((ValueList<SecureChannelVariant>)[new SecureChannelVariant(0x03, 0x70)]));
    }

    [Test]
    public void SmallObjects_Answered_AreRead()
    {
        Assert.That(GetData.TryParseSequenceCounter(Answer(GetData.Command(GetData.SequenceCounter)).Span, out var counter, out _), Is.True);
        Assert.That(counter, Is.EqualTo(0x48));
        Assert.That(GetData.TryParseDiversificationData(Answer(GetData.Command(GetData.DiversificationData)).Span, out var kdd, out _), Is.True);
        Assert.That(kdd.ToString(), Is.EqualTo("03700000000000000000"));
        var cplc = Answer(GetData.Command(GetData.ProductionLifeCycle));
        Assert.That(CardProductionLifeCycle.TryParse(cplc.Span, out var lifeCycle, out _), Is.True);
        Assert.That(lifeCycle.ChipIdentity.ToString(), Is.EqualTo("4790D321483955891920"));
        Assert.That(CardProductionLifeCycle.TryParse(cplc.Span[3..], out var bare, out _), Is.True);
        Assert.That(bare, Is.EqualTo(lifeCycle));
    }

    [Test]
    public void Registry_Listed_TellsEntries()
    {
        var answers = Exchanges("gp_pro_scp03_mac.log").Where(e => e.Command.Ins == Instructions.GetStatus).ToDictionary(e => e.Command.P1, e => e.Response);
        var domain = RegistryListing.Start(RegistryScope.IssuerSecurityDomain).On(answers[0x80]);
        Assert.That(domain.IsComplete, Is.True);
        Assert.That(domain.Entries.Single().Aid, Is.EqualTo(Aid.FromHex("A000000151000000")));
        Assert.That(domain.Entries[0].LifeCycle, Is.EqualTo((byte)CardLifeCycle.OpReady));
        Assert.That(domain.Entries[0].Privileges.ToString(), Is.EqualTo("9EFE80"));
        var applications = RegistryListing.Start(RegistryScope.Applications).On(answers[0x40]);
        Assert.That(applications.IsComplete && applications.Entries.Count == 0, Is.True);
        var files = RegistryListing.Start(RegistryScope.LoadFilesAndModules).On(answers[0x10]);
        Assert.That(files.Entries, Has.Count.EqualTo(4));
        Assert.That(files.Entries[0].Modules.Single().ToString(), Is.EqualTo("A000000151535041"));
    }

    [Test]
    public void Registry_InSeveralAnswers_IsCollectedUpToTheCap()
    {
        var page = new ResponseApdu(ByteString.FromHex("E30F4F08A0000001510000009F70020700"), StatusWords.MoreData);
        var listing = RegistryListing.Start(RegistryScope.Applications);
        Assert.That(listing.Command!.Value.ToBytes().ToString(), Is.EqualTo("80F24002024F0000"));
        listing = listing.On(page);
        Assert.That(listing.Command!.Value.ToBytes().ToString(), Is.EqualTo("80F24003024F0000"));
        var done = listing.On(page with { StatusWord = 0x9000 });
        Assert.That(done.IsComplete && done.Entries.Count == 2, Is.True);
        Assert.That(() => done.On(page), Throws.InvalidOperationException);
        while (listing.Command is not null) listing = listing.On(page);
        Assert.That(listing.Error, Does.Contain("64"));
        Assert.That(listing.Rounds, Is.LessThanOrEqualTo(RegistryListing.MaxRounds));
    }

    [TestCase("", 0x6982)]
    [TestCase("E3034F01A0", 0x9000)]
    [TestCase("E4004F01", 0x9000)]
    public void Registry_RefusedOrMalformed_Fails(string data, int statusWord)
    {
        var listing = RegistryListing.Start(RegistryScope.Applications).On(new ResponseApdu(ByteString.FromHex(data), (ushort)statusWord));
        Assert.That(listing.IsComplete, Is.False);
        Assert.That(listing.Error, Is.Not.Empty);
    }

    [Test]
    public void AnyParser_RandomBytes_NeverThrows()
    {
        var seed = TestContext.CurrentContext.Random.Next();
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var genuine = Exchanges("gp_pro_scp03_mac.log").Select(e => e.Response.Data.ToArray()).Where(d => d.Length > 0).ToArray();
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = genuine[random.Next(genuine.Length)][..];
            for (var j = random.Next(4); j > 0; j--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            bytes = bytes[..random.Next(bytes.Length + 1)];
            Says(bytes, FileControlInformation.TryParse(bytes, out var fci, out var error) ? fci : null, error);
            Says(bytes, KeyInformation.TryParse(bytes, out var keys, out error) ? keys : null, error);
            Says(bytes, CardRecognitionData.TryParse(bytes, out var recognition, out error) ? recognition : null, error);
            Says(bytes, CardProductionLifeCycle.TryParse(bytes, out var lifeCycle, out error) ? lifeCycle : null, error);
            Says(bytes, RegistryEntry.TryParse(bytes, out var entries, out error) ? entries : null, error);
            Says(bytes, GetData.TryParseSequenceCounter(bytes, out var counter, out error) ? counter : null, error);
            Says(bytes, GetData.TryParseDiversificationData(bytes, out var diversification, out error) ? diversification : null, error);
        }

        // Either what was read or why not, and never both.
        void Says(byte[] bytes, object? read, string? error) =>
            Assert.That(string.IsNullOrEmpty(error), Is.EqualTo(read is not null), $"seed {seed}: {Convert.ToHexString(bytes)}: {error}");
    }

    [Test]
    public void SetStatus_OfTheCard_IsCoded() => Assert.That(
        SetStatus.Card(CardLifeCycle.Secured, Aid.FromHex("A000000151000000")).ToBytes().ToString(), Is.EqualTo("80F0800F08A000000151000000"));

    [TestCase(0x9000, 0x00, "done")]
    [TestCase(0x6100, 0x00, "256 bytes wait")]
    [TestCase(0x6C10, 0x00, "wrong Le: 16 is right")]
    [TestCase(0x63C2, 0x20, "2 tries left")]
    [TestCase(0x6300, 0x82, "host cryptogram wrong")]
    [TestCase(0x6A88, 0xE2, "DGI or tag not known")]
    [TestCase(0x6A88, 0xCA, "referenced data not found")]
    [TestCase(0x1234, 0x00, "meaning not known")]
    public void StatusWord_Described_InTheFieldsWords(int statusWord, int ins, string text) =>
        Assert.That(StatusWords.Describe((ushort)statusWord, (byte)ins), Is.EqualTo(text));
}
