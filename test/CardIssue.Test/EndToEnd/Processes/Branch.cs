using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using CardIssue.Test.Hosts;
using CardIssue.Test.Modules;
using CardIssue.Test.Products.Json;

namespace CardIssue.Test.EndToEnd.Processes;

/// <summary>What <c>terminalhost issue --json</c> said.</summary>
internal sealed record IssueRun(TerminalHostRun Run)
{
    private readonly JsonElement[] _lines = [.. Run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<JsonElement>(line))];

    /// <summary>From the request for the customer's card (S230) to the word that it is issued, as the terminal's own clock had it.</summary>
    public TimeSpan Time => At("S300") - At("S230");

    private DateTimeOffset At(string step) => _lines.Last(line => line.TryGetProperty("step", out var s) && s.GetString() == step).GetProperty("at").GetDateTimeOffset();
}

/// <summary>The built centerhost and terminalhost as processes of their own, with a key, orders, a terminal and its reader.</summary>
internal sealed class Branch : IAsyncDisposable
{
    /// <summary>The terminal's name, its line, and the line for results of a split one.</summary>
    public const string Terminal = "shop", Line = "3", ResultsLine = "4";

    private const string Passphrase = "a-passphrase-to-find";

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);
    private readonly CenterHostProcess _center;
    private readonly TerminalHostProcess _terminal;
    private Process? _serving;
    private Task<string>? _steps;

    private Branch(CenterHostProcess center, TerminalHostProcess terminal) => (_center, _terminal) = (center, terminal);

    /// <summary>A file for this branch's own things; gone with it.</summary>
    public string File(string name) => _terminal.File(name);

    /// <summary>Sets both up. Orders are E2E-1, E2E-2, … and MODULE-1, MODULE-2, ….</summary>
    /// <param name="address">Where the terminal comes from.</param>
    /// <param name="orders">How many orders per mode.</param>
    /// <param name="atCenter">See <see cref="CenterHostProcess"/>.</param>
    /// <param name="atTerminal">See <see cref="TerminalHostProcess"/>.</param>
    /// <param name="environment">The terminal's, besides the inherited one.</param>
    public static async Task<Branch> OpenAsync(string address, int orders, string[]? atCenter = null, string[]? atTerminal = null,
        IReadOnlyDictionary<string, string>? environment = null)
    {
        var branch = new Branch(new CenterHostProcess(atCenter ?? []), new TerminalHostProcess(atTerminal ?? []) { Environment = environment ?? new Dictionary<string, string>() });
        try
        {
            await branch.CenterAsync("init", "--id", "main");
            await branch.EnterKeyAsync(branch._center.Write("ceremony.json", CenterHostCeremony.File(Counter.Master)));
            await branch.CenterAsync("order", "import", "--orders", branch._center.Write("orders.json", Orders(orders)),
                "--product", Path.Combine(Samples.Folder, "visa-like-e2e.product.json"), "--product", Path.Combine(Samples.Folder, "visa-like-module.product.json"));
            var terminal = branch._terminal.MakeModule(Terminal, branch.CenterFile, Passphrase);
            await branch.CenterAsync("terminal", "add", "--file", terminal, "--line", Line, "--line", ResultsLine, "--address", address);
        }
        catch
        {
            await branch.DisposeAsync();
            throw;
        }
        return branch;
    }

    /// <summary>Runs a command of the center; it must go well.</summary>
    public async Task<CenterHostRun> CenterAsync(params string[] args)
    {
        var run = await _center.RunAsync(args);
        Assert.That(run.Code, Is.Zero, run.ToString());
        return run;
    }

    /// <summary>Runs a command of the terminal; it must go well.</summary>
    public Task<TerminalHostRun> TerminalAsync(params string[] args) => TerminalAsync(null, args);

    private async Task<TerminalHostRun> TerminalAsync((string Text, Action Do)? act, string[] args)
    {
        _terminal.Write("passphrase", Passphrase);
        var run = await _terminal.RunAsync("", [.. args, "--passphrase-file", _terminal.File("passphrase")], removeAt: act);
        Assert.That(run.Code, Is.Zero, run.All);
        return run;
    }

    /// <summary>Enters a further key of a ceremony's file.</summary>
    public async Task EnterKeyAsync(string file)
    {
        var key = await _center.EnterTestKeyAsync(file);
        Assert.That(key.Code, Is.Zero, key.ToString());
    }

    /// <summary>The center's identity, for its terminals.</summary>
    public string CenterFile => Path.Combine(_center.Data, "center.json");

    /// <summary>Runs a command of the center, however it ends.</summary>
    public Task<CenterHostRun> CenterPlainAsync(params string[] args) => _center.RunAsync(args);

    /// <summary>Runs exactly this command line of the terminal.</summary>
    public Task<TerminalHostRun> TerminalPlainAsync(params string[] args) => _terminal.RunAsync(args);

    /// <summary>Starts the center.</summary>
    /// <param name="where">Where the line comes in, as <c>--line</c> has it behind the number.</param>
    /// <param name="more">Further options.</param>
    /// <returns>Where it came to listen.</returns>
    public async Task<string> ServeAsync(string where, params string[] more) => (await ServeAllAsync([$"{Line}={where}"], more))[0];

    /// <summary>Starts the center with a split line.</summary>
    /// <param name="data">Where its data half comes in.</param>
    /// <param name="results">Where its results half comes in.</param>
    /// <param name="more">Further options.</param>
    /// <returns>Where they came to listen.</returns>
    public async Task<(string Data, string Results)> ServeSplitAsync(string data, string results, params string[] more)
    {
        var places = await ServeAllAsync([$"{Line}={data};results={ResultsLine}", $"{ResultsLine}={results}"], more);
        return (places[0], places[1]);
    }

    /// <summary>Starts the center with several lines.</summary>
    /// <param name="lines">Each as <c>--line</c> has it.</param>
    /// <param name="more">Further options.</param>
    /// <returns>Where they came to listen, one after the other.</returns>
    public async Task<IReadOnlyList<string>> ServeAllAsync(IReadOnlyList<string> lines, params string[] more)
    {
        _serving = _center.Begin(["serve", .. lines.SelectMany(line => new[] { "--line", line }), .. more]);
        var places = new List<string>();
        foreach (var _ in lines) places.Add(await ReadyAsync());
        _steps = _serving.StandardOutput.ReadToEndAsync();
        return places;
    }

    private async Task<string> ReadyAsync()
    {
        var ready = await _serving!.StandardOutput.ReadLineAsync().WaitAsync(Longest);
        Assert.That(ready, Does.StartWith("ready line "), ready is null ? await _serving.StandardError.ReadToEndAsync() : ready);
        return ready!.Split(' ')[^1];
    }

    /// <summary>Has a card issued; it must be.</summary>
    /// <param name="order">E2E-n or MODULE-n.</param>
    /// <param name="args">Center and reader.</param>
    public Task<IssueRun> IssueAsync(string order, params string[] args) => IssueAsync(order, null, args);

    /// <inheritdoc cref="IssueAsync(string, string[])"/>
    /// <param name="order">Which.</param>
    /// <param name="act">What is done when a line of the terminal's output has this in it.</param>
    /// <param name="args">Further options.</param>
    public async Task<IssueRun> IssueAsync(string order, (string Text, Action Do)? act, params string[] args)
    {
        _terminal.Write("code", order.StartsWith("E2E", StringComparison.Ordinal) ? "KESTREL-4821" : "MERLIN-2265");
        return new IssueRun(await TerminalAsync(act, ["issue", "--order", order, "--code-file", _terminal.File("code"), "--operator", "olga", "--json", .. args]));
    }

    /// <summary>Stops the center as SIGTERM does; its log must verify.</summary>
    public async Task StopAsync()
    {
        using (var kill = Process.Start("kill", ["-TERM", _serving!.Id.ToString(CultureInfo.InvariantCulture)])) await kill.WaitForExitAsync();
        await _serving.WaitForExitAsync().WaitAsync(Longest);
        Assert.That(_serving.ExitCode, Is.Zero, await _serving.StandardError.ReadToEndAsync());
        Assert.That(await _steps!, Does.Contain(" S300 "));
        await CenterAsync("log", "verify");
    }

    public async ValueTask DisposeAsync()
    {
        if (_serving is { HasExited: false })
        {
            _serving.Kill(entireProcessTree: true);
            await _serving.WaitForExitAsync();
        }
        _serving?.Dispose();
        _center.Dispose();
        _terminal.Dispose();
    }

    private static string Orders(int count)
    {
        var all = JsonNode.Parse(Samples.Orders)!;
        var samples = all["orders"]!.AsArray();
        var orders = new JsonArray();
        foreach (var (sample, prefix) in new[] { ("E2E-0001", "E2E"), ("MODULE-0001", "MODULE") })
            for (var i = 1; i <= count; i++)
            {
                var order = samples.Single(order => (string)order!["orderId"]! == sample)!.DeepClone();
                (order["orderId"], order["customerId"]) = ($"{prefix}-{i}", $"C-{prefix}-{i}");
                // One card number and sequence number is one order's.
                order["fields"]!["sequence"] = $"{i}";
                orders.Add(order);
            }
        return new JsonObject { ["orders"] = orders }.ToJsonString();
    }
}
