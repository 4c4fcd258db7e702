using System.Diagnostics;

namespace CardIssue.Fuzz.Running;

/// <summary>What a run came to.</summary>
/// <param name="Target">The target's name.</param>
/// <param name="Seed">What the random numbers began with.</param>
/// <param name="Cases">How many cases ran.</param>
/// <param name="Branches">How many branches they took; 0 without instrumentation.</param>
/// <param name="Kept">Inputs that took new branches.</param>
/// <param name="Findings">Cases that are not well, the first of each kind.</param>
internal sealed record FuzzReport(string Target, int Seed, int Cases, int Branches, IReadOnlyList<byte[]> Kept,
    IReadOnlyList<Finding> Findings);

/// <summary>Changes inputs and runs them, for a time; what takes new branches is changed further.</summary>
internal static class FuzzLoop
{
    /// <summary>The most inputs that are kept and changed further.</summary>
    private const int MaxPool = 4_096;

    /// <summary>The most findings of one run.</summary>
    private const int MaxFindings = 20;

    /// <summary>Runs a target. With the same seed and inputs a parser's cases are the same.</summary>
    /// <param name="target">The target.</param>
    /// <param name="corpus">Inputs besides the target's own seeds.</param>
    /// <param name="seed">What the random numbers begin with.</param>
    /// <param name="time">For how long.</param>
    /// <param name="maxCases">Or for how many cases.</param>
    /// <param name="running">Is told each case before it runs.</param>
    public static FuzzReport Run(FuzzTarget target, IEnumerable<byte[]> corpus, int seed, TimeSpan time, int maxCases = int.MaxValue,
        Action<byte[]>? running = null)
    {
        Coverage.Open();
        var random = new Random(seed);
        var coverage = new Coverage();
        var findings = new Dictionary<string, Finding>();
        var kept = new List<byte[]>();
        var cases = 0;
        var pool = new List<byte[]>();
        byte[][] seeds = [.. target.Seeds()], others = [.. corpus];
        pool.AddRange(seeds.Concat(others));
        if (pool.Count == 0) pool.Add([]);
        // A flow takes so long that a short run has time for some of what was kept, for others each time; its seeds always run.
        if (target.IsFlow) random.Shuffle(others);
        foreach (var input in seeds) Case(input, isSeed: true);
        var started = Stopwatch.GetTimestamp();
        foreach (var input in others)
            if (!target.IsFlow || Stopwatch.GetElapsedTime(started) < time) Case(input, isSeed: true);
        for (started = target.IsFlow ? started : Stopwatch.GetTimestamp(); cases < maxCases && findings.Count < MaxFindings
            && Stopwatch.GetElapsedTime(started) < time;)
            Case(target.Mutator.Change(pool[random.Next(pool.Count)], pool, random), isSeed: false);
        if (CaseRunner.Finish(target) is { } last) findings.TryAdd(KindOf(last.What), last);
        return new FuzzReport(target.Name, seed, cases, coverage.Branches, kept, [.. findings.Values]);

        void Case(byte[] input, bool isSeed)
        {
            if (input.Length > FuzzTarget.MaxInput) input = input[..FuzzTarget.MaxInput];
            running?.Invoke(input);
            Coverage.Begin();
            cases++;
            if (CaseRunner.Run(target, input) is { } finding) findings.TryAdd(KindOf(finding.What), finding);
            if (!coverage.IsNew() || isSeed || pool.Count >= MaxPool) return;
            pool.Add(input);
            kept.Add(input);
        }
    }

    /// <summary>The same fault at the same place is one finding: where it was thrown, or its words without numbers.</summary>
    private static string KindOf(string what) =>
        what.Split('\n').Select(line => line.Trim()).FirstOrDefault(line => line.StartsWith("at CardIssue.",
            StringComparison.Ordinal)) ?? string.Concat(what.Where(c => !char.IsDigit(c)));
}
