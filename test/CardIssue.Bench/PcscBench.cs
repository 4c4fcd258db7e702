using System.Diagnostics;
using CardIssue.Core.Cards;
using CardIssue.Reader.PcSc;
using CardIssue.Testing.Cards.State;
using CardIssue.Test.Parts;
using CardIssue.Testing.Cards;
using CardIssue.Testing.Cards.Net;
using CardIssue.Testing.Cards.Reading;

namespace CardIssue.Bench;

/// <summary>
/// An APDU's round trip through <see cref="PcscCardReader"/>, against a bare SCardTransmit loop: the same run, pcscd, vpcd and simulated card, in rounds that take turns. A
/// simulated card answers a hundred times faster than a real one, so what the reader adds weighs as much as it ever can.
/// </summary>
internal static class PcscBench
{
    private const double Target = 1.10;
    private const int Rounds = 101, Times = 60;
    private const string Reader = "Bench 00 00";

    /// <summary>GET DATA, card recognition data (GPCS 11.3): nothing to compute.</summary>
    private static readonly byte[] Command = [0x80, 0xCA, 0x00, 0x66, 0x00];

    public static async Task<int> RunAsync(bool check)
    {
        try
        {
            var port = Part.FreePortPair();
            await using var daemon = await PcscDaemon.StartAsync(PcscDaemon.Vpcd("Bench", port));
            Part.SetNativeVariable(PcscDaemon.SocketVariable, daemon.Socket);
            return (await MeasureAsync(port)).End(check);
        }
        catch (PlatformNotSupportedException e)
        {
            await Console.Error.WriteLineAsync($"pcsc: {e.Message}");
            return 1;
        }
    }

    private static async Task<BenchReport> MeasureAsync(int port)
    {
        var slot = new CardSlot();
        slot.Insert(CardSimulator.Create(CardProfile.BlankEmv(1, [CardKeySet.FromHex(1, CardProfile.TestKey, CardProfile.TestKey, CardProfile.TestKey)])));
        using var stop = new CancellationTokenSource();
        var card = VpcdClient.RunAsync("127.0.0.1", port, slot, null, stop.Token);
        await using var reader = new PcscCardReader(Reader);
        await reader.WaitForCardAsync(stop.Token);
        // The first round pays for compiling; it is not counted.
        BarePcsc.Measure(Reader, Command, Times);
        await MeasureAsync(reader);
        var (bare, ours) = (new List<double>(), new List<double>());
        for (var round = 0; round < Rounds; round++)
        {
            bare.Add(Median(BarePcsc.Measure(Reader, Command, Times)));
            ours.Add(Median(await MeasureAsync(reader)));
        }
        await stop.CancelAsync();
        await card.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // Neighbouring rounds see the same machine, whatever else it does; so the ratio is taken of each pair.
        return Report(Median(bare), Median(ours), Median(bare.Zip(ours, (b, o) => o / b)));
    }

    private static async Task<double[]> MeasureAsync(PcscCardReader reader)
    {
        var took = new double[Times];
        var response = new byte[ResponseApdu.MaxLength];
        await using var connection = await reader.ConnectAsync(CancellationToken.None);
        for (var i = 0; i < Times; i++)
        {
            var started = Stopwatch.GetTimestamp();
            await connection.TransmitAsync(Command, response, CancellationToken.None);
            took[i] = Stopwatch.GetElapsedTime(started).TotalMicroseconds;
        }
        return took;
    }

    private static BenchReport Report(double bare, double ours, double ratio)
    {
        var report = new BenchReport("pcsc", "Round trip of an APDU through PC/SC, µs");
        report.Line($"\"path\":\"SCardTransmit\",\"rounds\":{Rounds},\"apdus\":{Times},\"medianUs\":{bare:F1}");
        report.Line($"\"path\":\"PcscCardReader\",\"rounds\":{Rounds},\"apdus\":{Times},\"medianUs\":{ours:F1}");
        report.Line($"\"overBare\":{ratio:F3}");
        report.Bar($"SCardTransmit", bare);
        report.Bar($"PcscCardReader", ours, bare * Target);
        if (ratio > Target) report.Missed($"a round trip takes {ratio:F3} of the bare loop's time; {Target:F2} is the aim");
        return report;
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }
}
