using CardIssue.Core.Primitives;
using CardIssue.Test.Parts;
using CardIssue.Testing.Cards;
using CardIssue.Testing.Cards.Serial;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Test.VirtualCard;

/// <summary>Our card and reader before other people's host software: Debian's pcscd with vpcd and with libccid's driver of the GemPC Twin, OpenSC's programs.</summary>
[CancelAfter(120_000)]
[NonParallelizable]
public class PcscTests
{
    private const string SelectDomain = "00A4040000", GetCplc = "80CA9F7F00", GetLongData = "80CADF0100";
    private const int LongData = 0xDF01;

    private static CardState Card()
    {
        var data = Enumerable.Range(0, 700).Select(i => (byte)(i * 7)).ToArray();
        var state = CardProfile.BlankEmv(7, [TestCard.Keys]);
        return state with { Data = state.Data.Add(LongData, ByteString.Own(data)) };
    }

    [Test]
    public async Task Pcscd_CardIn_AtrAndCommandsComeThrough([Values] PcscPath path)
    {
        await using var bench = await PcscBench.StartAsync(path, Card());
        Assert.That(await bench.AtrAsync(), Is.EqualTo(Convert.ToHexString(AnswerToReset.Of(bench.Protocol))));
        var copy = CardSimulator.Create(Card());
        copy.Reset();
        string[] commands = [SelectDomain, GetCplc, "8050000008010203040506070800"];
        Assert.That(await bench.SendAsync(commands), Is.EqualTo(commands.Select(c => Convert.ToHexString(copy.Transmit(Convert.FromHexString(c))))));
    }

    [Test]
    public async Task Pcscd_LongAnswer_ComesWhole([Values] PcscPath path)
    {
        await using var bench = await PcscBench.StartAsync(path, Card());
        // OpenSC itself fetches what is left with GET RESPONSE. In T=1 each part is a chain of blocks: 258 bytes in blocks of 254.
        var answers = await bench.SendAsync(SelectDomain, GetLongData);
        var value = Convert.ToHexString(Card().Data[LongData].Span);
        Assert.That(answers[1], Is.EqualTo($"DF018202BC{value}9000"));
    }

    [Test]
    public async Task Pcscd_SecureSession_EveryByteArrives([Values] PcscPath path)
    {
        // The card's challenge is a pseudo-random one (SCP03 i=70), so a session that ran on a copy runs here again, MAC for MAC, to the byte.
        var recorded = Record(CardSimulator.Create(Card()));
        await using var bench = await PcscBench.StartAsync(path, Card());
        // Smaller blocks than the longest command, so that T=1 has to chain it.
        bench.Twin?.Inject(new TwinFault.CardIfs(60), at: 3, type: CcidCommand.Transfer);
        Assert.That(await bench.SendAsync(recorded.Select(r => r.Command)), Is.EqualTo(recorded.Select(r => r.Response)));
        Assert.That(bench.Slot.Card!.State.Data[0xDF02].Length, Is.EqualTo(200));
    }

    [Test]
    public async Task Pcscd_CardTakenOutAndAnotherPutIn_IsSeen([Values(PcscPath.Vpcd, PcscPath.TwinT0, PcscPath.TwinT1)] PcscPath path)
    {
        await using var bench = await PcscBench.StartAsync(path, Card());
        bench.Slot.Remove();
        await bench.UntilCardAsync(isIn: false);
        bench.Slot.Insert(CardSimulator.Create(CardProfile.BlankEmv(8, [TestCard.Keys]) with { Protocol = bench.Protocol }));
        await bench.UntilCardAsync(isIn: true);
        var answers = await bench.SendAsync(SelectDomain, GetCplc);
        Assert.That(answers[1], Does.Contain("00000008").And.EndWith("9000"));
    }

    [Test]
    public async Task Pcscd_SlowCard_IsWaitedFor([Values(PcscPath.TwinT0, PcscPath.TwinT1)] PcscPath path)
    {
        await using var bench = await PcscBench.StartAsync(path, Card());
        bench.Twin!.Inject(new TwinFault.WaitingTime(3), at: 3, type: CcidCommand.Transfer);
        var answers = await bench.SendAsync(SelectDomain, GetCplc, GetCplc);
        Assert.That(answers, Has.Count.EqualTo(3).And.All.EndsWith("9000"));
    }

    [Test]
    public async Task Pcscd_DamagedBlocks_AreAskedForAgain()
    {
        await using var bench = await PcscBench.StartAsync(PcscPath.TwinT1, Card());
        bench.Twin!.Inject(new TwinFault.FlippedCardByte(), at: 4, type: CcidCommand.Transfer);
        bench.Twin!.Inject(new TwinFault.CardIfs(40), at: 6, type: CcidCommand.Transfer);
        var answers = await bench.SendAsync(SelectDomain, GetCplc, GetLongData, SelectDomain);
        Assert.That(answers, Has.Count.EqualTo(4).And.All.EndsWith("9000"));
    }

    [Test]
    public async Task Pcscd_ExtendedLength_IsChainedBothWays([Values(PcscPath.Vpcd, PcscPath.TwinT1)] PcscPath path)
    {
        await using var bench = await PcscBench.StartAsync(path, Card());
        // A wrong length in its data field is all that GET DATA in class 00 can say about 600 bytes; that it says so shows that they came.
        // OpenSC's default driver believes in no card with extended lengths; this one, which sends nothing of its own at first, does.
        const string Driver = "MaskTech";
        var answers = await bench.SendAsync(Driver, ["80CADF01000000", "00CADF01000258" + new string('5', 1200), "80CADF01000000"]);
        Assert.That(answers[0], Has.Length.EqualTo((5 + 700 + 2) * 2).And.EndsWith("9000"));
        Assert.That(answers[1], Is.EqualTo("6700"));
        Assert.That(answers[2], Is.EqualTo(answers[0]));
    }

    private static List<(string Command, string Response)> Record(CardSimulator card)
    {
        var log = new List<(string, string)>();
        card.Reset();
        var host = new GlobalPlatformHost(
            command =>
            {
                var response = card.Transmit(command);
                log.Add((Convert.ToHexString(command), Convert.ToHexString(response)));
                return response;
            },
            TestCard.Keys);
        host.Plain(SelectDomain);
        Assert.That(host.Open(0x33), Is.EqualTo(0x9000));
        // 235 and the object's header of 4 bytes are padded to 240, which makes, with the MAC, the longest short command of SCP03.
        foreach (var (tag, length) in new[] { ((byte)0x02, 200), ((byte)0x03, 235) })
            Assert.That(host.Send(0xE2, 0x80, 0, [0xDF, tag, 0x81, (byte)length, .. Enumerable.Range(0, length).Select(i => (byte)i)]).Sw, Is.EqualTo(0x9000));
        Assert.That(host.Send(0xCA, 0xDF, 0x02, []).Sw, Is.EqualTo(0x9000));
        return log;
    }
}
