using System.Security.Cryptography;
using CardIssue.Core;

namespace CardIssue.Terminal.Relay;

/// <summary>
/// The few commands on their way to the card: a ring of pinned slots, a window's worth, each zeroed as soon as its command went to the card.
/// Nothing else in a terminal ever holds write data.
/// </summary>
internal sealed class CommandBuffer : IDisposable
{
    private readonly Slot[] _slots;
    private readonly Lock _gate = new();

    public CommandBuffer(int window)
    {
        _slots = new Slot[window];
        for (var i = 0; i < window; i++) _slots[i] = new Slot();
    }

    /// <summary>Keeps a command until it is taken. False when the window is full, or the number is in it already.</summary>
    public bool TryPut(int sequence, ReadOnlySpan<byte> payload, ValueList<ushort> expected)
    {
        lock (_gate)
        {
            var slot = _slots[sequence % _slots.Length];
            if (slot.Sequence >= 0) return false;
            slot.Fill(sequence, payload, expected);
            return true;
        }
    }

    /// <summary>Moves a command's payload into <paramref name="destination"/> and zeroes its slot. Null when it is not here.</summary>
    public Taken? TryTake(int sequence, Span<byte> destination)
    {
        lock (_gate)
        {
            var slot = _slots[sequence % _slots.Length];
            if (slot.Sequence != sequence) return null;
            slot.Payload.CopyTo(destination);
            var taken = new Taken(slot.Payload.Length, slot.Expected);
            slot.Clear();
            return taken;
        }
    }

    /// <summary>Zeroes every slot.</summary>
    public void Clear()
    {
        lock (_gate)
            foreach (var slot in _slots) slot.Clear();
    }

    /// <summary>Whether no slot holds a command.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (_gate) return Array.TrueForAll(_slots, s => s.Sequence < 0);
        }
    }

    public void Dispose() => Clear();

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
