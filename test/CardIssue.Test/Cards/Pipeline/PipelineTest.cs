using CardIssue.Core.Cards;
using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.Pipeline;
using CardIssue.Core.Primitives;
using Microsoft.Extensions.Time.Testing;

namespace CardIssue.Test.Cards.Pipeline;

public class PipelineTest
{
    /// <summary>A card that answers by a function and remembers what it was sent.</summary>
    private sealed class Card(Func<string, string> answer, TransmissionProtocol protocol = TransmissionProtocol.T1) : ICardConnection
    {
        public TransmissionProtocol Protocol => protocol;

        public List<string> Sent { get; } = [];

        public ByteString Atr => ByteString.FromHex("3B00");

        public ValueTask<int> TransmitAsync(ReadOnlyMemory<byte> command, Memory<byte> response, CancellationToken cancellation)
        {
            var hex = Convert.ToHexString(command.Span);
            Sent.Add(hex);
            var bytes = ByteString.FromHex(answer(hex));
            bytes.Span.CopyTo(response.Span);
            return ValueTask.FromResult(bytes.Length);
        }

        public ValueTask<ByteString> ResetAsync(CancellationToken cancellation) => ValueTask.FromResult(Atr);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private static Card Script(params string[] answers)
    {
        var next = 0;
        return new Card(_ => answers[next++]);
    }

    private static Card ScriptOfT0(params string[] answers)
    {
        var next = 0;
        return new Card(_ => answers[next++], TransmissionProtocol.T0);
    }

    private static async Task<ResponseApdu> Send(Card card, string command)
    {
        await using var connection = new GetResponseConnection(card);
        return await connection.TransmitAsync(CommandApdu.Parse(ByteString.FromHex(command).Span), CancellationToken.None);
    }

    [Test]
    public async Task BytesWait_61xx_AreCollectedOnTheSameChannel()
    {
        var card = Script("6103", "AABBCC6102", "DDEE9000");
        var response = await Send(card, "86E200000101");
        Assert.That(response, Is.EqualTo(new ResponseApdu(ByteString.FromHex("AABBCCDDEE"), 0x9000)));
        Assert.That(card.Sent, Is.EqualTo(new[] { "86E200000101", "02C0000003", "02C0000002" }));
    }

    [Test]
    public async Task WrongLe_6Cxx_IsRepeatedOnceWithTheRightOne()
    {
        var card = Script("6C02", "AABB9000");
        Assert.That((await Send(card, "80CA006600")).Data.ToString(), Is.EqualTo("AABB"));
        Assert.That(card.Sent[1], Is.EqualTo("80CA006602"));

        card = Script("6C00", "9000");
        await Send(card, "80CA0066000010");
        Assert.That(card.Sent[1], Is.EqualTo("80CA0066000100"));

        card = Script("6C02", "6C03");
        Assert.That((await Send(card, "80CA006600")).StatusWord, Is.EqualTo(0x6C03));
    }

    [Test]
    public async Task WrongLe_InAnswerToGetResponse_IsRepeatedToo()
    {
        var card = Script("6100", "6C01", "AA9000");
        Assert.That((await Send(card, "80CA006600")).Data.ToString(), Is.EqualTo("AA"));
        Assert.That(card.Sent, Is.EqualTo(new[] { "80CA006600", "00C0000000", "00C0000001" }));
    }

    [Test]
    public async Task WrongLe_ForACommandWithoutLe_IsGivenBack() =>
        Assert.That((await Send(Script("6C02"), "80E200000101")).StatusWord, Is.EqualTo(0x6C02));

    /// <summary>What GET RESPONSE answers after a warning, and the response that comes of it.</summary>
    [TestCase("80F24002024F0000", "6310", "AABB9000", "AABB6310")]
    [TestCase("80F24002024F0000", "6310", "AABB6310", "AABB6310")]
    [TestCase("80F24002024F0000", "6282", "6C02 AABB9000", "AABB6282")]
    [TestCase("80F24002024F0000", "6310", "AABB6101 CC9000", "AABBCC6310")]
    [TestCase("80F24002024F0000", "6310", "6102 AABB9000", "AABB6310")]
    [TestCase("84E200000A01020304050607080910", "6310", "AABBCCDDEEFF00119000", "AABBCCDDEEFF00116310")]
    [TestCase("00A4040005A00000015100", "6283", "6A88", "6283")]
    [TestCase("00A4040005A00000015100", "6283", "6D00", "6283")]
    [TestCase("00A4040005A00000015100", "6283", "6F00", "6283")]
    [TestCase("00A4040005A00000015100", "6283", "9000", "6283")]
    [TestCase("00A4040005A00000015100", "6283", "6F038401019000", "6F038401016283")]
    public async Task WarningOfT0_ToACommandThatMayHaveAnAnswer_IsFollowedByGetResponse(string command, string first, string fetched, string response)
    {
        var card = ScriptOfT0([first, .. fetched.Split(' ')]);
        Assert.That((await Send(card, command)).ToBytes().ToString(), Is.EqualTo(response));
        Assert.That(card.Sent[1], Is.EqualTo("00C0000000"));
        Assert.That(card.Sent, Has.Count.EqualTo(1 + fetched.Split(' ').Length));
    }

    [TestCase("80E200000101", TestName = "Warning_CaseThreeInTheClear_HasNoAnswer")]
    [TestCase("C6E2000001FF", TestName = "Warning_CaseThreeOfAHighChannel_HasNoAnswer")]
    [TestCase("80CA006600", TestName = "Warning_CaseTwo_CameWithAllOfIt")]
    [TestCase("80CA0066", TestName = "Warning_CaseOne_HasNoAnswer")]
    public async Task WarningOfT0_ToACommandWithoutAnswerToFetch_Stands(string command)
    {
        var card = ScriptOfT0("6310");
        Assert.That((await Send(card, command)).StatusWord, Is.EqualTo(0x6310));
        Assert.That(card.Sent, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task WarningOfT0_ThatCameWithData_IsWhole() =>
        Assert.That((await Send(ScriptOfT0("AABB6310"), "80F24002024F0000")).ToBytes().ToString(), Is.EqualTo("AABB6310"));

    [TestCase("6A88")]
    [TestCase("9000")]
    [TestCase("6400")]
    public async Task StatusOfT0_ThatIsNoWarning_FetchesNothing(string status)
    {
        var card = ScriptOfT0(status);
        await Send(card, "80F24002024F0000");
        Assert.That(card.Sent, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task WarningOfT1_IsWhole()
    {
        var card = Script("6310");
        Assert.That((await Send(card, "80F24002024F0000")).StatusWord, Is.EqualTo(0x6310));
        Assert.That(card.Sent, Has.Count.EqualTo(1));
    }

    [Test]
    public void CardThatNeverEnds_61xx_IsGivenUpAtTheCap()
    {
        var card = new Card(_ => "6101");
        Assert.That(async () => await Send(card, "80CA006600"), Throws.InstanceOf<CardException>().With.Property("Fault").EqualTo(CardFault.Protocol));
        Assert.That(card.Sent, Has.Count.EqualTo(1 + GetResponseConnection.MaxGetResponseRounds));
    }

    [Test]
    public void MoreThanThereIsRoomFor_61xx_IsAFault()
    {
        var card = new Card(_ => "AABB6102");
        var connection = new GetResponseConnection(card);
        Assert.That(async () => await connection.TransmitAsync(ByteString.FromHex("80CA006600").Memory, new byte[7], CancellationToken.None),
            Throws.InstanceOf<CardException>());
    }

    [Test]
    public async Task Trace_TellsHeadersLengthsAndTimes_NeverData()
    {
        var lines = new List<string>();
        var time = new FakeTimeProvider();
        var card = new Card(_ =>
        {
            time.Advance(TimeSpan.FromMilliseconds(12.5));
            return "C0FFEE9000";
        });
        await using var connection = new TracingConnection(card, lines.Add, time);
        await connection.TransmitAsync(CommandApdu.Parse(ByteString.FromHex("80E2900003FACADE00").Span), CancellationToken.None);
        await connection.ResetAsync(CancellationToken.None);
        Assert.That(lines, Is.EqualTo(new[] { "80E29000, 3 bytes, Le 256 -> 3 bytes, 9000, 12.5 ms", "reset -> 2 bytes of ATR, 0.0 ms" }));
    }

    [Test]
    public void Trace_OfAFault_NamesIt()
    {
        var lines = new List<string>();
        var connection = new TracingConnection(new Card(_ => throw new CardException(CardFault.Removed, "gone")), lines.Add, new FakeTimeProvider());
        Assert.That(async () => await connection.TransmitAsync(new CommandApdu(0x80, 0xCA, 0, 0x66), CancellationToken.None), Throws.InstanceOf<CardException>());
        Assert.That(lines, Is.EqualTo(new[] { "80CA0066, 0 bytes, no Le -> Removed, 0.0 ms" }));
    }
}
