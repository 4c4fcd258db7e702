using CardIssue.Fuzz.Running;
using CardIssue.Fuzz.Targets;

namespace CardIssue.Test.Fuzz;

/// <summary>
/// Every target of the fuzzer for a moment, without instrumentation: its seeds, which a flow has time for too, what is kept of earlier
/// finds, the same changed inputs each time, and others each time. The fuzzer itself (<c>./build.sh fuzz</c>) goes on for as long as one
/// likes.
/// </summary>
[TestFixture]
public sealed class FuzzTargetsTest
{
    private const int FixedSeed = 20_261_126, FixedCases = 200;

    private static IEnumerable<string> Parsers => FuzzTargets.All.Where(target => !target.IsFlow).Select(target => target.Name);

    private static IEnumerable<string> Flows => FuzzTargets.All.Where(target => target.IsFlow).Select(target => target.Name);

    [TestCaseSource(nameof(Parsers))]
    public void Parser_ChangedInputs_NeitherThrowNorCostTooMuch(string name)
    {
        var target = FuzzTargets.Find(name)!;
        Check(FuzzLoop.Run(target, FuzzTargets.Corpus(name), FixedSeed, TimeSpan.FromSeconds(5), FixedCases));
        Check(FuzzLoop.Run(target, [], TestContext.CurrentContext.Random.Next(), TimeSpan.FromSeconds(0.2)));
    }

    /// <summary>Flows wait more than they work.</summary>
    [TestCaseSource(nameof(Flows)), Parallelizable(ParallelScope.Children)]
    public async Task Flow_SomebodyMad_TheNextCardIsIssued(string name)
    {
        await using var target = FuzzTargets.Find(name)!;
        Check(FuzzLoop.Run(target, FuzzTargets.Corpus(name), TestContext.CurrentContext.Random.Next(), TimeSpan.FromSeconds(1)));
    }

    /// <summary>A limit that nothing reaches would be none.</summary>
    [Test]
    public void CaseThatThrowsOrCostsTooMuch_IsFound()
    {
        Assert.That(Run(_ => throw new InvalidOperationException("x")), Does.Contain("InvalidOperationException"));
        Assert.That(Run(_ => GC.KeepAlive(new byte[2_000_000])), Does.Contain("bytes of memory"));
        Assert.That(Run(_ => { }), Is.Null);

        static string? Run(Action<byte[]> run) =>
            CaseRunner.Run(new ParserTarget("planted", new CardIssue.Fuzz.Mutation.ByteMutator(), () => [], run), [1, 2, 3])?.What;
    }

    [Test]
    public void Names_OfTargets_AreEachOnce() => Assert.That(FuzzTargets.All.Select(target => target.Name), Is.Unique);

    private static void Check(FuzzReport report)
    {
        TestContext.Out.WriteLine($"{report.Target}: seed {report.Seed}, {report.Cases} cases");
        Assert.That(report.Findings.Select(f => $"{f.What}\n{Convert.ToHexString(f.Input)}"), Is.Empty, $"seed {report.Seed}");
    }
}
