using CardIssue.Reader.Serial.Ccid;
using CardIssue.Reader.Serial.Framing;

namespace CardIssue.Reader.Serial;

/// <summary>What is known of the slot, from what the reader tells unasked and from the status in each of its answers.</summary>
internal sealed class SlotPresence
{
    private readonly Lock _sync = new();
    private TaskCompletionSource _changed = New();
    private bool _isIn, _isUnclear = true;
    private int _insertion;

    /// <summary>What is known now.</summary>
    /// <param name="Insertion">Which card is in, counted since the start; 0 when none is.</param>
    /// <param name="IsUnclear">Something that might have told of a card came damaged, or the reader was opened anew: it must be asked.</param>
    /// <param name="Changed">Completes at the next change.</param>
    public readonly record struct View(int Insertion, bool IsUnclear, Task Changed);

    public View Look()
    {
        lock (_sync) return new View(_isIn ? _insertion : 0, _isUnclear, _changed.Task);
    }

    /// <summary>Something came from the reader; in the order in which it came, or an answer could undo what was told after it.</summary>
    public void On(FrameEvent happened)
    {
        lock (_sync)
        {
            var isNews = happened.Kind switch
            {
                FrameEventKind.Inserted => Set(true),
                FrameEventKind.Removed => Set(false),
                FrameEventKind.Message => OnMessage(happened.Message!),
                // What came damaged may have told of a card.
                FrameEventKind.Noise or FrameEventKind.Damaged => _isUnclear = true,
                FrameEventKind.Nak or FrameEventKind.TimeRequest => false,
            };
            if (isNews) Announce();
        }
    }

    /// <summary>The port was closed: what is known is known no more, and a card that was in has lost its power.</summary>
    public void Forget()
    {
        lock (_sync)
        {
            (_isIn, _isUnclear) = (false, true);
            Announce();
        }
    }

    private bool OnMessage(byte[] message)
    {
        if (CcidHeader.IsCommand(message[0])) return false;
        var presence = new CcidAnswer(message).Presence;
        if (presence is CardPresence.Unknown) return false;
        var wasUnclear = _isUnclear;
        _isUnclear = false;
        return Set(presence is not CardPresence.Absent) || wasUnclear;
    }

    private bool Set(bool isIn)
    {
        if (_isIn == isIn) return false;
        _isIn = isIn;
        if (isIn) _insertion++;
        return true;
    }

    private void Announce()
    {
        _changed.SetResult();
        _changed = New();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
