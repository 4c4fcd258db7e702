using CardIssue.Test.Hosts;
using CardIssue.Test.Parts;

namespace CardIssue.Test.Guides;

/// <summary>The unit that OPERATING names, as systemd and the program read it.</summary>
[TestFixture, Parallelizable]
[Platform(Exclude = "Win", Reason = "systemd is Linux's.")]
public sealed class ServiceUnitTest
{
    private const string Program = "/opt/cardissue/centerhost", Data = "/var/lib/cardissue";

    private static readonly string Unit = File.ReadAllText(Path.Combine(Repository.Root, "samples", "deploy", "centerhost.service"));

    [Test]
    public async Task Unit_BySystemd_IsWhole()
    {
        Part.Require("systemd-analyze", "systemd");
        var folder = Directory.CreateTempSubdirectory("cardissue-unit-").FullName;
        try
        {
            var file = Path.Combine(folder, "centerhost.service");
            // The program is not installed here; another one is.
            await File.WriteAllTextAsync(file, Unit.Replace(Program, "/usr/bin/env", StringComparison.Ordinal));
            var (code, output) = await Part.RunAsync(new Dictionary<string, string>(), "systemd-analyze", "verify", "--man=no", file);
            Assert.That((code, output.Trim()), Is.EqualTo((0, "")));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Test]
    public async Task Command_OfTheUnit_LogsInAndServes()
    {
        using var folder = await HostFolder.MakeAsync();
        var person = CenterHostProcess.People[0];
        var command = Unit.Split('\n').Single(line => line.StartsWith("ExecStart=", StringComparison.Ordinal))["ExecStart=".Length..].Split(' ');
        Assert.That(command[0], Is.EqualTo(Program));
        string[] args = [.. command[1..].Select(word => word switch
        {
            Data => folder["center"],
            "%d/passphrase" => folder["passphrase"],
            "%d/password" => folder[$"{person}.password"],
            "service" => person,
            _ => word,
        })];
        var run = await HostRun.OfAsync(HostRun.Center, folder.Folder, args);
        // It came so far as to look for lines; no center of this folder has one.
        Assert.That(run.Code, Is.EqualTo(2), run.ToString());
        Assert.That(run.Error, Does.Contain("There is no line to serve"));
        Assert.That(Unit, Does.Contain("StateDirectory=cardissue\n").And.Contain("RestartPreventExitStatus=2 4\n"));
    }
}
