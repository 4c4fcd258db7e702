using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using CardIssue.Center.Orders;
using CardIssue.Core.Primitives;
using CardIssue.TerminalHost.Operators;
using CardIssue.Test.EndToEnd;
using CardIssue.Test.EndToEnd.Processes;
using CardIssue.Test.Keys;

namespace CardIssue.Test.Hosts;

/// <summary>The counter for other programs: the built program, on a port and a pipe, against a center in this process and a virtual card.</summary>
[TestFixture, Parallelizable]
[Platform("Linux", Reason = "A socket's path stands for the pipe, and signals end the program.")]
public sealed class TerminalHostServiceTest
{
    private const int Orders = 5, MaxClients = 8, MaxLine = 4_096;

    private TlsShop _shop = null!;
    private ServiceProcess _service = null!;
    private uint _cards = 80;

    [OneTimeSetUp]
    public async Task OpenAsync()
    {
        _shop = await TlsShop.OpenAsync(Orders);
        _service = await ServiceProcess.StartAsync(_shop);
    }

    [OneTimeTearDown]
    public async Task CloseAsync()
    {
        if (_service is not null)
        {
            var (code, said) = await _service.StopAsync();
            Assert.That(code, Is.Zero, said);
            Assert.That(said, Does.Not.Contain(_service.Token).And.Not.Contain(TlsShop.Code).And.Not.Contain(TlsShop.Passphrase));
            _service.Dispose();
        }
        if (_shop is not null) await _shop.DisposeAsync();
    }

    [Test]
    public void TokenFile_Made_IsItsOwnersAlone()
    {
        if (!OperatingSystem.IsWindows()) Assert.That(File.GetUnixFileMode(_service.TokenFile), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
    }

    [Test]
    public async Task PythonPos_AtThePort_IssuesACard()
    {
        var (code, said) = await PosAsync(_service.Port.ToString(CultureInfo.InvariantCulture), "O-1");
        Assert.That(code, Is.Zero, said);
        Assert.That(said, Does.Contain("S280 writing record 1").And.Contain("CARD ISSUED"));
        Assert.That((await _shop.Shop.ViewAsync("O-1")).State, Is.EqualTo(OrderState.Issued));
    }

    [Test]
    public async Task PythonPos_AtThePipe_IssuesACard()
    {
        var (code, said) = await PosAsync(_service.Pipe, "O-2");
        Assert.That(code, Is.Zero, said);
        var (again, why) = await PosAsync(_service.Pipe, "O-2");
        Assert.That(again, Is.EqualTo(1), why);
        Assert.That(why, Does.Contain("reason 204: declined"));
    }

    [TestCase("""{"do":"hello","token":"0000000000000000000000000000000000000000000000000000000000000000"}""")]
    [TestCase("""{"do":"hello","token":""}""")]
    [TestCase("""{"do":"hello"}""")]
    [TestCase("""{"do":"issue","reference":"O-3","code":"4711","operator":"olga"}""")]
    [TestCase("GET / HTTP/1.1")]
    public async Task FirstLine_WithoutTheToken_EndsTheConnectionAndIsCounted(string line)
    {
        var before = await WrongTokensAsync();
        using var stranger = await ServicePeer.ConnectAsync(_service);
        await stranger.WriteAsync(line + "\n");
        Assert.That(await stranger.ErrorAsync(), Is.EqualTo("token"));
        Assert.That(await stranger.IsClosedAsync(), Is.True);
        Assert.That(await WrongTokensAsync(), Is.EqualTo(before + 1));
    }

    [Test]
    public async Task Issue_WhileOneIsUnderWay_IsRefusedByNameAndTheFirstIsCancelled()
    {
        var (peer, _) = await ServicePeer.EnterAsync(_service);
        using var _ = peer;
        await peer.AskAsync(Issue("O-3"));
        var issue = (await peer.NextAsync("accepted")).GetProperty("issue").GetInt32();
        await peer.StepAsync("InsertCard");
        var (other, status) = await ServicePeer.EnterAsync(_service);
        using var __ = other;
        Assert.That(status.GetProperty("issue").GetInt32(), Is.EqualTo(issue));
        await other.AskAsync(Issue("O-4"));
        Assert.That(await other.ErrorAsync(), Is.EqualTo("busy"));
        await other.AskAsync(new { @do = "cancel", id = "c-1" });
        Assert.That((await other.NextAsync("accepted")).GetProperty("id").GetString(), Is.EqualTo("c-1"));
        Assert.That(await peer.OutcomeAsync(), Is.EqualTo((false, 401)));
        await other.NextAsync("outcome");
        await other.AskAsync(new { @do = "cancel" });
        Assert.That(await other.ErrorAsync(), Is.EqualTo("nothing"));
        await _shop.Shop.ReachesAsync("O-3", OrderState.Ready);
    }

    [Test]
    public async Task ProgramGone_InTheMiddleOfAnIssue_TheIssueGoesOnAndWhoComesBackHears()
    {
        var (gone, _) = await ServicePeer.EnterAsync(_service);
        await gone.AskAsync(Issue("O-5"));
        await gone.StepAsync("InsertCard");
        gone.Dispose();
        var (back, status) = await ServicePeer.EnterAsync(_service);
        using (back)
        {
            var issue = status.GetProperty("issue").GetInt32();
            Assert.That(status.GetProperty("step").GetProperty("notice").GetString(), Is.EqualTo("InsertCard"));
            _shop.Slot.Insert(Shop.Card(++_cards));
            await back.StepAsync("WritingRecord");
            Assert.That(await back.OutcomeAsync(), Is.EqualTo((true, 0)));
            await CardOutAsync(back);
            await back.AskAsync(new { @do = "status", id = "s" });
            status = await back.NextAsync("status", told => told.GetProperty("id").GetString() == "s");
            Assert.That((status.GetProperty("lastIssue").GetInt32(), status.GetProperty("outcome").GetProperty("order").GetString()), Is.EqualTo((issue, "O-5")));
        }
        var (later, told) = await ServicePeer.EnterAsync(_service);
        using var _ = later;
        Assert.That(told.GetProperty("outcome").GetProperty("ok").GetBoolean(), Is.True);
        await later.AskAsync(new { @do = "receipt" });
        Assert.That((await later.NextAsync("receipt")).GetProperty("receipt").GetString(), Does.StartWith("CARD ISSUED").And.Contain("O-5"));
        await later.AskAsync(new { @do = "close" });
        await later.NextAsync("closed");
        Assert.That(await later.IsClosedAsync(), Is.True);
    }

    [Test]
    public async Task CardAndReader_BetweenTwoCustomers_AreTold()
    {
        await using var shop = await TlsShop.OpenAsync(0);
        using var service = await ServiceProcess.StartAsync(shop);
        var (peer, status) = await ServicePeer.EnterAsync(service);
        using var _ = peer;
        if (status.GetProperty("reader").ValueKind is JsonValueKind.Null) await peer.NextAsync("reader", Sees("Empty"));
        shop.Slot.Insert(Shop.Card(++_cards));
        await peer.NextAsync("reader", Sees("CardIn"));
        (var other, status) = await ServicePeer.EnterAsync(service);
        other.Dispose();
        Assert.That(status.GetProperty("reader").GetString(), Is.EqualTo("CardIn"));
        await shop.UnplugAsync();
        await peer.NextAsync("reader", Sees("Lost"));

        static Func<JsonElement, bool> Sees(string what) => told => told.GetProperty("reader").GetString() == what;
    }

    [Test]
    public async Task Issue_WhereOperatorsLogIn_NeedsTheirPassword()
    {
        var file = _shop.Host.File("terminal/operators.json");
        using (var password = SecretBytes.Copy("olga's password"u8))
            new OperatorList(file).Write([KnownOperator.Make(new OperatorId("olga"), password, PassphraseFileTest.Cheapest)]);
        try
        {
            var (peer, _) = await ServicePeer.EnterAsync(_service);
            using var _ = peer;
            await peer.AskAsync(Issue("O-3"));
            Assert.That(await peer.ErrorAsync(), Is.EqualTo("operator"));
            await peer.AskAsync(Issue("O-3", "bob's password"));
            Assert.That(await peer.ErrorAsync(), Is.EqualTo("operator"));
            await peer.AskAsync(Issue("O-3", "olga's password"));
            await peer.NextAsync("accepted");
            await peer.AskAsync(new { @do = "cancel" });
            Assert.That(await peer.OutcomeAsync(), Is.EqualTo((false, 401)));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [TestCase("not json")]
    [TestCase("""["status"]""")]
    [TestCase("""{"do":"status"} more""")]
    [TestCase("""{"do":"dance"}""")]
    [TestCase("""{"do":"status","do":"close"}""")]
    [TestCase("""{"do":"status","amount":"3"}""")]
    [TestCase("""{"do":"issue","reference":"O-4"}""")]
    [TestCase("""{"do":"issue","reference":"O-4","code":4711,"operator":"olga"}""")]
    [TestCase("""{"do":"issue","reference":"O-4","code":"","operator":"olga"}""")]
    [TestCase("""{"do":"issue","reference":"","code":"4711","operator":"olga"}""")]
    [TestCase("""{"do":"issue","reference":"O-4","code":"4711"}""")]
    [TestCase("""{"do":"issue","reference":"O-4","code":"\ud800","operator":"olga"}""")]
    [TestCase("""{"do":"hello","token":"again"}""")]
    public async Task Line_ThatIsNoRequest_IsToldAndTheConnectionGoesOn(string line)
    {
        var (peer, _) = await ServicePeer.EnterAsync(_service);
        using var _ = peer;
        await peer.WriteAsync(line + "\r\n");
        var told = await peer.NextAsync("error");
        Assert.That(told.GetProperty("code").GetString(), Is.EqualTo("request"));
        Assert.That(told.GetProperty("text").GetString(), Does.Not.Contain("4711").And.Not.Contain("again"));
        await peer.AskAsync(new { @do = "status", id = "still here" });
        await peer.NextAsync("status", status => status.GetProperty("id").GetString() == "still here");
    }

    [Test]
    public async Task Line_OfTheLongestLength_IsRead_OneByteMoreEndsTheConnection()
    {
        var (peer, _) = await ServicePeer.EnterAsync(_service);
        using var _ = peer;
        var longest = """{"do":"status"}""".PadRight(MaxLine);
        await peer.WriteAsync(longest + "\n");
        await peer.NextAsync("status");
        await peer.WriteAsync(longest + " \n");
        Assert.That(await peer.ErrorAsync(), Is.EqualTo("line"));
        Assert.That(await peer.IsClosedAsync(), Is.True);
    }

    [Test]
    public async Task Programs_MoreThanThereArePlaces_OneIsTurnedAwayAndOthersByThePipeAreNot()
    {
        var peers = new List<ServicePeer>();
        try
        {
            // Connections of before may still be on their way out.
            for (var turnedAway = false; !turnedAway; turnedAway = peers.Count > 2 * MaxClients || await IsTurnedAwayAsync(peers[^1]))
                peers.Add(await ServicePeer.ConnectAsync(_service));
            Assert.That(peers, Has.Count.LessThanOrEqualTo(MaxClients + 1));
            Assert.That((await PosAsync(_service.Pipe, "no such order")).Code, Is.EqualTo(1), "the pipe has places of its own");
        }
        finally
        {
            foreach (var peer in peers) peer.Dispose();
        }
    }

    [Test]
    public async Task Program_ThatDoesNotRead_IsCutOffAndOthersGoOn()
    {
        var (slow, _) = await ServicePeer.EnterAsync(_service);
        using var _ = slow;
        var asked = string.Concat(Enumerable.Repeat("""{"do":"status"}""" + "\n", 1_000));
        try
        {
            for (var i = 0; i < 100; i++) await slow.WriteAsync(asked).WaitAsync(TimeSpan.FromSeconds(30));
            Assert.That(await slow.IsClosedAsync(), Is.True);
        }
        catch (IOException)
        {
            // It was cut off while it wrote.
        }
        var (other, _) = await ServicePeer.EnterAsync(_service);
        other.Dispose();
    }

    [TestCase("644", 3, "chmod 600")]
    [TestCase("600", 2, "too short")]
    public async Task TokenFile_OthersMayReadOrTooShort_IsRefused(string mode, int code, string says)
    {
        var file = _shop.Host.Write($"{mode}.token", "short");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(file, (UnixFileMode)Convert.ToInt32(mode, 8));
        var run = await HostRun.OfAsync(HostRun.Terminal, _shop.Host.Folder, ServiceArgs("--port", "0", "--token-file", file));
        Assert.That(run.Code, Is.EqualTo(code), run.ToString());
        Assert.That(run.Error, Does.Contain(says));
    }

    [Test]
    public async Task Pipe_ThatAnotherServiceHas_IsLeftToIt()
    {
        var taken = await HostRun.OfAsync(HostRun.Terminal, _shop.Host.Folder, ServiceArgs("--pipe", _service.Pipe));
        Assert.That(taken.Code, Is.EqualTo(1), taken.ToString());
        Assert.That(taken.Error, Does.Contain("another program listens there"));
        var file = await HostRun.OfAsync(HostRun.Terminal, _shop.Host.Folder, ServiceArgs("--pipe", _shop.Host.File("pass")));
        Assert.That(file.Code, Is.EqualTo(3), file.ToString());
        Assert.That(File.Exists(_shop.Host.File("pass")), Is.True);
        var nowhere = await HostRun.OfAsync(HostRun.Terminal, _shop.Host.Folder, ServiceArgs());
        Assert.That(nowhere.Code, Is.EqualTo(2), nowhere.ToString());
    }

    private static object Issue(string order) => new { @do = "issue", reference = order, code = TlsShop.Code, @operator = "olga" };

    private static object Issue(string order, string password) => new { @do = "issue", reference = order, code = TlsShop.Code, @operator = "olga", password };

    private string[] ServiceArgs(params string[] more) =>
        ["service", "--data", _shop.Host.File("terminal"), "--connect", _shop.Center, "--reader", _shop.Reader, "--passphrase-file", _shop.Host.File("pass"), .. more];

    /// <summary>Runs samples/PythonPos, a new card in the reader, which is taken out behind it.</summary>
    private async Task<(int Code, string Said)> PosAsync(string place, string order)
    {
        if (!PythonTerminal.IsThere) Assert.Ignore($"{PythonTerminal.Python} is not there.");
        var (watching, _) = await ServicePeer.EnterAsync(_service, byPipe: true);
        using var _ = watching;
        _shop.Slot.Insert(Shop.Card(++_cards));
        var start = new ProcessStartInfo(PythonTerminal.Python, [Path.Combine(Repository.Root, "samples", "PythonPos", "pos.py"), place, _service.TokenFile, order, "olga"])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        await process.StandardInput.WriteAsync($"{TlsShop.Code}\n");
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(60));
        await process.WaitForExitAsync();
        await CardOutAsync(watching);
        return (process.ExitCode, output + await error);
    }

    /// <summary>Takes the card out; the next customer can be served then.</summary>
    private async Task CardOutAsync(ServicePeer watching)
    {
        _shop.Slot.Remove();
        await watching.AskAsync(new { @do = "status", id = "out" });
        var status = await watching.NextAsync("status", told => told.GetProperty("id").GetString() == "out");
        if (State(status) is "Ready") return;
        await watching.NextAsync("line", told => State(told) is "Ready");
    }

    private static string? State(JsonElement told) => told.GetProperty("line").GetProperty("state").GetString();

    private async Task<int> WrongTokensAsync()
    {
        var (peer, status) = await ServicePeer.EnterAsync(_service);
        peer.Dispose();
        return status.GetProperty("wrongTokens").GetInt32();
    }

    /// <summary>One that has a place is told nothing before it says something itself.</summary>
    private static async Task<bool> IsTurnedAwayAsync(ServicePeer peer)
    {
        try
        {
            return await peer.ErrorAsync().WaitAsync(TimeSpan.FromMilliseconds(50)) is "full";
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}
