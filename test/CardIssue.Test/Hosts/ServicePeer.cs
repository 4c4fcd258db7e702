using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace CardIssue.Test.Hosts;

/// <summary>A program at the terminal's service.</summary>
internal sealed class ServicePeer : IDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);
    private readonly NetworkStream _stream;
    private readonly StreamReader _lines;

    private ServicePeer(Socket socket)
    {
        _stream = new NetworkStream(socket, ownsSocket: true);
        _lines = new StreamReader(_stream);
    }

    /// <summary>Comes in by port or pipe, and shows no token.</summary>
    public static async Task<ServicePeer> ConnectAsync(ServiceProcess service, bool byPipe = false)
    {
        if (byPipe)
        {
            var pipe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await pipe.ConnectAsync(new UnixDomainSocketEndPoint(service.Pipe));
            return new ServicePeer(pipe);
        }
        return await ConnectAsync(service.Port);
    }

    /// <summary>Comes in by a port, and shows no token.</summary>
    public static async Task<ServicePeer> ConnectAsync(int port)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 65_536 };
        await socket.ConnectAsync("127.0.0.1", port);
        return new ServicePeer(socket);
    }

    /// <summary>Comes in and is let in.</summary>
    /// <returns>The peer, and the status that it is told at once.</returns>
    public static async Task<(ServicePeer Peer, JsonElement Status)> EnterAsync(ServiceProcess service, bool byPipe = false)
    {
        var peer = await ConnectAsync(service, byPipe);
        await peer.AskAsync(new { @do = "hello", token = service.Token });
        Assert.That((await peer.NextAsync("hello")).GetProperty("terminal").GetString(), Is.EqualTo(TlsShop.Terminal));
        return (peer, await peer.NextAsync("status"));
    }

    public Task AskAsync(object request) => WriteAsync(JsonSerializer.Serialize(request) + "\n");

    public Task WriteAsync(string text) => _stream.WriteAsync(Encoding.UTF8.GetBytes(text)).AsTask();

    /// <summary>The next event of a kind; others are passed over.</summary>
    public async Task<JsonElement> NextAsync(string kind, Func<JsonElement, bool>? like = null)
    {
        var seen = new List<string>();
        while (await _lines.ReadLineAsync().WaitAsync(Longest) is { } line)
        {
            seen.Add(line);
            var told = JsonSerializer.Deserialize<JsonElement>(line);
            if (told.GetProperty("event").GetString() == kind && (like is null || like(told))) return told;
        }
        throw new InvalidOperationException($"The line ended without {kind}; told was:\n{string.Join('\n', seen)}");
    }

    /// <summary>The next error's code.</summary>
    public async Task<string> ErrorAsync() => (await NextAsync("error")).GetProperty("code").GetString()!;

    /// <summary>The next outcome: whether a card was issued, and the reason if not.</summary>
    public async Task<(bool Ok, int Reason)> OutcomeAsync()
    {
        var outcome = (await NextAsync("outcome")).GetProperty("outcome");
        return (outcome.GetProperty("ok").GetBoolean(), outcome.GetProperty("reason").GetInt32());
    }

    /// <summary>Until a step has come.</summary>
    public Task StepAsync(string notice) => NextAsync("progress", told => told.GetProperty("step").GetProperty("notice").GetString() == notice);

    /// <summary>Whether the service has closed the line; what it still said is passed over.</summary>
    public async Task<bool> IsClosedAsync()
    {
        try
        {
            while (await _lines.ReadLineAsync().WaitAsync(Longest) is not null) { }
            return true;
        }
        catch (IOException)
        {
            return true;
        }
    }

    public void Dispose() => _lines.Dispose();
}
