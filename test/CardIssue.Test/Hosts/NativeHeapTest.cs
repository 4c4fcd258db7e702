using System.Runtime.InteropServices;
using CardIssue.CenterHost.Serving;

namespace CardIssue.Test.Hosts;

[Platform("Linux")]
public sealed class NativeHeapTest
{
    private const int TlsBuffer = 16_384 + 200, Enough = 50 * TlsBuffer, Most = 20_000;

    [Test]
    public void BuffersOfTls_KeptApart_ArePagesOfTheirOwn()
    {
        NativeHeap.KeepTlsBuffersApart();
        var before = PagesApart();
        var buffers = new List<nint>();
        // The heap's holes are filled first; this process has many. Without the option no such buffer is ever kept apart.
        while (PagesApart() - before < Enough && buffers.Count < Most) buffers.Add(Allocate(TlsBuffer));
        var apart = PagesApart() - before;
        foreach (var buffer in buffers) Free(buffer);
        Assert.That(apart, Is.AtLeast((nint)Enough));
    }

    /// <summary>Bytes that glibc has asked of the system for single allocations (<c>mallinfo2(3)</c>, <c>hblkhd</c>).</summary>
    private static nint PagesApart()
    {
        try
        {
            return HeapInfo().Hblkhd;
        }
        catch (EntryPointNotFoundException)
        {
            Assert.Ignore("another C library than glibc 2.33 or later");
            throw;
        }
    }

    private record struct Info(
        nint Arena, nint Ordblks, nint Smblks, nint Hblks, nint Hblkhd, nint Usmblks, nint Fsmblks, nint Uordblks, nint Fordblks, nint Keepcost);

    [DllImport("libc", EntryPoint = "malloc")]
    private static extern nint Allocate(nint bytes);

    [DllImport("libc", EntryPoint = "free")]
    private static extern void Free(nint memory);

    [DllImport("libc", EntryPoint = "mallinfo2")]
    private static extern Info HeapInfo();
}
