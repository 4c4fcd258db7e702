using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace CardIssue.Transport.Framing;

/// <summary>
/// Buffers of one size, pinned so that the garbage collector leaves no copies, and zeroed when they come back: what they carry may be
/// a customer's write data.
/// </summary>
/// <param name="size">The length of each, in bytes.</param>
/// <param name="mostKept">The most buffers that are kept for later.</param>
internal sealed class PinnedBuffers(int size, int mostKept)
{
    private readonly ConcurrentQueue<byte[]> _kept = new();

    /// <summary>For one frame each, with its header; 4 MiB of them are kept at most.</summary>
    public static PinnedBuffers ForFrames { get; } = new(FrameHeader.MaxFrameOnLine, 64);

    /// <summary>For reading: several small frames come in one read. 2 MiB of them are kept at most.</summary>
    public static PinnedBuffers ForReads { get; } = new(8 * 1024, 256);

    public byte[] Rent() => _kept.TryDequeue(out var buffer) ? buffer : GC.AllocateArray<byte>(size, pinned: true);

    public void Return(byte[] buffer, int used)
    {
        CryptographicOperations.ZeroMemory(buffer.AsSpan(0, used));
        if (_kept.Count < mostKept) _kept.Enqueue(buffer);
    }
}
