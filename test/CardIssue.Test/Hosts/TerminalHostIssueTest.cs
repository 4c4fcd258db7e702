using System.Net;
using System.Text.Json;
using CardIssue.Center.Orders;
using CardIssue.Center.Sessions;
using CardIssue.Center.Terminals;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Test.EndToEnd;
using CardIssue.Transport.Tls;
using CardIssue.VirtualCard.Net;
using CardIssue.VirtualCard.Reading;

namespace CardIssue.Test.Hosts;

/// <summary>The built program against a center in this process, over TLS, with a simulated card behind a TCP reader.</summary>
[Parallelizable]
public sealed class TerminalHostIssueTest
{
    private static readonly LineNumber Line = new(8);
    private CancellationTokenSource _stop = null!;
    private TerminalHostProcess _host = null!;
    private Shop _shop = null!;
    private System.Security.Cryptography.X509Certificates.X509Certificate2 _certificate = null!;
    private TlsLineListener _listener = null!;
    private CardServer _cards = null!;
    private CardSlot _slot = null!;
    private Task _working = Task.CompletedTask;

    [SetUp]
    public async Task OpenShop()
    {
        (_host, _stop) = (new TerminalHostProcess(), new CancellationTokenSource());
        _shop = await Shop.OpenAsync();
        var now = DateTimeOffset.UtcNow;
        _certificate = TlsCertificates.CreateSelfSigned("CN=center", now.AddDays(-1), now.AddDays(1));
        _listener = new TlsLineListener(Line, new IPEndPoint(IPAddress.Loopback, 0), _certificate);
        _slot = new CardSlot();
        _cards = new CardServer(_slot, 0);
        _working = Task.WhenAll(new CenterServer(_shop.Services).RunAsync([new ServedLine(_listener)], _stop.Token), _cards.RunAsync(_stop.Token));

        var center = _shop.Vault.Identity with { TlsCertificate = TlsCertificates.Sha256(_certificate) };
        await File.WriteAllBytesAsync(_host.File("center.json"), center.Write());
        _host.Write("pass", "a-passphrase-to-find");
        _host.Write("code", "4711");
        _host.MakeModule("T-8", _host.File("center.json"), "a-passphrase-to-find");
        await _shop.OrderAsync("O-1", CardIssue.Test.EndToEnd.Products.EndToEnd(mode: "module"));
    }

    [TearDown]
    public async Task CloseShop()
    {
        await _stop.CancelAsync();
        await _working.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _listener.DisposeAsync();
        _cards.Dispose();
        await _shop.DisposeAsync();
        _certificate.Dispose();
        _host.Dispose();
        _stop.Dispose();
    }

    [Test]
    public async Task Issue_KnownTerminalAndGenuineCard_IssuesOnceAndPrintsTheReceipt()
    {
        await EnrolAsync();
        _slot.Insert(Shop.Card(41));
        var run = await _host.RunAsync(IssueArgs());
        Assert.That(run.Code, Is.Zero, run.All);
        Assert.That(run.Output, Does.Contain("S220 access granted").And.Contain("S280 writing record 1").And.Contain("S300 the card is issued").And.Contain("CARD ISSUED"));
        Assert.That((await _shop.ViewAsync("O-1")).State, Is.EqualTo(OrderState.Issued));
        Assert.That(run.All, Does.Not.Contain("4711").And.Not.Contain("a-passphrase-to-find"));

        var again = await _host.RunAsync(IssueArgs());
        Assert.That(again.Code, Is.EqualTo(4));
        Assert.That(again.Error, Does.Contain("declined"));
    }

    [Test]
    public async Task Issue_Json_IsALineOfJsonPerStepAndTheOutcome()
    {
        await EnrolAsync();
        _slot.Insert(Shop.Card(42));
        var run = await _host.RunAsync([.. IssueArgs(), "--json"]);
        Assert.That(run.Code, Is.Zero, run.All);
        var lines = run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.That(lines[^1].GetProperty("ending").GetString(), Is.EqualTo("Issued"));
        Assert.That(lines[..^1].Select(line => line.GetProperty("type").GetString()), Is.All.EqualTo("step"));
    }

    [Test]
    public async Task Issue_UnknownTerminal_IsRefusedWith4()
    {
        var run = await _host.RunAsync(IssueArgs());
        Assert.That(run.Code, Is.EqualTo(4), run.All);
        Assert.That(run.Error, Does.Contain("access refused"));
    }

    [Test]
    public async Task Issue_UnknownReader_IsRefusedWith4()
    {
        await EnrolAsync(serial: "another");
        _slot.Insert(Shop.Card(43));
        var run = await _host.RunAsync(IssueArgs());
        Assert.That(run.Code, Is.EqualTo(4), run.All);
        Assert.That(run.Error, Does.Contain("reader is not known"));
    }

    [Test, Platform(Exclude = "Win")]
    public async Task Issue_InterruptedWhileWaitingForACard_LetsTheOrderGo()
    {
        await EnrolAsync();
        var run = await _host.RunAsync("", IssueArgs(), interruptAt: "S240");
        Assert.That(run.Code, Is.EqualTo(5), run.All);
        // The program has ended when the center hears of it.
        await _shop.ReachesAsync("O-1", OrderState.Ready);
    }

    [Test]
    public async Task Check_EverythingKnown_IsAllRight()
    {
        await EnrolAsync();
        var run = await _host.RunAsync("check", "--connect", Center, "--line", "8", "--reader", Reader, "--passphrase-file", "pass");
        Assert.That(run.Code, Is.Zero, run.All);
        Assert.That(run.Output, Does.Contain("terminal T-8 on line 8").And.Contain("known to the center"));
    }

    [Test]
    public async Task Check_UnknownTerminal_Says4()
    {
        var run = await _host.RunAsync("check", "--connect", Center, "--passphrase-file", "pass");
        Assert.That(run.Code, Is.EqualTo(4), run.All);
        Assert.That(run.Output, Does.Contain("refused  access"));
    }

    [Test]
    public async Task Watch_TwoCustomersOnStandardInput_AreServedOnOneAccess()
    {
        await EnrolAsync();
        await _shop.OrderAsync("O-2", CardIssue.Test.EndToEnd.Products.EndToEnd(mode: "module"));
        _slot.Insert(Shop.Card(44));
        var run = await _host.RunAsync("O-1\n4711\nO-2\nwrong-code\n\n",
            ["watch", "--operator", "olga", "--connect", Center, "--reader", Reader, "--passphrase-file", "pass"], removeAt: ("S320 take the card out", _slot.Remove));
        Assert.That(run.Code, Is.Zero, run.All);
        Assert.That(run.Output, Does.Contain("CARD ISSUED"));
        Assert.That(run.Error, Does.Contain("declined: no such order, or the issue code is wrong"));
        Assert.That(run.Output.Split("S220 access granted"), Has.Length.EqualTo(2));
        Assert.That(run.All, Does.Not.Contain("4711").And.Not.Contain("wrong-code"));
    }

    [Test]
    public async Task Watch_SlipsOnStandardInput_AreToldAndTheNextCustomerIsServed()
    {
        await EnrolAsync();
        _slot.Insert(Shop.Card(45));
        var slips = $"{new string('x', 300)}\n4711\n{new string('y', 5_000)}\n4711\nO-1\n\nO-1\n{new string('z', 5_000)}\n";
        var run = await _host.RunAsync($"{slips}O-1\n4711\n\n",
            ["watch", "--operator", "olga", "--connect", Center, "--reader", Reader, "--passphrase-file", "pass"], removeAt: ("S320 take the card out", _slot.Remove));
        Assert.That(run.Code, Is.Zero, run.All);
        Assert.That(run.Output, Does.Contain("CARD ISSUED"));
        Assert.That(run.Error.Split("An order or customer id has 1 to 64"), Has.Length.EqualTo(3));
        Assert.That(run.Error.Split("An issue code has 1 to"), Has.Length.EqualTo(3));
        Assert.That(run.All, Does.Not.Contain("4711").And.Not.Contain("zzz"));
    }

    [Test]
    public async Task ReaderEnroll_UnknownReader_WaitsForTheCenterThenIsKnown()
    {
        await EnrolAsync("another");
        string[] enroll = ["reader", "enroll", "--connect", Center, "--reader", Reader, "--passphrase-file", "pass"];
        var first = await _host.RunAsync(enroll);
        Assert.That(first.Code, Is.EqualTo(1), first.All);
        Assert.That(first.Output, Does.Contain("waits for a decision at the center"));
        var request = (await _shop.Registry.ReaderRequestsAsync()).Single();
        Assert.That((request.Terminal, request.Reader.Serial), Is.EqualTo((new TerminalId("T-8"), "R-8")));

        Assert.That(await _shop.Registry.ApproveReaderAsync(request.Id, letInWithoutIdentity: false), Is.EqualTo(ReaderDecision.Done));
        var second = await _host.RunAsync([.. enroll, "--wait", "20", "--json"]);

        Assert.That(second.Code, Is.Zero, second.All);
        var answer = JsonDocument.Parse(second.Output).RootElement;
        Assert.That((answer.GetProperty("standing").GetString(), answer.GetProperty("usable").GetBoolean()), Is.EqualTo(("Known", true)));
    }

    private string Center => $"127.0.0.1:{_listener.LocalEndPoint.Port}";

    private string Reader => $"tcp:127.0.0.1:{_cards.Port}?serial=R-8";

    private string[] IssueArgs() =>
        ["issue", "--order", "O-1", "--code-file", "code", "--operator", "olga", "--connect", Center, "--reader", Reader, "--passphrase-file", "pass"];

    private async Task EnrolAsync(string serial = "R-8")
    {
        var terminal = TerminalIdentity.Read(await File.ReadAllBytesAsync(_host.File("terminal/terminal.json")));
        await _shop.Registry.PutAsync(new TerminalRecord(
            terminal.Id, [Line], [IPNetwork.Parse("127.0.0.0/8")], terminal.CredentialKey.Encoded, terminal.AgreementKey.Encoded, terminal.TlsCertificate, terminal.KeyVersion, true));
        await _shop.Registry.SetReadersAsync(terminal.Id, [new ReaderRecord("virtual", null, null, serial, null, [], false)]);
    }
}
