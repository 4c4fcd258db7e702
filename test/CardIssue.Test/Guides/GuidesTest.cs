using CardIssue.Testing.Cards;

namespace CardIssue.Test.Guides;

/// <summary>
/// What the guides tell people to type is typed, from their own text: README's first card by bash, in a clean folder with a clean home; what
/// follows in OPERATING.md on the center that this has made.
/// </summary>
[TestFixture, Parallelizable]
[Platform("Linux", Reason = "The blocks are bash's.")]
public sealed class GuidesTest
{
    private const string Readme = "README.md", Operating = "OPERATING.md", Service = "SERVICE.md";
    private const int MostNotRun = 2;

    private readonly FirstCard _firstCard = new();

    private static string[] Guides => [Readme, Operating, Service, "BACKUP.md", "INTEGRATING.md", "PRODUCTS.md"];

    [OneTimeSetUp]
    public Task FollowTheReadme() => _firstCard.RunAsync(GuideBlock.Of(Readme).Where(block => block.WhyNotRun is null));

    [OneTimeTearDown]
    public void Delete() => _firstCard.Dispose();

    [Test]
    public async Task FirstCard_CopiedIntoACleanFolder_IsIssuedInBothModesAndTheLogVerifies()
    {
        var screen = _firstCard.Screen;
        Assert.That(_firstCard.Code, Is.Zero, screen);
        Assert.That(screen, Does.Contain("CARD ISSUED\nvisa-like-e2e 476173******0119\nOrder E2E-0001"));
        Assert.That(screen, Does.Contain("CARD ISSUED\nvisa-like-module 476173******0242\nOrder MODULE-0001"));
        Assert.That(screen, Does.Contain("The log is whole"));
        foreach (var card in new[] { "one.card", "two.card" })
        {
            var inspected = CardSimulator.Open(Path.Combine(_firstCard.Place, card)).Inspect();
            Assert.That(inspected.Application("A0000000031010").IsPersonalized, Is.True, card);
        }
        Assert.That(await File.ReadAllTextAsync(Path.Combine(_firstCard.Place, "center.log")), Does.Contain(" S300 ").And.Not.Contain("4761739001010119"));
    }

    [Test]
    public async Task Operating_AfterTheFirstCard_EveryBlockWorks()
    {
        Assert.That(_firstCard.Code, Is.Zero, "README's path failed, which this goes on from.");
        using var shell = new GuideShell(_firstCard.Place, Path.Combine(Repository.Root, "samples", "orders"));
        var blocks = GuideBlock.Of(Operating);
        Assert.That(blocks, Has.Count.GreaterThan(5));
        foreach (var block in blocks) await shell.RunAsync(block.With(_firstCard.Ports));
        Assert.That(shell.Screen.ToString(), Does.Contain("CARD REWRITTEN").And.Contain("the center knows this reader").And.Contain("The log is whole"));
    }

    [Test]
    public async Task Service_AfterTheFirstCard_EveryBlockWorks()
    {
        Assert.That(_firstCard.Code, Is.Zero, "README's path failed, which this goes on from.");
        using var shell = new GuideShell(_firstCard.Place, Path.Combine(Repository.Root, "samples", "orders"));
        foreach (var block in GuideBlock.Of(Service)) await shell.RunAsync(block.With(_firstCard.Ports));
        Assert.That(shell.Screen.ToString(), Does.Contain("CARD ISSUED\nvisa-like-module").And.Contain("Order MODULE-0002"));
    }

    [TestCase("centerhost order list --data nowhere", 3, "centerhost init --id NAME")]
    [TestCase("terminalhost module init --id shop-8 --center nowhere.json --data shop-8", 3, "`centerhost init` writes")]
    [TestCase("terminalhost issue --order E2E-0001 --data nowhere", 3, "`terminalhost module init` first")]
    [TestCase("centerhost terminal add --file nowhere.json --line 1 --address 127.0.0.1", 3, "`terminalhost module init` writes")]
    [TestCase("virtualcard serve --port 0 --card nowhere.card", 3, "nowhere.card")]
    public Task StepTooEarly_SaysWhatComesBefore(string line, int code, string says) => EndsAsync(line, code, says);

    [TestCase("centerhost init --id bank-1 --person ann --person bob", 3, "holds center bank-1 already; nothing was changed")]
    [TestCase("centerhost key ceremony --file SAMPLES/test-key.ceremony.json --approval 1", 4, "was used")]
    [TestCase("centerhost approval approve 1 --as bob --password-file bob.secret", 4, "")]
    [TestCase("centerhost order import --orders SAMPLES/orders.json", 4, "was taken in already: 4 orders")]
    [TestCase("virtualcard new --out one.card", 3, "is there already; --force writes over it")]
    [TestCase("terminalhost module init --id shop-7 --center center/center.json", 3, "exists already and was left as it is")]
    [TestCase("centerhost terminal add --file terminal/terminal.json --line 1 --address 127.0.0.1", 0, "is let in")]
    [TestCase("centerhost reader add --terminal shop-7 --kind virtual --serial READER-1", 2, "has this reader already")]
    public Task StepTwice_SaysSoAndChangesNothing(string line, int code, string says) => EndsAsync(line, code, says);

    private async Task EndsAsync(string line, int code, string says)
    {
        using var shell = new GuideShell(_firstCard.Place, Path.Combine(Repository.Root, "samples", "orders"));
        var ended = await shell.EndAsync(line.Replace("SAMPLES", "$SAMPLES", StringComparison.Ordinal));
        Assert.That(shell.Screen.ToString(), Does.Contain(says), line);
        Assert.That(ended, Is.EqualTo(code), $"{line}: {shell.Screen}");
    }

    [Test]
    public void Blocks_ThatNobodyRuns_AreFewAndSaySo() =>
        Assert.That(Guides.SelectMany(GuideBlock.Of).Where(block => block.WhyNotRun is not null).ToList(), Has.Count.LessThanOrEqualTo(MostNotRun));
}
