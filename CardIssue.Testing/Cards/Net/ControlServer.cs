using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using CardIssue.Testing.Cards.Reading;

namespace CardIssue.Testing.Cards.Net;

/// <summary>A hand at the slot, over a loopback port: one command per line, one line of JSON back.</summary>
public sealed class ControlServer : IDisposable
{
    /// <summary>The commands that it takes, for a help text.</summary>
    public const string Commands = "insert FILE | remove | cut N [before|response] | uncut | status | inspect";
    private const int MaximumLine = 4096;

    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly CardSlot _slot;

    /// <param name="port">0 for any free one.</param>
    /// <exception cref="SocketException">The port can't be had.</exception>
    public ControlServer(CardSlot slot, int port)
    {
        _slot = slot;
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        _listener.Listen(4);
    }

    /// <summary>The loopback port that it listens on.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    /// <summary>Serves one client after the other until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                using var client = await _listener.AcceptAsync(cancellation).ConfigureAwait(false);
                await ServeAsync(client, cancellation).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();

    /// <summary>Carries out one line.</summary>
    internal string Execute(string line)
    {
        var words = line.Trim().Split(' ', 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        try
        {
            return (words.ElementAtOrDefault(0), words.ElementAtOrDefault(1)) switch
            {
                ("insert", { } file) => Insert(file),
                ("remove", null) => Remove(),
                ("cut", { } when) => Cut(when.Split(' ', StringSplitOptions.RemoveEmptyEntries)),
                ("uncut", null) => Arm(null),
                ("status", null) => Status(),
                ("inspect", null) => _slot.Card is { } card ? InspectionJson.Of(card.Inspect()) : Refuse("no card is in"),
                _ => Refuse($"commands: {Commands}"),
            };
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            return Refuse(e.Message);
        }
    }

    private string Insert(string file)
    {
        _slot.Insert(CardSimulator.Open(file));
        return Status();
    }

    private string Remove()
    {
        _slot.Remove();
        return Status();
    }

    private string Cut(string[] words)
    {
        var moment = words.ElementAtOrDefault(1) switch { null or "response" => CutMoment.BeforeResponse, "before" => CutMoment.BeforeExecution, _ => (CutMoment?)null };
        var isNumber = int.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n >= 1;
        return moment is { } m && isNumber && words.Length <= 2 ? Arm(new PowerCut(n, m)) : Refuse("cut N [before|response], N from 1");
    }

    private string Arm(PowerCut? cut)
    {
        if (_slot.Card is not { } card) return Refuse("no card is in");
        card.CutPower(cut);
        return Status();
    }

    private string Status() => _slot.Card is { } card
        ? JsonSerializer.Serialize(new { ok = true, card = true, atr = Convert.ToHexString(card.Atr), powered = card.IsPowered, commands = card.Commands, lifeCycle = card.State.LifeCycle.ToString() })
        : JsonSerializer.Serialize(new { ok = true, card = false });

    private static string Refuse(string reason) => JsonSerializer.Serialize(new { ok = false, error = reason });

    private async Task ServeAsync(Socket client, CancellationToken cancellation)
    {
        var line = new List<byte>();
        var buffer = new byte[1024];
        try
        {
            while (await client.ReceiveAsync(buffer, cancellation).ConfigureAwait(false) is > 0 and var count)
                foreach (var b in buffer.AsMemory(0, count).ToArray())
                {
                    if (b != '\n') line.Add(b);
                    if (line.Count > MaximumLine) return;
                    if (b != '\n') continue;
                    await client.SendAsync(Encoding.UTF8.GetBytes(Execute(Encoding.UTF8.GetString([.. line])) + "\n"), cancellation).ConfigureAwait(false);
                    line.Clear();
                }
        }
        catch (SocketException)
        {
            // The client broke off; the next one may come.
        }
    }
}
