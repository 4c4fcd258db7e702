using System.Text.Json;
using CardIssue.Core;
using CardIssue.Core.Cards;
using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Cards.SecureChannel.Opening;
using CardIssue.Core.Primitives;
using CardIssue.Test.Cards.Vectors;

namespace CardIssue.Test.Cards.SecureChannel;

public class Scp03SessionTest
{
    private static IEnumerable<TestCaseData> Sessions() =>
        Vector.Load("scp03_sessions.json").Concat(Vector.Load("scp03_s16_sessions.json")).Select(session => new TestCaseData(session).SetArgDisplayNames(session.Text("name")));

    internal static StaticKeys Keys(JsonElement session) => new(
        session.Hex("initializeUpdate")[2], SecretBytes.Copy(session.Hex("enc").Span), SecretBytes.Copy(session.Hex("mac").Span), SecretBytes.Copy(session.Hex("dek").Span));

    internal static SecureChannelSession Open(JsonElement session)
    {
        using var keys = Keys(session);
        var initializeUpdate = CommandApdu.Parse(session.Hex("initializeUpdate").Span);
        var answer = session.Hex("initializeUpdateResponse");
        ScpOptions? options = initializeUpdate.Data.Length == ChannelCommands.LongChallengeLength ? new ScpOptions(ScpProtocol.Scp03, answer[12]) : null;
        return ChannelOpening.TryOpen(keys, initializeUpdate.P1, initializeUpdate.Data.Span, new ResponseApdu(answer, 0x9000),
            new ChannelTerms((SecurityLevel)session.Hex("level")[0]) { Options = options }).Opened();
    }

    private static JsonElement Vector33 => Vector.Load("scp03_sessions.json").Single(s => s.Text("name") == "pySim SCP03 AES128 level 33");

    private static JsonElement Vector11 => Vector.Load("scp03_sessions.json").Single(s => s.Text("name") == "pySim SCP03 AES256 level 11");

    [TestCaseSource(nameof(Sessions))]
    public void RealCard_Replayed_EveryByteAgrees(JsonElement vector)
    {
        using var session = Open(vector);
        Replay(session, vector);
    }

    [TestCaseSource(nameof(Sessions))]
    public void SessionKeysAlone_Replayed_EveryByteAgrees(JsonElement vector)
    {
        using var center = Open(vector);
        Channels.ThatKeysAloneSpeakTheSame(center, session => Replay(session, vector));
    }

    private static void Replay(SecureChannelSession session, JsonElement vector)
    {
        Assert.That(session.ExternalAuthenticate().ToBytes(), Is.EqualTo(vector.Hex("externalAuthenticate")));
        foreach (var exchange in vector.GetProperty("exchanges").EnumerateArray())
        {
            Assert.That(session.Wrap(CommandApdu.Parse(exchange.Hex("plain").Span)).ToBytes(), Is.EqualTo(exchange.Hex("wrapped")));
            if (exchange.HexOrNull("response") is not { } response)
            {
                // The vector does not tell what the card answered here; an error moves nothing.
                session.Unwrap(new ResponseApdu(default, 0x6A88));
                continue;
            }
            var result = session.Unwrap(new ResponseApdu(response, 0x9000));
            Assert.That(Channels.PlainOf(session, result), Is.EqualTo(exchange.Hex("responsePlain")));
        }
    }

    [TestCaseSource(nameof(Sessions))]
    public void RealCard_Opened_SessionKeysAgree(JsonElement vector)
    {
        using var session = Open(vector);
        var exported = new byte[session.ExportedKeysLength];
        session.ExportKeys(exported);
        var keys = ByteString.Concat(vector.Hex("sessionEnc"), vector.Hex("sessionMac"), vector.Hex("sessionRmac"));
        Assert.That(ByteString.Copy(exported.AsSpan(exported.Length - keys.Length)), Is.EqualTo(keys));
    }

    [Test]
    public void CommandsWrappedAhead_AnswersUnwrappedInOrder_EachIsCheckedWithItsOwnCommand()
    {
        using var session = Open(Vector33);
        session.ExternalAuthenticate();
        var exchanges = Vector33.GetProperty("exchanges").EnumerateArray().ToArray();
        foreach (var exchange in exchanges)
            Assert.That(session.Wrap(CommandApdu.Parse(exchange.Hex("plain").Span)).ToBytes(), Is.EqualTo(exchange.Hex("wrapped")));
        var first = session.Unwrap(new ResponseApdu(exchanges[0].Hex("response"), 0x9000));
        Assert.That((first as UnwrapResult.Authenticated)?.Data, Is.EqualTo(exchanges[0].Hex("responsePlain")));
    }

    [Test]
    public void AnyBitOfAResponse_Flipped_BreaksTheSession()
    {
        var exchange = Vector33.GetProperty("exchanges")[0];
        Channels.ThatEveryFlippedBitBreaks(new ResponseApdu(exchange.Hex("response"), 0x9000), () => Started(exchange, Vector33));
    }

    [TestCase(0x9000)]
    [TestCase(0x6200)]
    [TestCase(0x6310)]
    public void ProtectedStatus_WithoutMac_BreaksTheSession(int statusWord)
    {
        using var session = Started(Vector11.GetProperty("exchanges")[0], Vector11);
        Channels.ThatAMissingMacBreaks(session, statusWord);
    }

    [Test]
    public void GenuineData_WithAnotherStatusWord_BreaksTheSession()
    {
        var exchange = Vector11.GetProperty("exchanges")[0];
        using var session = Started(exchange, Vector11);
        Assert.That(session.Unwrap(new ResponseApdu(exchange.Hex("response"), 0x6310)), Is.InstanceOf<UnwrapResult.Breach>());
    }

    [Test]
    public void ErrorStatus_WithData_IsUnauthenticatedAndTheDataIsDropped()
    {
        using var session = Started(Vector11.GetProperty("exchanges")[0], Vector11);
        var result = session.Unwrap(new ResponseApdu(ByteString.FromHex("0102030405060708"), 0x6A80));
        Assert.That(result, Is.InstanceOf<UnwrapResult.Unauthenticated>().With.Property("StatusWord").EqualTo(0x6A80));
    }

    private static SecureChannelSession Started(JsonElement exchange, JsonElement vector)
    {
        var session = Open(vector);
        session.ExternalAuthenticate();
        session.Wrap(CommandApdu.Parse(exchange.Hex("plain").Span));
        return session;
    }

    [Test]
    public void Calls_OutOfOrder_Throw()
    {
        using var session = Open(Vector11);
        Assert.That(() => session.Wrap(new CommandApdu(0x80, 0xCA, 0, 0x66)), Throws.InvalidOperationException);
        Assert.That(() => session.Unwrap(new ResponseApdu(default, 0x9000)), Throws.InvalidOperationException);
        session.ExternalAuthenticate();
        Assert.That(() => session.ExternalAuthenticate(), Throws.InvalidOperationException);
        Assert.That(() => session.ExportKeys(new byte[ChannelSessionKeys.MaxExportedLength]), Throws.InvalidOperationException);
        Assert.That(() => session.Unwrap(new ResponseApdu(default, 0x9000)), Throws.InvalidOperationException);
    }

    [Test]
    public void Disposed_AnyCall_Throws()
    {
        var session = Open(Vector11);
        session.Dispose();
        session.Dispose();
        Assert.That(() => session.ExternalAuthenticate(), Throws.InvalidOperationException);
        Assert.That(() => session.Wrap(new CommandApdu(0x80, 0xCA, 0, 0x66)), Throws.InvalidOperationException);
        Assert.That(() => session.Unwrap(new ResponseApdu(default, 0x9000)), Throws.InvalidOperationException);
    }

    [TestCase("11", 247)]
    [TestCase("03", 239)]
    [TestCase("33", 239)]
    public void Data_AtTheLimit_FitsAndOneMoreIsRefused(string level, int limit)
    {
        using var session = Open(Vector.Load("scp03_sessions.json").First(s => s.Text("level") == level));
        session.ExternalAuthenticate();
        Channels.ThatMostDataIs(session, limit);
    }

    [Test]
    public void RefusedCommand_DoesNotMoveTheSession()
    {
        using var session = Open(Vector33);
        session.ExternalAuthenticate();
        Assert.That(() => session.Wrap(new CommandApdu(0x84, 0xE2, 0, 0)), Throws.ArgumentException);
        Assert.That(() => session.Wrap(new CommandApdu(0xC0, 0xE2, 0, 0)), Throws.ArgumentException);
        Assert.That(() => session.Wrap(new CommandApdu(0x80, 0xE2, 0, 0, ByteString.Own(new byte[1]), extended: true)), Throws.ArgumentException);
        Assert.That(() => session.Wrap([0x80, 0xE2, 0], new byte[SecureChannelSession.MaxWrappedLength]), Throws.ArgumentException);
        Assert.That(() => session.Wrap([0x80, 0xE2, 0, 0], new byte[8]), Throws.ArgumentException);
        var first = Vector33.GetProperty("exchanges")[0];
        Assert.That(session.Wrap(CommandApdu.Parse(first.Hex("plain").Span)).ToBytes(), Is.EqualTo(first.Hex("wrapped")));
    }

    [Test]
    public void Channel2_Wrapped_HasTheMacOfChannel0()
    {
        using var zero = Open(Vector11);
        using var two = Open(Vector11);
        zero.ExternalAuthenticate();
        two.ExternalAuthenticate();
        var onZero = zero.Wrap(new CommandApdu(0x80, 0xE2, 0, 0, ByteString.FromHex("0102")));
        var onTwo = two.Wrap(new CommandApdu(0x82, 0xE2, 0, 0, ByteString.FromHex("0102")));
        Assert.That(onTwo.Cla, Is.EqualTo(0x86));
        Assert.That(onTwo.Data, Is.EqualTo(onZero.Data));
    }

    [Test]
    public void OutstandingAnswers_AtTheCap_RefuseTheNextCommand()
    {
        using var session = Open(Vector11);
        session.ExternalAuthenticate();
        for (var i = 0; i < SecureChannelSession.MaxOutstanding; i++) session.Wrap(new CommandApdu(0x80, 0xCA, 0, 0x66));
        Assert.That(() => session.Wrap(new CommandApdu(0x80, 0xCA, 0, 0x66)), Throws.InvalidOperationException);
    }

    [Test]
    public void CardThatForgetsEmptyCommands_EmptyCommand_LeavesTheCounter()
    {
        using var keys = Keys(Vector33);
        var initializeUpdate = CommandApdu.Parse(Vector33.Hex("initializeUpdate").Span);
        SecureChannelSession OpenCounting(bool counts) => ChannelOpening.TryOpen(keys, 0, initializeUpdate.Data.Span,
            new ResponseApdu(Vector33.Hex("initializeUpdateResponse"), 0x9000),
            new ChannelTerms(SecurityLevel.CMacCEncRMacREnc) { Quirks = new CardQuirks(CountsEmptyCommands: counts) }).Opened();
        ByteString EncryptedAfterEmpty(bool counts)
        {
            using var session = OpenCounting(counts);
            session.ExternalAuthenticate();
            session.Wrap(new CommandApdu(0x80, 0xCA, 0, 0x66));
            return session.Wrap(new CommandApdu(0x80, 0xE2, 0, 0, ByteString.FromHex("01"))).Data.Slice(0, 16);
        }
        ByteString EncryptedAtOnce()
        {
            using var session = OpenCounting(true);
            session.ExternalAuthenticate();
            return session.Wrap(new CommandApdu(0x80, 0xE2, 0, 0, ByteString.FromHex("01"))).Data.Slice(0, 16);
        }
        Assert.That(EncryptedAfterEmpty(false), Is.EqualTo(EncryptedAtOnce()));
        Assert.That(EncryptedAfterEmpty(true), Is.Not.EqualTo(EncryptedAtOnce()));
    }

    /// <summary>Level 00: both sides are authenticated, and after that nothing is protected, either way.</summary>
    [TestCase("80CA006600", TestName = "Level00_CaseTwo_StaysAsItIs")]
    [TestCase("80E200000101", TestName = "Level00_CaseThree_StaysAsItIs")]
    [TestCase("81F24002024F0000", TestName = "Level00_CaseFourOnAChannel_StaysAsItIs")]
    [TestCase("80F20000", TestName = "Level00_CaseOne_StaysAsItIs")]
    public void Level00_Wrapped_IsTheCommandItself(string hex)
    {
        using var keys = Keys(Vector11);
        var initializeUpdate = CommandApdu.Parse(Vector11.Hex("initializeUpdate").Span);
        var answer = new ResponseApdu(Vector11.Hex("initializeUpdateResponse"), 0x9000);
        using var session = ChannelOpening.TryOpen(keys, 0, initializeUpdate.Data.Span, answer, new ChannelTerms(SecurityLevel.None)).Opened();
        // EXTERNAL AUTHENTICATE itself carries a MAC at every level (Amendment D §7.1.2).
        var authenticate = session.ExternalAuthenticate();
        Assert.That((authenticate.Cla, authenticate.P1, authenticate.Data.Length), Is.EqualTo(((byte)0x84, (byte)0x00, 16)));
        Assert.That(authenticate.Data.Slice(0, 8), Is.EqualTo(Vector11.Hex("externalAuthenticate").Slice(5, 8)));
        Assert.That(session.MaxPlainData, Is.EqualTo(255));

        var command = ByteString.FromHex(hex);
        for (var i = 0; i < 2; i++)
        {
            var wrapped = new byte[SecureChannelSession.MaxWrappedLength];
            Assert.That(ByteString.Copy(wrapped.AsSpan(0, session.Wrap(command.Span, wrapped))), Is.EqualTo(command));
        }
        foreach (var statusWord in new ushort[] { 0x9000, 0x6310, 0x6A88 })
        {
            session.Wrap(CommandApdu.Parse(command.Span));
            var result = session.Unwrap(new ResponseApdu(ByteString.FromHex("AABB"), statusWord)) as UnwrapResult.NoProtection;
            Assert.That((result?.Data, result?.StatusWord), Is.EqualTo(((ByteString?)ByteString.FromHex("AABB"), (ushort?)statusWord)));
        }
    }

    [Test]
    public void Level00_TakesAFullCommand_ProtectedLevelsDoNot()
    {
        using var keys = Keys(Vector11);
        var initializeUpdate = CommandApdu.Parse(Vector11.Hex("initializeUpdate").Span);
        var answer = new ResponseApdu(Vector11.Hex("initializeUpdateResponse"), 0x9000);
        foreach (var (level, most) in new[] { (SecurityLevel.None, 255), (SecurityLevel.CMac, 247), (SecurityLevel.CMacCEnc, 239) })
        {
            using var session = ChannelOpening.TryOpen(keys, 0, initializeUpdate.Data.Span, answer, new ChannelTerms(level)).Opened();
            session.ExternalAuthenticate();
            Channels.ThatMostDataIs(session, most);
        }
    }

    /// <summary>
    /// Amendment D §6.2.8 leaves the padding of a 24-byte key open; known bytes beside a key help nobody but an attacker.
    /// </summary>
    [Test]
    public void KeyOf24Bytes_EncryptedUnderTheDek_IsPaddedAtRandom()
    {
        using var session = Open(Vector11);
        using var aes = System.Security.Cryptography.Aes.Create();
        aes.SetKey(Vector11.Hex("dek").Span);
        var key = Enumerable.Range(1, 24).Select(i => (byte)i).ToArray();
        var paddings = Enumerable.Range(0, 8)
            .Select(_ => aes.DecryptCbc(session.EncryptWithDek(key, DekPadding.KeyData).Span, new byte[16], System.Security.Cryptography.PaddingMode.None))
            .Select(plain => (Key: Convert.ToHexString(plain, 0, 24), Padding: Convert.ToHexString(plain, 24, 8))).ToList();
        Assert.That(paddings.Select(p => p.Key), Is.All.EqualTo(Convert.ToHexString(key)));
        Assert.That(paddings.Select(p => p.Padding), Is.Unique);
        Assert.That(paddings.Select(p => p.Padding), Has.None.EqualTo("0000000000000000").And.None.EqualTo("8000000000000000"));
        // Keys that fill their blocks get none.
        Assert.That(session.EncryptWithDek(new byte[16], DekPadding.KeyData).Length, Is.EqualTo(16));
        Assert.That(session.EncryptWithDek(new byte[32], DekPadding.KeyData).Length, Is.EqualTo(32));
    }

    [Test]
    public void Dek_Encrypts_AsAesCbcWithZeroIvWould()
    {
        using var session = Open(Vector11);
        using var aes = System.Security.Cryptography.Aes.Create();
        aes.SetKey(Vector11.Hex("dek").Span);
        byte[] Decrypt(ByteString encrypted) => aes.DecryptCbc(encrypted.Span, new byte[16], System.Security.Cryptography.PaddingMode.None);
        var key24 = Enumerable.Range(1, 24).Select(i => (byte)i).ToArray();

        Assert.That(Decrypt(session.EncryptWithDek(key24.AsSpan(0, 16))), Is.EqualTo(key24[..16]));
        Assert.That(Decrypt(session.EncryptWithDek(key24, DekPadding.KeyData))[..24], Is.EqualTo(key24));
        Assert.That(session.EncryptWithDek(key24, DekPadding.KeyData).Length, Is.EqualTo(32));
        Assert.That(Decrypt(session.EncryptWithDek(key24.AsSpan(0, 14), DekPadding.Iso)), Is.EqualTo((byte[])[.. key24[..14], 0x80, 0x00]));
        Assert.That(Decrypt(session.EncryptWithDek(key24.AsSpan(0, 16), DekPadding.Iso)).Length, Is.EqualTo(32));
        Assert.That(() => session.EncryptWithDek(key24), Throws.ArgumentException);
        Assert.That(() => session.EncryptWithDek(key24.AsSpan(0, 15), DekPadding.KeyData), Throws.ArgumentException);
        Assert.That(() => session.EncryptWithDek([], DekPadding.Iso), Throws.ArgumentException);
    }
}
