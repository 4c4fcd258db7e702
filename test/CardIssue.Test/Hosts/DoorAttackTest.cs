using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using CardIssue.Core.Keys;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Terminal.Modules;
using CardIssue.Test.EndToEnd;
using CardIssue.Test.Modules;
using CardIssue.Transport.Tcp;
using CardIssue.Transport.Tls;
using Microsoft.Data.Sqlite;

namespace CardIssue.Test.Hosts;

/// <summary>
/// A center's process under attack by who has no access, on a line with TLS and on one without: half-open handshakes, any certificate, random bytes, long frames that come slowly,
/// hellos again and again. The honest terminal, at the attackers' own address too, gets access; memory and log stay bounded. Loopback only, and it ends by itself.
/// </summary>
[TestFixture, NonParallelizable]
[Platform("Linux", Reason = "The attackers have sixteen loopback addresses, and memory is read from /proc.")]
public sealed class DoorAttackTest
{
    private const int HalfOpen = 5_000, Addresses = 16, Reconnecting = 8, Opening = 8, Threads = 64;

    /// <summary>What the center's resident memory may grow by: 256 lines that are not let in and 64 handshakes, with all their buffers, take less than half.</summary>
    private const int MaxGrowthMiB = 192;

    /// <summary>What the attackers may bring the center to write: rows of its log, lines on its console.</summary>
    private const int MaxRows = 1_500, MaxLines = 200;

    /// <summary>How long access may take under attack: so long, or on a machine with much else to do so many times what it takes there when it is quiet.</summary>
    private const int MaxSeconds = 10, MaxTimesQuiet = 10;

    private static readonly TimeSpan Attack = TimeSpan.FromSeconds(10), Longest = TimeSpan.FromSeconds(60);

    private readonly CenterHostProcess _host = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<Socket> _open = new();
    private int _opening, _opened, _handshakes, _hellos, _bytes, _workers;

    /// <summary>Connects and sends on loopback end at once, so an attacker keeps its thread; the honest terminal must not wait for one of this process.</summary>
    [OneTimeSetUp]
    public void HaveThreads()
    {
        ThreadPool.GetMinThreads(out _workers, out var completions);
        ThreadPool.SetMinThreads(Math.Max(_workers, Threads), completions);
    }

    [OneTimeTearDown]
    public void Delete()
    {
        ThreadPool.GetMinThreads(out _, out var completions);
        ThreadPool.SetMinThreads(_workers, completions);
        _stop.Dispose();
        _host.Dispose();
    }

    [Test]
    public async Task CenterUnderAttack_HonestTerminalGetsAccess_MemoryAndLogStayBounded()
    {
        using var file = await EnrolAsync();
        using var center = _host.Begin("serve", "--line", "3=tls:127.0.0.1:0", "--line", "4=tcp:127.0.0.1:0", "--without-tls");
        try
        {
            var (tls, tcp) = (await PortAsync(center), await PortAsync(center));
            _ = center.StandardOutput.ReadToEndAsync();
            var said = center.StandardError.ReadToEndAsync();
            var quiet = await AccessAsync(file, tls, Longest);
            var most = TimeSpan.FromSeconds(Math.Max(MaxSeconds, MaxTimesQuiet * quiet.TotalSeconds));
            var (memory, rows) = (ResidentMiB(center), Rows());
            // First as many half-open ones as there are to be, as fast as they go; then all the others with them, and the honest terminal.
            await Task.WhenAll(Enumerable.Range(0, Opening).Select(_ => Task.Run(() => HalfOpenAsync(tls, HalfOpen)))).WaitAsync(Longest);
            var attackers = Attackers(tls, tcp).ToArray();
            var times = new List<TimeSpan>();
            var peak = memory;
            for (var clock = Stopwatch.StartNew(); clock.Elapsed < Attack;)
            {
                times.Add(await AccessAsync(file, tls, most));
                peak = Math.Max(peak, ResidentMiB(center));
                await Task.Delay(100);
            }
            await _stop.CancelAsync();
            await Task.WhenAll(attackers).WaitAsync(Longest);
            while (_open.TryDequeue(out var socket)) socket.Dispose();
            var logged = Rows() - rows;
            var isServing = !center.HasExited;
            center.Kill(entireProcessTree: true);
            var lines = (await said.WaitAsync(Longest)).Count(one => one == '\n');
            TestContext.Progress.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"door: {_opened} half-open, {_handshakes} handshakes with any certificate, {_hellos} hellos, {_bytes} random; access in {quiet.TotalMilliseconds:0} ms when quiet, under attack {times.Count} times: median {Median(times).TotalMilliseconds:0} ms, longest {times.Max().TotalMilliseconds:0} ms; memory {memory} to {peak} MiB; {logged} rows, {lines} lines"));
            Assert.Multiple(() =>
            {
                Assert.That(times.Max(), Is.LessThan(most));
                Assert.That(peak - memory, Is.LessThan(MaxGrowthMiB));
                Assert.That(logged, Is.LessThan(MaxRows));
                Assert.That(isServing);
                Assert.That(lines, Is.LessThan(MaxLines), "on the center's console");
                Assert.That(_opened, Is.GreaterThan(HalfOpen * 9 / 10), "there was an attack");
                Assert.That(new[] { _handshakes, _hellos, _bytes }, Is.All.GreaterThan(0), "in every way");
            });
        }
        finally
        {
            // Whatever failed: attackers that go on would take the machine from every test after this one.
            await _stop.CancelAsync();
            if (!center.HasExited) center.Kill(entireProcessTree: true);
        }
    }

    private IEnumerable<Task> Attackers(int tls, int tcp)
    {
        yield return Task.Run(() => HalfOpenAsync(tls, int.MaxValue));
        for (var i = 0; i < Reconnecting; i++) yield return Task.Run(() => ReconnectAsync(tls));
        yield return Task.Run(() => RandomBytesAsync(tls));
        yield return Task.Run(() => RandomBytesAsync(tcp));
        yield return Task.Run(() => SlowFramesAsync(tcp));
        for (var i = 0; i < 2; i++) yield return Task.Run(() => HelloAgainAsync(tcp));
    }

    /// <summary>The record header of a ClientHello (RFC 8446 5.1) and then nothing; sixteen addresses, the honest terminal's own among them. The last thousand stay open.</summary>
    /// <param name="port">Where to.</param>
    /// <param name="count">How many are to be opened in all; then it ends.</param>
    private async Task HalfOpenAsync(int port, int count)
    {
        while (!_stop.IsCancellationRequested && Interlocked.Increment(ref _opening) <= count)
        {
            if (await TryConnectAsync(port, Random.Shared.Next(Addresses)) is not { } socket) continue;
            await TryAsync(async () => await socket.SendAsync(new byte[] { 22, 3, 1, 2, 0 }));
            Interlocked.Increment(ref _opened);
            _open.Enqueue(socket);
            if (_open.Count > 1_000 && _open.TryDequeue(out var oldest)) oldest.Dispose();
        }
    }

    /// <summary>A whole handshake with a certificate that nobody knows, as fast as it goes.</summary>
    private async Task ReconnectAsync(int port)
    {
        using var certificate = TlsCertificates.CreateSelfSigned("CN=anybody", DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddDays(1));
        while (!_stop.IsCancellationRequested)
        {
            if (await TryConnectAsync(port, 0) is not { } socket) continue;
            await using var stream = new SslStream(new NetworkStream(socket, ownsSocket: true), false, (_, _, _, _) => true);
            await TryAsync(async () =>
            {
                await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "center", ClientCertificates = [certificate] }, _stop.Token);
                Interlocked.Increment(ref _handshakes);
                _ = await stream.ReadAsync(new byte[16], _stop.Token);
            });
        }
    }

    private async Task RandomBytesAsync(int port)
    {
        var random = new Random(1);
        while (!_stop.IsCancellationRequested)
        {
            using var socket = await TryConnectAsync(port, 1);
            if (socket is null) continue;
            var bytes = new byte[random.Next(1, 2_000)];
            random.NextBytes(bytes);
            await TryAsync(async () => await socket.SendAsync(bytes));
            Interlocked.Increment(ref _bytes);
            await Task.Delay(5);
        }
    }

    /// <summary>The longest frame is announced and comes byte by byte, on as many lines as there are places.</summary>
    private async Task SlowFramesAsync(int port)
    {
        var open = new List<Socket>();
        for (var i = 0; i < 300 && !_stop.IsCancellationRequested; i++)
            if (await TryConnectAsync(port, 2 + (i % (Addresses - 2))) is { } socket) open.Add(socket);
        while (!_stop.IsCancellationRequested)
        {
            foreach (var socket in open) await TryAsync(async () => await socket.SendAsync(new byte[] { 1, 2, 0 }));
            await Task.Delay(100);
        }
        open.ForEach(socket => socket.Dispose());
    }

    private async Task HelloAgainAsync(int port)
    {
        var hello = MessageCodec.Encode(new Hello(1, 1, new TerminalId("T-1"), ByteString.Own(new byte[ProtocolLimits.NonceLength]), 8));
        var connector = new TcpLineConnector("127.0.0.1", port);
        while (!_stop.IsCancellationRequested)
        {
            await TryAsync(async () =>
            {
                await using var line = await connector.ConnectAsync(_stop.Token);
                for (var i = 0; i < 100; i++) await line.SendAsync(hello, _stop.Token);
            });
            Interlocked.Increment(ref _hellos);
        }
    }

    /// <summary>From one of the loopback addresses 127.0.0.1 to 127.0.0.16.</summary>
    private static async Task<Socket?> TryConnectAsync(int port, int address)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(new IPAddress([127, 0, 0, (byte)(1 + address)]), 0));
            await socket.ConnectAsync(IPAddress.Loopback, port);
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }
    }

    /// <summary>What the center does to an attacker's line is no failure of the test.</summary>
    private static async Task TryAsync(Func<Task> attack)
    {
        try
        {
            await attack();
        }
        catch (Exception e) when (e is IOException or SocketException or AuthenticationException or OperationCanceledException or ObjectDisposedException)
        {
            return;
        }
    }

    /// <summary>Line up to access granted, from 127.0.0.1, where attackers come from as well.</summary>
    private static async Task<TimeSpan> AccessAsync(SoftwareModuleFile file, int port, TimeSpan most)
    {
        using var module = file.OpenModule();
        using var certificate = TlsCertificates.FromPfx(file.TlsClient, []);
        var connector = new TlsLineConnector("127.0.0.1", port, certificate, TlsTrust.Pinned(module.Center.TlsCertificate));
        var clock = Stopwatch.StartNew();
        // A terminal tries again by itself; here at once.
        for (var tries = 1; ; tries++)
        {
            try
            {
                await using var line = await connector.ConnectAsync(new CancellationTokenSource(Longest).Token);
                var answer = await RawAccess.AskAsync(line, module, module.Center.Id, new LineNumber(3));
                Assert.That(answer, Is.InstanceOf<Admitted>());
                return clock.Elapsed;
            }
            catch (LineException) when (clock.Elapsed < most)
            {
                await Task.Delay(50);
            }
        }
    }

    private async Task<SoftwareModuleFile> EnrolAsync()
    {
        await DoAsync("init", "--id", "main");
        var module = TlsModule.Create(
            _host.File("module"), _host.File("terminal.json"), "T-1", Path.Combine(_host.Data, "center.json"), "correct horse battery");
        await DoAsync("terminal", "add", "--file", _host.File("terminal.json"), "--line", "3", "--address", "127.0.0.1");
        return module;
    }

    private async Task DoAsync(params string[] args)
    {
        var run = await _host.RunAsync(args);
        Assert.That(run.Code, Is.Zero, run.ToString());
    }

    private static async Task<int> PortAsync(Process center)
    {
        var ready = await center.StandardOutput.ReadLineAsync().WaitAsync(Longest);
        Assert.That(ready, Does.StartWith("ready line "));
        return IPEndPoint.Parse(ready!.Split(' ')[^1]).Port;
    }

    private static int ResidentMiB(Process center) => (int)(long.Parse(
        File.ReadLines($"/proc/{center.Id}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture) / 1_024);

    private long Rows()
    {
        var text = new SqliteConnectionStringBuilder { DataSource = Path.Combine(_host.Data, "center.db"), Pooling = false, Mode = SqliteOpenMode.ReadOnly };
        using var connection = new SqliteConnection(text.ToString());
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM log_entries";
        return (long)command.ExecuteScalar()!;
    }

    private static TimeSpan Median(List<TimeSpan> times) => times.Order().ElementAt(times.Count / 2);
}
