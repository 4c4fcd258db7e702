using System.Net;
using System.Net.Sockets;
using CardIssue.TerminalHost.Printing;
using CardIssue.Test.Parts;
using Microsoft.Extensions.Time.Testing;

namespace CardIssue.Test.Counters;

/// <summary>Printers on a network and on a serial port, in good order and not.</summary>
[TestFixture, Parallelizable]
public sealed class EscPosPrinterTest
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    private static readonly EscPos Paper = new(42, PrinterCharacters.Latin, Cuts: true);

    [Test]
    public async Task PrinterInOrder_PrintsAndSaysSo()
    {
        await using var printer = new PaperPrinter();
        await Desk(printer).PrintAsync("RECEIPT", "Order A-1", "", CancellationToken.None).WaitAsync(Longest);
        Assert.That(Convert.ToHexString(printer.Printed), Does.Contain(Convert.ToHexString(Paper.Receipt("RECEIPT", "Order A-1", ""))));
    }

    [TestCase(PaperPrinter.CoverOpen, 0x12, nameof(PrinterFault.CoverOpen))]
    [TestCase(0x12, PaperPrinter.PaperEnd, nameof(PrinterFault.NoPaper))]
    [TestCase(PaperPrinter.StoppedForPaper, 0x12, nameof(PrinterFault.NoPaper))]
    [TestCase(PaperPrinter.Error, 0x12, nameof(PrinterFault.Offline))]
    public async Task PrinterThatCannotPrint_GetsNothing(int cause, int roll, string expected)
    {
        await using var printer = new PaperPrinter { Cause = (byte)cause, Roll = (byte)roll };
        Assert.That((await FaultAsync(Desk(printer))).ToString(), Is.EqualTo(expected));
        Assert.That(Convert.ToHexString(printer.Printed), Does.Not.Contain("1B40"), "a network printer would keep it and print it with the next roll");
    }

    [Test]
    public async Task PaperThatEndsInTheReceipt_IsTold()
    {
        await using var printer = new PaperPrinter { EndsInReceipt = true };
        Assert.That(await FaultAsync(Desk(printer)), Is.EqualTo(PrinterFault.NoPaper));
    }

    [Test]
    public async Task PrinterThatTellsNothing_IsBelieved()
    {
        await using var printer = new PaperPrinter { IsSilent = true };
        await Desk(printer).PrintAsync("RECEIPT", "Order A-1", "", CancellationToken.None).WaitAsync(Longest);
        await Part.UntilAsync(() => Convert.ToHexString(printer.Printed).Contains("1D564200", StringComparison.Ordinal), "the cut");
    }

    [Test]
    public async Task PrinterThatKnowsNoQuestionInTurn_IsBelievedWhileItIsInOrder()
    {
        await using var printer = new PaperPrinter { KnowsTurn = false };
        var time = new FakeTimeProvider();
        var printing = new EscPosPrinter(PrinterPort.Tcp("127.0.0.1", printer.Port), Paper, time).PrintAsync("R", "W", "", CancellationToken.None);
        await Part.UntilAsync(() =>
        {
            if (printer.Asked) time.Advance(TimeSpan.FromSeconds(1));
            return printing.IsCompleted;
        }, "the end of waiting");
        await printing;
    }

    [Test]
    public async Task PrinterThatIsNotThere_IsGone()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        taken.Stop();
        Assert.That(await FaultAsync(new EscPosPrinter(PrinterPort.Tcp("127.0.0.1", port), Paper, TimeProvider.System)), Is.EqualTo(PrinterFault.Gone));
        Assert.That(await FaultAsync(new EscPosPrinter(PrinterAddress.Parse("--printer", "serial:/dev/none").Port, Paper, TimeProvider.System)), Is.EqualTo(PrinterFault.Gone));
    }

    [Test]
    public async Task PrinterThatHangsUpInTheReceipt_IsGone()
    {
        await using var printer = new PaperPrinter { HangsUp = true };
        Assert.That(await FaultAsync(Desk(printer)), Is.EqualTo(PrinterFault.Gone));
    }

    [Test]
    public async Task PrinterThatTakesNothing_IsSlowAndLetGo()
    {
        var time = new FakeTimeProvider();
        var stuck = new TaskCompletionSource();
        var port = new PrinterPort(_ => Task.FromResult<Stream>(new StuckStream(stuck)));
        var printing = FaultAsync(new EscPosPrinter(port, Paper, time));
        await stuck.Task.WaitAsync(Longest);
        time.Advance(TimeSpan.FromSeconds(21));
        Assert.That(await printing.WaitAsync(Longest), Is.EqualTo(PrinterFault.Slow));
    }

    [Test, Platform("Linux")]
    public async Task SerialPrinter_PrintsAlsoAfterItWasUnplugged()
    {
        using var cable = await PtyPair.OpenAsync();
        var printer = new EscPosPrinter(PrinterAddress.Parse("--printer", $"serial:{cable.A}?baud=19200").Port, Paper, TimeProvider.System);
        using (var device = new FileStream(cable.B, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, 1))
        {
            var serving = Task.Run(() => PaperPrinter.Serve(device));
            await printer.PrintAsync("RECEIPT", "Order A-1", "", CancellationToken.None).WaitAsync(Longest);
            cable.HangUp();
            Assert.That(Convert.ToHexString(await serving.WaitAsync(Longest)), Does.Contain(Convert.ToHexString(Paper.Receipt("RECEIPT", "Order A-1", ""))));
        }
        Assert.That(await FaultAsync(printer), Is.EqualTo(PrinterFault.Gone));
        await cable.PlugInAsync();
        using var again = new FileStream(cable.B, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, 1);
        var servingAgain = Task.Run(() => PaperPrinter.Serve(again));
        await printer.PrintAsync("RECEIPT", "Order A-2", "", CancellationToken.None).WaitAsync(Longest);
        cable.HangUp();
        Assert.That(Convert.ToHexString(await servingAgain.WaitAsync(Longest)), Does.Contain("1B40"));
    }

    [TestCase("tcp:printer:9100", 42, null, true)]
    [TestCase("tcp:10.0.0.9:9100?columns=48&text=japanese", 48, PrinterCharacters.Japanese, true)]
    [TestCase("serial:/dev/ttyUSB0?baud=19200&columns=32&cut=no&text=latin", 32, PrinterCharacters.Latin, false)]
    public void Address_SaysWhatThePrinterIs(string text, int columns, object? characters, bool cuts)
    {
        var address = PrinterAddress.Parse("--printer", text);
        Assert.That((address.Columns, (object?)address.Characters, address.Cuts), Is.EqualTo((columns, characters, cuts)));
    }

    [TestCase("tcp:printer")]
    [TestCase("tcp:printer:9100?columns=40")]
    [TestCase("tcp:printer:9100?baud=9600")]
    [TestCase("serial:/dev/ttyUSB0?text=runes")]
    [TestCase("usb:1")]
    [TestCase("tcp:printer:9100?cut=perhaps")]
    public void AddressThatIsNone_IsRefused(string text) =>
        Assert.That(() => PrinterAddress.Parse("--printer", text), Throws.Exception.With.Message.StartsWith($"--printer {text}: "));

    private static EscPosPrinter Desk(PaperPrinter printer) => new(PrinterPort.Tcp("127.0.0.1", printer.Port), Paper, TimeProvider.System);

    private static async Task<PrinterFault?> FaultAsync(EscPosPrinter printer)
    {
        try
        {
            await printer.PrintAsync("RECEIPT", "Order A-1", "", CancellationToken.None).WaitAsync(Longest);
            return null;
        }
        catch (PrinterException e)
        {
            return e.Fault;
        }
    }

    /// <summary>A port whose printer holds the sender back for ever.</summary>
    private sealed class StuckStream(TaskCompletionSource stuck) : MemoryStream
    {
        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            stuck.TrySetResult();
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return 0;
        }
    }
}
