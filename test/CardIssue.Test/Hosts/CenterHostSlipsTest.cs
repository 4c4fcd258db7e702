namespace CardIssue.Test.Hosts;

/// <summary>What <c>centerhost</c> says of a slip: in the words of who gives the command, and what would be right.</summary>
[Parallelizable]
public sealed class CenterHostSlipsTest
{
    private readonly CenterHostProcess _host = new();

    [OneTimeSetUp]
    public async Task MakeAsync() => Assert.That((await _host.RunAsync("init", "--id", "main")).Code, Is.Zero);

    [OneTimeTearDown]
    public void Delete() => _host.Dispose();

    [TestCase(2, "--state is one of ready, ", "order", "list", "--state", "nonsense")]
    [TestCase(2, "--since is a time, such as ", "card", "list", "--since", "yesterday")]
    [TestCase(2, "--before is a time, such as ", "log", "archive", "--before", "tomorrow", "--to", "a")]
    [TestCase(2, "--from is a whole number", "stock", "deliver", "--to", "T", "--product", "p", "--count", "1", "--from", "x")]
    [TestCase(2, "--line is a whole number", "terminal", "add", "--id", "T", "--line", "x")]
    [TestCase(2, "N is a whole number", "approval", "show", "x")]
    [TestCase(2, "line numbers start at 1", "terminal", "add", "--id", "T", "--line", "0")]
    [TestCase(2, "that has enrolled", "stock", "deliver", "--to", "T", "--product", "p", "--count", "1")]
    [TestCase(3, "make it first, or name another", "log", "export", "/nowhere/log.jsonl")]
    [TestCase(2, "There is no issuer nope; see issuer list", "order", "list", "--issuer", "nope")]
    [TestCase(2, "There is no issuer nope; see issuer list", "card", "list", "--issuer", "nope")]
    [TestCase(2, "There is no issuer nope; see issuer list", "card", "show", "--customer", "C", "--issuer", "nope")]
    [TestCase(2, "There is no issuer nope; see issuer list", "person", "list", "--issuer", "nope")]
    [TestCase(2, "There is no issuer nope; see issuer list", "person", "add", "zoe", "--role", "clerk", "--issuer", "nope", "--half", "h", "--reason", "r")]
    [TestCase(2, "There is no issuer nope; see issuer list", "order", "clear-tries", "C", "--issuer", "nope", "--reason", "r")]
    public async Task ASlip_IsToldByWhatWouldBeRight(int code, string says, params string[] args)
    {
        var run = await _host.RunAsync(args);
        Assert.That((run.Code, run.Error.Contains(says, StringComparison.Ordinal)), Is.EqualTo((code, true)), run.ToString());
        Assert.That(run.Error, Does.Not.Contain("System.").And.Not.Contain("CardIssue.").And.Not.Contain("(Parameter"));
    }

    [Test]
    public async Task AFileThatIsThere_IsNotWrittenOver_AndAnotherNameIsAskedFor()
    {
        var run = await _host.RunAsync("log", "export", _host.Write("there", "mine"));
        Assert.That((run.Code, run.Error.Contains("name another", StringComparison.Ordinal)), Is.EqualTo((3, true)), run.ToString());
        Assert.That(await File.ReadAllTextAsync(_host.File("there")), Is.EqualTo("mine"));
    }

    [Test]
    public async Task IssuerAsked_ForAKeySetThatIsAnothers_SaysSo()
    {
        Assert.That((await _host.ApprovedAsync("issuer", "add", "bank-a", "--key-set", "a", "--reason", "r")).Code, Is.Zero);
        var run = await _host.RunAsync("issuer", "add", "bank-b", "--key-set", "a", "--reason", "r");
        Assert.That((run.Code, run.Error.Contains("issuer list", StringComparison.Ordinal)), Is.EqualTo((4, true)), run.ToString());
    }

    [Test]
    public async Task PersonAsked_WhoseNameIsTaken_SaysSo()
    {
        var run = await _host.RunAsync("person", "add", "ann", "--role", "clerk", "--half", _host.File("half"), "--reason", "r");
        Assert.That((run.Code, run.Error.Contains("an account of this name", StringComparison.Ordinal)), Is.EqualTo((4, true)), run.ToString());
    }

    [Test]
    public async Task TerminalThatMayEnrol_IsOfNoBranchYet_AndThatIsSaid()
    {
        Assert.That((await _host.RunAsync("terminal", "add", "--id", "T-7", "--line", "7", "--address", "127.0.0.1")).Code, Is.Zero);
        var run = await _host.RunAsync("terminal", "branch", "T-7", "north");
        Assert.That((run.Code, run.Error.Contains("that has enrolled", StringComparison.Ordinal)), Is.EqualTo((2, true)), run.ToString());
    }
}
