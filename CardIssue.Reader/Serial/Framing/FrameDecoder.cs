using System.Buffers.Binary;
using System.Security.Cryptography;

namespace CardIssue.Reader.Serial.Framing;

/// <summary>
/// Bytes in, frames out. It knows no time: whoever feeds it tells it when the line fell silent, which is where a frame that lost its way ends. After damage
/// nothing is believed until then, because a frame's own data may look like the start of another.
/// </summary>
internal sealed class FrameDecoder
{
    private const byte SlotChange = 0x50, CardIn = 0x03, CardOut = 0x02, FirstTimeRequest = 0x80;

    private readonly byte[] _frame = GC.AllocateArray<byte>(SerialFrame.MaxLength, pinned: true);
    private Phase _phase;
    private int _count;
    private int _expected;

    private enum Phase
    {
        Between,
        Synchronised,
        Notification,
        Nak,
        Message,
        Lost,
    }

    /// <summary>Whether more must come: silence now means damage.</summary>
    public bool IsMidway => _phase != Phase.Between;

    /// <summary>Takes the next byte; what it completed, or null.</summary>
    public FrameEvent? On(byte b)
    {
        if (_phase == Phase.Between) _count = 0;
        if (_count < _frame.Length) _frame[_count] = b;
        // A reader that never falls silent must not bring the count round.
        if (_count < int.MaxValue) _count++;
        return _phase switch
        {
            Phase.Between => Begin(b),
            Phase.Synchronised => Go(b switch { SerialFrame.Ack => Phase.Message, SerialFrame.Nak => Phase.Nak, _ => Phase.Lost }),
            Phase.Notification => b switch
            {
                CardIn => End(FrameEventKind.Inserted),
                CardOut => End(FrameEventKind.Removed),
                _ => Go(Phase.Lost),
            },
            Phase.Nak => b == (SerialFrame.Sync ^ SerialFrame.Nak) ? End(FrameEventKind.Nak) : Go(Phase.Lost),
            Phase.Message => Continue(),
            Phase.Lost => null,
        };
    }

    /// <summary>The line fell silent: what was begun will not be completed.</summary>
    public FrameEvent? OnSilence()
    {
        if (_phase == Phase.Between) return null;
        var damaged = End(FrameEventKind.Damaged);
        CryptographicOperations.ZeroMemory(_frame);
        return damaged;
    }

    private FrameEvent? Begin(byte b)
    {
        _expected = 0;
        return b switch
        {
            SerialFrame.Sync => Go(Phase.Synchronised),
            SlotChange => Go(Phase.Notification),
            >= FirstTimeRequest => End(FrameEventKind.TimeRequest),
            _ => End(FrameEventKind.Noise),
        };
    }

    private FrameEvent? Continue()
    {
        const int LengthRead = 2 + CcidHeader.LengthAt + CcidHeader.LengthSize;
        if (_count == LengthRead)
        {
            var length = BinaryPrimitives.ReadUInt32LittleEndian(_frame.AsSpan(2 + CcidHeader.LengthAt));
            if (length > CcidHeader.MaxData) return Go(Phase.Lost);
            _expected = SerialFrame.Overhead + CcidHeader.Size + (int)length;
        }
        if (_expected == 0 || _count < _expected) return null;
        if (SerialFrame.Check(_frame.AsSpan(0, _count)) != 0) return Go(Phase.Lost);
        var message = GC.AllocateUninitializedArray<byte>(_count - SerialFrame.Overhead, pinned: true);
        _frame.AsSpan(2, message.Length).CopyTo(message);
        CryptographicOperations.ZeroMemory(_frame.AsSpan(0, _count));
        return End(FrameEventKind.Message, message);
    }

    private FrameEvent? Go(Phase next)
    {
        _phase = next;
        return null;
    }

    private FrameEvent? End(FrameEventKind kind, byte[]? message = null)
    {
        _phase = Phase.Between;
        return new FrameEvent(kind, message, _count);
    }
}
