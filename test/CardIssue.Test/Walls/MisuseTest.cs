using CardIssue.Center.Log;
using CardIssue.Center.Sessions;
using CardIssue.Center.Storage;
using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Modules;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Core.Protocol.Terminal;
using CardIssue.Terminal.Relay;
using CardIssue.Test.Center;
using CardIssue.Test.EndToEnd;
using CardIssue.Testing.Lines;
using CardIssue.Testing.Cards.Reading;
using NSubstitute;

namespace CardIssue.Test.Walls;

using Products = EndToEnd.Products;

/// <summary>Misuse is told at once, with what to do; cancelling and disposing hold at every moment.</summary>
[TestFixture]
public sealed class MisuseTest
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private SecretBytes _code = null!;

    [SetUp]
    public void MakeCode() => _code = SecretBytes.Copy("4711"u8);

    [TearDown]
    public void DropCode() => _code.Dispose();

    private IssueRequest Request(string order = "o-1") => new(order, _code, new OperatorId("olga"));

    [Test]
    public async Task Issue_BeforeRun_SaysToRun()
    {
        await using var relay = Idle();
        Assert.That(async () => await relay.IssueAsync(Request()).WaitAsync(Limit),
            Throws.InvalidOperationException.With.Message.Contains("RunAsync"));
    }

    [Test]
    public async Task Issue_AfterTheRunEnded_SaysToMakeAnother()
    {
        await using var relay = Idle();
        using var stop = new CancellationTokenSource();
        var running = relay.RunAsync(stop.Token);
        await stop.CancelAsync();
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Assert.That(async () => await relay.IssueAsync(Request()).WaitAsync(Limit),
            Throws.InvalidOperationException.With.Message.Contains("another"));
    }

    [Test]
    public async Task Run_Twice_SaysToMakeAnother()
    {
        await using var relay = Idle();
        using var stop = new CancellationTokenSource();
        var running = relay.RunAsync(stop.Token);
        Assert.That(() => { _ = relay.RunAsync(stop.Token); }, Throws.InvalidOperationException.With.Message.Contains("another"));
        await stop.CancelAsync();
        Assert.That(async () => await running, Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public async Task Questions_BeforeAccess_SayToWaitForIt()
    {
        await using var relay = Idle();
        using var stop = new CancellationTokenSource();
        var running = relay.RunAsync(stop.Token);
        Assert.That(async () => await relay.AskStatusAsync(default).WaitAsync(Limit),
            Throws.InvalidOperationException.With.Message.Contains("S220"));
        Assert.That(async () => await relay.EnrollReaderAsync(default).WaitAsync(Limit),
            Throws.InvalidOperationException.With.Message.Contains("S220"));
        await stop.CancelAsync();
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    [Test]
    public async Task Issue_TwiceAtOnce_TheSecondIsTold_TheFirstIsIssued()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.OrderAsync("o-1", Products.EndToEnd());
        var first = shop.Relay.IssueAsync(Request());
        Assert.That(async () => await shop.Relay.IssueAsync(Request()).WaitAsync(Limit),
            Throws.InvalidOperationException.With.Message.Contains("await"));
        shop.Reader.Insert(Shop.Card(1));
        Assert.That((await first.WaitAsync(Limit)).IsIssued, Is.True);
    }

    [Test]
    public async Task Status_TwiceAtOnce_TheSecondIsTold_AndWhileTheLineIsDown_ItWaitsForIt()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.HasAccessAsync();
        await shop.CurrentLine!.DisposeAsync();
        var first = shop.Relay.AskStatusAsync(default);
        Assert.That(async () => await shop.Relay.AskStatusAsync(default).WaitAsync(Limit),
            Throws.InvalidOperationException.With.Message.Contains("await"));
        Assert.That((await first.WaitAsync(Limit)).Terminal, Is.EqualTo(Shop.TerminalName));
        Assert.That((await shop.Relay.AskStatusAsync(default).WaitAsync(Limit)).Terminal, Is.EqualTo(Shop.TerminalName));
    }

    [Test]
    public async Task Enrollment_TwiceAtOnce_TheSecondIsTold_AndWhileTheLineIsDown_ItWaitsForIt()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.HasAccessAsync();
        await shop.CurrentLine!.DisposeAsync();
        var first = shop.Relay.EnrollReaderAsync(default);
        Assert.That(async () => await shop.Relay.EnrollReaderAsync(default).WaitAsync(Limit),
            Throws.InvalidOperationException.With.Message.Contains("await"));
        Assert.That((await first.WaitAsync(Limit)).Standing, Is.EqualTo(ReaderStanding.Known));
        Assert.That((await shop.Relay.EnrollReaderAsync(default).WaitAsync(Limit)).Standing, Is.EqualTo(ReaderStanding.Known));
    }

    [TestCase("S240", false)]
    [TestCase("CardIn", true)]
    [TestCase("AccessingCard", true)]
    [TestCase("WritingRecord  1", true)]
    [TestCase("WritingRecord  3", true)]
    public async Task Disposed_InTheMiddle_TheRequestEnds_AndNothingIsLeft(string step, bool cardIn)
    {
        await using var shop = await Shop.OpenAsync();
        await shop.OrderAsync("o-1", Products.EndToEnd());
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        shop.WhenShown(step, reached.SetResult);
        if (cardIn) shop.Reader.Insert(Shop.Card(1));
        var issuing = shop.Relay.IssueAsync(Request());
        await reached.Task.WaitAsync(Limit);
        await shop.Relay.DisposeAsync().AsTask().WaitAsync(Limit);
        Assert.That(shop.Relay.HoldsNothing, Is.True);
        Assert.That(async () => await issuing.WaitAsync(Limit), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(async () => await shop.Relay.IssueAsync(Request()).WaitAsync(Limit), Throws.InstanceOf<ObjectDisposedException>());
        await shop.UnclaimedAsync("o-1");
        // The same card is finished by the next relay.
        await shop.RestartTerminalAsync();
        if (!cardIn) shop.Reader.Insert(Shop.Card(1));
        Assert.That((await shop.IssueAsync("o-1")).IsIssued, Is.True);
    }

    [TestCase("AskingOrder")]
    [TestCase("S240")]
    [TestCase("CardIn")]
    [TestCase("AccessingCard")]
    [TestCase("WritingRecord  1")]
    public async Task Cancelled_AtAnyStep_TheRequestEnds_TheOrderIsGivenBack_AndIssuedLater(string step)
    {
        await using var shop = await Shop.OpenAsync();
        await shop.OrderAsync("o-1", Products.EndToEnd());
        using var cancel = new CancellationTokenSource();
        shop.WhenShown(step, cancel.Cancel);
        var card = Shop.Card(1);
        if (step != "S240") shop.Reader.Insert(card);
        Assert.That(async () => await shop.IssueAsync("o-1", cancellation: cancel.Token), Throws.InstanceOf<OperationCanceledException>());
        await shop.UnclaimedAsync("o-1");
        shop.Reader.Remove();
        await shop.PhaseAsync(TerminalPhase.Idle);
        // It may have been bound before; a blank one of the same identity would be refused.
        shop.Reader.Insert(card);
        Assert.That((await shop.IssueAsync("o-1")).IsIssued, Is.True);
    }

    [Test]
    public async Task Center_InAFolderThatAnotherServes_IsRefused_AndLetsGoOfNothing()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.OrderAsync("o-1", Products.EndToEnd());
        var issuing = shop.IssueAsync("o-1");
        await shop.ShowsAsync("S240");

        await using var second = await CenterDatabase.OpenAsync(
            new StoreOptions { Directory = Path.Combine(shop.Folder, "data"), GenerationFile = Path.Combine(shop.Folder, "generation") }, new LogOptions(), shop.Vault, TimeProvider.System);
        var orders = new CardIssue.Center.Orders.DatabaseOrderStore(second, new CardIssue.Center.Orders.OrderOptions());
        var server = new CenterServer(Trap.Replace(shop.Services, nameof(CenterServices.Orders), orders));
        await using var listener = new LoopbackListener(new LineNumber(9));
        var refused = await CaughtAsync(server.RunAsync([new ServedLine(listener, WithoutTls: true)], default));

        Assert.That(refused.Fault, Is.EqualTo(StoreFault.Served));
        Assert.That(refused.Message, Does.Contain("served already"));
        shop.Reader.Insert(Shop.Card(1));
        Assert.That((await issuing).IsIssued, Is.True, "the first one's claim is still its own");
    }

    [Test]
    public async Task Center_AfterTheOneBefore_Serves()
    {
        var folder = Directory.CreateTempSubdirectory("cardissue-lock-").FullName;
        await using (var first = await CenterDatabase.OpenAsync(new StoreOptions { Directory = folder }, new LogOptions(), new LogKeys(), TimeProvider.System))
        {
            first.Serve();
            first.Serve();
        }
        await using (var second = await CenterDatabase.OpenAsync(new StoreOptions { Directory = folder }, new LogOptions(), new LogKeys(), TimeProvider.System))
            Assert.That(second.Serve, Throws.Nothing);
        Directory.Delete(folder, recursive: true);
    }

    [Test]
    public async Task Server_RunTwice_SaysToMakeAnother()
    {
        await using var shop = await Shop.OpenAsync();
        Assert.That(async () => await shop.Server.RunAsync([], default).WaitAsync(Limit),
            Throws.InvalidOperationException.With.Message.Contains("another"));
    }

    private static async Task<StoreException> CaughtAsync(Task task) => (await Assert.ThrowsAsync<StoreException>(() => task.WaitAsync(Limit)))!;

    /// <summary>A relay whose line never comes up.</summary>
    private static TerminalRelay Idle()
    {
        var listener = new LoopbackListener(new LineNumber(3));
        using var key = P256PrivateKey.Generate();
        var module = Substitute.For<ISecureModule>();
        module.Center.Returns(new CenterIdentity(new CenterId("c"), key.PublicKey, key.PublicKey, ByteString.Empty));
        module.Identity.Returns(new TerminalIdentity(new TerminalId("t"), key.PublicKey, key.PublicKey, 1, ByteString.Empty));
        module.BeginAdmission().Returns(ByteString.Own(new byte[32]));
        return new TerminalRelay(new TerminalRelayOptions(), listener.CreateConnector(), new VirtualCardReader(), module);
    }
}
