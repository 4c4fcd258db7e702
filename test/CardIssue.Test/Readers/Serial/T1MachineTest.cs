using System.Text.RegularExpressions;
using CardIssue.Reader.Serial.T1;
using CardIssue.Testing.Cards.Serial;
using Machine = CardIssue.Reader.Serial.T1.T1Machine;

namespace CardIssue.Test.Readers.Serial;

/// <summary>
/// The scenarios of ISO 7816-3 annex A, in its own notation: I(N(S),M), R(N(R)), S(… request), S(… response); // is a damaged block, - is none. "&gt;" is what the
/// machine must send, "&lt;" what the card does.
/// </summary>
public sealed partial class T1MachineTest
{
    private const string Ifs = "> S(IFS request 254)  < S(IFS response 254)  ";

    [TestCase("> I(0,0) < I(0,0)", TestName = "Exchange of I-blocks")]
    [TestCase("> I(0,0) < S(WTX request 3) > S(WTX response 3) < I(0,0)", TestName = "Waiting time extension")]
    [TestCase("> I(0,0) < S(IFS request 100) > S(IFS response 100) < I(0,0)", TestName = "IFS from the card")]
    [TestCase("> I(0,1) < R(1) > I(1,1) < R(0) > I(0,0) < I(0,0)", 10, TestName = "Chaining to the card")]
    [TestCase("> I(0,0) < I(0,1) > R(1) < I(1,1) > R(0) < I(0,0)", TestName = "Chaining from the card")]
    [TestCase("> I(0,1) < R(1) > I(1,0) < I(0,1) > R(1) < I(1,0)", 8, TestName = "Chaining both ways")]
    [TestCase("> I(0,0) < R(0) > I(0,0) < I(0,0)", TestName = "I-block damaged on its way to the card")]
    [TestCase("> I(0,0) < // > R(0) < I(0,0)", TestName = "I-block damaged on its way from the card")]
    [TestCase("> I(0,0) < - > R(0) < I(0,0)", TestName = "I-block from the card lost")]
    [TestCase("> I(0,0) < // > R(0) < R(1) > R(0) < I(0,0)", TestName = "I-block, then R-block damaged")]
    [TestCase("> I(0,0) < // > R(0) < R(0) > I(0,0) < I(0,0)", TestName = "Card's R-block damaged")]
    [TestCase("> I(0,0) < // > R(0) < // > R(0) < I(0,0)", TestName = "Two damaged blocks in a row")]
    [TestCase("> I(0,0) < S(WTX request 3) > S(WTX response 3) < // > R(0) < S(WTX request 3) > S(WTX response 3) < I(0,0)", TestName = "WTX response damaged")]
    [TestCase("> I(0,0) < // > R(0) < S(WTX request 2) > S(WTX response 2) < I(0,0)", TestName = "WTX request damaged")]
    [TestCase("> I(0,1) < // > R(0) < R(1) > I(1,0) < I(0,0)", 8, TestName = "Acknowledgement of a chain damaged")]
    [TestCase("> I(0,1) < R(0) > I(0,1) < R(1) > I(1,0) < I(0,0)", 8, TestName = "Block of a chain damaged")]
    [TestCase("> I(0,1) < S(IFS request 2) > S(IFS response 2) < R(1) > I(1,1) < R(0) > I(0,0) < I(0,0)", 8, TestName = "IFS changes inside a chain")]
    [TestCase("> I(0,1) < S(WTX request 1) > S(WTX response 1) < R(1) > I(1,0) < I(0,0)", 8, TestName = "WTX inside a chain")]
    [TestCase("> I(0,0) < I(0,1) > R(1) < // > R(1) < I(1,0)", TestName = "Second block from the card damaged")]
    [TestCase("> I(0,0) < I(0,1) > R(1) < R(1) > R(1) < I(1,0)", TestName = "R-block damaged in a chain from the card")]
    [TestCase("> I(0,0) < I(0,1) > R(1) < I(0,1) > R(1) < I(1,0)", TestName = "Block of the card's chain comes twice")]
    [TestCase("> I(0,1) < // > R(0) < // > R(0) < // > S(RESYNCH request) < S(RESYNCH response) " + Ifs + "> I(0,1) < R(1) > I(1,0) < I(0,0)", 8, TestName = "Resynchronisation before the command is whole")]
    [TestCase("> I(0,0) < R(0) > I(0,0) < R(0) > I(0,0) < R(0) > S(RESYNCH request) < - > S(RESYNCH request) < // > S(RESYNCH request) < S(RESYNCH response) " + Ifs + "> I(0,0) < I(0,0)",
        TestName = "Resynchronisation asked for three times")]
    public void Scenario_RunsToItsResponse(string script, int commandLength = 4) => Assert.That(Run(Ifs + script, commandLength).Fault, Is.EqualTo(T1Fault.None));

    [TestCase("> I(0,1) < S(ABORT request) > S(ABORT response) < R(1)", "Aborted", 8, TestName = "Card aborts our chain")]
    [TestCase("> I(0,0) < I(0,1) > R(1) < S(ABORT request) > S(ABORT response) < R(1)", "Aborted", 4, TestName = "Card aborts its chain")]
    [TestCase("> I(0,0) < // > R(0) < // > R(0) < // > S(RESYNCH request) < S(RESYNCH response)", "InDoubt", 4, TestName = "Resynchronisation when the command may be done")]
    [TestCase("> I(0,0) < // > R(0) < // > R(0) < // > S(RESYNCH request) < // > S(RESYNCH request) < // > S(RESYNCH request) < //", "Lost", 4, TestName = "Nothing comes through")]
    [TestCase("> I(0,0) < - > R(0) < - > R(0) < - > S(RESYNCH request) < - > S(RESYNCH request) < - > S(RESYNCH request) < -", "Lost", 4, TestName = "Card falls silent")]
    public void Scenario_EndsInItsFault(string script, string fault, int commandLength) => Assert.That(Run(Ifs + script, commandLength).Fault.ToString(), Is.EqualTo(fault));

    [Test]
    public void IfsRequest_DamagedAnswer_IsAskedAgain() =>
        Assert.That(Run("> S(IFS request 254) < // > S(IFS request 254) < R(0) > S(IFS request 254) < S(IFS response 254) > I(0,0) < I(0,0)", 4).Fault, Is.EqualTo(T1Fault.None));

    [Test]
    public void IfsRequest_NeverAnswered_IsLeftOutAfterResynchronisation() =>
        Assert.That(Run("> S(IFS request 254) < R(0) > S(IFS request 254) < R(0) > S(IFS request 254) < R(0) > S(RESYNCH request) < S(RESYNCH response) > I(0,0) < I(0,0)", 4).Fault, Is.EqualTo(T1Fault.None));

    [Test]
    public void MuteCard_NeverSaidAnything_IsMute() =>
        Assert.That(Run("> S(IFS request 254) < - > S(IFS request 254) < - > S(IFS request 254) < - > S(RESYNCH request) < - > S(RESYNCH request) < - > S(RESYNCH request) < -", 4).Fault, Is.EqualTo(T1Fault.Mute));

    [Test]
    public void SecondCommand_GoesOnWithTheNumbers()
    {
        var machine = new Machine(new T1Parameters(4));
        Run(Ifs + "> I(0,0) < I(0,0)", 4, machine);
        Assert.That(Run("> I(1,0) < I(1,0)", 4, machine).Fault, Is.EqualTo(T1Fault.None));
        Assert.That(Run("> I(0,1) < S(ABORT request) > S(ABORT response) < R(1)", 8, machine).Fault, Is.EqualTo(T1Fault.Aborted));
        Assert.That(Run("> I(1,0) < I(0,0)", 4, machine).Fault, Is.EqualTo(T1Fault.None));
    }

    [Test]
    public void WaitingTime_IsAskedForWithoutEnd_IsCut()
    {
        using var machine = new Machine(new T1Parameters());
        machine.Begin(new byte[4], new byte[258]);
        var step = machine.On(Block("S(IFS response 254)"));
        for (var i = 0; i < Machine.MaxRequests; i++)
        {
            step = machine.On(Block("S(WTX request 9)"));
            Assert.That(step.WaitingTimes, Is.EqualTo(9));
        }
        Assert.That(machine.On(Block("S(WTX request 9)")).Fault, Is.EqualTo(T1Fault.Endless));
    }

    [Test]
    public void TooLongResponse_IsAFault()
    {
        using var machine = new Machine(new T1Parameters());
        machine.Begin(new byte[4], new byte[1]);
        machine.On(Block("S(IFS response 254)"));
        Assert.That(machine.On(Block("I(0,0)")).Fault, Is.EqualTo(T1Fault.TooLong));
    }

    [Test]
    public void Crc_BlockOfTwoCheckBytes_IsRecognised()
    {
        // CRC-16/MCRF4XX (x^16 + x^12 + x^5 + 1 reflected, from FFFF, not inverted) of "123456789" is 6F91 (Greg Cook's catalogue of parametrised CRC algorithms).
        Assert.That(CardIssue.Reader.Serial.T1.T1Block.Crc("123456789"u8), Is.EqualTo(0x6F91));
        var block = new byte[9];
        Assert.That(CardIssue.Reader.Serial.T1.T1Block.Write(0, [0x00, 0xA4, 0x04, 0x00], true, block), Is.EqualTo(9));
        Assert.That(CardIssue.Reader.Serial.T1.T1Block.Check(block, true), Is.EqualTo(T1Complaint.None));
        block[4] ^= 1;
        Assert.That(CardIssue.Reader.Serial.T1.T1Block.Check(block, true), Is.EqualTo(T1Complaint.Check));
    }

    [Test]
    public void NoisyCard_EveryCommandIsAnsweredRightOrNamedAsFailed()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        var (right, failed) = (0, 0);
        for (var round = 0; round < 300; round++)
        {
            var card = new T1Card(32);
            using var machine = new Machine(new T1Parameters());
            var runs = 0;
            for (var i = 0; i < 10; i++)
            {
                var command = new byte[random.Next(4, 300)];
                random.NextBytes(command);
                var response = new byte[1_024];
                var before = runs;
                var (step, ran) = Talk(machine, card, command, response, random, noise: 0.05);
                runs += ran;
                Assert.That(runs - before, Is.LessThanOrEqualTo(1), $"seed {seed}, round {round}: the card ran the command twice");
                if (step.Fault is T1Fault.None)
                {
                    right++;
                    Assert.That(response[..step.Response], Is.EqualTo(Answer(command)), $"seed {seed}, round {round}");
                }
                else failed++;
                if (step.Fault is not (T1Fault.None or T1Fault.InDoubt or T1Fault.Aborted)) break;
            }
        }
        Assert.That(right, Is.GreaterThan(10 * failed), $"seed {seed}");
    }

    private static byte[] Answer(byte[] command) => [.. command.Reverse(), 0x90, 0x00];

    private static (CardIssue.Reader.Serial.T1.T1Step Step, int Ran) Talk(Machine machine, T1Card card, byte[] command, byte[] response, Random random, double noise)
    {
        var ran = 0;
        var step = machine.Begin(command, response);
        while (!step.IsOver)
        {
            var sent = step.Block.ToArray();
            if (random.NextDouble() < noise) sent[random.Next(sent.Length)] ^= (byte)(1 << random.Next(8));
            var reply = card.Receive(sent);
            while (reply.Send is null)
            {
                if (reply.Run is { } run)
                {
                    ran++;
                    Assert.That(run, Is.EqualTo(command));
                }
                reply = reply with { Send = card.Answer(Answer(command)) };
            }
            var got = reply.Send.ToArray();
            if (random.NextDouble() < noise) got[random.Next(got.Length)] ^= (byte)(1 << random.Next(8));
            step = random.NextDouble() < noise / 4 ? machine.OnNothing(random.Next(2) == 0) : machine.On(got);
        }
        return (step, ran);
    }

    private static CardIssue.Reader.Serial.T1.T1Step Run(string script, int commandLength, Machine? machine = null)
    {
        machine ??= new Machine(new T1Parameters(4));
        var step = machine.Begin(new byte[commandLength], new byte[258]);
        foreach (Match line in Line().Matches(script))
        {
            var block = line.Groups[2].Value.Trim();
            if (line.Groups[1].Value == ">") Assert.That(step.IsOver ? step.Fault.ToString() : Name(step.Block.Span), Is.EqualTo(block), script[..line.Index]);
            else step = block == "-" ? machine.OnNothing(false) : machine.On(Block(block));
        }
        Assert.That(step.IsOver, Is.True, script);
        return step;
    }

    private static string Name(ReadOnlySpan<byte> block)
    {
        var pcb = block[1];
        if ((pcb & 0x80) == 0) return $"I({pcb >> 6 & 1},{pcb >> 5 & 1})";
        if ((pcb & 0xC0) == 0x80) return $"R({pcb >> 4 & 1})";
        var subject = (pcb & 0x1F) switch { 0 => "RESYNCH", 1 => "IFS", 2 => "ABORT", _ => "WTX" };
        return $"S({subject} {((pcb & 0x20) == 0 ? "request" : "response")}{(block[2] == 1 ? $" {block[3]}" : "")})";
    }

    private static byte[] Block(string name)
    {
        var parts = name.TrimEnd(')').Split('(', ' ', ',');
        byte[] information = parts is ["I", ..] ? [0x90, 0x00] : parts is ["S", _, _, var value] ? [byte.Parse(value)] : [];
        var pcb = parts switch
        {
            ["I", var ns, var more] => (ns == "1" ? 0x40 : 0) | (more == "1" ? 0x20 : 0),
            ["R", var nr] => 0x80 | (nr == "1" ? 0x10 : 0),
            ["S", var subject, var kind, ..] => 0xC0 | (kind == "response" ? 0x20 : 0) | Array.IndexOf(["RESYNCH", "IFS", "ABORT", "WTX"], subject),
            _ => 0,
        };
        var block = new byte[CardIssue.Reader.Serial.T1.T1Block.MaxLength];
        var length = CardIssue.Reader.Serial.T1.T1Block.Write((byte)pcb, information, false, block);
        if (name == "//") block[length - 1] ^= 0xFF;
        return block[..length];
    }

    [GeneratedRegex(@"([<>]) ([^<>]+)")]
    private static partial Regex Line();
}
