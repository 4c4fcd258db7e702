using CardIssue.Test.Parts;

namespace CardIssue.Test.Guides;

/// <summary>build.sh tells a wrong command line before it builds, runs or removes anything.</summary>
[TestFixture, Platform("Linux", Reason = "It is bash's.")]
public sealed class BuildScriptTest
{
    // The script alone: where it went on all the same, there is nothing that it could spoil.
    private readonly string _folder = Directory.CreateTempSubdirectory("cardissue-script-").FullName;

    [OneTimeSetUp]
    public void Copy()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "samples"));
        foreach (var script in new[] { "build.sh", "samples/demo.sh" }) File.Copy(Path.Combine(Repository.Root, script), Path.Combine(_folder, script));
    }

    [OneTimeTearDown]
    public void Delete() => Directory.Delete(_folder, recursive: true);

    [TestCase("", 2)]
    [TestCase("no-such-command", 2)]
    [TestCase("bench --no-such-option", 2)]
    [TestCase("test One Two", 2)]
    [TestCase("test --no-such-option", 2)]
    [TestCase("demo --no-such-option", 2)]
    [TestCase("docs now", 2)]
    [TestCase("regenerate now", 2)]
    [TestCase("pack now", 2)]
    [TestCase("publish --no-such-option", 2)]
    [TestCase("publish linux-x64 now", 2)]
    [TestCase("clean now", 2)]
    [TestCase("help", 0)]
    public async Task CommandLine_WrongOrAsksForHelp_IsToldAtOnce(string line, int code)
    {
        var run = await Part.RunAsync(
            new Dictionary<string, string>(), "bash", [Path.Combine(_folder, "build.sh"), .. line.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        Assert.That(run.Code, Is.EqualTo(code), run.Output);
        Assert.That(run.Output, Does.StartWith("usage: ./build.sh"));
        // What is wrong with it stands below, where it is seen.
        if (code != 0 && line.Length > 0) Assert.That(run.Output.TrimEnd().Split('\n')[^1], Does.Contain(line.Split(' ')[^1]));
    }
}
