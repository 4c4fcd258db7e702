using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using CardIssue.Center.Orders;
using CardIssue.Center.Sessions;
using CardIssue.Center.Terminals;
using CardIssue.Core.Keys;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Transport.Tcp;
using CardIssue.Transport.Tls;
using CardIssue.VirtualCard;
using CardIssue.VirtualCard.Net;
using CardIssue.VirtualCard.Reading;

namespace CardIssue.Test.EndToEnd;

/// <summary>A terminal in another language, written from PROTOCOL.md alone, at a center of ours (samples/PythonTerminal).</summary>
[TestFixture]
public sealed class PythonTerminalTest
{
    private const string Python = "/usr/bin/python3";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly TerminalId Name = new("T-PY");
    private string _folder = "";

    private static string Program => Path.Combine(Repository.Root, "samples", "PythonTerminal", "terminal.py");

    [SetUp]
    public void MakeFolder()
    {
        if (!File.Exists(Python)) Assert.Ignore($"{Python} is not there.");
        _folder = Directory.CreateTempSubdirectory("cardissue-python-").FullName;
    }

    [TearDown]
    public void DropFolder()
    {
        if (_folder.Length > 0) Directory.Delete(_folder, recursive: true);
    }

    [Test]
    public async Task Vectors_AreChecked_AreRight()
    {
        var vectors = Directory.GetFiles(Path.Combine(Repository.Root, "CardIssue.Core", "protocol-vectors"), "*.json");
        var (status, output) = await RunAsync("", ["check", .. vectors]);
        Assert.That(status, Is.Zero, output);
        Assert.That(output.Split('\n').Count(line => line.Contains("steps are right", StringComparison.Ordinal)), Is.EqualTo(vectors.Length));
    }

    [TestCase("endToEnd")]
    [TestCase("module")]
    public async Task Card_OverTcpWithoutTls_IsIssued(string mode)
    {
        await using var shop = await Shop.OpenAsync(line: ShopLine.Tcp(7));
        await IssueAsync(shop, mode, ((TcpLineListener)shop.Line.Listener).LocalEndPoint.Port);
    }

    [Test]
    public async Task Card_OverTls_IsIssued()
    {
        using var center = Certificate("center");
        using var terminal = Certificate("terminal");
        await File.WriteAllTextAsync(Path.Combine(_folder, "tls.pem"), $"{terminal.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem()}\n{terminal.ExportCertificatePem()}\n");
        var listener = new TlsLineListener(new LineNumber(7), new IPEndPoint(IPAddress.Loopback, 0), center);
        var line = new ShopLine(new ServedLine(listener), new TcpLineConnector("127.0.0.1", listener.LocalEndPoint.Port));
        await using var shop = await Shop.OpenAsync(line: line);
        await IssueAsync(shop, "endToEnd", listener.LocalEndPoint.Port, center);
    }

    /// <summary>After so many bytes of the center the line is cut: while the card is opened, in a record, before the end.</summary>
    [TestCase("endToEnd", 900)]
    [TestCase("endToEnd", 1_500)]
    [TestCase("module", 2_200)]
    public async Task LineIsCut_TheTerminalComesBackAndResumes_TheSameCardIsIssued(string mode, int bytes)
    {
        await using var shop = await Shop.OpenAsync(line: ShopLine.Tcp(7));
        using var cutter = new Cutter(((TcpLineListener)shop.Line.Listener).LocalEndPoint.Port, bytes);
        await IssueAsync(shop, mode, cutter.Port);
        Assert.That(cutter.Connections, Is.EqualTo(2), "the line was cut once, and brought up again");
    }

    private async Task IssueAsync(Shop shop, string mode, int port, X509Certificate2? center = null)
    {
        await shop.StopTerminalAsync();
        Assert.That((await RunAsync("", ["init", _folder, Name.Value])).Status, Is.Zero);
        var identity = TerminalIdentity.Read(await File.ReadAllBytesAsync(Path.Combine(_folder, "terminal.json")));
        var trusted = shop.Vault.Identity with { TlsCertificate = center is null ? default : TlsCertificates.Sha256(center) };
        await File.WriteAllBytesAsync(Path.Combine(_folder, "center.json"), trusted.Write());
        await shop.Registry.PutAsync(new TerminalRecord(
            Name, [new LineNumber(7)], [IPNetwork.Parse("127.0.0.0/8")], identity.CredentialKey.Encoded, identity.AgreementKey.Encoded,
            identity.TlsCertificate, identity.KeyVersion, true));
        await shop.Registry.SetReadersAsync(Name, [new ReaderRecord("vpcd", null, null, "python", null, [], false)]);
        await shop.OrderAsync("o-1", Products.EndToEnd(mode: mode));

        var slot = new CardSlot();
        var card = Shop.Card(1);
        slot.Insert(card);
        var readerPort = FreePort();
        using var stop = new CancellationTokenSource();
        var running = RunAsync("4711\n", ["issue", _folder, $"127.0.0.1:{port}", "o-1", "olga", "--reader", $"{readerPort}"]);
        var inserting = InsertAsync(readerPort, slot, stop.Token);
        var (status, output) = await running;
        await stop.CancelAsync();
        await inserting;

        Assert.That(status, Is.Zero, output);
        Assert.That(output, Does.Contain("CARD ISSUED"));
        Assert.That((await shop.ViewAsync("o-1")).State, Is.EqualTo(OrderState.Issued));
        Assert.That(card.Inspect().FailedAuthentications, Is.Zero);
        Assert.That((await shop.Log.VerifyAsync()).Findings, Is.Empty);
    }

    /// <summary>The terminal listens for a card when it has been started.</summary>
    private static async Task InsertAsync(int port, CardSlot slot, CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                await VpcdClient.RunAsync("127.0.0.1", port, slot, null, cancellation);
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(50, CancellationToken.None);
            }
            catch (Exception e) when (e is OperationCanceledException or IOException)
            {
                return;
            }
        }
    }

    private static async Task<(int Status, string Output)> RunAsync(string input, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(Python, [Program, .. arguments]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        using var process = Process.Start(start)!;
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        try
        {
            await process.WaitForExitAsync().WaitAsync(Limit);
        }
        catch (TimeoutException)
        {
            process.Kill();
        }
        await process.WaitForExitAsync();
        return (process.ExitCode, $"{await output}{await error}");
    }

    private static X509Certificate2 Certificate(string name) =>
        TlsCertificates.CreateSelfSigned($"CN={name}", DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Between terminal and center; cuts its first connection when so many bytes of the center went through.</summary>
    private sealed class Cutter : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly int _center, _bytes;

        public Cutter(int center, int bytes)
        {
            (_center, _bytes) = (center, bytes);
            _listener.Start();
            _ = AcceptAsync();
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public int Connections { get; private set; }

        public void Dispose() => _listener.Dispose();

        private async Task AcceptAsync()
        {
            try
            {
                while (true)
                {
                    var near = await _listener.AcceptTcpClientAsync();
                    var far = new TcpClient { NoDelay = true };
                    await far.ConnectAsync(IPAddress.Loopback, _center);
                    _ = PumpAsync(near, far, ++Connections == 1 ? _bytes : int.MaxValue);
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
            }
        }

        private static async Task PumpAsync(TcpClient near, TcpClient far, int left)
        {
            using (near)
            using (far)
            {
                try
                {
                    var up = near.GetStream().CopyToAsync(far.GetStream());
                    var buffer = new byte[256];
                    while (left > 0 && await far.GetStream().ReadAsync(buffer.AsMemory(0, Math.Min(left, buffer.Length))) is > 0 and var some)
                    {
                        await near.GetStream().WriteAsync(buffer.AsMemory(0, some));
                        left -= some;
                    }
                }
                catch (Exception e) when (e is IOException or ObjectDisposedException)
                {
                }
            }
        }
    }
}
