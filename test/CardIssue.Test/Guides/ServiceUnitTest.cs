using CardIssue.Test.Hosts;
using CardIssue.Test.Parts;

namespace CardIssue.Test.Guides;

/// <summary>The units that OPERATING and SERVICE name, as systemd and the programs read them.</summary>
[TestFixture, Parallelizable]
[Platform(Exclude = "Win", Reason = "systemd is Linux's.")]
public sealed class ServiceUnitTest
{
    private const string Programs = "/opt/cardissue/";

    [TestCase("centerhost")]
    [TestCase("terminalhost")]
    public async Task Unit_BySystemd_IsWhole(string program)
    {
        Part.Require("systemd-analyze", "systemd");
        var folder = Directory.CreateTempSubdirectory("cardissue-unit-").FullName;
        try
        {
            var file = Path.Combine(folder, $"{program}.service");
            // The program is not installed here; another one is.
            await File.WriteAllTextAsync(file, Unit(program).Replace(Programs + program, "/usr/bin/env", StringComparison.Ordinal));
            var (code, output) = await Part.RunAsync(new Dictionary<string, string>(), "systemd-analyze", "verify", "--man=no", file);
            Assert.That((code, output.Trim()), Is.EqualTo((0, "")));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Test]
    public async Task Command_OfTheCentersUnit_LogsInAndServes()
    {
        using var folder = await HostFolder.MakeAsync();
        var person = CenterHostProcess.People[0];
        var run = await HostRun.OfAsync(HostRun.Center, folder.Folder, Command("centerhost", word => word switch
        {
            "/var/lib/cardissue" => folder["center"],
            "%d/passphrase" => folder["passphrase"],
            "%d/password" => folder[$"{person}.password"],
            "service" => person,
            _ => word,
        }));
        // It came so far as to look for lines; no center of this folder has one.
        Assert.That(run.Code, Is.EqualTo(2), run.ToString());
        Assert.That(run.Error, Does.Contain("There is no line to serve"));
        Assert.That(Unit("centerhost"), Does.Contain("StateDirectory=cardissue\n").And.Contain("RestartPreventExitStatus=2 4\n"));
    }

    [Test]
    public async Task Command_OfTheTerminalsUnit_OpensItsModule()
    {
        using var folder = await HostFolder.MakeAsync();
        File.WriteAllText(folder["appsettings.json"], """{"connect":"127.0.0.1:1","reader":"tcp:127.0.0.1:1?serial=R-1"}""");
        File.WriteAllText(folder["passphrase"], "another\n");
        var run = await HostRun.OfAsync(HostRun.Terminal, folder.Folder, Command("terminalhost", word => word switch
        {
            "/var/lib/cardissue-terminal" => folder["terminal"],
            "%d/passphrase" => folder["passphrase"],
            "7200" => "0",
            _ => word,
        }));
        // It came so far as to open the module, and is not started again.
        Assert.That(run.Code, Is.EqualTo(4), run.ToString());
        Assert.That(run.Error, Does.Contain("passphrase"));
        Assert.That(Unit("terminalhost"), Does.Contain("WorkingDirectory=/var/lib/cardissue-terminal\n").And.Contain("RestartPreventExitStatus=2 3 4\n"));
    }

    private static string Unit(string program) => File.ReadAllText(Path.Combine(Repository.Root, "samples", "deploy", $"{program}.service"));

    /// <summary>What stands behind the program.</summary>
    private static string[] Command(string program, Func<string, string> word)
    {
        var words = Unit(program).Split('\n').Single(line => line.StartsWith("ExecStart=", StringComparison.Ordinal))["ExecStart=".Length..].Split(' ');
        Assert.That(words[0], Is.EqualTo(Programs + program));
        return [.. words[1..].Select(word)];
    }
}
