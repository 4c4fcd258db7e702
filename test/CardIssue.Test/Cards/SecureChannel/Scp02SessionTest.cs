using System.Text.Json;
using CardIssue.Core.Cards;
using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Cards.SecureChannel.Opening;
using CardIssue.Core.Cards.SecureChannel.Scp02;
using CardIssue.Core.Primitives;
using CardIssue.Test.Cards.Vectors;

namespace CardIssue.Test.Cards.SecureChannel;

public class Scp02SessionTest
{
    private static IEnumerable<TestCaseData> Published() => Cases("scp02_sessions.json", v => v.TryGetProperty("exchanges", out _));

    private static IEnumerable<TestCaseData> Derivations() => Cases("scp02_sessions.json", v => v.TryGetProperty("sequence", out _));

    private static IEnumerable<TestCaseData> Computed() => Cases("scp02_computed.json", IsExplicit);

    private static IEnumerable<TestCaseData> Implicit() => Cases("scp02_computed.json", v => !IsExplicit(v));

    private static IEnumerable<TestCaseData> Cases(string file, Func<JsonElement, bool> which) =>
        Vector.Load(file).Where(which).Select(v => new TestCaseData(v).SetArgDisplayNames(v.Text("name")));

    private static bool IsExplicit(JsonElement vector) => vector.TryGetProperty("initializeUpdateResponse", out _);

    private static byte Options(JsonElement vector) => vector.HexOrNull("i") is { } i ? i[0] : (byte)0x15;

    internal static JsonElement Vector13 => Vector.Load("scp02_computed.json").Single(v => v.Text("name") == "i=35 level 13");

    internal static StaticKeys Keys(JsonElement vector, byte version) => new(
        version, SecretBytes.Copy(vector.Hex("enc").Span), SecretBytes.Copy(vector.Hex("mac").Span), SecretBytes.Copy(vector.Hex("dek").Span), ScpProtocol.Scp02);

    internal static ChannelOpenResult TryOpen(JsonElement vector, ByteString answer, byte? options, SecurityLevel level)
    {
        using var keys = Keys(vector, vector.Hex("initializeUpdateResponse")[10]);
        return ChannelOpening.TryOpen(keys, 0, vector.Hex("hostChallenge").Span, new ResponseApdu(answer, 0x9000),
            new ChannelTerms(level) { Protocol = ScpProtocol.Scp02, Options = options is { } i ? new ScpOptions(ScpProtocol.Scp02, i) : null });
    }

    internal static SecureChannelSession Open(JsonElement vector) =>
        TryOpen(vector, vector.Hex("initializeUpdateResponse"), Options(vector), (SecurityLevel)vector.Hex("level")[0]).Opened();

    private static SecureChannelSession OpenImplicitly(JsonElement vector)
    {
        using var keys = Keys(vector, 0x20);
        return ChannelOpening.OpenImplicitly(keys, vector.Hex("sequence").Span, new Aid(vector.Hex("selected")), Options(vector));
    }

    [TestCaseSource(nameof(Published))]
    public void PublishedSession_Replayed_EveryByteAgrees(JsonElement vector)
    {
        using var session = Open(vector);
        Replay(session, vector);
    }

    [TestCaseSource(nameof(Computed))]
    public void SessionOfAllOptionsAndLevels_Replayed_EveryByteAgrees(JsonElement vector)
    {
        using var session = Open(vector);
        Replay(session, vector);
    }

    [TestCaseSource(nameof(Computed))]
    public void SessionKeysAlone_Replayed_EveryByteAgrees(JsonElement vector)
    {
        using var center = Open(vector);
        Channels.ThatKeysAloneSpeakTheSame(center, session => Replay(session, vector));
    }

    [TestCaseSource(nameof(Implicit))]
    public void ImplicitSession_Replayed_EveryByteAgrees(JsonElement vector)
    {
        using var session = OpenImplicitly(vector);
        Assert.That(() => session.ExternalAuthenticate(), Throws.InvalidOperationException);
        Assert.That(session.Level, Is.EqualTo(SecurityLevel.CMac));
        Exchange(session, vector);
    }

    [TestCaseSource(nameof(Derivations))]
    public void StaticKeys_Derived_PublishedSessionKeysComeOut(JsonElement vector)
    {
        using var keys = Keys(vector, 1);
        foreach (var (key, constant, name) in new[]
                 {
                     (keys.Enc, Scp02Kdf.Encryption, "sessionEnc"), (keys.Mac, Scp02Kdf.CommandMac, "sessionMac"),
                     (keys.Dek, Scp02Kdf.DataEncryption, "sessionDek"),
                 })
        {
            using var derived = Scp02Kdf.DeriveKey(key, constant, vector.Hex("sequence").Span);
            Assert.That(derived.Span.ToArray(), Is.EqualTo(vector.Hex(name).ToArray()), name);
        }
    }

    /// <summary>GPCS Appendix E's figures of the key 404142…4F at sequence counter 0001.</summary>
    [Test]
    public void ResponseMacKey_Derived_IsAsComputedElsewhere()
    {
        using var key = SecretBytes.Copy(Convert.FromHexString("404142434445464748494A4B4C4D4E4F"));
        using var derived = Scp02Kdf.DeriveKey(key, Scp02Kdf.ResponseMac, [0x00, 0x01]);
        Assert.That(Convert.ToHexString(derived.Span), Is.EqualTo("8EB6CF25BA4DECD820BF4E9FA616C50A"));
    }

    private static void Replay(SecureChannelSession session, JsonElement vector)
    {
        Assert.That(session.ExternalAuthenticate().ToBytes(), Is.EqualTo(vector.Hex("externalAuthenticate")));
        Exchange(session, vector);
    }

    private static void Exchange(SecureChannelSession session, JsonElement vector)
    {
        foreach (var exchange in vector.GetProperty("exchanges").EnumerateArray())
        {
            Assert.That(session.Wrap(CommandApdu.Parse(exchange.Hex("plain").Span)).ToBytes(), Is.EqualTo(exchange.Hex("wrapped")));
            var statusWord = exchange.HexOrNull("statusWord") is { } sw ? (ushort)(sw[0] << 8 | sw[1]) : (ushort)0x9000;
            var result = session.Unwrap(new ResponseApdu(exchange.HexOrNull("response") ?? default, statusWord));
            if (session.Level.HasRMac() && statusWord == 0x6A88)
            {
                Assert.That(result, Is.InstanceOf<UnwrapResult.Unauthenticated>());
                continue;
            }
            Assert.That(Channels.PlainOf(session, result), Is.EqualTo(exchange.HexOrNull("responsePlain") ?? default));
        }
    }

    [Test]
    public void CommandsWrappedAhead_AnswersUnwrappedInOrder_AreAuthenticated()
    {
        using var session = Open(Vector13);
        session.ExternalAuthenticate();
        var exchanges = Vector13.GetProperty("exchanges").EnumerateArray().ToArray();
        foreach (var exchange in exchanges) session.Wrap(CommandApdu.Parse(exchange.Hex("plain").Span));
        foreach (var exchange in exchanges)
        {
            var result = session.Unwrap(Answer(exchange));
            if (exchange.Text("statusWord") != "6A88") Assert.That((result as UnwrapResult.Authenticated)?.Data, Is.EqualTo(exchange.Hex("responsePlain")));
        }
    }

    [Test]
    public void AnyBitOfAResponse_Flipped_BreaksTheSession() =>
        Channels.ThatEveryFlippedBitBreaks(Answer(Vector13.GetProperty("exchanges")[1]), () => StartedAt(1));

    [TestCase(0x9000)]
    [TestCase(0x6200)]
    [TestCase(0x6310)]
    public void ProtectedStatus_WithoutMac_BreaksTheSession(int statusWord)
    {
        using var session = StartedAt(1);
        Channels.ThatAMissingMacBreaks(session, statusWord);
    }

    [Test]
    public void GenuineData_WithAnotherStatusWord_IsNeverAuthenticated()
    {
        var answer = Answer(Vector13.GetProperty("exchanges")[1]);
        using var session = StartedAt(1);
        Assert.That(session.Unwrap(new ResponseApdu(answer.Data, 0x6310)), Is.InstanceOf<UnwrapResult.Breach>());
        using var another = StartedAt(1);
        Assert.That(another.Unwrap(new ResponseApdu(answer.Data, 0x6A80)), Is.InstanceOf<UnwrapResult.Unauthenticated>());
    }

    /// <summary>At an error that is not authenticated nothing moves: the next answer is judged as the card made it.</summary>
    [Test]
    public void ErrorStatus_IsUnauthenticated_AndTheNextAnswerIsJudged()
    {
        using var session = StartedAt(5);
        Assert.That(session.Unwrap(new ResponseApdu(ByteString.FromHex("0102030405060708"), 0x6A88)), Is.InstanceOf<UnwrapResult.Unauthenticated>());
        var next = Vector13.GetProperty("exchanges").EnumerateArray().SkipWhile(e => e.Text("statusWord") != "6A88").ElementAt(1);
        session.Wrap(CommandApdu.Parse(next.Hex("plain").Span));
        Assert.That(session.Unwrap(Answer(next)), Is.InstanceOf<UnwrapResult.Authenticated>());
    }

    [TestCase(SecurityLevel.None, 255)]
    [TestCase(SecurityLevel.RMac, 255)]
    [TestCase(SecurityLevel.CMac, 247)]
    [TestCase(SecurityLevel.CMacCEnc, 239)]
    [TestCase(SecurityLevel.CMacCEncRMac, 239)]
    public void MostData_FitsAndOneByteMoreDoesNot(SecurityLevel level, int most)
    {
        using var session = TryOpen(Vector13, Vector13.Hex("initializeUpdateResponse"), 0x35, level).Opened();
        session.ExternalAuthenticate();
        Channels.ThatMostDataIs(session, most);
    }

    /// <summary>The session's DEK, in ECB mode: the same block twice makes the same block twice.</summary>
    [Test]
    public void SecretData_IsEncryptedUnderTheSessionsDek()
    {
        using var session = Open(Vector13);
        var key = Convert.FromHexString("00112233445566770011223344556677");
        var expected = new byte[16];
        TripleDes.EncryptEcb(Vector13.Hex("sessionDek").Span, key, expected);
        var encrypted = session.EncryptWithDek(key);
        Assert.That(encrypted.ToArray(), Is.EqualTo(expected));
        Assert.That(encrypted.Slice(0, 8), Is.EqualTo(encrypted.Slice(8, 8)));
        Assert.That(session.EncryptWithDek(key, DekPadding.KeyData).ToArray(), Is.EqualTo(expected));
        Assert.That(session.EncryptWithDek(key.AsSpan(0, 8)).Length, Is.EqualTo(8));
        Assert.That(session.EncryptWithDek(key.AsSpan(0, 6), DekPadding.Iso).Length, Is.EqualTo(8));
        Assert.That(() => session.EncryptWithDek(key.AsSpan(0, 6)), Throws.ArgumentException);
    }

    private static ResponseApdu Answer(JsonElement exchange) =>
        new(exchange.Hex("response"), (ushort)(exchange.Hex("statusWord")[0] << 8 | exchange.Hex("statusWord")[1]));

    /// <summary>A session whose exchanges before that one went by, the n-th command wrapped.</summary>
    private static SecureChannelSession StartedAt(int n)
    {
        var session = Open(Vector13);
        session.ExternalAuthenticate();
        var exchanges = Vector13.GetProperty("exchanges").EnumerateArray().ToArray();
        var at = n == 5 ? Array.FindIndex(exchanges, e => e.Text("statusWord") == "6A88") : n;
        for (var i = 0; i <= at; i++)
        {
            session.Wrap(CommandApdu.Parse(exchanges[i].Hex("plain").Span));
            if (i < at) session.Unwrap(Answer(exchanges[i]));
        }
        return session;
    }
}
