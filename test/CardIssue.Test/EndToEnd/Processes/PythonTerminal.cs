using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using CardIssue.Test.Parts;
using CardIssue.Testing.Cards.Net;
using CardIssue.Testing.Cards.Reading;

namespace CardIssue.Test.EndToEnd.Processes;

/// <summary>Runs samples/PythonTerminal, with a virtual card at its reader.</summary>
/// <param name="folder">Its keys and files.</param>
internal sealed class PythonTerminal(string folder)
{
    public const string Python = "/usr/bin/python3";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public static bool IsThere => File.Exists(Python);

    public string Folder => folder;

    /// <summary>Has an order issued on the card of a slot.</summary>
    /// <param name="order">The order.</param>
    /// <param name="code">Its code.</param>
    /// <param name="slot">Where the card is.</param>
    /// <param name="center">The center's place, and further options.</param>
    public async Task<(int Status, string Output)> IssueAsync(string order, string code, CardSlot slot, params string[] center)
    {
        var reader = Part.FreePort();
        using var stop = new CancellationTokenSource();
        var running = RunAsync($"{code}\n", ["issue", folder, center[0], order, "olga", "--reader", reader.ToString(CultureInfo.InvariantCulture), .. center[1..]]);
        var inserting = InsertAsync(reader, slot, stop.Token);
        var ended = await running;
        await stop.CancelAsync();
        await inserting;
        return ended;
    }

    /// <summary>Runs it to its end.</summary>
    public static async Task<(int Status, string Output)> RunAsync(string input, IEnumerable<string> arguments)
    {
        var program = Path.Combine(Repository.Root, "samples", "PythonTerminal", "terminal.py");
        var start = new ProcessStartInfo(Python, [program, .. arguments]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        using var process = Process.Start(start)!;
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        try
        {
            await process.WaitForExitAsync().WaitAsync(Limit);
        }
        catch (TimeoutException)
        {
            process.Kill();
        }
        await process.WaitForExitAsync();
        return (process.ExitCode, $"{await output}{await error}");
    }

    /// <summary>The terminal listens for a card when it has been started.</summary>
    private static async Task InsertAsync(int port, CardSlot slot, CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                await VpcdClient.RunAsync("127.0.0.1", port, slot, null, cancellation);
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(50, CancellationToken.None);
            }
            catch (Exception e) when (e is OperationCanceledException or IOException)
            {
                return;
            }
        }
    }
}

/// <summary>Between terminal and center; cuts its first connection when so many bytes of the center went through.</summary>
internal sealed class LineCutter : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly IPEndPoint _center;
    private readonly int _bytes;

    public LineCutter(string center, int bytes)
    {
        (_center, _bytes) = (IPEndPoint.Parse(center), bytes);
        _listener.Start();
        _ = AcceptAsync();
    }

    public string Place => _listener.LocalEndpoint.ToString()!;

    public int Connections { get; private set; }

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var near = await _listener.AcceptTcpClientAsync();
                var far = new TcpClient { NoDelay = true };
                await far.ConnectAsync(_center);
                _ = PumpAsync(near, far, ++Connections == 1 ? _bytes : int.MaxValue);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
        }
    }

    private static async Task PumpAsync(TcpClient near, TcpClient far, int left)
    {
        using (near)
        using (far)
        {
            try
            {
                var up = near.GetStream().CopyToAsync(far.GetStream());
                var buffer = new byte[256];
                while (left > 0 && await far.GetStream().ReadAsync(buffer.AsMemory(0, Math.Min(left, buffer.Length))) is > 0 and var some)
                {
                    await near.GetStream().WriteAsync(buffer.AsMemory(0, some));
                    left -= some;
                }
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
            }
        }
    }
}
