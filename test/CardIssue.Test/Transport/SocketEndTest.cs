using System.Net;
using System.Net.Sockets;
using CardIssue.Transport.Tcp;

namespace CardIssue.Test.Transport;

[TestFixture]
public class SocketEndTest
{
    /// <summary>A peer that says one thing more while its line is closed must cost no thread: who says it on many lines would have them all.</summary>
    [Test]
    public async Task PeerSpeaksWhileClosed_AnotherReadsTheLine_ClosingNeverWaits()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        for (var round = 0; round < 300; round++)
        {
            using var peer = new TcpClient();
            await peer.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
            using var own = await listener.AcceptSocketAsync();
            var stream = new NetworkStream(own, ownsSocket: true);
            var end = new SocketEnd(own, stream, released: null);
            var reading = stream.ReadAsync(new byte[1]).AsTask();
            var saying = Task.Run(() => peer.Client.SendAsync(new byte[1]));
            // A thread of its own: one that waits for good must not be the pool's.
            var closing = Task.Factory.StartNew(() => end.CloseAsync(CancellationToken.None), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            Assert.That(await Task.WhenAny(closing, Task.Delay(TimeSpan.FromSeconds(20))), Is.SameAs(closing), $"round {round}");
            await saying;
            end.Abort();
            try
            {
                await reading;
            }
            catch (IOException)
            {
                // The byte was read away, and then the line was cut.
            }
        }
    }
}
