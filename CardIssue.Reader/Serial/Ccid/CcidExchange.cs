using CardIssue.Reader.Serial.Framing;

namespace CardIssue.Reader.Serial.Ccid;

/// <summary>What to do next in an exchange.</summary>
internal enum ExchangeAction
{
    /// <summary>Wait on.</summary>
    Wait,
    /// <summary>The reader lives and says that the card needs more time; <see cref="CcidExchange.Extension"/> times its waiting time.</summary>
    WaitLonger,
    /// <summary>Ask for the reader's last frame again.</summary>
    SendNak,
    /// <summary>Send the command again: the reader did not get it.</summary>
    Resend,
    /// <summary>The answer is in <see cref="CcidExchange.Answer"/>.</summary>
    Done,
    /// <summary>The reader does not answer.</summary>
    Dead,
    /// <summary>The reader answers, but too much is damaged on the way.</summary>
    Noisy,
    /// <summary>The reader asks for more time, and more often than is let to.</summary>
    Endless,
}

/// <summary>
/// One command and its answer over a line that may damage either. It knows no time and no port. A command is sent again only when the reader itself said that
/// it did not get it, because a card's command must not be carried out twice: by a NAK of its own, or by answering ours with the answer to the command before.
/// </summary>
/// <param name="command">What was sent.</param>
/// <param name="sequence">Its sequence number.</param>
/// <param name="echoes">Whether the reader sends commands back before it answers; null when that is not known yet.</param>
/// <param name="isRepeatable">Whether it does no harm to carry the command out twice.</param>
internal sealed class CcidExchange(CcidCommand command, byte sequence, bool? echoes, bool isRepeatable)
{
    /// <summary>How often the reader is asked for its answer again, damage and silence together.</summary>
    public const int MaxNaks = 4;

    /// <summary>How often a command that the reader did not get is sent again.</summary>
    public const int MaxResends = 4;

    /// <summary>How often in a row the reader may be silent for as long as it may need, before it is taken for dead.</summary>
    public const int MaxSilences = 2;

    /// <summary>How often the reader may ask for more time; how long that takes, the slow card's time limits.</summary>
    public const int MaxExtensions = 10_000;

    /// <summary>The shortest thing that can have been a frame, in bytes; less is noise.</summary>
    private const int ShortestFrame = 3;

    private readonly int _frameLength = CcidHeader.Size + command.Data.Length + SerialFrame.Overhead;
    private bool _echoDue = echoes is not false;
    private bool _nakEchoDue;
    private bool _hasAskedAgain;
    private int _naks, _resends, _silences, _extensions;

    /// <summary>Whether the command came back as it was sent.</summary>
    public bool EchoSeen { get; private set; }

    /// <summary>How many waiting times the card asked for last.</summary>
    public byte Extension { get; private set; }

    /// <summary>The answer, once it is there.</summary>
    public CcidAnswer Answer { get; private set; }

    /// <summary>Takes what came; a message that is not the answer is cleared.</summary>
    public ExchangeAction On(FrameEvent happened)
    {
        _silences = 0;
        return happened.Kind switch
        {
            FrameEventKind.Message => OnMessage(happened),
            FrameEventKind.Nak => OnNak(),
            FrameEventKind.Damaged => OnDamage(happened.Length),
            FrameEventKind.TimeRequest => Extend(1),
            FrameEventKind.Noise or FrameEventKind.Inserted or FrameEventKind.Removed => ExchangeAction.Wait,
        };
    }

    /// <summary>Nothing came for as long as the reader, and the card that it waits for, may take.</summary>
    public ExchangeAction OnSilence()
    {
        if (++_silences > MaxSilences) return ExchangeAction.Dead;
        // A reader that echoes, and did not, never got the command.
        var notReceived = echoes is true && !EchoSeen && _echoDue;
        return _silences > 1 && (isRepeatable || notReceived) ? Resend() : AskAgain();
    }

    private ExchangeAction OnMessage(FrameEvent happened)
    {
        var answer = new CcidAnswer(happened.Message!);
        if (CcidHeader.IsCommand(answer.Type))
        {
            if (answer.Sequence == sequence) (EchoSeen, _echoDue) = (true, false);
            happened.Clear();
            return ExchangeAction.Wait;
        }
        if (answer.Sequence != sequence)
        {
            var isBefore = answer.Sequence == (byte)(sequence - 1);
            happened.Clear();
            return isBefore && _hasAskedAgain && (isRepeatable || !EchoSeen) ? Resend() : ExchangeAction.Wait;
        }
        // A command that a reader can't do is answered with a slot status (CCID 1.1 §6.2.6), whatever its own answer would be.
        if (answer.Type != (byte)command.Answer && answer.Type != (byte)CcidAnswerType.SlotStatus)
        {
            happened.Clear();
            return ExchangeAction.Wait;
        }
        if (answer.Status == CommandStatus.TimeExtension)
        {
            var multiplier = (byte)answer.Error;
            happened.Clear();
            return Extend(multiplier);
        }
        Answer = answer;
        return ExchangeAction.Done;
    }

    private ExchangeAction OnNak()
    {
        if (_nakEchoDue)
        {
            _nakEchoDue = false;
            return ExchangeAction.Wait;
        }
        // A NAK to our NAK says that it came damaged, not that the command did.
        return _hasAskedAgain ? AskAgain() : Resend();
    }

    private ExchangeAction OnDamage(int length)
    {
        if (length < ShortestFrame) return ExchangeAction.Wait;
        if (_echoDue && length <= _frameLength)
        {
            // The echo came damaged; whether the command did, the reader says.
            _echoDue = false;
            return ExchangeAction.Wait;
        }
        return AskAgain();
    }

    private ExchangeAction AskAgain()
    {
        if (++_naks > MaxNaks) return _silences > 0 ? ExchangeAction.Dead : ExchangeAction.Noisy;
        _hasAskedAgain = true;
        _nakEchoDue = echoes is true;
        return ExchangeAction.SendNak;
    }

    private ExchangeAction Resend()
    {
        if (++_resends > MaxResends) return ExchangeAction.Noisy;
        (_hasAskedAgain, _nakEchoDue, _echoDue, EchoSeen) = (false, false, echoes is not false, false);
        return ExchangeAction.Resend;
    }

    private ExchangeAction Extend(byte multiplier)
    {
        if (++_extensions > MaxExtensions) return ExchangeAction.Endless;
        Extension = multiplier == 0 ? (byte)1 : multiplier;
        return ExchangeAction.WaitLonger;
    }
}
