using System.Diagnostics;

namespace CardIssue.Test.Hosts;

/// <summary>What a run of the built program came to.</summary>
internal sealed record TerminalHostRun(int Code, string Output, string Error)
{
    public string All => Output + Error;
}

/// <summary>Runs the built <c>terminalhost</c> as a process of its own, in a folder of its own.</summary>
internal sealed class TerminalHostProcess : IDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    public string Folder { get; } = Directory.CreateTempSubdirectory("cardissue-terminalhost-").FullName;

    /// <summary>A file of this run's folder.</summary>
    public string File(string name) => Path.Combine(Folder, name);

    public string Write(string name, string text)
    {
        System.IO.File.WriteAllText(File(name), text);
        return File(name);
    }

    public Task<TerminalHostRun> RunAsync(params string[] args) => RunAsync("", args);

    public async Task<TerminalHostRun> RunAsync(string input, string[] args, Action<Process>? meanwhile = null)
    {
        var start = new ProcessStartInfo("dotnet", [Program(), .. args])
        {
            WorkingDirectory = Folder, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("CARDISSUE_", StringComparison.Ordinal)).ToList()) start.Environment.Remove(name);
        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(Longest);
        try
        {
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
            var (output, error) = (process.StandardOutput.ReadToEndAsync(limit.Token), process.StandardError.ReadToEndAsync(limit.Token));
            meanwhile?.Invoke(process);
            await process.WaitForExitAsync(limit.Token);
            return new TerminalHostRun(process.ExitCode, await output, await error);
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    /// <summary>The program of the same configuration as these tests: bin/CONFIGURATION/FRAMEWORK.</summary>
    private static string Program()
    {
        var framework = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        return Path.Combine(Repository.Root, "samples", "TerminalHost", "bin", framework.Parent!.Name, framework.Name, "terminalhost.dll");
    }
}
