using System.Security.Cryptography;

namespace CardIssue.Transport.Serial;

/// <summary>Bytes in order, up to a fixed number; pinned, and zeroed as they are taken.</summary>
internal sealed class ByteQueue(int capacity)
{
    private readonly byte[] _ring = GC.AllocateArray<byte>(capacity, pinned: true);
    private int _start;

    public int Count { get; private set; }

    public int Free => capacity - Count;

    /// <summary>Puts in as many bytes as there is room for, and gives their number.</summary>
    public int Put(ReadOnlySpan<byte> bytes)
    {
        var count = Math.Min(bytes.Length, Free);
        var end = (_start + Count) % capacity;
        var first = Math.Min(count, capacity - end);
        bytes[..first].CopyTo(_ring.AsSpan(end));
        bytes[first..count].CopyTo(_ring);
        Count += count;
        return count;
    }

    /// <summary>Takes out as many bytes as there are and fit, and gives their number.</summary>
    public int Take(Span<byte> target)
    {
        var count = Math.Min(target.Length, Count);
        var first = Math.Min(count, capacity - _start);
        Move(_ring.AsSpan(_start, first), target);
        Move(_ring.AsSpan(0, count - first), target[first..]);
        _start = (_start + count) % capacity;
        Count -= count;
        return count;
    }

    /// <summary>Drops and zeroes everything.</summary>
    public void Clear()
    {
        CryptographicOperations.ZeroMemory(_ring);
        (_start, Count) = (0, 0);
    }

    private static void Move(Span<byte> source, Span<byte> target)
    {
        source.CopyTo(target);
        CryptographicOperations.ZeroMemory(source);
    }
}
