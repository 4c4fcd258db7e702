using System.Collections.Concurrent;
using System.Diagnostics;
using CardIssue.Terminal.Relay;
using CardIssue.Testing.Cards.Reading;

namespace CardIssue.Bench;

/// <summary>
/// What idle lines cost a host that is a process of its own: terminals that are let in, over TLS, and wait for an operator. Memory beside the same host with few of
/// them, processor time beside the same host with none: what is left is each line's.
/// </summary>
internal static class IdleBench
{
    /// <summary>How much: "lines", or "lines seconds", where so long is measured, and waited for before. For a quick look.</summary>
    private const string SizeVariable = "CARDISSUE_BENCH_IDLE";

    private const int AtOnce = 24, First = 100;
    private const double MostKiB = 24, MostLoad = 0.05, Lines = 10_000;

    /// <summary>
    /// What a host does once a second is compiled twice more in its first minutes: that was most of what it took with hardly a line, and is none of theirs.
    /// </summary>
    private static readonly TimeSpan Settling = TimeSpan.FromMinutes(4);

    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(20);

    public static async Task<int> RunAsync(bool check)
    {
        var size = SizeSetting.Read(SizeVariable, "10000");
        var (count, measured) = (size[0], TimeSpan.FromSeconds(size.ElementAtOrDefault(1) is > 0 and var seconds ? seconds : 60));
        var settling = size.Length > 1 ? measured : Settling;
        await using var center = await BenchCenter.StartAsync("", hosts: 1, terminals: 1, orders: 1);
        await using var terminals = new IdleTerminals(center);
        // The first ones keep the compiler busy, and make what a host has once.
        await terminals.BringUpAsync(First);
        await Task.Delay(settling);
        var (few, fewLoad) = (center.Resident(), await center.LoadAsync(measured));
        var began = Stopwatch.GetTimestamp();
        await terminals.BringUpAsync(count);
        var took = Stopwatch.GetElapsedTime(began).TotalSeconds;
        await Task.Delay(settling);
        var (all, load) = (center.Resident(), await center.LoadAsync(measured));
        var (lines, kib, each) = (terminals.Up, (all - few) / 1024.0 / (count - First), (load - fewLoad) / (count - First));
        var report = new BenchReport("idle", "An idle line, KiB");
        report.Line($"\"lines\":{lines},\"upInS\":{took:F0},\"residentMiB\":{all / 1048576.0:F0},\"kibPerLine\":{kib:F1},\"loadOfACore\":{load:F4},\"loadWith{First}\":{fewLoad:F4},\"loadOf1000Lines\":{each * 1_000:F4}");
        report.Bar($"KiB a line", kib, MostKiB);
        report.Bar($"of a core, ‰ for {Lines} lines", each * Lines * 1_000, MostLoad * 1_000);
        if (lines != count) report.Missed($"{lines} lines of {count} are up");
        if (kib > MostKiB) report.Missed($"a line takes {kib:F1} KiB; {MostKiB} is the most");
        if (each * Lines > MostLoad) report.Missed($"{Lines} lines take {each * Lines:P1} of a core; {MostLoad:P0} is the most");
        return report.End(check);
    }

    /// <summary>Terminals without a card, all of one module: a center may let it in as often as it likes.</summary>
    private sealed class IdleTerminals(BenchCenter center) : IAsyncDisposable
    {
        private readonly ConcurrentBag<TerminalRelay> _relays = [];
        private readonly CancellationTokenSource _stop = new();
        private readonly ConcurrentBag<Task> _running = [];
        private readonly VirtualCardReader _reader = new();

        /// <summary>How many are let in just now.</summary>
        public int Up => _relays.Count(relay => relay.Status.State is RelayState.Ready);

        /// <summary>Until there are so many.</summary>
        public Task BringUpAsync(int all) => Parallel.ForEachAsync(Enumerable.Range(_relays.Count, all - _relays.Count),
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (_, _) => await BringUpOneAsync().WaitAsync(Longest));

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            foreach (var running in _running) await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            foreach (var relay in _relays) await relay.DisposeAsync();
            await _reader.DisposeAsync();
        }

        private async Task BringUpOneAsync()
        {
            var relay = center.Relay(0, _reader, new OwnClock());
            var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            relay.StatusChanged += (_, status) =>
            {
                if (status.State is RelayState.Ready) ready.TrySetResult();
                else if (status.State is RelayState.Refused or RelayState.Closed) ready.TrySetException(new InvalidOperationException($"A line of the bench is not let in: {status}"));
            };
            _relays.Add(relay);
            _running.Add(relay.RunAsync(_stop.Token));
            await ready.Task;
        }

        /// <summary>The clock of a machine that was started at a time of its own: terminals do not send their keep-alives together.</summary>
        private sealed class OwnClock : TimeProvider
        {
            private readonly long _ahead = Random.Shared.NextInt64(System.TimestampFrequency * 60);

            public override long GetTimestamp() => base.GetTimestamp() + _ahead;
        }
    }
}
