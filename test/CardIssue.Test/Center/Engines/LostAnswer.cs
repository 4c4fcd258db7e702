using System.Net.Sockets;
using System.Text;
using Npgsql;

namespace CardIssue.Test.Center.Engines;

/// <summary>Stands between a store and its server; once, when a word was sent, it keeps the answer and cuts the line.</summary>
internal sealed class LostAnswer : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("cardissue-pg-").FullName;
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly UnixDomainSocketEndPoint _server;
    private volatile byte[]? _word;
    private int _lost;

    public LostAnswer(string database)
    {
        var place = new NpgsqlConnectionStringBuilder(database);
        _server = new UnixDomainSocketEndPoint(Path.Combine(place.Host!, Name));
        place.Host = _directory;
        Place = place.ConnectionString;
        _listener.Bind(new UnixDomainSocketEndPoint(Path.Combine(_directory, Name)));
        _listener.Listen();
        _ = AcceptAsync();
    }

    private const string Name = ".s.PGSQL.5432";

    public string Place { get; }

    public int Lost => _lost;

    public void LoseAt(string word) => _word = Encoding.ASCII.GetBytes(word);

    public void Dispose()
    {
        _listener.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = PassAsync(await _listener.AcceptAsync());
        }
        catch (SocketException)
        {
            // The test is over.
        }
    }

    private async Task PassAsync(Socket client)
    {
        using var server = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await server.ConnectAsync(_server);
        using (client)
        {
            var loses = false;
            await Task.WhenAny(
                PumpAsync(client, server, sent =>
                {
                    if (_word is { } word && sent.Span.IndexOf(word) >= 0) (_word, loses) = (null, true);
                    return true;
                }),
                PumpAsync(server, client, _ =>
                {
                    if (loses) Interlocked.Increment(ref _lost);
                    return !loses;
                }));
        }
    }

    private static async Task PumpAsync(Socket from, Socket to, Func<ReadOnlyMemory<byte>, bool> pass)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            for (int length; (length = await from.ReceiveAsync(buffer)) > 0;)
            {
                if (!pass(buffer.AsMemory(0, length))) return;
                await to.SendAsync(buffer.AsMemory(0, length));
            }
        }
        catch (SocketException)
        {
            // One side is gone; so is the other, then.
        }
        catch (ObjectDisposedException)
        {
            // The same.
        }
    }
}
