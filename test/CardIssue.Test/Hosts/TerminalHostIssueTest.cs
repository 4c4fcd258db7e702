using System.Text.Json;
using CardIssue.Center.Orders;
using CardIssue.Center.Terminals;
using CardIssue.Core.Primitives;
using CardIssue.Test.EndToEnd;

namespace CardIssue.Test.Hosts;

/// <summary>The built program against a center in this process, over TLS, with a simulated card behind a TCP reader.</summary>
[Parallelizable]
public sealed class TerminalHostIssueTest
{
    private TlsShop _shop = null!;

    [SetUp]
    public async Task OpenShop() => _shop = await TlsShop.OpenAsync(orders: 1, isKnown: false);

    [TearDown]
    public ValueTask CloseShop() => _shop.DisposeAsync();

    [Test]
    public async Task Issue_KnownTerminalAndGenuineCard_IssuesOnceAndPrintsTheReceipt()
    {
        await _shop.EnrolAsync();
        _shop.Slot.Insert(Shop.Card(41));
        var run = await _shop.Host.RunAsync(IssueArgs());
        Assert.That(run.Code, Is.Zero, run.All);
        Assert.That(run.Output, Does.Contain("S220 access granted").And.Contain("S280 writing record 1").And.Contain("S300 the card is issued").And.Contain("CARD ISSUED"));
        Assert.That((await _shop.Shop.ViewAsync("O-1")).State, Is.EqualTo(OrderState.Issued));
        Assert.That(run.All, Does.Not.Contain("4711").And.Not.Contain("a-passphrase-to-find"));

        var again = await _shop.Host.RunAsync(IssueArgs());
        Assert.That(again.Code, Is.EqualTo(4));
        Assert.That(again.Error, Does.Contain("declined"));
    }

    [Test]
    public async Task Issue_Json_IsALineOfJsonPerStepAndTheOutcome()
    {
        await _shop.EnrolAsync();
        _shop.Slot.Insert(Shop.Card(42));
        var run = await _shop.Host.RunAsync([.. IssueArgs(), "--json"]);
        Assert.That(run.Code, Is.Zero, run.All);
        var lines = run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.That(lines[^1].GetProperty("ending").GetString(), Is.EqualTo("Issued"));
        Assert.That(lines[..^1].Select(line => line.GetProperty("type").GetString()), Is.All.EqualTo("step"));
    }

    [Test]
    public async Task Issue_UnknownTerminal_IsRefusedWith4()
    {
        var run = await _shop.Host.RunAsync(IssueArgs());
        Assert.That(run.Code, Is.EqualTo(4), run.All);
        Assert.That(run.Error, Does.Contain("access refused"));
    }

    [Test]
    public async Task Issue_UnknownReader_IsRefusedWith4()
    {
        await _shop.EnrolAsync(serial: "another");
        _shop.Slot.Insert(Shop.Card(43));
        var run = await _shop.Host.RunAsync(IssueArgs());
        Assert.That(run.Code, Is.EqualTo(4), run.All);
        Assert.That(run.Error, Does.Contain("reader is not known"));
    }

    [Test, Platform(Exclude = "Win")]
    public async Task Issue_InterruptedWhileWaitingForACard_LetsTheOrderGo()
    {
        await _shop.EnrolAsync();
        var run = await _shop.Host.RunAsync("", IssueArgs(), interruptAt: "S240");
        Assert.That(run.Code, Is.EqualTo(5), run.All);
        // The program has ended when the center hears of it.
        await _shop.Shop.ReachesAsync("O-1", OrderState.Ready);
    }

    [Test]
    public async Task Issue_WaitRemoval_LineLostBehindTheReceipt_EndsWhenTheCardIsOut()
    {
        await _shop.EnrolAsync();
        _shop.Slot.Insert(Shop.Card(46));
        var run = await _shop.Host.RunAsync("", [.. IssueArgs(), "--wait-removal"], removeAt: ("CARD ISSUED", () =>
        {
            _shop.EndCenter();
            // Long enough for the terminal to see it. Sooner is right as well, and easier.
            Thread.Sleep(TimeSpan.FromSeconds(1));
            _shop.Slot.Remove();
        }));
        Assert.That(run.Code, Is.Zero, run.All);
    }

    [Test, Platform(Exclude = "Win")]
    public async Task Issue_WaitRemoval_Interrupted_IsIssuedAllTheSame()
    {
        await _shop.EnrolAsync();
        _shop.Slot.Insert(Shop.Card(47));
        var run = await _shop.Host.RunAsync("", [.. IssueArgs(), "--wait-removal"], interruptAt: "CARD ISSUED");
        Assert.That(run.Code, Is.Zero, run.All);
        Assert.That(run.Output, Does.Contain("O-1"));
    }

    [Test]
    public async Task Check_EverythingKnown_IsAllRight()
    {
        await _shop.EnrolAsync();
        var run = await _shop.Host.RunAsync("check", "--connect", _shop.Center, "--line", "8", "--reader", _shop.Reader, "--passphrase-file", "pass");
        Assert.That(run.Code, Is.Zero, run.All);
        Assert.That(run.Output, Does.Contain("terminal T-8 on line 8").And.Contain("known to the center"));
    }

    [Test]
    public async Task Check_UnknownTerminal_Says4()
    {
        var run = await _shop.Host.RunAsync("check", "--connect", _shop.Center, "--passphrase-file", "pass");
        Assert.That(run.Code, Is.EqualTo(4), run.All);
        Assert.That(run.Output, Does.Contain("refused  access"));
    }

    [Test]
    public async Task Watch_TwoCustomersOnStandardInput_AreServedOnOneAccess()
    {
        await _shop.EnrolAsync();
        await _shop.Shop.OrderAsync("O-2", CardIssue.Test.EndToEnd.Products.EndToEnd(mode: "module"));
        _shop.Slot.Insert(Shop.Card(44));
        var run = await _shop.Host.RunAsync("O-1\n4711\nO-2\nwrong-code\n\n",
            ["watch", "--operator", "olga", "--connect", _shop.Center, "--reader", _shop.Reader, "--passphrase-file", "pass"], removeAt: ("S320 take the card out", _shop.Slot.Remove));
        Assert.That(run.Code, Is.Zero, run.All);
        Assert.That(run.Output, Does.Contain("CARD ISSUED"));
        Assert.That(run.Error, Does.Contain("declined: no such order, or the issue code is wrong"));
        Assert.That(run.Output.Split("S220 access granted"), Has.Length.EqualTo(2));
        Assert.That(run.All, Does.Not.Contain("4711").And.Not.Contain("wrong-code"));
    }

    [Test]
    public async Task Watch_SlipsOnStandardInput_AreToldAndTheNextCustomerIsServed()
    {
        await _shop.EnrolAsync();
        _shop.Slot.Insert(Shop.Card(45));
        var slips = $"{new string('x', 300)}\n4711\n{new string('y', 5_000)}\n4711\nO-1\n\nO-1\n{new string('z', 5_000)}\n";
        var run = await _shop.Host.RunAsync($"{slips}O-1\n4711\n\n",
            ["watch", "--operator", "olga", "--connect", _shop.Center, "--reader", _shop.Reader, "--passphrase-file", "pass"], removeAt: ("S320 take the card out", _shop.Slot.Remove));
        Assert.That(run.Code, Is.Zero, run.All);
        Assert.That(run.Output, Does.Contain("CARD ISSUED"));
        Assert.That(run.Error.Split("An order or customer id has 1 to 64"), Has.Length.EqualTo(3));
        Assert.That(run.Error.Split("An issue code has 1 to"), Has.Length.EqualTo(3));
        Assert.That(run.All, Does.Not.Contain("4711").And.Not.Contain("zzz"));
    }

    [Test]
    public async Task ReaderEnroll_UnknownReader_WaitsForTheCenterThenIsKnown()
    {
        await _shop.EnrolAsync("another");
        string[] enroll = ["reader", "enroll", "--connect", _shop.Center, "--reader", _shop.Reader, "--passphrase-file", "pass"];
        var first = await _shop.Host.RunAsync(enroll);
        Assert.That(first.Code, Is.EqualTo(1), first.All);
        Assert.That(first.Output, Does.Contain("waits for a decision at the center"));
        var request = (await _shop.Shop.Registry.ReaderRequestsAsync()).Single();
        Assert.That((request.Terminal, request.Reader.Serial), Is.EqualTo((new TerminalId(TlsShop.Terminal), TlsShop.Serial)));

        Assert.That(await _shop.Shop.Registry.ApproveReaderAsync(request.Id, letInWithoutIdentity: false), Is.EqualTo(ReaderDecision.Done));
        var second = await _shop.Host.RunAsync([.. enroll, "--wait", "20", "--json"]);

        Assert.That(second.Code, Is.Zero, second.All);
        var answer = JsonDocument.Parse(second.Output).RootElement;
        Assert.That((answer.GetProperty("standing").GetString(), answer.GetProperty("usable").GetBoolean()), Is.EqualTo(("Known", true)));
    }

    private string[] IssueArgs() =>
        ["issue", "--order", "O-1", "--code-file", "code", "--operator", "olga", "--connect", _shop.Center, "--reader", _shop.Reader, "--passphrase-file", "pass"];
}
