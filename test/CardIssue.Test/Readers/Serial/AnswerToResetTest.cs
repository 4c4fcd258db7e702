using CardIssue.Core.Cards;
using CardIssue.Core.Primitives;
using CardIssue.Testing.Cards;
using CardIssue.Testing.Cards.Serial;
using CardIssue.Testing.Cards.State;
using Microsoft.Extensions.Logging;

namespace CardIssue.Test.Readers.Serial;

/// <summary>The driver before cards, and readers, whose answers to reset are not by the book.</summary>
[CancelAfter(60_000)]
public sealed class AnswerToResetTest
{
    private const int Voltages = 3;
    private static readonly byte[] Right = AnswerToReset.Of(CardProtocol.T1), Select = Convert.FromHexString("00A4040000");

    [TestCase(1, "An answer to reset has 2 to 33 bytes; 1 came")]
    [TestCase(34, "An answer to reset has 2 to 33 bytes; 34 came")]
    [TestCase(0, "An answer to reset has 2 to 33 bytes; 0 came")]
    public async Task LengthThatNoAtrHas_IsToldAndTheNextCardWorks(int length, string reason, CancellationToken stop)
    {
        await using var bench = await PoweredOnceAsync(null, stop);
        byte[] bytes = [.. Right, .. new byte[34]];
        for (var i = 1; i <= Voltages; i++) bench.Twin.Inject(new TwinFault.ForeignAtr(bytes[..length]), at: i, type: CcidCommand.PowerOn);
        var fault = await Assert.ThrowsAsync<CardException>(async () => await bench.Reader.ConnectAsync(stop));
        Assert.That((fault!.Fault, fault.Message), Is.EqualTo((CardFault.Mute, $"The card does not answer a reset as a card does: {reason}. Try another card.")));
        await using var card = await bench.Reader.ConnectAsync(stop);
        await AnswersAsync(card, stop);
    }

    [Test]
    public async Task BytesAfterTck_AreNoPartOfTheAtr_AndNoted(CancellationToken stop)
    {
        var log = new Lines();
        await using var bench = await PoweredOnceAsync(log, stop);
        bench.Twin.Inject(new TwinFault.ForeignAtr([.. Right, 0x90, 0x00]), type: CcidCommand.PowerOn);
        await using var card = await bench.Reader.ConnectAsync(stop);
        Assert.That(card.Atr, Is.EqualTo(ByteString.Copy(Right)));
        Assert.That(log.Told, Has.Some.EqualTo("2 bytes after the end of the answer to reset are left out"));
        await AnswersAsync(card, stop);
    }

    [Test]
    public async Task IfscFF_IsUsedAs254(CancellationToken stop)
    {
        await using var bench = await PoweredOnceAsync(null, stop);
        var atr = Right.ToArray();
        var at = Array.IndexOf(atr, AnswerToReset.InformationFieldSize);
        atr[at] = 0xFF;
        atr[^1] ^= AnswerToReset.InformationFieldSize ^ 0xFF;
        bench.Twin.Inject(new TwinFault.ForeignAtr(atr), type: CcidCommand.PowerOn);
        await using var card = await bench.Reader.ConnectAsync(stop);
        await AnswersAsync(card, stop);
        // Longer than a block may be: in two, of which the card takes the first whole.
        var response = new byte[ResponseApdu.MaxLength];
        var command = Convert.FromHexString("80E20000FF" + new string('0', 510));
        Assert.That(response[..await card.TransmitAsync(command, response, stop)], Is.EqualTo(new byte[] { 0x69, 0x82 }));
    }

    /// <summary>
    /// BWI 9 is 46 s (ISO 7816-3 11.4.3); the card asks for 255 times that, and the reader for 255 times the whole: 35 days, of which
    /// the driver waits its own time at the most.
    /// </summary>
    [Test]
    public async Task LongestWaitingTime_AskedForAndExtendedByFF_IsAnswered_AndTheNextToo(CancellationToken stop)
    {
        var time = new LongestTimer();
        await using var bench = TwinBench.Start(CardProtocol.T1, twin: new GemPcTwinOptions { WaitingTimeMultiplier = 0xFF }, time: time);
        await (await bench.Reader.ConnectAsync(stop)).DisposeAsync();
        byte[] atr = [.. Right];
        var at = Array.IndexOf(atr, AnswerToReset.InformationFieldSize) + 1;
        (atr[at], atr[^1]) = (0x95, (byte)(atr[^1] ^ atr[at] ^ 0x95));
        bench.Twin.Inject(new TwinFault.ForeignAtr(atr), type: CcidCommand.PowerOn);
        await using var card = await bench.Reader.ConnectAsync(stop);
        Assert.That(card.Atr, Is.EqualTo(ByteString.Own(atr)));
        await AnswersAsync(card, stop);
        var commands = bench.Twin.Commands;

        bench.Twin.Inject(new TwinFault.WaitingTime(1), type: CcidCommand.Transfer);
        bench.Twin.Inject(new TwinFault.TimeExtension(1, TimeSpan.FromMilliseconds(10), 0xFF), at: 2, type: CcidCommand.Transfer);
        await AnswersAsync(card, stop);
        Assert.That(bench.Twin.Commands - commands, Is.EqualTo(2), "the command, and the time that is granted");
        await AnswersAsync(card, stop);
        Assert.That(time.Longest, Is.EqualTo(TwinBench.Quick.ReaderTime + TwinBench.Quick.CardTime));
    }

    /// <summary>A bench whose port is open, so that its twin is there to be told what to do.</summary>
    private static async Task<TwinBench> PoweredOnceAsync(ILogger? log, CancellationToken stop)
    {
        var bench = TwinBench.Start(CardProtocol.T1, logger: log);
        await using var first = await bench.Reader.ConnectAsync(stop);
        return bench;
    }

    private static async Task AnswersAsync(ICardConnection card, CancellationToken stop)
    {
        var response = new byte[ResponseApdu.MaxLength];
        Assert.That(response[..await card.TransmitAsync(Select, response, stop)][^2..], Is.EqualTo(new byte[] { 0x90, 0x00 }));
    }

    /// <summary>The system's time, and the longest that it was asked to measure.</summary>
    private sealed class LongestTimer : TimeProvider
    {
        private readonly Lock _sync = new();

        public TimeSpan Longest { get; private set; }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            lock (_sync) if (dueTime > Longest) Longest = dueTime;
            return System.CreateTimer(callback, state, dueTime, period);
        }
    }

    private sealed class Lines : ILogger
    {
        public List<string> Told { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (Told) Told.Add(formatter(state, exception));
        }
    }
}
