using System.Net;
using System.Net.Sockets;
using CardIssue.Core.Cards;
using CardIssue.Reader.Tcp;
using CardIssue.Testing.Cards;
using CardIssue.VirtualCard.Cli;
using CardIssue.Testing.Cards.Net;
using CardIssue.Testing.Cards.Reading;
using CardIssue.Testing.Cards.Timing;
using Microsoft.Extensions.Time.Testing;

namespace CardIssue.Test.VirtualCard;

/// <summary>The reader in process and the reader over TCP: the same slot, the same behaviour.</summary>
[CancelAfter(30_000)]
public class VirtualReaderTests
{
    private static readonly byte[] SelectDomain = [0x00, 0xA4, 0x04, 0x00, 0x00];

    private static async Task<CardFault> FaultOf(Func<Task> act) => (await Assert.ThrowsAsync<CardException>(act))!.Fault;

    /// <summary>A reader, its slot, and what must end with it.</summary>
    private sealed class Bench : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly CardServer? _server;
        private readonly Task _serving = Task.CompletedTask;

        public Bench(bool overTcp)
        {
            var inProcess = new VirtualCardReader();
            Slot = inProcess.Slot;
            Reader = inProcess;
            if (!overTcp) return;
            _server = new CardServer(Slot, 0);
            _serving = _server.RunAsync(_stop.Token);
            Reader = new TcpCardReader("127.0.0.1", _server.Port);
        }

        public CardSlot Slot { get; }

        public ICardReader Reader { get; }

        public async ValueTask DisposeAsync()
        {
            await Reader.DisposeAsync();
            await _stop.CancelAsync();
            await _serving;
            _server?.Dispose();
            _stop.Dispose();
        }
    }

    [Test]
    public async Task Reader_CardInsertedAndRemoved_WaitsEndAndCommandsRun([Values] bool overTcp, CancellationToken cancellation)
    {
        await using var bench = new Bench(overTcp);
        var waiting = bench.Reader.WaitForCardAsync(cancellation).AsTask();
        Assert.That(waiting.IsCompleted, Is.False);
        var card = CardSimulator.Create(CardProfile.BlankEmv(1, [TestCard.Keys]));
        bench.Slot.Insert(card);
        Assert.That((await waiting).ToArray(), Is.EqualTo(card.Atr));

        var connection = await bench.Reader.ConnectAsync(cancellation);
        var response = new byte[258];
        var length = await connection.TransmitAsync(SelectDomain, response, cancellation);
        Assert.That(Convert.ToHexString(response.AsSpan(0, length)), Is.EqualTo("6F108408A000000151000000A5049F6501FF9000"));
        Assert.That(await connection.ResetAsync(cancellation), Is.EqualTo(connection.Atr));

        bench.Slot.Remove();
        await bench.Reader.WaitForRemovalAsync(cancellation);
        Assert.That(await FaultOf(async () => await connection.TransmitAsync(SelectDomain, response, cancellation)), Is.EqualTo(CardFault.Removed));
        await connection.DisposeAsync();
        Assert.That(await FaultOf(async () => await bench.Reader.ConnectAsync(cancellation)), Is.EqualTo(CardFault.NoCard));
    }

    [Test]
    public async Task Reader_PowerCut_CommandFailsUntilAReset([Values] bool overTcp, CancellationToken cancellation)
    {
        await using var bench = new Bench(overTcp);
        var card = CardSimulator.Create(CardProfile.BlankEmv(1, [TestCard.Keys]));
        bench.Slot.Insert(card);
        await using var connection = await bench.Reader.ConnectAsync(cancellation);
        card.CutPower(new PowerCut(1, CutMoment.BeforeResponse));
        var response = new byte[258];
        for (var i = 0; i < 2; i++)
            Assert.That(await FaultOf(async () => await connection.TransmitAsync(SelectDomain, response, cancellation)), Is.EqualTo(CardFault.Removed));
        await connection.ResetAsync(cancellation);
        Assert.That(await connection.TransmitAsync(SelectDomain, response, cancellation), Is.EqualTo(20));
    }

    [Test]
    public async Task Reader_CardSwapped_OldConnectionDoesNotReachTheNewCard([Values] bool overTcp, CancellationToken cancellation)
    {
        await using var bench = new Bench(overTcp);
        bench.Slot.Insert(CardSimulator.Create(CardProfile.BlankEmv(1, [TestCard.Keys])));
        await using var connection = await bench.Reader.ConnectAsync(cancellation);
        bench.Slot.Insert(CardSimulator.Create(CardProfile.BlankEmv(2, [TestCard.Keys])));
        Assert.That(
            await FaultOf(async () => await connection.TransmitAsync(SelectDomain, new byte[258], cancellation)),
            Is.EqualTo(CardFault.Removed));
    }

    [Test]
    public async Task TcpReader_CardSwappedBetweenTwoLooks_RemovalIsSeen(CancellationToken cancellation)
    {
        await using var bench = new Bench(overTcp: true);
        bench.Slot.Insert(CardSimulator.Create(CardProfile.BlankEmv(1, [TestCard.Keys])));
        await bench.Reader.WaitForCardAsync(cancellation);
        bench.Slot.Insert(CardSimulator.Create(CardProfile.BlankEmv(2, [TestCard.Keys])));
        await bench.Reader.WaitForRemovalAsync(cancellation);
        await bench.Reader.WaitForCardAsync(cancellation);
    }

    [Test]
    public async Task TcpReader_NothingListensOrSecondProgram_ReaderIsGone(CancellationToken cancellation)
    {
        await using var bench = new Bench(overTcp: true);
        await using var lonely = new TcpCardReader("127.0.0.1", 1);
        Assert.That(await FaultOf(async () => await lonely.WaitForCardAsync(cancellation)), Is.EqualTo(CardFault.ReaderGone));
        bench.Slot.Insert(CardSimulator.Create(CardProfile.BlankEmv(1, [TestCard.Keys])));
        await bench.Reader.WaitForCardAsync(cancellation);
        var port = int.Parse((await bench.Reader.IdentifyAsync(CancellationToken.None)).Port!.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture);
        await using var second = new TcpCardReader("127.0.0.1", port);
        Assert.That(await FaultOf(async () => await second.WaitForCardAsync(cancellation)), Is.EqualTo(CardFault.ReaderGone));
    }

    /// <summary>A program that was stopped keeps its port: connections are made by the system, and nothing answers. So it is with a tunnel that leads nowhere.</summary>
    [Test]
    public async Task TcpReader_ConnectedButSilent_IsGoneAfterItsLimit(CancellationToken cancellation)
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var time = new FakeTimeProvider();
        await using var reader = new TcpCardReader("127.0.0.1", ((IPEndPoint)silent.LocalEndpoint).Port, time: time);
        var waiting = reader.WaitForCardAsync(cancellation).AsTask();
        using var asked = await silent.AcceptSocketAsync(cancellation);
        Assert.That(await asked.ReceiveAsync(new byte[3], cancellation), Is.Positive);
        time.Advance(TcpCardReader.AnswerLimit);
        var gone = await Assert.ThrowsAsync<CardException>(async () => await waiting.WaitAsync(cancellation));
        Assert.That((gone!.Fault, gone.Message), Is.EqualTo((CardFault.ReaderGone, $"The reader at {silent.LocalEndpoint} does not answer; see that it runs, and that this is its address.")));
    }

    /// <summary>More than ISO 7816-3 8.2 lets a card say: it is there all the same, and goes like any other.</summary>
    [Test]
    public async Task TcpReader_AnswerToResetTooLong_IsToldAsItIsAndWaitedFor_ConnectingIsRefused(CancellationToken cancellation)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await using var reader = new TcpCardReader("127.0.0.1", ((IPEndPoint)listener.LocalEndpoint).Port);
        var waiting = reader.WaitForCardAsync(cancellation).AsTask();
        using var socket = new VpcdSocket(await listener.AcceptSocketAsync(cancellation));
        var atr = new byte[34];
        var serving = Task.Run(async () =>
        {
            while (await socket.ReadAsync(cancellation) is { } message)
                if (message is [4]) await socket.WriteAsync(Volatile.Read(ref atr), cancellation);
        }, cancellation);
        Assert.That((await waiting).Length, Is.EqualTo(34));
        var removal = reader.WaitForRemovalAsync(cancellation).AsTask();
        Assert.That(removal.IsCompleted, Is.False);
        Volatile.Write(ref atr, []);
        await removal;
        Volatile.Write(ref atr, new byte[34]);
        Assert.That(await FaultOf(async () => await reader.ConnectAsync(cancellation)), Is.EqualTo(CardFault.Protocol));
        await serving;
    }

    [Test]
    public async Task Pacer_OverWaits_AreTakenOffTheNextOnes(CancellationToken cancellation)
    {
        var time = new FakeTimeProvider();
        var pacer = new CardPacer(time, new P71InstallReplay());
        var started = pacer.Now();
        var first = pacer.WaitAsync(started, new byte[5], 20, cancellation);
        time.Advance(TimeSpan.FromMilliseconds(16));
        await first;
        // The first command takes 11 ms and took 16; the second one's 50 end 5 earlier.
        var second = pacer.WaitAsync(pacer.Now(), new byte[14], 34, cancellation);
        time.Advance(TimeSpan.FromMilliseconds(44));
        Assert.That(second.IsCompleted, Is.False);
        time.Advance(TimeSpan.FromMilliseconds(1));
        await second;
    }

    [Test]
    public void Control_Lines_MoveTheCardAndAnswerInJson()
    {
        var folder = Directory.CreateTempSubdirectory("virtualcard");
        try
        {
            var file = Path.Combine(folder.FullName, "card.json");
            _ = CardSimulator.Create(CardProfile.BlankEmv(1, [TestCard.Keys]), file);
            var slot = new CardSlot();
            using var control = new ControlServer(slot, 0);
            Assert.That(control.Execute("status"), Is.EqualTo("""{"ok":true,"card":false}"""));
            Assert.That(control.Execute($"insert {file}"), Does.Contain("\"card\":true"));
            Assert.That(control.Execute("cut 2 before"), Does.Contain("\"ok\":true"));
            Assert.That(control.Execute("cut 0"), Does.Contain("\"ok\":false"));
            Assert.That(control.Execute("inspect"), Does.Contain(TestCard.Emv));
            Assert.That(control.Execute("insert /nowhere"), Does.Contain("\"ok\":false"));
            Assert.That(control.Execute("remove"), Is.EqualTo("""{"ok":true,"card":false}"""));
            Assert.That(slot.Card, Is.Null);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [TestCase("--port is a whole number from 0 to 65535.", "serve", "--port", "abc", "--profile", "empty", "--test-keys")]
    [TestCase("--port is a whole number from 1 to 65535.", "vpcd", "--port", "abc", "--profile", "empty", "--test-keys")]
    [TestCase("--control-port is a whole number from 0 to 65535.", "serve", "--port", "0", "--control-port", "abc")]
    [TestCase("--control-port is a whole number from 0 to 65535.", "vpcd", "--control-port", "-1")]
    [TestCase("--cut-at is a whole number from 1.", "serve", "--port", "0", "--profile", "empty", "--test-keys", "--cut-at", "abc")]
    [TestCase("--cut-at is a whole number from 1.", "serve", "--port", "0", "--profile", "empty", "--test-keys", "--cut-at", "0")]
    [TestCase("--diversify", "serve", "--port", "0", "--profile", "empty", "--diversify", "abc")]
    [TestCase("--kvn is two hexadecimal digits", "serve", "--port", "0", "--profile", "empty", "--test-keys", "--kvn", "zz")]
    [TestCase("--diversify goes with a master key", "serve", "--port", "0", "--profile", "empty", "--key-file", "x", "--diversify", "kdf3")]
    public async Task Program_WrongValue_Ends2AndSaysWhatIsRight(string message, params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        Assert.That(await VirtualCardCommand.RunAsync(args, output, error), Is.EqualTo(2), error.ToString());
        Assert.That(error.ToString(), Does.Contain(message));
    }

    [Test]
    public async Task Program_UnknownArguments_AreNotRepeated()
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        Assert.That(await VirtualCardCommand.RunAsync(["twin", "--port", "/dev/null", "--pin=1234", "secret", "--profile", "nothing"], output, error), Is.EqualTo(2));
        Assert.That(error.ToString(), Does.Contain("--pin").And.Not.Contain("1234").And.Not.Contain("secret"));
    }

    [Test]
    public async Task Program_TwinOnAPortThatIsNone_Ends1()
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        Assert.That(await VirtualCardCommand.RunAsync(["twin", "--port", "/nowhere/port", "--profile", "empty", "--test-keys"], output, error), Is.EqualTo(1), error.ToString());
    }

    /// <summary>The parameter "i" (GPC Amd D 1.2, 5.1).</summary>
    [TestCase("s8", "pseudo", 0x70)]
    [TestCase("s16", "pseudo", 0x71)]
    [TestCase("s8", "random", 0x60)]
    [TestCase("s16", "random", 0x61)]
    public async Task Program_NewByMode_MakesACardThatAnswersWithIt(string mode, string challenge, int parameter)
    {
        var file = Path.Combine(Path.GetTempPath(), $"virtualcard-{Guid.NewGuid():N}.json");
        try
        {
            using var error = new StringWriter();
            string[] args = ["new", "--out", file, "--test-keys", "--scp03", mode, "--challenge", challenge];
            Assert.That(await VirtualCardCommand.RunAsync(args, TextWriter.Null, error), Is.Zero, error.ToString());
            var card = CardSimulator.Open(file);
            Assert.That(card.State.ScpParameter, Is.EqualTo(parameter));
            card.Reset();
            // INITIALIZE UPDATE: ten bytes of diversification data, key version, SCP 03, i.
            var length = mode == "s16" ? 16 : 8;
            var answer = card.Transmit([0x80, 0x50, 0, 0, (byte)length, .. new byte[length], 0]);
            Assert.That(answer[11..13], Is.EqualTo(new[] { (byte)0x03, (byte)parameter }));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Test]
    public async Task Program_NewAndDump_ExitCodesAndNoKeysInTheOutput()
    {
        var folder = Directory.CreateTempSubdirectory("virtualcard");
        try
        {
            var file = Path.Combine(folder.FullName, "card.json");
            var master = Path.Combine(folder.FullName, "master.hex");
            await File.WriteAllTextAsync(master, CardProfile.TestKey);
            using var output = new StringWriter();
            using var error = new StringWriter();
            Task<int> Run(params string[] args) => VirtualCardCommand.RunAsync(args, output, error);
            Assert.That(await Run("new", "--out", file, "--test-keys", "--master-key-file", master), Is.EqualTo(2), "keys named twice");
            Assert.That(await Run("new", "--out", file, "--master-key-file", master, "--diversify", "kdf3", "--serial", "5"), Is.Zero, error.ToString());
            Assert.That(await Run("new", "--out", file, "--test-keys"), Is.EqualTo(3), "is there already");
            Assert.That(await Run("dump", file, "--json"), Is.Zero);
            Assert.That(await Run("dump", file + "x"), Is.EqualTo(3));
            Assert.That(await Run("serve", "--port", "70000", "--card", file), Is.EqualTo(2));
            Assert.That(await Run("serve", "--port", "0"), Is.EqualTo(2));
            Assert.That(await Run("vpcd", "--port", "1", "--card", file), Is.EqualTo(1));
            foreach (var key in CardSimulator.Open(file).State.Keys.Values)
                Assert.That(output.ToString(), Does.Not.Contain(Convert.ToHexString(key.Span)));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
