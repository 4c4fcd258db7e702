using System.IO.Ports;
using System.Net;
using System.Net.Sockets;
using CardIssue.Core.Primitives;
using CardIssue.Reader;
using CardIssue.Reader.Serial;
using CardIssue.Reader.Serial.Framing;
using CardIssue.Test.Parts;
using CardIssue.Test.VirtualCard;
using CardIssue.Testing.Cards;
using CardIssue.Testing.Cards.Reading;
using CardIssue.Testing.Cards.Serial;
using CardIssue.Testing.Cards.State;
using Microsoft.Extensions.Logging;

namespace CardIssue.Test.Readers.Serial;

/// <summary>A <see cref="SerialCardReader"/> before the simulated GemPC Twin that Debian's libccidtwin drives, too: over two ends of a socket, or over two ptys.</summary>
internal sealed class TwinBench : IAsyncDisposable
{
    public const int LongData = 0xDF01;

    public static readonly SerialReaderOptions Quick = new()
    {
        ReaderTime = TimeSpan.FromSeconds(2), CardTime = TimeSpan.FromSeconds(20), FrameGap = TimeSpan.FromMilliseconds(50),
        PollInterval = TimeSpan.FromMilliseconds(50), KeepAlive = TimeSpan.FromMinutes(10),
    };

    private readonly CancellationTokenSource _stop = new();
    private readonly GemPcTwinOptions _twinOptions;
    private CancellationTokenSource _unplug = new();
    private Task _serving = Task.CompletedTask;
    private PtyPair? _cable;
    private SerialPort? _port;

    private TwinBench(CardProtocol protocol, GemPcTwinOptions? twin) => (Protocol, _twinOptions) = (protocol, twin ?? new GemPcTwinOptions());

    public CardProtocol Protocol { get; }

    public CardSlot Slot { get; } = new();

    public GemPcTwin Twin { get; private set; } = null!;

    public SerialCardReader Reader { get; private set; } = null!;

    public PtyPair Cable => _cable!;

    /// <summary>A card with 700 bytes of data to read.</summary>
    public CardSimulator Card(uint serial = 7, CardProtocol? protocol = null)
    {
        var data = Enumerable.Range(0, 700).Select(i => (byte)(i * 7)).ToArray();
        var state = CardProfile.BlankEmv(serial, [TestCard.Keys]) with { Protocol = protocol ?? Protocol };
        return CardSimulator.Create(state with { Data = state.Data.Add(LongData, ByteString.Own(data)) });
    }

    /// <summary>In this process; each opening of the port meets a reader that was just switched on.</summary>
    /// <param name="protocol">Of its cards.</param>
    /// <param name="line">What becomes of the host's end; null leaves it as it is.</param>
    /// <param name="options">The driver's times.</param>
    /// <param name="twin">How the reader behaves.</param>
    /// <param name="logger">What the driver logs to.</param>
    /// <param name="time">What the driver measures its times with.</param>
    public static TwinBench Start(
        CardProtocol protocol, Func<Stream, Stream>? line = null, SerialReaderOptions? options = null, GemPcTwinOptions? twin = null, ILogger? logger = null,
        TimeProvider? time = null)
    {
        var bench = new TwinBench(protocol, twin);
        bench.Reader = new SerialCardReader("test", () => bench.Open(line ?? (end => end)), options ?? Quick, time, logger);
        bench.Slot.Insert(bench.Card());
        return bench;
    }

    /// <summary>Over a pair of ptys and System.IO.Ports.</summary>
    public static async Task<TwinBench> StartOverPtysAsync(CardProtocol protocol)
    {
        var bench = new TwinBench(protocol, null) { _cable = await PtyPair.OpenAsync() };
        bench.PlugInTwin();
        bench.Reader = new SerialCardReader(bench._cable.A, Quick);
        bench.Slot.Insert(bench.Card());
        return bench;
    }

    /// <summary>The simulated reader at the far end of the ptys.</summary>
    public void PlugInTwin()
    {
        _port?.Dispose();
        _port = GemPcTwin.OpenPort(_cable!.B);
        Twin = new GemPcTwin(_port.BaseStream, Slot, _twinOptions);
        _serving = Twin.RunAsync(_stop.Token);
    }

    /// <summary>The reader stops answering; the port stays.</summary>
    public void KillTwin() => _unplug.Cancel();

    public async ValueTask DisposeAsync()
    {
        await Reader.DisposeAsync();
        await _stop.CancelAsync();
        await _serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _port?.Dispose();
        _cable?.Dispose();
        _unplug.Dispose();
        _stop.Dispose();
    }

    private OpenPort Open(Func<Stream, Stream> line)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var host = new TcpClient { NoDelay = true };
        host.Connect((IPEndPoint)listener.LocalEndpoint);
        var reader = listener.AcceptTcpClient();
        reader.NoDelay = true;
        _unplug = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        Twin = new GemPcTwin(reader.GetStream(), Slot, _twinOptions);
        _serving = Twin.RunAsync(_unplug.Token);
        return new OpenPort(line(host.GetStream()), host);
    }
}
