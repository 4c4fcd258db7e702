using CardIssue.Testing.Cards.Serial;

namespace CardIssue.Test.VirtualCard;

/// <summary>The card's side of T=1, block by block, after the rules of ISO 7816-3 11.6.2 and 11.6.3.</summary>
public class T1CardTests
{
    private readonly T1Card _card = new(254);

    [SetUp]
    public void Reset() => Block(Send(T1Block.Supervisory(T1Block.Resynch)));

    [Test]
    public void Command_InOneBlock_IsRunAndAnsweredInOne()
    {
        Assert.That(Run("00A40400"), Is.EqualTo("00A40400"));
        Assert.That(Block(_card.Answer([0x90, 0x00])), Is.EqualTo("I0 9000"));
        Assert.That(_card.Receive(T1Block.Information(1, false, [1, 2, 3, 4]).ToBytes()).Run, Is.EqualTo(new byte[] { 1, 2, 3, 4 }), "the next one has N(S) 1");
        Assert.That(Block(_card.Answer([0x6D, 0x00])), Is.EqualTo("I1 6D00"));
    }

    [Test]
    public void Command_Chained_IsAcknowledgedAndRunWhole()
    {
        Assert.That(Block(Send(T1Block.Information(0, true, [1, 2]))), Is.EqualTo("R1 0"));
        Assert.That(Block(Send(T1Block.Information(1, true, [3]))), Is.EqualTo("R0 0"));
        Assert.That(_card.Receive(T1Block.Information(0, false, [4, 5]).ToBytes()).Run, Is.EqualTo(new byte[] { 1, 2, 3, 4, 5 }));
    }

    [Test]
    public void Answer_LongerThanIfsd_IsChained()
    {
        Run("00A40400");
        Assert.That(Block(_card.Answer([.. Enumerable.Repeat((byte)0xAA, 40), 0x90, 0x00])), Is.EqualTo("I0+ " + string.Concat(Enumerable.Repeat("AA", T1Card.DefaultIfsd))));
        Assert.That(Block(Send(T1Block.ReceiveReady(1, 0))), Is.EqualTo("I1 AAAAAAAAAAAAAAAA9000"));
    }

    [Test]
    public void Ifs_FromTheHost_IsGrantedAndUsed()
    {
        Assert.That(Block(Send(T1Block.Supervisory(T1Block.Ifs, 0xFE))), Is.EqualTo("E1 FE"));
        Run("00A40400");
        Assert.That(Block(_card.Answer(new byte[60])), Does.StartWith("I0 "));
    }

    [Test]
    public void Ifs_OfTheCard_ComesBeforeTheAnswer()
    {
        _card.IfsToAskFor = 10;
        Run("00A40400");
        Assert.That(Block(_card.Answer([0x90, 0x00])), Is.EqualTo("C1 0A"));
        Assert.That(Block(Send(T1Block.ReceiveReady(0, 1))), Is.EqualTo("C1 0A"), "asked again");
        Assert.That(Block(Send(T1Block.Supervisory(T1Block.Ifs | T1Block.ResponseBit, 10))), Is.EqualTo("I0 9000"));
        Assert.That(Block(Send(T1Block.Information(1, false, new byte[11]))), Is.EqualTo("R1 2"), "longer than it takes now");
    }

    [Test]
    public void WaitingTime_Granted_CommandGoesOn()
    {
        Run("00A40400");
        Assert.That(Block(_card.AskForTime(3)), Is.EqualTo("C3 03"));
        Assert.That(Block(Send(T1Block.Supervisory(T1Block.WaitingTime | T1Block.ResponseBit, 4))), Is.EqualTo("C3 03"), "another value than was asked for");
        Assert.That(_card.Receive(T1Block.Supervisory(T1Block.WaitingTime | T1Block.ResponseBit, 3).ToBytes()).GoOn);
        Assert.That(Block(_card.Answer([0x90, 0x00])), Is.EqualTo("I0 9000"));
    }

    [Test]
    public void Block_Damaged_IsAskedForAgain()
    {
        var bytes = T1Block.Information(0, false, [1, 2, 3, 4]).ToBytes();
        bytes[^1] ^= 1;
        Assert.That(Block(_card.Receive(bytes).Send), Is.EqualTo("R0 1"));
        Assert.That(Block(_card.Receive([0x00, 0x00, 0x05, 0x05]).Send), Is.EqualTo("R0 2"), "the length is wrong");
        Assert.That(Block(_card.Receive([0x00]).Send), Is.EqualTo("R0 2"));
        Assert.That(Run("01020304"), Is.EqualTo("01020304"));
    }

    [Test]
    public void Answer_AskedForAgain_IsSentAgain()
    {
        Run("00A40400");
        _card.Answer([0x90, 0x00]);
        Assert.That(Block(Send(T1Block.ReceiveReady(0, 1))), Is.EqualTo("I0 9000"));
        Assert.That(Block(Send(T1Block.ReceiveReady(1, 0))), Is.EqualTo("R1 0"), "the host's next block got lost");
    }

    [Test]
    public void Chain_AcknowledgementDamaged_GoesOnWhenItIsRepeated()
    {
        Run("00A40400");
        _card.Answer(new byte[T1Card.DefaultIfsd * 2]);
        var bytes = T1Block.ReceiveReady(1, 0).ToBytes();
        bytes[^1] ^= 1;
        Assert.That(Block(_card.Receive(bytes).Send), Is.EqualTo("R1 1"));
        Assert.That(Block(Send(T1Block.ReceiveReady(1, 0))), Does.StartWith("I1 "));
    }

    [Test]
    public void Block_RepeatedOrOutOfTurn_IsNotRunTwice()
    {
        Run("00A40400");
        Assert.That(Block(Send(T1Block.Information(0, false, [1, 2, 3, 4]))), Is.EqualTo("R1 2"), "while it runs");
        _card.Answer([0x90, 0x00]);
        Assert.That(Block(Send(T1Block.Information(0, false, [1, 2, 3, 4]))), Is.EqualTo("R1 2"));
    }

    [Test]
    public void Abort_OfAChain_ForgetsIt()
    {
        Send(T1Block.Information(0, true, [1, 2]));
        Assert.That(Block(Send(T1Block.Supervisory(T1Block.Abort))), Is.EqualTo("E2"));
        Assert.That(_card.Receive(T1Block.Information(1, false, [9, 9, 9, 9]).ToBytes()).Run, Is.EqualTo(new byte[] { 9, 9, 9, 9 }));
    }

    [Test]
    public void Resynch_WhileACommandRuns_BeginsAnew()
    {
        Run("00A40400");
        Assert.That(Block(Send(T1Block.Supervisory(T1Block.Resynch))), Is.EqualTo("E0"));
        Assert.That(_card.IsRunning, Is.False);
        Assert.That(Run("00A40400"), Is.EqualTo("00A40400"));
    }

    private byte[]? Send(T1Block block) => _card.Receive(block.ToBytes()).Send;

    private string Run(string command) => Convert.ToHexString(_card.Receive(T1Block.Information(0, false, Convert.FromHexString(command)).ToBytes()).Run!);

    /// <summary>I with N(S) and + for more, R with N(R) and error, S as its PCB; then the information field.</summary>
    private static string Block(byte[]? bytes)
    {
        var block = T1Block.Read(bytes, out _)!.Value;
        var inf = Convert.ToHexString(block.Inf);
        return block.IsInformation ? $"I{block.SendNumber}{(block.HasMore ? "+" : "")} {inf}"
            : block.IsReceiveReady ? $"R{block.ReceiveNumber} {block.Pcb & 0x0F}" : $"{block.Pcb:X2} {inf}".TrimEnd();
    }
}
