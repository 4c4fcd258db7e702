using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace CardIssue.Transport.Framing;

/// <summary>
/// Buffers for one frame each, pinned so that the garbage collector leaves no copies, and zeroed when they come back: what they carry may be
/// a customer's write data.
/// </summary>
internal static class PinnedBuffers
{
    /// <summary>The most buffers that are kept for later: 4 MiB in all.</summary>
    private const int MostKept = 64;

    private static readonly ConcurrentQueue<byte[]> Kept = new();

    public static byte[] Rent() => Kept.TryDequeue(out var buffer)
        ? buffer
        : GC.AllocateArray<byte>(FrameHeader.MaxFrameOnLine, pinned: true);

    public static void Return(byte[] buffer, int used)
    {
        CryptographicOperations.ZeroMemory(buffer.AsSpan(0, used));
        if (Kept.Count < MostKept) Kept.Enqueue(buffer);
    }
}
