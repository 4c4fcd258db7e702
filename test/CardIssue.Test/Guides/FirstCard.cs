using System.Diagnostics;
using System.Text;
using CardIssue.Test.Packages;
using CardIssue.Test.Parts;

namespace CardIssue.Test.Guides;

/// <summary>
/// Somebody who has a checkout, a bash and nothing else, and copies the README's blocks. Others than in the README are only the ports, the cost
/// of guessing a passphrase, and that packages come from the build that is tested and from nowhere else.
/// </summary>
internal sealed class FirstCard : IDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    private readonly string _folder = Directory.CreateTempSubdirectory("cardissue-guide-").FullName;

    /// <summary>The ports that the guides name, and those that are used.</summary>
    public IReadOnlyDictionary<string, string> Ports { get; } = new[] { "7001", "7100", "7200" }.Zip(Part.FreePorts(3))
        .ToDictionary(pair => pair.First, pair => pair.Second.ToString(System.Globalization.CultureInfo.InvariantCulture));

    /// <summary>Where the README works.</summary>
    public string Place => Path.Combine(_folder, "home", "first-card");

    /// <summary>The exit code of all the blocks.</summary>
    public int Code { get; private set; }

    /// <summary>What was on the screen.</summary>
    public string Screen { get; private set; } = "";

    public async Task RunAsync(IEnumerable<GuideBlock> blocks)
    {
        var checkout = Path.Combine(_folder, "checkout");
        Directory.CreateDirectory(Path.Combine(_folder, "home"));
        Directory.CreateDirectory(Path.Combine(checkout, "artifacts", "packages"));
        Directory.CreateSymbolicLink(Path.Combine(checkout, "samples"), Path.Combine(Repository.Root, "samples"));
        await File.WriteAllTextAsync(Path.Combine(checkout, "nuget.config"), "<configuration><packageSources><clear/></packageSources></configuration>");
        await PackAsync(Path.Combine(checkout, "artifacts", "packages"));
        var script = new StringBuilder("set -e\ntrap 'test $? = 0 || echo \"FAILED: $AT\"; kill $(jobs -p) 2>/dev/null || true' EXIT\n");
        foreach (var block in blocks) script.Append("AT='").Append(block).Append("'\n").Append(block.With(Ports).Text).Append('\n');
        (Code, Screen) = await RunAsync(checkout, $"{script}\n");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>The packages of the programs as they are built: what <c>./build.sh pack</c> makes, without building anew.</summary>
    private Task PackAsync(string packages) => BuiltPackages.PackAsync(_folder, BuiltPackages.ProgramProjects, packages);

    private async Task<(int Code, string Screen)> RunAsync(string folder, string script)
    {
        var start = new ProcessStartInfo("bash", ["-c", script])
        {
            WorkingDirectory = folder, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("CARDISSUE_", StringComparison.Ordinal)).ToList()) start.Environment.Remove(name);
        start.Environment["HOME"] = Path.Combine(_folder, "home");
        start.Environment.Remove("DOTNET_CLI_HOME");
        start.Environment["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory(), "../../.."));
        foreach (var (name, value) in new[]
        {
            ("CARDISSUE_Argon2__MemoryKiB", "19456"), ("CARDISSUE_Argon2__Passes", "2"), ("CARDISSUE_Argon2__Lanes", "1"),
            ("DOTNET_CLI_TELEMETRY_OPTOUT", "1"), ("DOTNET_NOLOGO", "1"), ("DOTNET_GENERATE_ASPNET_CERTIFICATE", "false"),
        }) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(Longest);
        var screen = new StringBuilder();
        try
        {
            process.StandardInput.Close();
            await Task.WhenAll(ShowAsync(process.StandardOutput), ShowAsync(process.StandardError));
            await process.WaitForExitAsync(limit.Token);
            lock (screen) return (process.ExitCode, screen.ToString());
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }

        async Task ShowAsync(StreamReader from)
        {
            while (await from.ReadLineAsync(limit.Token) is { } line)
                lock (screen) screen.AppendLine(line);
        }
    }
}
