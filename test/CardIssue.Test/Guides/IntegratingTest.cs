using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using CardIssue.Center.Orders;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Terminal;
using CardIssue.Integrating;
using CardIssue.Terminal.Relay;
using CardIssue.Test.EndToEnd;
using CardIssue.Test.Explorer;
using CardIssue.Test.Hosts;
using CardIssue.Test.Modules;
using CardIssue.Test.Parts;
using CardIssue.Test.Products.Json;
using CardIssue.Transport.Reconnect;
using CardIssue.Testing.Cards;
using CardIssue.Testing.Cards.Net;
using CardIssue.Testing.Cards.Reading;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace CardIssue.Test.Guides;

/// <summary>INTEGRATING.md: its code is that of samples/Integrating, and that issues cards, from one's own POS at one's own center.</summary>
[TestFixture, Parallelizable]
public sealed class IntegratingTest
{
    private const string Passphrase = "correct horse battery", Pipe = "cardissue-integrating-";

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    private readonly CenterHostProcess _center = new();
    private readonly ConcurrentQueue<FeedEvent> _told = [];
    private readonly string _pipe = $"{Pipe}{Guid.NewGuid():N}";
    private readonly int _port = Part.FreePorts(1)[0];
    private IHost _bank = null!;

    [OneTimeSetUp]
    public async Task ServeAsync()
    {
        await DoAsync("init", "--id", "bank-1");
        var key = await _center.EnterTestKeyAsync(_center.Write("ceremony.json", CenterHostCeremony.File(Counter.Master)));
        Assert.That(key.Code, Is.Zero, key.ToString());
        await DoAsync("order", "import", "--orders", Path.Combine(Samples.Folder, "orders.json"),
            "--product", Path.Combine(Samples.Folder, "visa-like-e2e.product.json"), "--product", Path.Combine(Samples.Folder, "visa-like-module.product.json"));
        foreach (var (terminal, line, kind, serial) in new[] { ("pos-1", "1", "virtual", "VC-0001"), ("pos-2", "2", "vendor", "V-77"), ("pos-3", "1", "virtual", "READER-1") })
        {
            using (TlsModule.Create(_center.File(terminal), _center.File($"{terminal}.json"), terminal, Path.Combine(_center.Data, "center.json"), Passphrase)) { }
            await DoAsync("terminal", "add", "--file", _center.File($"{terminal}.json"), "--line", line, "--address", "127.0.0.1");
            await DoAsync("reader", "add", "--terminal", terminal, "--kind", kind, "--serial", serial);
        }
        _bank = BankHost.Build(_center.Data, Secret, new IPEndPoint(IPAddress.Loopback, _port), new BankFeed((told, _) =>
        {
            _told.Enqueue(told);
            return Task.CompletedTask;
        }), new PipeListener(new LineNumber(2), _pipe));
        await _bank.StartAsync();
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        if (_bank is not null)
        {
            await _bank.StopAsync();
            await ((IAsyncDisposable)_bank).DisposeAsync();
        }
        _center.Dispose();
    }

    [Test]
    public void Code_OfTheGuide_IsWhatIsCompiled()
    {
        var document = File.ReadAllText(IntegratingCode.Guide).ReplaceLineEndings("\n");
        var renewed = IntegratingCode.Parts.Aggregate(document, (text, part) => Generated.Replace(text, $"code {part.Key}", $"```csharp\n{part.Value}```\n"));
        if (Generated.Updating) File.WriteAllText(IntegratingCode.Guide, document = renewed);
        Assert.That(document, Is.EqualTo(renewed), $"INTEGRATING.md does not have the code of samples/Integrating: rewrite it with {Generated.UpdateVariable}=1.");
        Assert.That(document.Split("```csharp\n"), Has.Length.EqualTo(IntegratingCode.Parts.Count + 1), "all code of the guide is compiled");
    }

    [Test]
    public async Task PosOfTheGuide_AtTheCenterOfTheGuide_CancelsAndIssuesACard()
    {
        var (reader, receipts) = (new VirtualCardReader(), new FilePrinter(_center.File("receipts.txt")));
        var (lamps, toDo) = (new ConcurrentQueue<string>(), new ConcurrentQueue<string>());
        using var passphrase = Secret();
        await using var pos = new PosTerminal(_center.File("pos-1"), passphrase, "127.0.0.1", _port, reader, receipts);
        Selling.Watch(pos.Relay, lamps.Enqueue);

        using (var code = Typed("KESTREL-4821"))
        using (var clerk = new CancellationTokenSource())
        {
            var waiting = Selling.IssueWithinAsync(pos.Relay, new IssueRequest("E2E-0001", code, new OperatorId("olga")), Longest, clerk.Token);
            await UntilAsync(() => pos.Relay.Status.State is RelayState.Issuing);
            await clerk.CancelAsync();
            var cancelled = await waiting.WaitAsync(Longest);
            if (cancelled is not null) Assert.That(Selling.Next(cancelled), Does.StartWith("cancelled"), cancelled.ToString());
        }

        var issuing = Selling.IssueAsync(pos.Relay, "E2E-0001", Encoding.ASCII.GetBytes("KESTREL-4821"), "olga",
            new Steps(step => { if (Selling.ToDo(step) is { } text) toDo.Enqueue(text); }), default);
        reader.Insert(Shop.Card(1));
        var outcome = await issuing.WaitAsync(Longest);

        Assert.That(Selling.Next(outcome), Is.EqualTo("hand the card over"), outcome.ToString());
        Assert.That(toDo, Does.Contain("Leave the card in: 1 of 3.").Or.Contain("Leave the card in: 1 of 4."));
        await UntilAsync(() => lamps.Contains("ready") && lamps.Contains("a card is being issued"));
        await receipts.PrintAgainAsync(outcome with { PrintFault = "no paper" }, default);
        Assert.That((await File.ReadAllTextAsync(_center.File("receipts.txt"))).Split("CARD ISSUED"), Has.Length.EqualTo(3), "printed, and printed again");
        await UntilAsync(() => _told.Any(told => told.Order == new OrderId("E2E-0001")));
        reader.Remove();
        using var again = Typed("KESTREL-4821");
        var second = await pos.Relay.IssueAsync(new IssueRequest("E2E-0001", again, new OperatorId("olga"))).WaitAsync(Longest);
        Assert.That(Selling.Next(second), Does.StartWith("this order has its card").Or.StartWith("ask the customer"), second.ToString());
        Assert.That(await BankHost.LookAsync(_bank.Services, "E2E-0001", default), Does.StartWith("E2E-0001 is Issued;"));
    }

    [Test]
    public async Task ProgramOfTheGuide_IssuesACard_AndEndsWithTheReasonWhereItDoesNot()
    {
        var slot = new CardSlot();
        using var stop = new CancellationTokenSource();
        using var cards = new CardServer(slot, 0);
        var serving = cards.RunAsync(stop.Token);
        slot.Insert(Shop.Card(3));
        Task<int> RunAsync(string code) => PosProgram.Main(
        [
            _center.File("pos-3"), _center.Write("passphrase", $"{Passphrase}\n"), "E2E-0002", _center.Write("code", $"{code}\r\n"),
            _port.ToString(CultureInfo.InvariantCulture), cards.Port.ToString(CultureInfo.InvariantCulture),
        ]).WaitAsync(Longest);

        Assert.That(await RunAsync("no such code"), Is.EqualTo(1));
        Assert.That(await RunAsync("LINNET-7093"), Is.Zero);

        Assert.That(await BankHost.LookAsync(_bank.Services, "E2E-0002", default), Does.StartWith("E2E-0002 is Issued;"));
        await stop.CancelAsync();
        await serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    [Test]
    public async Task HostedTerminalOfTheGuide_WithItsOwnReaderAndLine_IssuesACard()
    {
        using var passphrase = Secret();
        using var file = CardIssue.Terminal.Modules.SoftwareModuleFile.Open(_center.File("pos-2"), passphrase);
        using var module = file.OpenModule();
        var device = new SimulatedDevice(Shop.Card(2));
        await using var reader = new VendorReader(device);
        var host = HostedTerminal.Build(new ReconnectingConnector(new PipeConnector(_pipe)), reader, module, new FilePrinter(_center.File("hosted.txt")));
        await host.StartAsync();
        using var code = Typed("MERLIN-2265");

        var outcome = await host.Services.GetRequiredService<TerminalRelay>()
            .IssueAsync(new IssueRequest("MODULE-0001", code, new OperatorId("olga"))).WaitAsync(Longest);
        await host.StopAsync();
        await ((IAsyncDisposable)host).DisposeAsync();

        Assert.That(outcome.IsIssued, Is.True, outcome.ToString());
        Assert.That(await File.ReadAllTextAsync(_center.File("hosted.txt")), Does.Contain("MODULE-0001"));
    }

    [Test]
    public async Task PersonOfTheGuide_LogsInAtTheBanksScreen()
    {
        using var right = SecretBytes.Copy(Encoding.UTF8.GetBytes(CenterHostProcess.PasswordOf("ann")));
        using var wrong = Typed("a guess of mine");
        Assert.That((await BankHost.LogInAsync(_bank.Services, "ann", right, default))?.Name.Value, Is.EqualTo("ann"));
        Assert.That(await BankHost.LogInAsync(_bank.Services, "ann", wrong, default), Is.Null);
    }

    [Test]
    public async Task FeedOfTheGuide_ToldTwice_HandsOnOnce()
    {
        var taken = new List<FeedEvent>();
        var feed = new BankFeed((told, _) =>
        {
            taken.Add(told);
            return Task.CompletedTask;
        });
        var one = new FeedEvent(1, "e-1", FeedEventKind.Issued, new OrderId("o-1"), "c-1", 1, null, DateTimeOffset.UnixEpoch, "");
        await feed.TellAsync([one], default);
        await feed.TellAsync([one, one with { Id = 2, EventId = "e-2" }], default);
        Assert.That(taken.Select(told => told.EventId), Is.EqualTo(new[] { "e-1", "e-2" }));
    }

    [Test]
    public void Lamp_OfEveryState_SaysSomethingElse()
    {
        var texts = Enum.GetValues<RelayState>().Select(state => Selling.Standing(new RelayStatus(state, DateTimeOffset.UnixEpoch))).ToList();
        Assert.That(texts, Is.Unique);
        Assert.That(Enum.GetValues<IssueReason>().Select(reason => Selling.Next(new IssueOutcome(IssueEnding.Aborted, "", "") { Reason = reason })), Has.None.EqualTo("hand the card over"));
    }

    private static SecretBytes Secret() => Typed(Passphrase);

    private static SecretBytes Typed(string text) => SecretBytes.Copy(Encoding.ASCII.GetBytes(text));

    private async Task DoAsync(params string[] args)
    {
        var run = await _center.RunAsync(args);
        Assert.That(run.Code, Is.Zero, string.Create(CultureInfo.InvariantCulture, $"{string.Join(' ', args)}: {run}"));
    }

    private static async Task UntilAsync(Func<bool> isSo)
    {
        using var limit = new CancellationTokenSource(Longest);
        while (!isSo()) await Task.Delay(10, limit.Token);
    }

    private sealed class Steps(Action<IssueProgress> tell) : IProgress<IssueProgress>
    {
        public void Report(IssueProgress value) => tell(value);
    }

    /// <summary>A vendor's device with a simulated card in it.</summary>
    private sealed class SimulatedDevice(CardSimulator card) : IVendorDevice
    {
        private readonly Lock _turn = new();

        public string SerialNumber => "V-77";

        public bool HasCard => true;

        public byte[] PowerOn()
        {
            lock (_turn) return card.Reset();
        }

        public byte[] Exchange(byte[] command)
        {
            lock (_turn) return card.Transmit(command);
        }
    }
}
