using CardIssue.Testing.Cards.Timing;

namespace CardIssue.Bench;

/// <summary>
/// The sample's EMV card, of three records, at the measured card's pace, over a line with a round trip of 0 to 300 ms: from the card being in to
/// its last answer, and to the word that it is issued. The aim is the card's own time and one round trip for each record.
/// </summary>
internal static class EmvBench
{
    private const int Records = 3;
    private const double Margin = 60;

    public static async Task<int> RunAsync(bool check)
    {
        var report = new BenchReport("relay-emv", "An EMV card until its last answer, ms");
        await using var shop = await BenchShop.OpenAsync();
        // The first issue pays for compiling; it is not counted.
        foreach (var mode in new[] { BenchProduct.EndToEnd, BenchProduct.Module }) await shop.IssueEmvAsync(mode, TimeSpan.Zero, new CountedTiming());
        foreach (var roundTrip in new[] { 0, 50, 100, 300 })
        {
            foreach (var mode in new[] { BenchProduct.EndToEnd, BenchProduct.Module })
            {
                var card = new CountedTiming();
                var run = await shop.IssueEmvAsync(mode, TimeSpan.FromMilliseconds(roundTrip), card);
                var most = card.Milliseconds + (Records * roundTrip) + Margin;
                report.Line($"\"mode\":\"{mode}\",\"roundTripMs\":{roundTrip},\"apdus\":{run.Apdus},\"cardMs\":{card.Milliseconds:F0},\"msToClosed\":{run.ClosedAfter:F0},\"msToIssued\":{run.Milliseconds:F0},\"roundTripsToClosed\":{run.RoundTrips},\"aimMs\":{most:F0}");
                report.Bar($"{mode}, round trip {roundTrip} ms", run.ClosedAfter, most);
                if (run.ClosedAfter > most) report.Missed($"{mode} at {roundTrip} ms is closed after {run.ClosedAfter:F0} ms; {most:F0} is the aim");
            }
        }
        return report.End(check);
    }
}

/// <summary>Adds up what the card takes.</summary>
internal sealed class CountedTiming : ICardTiming
{
    private readonly P71Timing _model = new();

    public double Milliseconds { get; private set; }

    public TimeSpan Of(ReadOnlySpan<byte> command, int responseLength)
    {
        var time = _model.Of(command, responseLength);
        Milliseconds += time.TotalMilliseconds;
        return time;
    }

    public void Restart() => _model.Restart();
}
