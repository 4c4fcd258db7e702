using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace CardIssue.Test.Center;

/// <summary>An issuer that is told over HTTP: a listener of its own, which answers as the test says.</summary>
internal sealed class IssuerEndpoint : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly X509Certificate2? _certificate;
    private readonly Task _serving;

    public IssuerEndpoint(X509Certificate2? certificate = null)
    {
        _certificate = certificate;
        _listener.Start();
        _serving = ServeAsync();
    }

    /// <summary>What it answers next; null for hanging up in the middle. When there is nothing more, 204.</summary>
    public Queue<Func<Task<int?>>> Answers { get; } = new();

    /// <summary>What came, with its signature.</summary>
    public List<(string Signature, string Body)> Posts { get; } = [];

    public string Url => $"{(_certificate is null ? "http" : "https")}://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/events";

    public void Answer(params int?[] statuses)
    {
        foreach (var status in statuses) Answers.Enqueue(() => Task.FromResult(status));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _serving;
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                using var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                await AnswerAsync(client);
            }
        }
        catch (Exception error) when (error is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The test is over.
        }
    }

    private async Task AnswerAsync(TcpClient client)
    {
        try
        {
            Stream stream = client.GetStream();
            if (_certificate is not null)
            {
                var tls = new SslStream(stream);
                await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = _certificate }, _stop.Token);
                stream = tls;
            }
            var (head, signature, length) = ("", "", 0);
            while (!head.EndsWith("\r\n\r\n", StringComparison.Ordinal)) head += (char)await ByteAsync(stream);
            foreach (var line in head.Split("\r\n"))
            {
                if (line.StartsWith("CardIssue-Signature: ", StringComparison.OrdinalIgnoreCase)) signature = line[21..];
                if (line.StartsWith("Content-Length: ", StringComparison.OrdinalIgnoreCase)) length = int.Parse(line[16..], System.Globalization.CultureInfo.InvariantCulture);
            }
            var body = new byte[length];
            await stream.ReadExactlyAsync(body, _stop.Token);
            Posts.Add((signature, Encoding.UTF8.GetString(body)));
            var status = Answers.TryDequeue(out var answer) ? await answer() : 204;
            // In the middle of the answer's first line.
            var text = status is null ? "HTTP/1.1 20" : $"HTTP/1.1 {status} x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            await stream.WriteAsync(Encoding.ASCII.GetBytes(text), _stop.Token);
            await stream.DisposeAsync();
        }
        catch (Exception error) when (error is IOException or System.Security.Authentication.AuthenticationException)
        {
            // The center hung up, or does not trust this certificate.
        }
    }

    private async Task<int> ByteAsync(Stream stream)
    {
        var one = new byte[1];
        await stream.ReadExactlyAsync(one, _stop.Token);
        return one[0];
    }
}
