using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading.Channels;
using CardIssue.Center.Orders;
using CardIssue.Center.Sessions;
using CardIssue.Center.Terminals;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Terminal.Modules;
using CardIssue.TerminalHost;
using CardIssue.TerminalHost.Counter;
using CardIssue.TerminalHost.Display;
using CardIssue.TerminalHost.Display.Screen;
using CardIssue.TerminalHost.Operators;
using CardIssue.TerminalHost.Printing;
using CardIssue.Test.EndToEnd;
using CardIssue.Test.Hosts;
using CardIssue.Test.Keys;
using CardIssue.Test.Modules;
using CardIssue.Transport.Tls;
using CardIssue.Testing.Cards.Net;
using CardIssue.Testing.Cards.Reading;
using Microsoft.Extensions.Time.Testing;
using Spectre.Console;

namespace CardIssue.Test.Counters;

/// <summary>An operator at the screen of a counter, with a center, a reader and a printer that come and go.</summary>
[TestFixture, Parallelizable]
public sealed partial class ScreenCounterTest
{
    private const string Enter = "\r", CtrlC = "\u0003", Code = "4711";
    private static readonly LineNumber Line = new(8);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60), IdleLogOff = TimeSpan.FromMinutes(15);

    private CancellationTokenSource _stop = null!, _readerStop = null!;
    private TerminalHostProcess _folder = null!;
    private Shop _shop = null!;
    private System.Security.Cryptography.X509Certificates.X509Certificate2 _certificate = null!;
    private TlsLineListener _listener = null!;
    private CardServer _cards = null!;
    private CardSlot _slot = null!;
    private SoftwareModuleFile _module = null!;
    private Task _working = Task.CompletedTask;
    private int _readerPort;
    private PaperPrinter _paper = null!;
    private FakeTerminal _terminal = null!;

    [SetUp]
    public async Task OpenShop()
    {
        (_folder, _stop, _slot, _paper, _terminal) = (new TerminalHostProcess(), new CancellationTokenSource(), new CardSlot(), new PaperPrinter(), new FakeTerminal());
        _readerStop = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        _shop = await Shop.OpenAsync();
        var now = DateTimeOffset.UtcNow;
        _certificate = TlsCertificates.CreateSelfSigned("CN=center", now.AddDays(-1), now.AddDays(1));
        _listener = new TlsLineListener(Line, new IPEndPoint(IPAddress.Loopback, 0), _certificate);
        _cards = new CardServer(_slot, 0);
        _readerPort = _cards.Port;
        _working = Task.WhenAll(new CenterServer(_shop.Services).RunAsync([new ServedLine(_listener)], _stop.Token), _cards.RunAsync(_readerStop.Token));
        await File.WriteAllBytesAsync(_folder.File("center.json"), (_shop.Vault.Identity with { TlsCertificate = TlsCertificates.Sha256(_certificate) }).Write());
        Directory.CreateDirectory(_folder.File("terminal"));
        _module = TlsModule.Create(_folder.File("terminal/module.json"), _folder.File("terminal/terminal.json"), "T-8", _folder.File("center.json"), "a-passphrase");
        var terminal = _module.Identity;
        await _shop.Registry.PutAsync(new TerminalRecord(
            terminal.Id, [Line], [IPNetwork.Parse("127.0.0.0/8")], terminal.CredentialKey.Encoded, terminal.AgreementKey.Encoded, terminal.TlsCertificate, terminal.KeyVersion, true));
        await _shop.Registry.SetReadersAsync(terminal.Id, [new ReaderRecord("virtual", null, null, "R-8", null, [], false)]);
        await _shop.OrderAsync("O-1", CardIssue.Test.EndToEnd.Products.EndToEnd(mode: "module"));
    }

    [TearDown]
    public async Task CloseShop()
    {
        await _stop.CancelAsync();
        await _working.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _listener.DisposeAsync();
        _cards.Dispose();
        _module.Dispose();
        await _shop.DisposeAsync();
        await _paper.DisposeAsync();
        _certificate.Dispose();
        _folder.Dispose();
        _readerStop.Dispose();
        _stop.Dispose();
    }

    [Test]
    public async Task Day_LoginCustomersFaultsAndLogOff_GoOnWithoutARestart()
    {
        await _shop.OrderAsync("O-2", CardIssue.Test.EndToEnd.Products.EndToEnd(mode: "module"));
        var work = WorkAsync(Language.Japanese, logsIn: true);

        // Who works here.
        await SeesAsync("担当者名:");
        await TypeAsync($"olga{Enter}", "パスワード:");
        await TypeAsync($"wrong password{Enter}", "担当者名またはパスワードが違います");
        await TypeAsync($"olga{Enter}", "パスワード:");
        await TypeAsync($"password of olga{Enter}", "受付番号を入力してください");

        // Slips of the clerk.
        await TypeAsync($"{new string('x', 100)}{Enter}", "受付番号は1～64文字です");
        await TypeAsync($"O-1{Enter}", "お客様の発行コードを入力してください");
        await TypeAsync($"nonsense{Enter}", "発行できませんでした");

        // The printer has no paper: the card is issued all the same.
        _paper.Roll = PaperPrinter.PaperEnd;
        await TypeAsync($"O-1{Enter}", "発行コード:");
        await TypeAsync($"{Code}{Enter}", "新しいカードを入れてください");
        _terminal.Resize(50, 20);
        _slot.Insert(Shop.Card(61));
        await SeesAsync("カードを取り出してください");
        await SeesAsync("プリンターの用紙がありません");
        Assert.That((await _shop.ViewAsync("O-1")).State, Is.EqualTo(OrderState.Issued));
        _paper.Roll = PaperPrinter.Fine;
        _slot.Remove();
        await SeesAsync("次のお客様: 受付番号を入力してください");
        _terminal.Press(ConsoleKey.F2);
        await SeesAsync("控えを再印刷しました");
        Assert.That(Encoding.Latin1.GetString(_paper.Printed), Does.Contain("CARD ISSUED"));

        // The next card, with what the clerk types meanwhile.
        _terminal.Resize(100, 30);
        await TypeAsync($"O-2{Enter}", "発行コード:");
        await TypeAsync($"{Code}{Enter}", "新しいカードを入れてください");
        _terminal.Type("not for anybody");
        _slot.Insert(Shop.Card(62));
        await SeesAsync("すべての記録を書き込みました");
        await SeesAsync("Order O-2");
        _slot.Remove();
        await SeesAsync("次のお客様");
        Assert.That((await _shop.ViewAsync("O-2")).State, Is.EqualTo(OrderState.Issued));
        Assert.That(_terminal.Screen, Does.Not.Contain("not for anybody"));

        // The reader goes.
        await _readerStop.CancelAsync();
        _cards.Dispose();
        await SeesAsync("リーダーが応答しません");

        // Log off: nothing of the last customer stays on the screen.
        _terminal.Press(ConsoleKey.F3);
        await SeesAsync("担当者名:");
        Assert.That(_terminal.Screen, Does.Not.Contain("CARD ISSUED"));
        await TypeAsync(CtrlC, "終了しますか");
        await TypeAsync("x", "担当者を確認します");
        await TypeAsync(CtrlC, "終了しますか");
        _terminal.Type(CtrlC);
        await work.WaitAsync(Longest);

        var all = string.Concat(_terminal.All);
        Assert.That(all, Does.Not.Contain(Code).And.Not.Contain("password of").And.Not.Contain("wrong password").And.Not.Contain("nonsense"), "what is hidden was shown");
        Assert.That(all, Does.Not.Contain("x\n受付"));
        Assert.That(Directory.EnumerateFiles(_folder.File("terminal")).Select(Path.GetFileName), Is.SubsetOf(new[] { "module.json", "module.json.lock", "terminal.json", "operators.json", "module.json.witness" }));
    }

    [Test]
    public async Task CardUnderWay_CtrlCTwice_CancelsThisCustomerAndTheNextIsServed()
    {
        var work = WorkAsync(Language.English, logsIn: false);
        await TypeAsync($"O-1{Enter}", "For O-1.");
        await TypeAsync($"{Code}{Enter}", "Insert a new card");
        await TypeAsync(CtrlC, "Cancel this customer's card?");
        await TypeAsync(" ", "Insert a new card");
        await TypeAsync(CtrlC, "Cancel this customer's card?");
        await TypeAsync(CtrlC, "Not issued");
        await _shop.ReachesAsync("O-1", OrderState.Ready);

        await TypeAsync($"O-1{Enter}", "Issue code:");
        await TypeAsync($"{Code}{Enter}", "Insert a new card");
        _slot.Insert(Shop.Card(63));
        await SeesAsync("The card is issued.");
        // It is told while the card is still in; a key belongs to the next customer once his order is asked for.
        await SeesAsync("Order number:");
        Assert.That(await File.ReadAllTextAsync(_folder.File("receipts")), Does.StartWith("RECEIPT\nCARD ISSUED\n").And.Contain("Order O-1"));
        await TypeAsync(CtrlC, "End work?");
        _terminal.Type(CtrlC);
        await work.WaitAsync(Longest);
    }

    [Test]
    public async Task ReaderThatIsNotThereAtTheBeginning_IsWaitedFor()
    {
        _cards.Dispose();
        var work = WorkAsync(Language.English, logsIn: false);
        await SeesAsync("The card reader does not answer");
        await TypeAsync("O-", "Order number: O-");
        Assert.That(string.Concat(_terminal.All), Does.Not.Contain("Reader: ready"));
        _terminal.Hangup();
        await work.WaitAsync(Longest);
    }

    /// <summary>An address that takes connections and says nothing is no reader, and a wait for a card that goes on does not show one.</summary>
    [Test]
    public async Task ReaderThatSaysNothing_IsShownAsNotAnswering_UntilItAnswers()
    {
        _cards.Dispose();
        using var silent = new TcpListener(IPAddress.Loopback, _readerPort);
        silent.Start();
        var work = WorkAsync(Language.English, logsIn: false);
        await SeesAsync("The card reader does not answer");
        Assert.That(string.Concat(_terminal.All), Does.Not.Contain("Reader: ready"));
        silent.Stop();
        using var back = new CardServer(_slot, _readerPort);
        var serving = back.RunAsync(_stop.Token);
        await SeesAsync("Reader: ready");
        _terminal.Hangup();
        await work.WaitAsync(Longest);
        await _stop.CancelAsync();
        await serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Who went away without logging off is logged off; not while a card is in work, however long that takes.</summary>
    [Test]
    public async Task NothingTypedForLong_LogsTheOperatorOff_BetweenTwoCustomersOnly()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var almost = IdleLogOff - TimeSpan.FromSeconds(1);
        var work = WorkAsync(Language.English, logsIn: true, time);
        await TypeAsync($"olga{Enter}", "Password:");
        time.Advance(2 * IdleLogOff);
        await TypeAsync($"password of olga{Enter}", "at the counter: olga");
        time.Advance(almost);
        await TypeAsync("O-", "Order number: O-");
        time.Advance(almost);
        await TypeAsync($"1{Enter}", "Issue code:");
        await TypeAsync($"{Code}{Enter}", "Insert a new card");
        time.Advance(2 * IdleLogOff);
        _slot.Insert(Shop.Card(64));
        await SeesAsync("The card is issued.");
        _slot.Remove();
        await SeesAsync("Next customer");
        Assert.That(_terminal.Screen, Does.Contain("CARD ISSUED"));

        time.Advance(IdleLogOff);

        await SeesAsync("logged off, for nothing was typed for long");
        await SeesAsync("Your name");
        Assert.That(_terminal.Screen, Does.Not.Contain("CARD ISSUED"));
        _terminal.Hangup();
        await work.WaitAsync(Longest);
    }

    /// <summary>Works until the operator ends it.</summary>
    private async Task WorkAsync(Language language, bool logsIn, TimeProvider? clock = null)
    {
        var time = clock ?? TimeProvider.System;
        var list = new OperatorList(_folder.File("terminal/operators.json"));
        using (var password = SecretBytes.Copy("password of olga"u8))
            if (logsIn) list.Write([KnownOperator.Make(new OperatorId("olga"), password, PassphraseFileTest.Cheapest)]);
        var center = new LineAddress(WayAddress.ParseAll("--connect", $"127.0.0.1:{_listener.LocalEndPoint.Port}"), [], Line, Longest, Longest);
        var reader = ReaderAddress.Parse("--reader", $"tcp:127.0.0.1:{_readerPort}?serial=R-8");
        var receipts = new ReceiptDesk(language, PrinterAddress.Parse("--printer", $"tcp:127.0.0.1:{_paper.Port}").Open(language), new ReceiptFile(_folder.File("receipts")));
        var rotation = new KeyRotation(new TerminalFolder(_folder.File("terminal")), center, TimeSpan.Zero, TimeProvider.System);
        var setup = new CounterSetup(_module, center, reader, null, rotation, receipts, logsIn ? null : new OperatorId("olga"),
            new OperatorLogin(list, time), IdleLogOff);
        await using var screen = new CounterScreen(_terminal, language, new CounterView { Terminal = "T-8", HasLogin = logsIn }, receipts, time);
        await Task.Run(() => new ScreenCounter(screen, setup, time).RunAsync(_stop.Token));
    }

    private async Task TypeAsync(string keys, string then)
    {
        _terminal.Type(keys);
        await SeesAsync(then);
    }

    private async Task SeesAsync(string text)
    {
        for (var waited = TimeSpan.Zero; !_terminal.Screen.Contains(text, StringComparison.Ordinal); waited += TimeSpan.FromMilliseconds(10))
        {
            if (waited > Longest) Assert.Fail($"\"{text}\" did not come; the screen is:\n{_terminal.Screen}");
            await Task.Delay(10);
        }
    }

    /// <summary>A terminal in memory.</summary>
    private sealed partial class FakeTerminal : ITerminalScreen
    {
        private readonly Channel<ConsoleKeyInfo> _keys = Channel.CreateUnbounded<ConsoleKeyInfo>();
        private readonly List<string> _all = [];
        private (int Width, int Height) _size = (100, 30);
        private string _screen = "";

        public ChannelReader<ConsoleKeyInfo> Keys => _keys.Reader;

        public Surface Surface => new(_size.Width, _size.Height, Unicode: true, Lines: true, ColorSystem.Standard);

        /// <summary>What is on it, without colours.</summary>
        public string Screen => Volatile.Read(ref _screen);

        /// <summary>All that ever was.</summary>
        public IReadOnlyList<string> All
        {
            get
            {
                lock (_all) return [.. _all];
            }
        }

        public void Resize(int width, int height) => _size = (width, height);

        public void Type(string text)
        {
            foreach (var c in text) _keys.Writer.TryWrite(new ConsoleKeyInfo(c, c switch
            {
                '\r' => ConsoleKey.Enter,
                '\u0003' => ConsoleKey.C,
                _ => ConsoleKey.None,
            }, shift: false, alt: false, control: c == '\u0003'));
        }

        public void Press(ConsoleKey key) => _keys.Writer.TryWrite(new ConsoleKeyInfo('\0', key, shift: false, alt: false, control: false));

        public void Hangup() => _keys.Writer.TryComplete();

        public void Show(CounterFrame frame)
        {
            var screen = string.Join('\n', frame.Rows.Select(row => Colour().Replace(row, "")));
            Volatile.Write(ref _screen, screen);
            lock (_all) _all.Add(screen);
        }

        public void Dispose() { }

        [GeneratedRegex("\e\\[[0-9;?]*[A-Za-z]")]
        private static partial Regex Colour();
    }
}
