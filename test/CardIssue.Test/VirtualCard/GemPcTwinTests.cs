using System.IO.Pipelines;
using System.Text;
using CardIssue.Transport.Framing;
using CardIssue.Testing.Cards.Reading;
using CardIssue.Testing.Cards.Serial;
using CardIssue.Testing.Cards.State;
using CardIssue.Testing.Cards.Timing;
using CardIssue.Testing.Cards;

namespace CardIssue.Test.VirtualCard;

/// <summary>The GemPC Twin byte by byte, as the host's end of the line sees it.</summary>
[CancelAfter(30_000)]
public class GemPcTwinTests
{
    private static readonly byte[] Escape = Message(CcidCommand.Escape, 0, [0x02]), Status = Message(CcidCommand.GetSlotStatus, 1), On = Message(CcidCommand.PowerOn, 2);

    [Test]
    public async Task Command_WithRightLrc_IsEchoedAndAnswered(CancellationToken cancellation)
    {
        await using var bench = new Bench();
        await bench.WriteAsync(SerialFrame.Wrap(Escape));
        Assert.That(await bench.ReadFrameAsync(cancellation), Is.EqualTo(Escape), "the echo");
        var answer = await bench.ReadFrameAsync(cancellation);
        Assert.That(answer[..10], Is.EqualTo(new byte[] { 0x83, (byte)(answer.Length - 10), 0, 0, 0, 0, 0, 1, 0, 0 }));
        Assert.That(Encoding.ASCII.GetString(answer[10..]), Is.EqualTo(new GemPcTwinOptions().Firmware));
    }

    [Test]
    public async Task Reader_WithoutEcho_AnswersAlone(CancellationToken cancellation)
    {
        await using var bench = new Bench(options: new GemPcTwinOptions { Echoes = false });
        Assert.That((await bench.AskAsync(Status, cancellation))[0], Is.EqualTo(CcidAnswer.SlotState));
    }

    [Test]
    public async Task Frame_DamagedOrCutShort_IsAnsweredWithNak(CancellationToken cancellation)
    {
        await using var bench = new Bench(options: new GemPcTwinOptions { Echoes = false, FrameTimeout = TimeSpan.FromMilliseconds(50) });
        var frame = SerialFrame.Wrap(Status);
        await bench.WriteAsync([.. frame[..^1], (byte)~frame[^1]]);
        Assert.That(await bench.ReadAsync(3, cancellation), Is.EqualTo(SerialFrame.Nak));
        await bench.WriteAsync(frame[..^2]);
        Assert.That(await bench.ReadAsync(3, cancellation), Is.EqualTo(SerialFrame.Nak));
        await bench.WriteAsync([0x03, 0x06, 0x6F, 0x00, 0x01, 0x00, 0x00, 0, 0, 0, 0, 0]);
        Assert.That(await bench.ReadAsync(3, cancellation), Is.EqualTo(SerialFrame.Nak), "256 bytes and more of a block");
        await bench.WriteAsync([0x55, 0x03, .. frame]);
        Assert.That((await bench.ReadFrameAsync(cancellation))[0], Is.EqualTo(CcidAnswer.SlotState), "noise before a frame is passed over");
        await bench.WriteAsync(SerialFrame.Nak);
        Assert.That((await bench.ReadFrameAsync(cancellation))[0], Is.EqualTo(CcidAnswer.SlotState), "the last answer again");
    }

    [Test]
    public async Task Card_Moved_IsToldAtOnceOrAfterTheNextCommand(CancellationToken cancellation)
    {
        await using var bench = new Bench();
        bench.Slot.Remove();
        Assert.That(await bench.ReadAsync(2, cancellation), Is.EqualTo(SerialFrame.Removed));
        bench.Slot.Insert(Card());
        Assert.That(await bench.ReadAsync(2, cancellation), Is.EqualTo(SerialFrame.Inserted));
        await bench.AskAsync(Message(CcidCommand.Escape, 3, [0x01, 0x01, 0x01]), cancellation, echo: true);
        bench.Slot.Remove();
        await bench.WriteAsync(SerialFrame.Wrap(Status));
        Assert.That(await bench.ReadFrameAsync(cancellation), Is.EqualTo(Status), "the echo");
        Assert.That(await bench.ReadAsync(2, cancellation), Is.EqualTo(SerialFrame.Removed));
        Assert.That((await bench.ReadFrameAsync(cancellation))[7], Is.EqualTo((byte)SlotStatus.Absent));
    }

    [Test]
    public async Task Slot_ThroughItsStates_SaysWhichAndWhy(CancellationToken cancellation)
    {
        await using var bench = new Bench(options: new GemPcTwinOptions { Echoes = false });
        Assert.That(Outcome(await bench.AskAsync(Status, cancellation)), Is.EqualTo((0x01, 0x00)), "in, without power");
        Assert.That(Outcome(await bench.AskAsync(Transfer(3, 0x00, 0xC1, 0x01, 0xFE, 0x3E), cancellation)), Is.EqualTo((0x41, 0xFE)));
        Assert.That((await bench.AskAsync(On, cancellation))[10..], Is.EqualTo(AnswerToReset.Of(CardProtocol.T1)));
        Assert.That(Outcome(await bench.AskAsync(Status, cancellation)), Is.EqualTo((0x00, 0x00)));
        Assert.That((await bench.AskAsync(Transfer(4, 0xFF, 0x11, 0x18, 0xF6), cancellation))[10..], Is.EqualTo(new byte[] { 0xFF, 0x11, 0x18, 0xF6 }), "PPS");
        Assert.That((await bench.AskAsync(Message(CcidCommand.SetParameters, 5, [0x18, 0x10, 0, 0x4D, 0, 0xFE, 0], 1), cancellation))[9], Is.EqualTo(1));
        Assert.That((await bench.AskAsync(Message(CcidCommand.GetParameters, 6), cancellation))[10..], Is.EqualTo(new byte[] { 0x18, 0x10, 0, 0x4D, 0, 0xFE, 0 }));
        Assert.That(Outcome(await bench.AskAsync(Message(CcidCommand.Mechanical, 7), cancellation)), Is.EqualTo((0x40, 0x00)), "not supported");
        var elsewhere = Message(CcidCommand.GetSlotStatus, 8);
        elsewhere[5] = 1;
        Assert.That(Outcome(await bench.AskAsync(elsewhere, cancellation)), Is.EqualTo((0x42, 0x05)));
        Assert.That(Outcome(await bench.AskAsync(Message(CcidCommand.PowerOff, 9), cancellation)), Is.EqualTo((0x01, 0x00)));
    }

    [Test]
    public async Task T0_CommandOfWrongLength_NeverReachesTheCard(CancellationToken cancellation)
    {
        await using var bench = new Bench(CardProtocol.T0, new GemPcTwinOptions { Echoes = false });
        await bench.AskAsync(On, cancellation);
        // Case 4: a host at TPDU level leaves Le out (ISO 7816-3 12.2.4).
        Assert.That(Outcome(await bench.AskAsync(Transfer(3, 0x00, 0xA4, 0x04, 0x00, 0x01, 0xA0, 0x00), cancellation)), Is.EqualTo((0x40, 0x01)));
        Assert.That(bench.Slot.Card!.Commands, Is.Zero);
        Assert.That((await bench.AskAsync(Transfer(4, 0x00, 0xA4, 0x04, 0x00, 0x01, 0xA0), cancellation))[10..], Is.EqualTo(new byte[] { 0x61, 0x12 }));
        Assert.That((await bench.AskAsync(Transfer(5, 0x00, 0xC0, 0x00, 0x00, 0x20), cancellation))[10..], Is.EqualTo(new byte[] { 0x6C, 0x12 }));
        Assert.That((await bench.AskAsync(Transfer(6, 0x00, 0xC0, 0x00, 0x00, 0x12), cancellation))[10..], Has.Length.EqualTo(0x14));
    }

    [Test]
    public async Task T1_SlowCard_AsksForWaitingTime(CancellationToken cancellation)
    {
        await using var bench = new Bench(options: new GemPcTwinOptions { Echoes = false, CardSilence = TimeSpan.FromMilliseconds(30) }, timing: new SlowCard());
        await bench.AskAsync(On, cancellation);
        var block = (await bench.AskAsync(Transfer(3, T1Block.Information(0, false, [0x00, 0xA4, 0x04, 0x00]).ToBytes()), cancellation))[10..];
        Assert.That(block[1], Is.EqualTo(T1Block.WaitingTime));
        for (byte i = 4; block[1] == T1Block.WaitingTime; i++)
            block = (await bench.AskAsync(Transfer(i, T1Block.Supervisory(0xE3, block[3]).ToBytes()), cancellation))[10..];
        Assert.That(block[1], Is.Zero);
    }

    [Test]
    public async Task Faults_Injected_HappenOnceAtTheirCommand(CancellationToken cancellation)
    {
        await using var bench = new Bench(options: new GemPcTwinOptions { Echoes = false });
        var answer = SerialFrame.Wrap(await bench.AskAsync(Status, cancellation));
        bench.Twin.Inject(new TwinFault.FlippedLrc(), at: 2);
        bench.Twin.Inject(new TwinFault.LostByte(4), at: 3);
        bench.Twin.Inject(new TwinFault.Nak(), at: 4);
        bench.Twin.Inject(new TwinFault.TimeExtension(2, TimeSpan.FromMilliseconds(1), 3), at: 5);
        bench.Twin.Inject(new TwinFault.StaleAnswer(), at: 6);
        Task SendAsync() => bench.WriteAsync(SerialFrame.Wrap(Status));
        await SendAsync();
        Assert.That(await bench.ReadAsync(answer.Length, cancellation), Is.EqualTo(answer));
        await SendAsync();
        Assert.That(await bench.ReadAsync(answer.Length, cancellation), Is.EqualTo(new List<byte>([.. answer[..^1], (byte)~answer[^1]])));
        await SendAsync();
        Assert.That(await bench.ReadAsync(answer.Length - 1, cancellation), Is.EqualTo(new List<byte>([.. answer[..4], .. answer[5..]])));
        await SendAsync();
        Assert.That(await bench.ReadAsync(3, cancellation), Is.EqualTo(SerialFrame.Nak));
        await SendAsync();
        Assert.That(Outcome(await bench.ReadFrameAsync(cancellation)), Is.EqualTo((0x80, 3)));
        Assert.That(Outcome(await bench.ReadFrameAsync(cancellation)), Is.EqualTo((0x80, 3)));
        Assert.That(SerialFrame.Wrap(await bench.ReadFrameAsync(cancellation)), Is.EqualTo(answer));
        await SendAsync();
        Assert.That((await bench.ReadFrameAsync(cancellation))[6], Is.EqualTo(Status[6] - 1));
        Assert.That(SerialFrame.Wrap(await bench.ReadFrameAsync(cancellation)), Is.EqualTo(answer));
    }

    private static CardSimulator Card(CardProtocol protocol = CardProtocol.T1) => CardSimulator.Create(CardProfile.BlankEmv(1, [TestCard.Keys]) with { Protocol = protocol });

    private static byte[] Message(byte type, byte sequence, byte[]? data = null, byte specific = 0) =>
        [type, (byte)(data?.Length ?? 0), 0, 0, 0, 0, sequence, specific, 0, 0, .. data ?? []];

    private static byte[] Transfer(byte sequence, params byte[] data) => Message(CcidCommand.Transfer, sequence, data);

    private static (int Status, int Error) Outcome(byte[] answer) => (answer[7], answer[8]);

    private sealed class SlowCard : ICardTiming
    {
        public TimeSpan Of(ReadOnlySpan<byte> command, int responseLength) => TimeSpan.FromMilliseconds(100);

        public void Restart() { }
    }

    /// <summary>A twin on one end of a line in memory, a card in it; the test is on the other end.</summary>
    private sealed class Bench : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Pipe _toReader = new(), _toHost = new();
        private readonly Stream _in;
        private readonly Task _serving;

        public Bench(CardProtocol protocol = CardProtocol.T1, GemPcTwinOptions? options = null, ICardTiming? timing = null)
        {
            Slot.Insert(Card(protocol));
            _in = _toHost.Reader.AsStream();
            Twin = new GemPcTwin(new TwoWay(_toReader.Reader.AsStream(), _toHost.Writer.AsStream()), Slot, options, timing);
            _serving = Twin.RunAsync(_stop.Token);
        }

        public CardSlot Slot { get; } = new();

        public GemPcTwin Twin { get; }

        public async Task WriteAsync(byte[] bytes) => await _toReader.Writer.WriteAsync(bytes);

        public async Task<byte[]> ReadAsync(int count, CancellationToken cancellation)
        {
            var bytes = new byte[count];
            await _in.ReadExactlyAsync(bytes, cancellation);
            return bytes;
        }

        /// <summary>The next frame's message.</summary>
        public async Task<byte[]> ReadFrameAsync(CancellationToken cancellation)
        {
            var parser = new FrameParser();
            while (true)
                switch (parser.Push((await ReadAsync(1, cancellation))[0]))
                {
                    case FrameKind.Message: return parser.Message;
                    case FrameKind.Nak or FrameKind.Damaged: throw new AssertionException("A NAK or a damaged frame came instead of an answer.");
                }
        }

        public async Task<byte[]> AskAsync(byte[] message, CancellationToken cancellation, bool echo = false)
        {
            await WriteAsync(SerialFrame.Wrap(message));
            if (echo) await ReadFrameAsync(cancellation);
            return await ReadFrameAsync(cancellation);
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _serving;
            _stop.Dispose();
        }
    }

    /// <summary>Two one-way streams as one.</summary>
    private sealed class TwoWay(Stream from, Stream to) : ByteStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => from.ReadAsync(buffer, cancellationToken);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => to.WriteAsync(buffer, cancellationToken);

        public override int Read(byte[] buffer, int offset, int count) => from.Read(buffer, offset, count);

        public override void Write(byte[] buffer, int offset, int count) => to.Write(buffer, offset, count);
    }
}
