using System.Text;
using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.TerminalHost.Operators;
using CardIssue.Test.Hosts;
using CardIssue.Test.Keys;
using Microsoft.Extensions.Time.Testing;

namespace CardIssue.Test.Counters;

/// <summary>Who may work at a terminal that has a list of its operators.</summary>
[TestFixture, Parallelizable]
public sealed class OperatorLoginTest
{
    private string _folder = "";

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("cardissue-operators-").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public void Login_RightAndWrong_AreToldApart()
    {
        var login = new OperatorLogin(List("olga", "山田"), new FakeTimeProvider());
        Assert.That(Try(login, "olga", "password of olga"), Is.EqualTo(LoginResult.Right));
        Assert.That(Try(login, "山田", "password of 山田"), Is.EqualTo(LoginResult.Right));
        Assert.That(Try(login, "olga", "password of 山田"), Is.EqualTo(LoginResult.Wrong));
        Assert.That(Try(login, "nobody", "password of olga"), Is.EqualTo(LoginResult.Wrong));
        Assert.That(Try(login, "", ""), Is.EqualTo(LoginResult.Wrong));
    }

    [Test]
    public void Login_TooManyWrongOnes_WaitsAMinuteAlsoForTheRightOne()
    {
        var time = new FakeTimeProvider();
        var login = new OperatorLogin(List("olga"), time);
        for (var i = 0; i < OperatorLogin.MaxTries; i++) Assert.That(Try(login, "olga", "wrong"), Is.EqualTo(LoginResult.Wrong));
        Assert.That(Try(login, "olga", "password of olga"), Is.EqualTo(LoginResult.TooMany));
        time.Advance(OperatorLogin.Pause);
        Assert.That(Try(login, "olga", "wrong"), Is.EqualTo(LoginResult.Wrong));
        Assert.That(Try(login, "olga", "password of olga"), Is.EqualTo(LoginResult.TooMany), "one more wrong one shuts it again");
        time.Advance(OperatorLogin.Pause);
        Assert.That(Try(login, "olga", "password of olga"), Is.EqualTo(LoginResult.Right));
    }

    [Test]
    public void List_IsTheOwnersAloneAndHasNoPassword()
    {
        var list = List("olga");
        var path = Path.Combine(_folder, "operators.json");
        Assert.That(File.ReadAllText(path), Does.Contain("olga").And.Not.Contain("password of"));
        if (!OperatingSystem.IsWindows()) Assert.That(File.GetUnixFileMode(path), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
        foreach (var bad in new[] { "", "{}", "[]", """{"operators":[{"name":"x"}]}""", """{"operators":[{"name":"x","memoryKiB":1,"passes":1,"lanes":1,"salt":"00","verifier":"00"}]}""" })
        {
            File.WriteAllText(path, bad);
            Assert.That(list.Read, Throws.Exception.With.Message.Contains("is no list of operators"), bad);
        }
    }

    [Test]
    public async Task Commands_ListOfOperators_NobodyIssuesWithoutAPassword()
    {
        foreach (var (name, text) in new[] { ("pass", "a-passphrase"), ("olga", "password of olga"), ("other", "somebody else's"), ("code", "4711") })
            await File.WriteAllTextAsync(In(name), text);
        MakeModule();
        List("olga");
        string[] open = ["--data", _folder, "--passphrase-file", In("pass")];
        string[] issue = ["issue", "--order", "O-1", "--code-file", In("code"), "--operator", "olga", "--connect", "127.0.0.1:1", "--reader", "tcp:127.0.0.1:1", "--connect-timeout", "1", .. open];

        var refused = await RunAsync([.. issue, "--operator-password-file", In("other")]);
        Assert.That(refused.Code, Is.EqualTo(4), refused.ToString());
        Assert.That(refused.Error, Does.Contain("name or password is wrong"));
        var tried = await RunAsync([.. issue, "--operator-password-file", In("olga")]);
        Assert.That(tried.Error, Does.Contain("No access to the center"), tried.ToString());

        Assert.That((await RunAsync(["operator", "add", "olga", "--password-file", In("other"), .. open])).Code, Is.EqualTo(2), "is there already");
        Assert.That((await RunAsync("operator", "password", "olga", "--old-password-file", In("other"), "--password-file", In("other"), "--data", _folder)).Code, Is.EqualTo(4));
        Assert.That((await RunAsync("operator", "list", "--data", _folder)).Output.Trim(), Is.EqualTo("olga"));
        Assert.That((await RunAsync(["operator", "remove", "olga", .. open])).Output, Does.Contain("nobody else"));
        Assert.That((await RunAsync([.. issue, "--operator-password-file", In("olga")])).Code, Is.EqualTo(4), "an empty list lets nobody work");
    }

    [Test]
    public async Task Commands_OperatorAdded_MayWork()
    {
        foreach (var (name, text) in new[] { ("pass", "a-passphrase"), ("first", "first password"), ("short", "seven77") }) await File.WriteAllTextAsync(In(name), text);
        MakeModule();
        string[] add = ["operator", "add", "山田 太郎", "--data", _folder, "--passphrase-file", In("pass"), "--password-file"];

        Assert.That((await RunAsync([.. add, In("short")])).Error, Does.Contain("too short"));
        Assert.That((await RunAsync([.. add, In("first")])).Code, Is.Zero);
        Assert.That((await RunAsync("operator", "list", "--json", "--data", _folder)).Output.Trim(), Is.EqualTo("""{"ok":true,"operator":"山田 太郎"}"""));
        Assert.That(Try(new OperatorLogin(new OperatorList(In("operators.json")), new FakeTimeProvider()), "山田 太郎", "first password"), Is.EqualTo(LoginResult.Right));
    }

    private void MakeModule()
    {
        using var signing = P256PrivateKey.Generate();
        using var agreement = P256PrivateKey.Generate();
        File.WriteAllBytes(In("center.json"), new CenterIdentity(new CenterId("C-1"), signing.PublicKey, agreement.PublicKey, ByteString.Copy(new byte[32])).Write());
        Modules.TlsModule.Create(In("module.json"), In("terminal.json"), "T-1", In("center.json"), "a-passphrase").Dispose();
    }

    private string In(string name) => Path.Combine(_folder, name);

    private Task<HostRun> RunAsync(params string[] args) => HostRun.OfAsync(HostRun.Terminal, _folder, args);

    private OperatorList List(params string[] names)
    {
        var list = new OperatorList(Path.Combine(_folder, "operators.json"));
        list.Write([.. names.Select(name =>
        {
            using var password = SecretBytes.Copy(Encoding.UTF8.GetBytes($"password of {name}"));
            return KnownOperator.Make(new OperatorId(name), password, PassphraseFileTest.Cheapest);
        })]);
        return list;
    }

    private static LoginResult Try(OperatorLogin login, string name, string password)
    {
        using var secret = SecretBytes.Copy(Encoding.UTF8.GetBytes(password));
        return login.Try(name, secret);
    }
}
