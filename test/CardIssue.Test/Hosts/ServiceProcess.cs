using System.Diagnostics;
using System.Globalization;

namespace CardIssue.Test.Hosts;

/// <summary>The built <c>terminalhost service</c> as a process of its own, on a port and a pipe.</summary>
internal sealed class ServiceProcess : IDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);
    private readonly Process _process;
    private readonly Task<string> _error;

    private ServiceProcess(Process process, string folder)
    {
        (_process, Pipe, TokenFile) = (process, Path.Combine(folder, "pos.sock"), Path.Combine(folder, "terminal", "service.token"));
        _error = process.StandardError.ReadToEndAsync();
    }

    public string Pipe { get; }

    public string TokenFile { get; }

    public int Port { get; private set; }

    /// <summary>What the process has in the machine's memory now, in MB. Linux alone.</summary>
    public double ResidentMegabytes
    {
        get
        {
            var line = File.ReadAllLines($"/proc/{_process.Id}/status").Single(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
            return int.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) * 1_024 / 1e6;
        }
    }

    /// <summary>The files that are mapped into it: its libraries among them. Linux alone.</summary>
    public IEnumerable<string> Files => File.ReadAllLines($"/proc/{_process.Id}/maps").Select(line => line.Split(' ')[^1]);

    public string Token => File.ReadAllText(TokenFile).Trim();

    /// <summary>Starts it, and waits until programs may come.</summary>
    public static async Task<ServiceProcess> StartAsync(TlsShop shop, params string[] program)
    {
        var folder = shop.Host.Folder;
        string[] command = program.Length > 0 ? program : ["dotnet", Repository.Program("TerminalHost")];
        var start = new ProcessStartInfo(command[0],
            [.. command[1..], "service", "--port", "0", "--pipe", "pos.sock", "--connect", shop.Center, "--reader", shop.Reader, "--passphrase-file", "pass"])
        {
            WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("CARDISSUE_", StringComparison.Ordinal)).ToList()) start.Environment.Remove(name);
        var service = new ServiceProcess(Process.Start(start)!, folder);
        var port = await service.ReadyAsync("ready port ");
        service.Port = int.Parse(port[(port.LastIndexOf(':') + 1)..], CultureInfo.InvariantCulture);
        Assert.That(await service.ReadyAsync("ready pipe "), Is.EqualTo(service.Pipe));
        return service;
    }

    /// <summary>Stops it as SIGTERM does; returns how it ended, with what it said.</summary>
    public async Task<(int Code, string Said)> StopAsync()
    {
        using (var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)])) await kill.WaitForExitAsync();
        await _process.WaitForExitAsync().WaitAsync(Longest);
        return (_process.ExitCode, await _process.StandardOutput.ReadToEndAsync() + await _error);
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    private async Task<string> ReadyAsync(string before)
    {
        var ready = await _process.StandardOutput.ReadLineAsync().WaitAsync(Longest);
        Assert.That(ready, Does.StartWith(before), ready is null ? await _error : ready);
        return ready![before.Length..];
    }
}
