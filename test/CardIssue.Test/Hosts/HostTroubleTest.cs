using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using CardIssue.Test.Products.Json;

namespace CardIssue.Test.Hosts;

/// <summary>A machine that is not as a program needs it: a taken port, no rights, a full disk, a store that is gone, a pipe that is closed.</summary>
[TestFixture, Parallelizable]
public sealed class HostTroubleTest
{
    private const string SetPriv = "/usr/bin/setpriv";

    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    private HostFolder _folder = null!;

    [SetUp]
    public async Task Make() => _folder = await HostFolder.MakeAsync();

    [TearDown]
    public void Delete() => _folder.Dispose();

    [Test]
    public async Task TakenPort_Serve_EndsWith1AndSaysWhatToDo()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        foreach (var run in new[]
        {
            await _folder.RunAsync(HostRun.Center, "serve", "--line", $"1=tls:127.0.0.1:{port}"),
            await _folder.RunAsync(HostRun.Card, "serve", "--port", $"{port}", "--card", _folder["card.json"]),
            await _folder.RunAsync(HostRun.Card, "serve", "--port", "0", "--control-port", $"{port}", "--card", _folder["card.json"]),
        })
        {
            run.IsAnEnd("a taken port");
            Assert.That(run.Code, Is.EqualTo(1), run.ToString());
            Assert.That(run.Error, Does.Contain($"{port}"));
        }
    }

    [TestCase("center/center.db", true)]
    [TestCase("center/center.db", false)]
    public async Task StoreGoneOrEmptied_AnyCommand_DoesNotMakeANewOne(string name, bool emptied)
    {
        foreach (var file in Directory.GetFiles(_folder["center"], "center.db*")) File.Delete(file);
        if (emptied) await File.WriteAllBytesAsync(_folder[name], []);
        var run = await _folder.RunAsync(HostRun.Center, "status");
        run.IsAnEnd("no store");
        Assert.That(run.Code, Is.EqualTo(3), run.ToString());
        Assert.That(run.Error, Does.Contain("Restore the latest backup"));
        File.Delete(_folder["center/log/center.generation"]);
        Assert.That((await _folder.RunAsync(HostRun.Center, "status")).Error, Does.Contain("checkpoints shows that this center has worked"));
        Directory.Delete(_folder["center/checkpoints"], recursive: true);
        string[] begin = ["person", "begin", .. _folder.First()];
        Assert.That((await _folder.RunAsync(HostRun.Center, "line", "add", "9", "--listen", "tls:127.0.0.1:0")).Error, Does.Contain("person begin"));
        var begun = await _folder.RunAsync(HostRun.Center, begin);
        Assert.That((begun.Code, begun.Error.Contains("restore the latest backup", StringComparison.Ordinal)), Is.EqualTo((4, true)), "the vault knows that people have begun");
    }

    [TestCase("""{"Center":{"FeedPauze":"00:00:01"}}""", "did you mean FeedPause?")]
    [TestCase("""{"Center":{"Sessions":{"MaxCard":5}}}""", "did you mean MaxCards?")]
    [TestCase("""{"Centre":{}}""", "did you mean Center?")]
    [TestCase("""{"Center":{"Passphrase":"x"}}""", "Center:Passphrase is no setting")]
    [TestCase("""{"Center":{"IssuerFeeds":{"bank-a":{"Uri":"https://bank-a.example"}}}}""", "Center:IssuerFeeds:bank-a:Uri is no setting")]
    [TestCase("""{"Center":{"FeedPause":"soon"}}""", "Center:FeedPause")]
    [TestCase("""{"Center":{"FeedPause":null}}""", "leave it out")]
    [TestCase("""{"Center":{"Store":7}}""", "is a group of settings")]
    [TestCase("""{"Center":{"FeedPause":["00:00:01"]}}""", "is one value")]
    [TestCase("""{"Center":{"Sessions":{"MaxCards":900}}}""", "MaxCards is 1 to 100")]
    [TestCase("""{"Logging":{"LogLevel":{"Default":"Loud"}}}""", "Logging:LogLevel:Default")]
    [TestCase("""{"Logging":{"Console":{"LogLevel":{"CardIssue":"Warnin"}}}}""", "did you mean Warning?")]
    [TestCase("{\n  \"Center\": {,}\n}", "line 2, column 14")]
    public async Task WrongSettings_AnyCommand_AreNamed(string settings, string words)
    {
        await File.WriteAllTextAsync(_folder["center/centerhost.json"], settings);
        var run = await _folder.RunAsync(HostRun.Center, "line", "list");
        run.IsAnEnd(settings);
        Assert.That(run.Code, Is.EqualTo(2));
        Assert.That(run.Error, Does.Contain(words).And.Contain("centerhost.json").Or.Contain("MaxCards is"));
    }

    [TestCase("""{"conect":"127.0.0.1:1"}""", "did you mean connect?")]
    [TestCase("""{"connectTimeout":"soon"}""", "--connect-timeout is a whole number")]
    [TestCase("""{"data":"a\u0000b"}""", "control character")]
    [TestCase("""{"data":null}""", "neither a text nor a number")]
    public async Task WrongSettings_Terminal_AreNamed(string settings, string words)
    {
        await File.WriteAllTextAsync(_folder["appsettings.json"], settings);
        var run = await HostRun.OfAsync(HostRun.Terminal, _folder.Folder, "check", "--json");
        run.IsAnEnd(settings);
        Assert.That(run.Code, Is.EqualTo(2), run.ToString());
        Assert.That(run.Error, Does.Contain(words));
    }

    [TestCase("--order", "a\nb")]
    [TestCase("--order", "a\u001b[2J")]
    [TestCase("--order", "")]
    public async Task OrderThatIsNone_Issue_IsRefusedBeforeTheCenterIsAsked(string option, string order)
    {
        var run = await IssueAsync(option, order);
        Assert.That(run.Code, Is.EqualTo(2), run.ToString());
        Assert.That(run.Error, Does.Contain("--order: An order or customer id has 1 to 64 characters"));
    }

    [TestCase(63, 1)]
    [TestCase(64, 2)]
    [TestCase(4_096, 2)]
    [TestCase(5_000, 2)]
    public async Task IssueCodeOfThatLength_Issue_IsTakenOrRefused(int length, int code)
    {
        await File.WriteAllTextAsync(_folder["code"], new string('x', length));
        Assert.That((await IssueAsync("--order", "O-1")).Code, Is.EqualTo(code));
    }

    [Test, Platform(Exclude = "Win")]
    public async Task CodeFileIsAPipeThatIsWrittenTo_Issue_ReadsItsCode()
    {
        BadFiles.Make("pipe", _folder["code"]);
        var writing = Task.Run(() => File.WriteAllText(_folder["code"], new string('x', 64)));
        var run = await IssueAsync("--order", "O-1");
        await writing;
        Assert.That(run.Code, Is.EqualTo(2), run.ToString());
        Assert.That(run.Error, Does.Contain("1 to 63 bytes"));
    }

    [Test]
    public async Task ReasonThatIsTooLongForTheLog_OrderCommand_IsRefusedBeforeAnythingIsDone() =>
        Assert.That((await _folder.RunAsync(HostRun.Center, "order", "retry", "O-1", "--reason", new string('x', 1_001))).Error,
            Does.Contain("--reason has 1 to 1000 characters"));

    [Test]
    public async Task EveryProgram_Help_HasTheSameExitCodesAndTheGuideToo()
    {
        var guide = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "OPERATING.md"));
        foreach (var program in new[] { HostRun.Center, HostRun.Terminal, HostRun.Card })
        {
            var help = await HostRun.OfAsync(program, _folder.Folder, "--help");
            Assert.That(help.Code, Is.Zero);
            // The help is broken into lines as wide as the screen.
            Assert.That(Words(help.Output), Does.Contain(Words(CommandLine.ExitCodeText.Help)));
        }
        foreach (var code in Enum.GetValues<CommandLine.ExitCode>()) Assert.That(guide, Does.Contain($"| {(int)code} |"));
    }

    /// <summary>A small disk of its own (a mount namespace): each program says what is wrong, and the next try, with room, works.</summary>
    [Test, Platform("Linux")]
    public async Task FullDisk_EveryProgram_SaysSo()
    {
        if (Environment.UserName != "root") Assert.Ignore("A small disk is mounted by root alone.");
        static string Dll(string sample) => $"dotnet '{Repository.Program(sample)}'";
        var script = $"""
            set -e; cd '{_folder.Folder}'; mkdir disk; mount -t tmpfs -o size=600k none disk; cp -r center disk/; set +e
            export CARDISSUE_PASSPHRASE_FILE=passphrase CARDISSUE_PERSON=ann CARDISSUE_PASSWORD_FILE=ann.password
            head -c 700000 /dev/zero > disk/rest 2>/dev/null
            {Dll("CenterHost")} line add 4 --listen tls:127.0.0.1:7 --data disk/center --passphrase-file passphrase; echo "center $?"
            {Dll("TerminalHost")} module init --id T-9 --center center/center.json --data disk/t --passphrase-file passphrase; echo "terminal $?"
            {Dll("VirtualCard")} new --out disk/card.json --test-keys; echo "card $?"
            {Dll("CenterHost")} backup disk/b --data center --passphrase-file passphrase; echo "backup $?" disk/b*
            {Dll("CenterHost")} log export disk/log --data center; echo "export $?" disk/l*
            {Dll("CenterHost")} person add zoe --role clerk --half disk/half --reason r --data center; echo "half $?" disk/h*
            {Dll("CenterHost")} order key make --data center > /dev/null; {Dll("CenterHost")} order key export --out disk/key --data center; echo "key $?" disk/k*
            {Dll("CenterHost")} order import --orders '{Samples.Folder}/orders.csv' --for visa-like-module --product '{Samples.Folder}/visa-like-module.product.json' --codes disk/issue-codes --data center; echo "codes $?" disk/i*
            rm disk/rest; {Dll("VirtualCard")} new --out disk/card.json --test-keys > /dev/null; echo "again $?"
            {Dll("CenterHost")} status --data center > /dev/full; echo "output $?"
            {Dll("CenterHost")} log show --data center | head -n 0; echo "pipe $?"
            """;
        var start = new ProcessStartInfo("unshare", ["-m", "bash", "-c", script]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(120));
        if ((await error).StartsWith("unshare:", StringComparison.Ordinal) || (await error).StartsWith("mount:", StringComparison.Ordinal)) Assert.Ignore($"No small disk can be mounted here: {await error}");
        Assert.That(await output, Is.EqualTo("center 3\nterminal 3\ncard 3\nbackup 3 disk/b*\nexport 3 disk/l*\nhalf 3 disk/h*\nkey 3 disk/k*\ncodes 3 disk/i*\nagain 0\noutput 3\npipe 0\n"), await error);
        Assert.That((await error).Split("disk is full"), Has.Length.EqualTo(10), await error);
    }

    /// <summary>
    /// Another user's folder, which this one may not enter, or not write to: each program says so in a line, and makes nothing.
    /// </summary>
    [TestCase(UnixFileMode.None, TestName = "FolderThatMayNotBeEntered_EveryProgram_SaysSo")]
    [TestCase(Others, TestName = "FolderThatMayNotBeWrittenTo_EveryProgram_SaysSo")]
    [Platform("Linux")]
    public async Task FolderWithoutRights_EveryProgram_SaysSo(UnixFileMode others)
    {
        if (OperatingSystem.IsWindows() || Environment.UserName != "root" || !File.Exists(SetPriv))
        {
            Assert.Ignore("Only root becomes another user (util-linux' setpriv).");
            return;
        }
        if ((await AsNobodyAsync("VirtualCard", "--help")).Code != 0) Assert.Ignore("Another user cannot run the programs here.");
        Assert.That((await _folder.RunAsync(HostRun.Center, "backup", _folder["b"])).Code, Is.Zero);
        File.SetUnixFileMode(_folder.Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | others);
        foreach (var (program, args) in new (string, string[])[]
        {
            ("CenterHost", ["status", "--data", _folder["center"], "--passphrase-file", "-", "--as", "ann"]),
            ("CenterHost", ["line", "add", "4", "--listen", "tls:127.0.0.1:7", "--data", _folder["center"], "--passphrase-file", "-", "--as", "ann"]),
            ("CenterHost", ["backup", _folder["new"], "--data", _folder["center"], "--passphrase-file", "-", "--as", "ann"]),
            ("CenterHost", ["restore", _folder["b"], "--data", _folder["new"], "--passphrase-file", "-"]),
            ("CenterHost", ["init", "--id", "b", "--person", "a", "--person", "b", "--data", _folder["new"], "--passphrase-file", "-"]),
            ("TerminalHost", ["module", "show", "--data", _folder["terminal"], "--passphrase-file", "-"]),
            ("TerminalHost",
                ["module", "init", "--id", "T-2", "--center", _folder["center/center.json"], "--data", _folder["new"], "--passphrase-file", "-"]),
            ("VirtualCard", ["new", "--out", _folder["new"], "--test-keys"]),
            ("VirtualCard", ["dump", _folder["center/vault.json"]]),
        })
        {
            var run = await AsNobodyAsync(program, [.. args, "--json"]);
            var what = $"{program} {string.Join(' ', args)}: {run}";
            run.IsAnEnd(what);
            Assert.That(run.Code, Is.EqualTo(3), what);
            Assert.That(run.Error.TrimEnd('\n'), Does.Not.Contain("\n").And.Contain(" right"), what);
            Assert.That(Path.Exists(_folder["new"]), Is.False, what);
        }
    }

    /// <summary>A program as a user who owns nothing; a passphrase comes from standard input.</summary>
    private static async Task<HostRun> AsNobodyAsync(string program, params string[] args)
    {
        string[] nobody = ["--reuid=65534", "--regid=65534", "--clear-groups", "dotnet", Repository.Program(program)];
        var start = new ProcessStartInfo(SetPriv, [.. nobody, .. args])
        {
            WorkingDirectory = "/", RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        start.Environment["HOME"] = "/";
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        try
        {
            await process.StandardInput.WriteLineAsync("correct horse battery");
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended before it was asked.
        }
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        return new HostRun(process.ExitCode, await output, await error);
    }

    private Task<HostRun> IssueAsync(params string[] more) => HostRun.OfAsync(HostRun.Terminal, _folder.Folder,
        ["issue", .. more, "--operator", "o", "--code-file", _folder["code"], "--connect", "tcp:127.0.0.1:1", "--connect-timeout", "1", "--reader", "tcp:127.0.0.1:1", "--data", _folder["terminal"]]);

    private static string Words(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
