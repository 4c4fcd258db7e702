using CardIssue.Terminal.Relay;
using CardIssue.Testing.Cards.Timing;

namespace CardIssue.Bench;

/// <summary>
/// The work of 101 APDUs that a real card took 4.97 s for, through the whole system (center on SQLite, vault, line, relay, card) over a line with a
/// round trip of 0 to 300 ms; beside it, in the same run, the same with one command in flight: one round trip per APDU.
/// </summary>
internal static class RelayBench
{
    private const int MaxOverhead = 16, OneByOne = 1;

    /// <summary>From here on the round trip more shows that a product pays which reads a start state.</summary>
    private const int Far = 100;

    /// <summary>What the card's own time may be multiplied with, at each round trip of the line.</summary>
    private static readonly (int RoundTrip, double Target)[] Lines = [(0, 1.03), (10, 1.03), (50, 1.05), (100, 1.07), (300, 1.15)];

    private static readonly int Streamed = new TerminalRelayOptions().Window;

    public static async Task<int> RunAsync(bool check)
    {
        var cardTime = P71InstallReplay.Exchanges.Take(BenchProduct.Apdus).Sum(e => e.Milliseconds);
        var report = new BenchReport("relay", "Times the card's own time, by round trip of the line");
        await using var shop = await BenchShop.OpenAsync();
        // The first issue pays for compiling; it is not counted.
        await shop.IssueAsync(BenchProduct.EndToEnd, TimeSpan.Zero, Streamed, timed: false);
        foreach (var (roundTrip, target) in Lines)
        {
            foreach (var mode in new[] { BenchProduct.EndToEnd, BenchProduct.Module })
            {
                var run = await shop.IssueAsync(mode, TimeSpan.FromMilliseconds(roundTrip), Streamed);
                Print(report, mode, roundTrip, Streamed, cardTime, run);
                report.Bar($"{mode}, round trip {roundTrip} ms", run.Milliseconds / cardTime, target);
                if (run.Milliseconds / cardTime > target)
                    report.Missed($"{mode} at {roundTrip} ms takes {run.Milliseconds / cardTime:F3} of the card's time; {target:F2} is the aim");
                if (run.Overhead(shop.TagBytes(mode)) > MaxOverhead)
                    report.Missed($"{mode} at {roundTrip} ms costs {run.Overhead(shop.TagBytes(mode)):F1} bytes on the line per APDU; {MaxOverhead} is the most");
            }
            if (roundTrip >= Far)
            {
                var run = await shop.IssueAsync(BenchProduct.EndToEnd, TimeSpan.FromMilliseconds(roundTrip), Streamed, readsState: true);
                Print(report, BenchProduct.EndToEnd, roundTrip, Streamed, cardTime, run, readsState: true);
            }
            if (roundTrip <= 100) Print(report, BenchProduct.EndToEnd, roundTrip, OneByOne, cardTime, await shop.IssueAsync(BenchProduct.EndToEnd, TimeSpan.FromMilliseconds(roundTrip), OneByOne));
        }
        return report.End(check, $"\"apdus\":{BenchProduct.Apdus},\"cardMs\":{cardTime}");
    }

    private static void Print(BenchReport report, string mode, int roundTrip, int window, double cardTime, BenchRun run, bool readsState = false) => report.Line($"\"mode\":\"{mode}\",\"roundTripMs\":{roundTrip},\"inFlight\":{window},\"startState\":{(readsState ? "true" : "false")},\"apdus\":{run.Apdus},\"ms\":{run.Milliseconds:F0},\"overCardTime\":{run.Milliseconds / cardTime:F3},\"lineBytes\":{run.LineBytes},\"cardBytes\":{run.CardBytes},\"lineBytesPerApduBeyondCard\":{(run.LineBytes - run.CardBytes) / (double)run.Apdus:F1}");
}

/// <summary>One issue, from the card being in to the card being issued.</summary>
/// <param name="Milliseconds">How long it took.</param>
/// <param name="LineBytes">Bytes on the line both ways until the last script is answered, frame heads included; the receipt comes after it.</param>
/// <param name="CardBytes">Bytes to and from the card.</param>
/// <param name="Apdus">How many commands the card answered.</param>
/// <param name="ClosedAfter">When the card had answered its last command, in milliseconds.</param>
/// <param name="RoundTrips">Round trips until then.</param>
/// <param name="ToCenter">Bytes on the line to the center, from the card being in to the card being issued.</param>
/// <param name="ToTerminal">The same to the terminal.</param>
internal sealed record BenchRun(
    double Milliseconds, long LineBytes, long CardBytes, int Apdus, double ClosedAfter, long RoundTrips, long ToCenter, long ToTerminal)
{
    /// <summary>Bytes on the line per APDU beyond the APDUs themselves and cryptographic tags.</summary>
    public double Overhead(int tagBytes) => (LineBytes - CardBytes - tagBytes) / (double)Apdus;
}
