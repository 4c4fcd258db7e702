using System.Text.Json;
using CardIssue.Core.Cards;
using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.Diversification;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Cards.SecureChannel.Opening;
using CardIssue.Core.Primitives;
using CardIssue.Test.Cards.Vectors;
using CardIssue.Testing.Cards;
using CardIssue.Testing.Cards.Apdu;
using CardIssue.Testing.Cards.Channel;
using CardIssue.VirtualCard.Cli;
using CardIssue.Testing.Cards.State;
using CardKeySet = CardIssue.Testing.Cards.State.CardKeySet;
using SecurityLevel = CardIssue.Testing.Cards.Channel.SecurityLevel;

namespace CardIssue.Test.VirtualCard;

/// <summary>The card's SCP02: judged by published and computed sessions, and by raw commands of such sessions.</summary>
internal class Scp02Tests
{
    private const byte KeyVersion = 0x20;

    private static IEnumerable<TestCaseData> Sessions() => Cases(Vector.Load("scp02_computed.json").Concat(
        Vector.Load("scp02_sessions.json").Where(v => v.TryGetProperty("exchanges", out _))));

    private static IEnumerable<TestCaseData> Explicit() => Cases(Vector.Load("scp02_computed.json").Where(IsExplicit));

    private static IEnumerable<TestCaseData> Implicit() => Cases(Vector.Load("scp02_computed.json").Where(v => !IsExplicit(v)));

    private static IEnumerable<TestCaseData> Cases(IEnumerable<JsonElement> vectors) =>
        vectors.Select(v => new TestCaseData(v).SetArgDisplayNames(v.Text("name")));

    private static bool IsExplicit(JsonElement vector) => vector.TryGetProperty("initializeUpdateResponse", out _);

    private static byte I(JsonElement vector) => vector.HexOrNull("i") is { } i ? i[0] : (byte)0x15;

    private static CardKeySet Keys(JsonElement vector) => CardKeySet.FromHex(
        KeyVersion, vector.Text("enc"), vector.Text("mac"), vector.Text("dek"), CardKeyType.Des);

    private static JsonElement Named(string name) => Vector.Load("scp02_computed.json").Single(v => v.Text("name") == name);

    /// <summary>A card that is where the vector's was when its session began.</summary>
    private static CardSimulator Card(JsonElement vector)
    {
        var state = CardProfile.BlankEmv(7, [Keys(vector)]) with { Scp = CardState.Scp02, ScpParameter = I(vector) };
        state = state with { SequenceCounters = state.SequenceCounters.Add(KeyVersion, Convert.ToInt32(vector.Text("sequence"), 16)) };
        var card = CardSimulator.Create(state, challenges: length => [.. Convert.FromHexString("A1A2A3A4A5A6").Take(length)]);
        card.Reset();
        return card;
    }

    private static string Send(CardSimulator card, string command) => Convert.ToHexString(card.Transmit(Convert.FromHexString(command)));

    [TestCaseSource(nameof(Sessions))]
    public void Session_Replayed_CommandsAndResponsesMatch(JsonElement session)
    {
        var channel = IsExplicit(session) ? Opened(session)
            : new Scp02Channel(Keys(session), new Scp02Parameter(I(session)), session.Hex("sequence").ToArray(), [], []);
        if (!IsExplicit(session)) channel.BeginImplicitly(session.Hex("selected").Span);
        foreach (var exchange in session.GetProperty("exchanges").EnumerateArray())
        {
            var plain = Command.TryParse(exchange.Hex("plain").Span)!;
            var unwrapped = channel.Unwrap(Command.TryParse(exchange.Hex("wrapped").Span)!);
            Assert.That((unwrapped?.Ins, unwrapped?.P1P2, unwrapped?.Data), Is.EqualTo((plain.Ins, plain.P1P2, plain.Data)));
            if (exchange.HexOrNull("response") is not { } response) continue;
            var reply = new Reply(exchange.Hex("responsePlain").ToArray(), (ushort)(exchange.Hex("statusWord")[0] << 8 | exchange.Hex("statusWord")[1]));
            Assert.That(channel.Protect(reply).Data, Is.EqualTo(response.ToArray()));
        }
    }

    [TestCaseSource(nameof(Explicit))]
    public void RawCommands_OpenTheCard_AndTheCounterRisesOnce(JsonElement session)
    {
        var card = Card(session);
        var sequence = Convert.ToInt32(session.Text("sequence"), 16);
        var update = $"8050200008{session.Text("hostChallenge")}00";
        Assert.That(Send(card, update), Is.EqualTo(session.Text("initializeUpdateResponse") + "9000"));
        Assert.That(card.State.SequenceCounters[KeyVersion], Is.EqualTo(sequence), "INITIALIZE UPDATE alone uses nothing up");
        Assert.That(Send(card, session.Text("externalAuthenticate")), Is.EqualTo("9000"));
        Assert.That(card.State.SequenceCounters[KeyVersion], Is.EqualTo(sequence + 1));
        Assert.That(Send(card, session.GetProperty("exchanges")[0].Text("wrapped"))[^4..], Is.Not.EqualTo("6982"));
        Assert.That(Send(card, session.GetProperty("exchanges")[1].Text("wrapped"))[^4..], Is.EqualTo("9000"));
    }

    [TestCaseSource(nameof(Implicit))]
    public void RawCommands_WithoutInitializeUpdate_OpenTheCard(JsonElement session)
    {
        var card = Card(session);
        Assert.That(Send(card, $"80502000080102030405060708{"00"}"), Is.EqualTo("6D00"));
        Assert.That(Send(card, "80CA00C100"), Is.EqualTo($"C102{session.Text("sequence")}9000"), "what the host derives from");
        Assert.That(Send(card, session.GetProperty("exchanges")[0].Text("wrapped"))[^4..], Is.Not.EqualTo("6982"));
        Assert.That(card.State.SequenceCounters[KeyVersion], Is.EqualTo(Convert.ToInt32(session.Text("sequence"), 16) + 1));
        Assert.That(Send(card, session.GetProperty("exchanges")[1].Text("wrapped"))[^4..], Is.EqualTo("9000"));
    }

    [Test]
    public void WrongCommandMac_EndsTheSession_AndImplicitlyCountsATry()
    {
        var session = Named("i=1B implicit");
        var card = Card(session);
        Assert.That(Send(card, "84F22002080102030405060708"), Is.EqualTo("6982"));
        Assert.That(card.State.FailedAuthentications, Is.EqualTo(1));
        Assert.That(card.State.SequenceCounters[KeyVersion], Is.EqualTo(7));

        session = Named("i=15 level 03");
        card = Card(session);
        Send(card, $"8050200008{session.Text("hostChallenge")}00");
        Send(card, session.Text("externalAuthenticate"));
        Assert.That(Send(card, "84CA0066080102030405060708"), Is.EqualTo("6982"));
        Assert.That(Send(card, session.GetProperty("exchanges")[1].Text("wrapped")), Is.EqualTo("6982"), "the session is over");
    }

    [Test]
    public void WrongHostCryptogram_IsCounted_AndTheCounterStays()
    {
        var session = Named("i=15 level 01");
        var card = Card(session);
        Send(card, $"8050200008{session.Text("hostChallenge")}00");
        Assert.That(Send(card, "8482010010" + new string('0', 32)), Is.EqualTo("6300"));
        Assert.That((card.State.FailedAuthentications, card.State.SequenceCounters[KeyVersion]), Is.EqualTo((1, 7)));
    }

    [TestCase("i=15 level 01", 0x11, TestName = "LevelWithResponseMac_OfACardWithoutIt_IsRefused")]
    [TestCase("i=35 level 11", 0x33, TestName = "LevelWithResponseEncryption_IsRefused")]
    public void Level_ThatTheCardDoesNotHave_IsRefused(string name, int level)
    {
        var session = Named(name);
        var card = Card(session);
        Send(card, $"8050200008{session.Text("hostChallenge")}00");
        Assert.That(Send(card, $"8482{level:X2}0010" + new string('0', 32)), Is.EqualTo("6A86"));
    }

    [Test]
    public void SequenceCounter_UsedUp_OpensNoMore()
    {
        var card = Card(Named("i=54 level 03"));
        var state = card.State;
        card = CardSimulator.Create(state with { SequenceCounters = state.SequenceCounters.SetItem(KeyVersion, 0x10000) });
        card.Reset();
        Assert.That(Send(card, "8050200008010203040506070800"), Is.EqualTo("6985"));
    }

    /// <summary>GET DATA 66, 67 and E0 say what INITIALIZE UPDATE does not.</summary>
    [Test]
    public void CardData_NamesProtocolAndParameter()
    {
        var card = Card(Named("i=75 level 13"));
        Assert.That(Send(card, "80CA006600"), Does.Contain("2A864886FC6B040275"));
        Assert.That(Send(card, "80CA006700"), Does.Contain("800102810175"));
        Assert.That(Send(card, "80CA00E000"), Does.Contain("C00401208010"));
    }

    /// <summary>A set of AES keys is none of SCP02, whatever its version.</summary>
    [Test]
    public void AesKeys_AreNoSetOfTheCard()
    {
        var keys = CardKeySet.FromHex(KeyVersion, CardProfile.TestKey, CardProfile.TestKey, CardProfile.TestKey);
        var card = CardSimulator.Create(CardProfile.Empty(1, keys) with { Scp = CardState.Scp02, ScpParameter = 0x15 });
        card.Reset();
        Assert.That(Send(card, "8050200008010203040506070800"), Is.EqualTo("6A88"));
    }

    /// <summary>The center's own code as the host: what is put under the session's DEK opens the card from then on.</summary>
    [TestCase(0x75, SecurityLevel.CommandMac | SecurityLevel.CommandEncryption | SecurityLevel.ResponseMac)]
    [TestCase(0x05, SecurityLevel.CommandMac)]
    public void Keys_PutUnderTheSessionsDek_OpenTheCard(int i, SecurityLevel level)
    {
        var card = CardSimulator.Create(CardProfile.Empty(1, Keys(Named("i=15 level 01"))) with { Scp = CardState.Scp02, ScpParameter = (byte)i });
        card.Reset();
        using var transport = Cards.SecureChannel.Scp02SessionTest.Keys(Named("i=15 level 01"), KeyVersion);
        using var own = new StaticKeys(0x21, SecretBytes.Random(16), SecretBytes.Random(16), SecretBytes.Random(16), ScpProtocol.Scp02);
        using (var session = Open(card, transport, (byte)i, (byte)level))
        {
            var data = ByteString.Own([0x21, .. Field(session, own.Enc), .. Field(session, own.Mac), .. Field(session, own.Dek)]);
            var answer = Exchange(card, session, new CommandApdu(0x80, 0xD8, 0x00, 0x81, data, CommandApdu.MaxShortLe));
            Assert.That(answer, Is.EqualTo(ByteString.Concat(
                ByteString.Own([0x21]), KeyCheckValue.OfDes(own.Enc), KeyCheckValue.OfDes(own.Mac), KeyCheckValue.OfDes(own.Dek))));
        }
        Open(card, own, (byte)i, (byte)level).Dispose();
        Assert.That(card.State.SequenceCounters[0x21], Is.EqualTo(1), "a new set counts from 0");
    }

    private static SecureChannelSession Open(CardSimulator card, StaticKeys keys, byte i, byte level)
    {
        byte[] challenge = [1, 2, 3, 4, 5, 6, 7, 8];
        var answer = ResponseApdu.Parse(card.Transmit([0x80, 0x50, keys.KeyVersion, 0, 8, .. challenge, 0]));
        var opened = ChannelOpening.TryOpen(keys, keys.KeyVersion, challenge, answer,
            new ChannelTerms((CardIssue.Core.Cards.SecureChannel.SecurityLevel)level) { Protocol = ScpProtocol.Scp02, Options = new ScpOptions(ScpProtocol.Scp02, i) });
        var session = ((ChannelOpenResult.Opened)opened).Session;
        Assert.That(card.Transmit(session.ExternalAuthenticate().ToBytes().Span), Is.EqualTo(new byte[] { 0x90, 0x00 }));
        return session;
    }

    private static ByteString Exchange(CardSimulator card, SecureChannelSession session, CommandApdu command)
    {
        var result = session.Unwrap(ResponseApdu.Parse(card.Transmit(session.Wrap(command).ToBytes().Span)));
        Assert.That(result.StatusWord, Is.EqualTo(0x9000));
        return result is UnwrapResult.Authenticated authenticated ? authenticated.Data : ((UnwrapResult.NoProtection)result).Data;
    }

    private static byte[] Field(SecureChannelSession session, SecretBytes key) =>
        [0x80, 0x10, .. session.EncryptWithDek(key.Span, DekPadding.KeyData).ToArray(), 0x03, .. KeyCheckValue.OfDes(key).ToArray()];

    [TestCase(null, 0x75)]
    [TestCase("15", 0x15)]
    [TestCase("1A", 0x1A)]
    public async Task Program_NewWithScp02_MakesACardThatIsReadAgain(string? i, int parameter)
    {
        var file = Path.Combine(Path.GetTempPath(), $"virtualcard-{Guid.NewGuid():N}.json");
        try
        {
            using var error = new StringWriter();
            string[] args = ["new", "--out", file, "--scp", "02", .. i is null ? [] : (string[])["--i", i]];
            Assert.That(await VirtualCardCommand.RunAsync(args, TextWriter.Null, error), Is.Zero, error.ToString());
            var card = CardSimulator.Open(file);
            Assert.That((card.State.Scp, card.State.ScpParameter), Is.EqualTo((CardState.Scp02, (byte)parameter)));
            Assert.That(card.State.KeySet(KeyVersion), Is.Not.Null);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [TestCase("--scp", "01")]
    [TestCase("--scp", "02", "--i", "95")]
    [TestCase("--scp", "02", "--i", "xx")]
    [TestCase("--scp", "02", "--scp03", "s16")]
    [TestCase("--i", "40")]
    public async Task Program_NewWithAParameterThatThereIsNot_EndsAsWrongUsage(params string[] given)
    {
        using var error = new StringWriter();
        string[] args = ["new", "--out", Path.Combine(Path.GetTempPath(), $"virtualcard-{Guid.NewGuid():N}.json"), "--test-keys", .. given];
        Assert.That(await VirtualCardCommand.RunAsync(args, TextWriter.Null, error), Is.EqualTo(2), error.ToString());
    }

    private static Scp02Channel Opened(JsonElement session)
    {
        var update = session.Hex("initializeUpdateResponse").ToArray();
        var channel = new Scp02Channel(Keys(session), new Scp02Parameter(I(session)), update[12..14], session.Hex("hostChallenge").ToArray(), update[14..20]);
        Assert.That(channel.CardCryptogram, Is.EqualTo(update[20..]));
        var authenticate = Command.TryParse(session.Hex("externalAuthenticate").Span)!;
        Assert.That(authenticate.Data[..8], Is.EqualTo(channel.HostCryptogram));
        Assert.That(channel.VerifyAuthentication(authenticate), Is.True);
        channel.Level = (SecurityLevel)authenticate.P1;
        return channel;
    }
}
