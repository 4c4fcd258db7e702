using System.Diagnostics;
using System.Globalization;
using System.Text;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Terminal.Modules;
using CardIssue.Test.Keys;
using CardIssue.Transport.Tls;

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

    /// <summary>What <c>module init</c> makes, at the least cost of a passphrase that is allowed: the default takes seconds, each time it is opened.</summary>
    /// <param name="id">The terminal's name.</param>
    /// <param name="center">The center's file.</param>
    /// <param name="passphrase">At least eight characters.</param>
    /// <returns>The terminal's file, for the center.</returns>
    public string MakeModule(string id, string center, string passphrase)
    {
        Directory.CreateDirectory(File("terminal"));
        using var secret = SecretBytes.Copy(Encoding.ASCII.GetBytes(passphrase));
        using var module = SoftwareModuleFile.Create(File("terminal/module.json"), secret, new TerminalId(id), 1, PassphraseFileTest.Cheapest);
        module.TrustCenter(CenterIdentity.Read(System.IO.File.ReadAllBytes(center)));
        var now = DateTimeOffset.UtcNow;
        using var certificate = TlsCertificates.CreateSelfSigned($"CN={id}", now.AddMinutes(-5), now.AddDays(1));
        using var pkcs12 = TlsCertificates.ToPfx(certificate, []);
        module.UseTlsClient(pkcs12.Span, TlsCertificates.Sha256(certificate));
        System.IO.File.WriteAllBytes(File("terminal/terminal.json"), module.Identity.Write());
        return File("terminal/terminal.json");
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
