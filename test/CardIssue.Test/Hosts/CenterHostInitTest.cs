using CardIssue.Core.Keys;

namespace CardIssue.Test.Hosts;

/// <summary><c>centerhost init</c> and what goes wrong before any work.</summary>
[TestFixture, Parallelizable]
public sealed class CenterHostInitTest
{
    private readonly CenterHostProcess _host = new();

    [OneTimeTearDown]
    public void Delete() => _host.Dispose();

    [Test]
    public async Task NewCenter_InitTwice_IsMadeOnceAndStaysAsItIs()
    {
        var first = await _host.RunAsync("init", "--id", "main", "--json");
        var identity = await File.ReadAllBytesAsync(Path.Combine(_host.Data, "center.json"));
        var vault = await File.ReadAllBytesAsync(Path.Combine(_host.Data, "vault.json"));
        var second = await _host.RunAsync("init", "--id", "other");
        Assert.That(first.Code, Is.Zero, first.ToString());
        Assert.That(first.Json[0].GetProperty("center").GetString(), Is.EqualTo("main"));
        Assert.That(second.Code, Is.EqualTo(3));
        Assert.That(second.Error, Does.Contain("holds center main already; nothing was changed"));
        Assert.That(await File.ReadAllBytesAsync(Path.Combine(_host.Data, "center.json")), Is.EqualTo(identity));
        Assert.That(await File.ReadAllBytesAsync(Path.Combine(_host.Data, "vault.json")), Is.EqualTo(vault));
        Assert.That(CenterIdentity.Read(identity).TlsCertificate.Length, Is.EqualTo(32));

        _host.Write("wrong", "incorrect horse battery");
        var refused = await _host.RunPlainAsync("key", "list", "--data", _host.Data, "--passphrase-file", _host.File("wrong"));
        Assert.That(refused.Code, Is.EqualTo(4));
        Assert.That(refused.Error, Does.Contain("the passphrase is wrong or the file is damaged").And.Not.Contain("   at "));
    }

    [Test]
    public async Task NoCenter_AnyCommand_SaysHowToMakeOne()
    {
        var run = await _host.RunPlainAsync("status", "--data", _host.File("nowhere"));
        Assert.That(run.Code, Is.EqualTo(3));
        Assert.That(run.Error, Does.Contain("centerhost init"));
        Assert.That(Directory.Exists(_host.File("nowhere")), Is.False);
    }

    [Test]
    public async Task NoPassphrase_Init_SaysHowToGiveOneAndMakesNothing()
    {
        var run = await _host.RunPlainAsync(["init", "--id", "main", .. _host.First(), "--data", _host.File("nothing")]);
        Assert.That(run.Code, Is.EqualTo(2));
        Assert.That(run.Error, Does.Contain("--passphrase-file"));
        Assert.That(File.Exists(Path.Combine(_host.File("nothing"), "vault.json")), Is.False);
    }

    [TestCase("order", "list", "--code", "SECRET")]
    [TestCase("order", "list", "--code=SECRET")]
    [TestCase("order", "list", "--state", "SECRET")]
    [TestCase("order", "list", "SECRET")]
    [TestCase("log", "show", "--since", "SECRET")]
    [TestCase("log", "show", "--most", "SECRET")]
    [TestCase("@SECRET")]
    public async Task WrongOrUnknownArgument_Command_IsNotRepeated(params string[] args)
    {
        var run = await _host.RunAsync(args);
        Assert.That(run.Code, Is.EqualTo(2), run.ToString());
        Assert.That(run.Output + run.Error, Does.Not.Contain("SECRET"));
        if (args.Contains("--most")) Assert.That(run.Error, Does.Contain("--limit is a whole number from 1"));
    }

    [TestCase("bogus")]
    [TestCase("order", "list", "--most", "0")]
    [TestCase("order", "bogus")]
    [TestCase("init")]
    [TestCase("line", "add", "1", "--listen", "nowhere")]
    [TestCase("line", "add", "1", "--listen", "tls:127.0.0.1:7001?baud=9600")]
    [TestCase("line", "add", "1", "--listen", "serial-tls:")]
    [TestCase("line", "add", "1", "--listen", "serial-tls:/dev/ttyS0?baud=1")]
    [TestCase("line", "add", "1", "--listen", "serial-tls:/dev/ttyS0?flow=xonxoff")]
    [TestCase("line", "add", "1", "--listen", "tls:127.0.0.1:7001;results=1")]
    [TestCase("line", "add", "1", "--listen", "tls:127.0.0.1:7001;results=2", "--results", "3")]
    [TestCase("serve", "--line", "1=tcp:127.0.0.1:0")]
    public async Task UnknownOrIncomplete_Command_IsWrongUsage(params string[] args)
    {
        var run = await _host.RunAsync(args);
        Assert.That(run.Code, Is.EqualTo(2), run.ToString());
        Assert.That(run.Error, Is.Not.Empty);
    }
}
