using System.Diagnostics;
using System.Globalization;
using System.Text;
using CardIssue.Test.Modules;

namespace CardIssue.Test.Hosts;

/// <summary>What a run of the built program came to.</summary>
internal sealed record TerminalHostRun(int Code, string Output, string Error)
{
    public string All => Output + Error;
}

/// <summary>Runs the built <c>terminalhost</c> as a process of its own, in a folder of its own.</summary>
/// <param name="within">A command line that the program's own is put behind, such as ip netns exec NAME.</param>
internal sealed class TerminalHostProcess(params string[] within) : IDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    public string Folder { get; } = Directory.CreateTempSubdirectory("cardissue-terminalhost-").FullName;

    /// <summary>Variables besides the inherited ones.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>A file of this run's folder.</summary>
    public string File(string name) => Path.Combine(Folder, name);

    public string Write(string name, string text)
    {
        System.IO.File.WriteAllText(File(name), text);
        return File(name);
    }

    /// <summary>Makes the module of this terminal: a <see cref="TlsModule"/>.</summary>
    /// <param name="id">The terminal's name.</param>
    /// <param name="center">The center's file.</param>
    /// <param name="passphrase">At least eight characters.</param>
    /// <returns>The terminal's file, for the center.</returns>
    public string MakeModule(string id, string center, string passphrase)
    {
        Directory.CreateDirectory(File("terminal"));
        using (TlsModule.Create(File("terminal/module.json"), File("terminal/terminal.json"), id, center, passphrase)) return File("terminal/terminal.json");
    }

    public Task<TerminalHostRun> RunAsync(params string[] args) => RunAsync("", args);

    /// <param name="input">What comes in on standard input.</param>
    /// <param name="args">The command line.</param>
    /// <param name="interruptAt">The program is interrupted, as by Ctrl-C, when a line of its output has this in it.</param>
    /// <param name="removeAt">What is done when a line of its output has this in it.</param>
    public async Task<TerminalHostRun> RunAsync(string input, string[] args, string? interruptAt = null, (string Text, Action Do)? removeAt = null)
    {
        string[] may = interruptAt is null ? [] : ["env", HostPromptTest.InterruptedByDefault];
        string[] command = [.. within, .. may, "dotnet", Repository.Program("TerminalHost"), .. args];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            WorkingDirectory = Folder, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("CARDISSUE_", StringComparison.Ordinal)).ToList()) start.Environment.Remove(name);
        foreach (var (name, value) in Environment) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(Longest);
        try
        {
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
            var error = process.StandardError.ReadToEndAsync(limit.Token);
            var output = ReadAsync(process, interruptAt, removeAt, limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return new TerminalHostRun(process.ExitCode, await output, await error);
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }

    private static async Task<string> ReadAsync(Process process, string? interruptAt, (string Text, Action Do)? removeAt, CancellationToken cancellation)
    {
        var all = new StringBuilder();
        while (await process.StandardOutput.ReadLineAsync(cancellation) is { } line)
        {
            all.AppendLine(line);
            if (removeAt is { } act && line.Contains(act.Text, StringComparison.Ordinal)) act.Do();
            if (interruptAt is null || !line.Contains(interruptAt, StringComparison.Ordinal)) continue;
            interruptAt = null;
            using var kill = Process.Start("kill", ["-INT", process.Id.ToString(CultureInfo.InvariantCulture)]);
            await kill.WaitForExitAsync(cancellation);
        }
        return all.ToString();
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
