using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;

namespace CardIssue.Test.Parts;

/// <summary>
/// Two hosts in one machine: two network namespaces with a cable between them that is as long and as bad as asked for: veth and netem, or a
/// <see cref="PacketCable"/> where the kernel has no netem. Needs root.
/// </summary>
internal sealed partial class FarNetwork : IAsyncDisposable
{
    /// <summary>The hosts' addresses, from TEST-NET-1 (RFC 5737).</summary>
    public const string CenterAddress = "192.0.2.1", TerminalAddress = "192.0.2.2";

    private const string Cable = "cable";
    private const int NewNetwork = 0x4000_0000;
    private static int _count;
    private readonly string _center, _terminal;
    private PacketCable? _own;

    private FarNetwork()
    {
        var name = $"cardissue-{Environment.ProcessId}-{Interlocked.Increment(ref _count)}";
        (_center, _terminal) = ($"{name}-center", $"{name}-terminal");
    }

    /// <summary>What a command line is put behind to run at the center's host.</summary>
    public string[] AtCenter => ["ip", "netns", "exec", _center];

    /// <summary>What a command line is put behind to run at the terminal's host.</summary>
    public string[] AtTerminal => ["ip", "netns", "exec", _terminal];

    /// <summary>What makes the cable long and bad.</summary>
    public string By { get; private set; } = "netem";

    public static async Task<FarNetwork> OpenAsync()
    {
        Part.Require("ip", "iproute2");
        Part.Require("tc", "iproute2");
        Part.RequireRoot("A network namespace");
        var network = new FarNetwork();
        try
        {
            await IpAsync("netns", "add", network._center);
            await IpAsync("netns", "add", network._terminal);
            await network.LayAsync();
            await PlugInAsync(network._center, CenterAddress);
            await PlugInAsync(network._terminal, TerminalAddress);
        }
        catch
        {
            await network.DisposeAsync();
            throw;
        }
        return network;
    }

    /// <summary>Makes the cable long and bad, the same both ways.</summary>
    /// <param name="roundTrip">The time that a packet and its answer take on the cable.</param>
    /// <param name="lossPercent">Of the packets each way.</param>
    public async Task SetAsync(TimeSpan roundTrip, int lossPercent)
    {
        var each = (roundTrip / 2).TotalMilliseconds.ToString("0.###", CultureInfo.InvariantCulture);
        if (_own is not null) _own.Set(roundTrip / 2, lossPercent);
        else
            foreach (var host in new[] { _center, _terminal })
                await DoAsync("tc", [.. Netem(host), "delay", $"{each}ms", "loss", $"{lossPercent}%"]);
    }

    /// <summary>Bytes that came to the terminal's host, and that it sent, with all headers from Ethernet on; retransmissions count again.</summary>
    public async Task<(long Down, long Up)> BytesAsync()
    {
        using var json = JsonDocument.Parse(await IpAsync("-n", _terminal, "-s", "-j", "link", "show", "dev", Cable));
        var counts = json.RootElement[0].GetProperty("stats64");
        return (counts.GetProperty("rx").GetProperty("bytes").GetInt64(), counts.GetProperty("tx").GetProperty("bytes").GetInt64());
    }

    /// <summary>Makes something at the terminal's host: sockets that it opens belong there.</summary>
    public T MakeAtTerminal<T>(Func<T> make) => Make(_terminal, make);

    /// <summary>Removes the hosts; the cable goes with them.</summary>
    public async ValueTask DisposeAsync()
    {
        // An open device keeps its namespace.
        if (_own is not null)
            foreach (var host in new[] { _center, _terminal })
                await IpAsync("-n", host, "link", "del", Cable);
        _own?.Dispose();
        foreach (var host in new[] { _center, _terminal })
            if (File.Exists($"/run/netns/{host}"))
                await IpAsync("netns", "del", host);
    }

    private async Task LayAsync()
    {
        await IpAsync("link", "add", Cable, "netns", _center, "type", "veth", "peer", "name", Cable, "netns", _terminal);
        var (code, said) = await Part.RunAsync(new Dictionary<string, string>(), "tc", [.. Netem(_center), "delay", "0ms"]);
        if (code == 0) return;
        if (!said.Contains("qdisc kind is unknown", StringComparison.Ordinal)) throw new InvalidOperationException($"tc: {said}");
        await IpAsync("-n", _center, "link", "del", Cable);
        var seed = Random.Shared.Next();
        By = $"the test's own cable (this kernel has no netem), seed {seed}";
        _own = new PacketCable(Make(_center, () => PacketCable.OpenEnd(Cable)), Make(_terminal, () => PacketCable.OpenEnd(Cable)), seed);
    }

    private static string[] Netem(string host) => ["-n", host, "qdisc", "replace", "dev", Cable, "root", "netem"];

    private static T Make<T>(string host, Func<T> make)
    {
        // A namespace is a thread's: one of its own, which nothing else runs on afterwards.
        T? made = default;
        Exception? failed = null;
        var thread = new Thread(() =>
        {
            try
            {
                using var handle = File.OpenHandle($"/run/netns/{host}");
                if (SetNamespace(handle, NewNetwork) != 0) throw new InvalidOperationException($"setns failed: {Marshal.GetLastPInvokeErrorMessage()}");
                made = make();
            }
            catch (Exception e) when (e is IOException or InvalidOperationException or System.Net.Sockets.SocketException)
            {
                failed = e;
            }
        });
        thread.Start();
        thread.Join();
        return failed is null ? made! : throw new InvalidOperationException("It could not be made in the namespace.", failed);
    }

    private static async Task PlugInAsync(string host, string address)
    {
        await IpAsync("-n", host, "link", "set", Cable, "addrgenmode", "none");
        await IpAsync("-n", host, "addr", "add", $"{address}/30", "dev", Cable);
        await IpAsync("-n", host, "link", "set", "lo", "up");
        // One packet at a time, as on a cable: netem would lose or delay what the kernel had not cut into packets yet as one.
        await IpAsync("-n", host, "link", "set", Cable, "gso_max_segs", "1");
        await IpAsync("-n", host, "link", "set", Cable, "up");
    }

    private static Task<string> IpAsync(params string[] args) => DoAsync("ip", args);

    private static async Task<string> DoAsync(string program, params string[] args)
    {
        var (code, output) = await Part.RunAsync(new Dictionary<string, string>(), program, args);
        return code == 0 ? output : throw new InvalidOperationException($"{program} {string.Join(' ', args)}: {output}");
    }

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNamespace(SafeFileHandle handle, int kind);
}
