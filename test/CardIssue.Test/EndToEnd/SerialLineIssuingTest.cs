using CardIssue.Center.Sessions;
using CardIssue.Core.Primitives;
using CardIssue.Terminal.Relay;
using CardIssue.Test.Parts;
using CardIssue.Transport.Serial;
using CardIssue.Transport.Tls;

namespace CardIssue.Test.EndToEnd;

/// <summary>Cards issued over a serial line: a pair of pseudo terminals with the time that 9,600 baud take, and noise besides.</summary>
[Parallelizable]
public sealed class SerialLineIssuingTest
{
    private const int Baud = 9_600;

    [Test]
    public async Task Card_Over9600Baud_IsIssued([Values("endToEnd", "module")] string mode, [Values] bool tls)
    {
        using var cable = await PtyPair.OpenAsync();
        using var ends = new Ends(cable, Baud, noise: 0);
        var run = await IssueAsync(ends, mode, tls);
        TestContext.Out.WriteLine(
            $"{mode}{(tls ? ", TLS" : ", counter and MAC")}: issued in {run.Time.TotalSeconds:F2} s; {run.ToTerminal} bytes to the terminal, {run.ToCenter} to the center; the longer direction's own time at {Baud} baud is {run.LineTime.TotalSeconds:F2} s");
        Assert.That(run.Time, Is.GreaterThan(run.LineTime * 0.9), "the line is as slow as it is modelled");
    }

    [Test]
    public async Task Card_OverNoisyLine_IsIssued([Values] bool tls)
    {
        using var cable = await PtyPair.OpenAsync();
        using var ends = new Ends(cable, 38_400, noise: 0.001);
        TestContext.Out.WriteLine($"seed {ends.Seed}");
        await IssueAsync(ends, "endToEnd", tls);
    }

    /// <summary>One issue on a line that is up already.</summary>
    /// <param name="Time">From the request to the receipt.</param>
    /// <param name="ToTerminal">Bytes on the wire.</param>
    /// <param name="ToCenter">Bytes on the wire.</param>
    /// <param name="LineTime">The bytes' own time of the longer direction: no line of this speed could be faster.</param>
    private sealed record Run(TimeSpan Time, long ToTerminal, long ToCenter, TimeSpan LineTime);

    private static async Task<Run> IssueAsync(Ends ends, string mode, bool tls)
    {
        using var own = Transport.Lines.Certificate("terminal");
        using var center = Transport.Lines.Certificate("center");
        var options = new SerialLineOptions { BaudRate = ends.Speed };
        var listener = new SerialLineListener(new LineNumber(7), ends.OpenCenter, options, tls ? center : null);
        var connector = new SerialLineConnector(ends.OpenTerminal, options, tls ? own : null, tls ? TlsTrust.Pinned(TlsCertificates.Sha256(center)) : null);
        await using var shop = await Shop.OpenAsync(line: new ShopLine(new ServedLine(listener, !tls), connector)
        {
            Certificate = tls ? TlsCertificates.Sha256(own) : ShopLine.TerminalCertificate,
        });
        await shop.OrderAsync("o-1", Products.EndToEnd(mode: mode));
        await shop.ShowsAsync("AccessGranted");
        shop.Reader.Insert(Shop.Card(1));
        ends.Count();
        var began = TimeProvider.System.GetTimestamp();
        var outcome = await shop.IssueAsync("o-1");
        var time = TimeProvider.System.GetElapsedTime(began);
        var run = new Run(time, ends.ToTerminal, ends.ToCenter, TimeSpan.FromSeconds(Math.Max(ends.ToTerminal, ends.ToCenter) * 10.0 / ends.Speed));
        Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.Issued), outcome.Detail);
        Assert.That((await shop.Log.VerifyAsync()).Findings, Is.Empty);
        return run;
    }

    /// <summary>Both ends of the cable, at a speed, with noise, and what goes over it.</summary>
    private sealed class Ends(PtyPair cable, int speed, double noise) : IDisposable
    {
        private PacedStream? _center, _terminal;
        private long _fromCenter, _fromTerminal;

        public int Speed { get; } = speed;

        public int Seed { get; } = Random.Shared.Next();

        public long ToTerminal => (_center?.BytesWritten ?? 0) - _fromCenter;

        public long ToCenter => (_terminal?.BytesWritten ?? 0) - _fromTerminal;

        public async ValueTask<Stream> OpenCenter(CancellationToken cancellation) => _center = await OpenAsync(cable.A, cancellation);

        public async ValueTask<Stream> OpenTerminal(CancellationToken cancellation) => _terminal = await OpenAsync(cable.B, cancellation);

        /// <summary>Counts bytes from now on.</summary>
        public void Count() => (_fromCenter, _fromTerminal) = (_center!.BytesWritten, _terminal!.BytesWritten);

        public void Dispose()
        {
            _center?.Dispose();
            _terminal?.Dispose();
        }

        private async Task<PacedStream> OpenAsync(string port, CancellationToken cancellation)
        {
            var opened = await SerialPortStream.Opener(port, new SerialLineOptions { BaudRate = Speed })(cancellation);
            return new PacedStream(noise > 0 ? new NoisyStream(opened, LineNoise.Of(Seed, noise), TimeSpan.FromMilliseconds(20)) : opened, Speed, TimeProvider.System);
        }
    }
}
