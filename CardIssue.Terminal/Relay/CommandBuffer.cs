using System.Security.Cryptography;
using CardIssue.Core.Primitives;

namespace CardIssue.Terminal.Relay;

/// <summary>
/// The few commands on their way to the card, in pinned slots, each zeroed as soon as its command went to the card. There are slots for two windows:
/// after a script stopped early, the rest of its window may still be coming in when the next script begins. Nothing else in a terminal ever holds write data.
/// </summary>
internal sealed class CommandBuffer : IDisposable
{
    private readonly Slot[] _slots;
    private readonly Lock _gate = new();
    private int _highest = -1;

    public CommandBuffer(int window)
    {
        _slots = new Slot[2 * window];
        for (var i = 0; i < _slots.Length; i++) _slots[i] = new Slot();
    }

    /// <summary>Keeps a command until it is taken.</summary>
    public PutOutcome Put(int sequence, ReadOnlySpan<byte> payload, ValueList<ushort> expected)
    {
        lock (_gate)
        {
            if (sequence <= _highest) return PutOutcome.Double;
            if (Array.Find(_slots, s => s.Sequence < 0) is not { } free) return PutOutcome.Full;
            free.Fill(sequence, payload, expected);
            _highest = sequence;
            return PutOutcome.Kept;
        }
    }

    /// <summary>Moves a command's payload into <paramref name="destination"/> and zeroes its slot. Null when it is not here.</summary>
    public Taken? TryTake(int sequence, Span<byte> destination)
    {
        lock (_gate)
        {
            if (Array.Find(_slots, s => s.Sequence == sequence) is not { } slot) return null;
            slot.Payload.CopyTo(destination);
            var taken = new Taken(slot.Payload.Length, slot.Expected);
            slot.Clear();
            return taken;
        }
    }

    /// <summary>Zeroes the commands whose sequence number is below <paramref name="before"/>.</summary>
    public void Discard(int before)
    {
        lock (_gate)
            foreach (var slot in _slots)
                if (slot.Sequence >= 0 && slot.Sequence < before) slot.Clear();
    }

    /// <summary>Zeroes one command.</summary>
    public void Drop(int sequence)
    {
        lock (_gate) Array.Find(_slots, s => s.Sequence == sequence)?.Clear();
    }

    /// <summary>Zeroes every slot; on a new line sequence numbers begin anew.</summary>
    public void Reset()
    {
        lock (_gate)
        {
            foreach (var slot in _slots) slot.Clear();
            _highest = -1;
        }
    }

    /// <summary>Whether no slot holds a command.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (_gate) return Array.TrueForAll(_slots, s => s.Sequence < 0);
        }
    }

    public void Dispose() => Reset();

    /// <summary>A payload's length in bytes, and the status words to go on with.</summary>
    public readonly record struct Taken(int Length, ValueList<ushort> Expected);

    private sealed class Slot
    {
        private const int Smallest = 512;
        private byte[] _pinned = GC.AllocateArray<byte>(Smallest, pinned: true);
        private int _length;

        public int Sequence { get; private set; } = -1;

        public ValueList<ushort> Expected { get; private set; }

        public ReadOnlySpan<byte> Payload => _pinned.AsSpan(0, _length);

        public void Fill(int sequence, ReadOnlySpan<byte> payload, ValueList<ushort> expected)
        {
            if (payload.Length > _pinned.Length) _pinned = GC.AllocateArray<byte>(payload.Length, pinned: true);
            payload.CopyTo(_pinned);
            (_length, Sequence, Expected) = (payload.Length, sequence, expected);
        }

        public void Clear()
        {
            CryptographicOperations.ZeroMemory(_pinned);
            (_length, Sequence, Expected) = (0, -1, default);
        }
    }
}

/// <summary>What became of a command that came in.</summary>
internal enum PutOutcome
{
    /// <summary>It is kept.</summary>
    Kept,
    /// <summary>It came before: not kept again.</summary>
    Double,
    /// <summary>There is no room: the peer does not heed its credit.</summary>
    Full,
}
