using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace CardIssue.Test.Parts;

/// <summary>Other people's programs that tests run against. `./build.sh test` installs them where it may.</summary>
internal static partial class Part
{
    /// <summary>Fails the test, or ignores it outside of CI, when a program or file is not on this machine.</summary>
    /// <param name="name">A program on the path, or the full path of a file.</param>
    /// <param name="package">The Debian package that has it.</param>
    public static void Require(string name, string package)
    {
        if (Find(name) is not null) return;
        Missing($"{name} is missing on this machine: install the package {package} (as root, ./build.sh test does).");
    }

    /// <summary>Fails the test, or ignores it outside of CI, when it does not run as root.</summary>
    /// <param name="why">What needs it.</param>
    public static void RequireRoot(string why)
    {
        if (!Environment.IsPrivilegedProcess) Missing($"{why} needs root.");
    }

    /// <summary>The full path of a program; null when there is none.</summary>
    public static string? Find(string name) =>
        Path.IsPathRooted(name)
            ? File.Exists(name) ? name : null
            : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append("/usr/sbin").Append("/sbin")
                .Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    /// <summary>Runs a program to its end.</summary>
    /// <param name="environment">Variables besides the inherited ones.</param>
    /// <param name="program">On the path.</param>
    /// <param name="args">Its arguments.</param>
    public static async Task<(int Code, string Output)> RunAsync(IReadOnlyDictionary<string, string> environment, string program, params string[] args)
    {
        var start = new ProcessStartInfo(Find(program) ?? program, args) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        try
        {
            var error = process.StandardError.ReadToEndAsync(limit.Token);
            var output = await process.StandardOutput.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, output + await error);
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }

    /// <summary>Waits until something holds.</summary>
    public static Task UntilAsync(Func<bool> holds, [CallerArgumentExpression(nameof(holds))] string what = "") => UntilAsync(() => Task.FromResult(holds()), what);

    /// <inheritdoc cref="UntilAsync(Func{bool}, string)"/>
    public static async Task UntilAsync(Func<Task<bool>> holds, [CallerArgumentExpression(nameof(holds))] string what = "")
    {
        for (var tries = 0; !await holds(); tries++)
        {
            if (tries == 6_000) throw new TimeoutException($"{what}: did not come within 60 s.");
            await Task.Delay(10);
        }
    }

    /// <summary>Sets a variable where C libraries of this process look; .NET's own setter does not reach them.</summary>
    public static void SetNativeVariable(string name, string value)
    {
        if (SetEnv(name, value, 1) != 0) throw new InvalidOperationException($"setenv {name} failed.");
    }

    /// <summary>A TCP port on which nobody listens.</summary>
    public static int FreePort() => FreePorts(1)[0];

    /// <summary>Different TCP ports on which nobody listens.</summary>
    public static IReadOnlyList<int> FreePorts(int count)
    {
        var open = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        foreach (var listener in open) listener.Start();
        var ports = open.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port).ToList();
        foreach (var listener in open) listener.Dispose();
        return ports;
    }

    /// <summary>A TCP port after which the next one is free, too.</summary>
    public static int FreePortPair()
    {
        for (var tries = 0; tries < 100; tries++)
        {
            using var first = new TcpListener(IPAddress.Any, 0);
            first.Start();
            var port = ((IPEndPoint)first.LocalEndpoint).Port;
            if (port == IPEndPoint.MaxPort) continue;
            try
            {
                using var second = new TcpListener(IPAddress.Any, port + 1);
                second.Start();
                return port;
            }
            catch (SocketException)
            {
                // Taken; another pair will do.
            }
        }
        throw new InvalidOperationException("No two ports in a row are free.");
    }

    static partial void Missing(string message);

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnv(string name, string value, int overwrite);
}

/// <summary>What a process said so far.</summary>
internal sealed class ProcessOutput
{
    private readonly StringBuilder _text = new();

    public ProcessOutput(Process process)
    {
        process.OutputDataReceived += (_, line) => Add(line.Data);
        process.ErrorDataReceived += (_, line) => Add(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public override string ToString()
    {
        lock (_text) return _text.ToString();
    }

    private void Add(string? line)
    {
        lock (_text) _text.AppendLine(line);
    }
}
