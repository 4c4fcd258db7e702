using System.IO.Ports;
using System.Text.RegularExpressions;
using CardIssue.Test.Parts;
using CardIssue.Testing.Cards;
using CardIssue.Testing.Cards.Net;
using CardIssue.Testing.Cards.Reading;
using CardIssue.Testing.Cards.Serial;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Test.VirtualCard;

/// <summary>How Debian's pcscd comes to a virtual card.</summary>
public enum PcscPath
{
    Vpcd,
    VpcdT0,
    TwinT0,
    TwinT1,
}

/// <summary>Debian's pcscd with a reader of ours, and OpenSC's programs before it.</summary>
internal sealed partial class PcscBench : IAsyncDisposable
{
    private const string Name = "Bench";
    private readonly CancellationTokenSource _stop = new();
    private PcscDaemon? _daemon;
    private PtyPair? _cable;
    private SerialPort? _port;
    private Task _serving = Task.CompletedTask;

    private PcscBench(PcscPath path) => Protocol = path is PcscPath.TwinT0 or PcscPath.VpcdT0 ? CardProtocol.T0 : CardProtocol.T1;

    public CardProtocol Protocol { get; }

    public CardSlot Slot { get; } = new();

    /// <summary>Null when the path is vpcd's.</summary>
    public GemPcTwin? Twin { get; private set; }

    public static async Task<PcscBench> StartAsync(PcscPath path, CardState card, GemPcTwinOptions? options = null)
    {
        Part.Require("opensc-tool", "opensc");
        var bench = new PcscBench(path);
        bench.Slot.Insert(CardSimulator.Create(card with { Protocol = bench.Protocol }));
        try
        {
            if (path is PcscPath.Vpcd or PcscPath.VpcdT0) await bench.StartVpcdAsync();
            else await bench.StartTwinAsync(options);
            await bench.UntilCardAsync(isIn: true);
            return bench;
        }
        catch
        {
            await bench.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until pcscd sees a card, or none.</summary>
    public async Task UntilCardAsync(bool isIn)
    {
        var wanted = isIn ? "Yes" : "No";
        for (var tries = 0; tries < 50; tries++)
        {
            var (_, output) = await Part.RunAsync(_daemon!.Environment, "opensc-tool", "--list-readers");
            if (output.Split('\n').Any(line => Regex.IsMatch(line, $@"^0\s+{wanted}\s+.*{Name} 00 00"))) return;
            await Task.Delay(100);
        }
        Assert.Fail($"pcscd did not see the card {(isIn ? "come" : "go")}:\n{_daemon!.Output}");
    }

    /// <summary>The answer to reset, in hexadecimal, as opensc-tool shows it.</summary>
    public async Task<string> AtrAsync()
    {
        var (code, output) = await RunAsync("opensc-tool", "--card-driver", "default", "--reader", "0", "--atr");
        Assert.That(code, Is.Zero, output);
        return output.Trim().Replace(":", "", StringComparison.Ordinal).ToUpperInvariant();
    }

    /// <summary>Sends APDUs with opensc-tool, all after one reset; the responses, status words included.</summary>
    public Task<List<string>> SendAsync(params IEnumerable<string> apdus) => SendAsync("default", apdus);

    /// <summary>Sends APDUs by way of one of OpenSC's own card drivers.</summary>
    public async Task<List<string>> SendAsync(string driver, IEnumerable<string> apdus)
    {
        var (code, output) = await RunAsync("opensc-tool", ["--card-driver", driver, "--reader", "0", .. apdus.SelectMany(apdu => new[] { "--send-apdu", apdu })]);
        Assert.That(code, Is.Zero, output);
        return [.. Responses().Matches(output).Select(m => Bytes(m.Groups["dump"].Value) + m.Groups["sw1"].Value + m.Groups["sw2"].Value)];
    }

    /// <summary>Runs a program that finds this daemon.</summary>
    public Task<(int Code, string Output)> RunAsync(string program, params string[] args) => Part.RunAsync(_daemon!.Environment, program, args);

    public async ValueTask DisposeAsync()
    {
        if (_daemon is not null) await _daemon.DisposeAsync();
        await _stop.CancelAsync();
        await _serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _port?.Dispose();
        _cable?.Dispose();
        _stop.Dispose();
    }

    private async Task StartVpcdAsync()
    {
        var port = Part.FreePortPair();
        _daemon = await PcscDaemon.StartAsync(PcscDaemon.Vpcd(Name, port));
        _serving = VpcdClient.RunAsync("127.0.0.1", port, Slot, null, _stop.Token);
    }

    private async Task StartTwinAsync(GemPcTwinOptions? options)
    {
        _cable = await PtyPair.OpenAsync();
        _port = GemPcTwin.OpenPort(_cable.B);
        Twin = new GemPcTwin(_port.BaseStream, Slot, options);
        _serving = Twin.RunAsync(_stop.Token);
        _daemon = await PcscDaemon.StartAsync(PcscDaemon.GemPcTwin(Name, _cable.A));
    }

    /// <summary>A dump's line: up to 16 bytes as two digits and a space each, then each as a character; where there are several lines, that begins at column 48.</summary>
    private static string Bytes(string dump)
    {
        const int Digits = 3, Column = 48;
        return string.Concat(dump.Split('\n').Select(line => line[..(line.Length > Column ? (line.Length - Column) * Digits : line.Length / (Digits + 1) * Digits)])).Replace(" ", "", StringComparison.Ordinal);
    }

    [GeneratedRegex(@"^Received \(SW1=0x(?<sw1>..), SW2=0x(?<sw2>..)\):?\n(?<dump>([0-9A-F]{2} .*\n)*)", RegexOptions.Multiline)]
    private static partial Regex Responses();
}
