using System.Globalization;
using System.Security.Cryptography;
using CardIssue.Fuzz.Running;
using CardIssue.Fuzz.Targets;

namespace CardIssue.Fuzz;

/// <summary>The command line: <c>[TARGET] [SECONDS] [--seed N]</c>, <c>TARGET --replay FILE</c>, <c>--list</c>, <c>--instrument
/// FOLDER</c>.</summary>
internal static class FuzzCommand
{
    private const string Usage = """
        usage: fuzz [TARGET] [SECONDS] [--seed N]   fuzz one target, or all, for so many seconds each (10)
               fuzz TARGET --replay FILE            run one case again
               fuzz --list                          name the targets
        exit codes: 0 all well, 1 something was found, 2 wrong usage
        """;

    private const int Well = 0, Found = 1, Wrong = 2;
    private static readonly string Output = Path.Combine(Environment.CurrentDirectory, "artifacts", "fuzz");

    public static int Main(string[] args)
    {
        Coverage.Open();
        switch (args)
        {
            case ["--instrument", var folder]: return Instrumentation.Instrument(folder);
            case ["--list"]:
                foreach (var target in FuzzTargets.All) Console.WriteLine(target.Name);
                return Well;
            case [var name, "--replay", var file]: return FuzzTargets.Find(name) is { } again && File.Exists(file) ? Replay(again,
                File.ReadAllBytes(file)) : Misused();
        }
        var words = args.ToList();
        var seed = RandomNumberGenerator.GetInt32(int.MaxValue);
        if (words.IndexOf("--seed") is >= 0 and var at)
        {
            if (at + 1 >= words.Count || !int.TryParse(words[at + 1], NumberStyles.None, CultureInfo.InvariantCulture,
                out seed)) return Misused();
            words.RemoveRange(at, 2);
        }
        var targets = FuzzTargets.All;
        if (words is [var first, ..] && FuzzTargets.Find(first) is { } one)
        {
            targets = [one];
            words.RemoveAt(0);
        }
        var seconds = 10;
        if (words.Count > 1 || words.Count == 1 && (!int.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out seconds)
            || seconds < 1)) return Misused();
        return Fuzz(targets, TimeSpan.FromSeconds(seconds), seed);
    }

    private static int Misused()
    {
        Console.Error.WriteLine(Usage);
        return Wrong;
    }

    private static int Fuzz(IReadOnlyList<FuzzTarget> targets, TimeSpan time, int seed)
    {
        var found = 0;
        foreach (var target in targets) found += Fuzz(target, time, seed);
        Console.WriteLine(found == 0 ? "Nothing was found." : $"{found} found.");
        return found == 0 ? Well : Found;
    }

    private static int Fuzz(FuzzTarget target, TimeSpan time, int seed)
    {
        Directory.CreateDirectory(Output);
        var last = Path.Combine(Output, $"{target.Name}.running");
        if (LastCase.LeftBehind(last) is { } fatal) Tell(new Finding(target.Name, fatal,
            "the last run was ended, by this case or by somebody, while it ran"));
        FuzzReport report;
        using (var running = new LastCase(last))
            report = FuzzLoop.Run(target, FuzzTargets.Corpus(target.Name).Concat(Kept(target.Name)), seed, time, running: running.Note);
        target.DisposeAsync().AsTask().GetAwaiter().GetResult();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{report.Target,-22} seed {report.Seed}, {report.Cases} cases, {(report.Branches == 0 ? "not instrumented" : $"{report.Branches} branches")}, {report.Kept.Count} new inputs, {report.Findings.Count} found"));
        foreach (var input in report.Kept) Save(Path.Combine(Output, "corpus", target.Name), input);
        foreach (var finding in report.Findings) Tell(finding);
        return report.Findings.Count;
    }

    private static int Replay(FuzzTarget target, byte[] input)
    {
        var finding = CaseRunner.Run(target, input) ?? CaseRunner.Finish(target);
        Console.WriteLine(finding is null ? "All is well." : finding.What);
        return finding is null ? Well : Found;
    }

    private static void Tell(Finding finding)
    {
        var file = Save(Path.Combine(Output, "findings", finding.Target), finding.Input);
        Console.WriteLine($"FOUND by {finding.Target}: {finding.What}");
        Console.WriteLine($"  again: ./build.sh fuzz {finding.Target} --replay {file}");
    }

    private static IEnumerable<byte[]> Kept(string target)
    {
        var folder = Path.Combine(Output, "corpus", target);
        return Directory.Exists(folder) ? Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal).Select(File.ReadAllBytes) : [];
    }

    private static string Save(string folder, byte[] input)
    {
        Directory.CreateDirectory(folder);
        var file = Path.Combine(folder, $"{Convert.ToHexString(SHA256.HashData(input)).ToLowerInvariant()[..16]}.bin");
        File.WriteAllBytes(file, input);
        return file;
    }
}
