using CardIssue.Test.Parts;
using CardIssue.Test.Transport.Serial;
using CardIssue.Testing.Cards.Timing;
using CardIssue.Testing.Lines;

namespace CardIssue.Bench;

/// <summary>
/// The sample's EMV card, at the measured card's pace, over a serial line of 9,600 baud: from the card being in to the word that it is issued, beside the longer of two
/// times that nothing could go below: the bytes' own, both directions one after the other, since a record waits for the answer to the one before; and the card's. Also
/// beside the bytes of the busier direction alone, which is what a line both ways at once would take if nothing had to wait.
/// </summary>
internal static class WireBench
{
    private const int Baud = 9_600, Rounds = 3;
    private const double Target = 1.08;

    public static async Task<int> RunAsync(bool check)
    {
        var report = new BenchReport("wire", "An EMV card at 9,600 baud, times the bytes' own time or the card's");
        await using var shop = await BenchShop.OpenAsync();
        // The first issue pays for compiling; it is not counted.
        foreach (var mode in new[] { BenchProduct.EndToEnd, BenchProduct.Module }) await shop.IssueEmvAsync(mode, TimeSpan.Zero, new CountedTiming());
        foreach (var mode in new[] { BenchProduct.EndToEnd, BenchProduct.Module })
            foreach (var tls in new[] { true, false }) await RunAsync(report, shop, mode, tls);
        return report.End(check);
    }

    private static async Task RunAsync(BenchReport report, BenchShop shop, string mode, bool tls)
    {
        var runs = new List<(BenchRun Run, double Card)>();
        for (var round = 0; round < Rounds; round++)
        {
            var card = new CountedTiming();
            runs.Add((await shop.IssueOverSerialAsync(mode, tls, Baud, card), card.Milliseconds));
        }
        var (run, cardTime) = runs.OrderBy(one => one.Run.Milliseconds).ElementAt(Rounds / 2);
        var protection = tls ? "TLS" : "counter and MAC";
        var (both, busier) = (TimeOf(run.ToTerminal + run.ToCenter), TimeOf(Math.Max(run.ToTerminal, run.ToCenter)));
        var ratio = run.Milliseconds / Math.Max(both, cardTime);
        report.Line($"\"mode\":\"{mode}\",\"protection\":\"{protection}\",\"baud\":{Baud},\"apdus\":{run.Apdus},\"ms\":{run.Milliseconds:F0},\"bytesToTerminal\":{run.ToTerminal},\"bytesToCenter\":{run.ToCenter},\"bytesMs\":{both:F0},\"cardMs\":{cardTime:F0},\"overLonger\":{ratio:F3},\"overBusierDirection\":{run.Milliseconds / busier:F3}");
        report.Bar($"{mode}, {protection}", ratio, Target);
        if (ratio > Target) report.Missed($"{mode}, {protection}: {ratio:F3} times the longer of the bytes' own time and the card's; {Target} is the aim");
    }

    /// <summary>Of bytes on the wire, 10 bits each (8N1), in milliseconds.</summary>
    private static double TimeOf(long bytes) => 10_000.0 / Baud * bytes;
}

/// <summary>Both ends of a serial cable at a speed, and what goes over it, as the terminal sees it.</summary>
internal sealed class PacedCable(int baud)
{
    private readonly Cable _cable = new();
    private PacedStream? _terminal;

    /// <summary>Bytes on the wire, all that the link procedure adds included.</summary>
    public LineCount Count => new(0, _terminal?.BytesWritten ?? 0, 0, _terminal?.BytesRead ?? 0, 0);

    public async ValueTask<Stream> OpenCenter(CancellationToken cancellation) => Paced(await _cable.OpenCenter(cancellation));

    public async ValueTask<Stream> OpenTerminal(CancellationToken cancellation) => _terminal = Paced(await _cable.OpenTerminal(cancellation));

    private PacedStream Paced(Stream end) => new(end, baud, TimeProvider.System);
}
