using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Terminal;
using CardIssue.Terminal.Relay;
using CardIssue.Test.Hosts;
using CardIssue.Test.Parts;
using CardIssue.Testing.Cards;
using CardIssue.Testing.Cards.Reading;

namespace CardIssue.Bench;

/// <summary>The counters: each with a TLS line that stays up, a reader, and one new virtual card after the other, which answers at once.</summary>
internal sealed class BenchTerminals : IAsyncDisposable
{
    private readonly ConcurrentQueue<int> _orders;
    private readonly List<Counter> _counters = [];
    private readonly CancellationTokenSource _stop = new();

    public BenchTerminals(BenchCenter center)
    {
        _orders = new ConcurrentQueue<int>(Enumerable.Range(1, center.Orders));
        for (var number = 0; number < center.Terminals; number++) _counters.Add(new Counter(center, number, _stop.Token));
    }

    /// <summary>Each issues so many, all at once.</summary>
    public async Task<IssuedCards> IssueAsync(int each) =>
        IssuedCards.Of(await Task.WhenAll(_counters.Select(counter => Task.Run(() => counter.IssueAsync(_orders, each)))));

    /// <summary>Each issues one after the other, all at once, until that moment, or until the orders are used up.</summary>
    /// <param name="end">As a timestamp of <see cref="Stopwatch"/>.</param>
    /// <param name="issued">Gets what each took, in milliseconds, as it is issued.</param>
    public Task IssueUntilAsync(long end, ConcurrentQueue<double> issued) =>
        Task.WhenAll(_counters.Select(counter => Task.Run(() => counter.IssueUntilAsync(_orders, end, issued))));

    /// <summary>One alone issues so many.</summary>
    public async Task<IssuedCards> IssueAloneAsync(int count) => IssuedCards.Of([await _counters[0].IssueAsync(_orders, count)]);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        foreach (var counter in _counters) await counter.DisposeAsync();
    }

    private sealed class Counter : IAsyncDisposable
    {
        private readonly BenchCenter _center;
        private readonly VirtualCardReader _slot = new();
        private readonly CountingReader _reader;
        private readonly TerminalRelay _relay;
        private readonly Task _running;

        public Counter(BenchCenter center, int number, CancellationToken stop)
        {
            _center = center;
            _reader = new CountingReader(_slot);
            _relay = center.Relay(number, _reader);
            _running = _relay.RunAsync(stop);
        }

        public async Task<IssuedCards> IssueAsync(ConcurrentQueue<int> orders, int count)
        {
            var took = new List<double>(count);
            _reader.Reset();
            for (var i = 0; i < count; i++)
                took.Add(orders.TryDequeue(out var order) ? await IssueAsync(order) : throw new InvalidOperationException("The bench has too few orders."));
            return new IssuedCards(took, _reader.Apdus, _reader.Bytes);
        }

        public async Task IssueUntilAsync(ConcurrentQueue<int> orders, long end, ConcurrentQueue<double> issued)
        {
            while (Stopwatch.GetTimestamp() < end && orders.TryDequeue(out var order)) issued.Enqueue(await IssueAsync(order));
        }

        private async Task<double> IssueAsync(int order)
        {
            _slot.Insert(_center.Card((uint)order));
            using var code = SecretBytes.Copy(Encoding.ASCII.GetBytes(ManyOrders.CodeOf(order)));
            var began = Stopwatch.GetTimestamp();
            var outcome = await _relay.IssueAsync(new IssueRequest(ManyOrders.NameOf(order), code, new OperatorId("bench")));
            var took = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
            if (!outcome.IsIssued) throw new InvalidOperationException($"The bench's card was not issued: {outcome.Ending} {outcome.Detail}");
            _slot.Remove();
            return took;
        }

        public async ValueTask DisposeAsync()
        {
            await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await _relay.DisposeAsync();
            await _slot.DisposeAsync();
        }
    }
}

/// <summary>Cards that were issued.</summary>
/// <param name="Milliseconds">How long each took.</param>
/// <param name="Apdus">Commands that they answered.</param>
/// <param name="Bytes">Bytes of commands and responses.</param>
internal sealed record IssuedCards(IReadOnlyList<double> Milliseconds, long Apdus, long Bytes)
{
    public static IssuedCards Of(IReadOnlyCollection<IssuedCards> all) =>
        new([.. all.SelectMany(one => one.Milliseconds).Order()], all.Sum(one => one.Apdus), all.Sum(one => one.Bytes));
}
