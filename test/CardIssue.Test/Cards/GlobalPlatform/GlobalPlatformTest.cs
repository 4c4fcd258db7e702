using System.Text.Json;
using CardIssue.Core.Cards;
using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Primitives;
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
        Assert.That(KeyInformation.TryParse(Answer(GetData.Command(GetData.KeyInformationTemplate), file).Span, out var keys, out var bad, out var error), Is.True, error);
        Assert.That(bad, Is.Empty);
        Assert.That(keys, Is.EqualTo(new[] { 1, 2, 3 }.Select(id => new KeyInformation((byte)id, 1, (byte)type, 16))));
    }

    [Test]
    public void KeyInformation_InExtendedFormat_IsRead()
    {
        Assert.That(KeyInformation.TryParse(ByteString.FromHex("E00C C00A 01 30 FF 88 0010 01 38 01 00").Span, out var keys, out _, out var error), Is.True, error);
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

    private const string First = "E30B 4F05A000000001 9F700107", Second = "E30D 4F07A0000000031010 9F70010F";

    /// <summary>What stands beside two whole entries, and what is told of it.</summary>
    [TestCase(First, "E3064F009F700107", Second, "An entry's AID has 0 bytes.")]
    [TestCase("E3084F009F700107C500", First, Second, "An entry's AID has 0 bytes.")]
    [TestCase(First, "E3084F04A0000000C500", Second, "An entry's AID has 4 bytes.")]
    [TestCase(First, "E3074F05A000000002", Second, "An entry's life cycle state has 0 bytes")]
    [TestCase(First, "5A0147", Second, "GET STATUS answered tag 5A; E3 is due.")]
    [TestCase(First, Second, "E30E4F07A0000000031011", "a length says 14; 9 bytes follow it.")]
    [TestCase(First, Second, "E3", "a length is missing.")]
    [TestCase(First, Second, "9F", "")]
    [TestCase(First, "0000", Second, null)]
    public void Registry_WithOneBadElement_TellsTheOthers(string first, string second, string third, string? told)
    {
        var entries = RegistryEntry.Parse(ByteString.FromHex($"{first} {second} {third}").Span, out var bad);
        Assert.That(entries.Select(e => (e.Aid.ToString(), e.LifeCycle)), Is.EqualTo(new[] { ("A000000001", (byte)0x07), ("A0000000031010", (byte)0x0F) }));
        Assert.That(bad, told is null ? Is.Empty : Has.Count.EqualTo(1).And.Some.Contains(told));
    }

    /// <summary>The entry's own objects are whole; what stands behind them in it is not.</summary>
    [TestCase("E30E 4F05A000000001 9F700107 C503FF", "a length says 3")]
    [TestCase("E30F 4F05A000000001 9F700107 EA02 C501", "a length says 1")]
    [TestCase("E30C 4F05A000000001 9F700107 C5", "a length is missing")]
    public void Registry_WithJunkInsideAnEntry_TellsTheEntryAndTheNext(string entry, string told)
    {
        var entries = RegistryEntry.Parse(ByteString.FromHex($"{entry} {Second}").Span, out var bad);
        Assert.That(entries.Select(e => (e.Aid.ToString(), e.LifeCycle)), Is.EqualTo(new[] { ("A000000001", (byte)0x07), ("A0000000031010", (byte)0x0F) }));
        Assert.That(bad, Has.Count.EqualTo(1).And.Some.Contains(told));
    }

    [Test]
    public void Registry_ListedWithABadEntry_IsCompleteAndTellsIt()
    {
        var listing = RegistryListing.Start(RegistryScope.Applications)
            .On(new ResponseApdu(ByteString.FromHex($"{First} E3064F009F700107"), StatusWords.MoreData))
            .On(new ResponseApdu(ByteString.FromHex($"E301 {Second}"), 0x9000));
        Assert.That(listing.IsComplete, Is.True);
        Assert.That(listing.Entries.Select(e => e.Aid.ToString()), Is.EqualTo(new[] { "A000000001" }), "of the second answer nothing could be told apart");
        Assert.That(listing.Bad, Has.Count.EqualTo(4));
    }

    [Test]
    public void KeyInformation_WithABadKey_TellsTheOthers()
    {
        const string keys = "C00401308810 C00402308810";
        foreach (var (junk, told) in new[] { ("C0020330", "has 2 bytes"), ("5A0147", "Tag 5A"), ("C0050330FF8800", "has 5 bytes") })
        {
            var data = ByteString.FromHex($"{keys} {junk} C00403308810");
            Assert.That(KeyInformation.TryParse(ByteString.Concat(ByteString.Own([0xE0, (byte)data.Length]), data).Span, out var read, out var bad, out _), Is.True);
            Assert.That(read.Select(key => key.KeyId), Is.EqualTo(new[] { 1, 2, 3 }), junk);
            Assert.That(bad, Has.Count.EqualTo(1).And.Some.Contains(told));
        }
        Assert.That(KeyInformation.TryParse(ByteString.FromHex("E00D C00401308810 C004023088").Span, out _, out _, out var error), Is.False, "the template itself is cut");
        Assert.That(error, Does.Contain("a length says"));
        Assert.That(KeyInformation.TryParse(ByteString.FromHex("E009 C00401308810 C00402").Span, out var first, out var cut, out _), Is.True, "its last key is");
        Assert.That((first.Count, cut.Count), Is.EqualTo((1, 1)));
        Assert.That(KeyInformation.TryParse(default, out _, out _, out _), Is.False);
        Assert.That(KeyInformation.TryParse(ByteString.FromHex("E100").Span, out _, out _, out error), Is.False);
        Assert.That(error, Does.Contain("E0 is due"));
    }

    [Test]
    public void CardData_AndSelect_WithJunkInside_TellTheRest()
    {
        var recognition = ByteString.FromHex("6612 7310 600B06092A864886FC6B020203 C503FF");
        Assert.That(CardRecognitionData.TryParse(recognition.Span, out var read, out var error), Is.True, error);
        Assert.That(read!.Version, Is.EqualTo("2.3"));
        Assert.That(FileControlInformation.TryParse(ByteString.FromHex("6F0C 8405A000000001 A503 9F6502").Span, out var fci, out error), Is.True, error);
        Assert.That(fci!.Aid, Is.EqualTo(Aid.FromHex("A000000001")));
        Assert.That(fci.MaxCommandData, Is.Null);
        Assert.That(FileControlInformation.TryParse(ByteString.FromHex("6100").Span, out _, out error), Is.False);
        Assert.That(error, Does.Contain("6F is due"));
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
            Says(bytes, KeyInformation.TryParse(bytes, out var keys, out _, out error) ? keys : null, error);
            Says(bytes, CardRecognitionData.TryParse(bytes, out var recognition, out error) ? recognition : null, error);
            Says(bytes, CardProductionLifeCycle.TryParse(bytes, out var lifeCycle, out error) ? lifeCycle : null, error);
            var entries = RegistryEntry.Parse(bytes, out var bad);
            Assert.That(entries.Count + bad.Count > 0, Is.EqualTo(bytes.AsSpan().IndexOfAnyExcept((byte)0x00, (byte)0xFF) >= 0), $"seed {seed}: {Convert.ToHexString(bytes)}");
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

    /// <summary>2,040 modules without a name in one entry: each new one copied all before it.</summary>
    [Test]
    public void Registry_EntryOfManyEmptyTags_CostsNoMoreThanItsBytes()
    {
        byte[] content = [0x4F, 0x05, 1, 2, 3, 4, 5, 0x9F, 0x70, 0x01, 0x07, .. Enumerable.Repeat<byte[]>([0x84, 0x00], 2_040).SelectMany(b => b)];
        byte[] data = [0xE3, 0x82, (byte)(content.Length >> 8), (byte)content.Length, .. content];
        var entries = RegistryEntry.Parse(data, out var bad);
        Assert.That(bad, Is.Empty);
        Assert.That(entries[0].Modules, Has.Count.EqualTo(2_040));
        Assert.That(Allocated.By(() => RegistryEntry.Parse(data, out _)), Is.LessThan(100 * data.Length));
    }

    [Test]
    public void CardRecognitionData_ManyChannels_CostsNoMoreThanItsBytes()
    {
        byte[] oid = [0x64, 0x0B, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xFC, 0x6B, 0x04, 0x03, 0x70];
        var many = Enumerable.Repeat(oid, 1_000).SelectMany(b => b).ToArray();
        byte[] inner = [0x73, 0x82, (byte)(many.Length >> 8), (byte)many.Length, .. many];
        byte[] data = [0x66, 0x82, (byte)(inner.Length >> 8), (byte)inner.Length, .. inner];
        Assert.That(CardRecognitionData.TryParse(data, out var recognition, out var error), Is.True, error);
        Assert.That(recognition!.Channels, Has.Count.EqualTo(1_000));
        Assert.That(Allocated.By(() => CardRecognitionData.TryParse(data, out _, out _)), Is.LessThan(100 * data.Length));
    }

    /// <summary>ISO 7816-4 5.2.2: 00, and FF where no data object begins with it, before, between and after data objects.</summary>
    [TestCase("E30B4F0501020304059F700107")]
    [TestCase("00E30D4F05010203040500009F700107")]
    [TestCase("0000E30D004F050102030405009F7001070000")]
    [TestCase("E30E4F0501020304059F700107FFFFFF")]
    [TestCase("E30B4F0501020304059F700107FFFFFFFF")]
    public void Registry_PaddingBetweenObjects_IsPassedOver(string hex)
    {
        var data = ByteString.FromHex(hex);
        var entries = RegistryEntry.Parse(data.Span, out var bad);
        Assert.That(bad, Is.Empty);
        Assert.That((entries.Count, entries[0].Aid.ToString(), entries[0].LifeCycle), Is.EqualTo((1, "0102030405", (byte)0x07)));
    }

    [Test]
    public void KeyInformationFullOfFaults_Parsed_CostsTheirNumberAndNotItsSquare()
    {
        // 2,000 keys whose information has one byte.
        byte[] data = [0xE0, 0x82, 0x17, 0x70, .. Enumerable.Repeat<byte[]>([0xC0, 0x01, 0xFF], 2_000).SelectMany(key => key)];
        KeyInformation.TryParse(data, out _, out _, out _);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.That(KeyInformation.TryParse(data, out var keys, out var bad, out _), Is.True);
        var took = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.That((keys.Count, bad.Count), Is.EqualTo((0, 2_000)));
        Assert.That(took, Is.LessThan(2_000_000));
    }
}
