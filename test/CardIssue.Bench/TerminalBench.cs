using System.Diagnostics;
using System.Globalization;
using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Terminal.Modules;
using CardIssue.Test;
using CardIssue.Transport.Tls;

namespace CardIssue.Bench;

/// <summary>
/// <c>terminalhost service</c> as machine code beside the same program on .NET, in rounds that take turns: how large, how soon programs may come to it,
/// what it then holds of the machine's memory. The module opens at the least cost of a passphrase, for that cost is the user's choice; there is no center.
/// </summary>
internal static class TerminalBench
{
    private const int Rounds = 7;
    private const double MostMegabytes = 20, MostMilliseconds = 150, MostResident = 40, Megabyte = 1_000_000;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    /// <summary>One start: until programs may come, how much of it the processors worked, and what is resident then, in MB.</summary>
    private sealed record Start(double Milliseconds, double Processor, double Resident);

    public static async Task<int> RunAsync(bool check)
    {
        if (!OperatingSystem.IsLinux())
        {
            await Console.Error.WriteLineAsync("terminal: the memory of a process is read from /proc, which only Linux has.");
            return 1;
        }
        var native = await PublishAsync();
        var folder = Directory.CreateTempSubdirectory("cardissue-bench-").FullName;
        try
        {
            MakeModule(folder);
            string[] code = [Path.Combine(native, "terminalhost")], dotnet = ["dotnet", Program];
            var (ofCode, ofDotnet) = (new List<Start>(), new List<Start>());
            // The first of each fetches its files from the disk, and is not counted.
            for (var round = 0; round <= Rounds; round++)
            {
                var (a, b) = (await StartAsync(code, folder), await StartAsync(dotnet, folder));
                if (round == 0) continue;
                ofCode.Add(a);
                ofDotnet.Add(b);
            }
            var size = Directory.GetFiles(native).Where(IsOfTheProgram).Sum(file => new FileInfo(file).Length) / Megabyte;
            var report = new BenchReport("terminal", "terminalhost: MB on the disk, ms until ready, MB resident");
            Print(report, "machine code", size, ofCode);
            Print(report, "on .NET, which is there", Directory.GetFiles(Path.GetDirectoryName(Program)!, "*.dll").Sum(file => new FileInfo(file).Length) / Megabyte, ofDotnet, isJudged: false);
            return report.End(check);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Program => Repository.Program("TerminalHost");

    private static bool IsOfTheProgram(string file) => Path.GetFileName(file) is "terminalhost" || Path.GetFileName(file).StartsWith("libSystem", StringComparison.Ordinal);

    private static async Task<string> PublishAsync()
    {
        using var build = Process.Start("bash", [Path.Combine(Repository.Root, "build.sh"), "publish", "--native"]);
        await build.WaitForExitAsync();
        return build.ExitCode == 0
            ? Directory.GetDirectories(Path.Combine(Repository.Root, "artifacts", "publish"), "native-*").Single()
            : throw new InvalidOperationException("./build.sh publish --native failed.");
    }

    private static void MakeModule(string folder)
    {
        File.WriteAllText(Path.Combine(folder, "pass"), "a passphrase to find");
        Directory.CreateDirectory(Path.Combine(folder, "terminal"));
        using var passphrase = SecretBytes.Copy("a passphrase to find"u8);
        using var module = SoftwareModuleFile.Create(Path.Combine(folder, "terminal", "module.json"), passphrase, new TerminalId("bench"), 1,
            new Argon2Cost(Argon2Cost.MinMemoryKiB, Argon2Cost.MinPasses, 1));
        var now = DateTimeOffset.UtcNow;
        using var certificate = TlsCertificates.CreateSelfSigned("CN=bench", now.AddDays(-1), now.AddYears(1));
        using var pfx = TlsCertificates.ToPfx(certificate, []);
        module.UseTlsClient(pfx.Span, TlsCertificates.Sha256(certificate));
        using var signing = P256PrivateKey.Generate();
        using var agreement = P256PrivateKey.Generate();
        module.TrustCenter(new CenterIdentity(new CenterId("bench"), signing.PublicKey, agreement.PublicKey, TlsCertificates.Sha256(certificate)));
    }

    private static async Task<Start> StartAsync(string[] program, string folder)
    {
        string[] args = [.. program[1..], "service", "--port", "0", "--connect", "127.0.0.1:1", "--reader", "tcp:127.0.0.1:1?serial=B", "--passphrase-file", "pass", "--operator", "b"];
        var start = new ProcessStartInfo(program[0], args) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        var begun = Stopwatch.GetTimestamp();
        using var process = Process.Start(start)!;
        try
        {
            var ready = await process.StandardOutput.ReadLineAsync().WaitAsync(Longest);
            var took = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
            if (ready is null || !ready.StartsWith("ready port", StringComparison.Ordinal))
                throw new InvalidOperationException($"{program[0]} did not start: {ready}{await process.StandardError.ReadToEndAsync()}");
            return new Start(took, process.TotalProcessorTime.TotalMilliseconds, await ResidentAsync(process.Id));
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync();
        }
    }

    private static async Task<double> ResidentAsync(int process)
    {
        var line = (await File.ReadAllLinesAsync($"/proc/{process}/status")).Single(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) * 1_024 / Megabyte;
    }

    private static void Print(BenchReport report, string what, double size, List<Start> starts, bool isJudged = true)
    {
        var (ready, resident) = (Median(starts.Select(start => start.Milliseconds)), Median(starts.Select(start => start.Resident)));
        var processor = Median(starts.Select(start => start.Processor));
        report.Line($"\"terminalhost\":\"{what}\",\"rounds\":{Rounds},\"sizeMB\":{size:F1},\"readyMs\":{ready:F0},\"processorMs\":{processor:F0},\"residentMB\":{resident:F1}");
        Judge("MB on the disk", size, MostMegabytes);
        Judge("ms until ready", ready, MostMilliseconds);
        Judge("MB resident", resident, MostResident);

        void Judge(string unit, double value, double most)
        {
            report.Bar($"{what}, {unit}", value, isJudged ? most : null);
            if (isJudged && value > most) report.Missed($"{value:F1} {unit}; {most} is the aim");
        }
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }
}
