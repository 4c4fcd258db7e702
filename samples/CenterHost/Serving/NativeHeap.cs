using System.Runtime.InteropServices;

namespace CardIssue.CenterHost.Serving;

/// <summary>
/// OpenSSL has two buffers of 16 KiB for each TLS line as long as it lives, of which one that is idle has used a page each. From glibc's heap they would be memory
/// that handshakes before it have written all over, with holes between; as pages of their own (<c>mallopt(3)</c>, <c>M_MMAP_THRESHOLD</c>) they take what was used.
/// </summary>
internal static class NativeHeap
{
    private const int MmapThreshold = -3;

    /// <summary>Both buffers are above it: 16,384 bytes of a record (RFC 8446 5.1) and what TLS adds.</summary>
    private const int PagesOfTheirOwnFrom = 16 * 1024;

    /// <summary>Before the first line is up. Nothing where the C library is another one than glibc, which does it in its own way.</summary>
    public static void KeepTlsBuffersApart()
    {
        if (!OperatingSystem.IsLinux()) return;
        try
        {
            _ = SetOption(MmapThreshold, PagesOfTheirOwnFrom);
        }
        catch (EntryPointNotFoundException)
        {
            // musl has no such option.
            return;
        }
    }

    [DllImport("libc", EntryPoint = "mallopt")]
    private static extern int SetOption(int option, int value);
}
