using System.Collections.Concurrent;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Terminal;
using CardIssue.Terminal.Relay;
using CardIssue.Transport.Reconnect;
using CardIssue.Transport.Tcp;

namespace CardIssue.Test.EndToEnd;

/// <summary>What a program is told of an issue and of the relay, without reading any text; and on which threads.</summary>
[TestFixture, Parallelizable]
public sealed class TypedOutcomeTest
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);

    [Test]
    public async Task Issue_ProgressAndOutcome_TellOrderCardMaskedNumberRecordAndAttempt_AndNothingOfTheCustomers()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.OrderAsync("o-1", Products.EndToEnd());
        shop.Reader.Insert(Shop.Card(1));
        var told = new Told<IssueProgress>();
        using var code = SecretBytes.Copy("4711"u8);

        var outcome = await shop.Relay.IssueAsync(new IssueRequest("o-1", code, new OperatorId("olga")), told).WaitAsync(Longest);

        Assert.That((outcome.Ending, outcome.Reason, outcome.Order), Is.EqualTo((IssueEnding.Issued, IssueReason.None, (OrderId?)new OrderId("o-1"))));
        Assert.That(outcome.MaskedNumber, Is.EqualTo("476173******0119"));
        Assert.That(outcome.Receipt, Does.Contain($"Card {outcome.Card}"));
        Assert.That((outcome.Records, outcome.Attempt, outcome.CardStatus), Is.EqualTo((outcome.Records, 1, (ushort?)0x9000)));
        Assert.That(outcome.At, Is.EqualTo(DateTimeOffset.UtcNow).Within(TimeSpan.FromMinutes(1)));
        var writing = told.All.Where(step => step.Notice is IssueNotice.WritingRecord).ToList();
        Assert.That(writing.Select(step => (step.Record, step.Records, step.Attempt)), Is.EqualTo(Enumerable.Range(1, outcome.Records).Select(k => (k, outcome.Records, 1))));
        Assert.That(writing, Is.Not.Empty);
        Assert.That(told.All.Select(step => step.Reason), Is.All.EqualTo(IssueReason.None));
        var all = string.Join('\n', told.All.Select(step => step.ToString()).Append(outcome.ToString()));
        foreach (var value in Products.Fields.Values.Where(value => value.Length > 4)) Assert.That(all, Does.Not.Contain(value));
    }

    [Test]
    public async Task WrongCode_ThenForeignCard_AreReasonsOfTheirOwn()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.OrderAsync("o-1", Products.EndToEnd());
        var declined = await shop.IssueAsync("o-1", "4712");
        Assert.That((declined.Ending, declined.Reason, declined.Order), Is.EqualTo((IssueEnding.Declined, IssueReason.OrderOrCode, (OrderId?)null)));

        var told = new Told<IssueProgress>();
        using var stop = new CancellationTokenSource();
        using var code = SecretBytes.Copy("4711"u8);
        shop.Reader.Insert(Shop.Card(1, genuine: false));
        var issuing = shop.Relay.IssueAsync(new IssueRequest("o-1", code, new OperatorId("olga")), told, stop.Token);
        var rejected = await told.WhenAsync(step => step.Notice is IssueNotice.CardRejected);
        Assert.That((rejected.Reason, rejected.Order), Is.EqualTo((IssueReason.CardNotGenuine, (OrderId?)new OrderId("o-1"))));
        await stop.CancelAsync();
        Assert.That(async () => await issuing.WaitAsync(Longest), Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public async Task Relay_FromTheLineToTheCardThatIsTakenOut_TellsEachState()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.StopTerminalAsync();
        Assert.That(shop.Relay.Status.State, Is.EqualTo(RelayState.Closed));
        shop.StartTerminal();
        var told = new Told<RelayStatus>();
        shop.Relay.StatusChanged += (_, status) => told.Report(status);
        await shop.OrderAsync("o-1", Products.EndToEnd());
        shop.Reader.Insert(Shop.Card(1));
        Assert.That((await shop.IssueAsync("o-1")).IsIssued, Is.True);
        Assert.That(shop.Relay.Status.State, Is.EqualTo(RelayState.Issuing).Or.EqualTo(RelayState.Ready));
        shop.Reader.Remove();
        await told.WhenAsync(status => status.State is RelayState.Ready && told.All.Any(before => before.State is RelayState.Issuing));
        var (relay, listener) = (shop.Relay, shop.CurrentLine!);
        await listener.DisposeAsync();
        await told.WhenAsync(status => status.State is RelayState.Connecting);
        await shop.StopTerminalAsync();
        Assert.That(relay.Status.State, Is.EqualTo(RelayState.Closed));
    }

    [Test]
    public async Task Relay_ThatIsNotKnown_SaysWhyItIsRefused_AndOneWithoutALineWhatFailed()
    {
        await using var shop = await Shop.OpenAsync();
        var told = new Told<RelayStatus>();
        await shop.Registry.EnableAsync(Shop.TerminalName, false);
        shop.Relay.StatusChanged += (_, status) => told.Report(status);
        await shop.CurrentLine!.DisposeAsync();
        var refused = await told.WhenAsync(status => status.State is RelayState.Refused);
        Assert.That((refused.Reason, refused.LineFault), Is.EqualTo((IssueReason.AccessNotKnown, (LineFault?)null)));

        // Nobody listens there; the connector tries on and on by itself.
        var connector = new ReconnectingConnector(new TcpLineConnector("127.0.0.1", 1));
        await using var lost = new TerminalRelay(new TerminalRelayOptions(), connector, shop.Hardware.Reader, shop.Module.OpenModule());
        var failures = new Told<RelayStatus>();
        lost.StatusChanged += (_, status) => failures.Report(status);
        using var stop = new CancellationTokenSource();
        var running = lost.RunAsync(stop.Token);
        var failed = await failures.WhenAsync(status => status.LineFault is not null);
        Assert.That((failed.State, failed.Reason, failed.LineFault), Is.EqualTo((RelayState.Connecting, IssueReason.LineLost, (LineFault?)LineFault.Unreachable)));
        Assert.That(failed.Error, Is.Not.Empty);
        await stop.CancelAsync();
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>As a window has one: whoever posts to it waits until its thread comes to it, which here is blocked by the issue itself.</summary>
    [Test]
    public async Task SingleThreadedContext_ThatBlocksOnTheIssue_DoesNotDeadlock_AndProgressGoesWhereItSays()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.OrderAsync("o-1", Products.EndToEnd());
        shop.Reader.Insert(Shop.Card(1));
        var (posted, direct) = (new ConcurrentQueue<IssueProgress>(), new Told<IssueProgress>());
        using var window = new OneThread();
        var outcome = await window.RunAsync(() =>
        {
            using var code = SecretBytes.Copy("4711"u8);
            var request = new IssueRequest("o-1", code, new OperatorId("olga"));
            var onWindow = new Progress<IssueProgress>(step => { window.Check(); posted.Enqueue(step); });
            var both = new Both(onWindow, direct, window);
            return shop.Relay.IssueAsync(request, both).GetAwaiter().GetResult();
        }).WaitAsync(Longest);
        Assert.That(outcome.IsIssued, Is.True);
        // What Progress<T> posted waits for the thread, and comes when it is free.
        await window.RunAsync(() => 0).WaitAsync(Longest);
        Assert.That(posted.Select(step => step.Notice), Is.EqualTo(direct.All.Select(step => step.Notice)));
        Assert.That(posted, Is.Not.Empty);
    }

    private sealed class Both(IProgress<IssueProgress> one, IProgress<IssueProgress> other, OneThread window) : IProgress<IssueProgress>
    {
        public void Report(IssueProgress value)
        {
            Assert.That(window.IsCurrent, Is.False, "the relay works on the caller's thread");
            one.Report(value);
            other.Report(value);
        }
    }

    /// <summary>Keeps what it is told, and waits for it.</summary>
    private sealed class Told<T> : IProgress<T>
    {
        private readonly ConcurrentQueue<T> _all = new();

        public IReadOnlyCollection<T> All => _all;

        public void Report(T value) => _all.Enqueue(value);

        public async Task<T> WhenAsync(Func<T, bool> isIt)
        {
            using var limit = new CancellationTokenSource(Longest);
            while (true)
            {
                foreach (var told in _all)
                    if (isIt(told)) return told;
                await Task.Delay(10, limit.Token);
            }
        }
    }

    /// <summary>A thread with a queue, and the context that posts to it.</summary>
    private sealed class OneThread : SynchronizationContext, IDisposable
    {
        private readonly BlockingCollection<Action> _queue = [];
        private readonly Thread _thread;

        public OneThread()
        {
            _thread = new Thread(() =>
            {
                SetSynchronizationContext(this);
                foreach (var work in _queue.GetConsumingEnumerable()) work();
            }) { IsBackground = true };
            _thread.Start();
        }

        public bool IsCurrent => Environment.CurrentManagedThreadId == _thread.ManagedThreadId;

        public void Check() => Assert.That(IsCurrent, Is.True);

        public Task<T> RunAsync<T>(Func<T> work)
        {
            var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
            _queue.Add(() =>
            {
                try { done.SetResult(work()); }
                catch (Exception e) { done.SetException(e); }
            });
            return done.Task;
        }

        public override void Post(SendOrPostCallback d, object? state) => _queue.Add(() => d(state));

        public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException();

        public void Dispose() => _queue.CompleteAdding();
    }
}
