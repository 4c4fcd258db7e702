using System.Formats.Cbor;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Test.Codec;

public class MessageCodecTest
{
    [Test]
    public void Samples_AreCounted_CoverEveryType() =>
        Assert.That(MessageSamples.All.Select(sample => sample.Message.Type).Distinct(), Is.EquivalentTo(Enum.GetValues<RelayMessageType>()));

    [Test]
    public void EveryMessage_IsEncoded_HasItsGoldenBytes()
    {
        foreach (var (message, golden) in MessageSamples.All)
            Assert.That(Convert.ToHexString(MessageCodec.Encode(message)), Is.EqualTo(golden), message.Type.ToString());
    }

    [Test]
    public void EveryMessage_GoesThere_ComesBackEqual()
    {
        foreach (var (message, golden) in MessageSamples.All)
        {
            var result = MessageCodec.Decode(Convert.FromHexString(golden));
            Assert.That(result.Error, Is.Null, message.Type.ToString());
            Assert.That(result.Message, Is.EqualTo(message));
        }
    }

    [Test]
    public void EveryMessage_IsReadByAnotherReader_IsDeterministicCbor()
    {
        foreach (var (message, golden) in MessageSamples.All)
        {
            var reader = new CborReader(Convert.FromHexString(golden), CborConformanceMode.Ctap2Canonical);
            Assert.That(() => reader.SkipValue(), Throws.Nothing, message.Type.ToString());
            Assert.That(reader.BytesRemaining, Is.Zero);
        }
    }

    [Test]
    public void EveryMessage_IsCutAnywhere_IsMalformed()
    {
        foreach (var (message, golden) in MessageSamples.All)
        {
            var bytes = Convert.FromHexString(golden);
            for (var length = 0; length < bytes.Length; length++)
                Assert.That(MessageCodec.Decode(bytes.AsMemory(0, length)).IsMessage, Is.False, $"{message.Type} cut to {length}");
        }
    }

    [Test]
    public void EveryMessage_IsFollowedByAByte_IsMalformed()
    {
        foreach (var (message, golden) in MessageSamples.All)
            Assert.That(MessageCodec.Decode(Convert.FromHexString(golden + "00")).IsMessage, Is.False, message.Type.ToString());
    }

    [Test]
    public void EveryMessage_LacksItsFirstField_IsMalformed()
    {
        foreach (var (message, golden) in MessageSamples.All)
        {
            var bytes = Convert.FromHexString(golden);
            if (bytes[0] == 0xA1) continue;
            var type = bytes[2] == 0x18 ? bytes[2..4] : bytes[2..3];
            Assert.That(MessageCodec.Decode((byte[])[0xA1, 0x00, .. type]).Error, Does.Contain("field 1 is missing"), message.Type.ToString());
        }
    }

    [TestCase("", TestName = "Nothing")]
    [TestCase("A10000", TestName = "Type 0")]
    [TestCase("A100181B", TestName = "Type 27")]
    [TestCase("A70001010102010363542D31045820202122232425262728292A2B2C2D2E2F303132333435363738393A3B3C3D3E3F05080600", TestName = "The whole line written out")]
    [TestCase("A20016014F404142434445464748494A4B4C4D4E", TestName = "A token of 15 bytes")]
    [TestCase("A20005010301", TestName = "Trailing byte")]
    [TestCase("A2010300 05", TestName = "Keys out of order")]
    [TestCase("A3000501030103", TestName = "A key twice")]
    [TestCase("A20005011803", TestName = "A number longer than needed")]
    [TestCase("B8020005 0103", TestName = "A map head longer than needed")]
    [TestCase("BF00050103FF", TestName = "Indefinite length")]
    [TestCase("A2000501F5", TestName = "A flag for a number")]
    [TestCase("A200050120", TestName = "A negative number")]
    [TestCase("A2000501 05", TestName = "A code that is none")]
    [TestCase("A2000501 1B FFFFFFFFFFFFFFFF", TestName = "A number past all types")]
    [TestCase("C0A200050103", TestName = "A tag")]
    [TestCase("8200050103", TestName = "An array")]
    [TestCase("A5000901010250404142434445464748494A4B4C4D4E4F03F40460", TestName = "False written out")]
    [TestCase("A4000D010002410003 80", TestName = "Empty status words written out")]
    [TestCase("A4000D010002410003 81 1A00010000", TestName = "A status word of three bytes")]
    [TestCase("A20013016347 1B6D", TestName = "An escape character")]
    [TestCase("A2001301 63 47FFFF", TestName = "No UTF-8")]
    [TestCase("A3001501 63 542F31 0201", TestName = "A name with a slash")]
    [TestCase("A3000A 0100 02423B3C", TestName = "A count of zero")]
    [TestCase("A3000A 0101 02413B", TestName = "An ATR of one byte")]
    [TestCase("A3000D 01 1A40000000 024100", TestName = "A sequence past its end")]
    public void Bytes_AreNoMessage_AreMalformed(string hex)
    {
        var result = MessageCodec.Decode(ByteString.FromHex(hex).Memory);
        Assert.That(result.IsMessage, Is.False);
        Assert.That(result.Error, Is.Not.Empty);
    }

    [Test]
    public void Messages_AreOutsideTheirLimits_AreNotEncoded()
    {
        var nonce = MessageSamples.Counting(0, 32);
        RelayMessage[] wrong =
        [
            new Hello(1, 1, new TerminalId("T"), MessageSamples.Counting(0, 31), 8),
            new Hello(1, 1, new TerminalId("T"), nonce, 33),
            new Hello(0, 1, new TerminalId("T"), nonce, 8),
            new Hello(1, 1, default, nonce, 8),
            new Hello(1, 1, new TerminalId("T"), nonce, 8, (LineHalf)3),
            new Join(default),
            new Witness(default),
            new Witness(ByteString.Own([1]), ByteString.Own(new byte[FieldLimits.MaxCenterCertificate + 1])),
            new Witness(ByteString.Own([1]), default, ByteString.Own(new byte[FieldLimits.MaxCenterKeys + 1])),
            new Witness(ByteString.Own(new byte[FieldLimits.MaxWitness + 1])),
            new Challenge(1, nonce, default),
            new RequestIssue(1, new string('x', 65), nonce, new OperatorId("o")),
            new InsertCard(1, MessageSamples.Counting(0, 16), false, new string('x', 129)),
            new InsertCard(1, MessageSamples.Counting(0, 16), false, "a\nb"),
            new Issued(new string('x', 1_025)),
            new Script(ScriptKind.Record, 1, 1, 1, 0, 1_025, false, false, default),
            new Script((ScriptKind)9, 1, 1, 1, 0, 1, false, false, default),
            new Command(-1, nonce, default),
            new Command(1, default, default),
            new Result(0, ScriptStop.Completed, [MessageSamples.Counting(0, 1)]),
            new Result(0, ScriptStop.Completed, [ByteString.Own(new byte[40_000]), ByteString.Own(new byte[40_000])]),
        ];
        foreach (var message in wrong) Assert.That(() => MessageCodec.Encode(message), Throws.InstanceOf<ArgumentException>(), message.Type.ToString());
    }

    /// <summary>The limits in numbers: a constant that both ends share would else change at both unnoticed.</summary>
    [Test]
    public void Messages_AtTheirLimits_GoThereAndComeBackEqual()
    {
        var (nonce, token) = (MessageSamples.Counting(0, 32), MessageSamples.Counting(0, 16));
        RelayMessage[] right =
        [
            new Hello(1, 1, new TerminalId("T"), nonce, 1),
            new Hello(1, 1, new TerminalId("T"), nonce, 32),
            new RequestIssue(1, new string('x', 64), nonce, new OperatorId("o")),
            new InsertCard(1, token, false, new string('x', 128)),
            new CardPresent(1, MessageSamples.Counting(0, 2)),
            new CardPresent(1, MessageSamples.Counting(0, 33)),
            new ReaderRefused(new string('x', 256)),
            new Issued(new string('x', 1_024)),
            new Script(ScriptKind.Record, 1, 255, 1, 0, 1_024, true, false, default),
            new Script(ScriptKind.Record, 1, 1, 1, 0x3FFF_FFFF, 1, false, false, default),
            new Command(0x3FFF_FFFF, MessageSamples.Counting(0, 1), default),
            new Command(0, MessageSamples.Counting(0, 65_560), default),
            new Result(0x3FFF_FFFF, ScriptStop.Completed, [MessageSamples.Counting(0, 2)]),
        ];
        foreach (var message in right) Assert.That(MessageCodec.Decode(MessageCodec.Encode(message)).Message, Is.EqualTo(message), message.Type.ToString());
        Assert.That((MessageCodec.MaxMessage, ILine.MaxFrame), Is.EqualTo((66_024, 66_048)));
    }

    [Test]
    public void AFrame_IsTooLong_IsMalformed() => Assert.That(MessageCodec.Decode(new byte[ILine.MaxFrame + 1]).IsMessage, Is.False);

    [Test]
    public void RandomChanges_AreDecoded_NeverThrowAndWhatIsAcceptedIsDeterministic()
    {
        var seed = Environment.TickCount;
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var goldens = MessageSamples.All.Select(sample => Convert.FromHexString(sample.Golden)).ToArray();
        for (var round = 0; round < 60_000; round++)
        {
            var bytes = Mutate(random, goldens[random.Next(goldens.Length)]);
            var result = MessageCodec.Decode(bytes);
            Assert.That(result.IsMessage, Is.EqualTo(string.IsNullOrEmpty(result.Error)), $"seed {seed}, round {round}: what is no message says why");
            if (result.IsMessage && Growth.IsOpen(result.Message.Type))
                Assert.That(bytes.AsSpan(1).StartsWith(MessageCodec.Encode(result.Message).AsSpan(1)), $"seed {seed}, round {round}: {Convert.ToHexString(bytes)}");
            else if (result.IsMessage) Assert.That(MessageCodec.Encode(result.Message), Is.EqualTo(bytes), $"seed {seed}, round {round}");
            var isCommand = CommandFrame.TryRead(bytes, out var sequence, out var payload, out var expected);
            Assert.That(isCommand, Is.EqualTo(result.Message is Command), $"seed {seed}, round {round}: {Convert.ToHexString(bytes)}");
            if (isCommand) Assert.That(new Command(sequence, ByteString.Copy(payload), expected), Is.EqualTo(result.Message));
        }
    }

    private static byte[] Mutate(Random random, byte[] original)
    {
        var bytes = original.ToList();
        for (var changes = random.Next(1, 4); changes > 0 && bytes.Count > 0; changes--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(4))
            {
                case 0: bytes[at] = (byte)random.Next(256); break;
                case 1: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 2: bytes.Insert(at, (byte)random.Next(256)); break;
                default: bytes.RemoveAt(at); break;
            }
        }
        return [.. bytes];
    }
}
