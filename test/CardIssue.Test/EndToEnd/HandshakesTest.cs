using System.Net;
using System.Net.Sockets;
using CardIssue.Center.Sessions;
using CardIssue.Center.Storage;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Test.Parts;
using CardIssue.Test.Transport;
using CardIssue.Transport.Tcp;
using CardIssue.Transport.Tls;

namespace CardIssue.Test.EndToEnd;

/// <summary>Handshakes that came to nothing have their names in the center's log, and a crowd of them few rows.</summary>
[TestFixture, Parallelizable]
public sealed class HandshakesTest
{
    private const int Strangers = 60, OneByOne = 10;

    [Test]
    public async Task CrowdOfStrangers_FewRowsByName_AndTheOthersAsANumber()
    {
        using var center = Lines.Certificate("center");
        var listener = new TlsLineListener(new LineNumber(7), new IPEndPoint(IPAddress.Loopback, 0), center);
        var heard = new HearingListener(listener);
        var line = new ShopLine(new ServedLine(heard), new TcpLineConnector("127.0.0.1", listener.LocalEndPoint.Port));
        await using var shop = await Shop.OpenAsync(line: line);
        await shop.StopTerminalAsync();
        await Part.UntilAsync(() => heard.Refused is not null, "a center that serves the line");
        for (var i = 0; i < Strangers; i++)
        {
            using var stranger = new TcpClient();
            await stranger.ConnectAsync(listener.LocalEndPoint);
            await stranger.GetStream().WriteAsync("no ClientHello at all"u8.ToArray());
            // Closed by the center.
            await stranger.GetStream().ReadAsync(new byte[64]).AsTask().ContinueWith(_ => { }, TaskScheduler.Default);
        }
        // The latest of them is closed before it is told, and the center that comes next counts anew.
        await Part.UntilAsync(() => heard.Refusals >= Strangers, "every stranger's refusal");
        await shop.LogsAsync(row => row.Entry.Kind == "HandshakeRefused");
        await shop.RestartCenterAsync();

        var rows = (await shop.Log.ReadAsync(new LogQuery())).Select(row => row.Entry).ToList();
        var told = rows.Where(entry => entry.Kind == "HandshakeRefused").ToList();
        Assert.That(told, Has.Count.EqualTo(OneByOne));
        Assert.That(told[^1].Detail, Is.EqualTo("{\"fault\":\"NotTls\",\"from\":\"127.0.0.1\",\"detail\":\"What came is no ClientHello.\"}"));
        Assert.That(told[^1].Line, Is.EqualTo(new LineNumber(7)));
        Assert.That(rows.Single(entry => entry.Kind == "HandshakesRefused").Detail, Does.Match("^{\"NotTls\":(5[0-9]|6[0-9]),\"seconds\":60}$"));
        Assert.That((await shop.Log.VerifyAsync()).Findings, Is.Empty);
    }

    /// <summary>Counts what the center has heard, whichever center serves the line.</summary>
    private sealed class HearingListener(ILineListener inner) : ILineListener
    {
        private int _refusals;

        public int Refusals => Volatile.Read(ref _refusals);

        public LineNumber Line => inner.Line;

        public Action<HandshakeRefusal>? Refused
        {
            get => inner.Refused;
            set => inner.Refused = value is null ? null : refusal =>
            {
                value(refusal);
                Interlocked.Increment(ref _refusals);
            };
        }

        public ValueTask<ILine> AcceptAsync(CancellationToken cancellation) => inner.AcceptAsync(cancellation);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
