using System.Diagnostics;

namespace CardIssue.Test.Parts;

/// <summary>
/// Debian's pcscd with readers of our own, in a mount namespace of its own: the machine's daemon and other tests' daemons are not disturbed. Its socket stays
/// at one path, also when it is restarted. Needs root.
/// </summary>
internal sealed class PcscDaemon : IAsyncDisposable
{
    /// <summary>Where libpcsclite looks for the socket. It reads it once in a process.</summary>
    public const string SocketVariable = "PCSCLITE_CSOCK_NAME";

    private const string Drivers = "/usr/lib/pcsc/drivers/serial/";
    private readonly string _folder = Directory.CreateTempSubdirectory("cardissue-pcscd-").FullName;
    private Process? _process;
    private ProcessOutput? _output;

    private PcscDaemon() { }

    /// <summary>The socket's path.</summary>
    public string Socket => Path.Combine(_folder, "run", "pcscd.comm");

    /// <summary>For clients that are processes of their own.</summary>
    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string> { [SocketVariable] = Socket };

    /// <summary>What it said so far.</summary>
    public string Output => _output?.ToString() ?? "";

    /// <summary>Two slots, "NAME 00 00" and "NAME 00 01", that virtual cards connect to, at <paramref name="port"/> and the port after it.</summary>
    public static string Vpcd(string name, int port) =>
        $"FRIENDLYNAME \"{name}\"\nDEVICENAME /dev/null:0x{port:X}\nLIBPATH {Drivers}libifdvpcd.so\nCHANNELID 0x{port:X}\n\n";

    /// <summary>A GemPC Twin at a serial port, "NAME 00 00", by libccid's own driver.</summary>
    public static string GemPcTwin(string name, string device) =>
        $"FRIENDLYNAME \"{name}\"\nDEVICENAME {device}:GemPCTwin\nLIBPATH {Drivers}libccidtwin.so\n\n";

    /// <summary>Starts one with these readers (<see cref="Vpcd"/>, <see cref="GemPcTwin"/>).</summary>
    public static async Task<PcscDaemon> StartAsync(params string[] readers)
    {
        Part.Require("pcscd", "pcscd");
        Part.Require(Drivers + "libifdvpcd.so", "vsmartcard-vpcd");
        Part.Require(Drivers + "libccidtwin.so", "libccid");
        Part.RequireRoot("A smart card daemon of the tests' own");
        var daemon = new PcscDaemon();
        Directory.CreateDirectory(Path.Combine(daemon._folder, "run"));
        Directory.CreateDirectory(Path.Combine(daemon._folder, "conf"));
        await File.WriteAllTextAsync(Path.Combine(daemon._folder, "conf", "readers"), string.Concat(readers));
        await daemon.StartAsync();
        return daemon;
    }

    /// <summary>Starts it again after <see cref="Stop"/>.</summary>
    public async Task StartAsync()
    {
        const string Script = "mkdir -p /run/pcscd && mount --bind \"$1/run\" /run/pcscd && exec pcscd --foreground --info --config \"$1/conf\"";
        var start = new ProcessStartInfo("unshare", ["--mount", "--propagation", "private", "bash", "-c", Script, "pcscd", _folder])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        start.Environment["PATH"] = $"{System.Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/sbin";
        _process = Process.Start(start)!;
        _output = new ProcessOutput(_process);
        await Part.UntilAsync(() => _process.HasExited || (File.Exists(Socket) && Output.Contains("ready", StringComparison.Ordinal)), "pcscd");
        if (_process.HasExited) throw new InvalidOperationException($"pcscd did not start:\n{Output}");
    }

    /// <summary>Kills it, as a crash would.</summary>
    public void Stop()
    {
        if (_process is null) return;
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
        _process = null;
        File.Delete(Socket);
        File.Delete(Path.Combine(_folder, "run", "pcscd.pid"));
    }

    public ValueTask DisposeAsync()
    {
        Stop();
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }
}
