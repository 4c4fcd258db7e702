using System.Diagnostics;
using CardIssue.Test.Parts;
using CardIssue.Testing.Cards.Net;
using CardIssue.Testing.Cards.Reading;
using CardIssue.Testing.Cards.Timing;

namespace CardIssue.Test.EndToEnd.Processes;

/// <summary>Center and terminal at two hosts, on a network that is far, slow and loses packets.</summary>
[TestFixture, NonParallelizable]
[Platform("Linux", Reason = "Network namespaces.")]
public sealed class FarCenterTest
{
    private static readonly (int RoundTrip, int Loss)[] Networks = [(0, 0), (50, 0), (300, 0), (50, 2)];

    /// <summary>A record costs one round trip (and an order about eight), not each of its commands one. Compared where the machine's own pace hardly counts.</summary>
    private const int MostRoundTrips = 15, CountedFrom = 300;

    [Test]
    public async Task NetworkFarOrLossy_CardIsIssued_InBothModes()
    {
        await using var network = await FarNetwork.OpenAsync();
        await using var branch = await Branch.OpenAsync(FarNetwork.TerminalAddress, Networks.Length, network.AtCenter, network.AtTerminal);
        await branch.CenterAsync("reader", "add", "--terminal", Branch.Terminal, "--kind", "virtual", "--serial", "VC-1");
        var connect = await branch.ServeAsync($"tls:{FarNetwork.CenterAddress}:0");

        TestContext.Progress.WriteLine($"far and bad by {network.By}");
        var near = new Dictionary<string, TimeSpan>();
        uint cards = 0;
        for (var i = 0; i < Networks.Length; i++)
            foreach (var mode in new[] { "E2E", "MODULE" })
            {
                var (roundTrip, loss) = Networks[i];
                await network.SetAsync(TimeSpan.FromMilliseconds(roundTrip), loss);
                var figures = await IssueAsync(network, branch, $"{mode}-{i + 1}", connect, ++cards);
                TestContext.Progress.WriteLine($"{mode,-6} {roundTrip,3} ms round trip, {loss} % loss: {figures}");
                if (i == 0) near[mode] = figures.Time;
                else if (roundTrip >= CountedFrom) Assert.That((figures.Time - near[mode]).TotalMilliseconds / roundTrip, Is.LessThan(MostRoundTrips), "round trips");
            }
        await branch.StopAsync();
    }

    private static async Task<Figures> IssueAsync(FarNetwork network, Branch branch, string order, string connect, uint serial)
    {
        var (slot, timing) = (new CardSlot(), new CountedTiming(new P71Timing()));
        var card = Shop.Card(serial);
        slot.Insert(card);
        using var cards = network.MakeAtTerminal(() => new CardServer(slot, 0, new CardPacer(TimeProvider.System, timing)));
        using var stop = new CancellationTokenSource();
        var serving = cards.RunAsync(stop.Token);
        var (before, watch) = (await network.BytesAsync(), Stopwatch.StartNew());

        var run = await branch.IssueAsync(order, "--connect", connect, "--reader", $"tcp:127.0.0.1:{cards.Port}?serial=VC-1");

        var (whole, after) = (watch.Elapsed, await network.BytesAsync());
        Assert.That(card.Inspect().Application(Products.Application).IsPersonalized, Is.True);
        await stop.CancelAsync();
        await serving;
        return new Figures(run.Time, whole, timing.Total, after.Down - before.Down, after.Up - before.Up);
    }

    /// <param name="Time">From the customer's request to the word that the card is issued.</param>
    /// <param name="Whole">With the program's start, the line and the admission.</param>
    /// <param name="Card">The card's own share.</param>
    /// <param name="Down">Bytes to the terminal, from Ethernet on.</param>
    /// <param name="Up">Bytes from it.</param>
    private sealed record Figures(TimeSpan Time, TimeSpan Whole, TimeSpan Card, long Down, long Up)
    {
        public override string ToString() =>
            $"issued in {Time.TotalSeconds:0.00} s ({Whole.TotalSeconds:0.00} s with the program's start and the line's), of which the card {Card.TotalSeconds:0.00} s; {Down:#,0} bytes down, {Up:#,0} up";
    }

    /// <summary>Adds up what a card takes.</summary>
    private sealed class CountedTiming(ICardTiming timing) : ICardTiming
    {
        public TimeSpan Total { get; private set; }

        public TimeSpan Of(ReadOnlySpan<byte> command, int responseLength)
        {
            var time = timing.Of(command, responseLength);
            Total += time;
            return time;
        }

        public void Restart() => timing.Restart();
    }
}
