using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading.Channels;
using Microsoft.Win32.SafeHandles;

namespace CardIssue.Test.Parts;

/// <summary>
/// A cable between two network namespaces that this process carries packet by packet, late and with losses: what netem does, for kernels that have none.
/// Both ends are TAP devices (Linux, Documentation/networking/tuntap), so TCP on both sides is the kernel's own.
/// </summary>
internal sealed partial class PacketCable : IDisposable
{
    /// <summary>As netem's own limit.</summary>
    private const int MostPackets = 1_000;

    private const int MaxFrame = 1_514;
    private const uint SetInterface = 0x4004_54CA;
    private const short Tap = 0x0002, NoPacketInformation = 0x1000;
    private readonly SafeFileHandle[] _ends;
    private readonly CancellationTokenSource _unplugged = new();
    private readonly Random _random;
    private readonly Thread[] _readers;
    private readonly Task[] _writers;
    private TimeSpan _delay;
    private int _lossPercent;

    /// <param name="a">Opened by <see cref="OpenEnd"/> in one namespace.</param>
    /// <param name="b">In the other.</param>
    /// <param name="seed">Of the losses.</param>
    public PacketCable(SafeFileHandle a, SafeFileHandle b, int seed)
    {
        (_ends, _random) = ([a, b], new Random(seed));
        var queues = new[] { Queue(), Queue() };
        _readers = [.. Enumerable.Range(0, 2).Select(i => new Thread(() => Read(_ends[i], queues[i].Writer)) { IsBackground = true })];
        _writers = [WriteAsync(queues[0].Reader, b), WriteAsync(queues[1].Reader, a)];
        foreach (var reader in _readers) reader.Start();
    }

    /// <summary>Makes an end in the calling thread's namespace.</summary>
    public static SafeFileHandle OpenEnd(string name)
    {
        var handle = File.OpenHandle("/dev/net/tun", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        Span<byte> request = stackalloc byte[40];
        Encoding.ASCII.GetBytes(name, request);
        MemoryMarshal.Write(request[16..], (short)(Tap | NoPacketInformation));
        if (IoControl(handle, SetInterface, ref request[0]) == 0) return handle;
        handle.Dispose();
        throw new InvalidOperationException($"TUNSETIFF failed: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    /// <summary>From the next packet on, both ways.</summary>
    public void Set(TimeSpan delay, int lossPercent)
    {
        lock (_random) (_delay, _lossPercent) = (delay, lossPercent);
    }

    /// <summary>The devices must be gone already: that ends the reading.</summary>
    public void Dispose()
    {
        _unplugged.Cancel();
        foreach (var reader in _readers) reader.Join();
        Task.WaitAll(_writers);
        foreach (var end in _ends) end.Dispose();
        _unplugged.Dispose();
    }

    private static Channel<(long Due, byte[] Packet)> Queue() => Channel.CreateBounded<(long, byte[])>(MostPackets);

    private void Read(SafeFileHandle end, ChannelWriter<(long Due, byte[] Packet)> queue)
    {
        var frame = new byte[MaxFrame];
        // Ends with an error when the device is gone.
        while (ReadPacket(end, ref frame[0], (nuint)frame.Length) is > 0 and var length)
            lock (_random)
                // A full queue loses the packet, as netem does.
                if (_random.Next(100) >= _lossPercent)
                    queue.TryWrite((Stopwatch.GetTimestamp() + (long)(_delay.TotalSeconds * Stopwatch.Frequency), frame[..(int)length]));
        queue.Complete();
    }

    private async Task WriteAsync(ChannelReader<(long Due, byte[] Packet)> queue, SafeFileHandle end)
    {
        try
        {
            await foreach (var (due, packet) in queue.ReadAllAsync(_unplugged.Token))
            {
                var wait = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due);
                if (wait > TimeSpan.Zero) await Task.Delay(wait, _unplugged.Token);
                // A device that is not up, or no more, loses it.
                _ = WritePacket(end, ref packet[0], (nuint)packet.Length);
            }
        }
        catch (OperationCanceledException) when (_unplugged.IsCancellationRequested)
        {
            // Unplugged.
        }
    }

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int IoControl(SafeFileHandle handle, nuint request, ref byte argument);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint ReadPacket(SafeFileHandle handle, ref byte buffer, nuint length);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint WritePacket(SafeFileHandle handle, ref byte buffer, nuint length);
}
