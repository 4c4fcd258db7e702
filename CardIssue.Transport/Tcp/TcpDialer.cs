using System.Net;
using System.Net.Sockets;
using CardIssue.Core.Lines;
using CardIssue.Transport.Framing;

namespace CardIssue.Transport.Tcp;

/// <summary>
/// Makes TCP connections to one host and port. A name may have several addresses, of which some lead nowhere (an IPv6 that is not routed, a host that is down):
/// they are tried in the system's order, the next as soon as the one before fails or has not answered for <see cref="Stagger"/>, and the first that connects is
/// the connection (RFC 8305, clause 5).
/// </summary>
internal sealed class TcpDialer
{
    /// <summary>How long an address is waited for alone: the Connection Attempt Delay that RFC 8305 recommends.</summary>
    internal static readonly TimeSpan Stagger = TimeSpan.FromMilliseconds(250);

    /// <summary>How many addresses of a name are tried.</summary>
    internal const int MaxAddresses = 16;

    private readonly string _host;
    private readonly int _port;
    private readonly LineOptions _options;
    private readonly TimeProvider _time;
    private readonly Func<string, CancellationToken, Task<IPAddress[]>> _resolve;

    public TcpDialer(string host, int port, LineOptions options, TimeProvider time, Func<string, CancellationToken, Task<IPAddress[]>>? resolve = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(host);
        if (port is < 1 or > IPEndPoint.MaxPort) throw new ArgumentException($"A port is 1 to {IPEndPoint.MaxPort}, not {port}.", nameof(port));
        (_host, _port, _options, _time, _resolve) = (host, port, options, time, resolve ?? Dns.GetHostAddressesAsync);
    }

    /// <summary>An address and how it goes with it.</summary>
    private sealed record Attempt(IPAddress Address, Task<Socket> Connecting)
    {
        public override string ToString() =>
            Connecting.Exception?.InnerException is SocketException e ? $"{Address}: {e.SocketErrorCode}" : $"{Address}: no answer";
    }

    public override string ToString() => $"{_host}:{_port}";

    public async Task<(Socket Socket, IPAddress? Address)> DialAsync(CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(_options.ConnectTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        var attempts = new List<Attempt>();
        try
        {
            var first = await FirstAsync(attempts, await AddressesAsync(either.Token).ConfigureAwait(false), either.Token).ConfigureAwait(false);
            return (await first.Connecting.ConfigureAwait(false), Addresses.Plain(first.Address));
        }
        catch (SocketException e)
        {
            throw new LineException(LineFault.Unreachable,
                $"{this} could not be reached ({Said(attempts) ?? e.SocketErrorCode.ToString()}). Check the host, the port and the network, and that the center listens.", e);
        }
        catch (OperationCanceledException e)
        {
            cancellation.ThrowIfCancellationRequested();
            var said = Said(attempts) is { } all ? $" ({all})" : "";
            throw new LineException(LineFault.Unreachable, $"{this} did not answer in {_options.ConnectTimeout}{said}. Check the host, the port and the network.", e);
        }
    }

    /// <summary>Those that this system can speak to.</summary>
    private async Task<IPAddress[]> AddressesAsync(CancellationToken cancellation)
    {
        if (IPAddress.TryParse(_host, out var literal)) return [literal];
        // The system's resolver may go on after it was cancelled; nobody waits for it.
        var all = await _resolve(_host, cancellation).WaitAsync(cancellation).ConfigureAwait(false);
        IPAddress[] addresses = [.. all.Where(a => a.AddressFamily is AddressFamily.InterNetwork || Socket.OSSupportsIPv6).Distinct().Take(MaxAddresses)];
        return addresses.Length > 0 ? addresses : throw new SocketException((int)SocketError.HostNotFound);
    }

    /// <summary>The first that connects; the others are given up, and closed where they connect all the same.</summary>
    private async Task<Attempt> FirstAsync(List<Attempt> attempts, IPAddress[] addresses, CancellationToken cancellation)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Attempt? first = null;
        try
        {
            do
            {
                if (attempts.Count < addresses.Length)
                {
                    var next = addresses[attempts.Count];
                    attempts.Add(new Attempt(next, ConnectAsync(next, over.Token)));
                }
                List<Task> waited = [.. attempts.Select(attempt => attempt.Connecting).Where(connecting => !connecting.IsCompleted)];
                if (waited.Count > 0 && attempts.Count < addresses.Length) waited.Add(Task.Delay(Stagger, _time, over.Token));
                if (waited.Count > 0) await Task.WhenAny(waited).ConfigureAwait(false);
                cancellation.ThrowIfCancellationRequested();
                first = attempts.Find(attempt => attempt.Connecting.IsCompletedSuccessfully);
            }
            while (first is null && (attempts.Count < addresses.Length || attempts.Exists(attempt => !attempt.Connecting.IsCompleted)));
            // All of them failed: the last says why.
            if (first is null) await attempts[^1].Connecting.ConfigureAwait(false);
            return first!;
        }
        finally
        {
            await over.CancelAsync().ConfigureAwait(false);
            foreach (var other in attempts.Where(other => other != first)) Close(other);
        }
    }

    private async Task<Socket> ConnectAsync(IPAddress address, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(address, _port, cancellation).ConfigureAwait(false);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static void Close(Attempt other) => other.Connecting.ContinueWith(
        static connecting =>
        {
            if (connecting.IsCompletedSuccessfully) connecting.Result.Dispose();
            // Looked at, or it would count as a fault that nobody saw.
            else _ = connecting.Exception;
        },
        CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    /// <summary>What became of each; of a single one its code alone, for its address stands before it.</summary>
    private string? Said(List<Attempt> attempts) => attempts switch
    {
        [] => null,
        [var only] when only.Address.ToString() == _host => (only.Connecting.Exception?.InnerException as SocketException)?.SocketErrorCode.ToString(),
        _ => string.Join(", ", attempts),
    };
}
