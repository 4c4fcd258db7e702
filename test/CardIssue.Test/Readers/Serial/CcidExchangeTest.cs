using CardIssue.Reader.Serial.Ccid;
using CardIssue.Reader.Serial.Framing;

namespace CardIssue.Test.Readers.Serial;

/// <summary>One command and its answer over a line that damages things.</summary>
public sealed class CcidExchangeTest
{
    private const byte Sequence = 7;
    private static readonly CcidCommand Transfer = new(CcidCommandType.TransferBlock, new byte[] { 0x00, 0xA4, 0x04, 0x00, 0x00 });
    private static readonly FrameEvent Nak = new(FrameEventKind.Nak, Length: 3);

    private static CcidExchange Exchange(bool? echoes = true, bool isRepeatable = false) => new(Transfer, Sequence, echoes, isRepeatable);

    private static FrameEvent Answer(byte sequence = Sequence, byte status = 0, byte error = 0, byte type = 0x80) =>
        new(FrameEventKind.Message, [type, 2, 0, 0, 0, 0, sequence, status, error, 0, 0x90, 0x00], 15);

    private static FrameEvent Echo(byte sequence = Sequence)
    {
        var message = new byte[CcidHeader.Size + 5];
        CcidHeader.Write(Transfer, sequence, message);
        return new FrameEvent(FrameEventKind.Message, message, message.Length + SerialFrame.Overhead);
    }

    private static FrameEvent Damaged(int length) => new(FrameEventKind.Damaged, Length: length);

    [Test]
    public void EchoThenAnswer_IsDone([Values(true, false, null)] bool? echoes)
    {
        var exchange = Exchange(echoes);
        if (echoes is not false) Assert.That(exchange.On(Echo()), Is.EqualTo(ExchangeAction.Wait));
        Assert.That(exchange.On(Answer()), Is.EqualTo(ExchangeAction.Done));
        Assert.That(exchange.Answer.Data.ToArray(), Is.EqualTo(new byte[] { 0x90, 0x00 }));
        Assert.That(exchange.EchoSeen, Is.EqualTo(echoes is not false));
    }

    [Test]
    public void ReadersNak_CommandIsSentAgain_UntilTheLimit()
    {
        var exchange = Exchange();
        for (var i = 0; i < CcidExchange.MaxResends; i++) Assert.That(exchange.On(Nak), Is.EqualTo(ExchangeAction.Resend));
        Assert.That(exchange.On(Nak), Is.EqualTo(ExchangeAction.Noisy));
    }

    [Test]
    public void DamagedAnswer_IsAskedForAgain_UntilTheLimit()
    {
        var exchange = Exchange();
        exchange.On(Echo());
        for (var i = 0; i < CcidExchange.MaxNaks; i++) Assert.That(exchange.On(Damaged(15)), Is.EqualTo(ExchangeAction.SendNak));
        Assert.That(exchange.On(Damaged(15)), Is.EqualTo(ExchangeAction.Noisy));
    }

    [Test]
    public void DamagedEcho_IsLetPass()
    {
        var exchange = Exchange();
        Assert.That(exchange.On(Damaged(18)), Is.EqualTo(ExchangeAction.Wait));
        Assert.That(exchange.On(Answer()), Is.EqualTo(ExchangeAction.Done));
    }

    [Test]
    public void DamagedEchoThatSwallowedTheAnswer_IsAskedForAgain() => Assert.That(Exchange().On(Damaged(18 + 15)), Is.EqualTo(ExchangeAction.SendNak));

    [Test]
    public void NakToOurNak_DoesNotRunTheCommandTwice()
    {
        var exchange = Exchange(echoes: false);
        Assert.That(exchange.On(Damaged(15)), Is.EqualTo(ExchangeAction.SendNak));
        Assert.That(exchange.On(Nak), Is.EqualTo(ExchangeAction.SendNak));
        Assert.That(exchange.On(Answer()), Is.EqualTo(ExchangeAction.Done));
    }

    [Test]
    public void EchoOfOurNak_IsLetPass()
    {
        var exchange = Exchange();
        exchange.On(Echo());
        exchange.On(Damaged(15));
        Assert.That(exchange.On(Nak), Is.EqualTo(ExchangeAction.Wait));
        Assert.That(exchange.On(Answer()), Is.EqualTo(ExchangeAction.Done));
    }

    [Test]
    public void StaleAnswer_IsDroppedAndCleared()
    {
        var exchange = Exchange();
        var stale = Answer(Sequence - 1);
        Assert.That(exchange.On(stale), Is.EqualTo(ExchangeAction.Wait));
        Assert.That(stale.Message, Is.All.Zero);
        Assert.That(exchange.On(Answer()), Is.EqualTo(ExchangeAction.Done));
    }

    [Test]
    public void AnswerBefore_ComesToOurNak_CommandNeverArrivedAndIsSentAgain()
    {
        var exchange = Exchange(echoes: false);
        Assert.That(exchange.OnSilence(), Is.EqualTo(ExchangeAction.SendNak));
        Assert.That(exchange.On(Answer(Sequence - 1)), Is.EqualTo(ExchangeAction.Resend));
        Assert.That(exchange.On(Answer()), Is.EqualTo(ExchangeAction.Done));
    }

    [Test]
    public void AnswerBefore_ThoughTheCommandWasEchoed_CardCommandIsNotSentAgain()
    {
        var exchange = Exchange();
        exchange.On(Echo());
        exchange.OnSilence();
        Assert.That(exchange.On(Answer(Sequence - 1)), Is.EqualTo(ExchangeAction.Wait));
    }

    [Test]
    public void TimeExtensions_AreWaitedFor_AndTheirSizeIsKnown()
    {
        var exchange = Exchange();
        Assert.That(exchange.On(Answer(status: 0x80, error: 12)), Is.EqualTo(ExchangeAction.WaitLonger));
        Assert.That(exchange.Extension, Is.EqualTo(12));
        Assert.That(exchange.On(new FrameEvent(FrameEventKind.TimeRequest, Length: 1)), Is.EqualTo(ExchangeAction.WaitLonger));
        Assert.That(exchange.Extension, Is.EqualTo(1));
        Assert.That(exchange.On(Answer()), Is.EqualTo(ExchangeAction.Done));
    }

    [Test]
    public void TimeExtensionsWithoutEnd_AreCut()
    {
        var exchange = Exchange();
        for (var i = 0; i < CcidExchange.MaxExtensions; i++) Assert.That(exchange.On(Answer(status: 0x80, error: 1)), Is.EqualTo(ExchangeAction.WaitLonger));
        Assert.That(exchange.On(Answer(status: 0x80, error: 1)), Is.EqualTo(ExchangeAction.Endless));
    }

    [Test]
    public void Silence_IsAskedAboutAndThenDeath()
    {
        var exchange = Exchange();
        exchange.On(Echo());
        Assert.That(exchange.OnSilence(), Is.EqualTo(ExchangeAction.SendNak));
        Assert.That(exchange.OnSilence(), Is.EqualTo(ExchangeAction.SendNak));
        Assert.That(exchange.OnSilence(), Is.EqualTo(ExchangeAction.Dead));
    }

    [Test]
    public void SecondSilence_HarmlessCommandOrOneThatWasNotEchoed_IsSentAgain([Values] bool isRepeatable)
    {
        var exchange = Exchange(isRepeatable: isRepeatable);
        if (isRepeatable) exchange.On(Echo());
        exchange.OnSilence();
        Assert.That(exchange.OnSilence(), Is.EqualTo(ExchangeAction.Resend));
    }

    [Test]
    public void FailedAnswer_OfAnotherType_IsTheAnswer()
    {
        var exchange = Exchange();
        Assert.That(exchange.On(Answer(status: 0x41, error: 0xFE, type: 0x81)), Is.EqualTo(ExchangeAction.Done));
        Assert.That((exchange.Answer.Presence, exchange.Answer.Status, exchange.Answer.Error), Is.EqualTo((CardPresence.Inactive, CommandStatus.Failed, CcidError.Mute)));
        Assert.That(exchange.Answer.ToString(), Does.Contain("the card is mute"));
    }

    [Test]
    public void AnyError_HasAName([Range(0, 255)] int error) => Assert.That(((CcidError)error).Describe(), Is.Not.Empty);
}
