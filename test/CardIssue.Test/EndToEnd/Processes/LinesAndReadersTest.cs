using CardIssue.Test.Parts;
using CardIssue.Testing.Cards;
using CardIssue.Testing.Cards.Net;
using CardIssue.Testing.Cards.Reading;
using CardIssue.Testing.Cards.Serial;
using CardIssue.Testing.Cards.Timing;

namespace CardIssue.Test.EndToEnd.Processes;

/// <summary>The hosts as they are built, each a process: every kind of line and of reader that their command lines name, in both modes.</summary>
[TestFixture, Parallelizable]
[Platform("Linux", Reason = "pcscd and pseudo terminals.")]
public sealed class LinesAndReadersTest
{
    private const string Here = "127.0.0.1";

    [Test]
    public async Task TcpWithoutTls_CardsAreIssued()
    {
        await using var branch = await Branch.OpenAsync(Here, orders: 1);
        await branch.CenterAsync("reader", "add", "--terminal", Branch.Terminal, "--kind", "virtual", "--serial", "VC-1");
        var place = await branch.ServeAsync($"tcp:{Here}:0", "--without-tls");
        var slot = new CardSlot();
        using var cards = new CardServer(slot, 0);
        await WhileAsync(cards.RunAsync, () => IssueBothAsync(branch, slot, "--connect", $"tcp:{place}", "--reader", $"tcp:{Here}:{cards.Port}?serial=VC-1"));
        await branch.StopAsync();
    }

    [Test]
    public async Task PcscReader_CardsAreIssued()
    {
        var port = Part.FreePortPair();
        await using var daemon = await PcscDaemon.StartAsync(PcscDaemon.Vpcd("Branch", port));
        await using var branch = await Branch.OpenAsync(Here, orders: 1, environment: daemon.Environment);
        await branch.CenterAsync("reader", "add", "--terminal", Branch.Terminal, "--kind", "pcsc", "--without-identity");
        var place = await branch.ServeAsync($"tls:{Here}:0");
        var listed = await branch.TerminalPlainAsync("reader", "list");
        Assert.That(listed.Output, Does.Contain("Branch 00 00").And.Contain("Branch 00 01"));
        var slot = new CardSlot();
        await WhileAsync(stop => VpcdClient.RunAsync(Here, port, slot, null, stop), () => IssueBothAsync(branch, slot, "--connect", place, "--reader", "pcsc:Branch 00 00"));
        await branch.StopAsync();
    }

    /// <summary>By the whole way: libccid's driver and pcscd find the card mute, and the operator is told.</summary>
    [Test]
    public async Task PcscReader_CardTheWrongWayRound_IsTold_AndIssuedWhenItIsTurned()
    {
        using var readers = await PtyPair.OpenAsync();
        using var port = GemPcTwin.OpenPort(readers.B);
        var (slot, card) = (new CardSlot(), Shop.Card(1));
        slot.InsertMute();
        await WhileAsync(stop => new GemPcTwin(port.BaseStream, slot).RunAsync(stop), async () =>
        {
            await using var daemon = await PcscDaemon.StartAsync(PcscDaemon.GemPcTwin("Branch", readers.A));
            await using var branch = await Branch.OpenAsync(Here, orders: 1, environment: daemon.Environment);
            await branch.CenterAsync("reader", "add", "--terminal", Branch.Terminal, "--kind", "pcsc", "--without-identity");
            var place = await branch.ServeAsync($"tls:{Here}:0");
            void Turn()
            {
                slot.Remove();
                Part.UntilAsync(() => daemon.Output.Contains("Card Removed", StringComparison.Ordinal), "pcscd sees that the card is out").GetAwaiter().GetResult();
                slot.Insert(card);
            }

            var run = await branch.IssueAsync("E2E-1", ("CardRejected", Turn), "--connect", place, "--reader", "pcsc:Branch 00 00");
            Assert.That(card.Inspect().Application(Products.Application).IsPersonalized, Is.True, run.Run.All);
            Assert.That(run.Run.Output.Split("the card does not answer: take it out and turn it round"), Has.Length.EqualTo(2), "once");
            await branch.StopAsync();
        });
    }

    /// <summary>The whole service goes, and with it every reader; the card stays where it is.</summary>
    [Test]
    public async Task PcscService_KilledInMidRecord_OrderWaitsForIt_AndGoesOn()
    {
        var port = Part.FreePortPair();
        await using var daemon = await PcscDaemon.StartAsync(PcscDaemon.Vpcd("Branch", port));
        await using var branch = await Branch.OpenAsync(Here, orders: 1, environment: daemon.Environment);
        await branch.CenterAsync("reader", "add", "--terminal", Branch.Terminal, "--kind", "pcsc", "--without-identity");
        var place = await branch.ServeAsync($"tls:{Here}:0");
        var card = Shop.Card(1);
        var slot = new CardSlot();
        slot.Insert(card);
        var writing = new FirstStoreData();
        using var stop = new CancellationTokenSource();
        var inserted = VpcdClient.RunAsync(Here, port, slot, new CardPacer(TimeProvider.System, writing), stop.Token);
        var issuing = branch.IssueAsync("E2E-1", "--connect", place, "--reader", "pcsc:Branch 00 00");
        await writing.Came.WaitAsync(TimeSpan.FromSeconds(60));
        daemon.Stop();
        await inserted.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await daemon.StartAsync();
        inserted = VpcdClient.RunAsync(Here, port, slot, null, stop.Token);
        var run = await issuing;
        Assert.That(card.Inspect().Application(Products.Application).IsPersonalized, Is.True, run.Run.All);
        Assert.That(run.Run.All, Does.Not.Contain("ReaderRefused").And.Not.Contain("ReaderNotKnown"));
        await stop.CancelAsync();
        await inserted.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await branch.StopAsync();
    }

    /// <summary>Tells that a record is being written, and takes its time for that command.</summary>
    private sealed class FirstStoreData : ICardTiming
    {
        private readonly TaskCompletionSource _came = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Came => _came.Task;

        public TimeSpan Of(ReadOnlySpan<byte> command, int responseLength)
        {
            if (command is not [_, 0xE2, ..] || !_came.TrySetResult()) return TimeSpan.Zero;
            return TimeSpan.FromSeconds(1);
        }

        public void Restart() { }
    }

    [TestCase("serial-tls")]
    [TestCase("serial", "--without-tls")]
    public async Task SerialLineAndSerialReader_CardsAreIssued(string kind, params string[] more)
    {
        using PtyPair line = await PtyPair.OpenAsync(), readers = await PtyPair.OpenAsync();
        await using var branch = await Branch.OpenAsync(Here, orders: 1);
        await branch.CenterAsync("reader", "add", "--terminal", Branch.Terminal, "--kind", "serial", "--without-identity");
        await branch.ServeAsync($"{kind}:{line.A}?baud=115200", more);
        var slot = new CardSlot();
        using var port = GemPcTwin.OpenPort(readers.A);
        await WhileAsync(stop => new GemPcTwin(port.BaseStream, slot).RunAsync(stop),
            () => IssueBothAsync(branch, slot, "--connect", $"{kind}:{line.B}?baud=115200", "--reader", $"serial:{readers.B}"));
        await branch.StopAsync();
    }

    [TestCase("tls", "tls")]
    [TestCase("tls", "tcp", "--without-tls")]
    public async Task SplitLine_TcpAndTcp_CardsAreIssued(string data, string results, params string[] more)
    {
        await using var branch = await Branch.OpenAsync(Here, orders: 1);
        await branch.CenterAsync("reader", "add", "--terminal", Branch.Terminal, "--kind", "virtual", "--serial", "VC-1");
        var (dataPlace, resultsPlace) = await branch.ServeSplitAsync($"{data}:{Here}:0", $"{results}:{Here}:0", more);
        await IssueOverSplitLineAsync(branch, $"{data}:{dataPlace}", $"{results}:{resultsPlace}");
    }

    [Test]
    public async Task SplitLine_SerialAndTcp_CardsAreIssued()
    {
        using var line = await PtyPair.OpenAsync();
        await using var branch = await Branch.OpenAsync(Here, orders: 1);
        await branch.CenterAsync("reader", "add", "--terminal", Branch.Terminal, "--kind", "virtual", "--serial", "VC-1");
        var (_, resultsPlace) = await branch.ServeSplitAsync($"serial-tls:{line.A}?baud=115200", $"tls:{Here}:0");
        await IssueOverSplitLineAsync(branch, $"serial-tls:{line.B}?baud=115200", $"tls:{resultsPlace}");
    }

    [Test]
    public async Task SplitLine_ResultsAreNotServed_CenterSaysSo()
    {
        await using var branch = await Branch.OpenAsync(Here, orders: 1);
        var run = await branch.CenterPlainAsync("serve", "--line", $"3=tls:{Here}:0;results=4");
        Assert.That((run.Code, run.Error.Contains("come on line 4, which is not served")), Is.EqualTo((2, true)), run.ToString());
    }

    private static async Task IssueOverSplitLineAsync(Branch branch, string data, string results)
    {
        var slot = new CardSlot();
        using var cards = new CardServer(slot, 0);
        await WhileAsync(cards.RunAsync,
            () => IssueBothAsync(branch, slot, "--connect", data, "--results-connect", results, "--reader", $"tcp:{Here}:{cards.Port}?serial=VC-1"));
        await branch.StopAsync();
    }

    [Test]
    public async Task WayWithoutTls_CenterWithTls_GetsNoAccess()
    {
        await using var branch = await Branch.OpenAsync(Here, orders: 1);
        var place = await branch.ServeAsync($"tls:{Here}:0");
        var run = await branch.TerminalPlainAsync("check", "--connect", $"tcp:{place}", "--connect-timeout", "2", "--passphrase-file", branch.File("passphrase"));
        Assert.That(run.Code, Is.Not.Zero, run.All);
        Assert.That(run.Output, Does.Not.Contain("granted"));
    }

    private static async Task IssueBothAsync(Branch branch, CardSlot slot, params string[] args)
    {
        uint serial = 0;
        foreach (var order in new[] { "E2E-1", "MODULE-1" })
        {
            var card = Shop.Card(++serial);
            slot.Insert(card);
            var run = await branch.IssueAsync(order, args);
            Assert.That(card.Inspect().Application(Products.Application).IsPersonalized, Is.True, run.Run.All);
            slot.Remove();
        }
    }

    /// <summary>Runs a reader beside; it ends with the work.</summary>
    private static async Task WhileAsync(Func<CancellationToken, Task> reader, Func<Task> work)
    {
        using var stop = new CancellationTokenSource();
        var running = reader(stop.Token);
        try
        {
            await work();
        }
        finally
        {
            await stop.CancelAsync();
            await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
