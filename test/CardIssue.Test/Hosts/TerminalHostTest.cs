using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Test.Parts;

namespace CardIssue.Test.Hosts;

[Parallelizable]
public sealed class TerminalHostTest
{
    private const string Passphrase = "heron-on-a-grey-morning", IssueCode = "KINGFISHER-9137";
    private TerminalHostProcess _host = null!;

    [SetUp]
    public void MakeFolder()
    {
        _host = new TerminalHostProcess();
        _host.Write("pass", Passphrase + "\n");
        _host.Write("code", IssueCode + "\n");
    }

    [TearDown]
    public void DeleteFolder() => _host.Dispose();

    [Test]
    public async Task ModuleInit_Fresh_MakesSealedModuleAndPublicFiles()
    {
        WriteCenter("center.json");
        var run = await InitAsync("--json");
        Assert.That((run.Code, run.Error), Is.EqualTo((0, "")));
        var shown = JsonDocument.Parse(run.Output).RootElement;
        var terminal = TerminalIdentity.Read(await File.ReadAllBytesAsync(_host.File("terminal/terminal.json")));
        Assert.That(terminal.Id, Is.EqualTo(new TerminalId("counter-17")));
        Assert.That(shown.GetProperty("tlsCertificateSha256").GetString(), Is.EqualTo(terminal.TlsCertificate.ToString()));
        Assert.That(shown.GetProperty("center").GetString(), Is.EqualTo("test-center"));
        Assert.That(File.Exists(_host.File("terminal/center.json")), Is.True);
        if (!OperatingSystem.IsWindows()) Assert.That(File.GetUnixFileMode(_host.File("terminal/module.json")), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
        AssertNoSecretIn(run);
    }

    [Test]
    public async Task ModuleInit_Twice_LeavesTheFirstAndSaysWhy()
    {
        WriteCenter("center.json");
        await InitAsync();
        var before = await File.ReadAllBytesAsync(_host.File("terminal/module.json"));
        var run = await InitAsync();
        Assert.That((run.Code, run.Output), Is.EqualTo((3, "")));
        Assert.That(run.Error, Does.Contain("exists already").And.Contain("module import"));
        Assert.That(await File.ReadAllBytesAsync(_host.File("terminal/module.json")), Is.EqualTo(before));
    }

    [Test]
    public async Task ModuleInit_CenterFileMissing_SaysWhereItComesFrom()
    {
        var run = await InitAsync();
        Assert.That(run.Code, Is.EqualTo(3));
        Assert.That(run.Error, Does.Contain("center.json does not exist").And.Contain("centerhost init"));
        Assert.That(Directory.Exists(_host.File("terminal")), Is.False);
    }

    [Test]
    public async Task ModuleInit_CenterFileBroken_NamesThePlace()
    {
        _host.Write("center.json", "{\n  \"center\": 7\n}\n");
        var run = await InitAsync();
        Assert.That(run.Code, Is.EqualTo(2));
        Assert.That(run.Error, Does.Contain("center.json, line 2, column 13"));
        Assert.That(File.Exists(_host.File("terminal/module.json")), Is.False);
    }

    [Test]
    public async Task ModuleInit_PassphraseTooShort_IsWrongInput()
    {
        WriteCenter("center.json");
        _host.Write("pass", "seven77");
        var run = await InitAsync();
        Assert.That(run.Code, Is.EqualTo(2));
        Assert.That(run.All, Does.Not.Contain("seven77"));
        Assert.That(File.Exists(_host.File("terminal/module.json")), Is.False);
    }

    [Test]
    public async Task ModuleShow_WrongPassphrase_SaysSoAndNotWhich()
    {
        WriteCenter("center.json");
        await InitAsync();
        var run = await _host.RunAsync("not-the-passphrase\n", ["module", "show", "--passphrase-file", "-"]);
        Assert.That(run.Code, Is.EqualTo(4));
        Assert.That(run.Error, Does.Contain("the passphrase is wrong or the file is damaged"));
        Assert.That(run.All, Does.Not.Contain("not-the-passphrase"));
    }

    [Test]
    public async Task ModuleShow_PassphraseFromTheSettingsFile_Opens()
    {
        WriteCenter("center.json");
        await InitAsync();
        _host.Write("appsettings.json", """{"data": "terminal", "passphraseFile": "pass"}""");
        var run = await _host.RunAsync("module", "show");
        Assert.That(run.Code, Is.Zero, run.Error);
        Assert.That(run.Output, Does.Contain("counter-17").And.Contain("test-center"));
    }

    [Test]
    public async Task ModuleImport_OtherCenter_IsRefusedUntilReplaceIsSaid()
    {
        WriteCenter("center.json");
        await InitAsync();
        WriteCenter("other.json");
        string[] args = ["module", "import", "--center", "other.json", "--passphrase-file", "pass"];
        var refused = await _host.RunAsync(args);
        Assert.That(refused.Code, Is.EqualTo(4));
        Assert.That(refused.Error, Does.Contain("--replace"));
        var replaced = await _host.RunAsync([.. args, "--replace"]);
        Assert.That(replaced.Code, Is.Zero, replaced.Error);
        Assert.That(await File.ReadAllTextAsync(_host.File("terminal/center.json")), Is.EqualTo(await File.ReadAllTextAsync(_host.File("other.json"))));
    }

    [Test]
    public async Task ModulePassphrase_OpensWithTheNewOneAlone_AndKeepsItsKeys()
    {
        WriteCenter("center.json");
        await InitAsync();
        var keys = await File.ReadAllTextAsync(_host.File("terminal/terminal.json"));
        _host.Write("short", "abc\n");
        _host.Write("next", "another horse, another battery\n");
        var before = await File.ReadAllBytesAsync(_host.File("terminal/module.json"));
        Assert.That((await ChangeAsync("pass", "short")).Code, Is.Not.Zero);
        Assert.That(await File.ReadAllBytesAsync(_host.File("terminal/module.json")), Is.EqualTo(before));
        var changed = await ChangeAsync("pass", "next");
        Assert.That(changed.Code, Is.Zero, changed.Error);
        Assert.That(changed.Output + changed.Error, Does.Not.Contain("horse"));
        Assert.That((await _host.RunAsync("module", "show", "--passphrase-file", "pass")).Code, Is.EqualTo(4));
        File.Delete(_host.File("terminal/terminal.json"));
        Assert.That((await _host.RunAsync("module", "show", "--passphrase-file", "next")).Code, Is.Zero);
        Assert.That(await File.ReadAllTextAsync(_host.File("terminal/terminal.json")), Is.EqualTo(keys));

        Task<TerminalHostRun> ChangeAsync(string old, string fresh) =>
            _host.RunAsync("module", "passphrase", "--passphrase-file", old, "--new-passphrase-file", fresh);
    }

    [Test]
    public async Task Issue_CenterUnreachable_GivesUpInTimeAndSaysWhy()
    {
        WriteCenter("center.json");
        await InitAsync();
        var port = Part.FreePort();
        var run = await _host.RunAsync([.. IssueArgs(port), "--connect-timeout", "1"]);
        Assert.That(run.Code, Is.EqualTo(1));
        Assert.That(run.Error, Does.Contain("No access to the center within 1 s").And.Contain($"127.0.0.1:{port}"));
        AssertNoSecretIn(run);
    }

    [Test]
    public async Task Issue_OtherEndIsNoTls_GivesUpWithoutASecret()
    {
        WriteCenter("center.json");
        await InitAsync();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var run = await _host.RunAsync([.. IssueArgs(((IPEndPoint)listener.LocalEndpoint).Port), "--connect-timeout", "1"]);
        Assert.That(run.Code, Is.EqualTo(1));
        AssertNoSecretIn(run);
    }

    [Test]
    public async Task Check_CenterUnreachable_SaysLineByLineWhatIsWrong()
    {
        WriteCenter("center.json");
        await InitAsync();
        var run = await _host.RunAsync("check", "--connect", $"127.0.0.1:{Part.FreePort()}", "--connect-timeout", "1", "--passphrase-file", "pass", "--json",
            "--reader", $"tcp:127.0.0.1:{Part.FreePort()}?serial=R-1");
        Assert.That(run.Code, Is.EqualTo(1));
        var findings = run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)
            .Select(f => (f.GetProperty("part").GetString(), f.GetProperty("finding").GetString()));
        Assert.That(findings, Is.EqualTo(new[] { ("module", "ok"), ("trust", "ok"), ("certificate", "ok"), ("reader", "wrong"), ("line", "wrong") }));
        AssertNoSecretIn(run);
    }

    [Test]
    public async Task ReaderEnroll_SerialGiven_PrintsWhatTheCenterNeeds()
    {
        WriteCenter("center.json");
        await InitAsync();
        var run = await _host.RunAsync("reader", "enroll", "--offline", "--reader", "tcp:127.0.0.1:7101?serial=R-1&vendor=A%20B");
        Assert.That((run.Code, run.Output.Trim()), Is.EqualTo((0, "centerhost reader add --terminal counter-17 --kind virtual --vendor 'A B' --serial R-1")));
    }

    [TestCase("issue", "--order", "X", "--code", "SECRET")]
    [TestCase("issue", "--order", "X", "--code=SECRET")]
    [TestCase("issue", "--order", "X", "--code:SECRET")]
    [TestCase("issue", "--order", "X", "-cSECRET")]
    [TestCase("issue", "SECRET")]
    [TestCase("issue", "@SECRET")]
    [TestCase("issue", "--wait-removal=SECRET")]
    [TestCase("SECRET")]
    public async Task AnyCommand_WhatItDoesNotKnow_IsNotRepeated(params string[] args)
    {
        var run = await _host.RunAsync(args);
        Assert.That(run.Code, Is.EqualTo(2), run.All);
        Assert.That(run.All, Does.Not.Contain("SECRET"));
        if (args.Any(arg => arg.StartsWith("--code", StringComparison.Ordinal))) Assert.That(run.Error, Does.Contain("Unknown option or argument: --code."));
    }

    [TestCase("issue")]
    [TestCase("issue", "--order")]
    [TestCase("module", "init", "--id", "no spaces please")]
    [TestCase("issue", "--order", "X", "--operator", "o", "--connect", "nowhere", "--reader", "tcp:127.0.0.1:1")]
    [TestCase("issue", "--order", "X", "--operator", "o", "--connect", "h:1", "--reader", "usb:1")]
    [TestCase("issue", "--order", "X", "--operator", "o", "--connect", "h:1", "--reader", "tcp:127.0.0.1:1", "--connect-timeout", "0")]
    [TestCase("issue", "--order", "X", "--operator", "o", "--code", "SECRET")]
    [TestCase("watch", "--operator", "o")]
    [TestCase("reader", "enroll")]
    [TestCase("reader", "list", "--reader", "tcp:127.0.0.1:1?colour=red")]
    [TestCase("reader", "list", "--reader", "tcp:127.0.0.1:1?serial=A&serial=B")]
    [TestCase("reader", "list", "--reader", "pcsc:")]
    [TestCase("check", "--connect", "tls:h:1?x=y")]
    [TestCase("check", "--connect", "serial:/dev/ttyS0?baud=fast")]
    [TestCase("check", "--connect", "serial-tls:/dev/ttyS0?flow=water")]
    [TestCase("check", "--connect", "h:1", "--results-connect", "nowhere")]
    [TestCase("check", "--line", "zero")]
    [TestCase("nonsense")]
    public async Task AnyCommand_WrongUsage_Ends2WithAMessage(params string[] args)
    {
        var run = await _host.RunAsync(args);
        Assert.That(run.Code, Is.EqualTo(2), run.All);
        Assert.That((run.Output, run.Error), Is.Not.EqualTo(("", "")));
    }

    [Test]
    public async Task Settings_Unknown_AreRefused()
    {
        _host.Write("appsettings.json", """{"conect": "127.0.0.1:7001"}""");
        var run = await _host.RunAsync("reader", "list");
        Assert.That(run.Code, Is.EqualTo(2));
        Assert.That(run.Error, Does.Contain("\"conect\" is no setting"));
    }

    private static string[] IssueArgs(int port) =>
        ["issue", "--order", "ORDER-1", "--code-file", "code", "--operator", "alice", "--connect", $"127.0.0.1:{port}", "--reader", "tcp:127.0.0.1:1", "--passphrase-file", "pass"];

    private Task<TerminalHostRun> InitAsync(params string[] more) =>
        _host.RunAsync(["module", "init", "--id", "counter-17", "--center", "center.json", "--passphrase-file", "pass", .. more]);

    private void WriteCenter(string name)
    {
        using var signing = P256PrivateKey.Generate();
        using var agreement = P256PrivateKey.Generate();
        var identity = new CenterIdentity(new CenterId("test-center"), signing.PublicKey, agreement.PublicKey, ByteString.Copy(new byte[32]));
        File.WriteAllBytes(_host.File(name), identity.Write());
    }

    private static void AssertNoSecretIn(TerminalHostRun run) =>
        Assert.That(run.All, Does.Not.Contain(Passphrase).And.Not.Contain(IssueCode));
}
