using System.Net;
using System.Net.Sockets;
using CardIssue.Core.Lines;
using CardIssue.Transport.Framing;
using CardIssue.Transport.Tcp;
using Microsoft.Extensions.Time.Testing;

namespace CardIssue.Test.Transport;

/// <summary>A name that stands for several addresses, of which some lead nowhere. On loopback, each of whose addresses is a host of its own.</summary>
[TestFixture, Parallelizable]
[Platform("Linux", Reason = "All of 127.0.0.0/8 is this machine's, and who finds a listener's queue full gets no answer.")]
public sealed class TcpDialerTest
{
    private const string Name = "center.example";

    private static readonly IPAddress Deaf = IPAddress.Parse("127.0.0.2"), Absent = IPAddress.Parse("127.0.0.3"), Other = IPAddress.Parse("127.0.0.4");

    private Socket _center = null!;

    private int Port => ((IPEndPoint)_center.LocalEndPoint!).Port;

    [SetUp]
    public void Listen() => _center = Listening(IPAddress.Loopback, 0, 8);

    [TearDown]
    public void Close() => _center.Dispose();

    [Test]
    public async Task FirstAddressSwallowsAll_TheNextIsConnectedTo()
    {
        using var deaf = await DeafAsync(Port);
        var (socket, address) = await Dialer([Deaf, IPAddress.Loopback]).DialAsync(Lines.Soon());
        using (socket)
        {
            Assert.That(address, Is.EqualTo(IPAddress.Loopback));
            using var accepted = await _center.AcceptAsync(Lines.Soon());
            await socket.SendAsync(new byte[] { 7 }, Lines.Soon());
            Assert.That(await accepted.ReceiveAsync(new byte[2], Lines.Soon()), Is.EqualTo(1));
            Assert.That(socket.NoDelay, Is.True);
        }
    }

    /// <summary>No time goes by.</summary>
    [Test]
    public async Task FirstAddressRefuses_TheNextIsTriedAtOnce()
    {
        var (socket, address) = await Dialer([Absent, Other, IPAddress.Loopback], time: new FakeTimeProvider()).DialAsync(Lines.Soon());
        socket.Dispose();
        Assert.That(address, Is.EqualTo(IPAddress.Loopback));
    }

    [Test]
    public async Task FirstAddressConnects_NoOtherIsTried()
    {
        using var other = Listening(Other, Port, 8);
        var (socket, address) = await Dialer([IPAddress.Loopback, Other], time: new FakeTimeProvider()).DialAsync(Lines.Soon());
        socket.Dispose();
        Assert.That(address, Is.EqualTo(IPAddress.Loopback));
        Assert.That(other.Poll(0, SelectMode.SelectRead), Is.False);
    }

    [Test]
    public async Task AllRefuse_FaultNamesThem()
    {
        var fault = await Lines.FaultOf(() => Dialer([Absent, Other, Absent]).DialAsync(Lines.Soon()));
        Assert.That((fault.Fault, fault.Message), Is.EqualTo((LineFault.Unreachable,
            $"{Name}:{Port} could not be reached (127.0.0.3: ConnectionRefused, 127.0.0.4: ConnectionRefused). Check the host, the port and the network, and that the center listens.")));
    }

    [Test]
    public async Task NoneAnswersInTime_FaultNamesThem()
    {
        using var deaf = await DeafAsync(Port);
        var fault = await Lines.FaultOf(() => Dialer([Deaf, Absent], connect: TimeSpan.FromMilliseconds(400)).DialAsync(Lines.Soon()));
        Assert.That((fault.Fault, fault.Message), Is.EqualTo((LineFault.Unreachable,
            $"{Name}:{Port} did not answer in 00:00:00.4000000 (127.0.0.2: no answer, 127.0.0.3: ConnectionRefused). Check the host, the port and the network.")));
    }

    [Test]
    public async Task Cancelled_EndsAtOnce()
    {
        using var deaf = await DeafAsync(Port);
        using var stop = new CancellationTokenSource();
        var dialing = Dialer([Deaf, Deaf]).DialAsync(stop.Token);
        await stop.CancelAsync();
        Assert.That(async () => await dialing, Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public async Task NameThatIsNone_OrIsNotResolvedInTime_IsUnreachable([Values] bool isNone)
    {
        var resolve = isNone ? Task.FromResult(Array.Empty<IPAddress>()) : new TaskCompletionSource<IPAddress[]>().Task;
        var dialer = new TcpDialer(Name, Port, new LineOptions { ConnectTimeout = TimeSpan.FromMilliseconds(200) }, TimeProvider.System, (_, _) => resolve);
        var fault = await Lines.FaultOf(() => dialer.DialAsync(Lines.Soon()));
        Assert.That((fault.Fault, fault.Message), Is.EqualTo((LineFault.Unreachable, isNone
            ? $"{Name}:{Port} could not be reached (HostNotFound). Check the host, the port and the network, and that the center listens."
            : $"{Name}:{Port} did not answer in 00:00:00.2000000. Check the host, the port and the network.")));
    }

    [Test]
    public async Task LiteralAddress_IsNotResolved_AndStandsOnceInTheFault()
    {
        var dialer = new TcpDialer(Absent.ToString(), Port, new LineOptions(), TimeProvider.System, (_, _) => throw new InvalidOperationException("resolved"));
        var fault = await Lines.FaultOf(() => dialer.DialAsync(Lines.Soon()));
        Assert.That(fault.Message, Is.EqualTo($"127.0.0.3:{Port} could not be reached (ConnectionRefused). Check the host, the port and the network, and that the center listens."));
    }

    private TcpDialer Dialer(IPAddress[] addresses, TimeSpan? connect = null, TimeProvider? time = null) =>
        new(Name, Port, new LineOptions { ConnectTimeout = connect ?? TimeSpan.FromSeconds(10) }, time ?? TimeProvider.System, (_, _) => Task.FromResult(addresses));

    private static Socket Listening(IPAddress address, int port, int backlog)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(address, port));
        socket.Listen(backlog);
        return socket;
    }

    /// <summary>A listener whose queue is full, as long as it is not disposed: the kernel drops whatever else comes.</summary>
    private static async Task<IDisposable> DeafAsync(int port)
    {
        var deaf = new Crowd { Listening(Deaf, port, 0) };
        // The queue of a backlog of 0 holds one.
        var first = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        deaf.Add(first);
        await first.ConnectAsync(Deaf, port, Lines.Soon());
        return deaf;
    }

    private sealed class Crowd : List<Socket>, IDisposable
    {
        public void Dispose() => ForEach(socket => socket.Dispose());
    }
}
