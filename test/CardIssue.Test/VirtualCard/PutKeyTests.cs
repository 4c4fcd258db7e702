using CardIssue.Testing.Cards;
using CardIssue.Testing.Cards.Apdu;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Test.VirtualCard;

/// <summary>PUT KEY as hosts send it: both forms of a key block, keys one by one, and what is there when the power goes in between.</summary>
public class PutKeyTests
{
    /// <summary>404142… under the DEK 2021…2F, AES-CBC, filled up with zeros; by OpenSSL.</summary>
    private const string Sixteen = "859469C07743C7E45B318D151D3D87E9", TwentyFour = Sixteen + "E05BA4FBA9C10B4F0323B5CC9331D410",
        ThirtyTwo = Sixteen + "5B28E90CDADF6574D56A085CB1BE1508";

    /// <summary>More than any way of loading a set takes.</summary>
    private const int MostCommands = 20;

    private static readonly CardKeySet Factory = CardKeySet.FromHex(0xFF, CardProfile.TestKey, CardProfile.TestKey, CardProfile.TestKey);
    private static readonly CardKeySet Next = CardKeySet.FromHex(0x31, new string('A', 32), new string('B', 32), new string('C', 32));

    [TestCase("8810" + Sixteen + "03504A77", "504A77", "C00401318810", TestName = "AES-128 alone (table 11-71)")]
    [TestCase("881110" + Sixteen + "03504A77", "504A77", "C00401318810", TestName = "AES-128 behind its length (table 11-70)")]
    [TestCase("882118" + TwentyFour + "03FFCD73", "FFCD73", "C00401318818", TestName = "AES-192 behind its length")]
    [TestCase("8820" + ThirtyTwo + "03ECDCD8", "ECDCD8", "C00401318820", TestName = "AES-256 alone")]
    [TestCase("882120" + ThirtyTwo + "03ECDCD8", "ECDCD8", "C00401318820", TestName = "AES-256 behind its length")]
    [TestCase("8010" + Sixteen + "038BAF47", "8BAF47", "C00401318010", TestName = "triple DES of 16 bytes alone")]
    [TestCase("801110" + Sixteen + "038BAF47", "8BAF47", "C00401318010", TestName = "triple DES of 16 bytes behind its length")]
    [TestCase("802118" + TwentyFour + "03B4692B", "B4692B", "C00401318018", TestName = "triple DES of 24 bytes behind its length")]
    [TestCase("8110" + Sixteen + "038BAF47", "8BAF47", "C00401318110", TestName = "type 81, triple DES, as gpshell has it")]
    [TestCase("8210" + Sixteen + "038BAF47", "8BAF47", "C00401318210", TestName = "type 82, triple DES in CBC")]
    [TestCase("8310" + Sixteen + "038BAF47", "8BAF47", "C00401318310", TestName = "type 83, DES in ECB")]
    [TestCase("8410" + Sixteen + "038BAF47", "8BAF47", "C00401318410", TestName = "type 84, DES in CBC")]
    [TestCase("8810" + Sixteen + "00", "", "C00401318810", TestName = "no check value, none in the answer")]
    public void KeyBlock_InEitherForm_IsTaken(string field, string checkValue, string template)
    {
        var host = TestCard.Opened(TestCard.Blank(), 0x00);
        var data = "31" + field;
        Assert.That(Hex(host.Plain($"80D80001{data.Length / 2:X2}{data}00")), Is.EqualTo("31" + checkValue + "9000"));
        Assert.That(Hex(host.Plain("80CA00E000")), Does.Contain(template));
    }

    [TestCase("00", "01", "31881110" + Sixteen + "03000000", Sw.Security, TestName = "wrong check value")]
    [TestCase("00", "01", "318810" + Sixteen + "02504A", Sw.WrongData, TestName = "check value of two bytes")]
    [TestCase("00", "01", "318010" + Sixteen + "03504A77", Sw.Security, TestName = "the AES check value of a triple DES key")]
    [TestCase("00", "01", "318808859469C07743C7E400", Sw.WrongData, TestName = "half a block")]
    [TestCase("00", "01", "318020" + ThirtyTwo + "00", Sw.WrongData, TestName = "triple DES of 32 bytes")]
    [TestCase("00", "01", "31881118" + Sixteen + "00", Sw.WrongData, TestName = "an inner length that the block does not hold")]
    [TestCase("00", "01", "3188", Sw.WrongData, TestName = "nothing after the type")]
    [TestCase("00", "01", "31", Sw.WrongData, TestName = "no key")]
    [TestCase("00", "01", "008810" + Sixteen + "00", Sw.WrongData, TestName = "version 00")]
    [TestCase("00", "01", "FF8810" + Sixteen + "00", Sw.WrongData, TestName = "version FF")]
    [TestCase("00", "01", "31A103010203A003010001" + "00", Sw.NotSupported, TestName = "an RSA key")]
    [TestCase("00", "01", "318810" + Sixteen + "008810" + Sixteen + "00", Sw.WrongData, TestName = "two keys, and P2 says one")]
    [TestCase("00", "FF", "318810" + Sixteen + "008810" + Sixteen + "00", Sw.WrongData, TestName = "identifiers beyond 7F")]
    [TestCase("00", "01", "308810" + Sixteen + "00", Sw.WrongData, TestName = "added where one is")]
    [TestCase("44", "01", "448810" + Sixteen + "00", Sw.ReferenceNotFound, TestName = "replaced, of a version that is not there")]
    [TestCase("30", "04", "308810" + Sixteen + "00", Sw.ReferenceNotFound, TestName = "replaced, of an identifier that is not there")]
    [TestCase("30", "01", "308820" + ThirtyTwo + "00", Sw.WrongData, TestName = "replaced by another size")]
    [TestCase("30", "01", "308010" + Sixteen + "00", Sw.WrongData, TestName = "replaced by another type")]
    [TestCase("30", "01", "318810" + Sixteen + "00", Sw.Conditions, TestName = "moved out of the only whole set")]
    public void Command_ThatCannotBe_HasItsStatusWordAndChangesNothing(string p1, string p2, string data, int statusWord)
    {
        var card = TestCard.Blank();
        var host = TestCard.Opened(card, 0x00);
        var before = card.State;
        Assert.That(Hex(host.Plain($"80D8{p1}{p2}{data.Length / 2:X2}{data}00")), Is.EqualTo($"{statusWord:X4}"));
        Assert.That(card.State, Is.SameAs(before));
    }

    [Test]
    public void Keys_MoreThanThereIsRoomFor_AreNoRoom()
    {
        var card = TestCard.Blank();
        var host = TestCard.Opened(card, 0x00);
        var sw = Sw.Ok;
        for (var id = 1; sw == Sw.Ok; id++) sw = Put(host, 0x00, (byte)id, 0x40, Next.Enc).Sw;
        Assert.That((sw, card.State.Keys.Count), Is.EqualTo((Sw.NoRoom, CardState.MaximumKeys)));
        Assert.That(host.Plain("80CA00E000").Data, Has.Length.EqualTo(3 + 6 * CardState.MaximumKeys));
    }

    /// <summary>The set of the factory stays until the last of the new keys is there; the key information template tells each step.</summary>
    [Test]
    public void Set_LoadedKeyByKey_TakesOverWhenItIsWhole([Values((byte)0x00, (byte)0x33)] byte level)
    {
        const string old = "C00401FF8810C00402FF8810C00403FF8810";
        var card = CardSimulator.Create(CardProfile.Empty(1, Factory));
        card.Reset();
        var host = TestCard.Host(card, Factory);
        Assert.That(host.Open(level), Is.EqualTo(Sw.Ok));
        Assert.That(Put(host, 0x00, 1, 0x31, Next.Enc), Is.EqualTo((Next.Enc.CheckValue, Sw.Ok)));
        Assert.That(Template(host), Is.EqualTo("E018" + "C00401318810" + old));
        Assert.That(Put(host, 0x00, 2, 0x31, Next.Mac), Is.EqualTo((Next.Mac.CheckValue, Sw.Ok)));
        Assert.That(Template(host), Is.EqualTo("E01E" + "C00401318810C00402318810" + old));
        Assert.That(TestCard.Host(card, Next).Open(level), Is.EqualTo(Sw.ReferenceNotFound), "two of three are no set");
        Assert.That(host.Open(level), Is.EqualTo(Sw.Ok));
        Assert.That(Put(host, 0x00, 3, 0x31, Next.Dek), Is.EqualTo((Next.Dek.CheckValue, Sw.Ok)));
        Assert.That(Template(host), Is.EqualTo("E012" + "C00401318810C00402318810C00403318810"));
        Assert.That(host.Open(level), Is.EqualTo(Sw.ReferenceNotFound));
        Assert.That(TestCard.Host(card, Next).Open(level), Is.EqualTo(Sw.Ok));
        Assert.That(card.State.SequenceCounters.ToArray(), Is.EqualTo(new[] { KeyValuePair.Create((byte)0x31, 1) }));
    }

    /// <summary>Triple DES keys are no SCP03 set, however many: the factory's set stays the one that opens the card.</summary>
    [Test]
    public void TripleDesKeys_ThreeOfAVersion_LeaveTheFactorySet()
    {
        var card = CardSimulator.Create(CardProfile.Empty(1, Factory));
        card.Reset();
        var host = TestCard.Host(card, Factory);
        host.Open(0x01);
        for (byte id = 1; id <= 3; id++) Assert.That(Put(host, 0x00, id, 0x20, new CardKey(Next.Enc.Span, CardKeyType.TripleDes)).Sw, Is.EqualTo(Sw.Ok));
        Assert.That(Hex(host.Plain("8050200008010203040506070800")), Is.EqualTo("6A88"));
        Assert.That(host.Open(0x01), Is.EqualTo(Sw.Ok));
    }

    [Test]
    public void Key_ReplacedInItsVersion_CountsWithTheOthers()
    {
        var card = TestCard.Blank();
        var host = TestCard.Opened(card, 0x33);
        Assert.That(Put(host, 0x30, 2, 0x30, Next.Mac), Is.EqualTo((Next.Mac.CheckValue, Sw.Ok)));
        Assert.That(Put(host, 0x30, 3, 0x30, Next.Dek).Sw, Is.EqualTo(Sw.Ok), "still encrypted under the DEK of the session");
        Assert.That(TestCard.Host(card, new CardKeySet(0x30, TestCard.Keys.Enc, Next.Mac, Next.Dek)).Open(0x33), Is.EqualTo(Sw.Ok));
        Assert.That(card.State.SequenceCounters[0x30], Is.EqualTo(2), "not a new set");
    }

    [Test]
    public void Set_ReplacedByAnotherVersionAtOnce_OldOneIsGone()
    {
        var card = TestCard.Blank();
        var host = TestCard.Opened(card, 0x33);
        Assert.That(host.Send(0xD8, 0x30, 0x81, WholeSet(host, Next)).Sw, Is.EqualTo(Sw.Ok));
        Assert.That(Template(host), Is.EqualTo("E012C00401318810C00402318810C00403318810"));
        Assert.That(host.Open(0x33), Is.EqualTo(Sw.ReferenceNotFound));
        Assert.That(TestCard.Host(card, Next).Open(0x33), Is.EqualTo(Sw.Ok));
    }

    /// <summary>
    /// Ways to load a set beside the old one, and two to load it in its place; b8 of P1 chains, so that no command can name the factory's FF.
    /// </summary>
    private static IEnumerable<TestCaseData> Loads()
    {
        foreach (var moment in Enum.GetValues<CutMoment>())
            foreach (var (name, load) in Ways)
                foreach (byte version in name.Contains("place", StringComparison.Ordinal) ? [0x30] : new byte[] { 0x30, 0xFF })
                    yield return new TestCaseData(load, version, moment).SetArgDisplayNames(name, $"{version:X2}", moment.ToString());
    }

    private static readonly (string Name, Func<GlobalPlatformHost, ushort> Load)[] Ways =
    [
        ("key by key", host => new[] { Next.Enc, Next.Mac, Next.Dek }
            .Select((key, i) => Put(host, 0x00, (byte)(i + 1), 0x31, key).Sw).FirstOrDefault(sw => sw != Sw.Ok, Sw.Ok)),
        ("at once", host => host.Send(0xD8, 0x00, 0x81, WholeSet(host, Next)).Sw),
        ("at once, in the place of the old", host => host.Send(0xD8, 0x30, 0x81, WholeSet(host, Next)).Sw),
        ("in segments", host => host.SendChained(0xD8, 0x00, 0x81, WholeSet(host, Next), 20).Sw),
        ("in segments, in the place of the old", host => host.SendChained(0xD8, 0x30, 0x81, WholeSet(host, Next), 20).Sw),
    ];

    [TestCaseSource(nameof(Loads))]
    public void PowerCut_AtEveryCommand_LeavesTheOldSetOrTheNewOne(object load, byte version, CutMoment moment)
    {
        var old = TestCard.Keys with { Version = version };
        for (var at = 1; at <= MostCommands; at++)
        {
            var card = CardSimulator.Create(CardProfile.Empty(1, old));
            card.Reset();
            card.CutPower(new PowerCut(at, moment));
            var host = TestCard.Host(card, old);
            var isDone = host.Open(0x33) == Sw.Ok && ((Func<GlobalPlatformHost, ushort>)load)(host) == Sw.Ok;
            card.CutPower(null);
            card.Reset();
            var opens = new[] { old, Next }.Where(k => TestCard.Host(card, k).Open(0x33) == Sw.Ok).Select(k => k.Version).ToList();
            Assert.That(opens, Is.Not.Empty, $"cut at {at}");
            if (!isDone) continue;
            Assert.That(opens, Does.Contain(Next.Version));
            Assert.That(at, Is.GreaterThan(3), "the loading itself was cut, too");
            return;
        }
        Assert.Fail("The loading never came to its end.");
    }

    [Test]
    public void StateFile_WithoutKeyTypes_HoldsAesKeys()
    {
        var path = Path.Combine(TestContext.CurrentContext.WorkDirectory, $"{Guid.NewGuid():N}.json");
        try
        {
            var state = CardProfile.Empty(9, TestCard.Keys);
            var keys = state.Keys.Add(new KeyReference(0x20, 1), new CardKey(Next.Enc.Span, CardKeyType.TripleDes));
            StateFile.Save(path, state with { Keys = keys, ScpParameter = 0x61, CountsEmptyCommands = false });
            var text = File.ReadAllText(path);
            var again = StateFile.Load(path);
            Assert.That(again.Keys.Select(k => k.Value.Type), Is.EqualTo(new[] { CardKeyType.TripleDes, CardKeyType.Aes, CardKeyType.Aes, CardKeyType.Aes }));
            Assert.That((again.ScpParameter, again.CountsEmptyCommands), Is.EqualTo((0x61, false)));
            File.WriteAllText(path, System.Text.RegularExpressions.Regex.Replace(text, @",\s*""Type"": \d+", ""));
            Assert.That(StateFile.Load(path).Keys.Values.Select(k => k.Type), Is.All.EqualTo(CardKeyType.Aes), "as earlier versions wrote it");
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static (byte[] CheckValue, ushort Sw) Put(GlobalPlatformHost host, byte replaced, byte id, byte version, CardKey key)
    {
        var (data, sw) = host.Send(0xD8, replaced, id, [version, .. Field(host, key)]);
        return (data.Length > 0 && data[0] == version ? data[1..] : data, sw);
    }

    private static byte[] WholeSet(GlobalPlatformHost host, CardKeySet set) => [set.Version, .. Field(host, set.Enc), .. Field(host, set.Mac), .. Field(host, set.Dek)];

    private static byte[] Field(GlobalPlatformHost host, CardKey key) => [(byte)key.Type, (byte)key.Length, .. host.UnderDek(key.Span.ToArray()), 3, .. key.CheckValue];

    private static string Template(GlobalPlatformHost host) => Convert.ToHexString(host.Send(0xCA, 0x00, 0xE0, []).Data);

    private static string Hex((byte[] Data, ushort Sw) answer) => Convert.ToHexString(answer.Data) + answer.Sw.ToString("X4", null);
}
