using System.Text.Json;
using System.Text.RegularExpressions;
using CardIssue.CenterHost.Cli;
using CardIssue.Test.Hosts;
using CardIssue.Test.Parts;

namespace CardIssue.Test.Guides;

/// <summary>
/// The container file that OPERATING names. No image is built here: what it says is compared with what is there, and its command is run in
/// its layout, by its user, on a root that is read-only.
/// </summary>
[TestFixture, Parallelizable]
[Platform("Linux")]
public sealed partial class ContainerFileTest
{
    private const string Program = "/opt/cardissue", Data = "/var/lib/cardissue", Secrets = "/run/secrets";

    private static readonly List<(string Word, string Text)> Lines =
    [
        .. File.ReadAllLines(Path.Combine(Repository.Root, "samples", "deploy", "Containerfile"))
            .Where(line => line.Length > 0 && line[0] != '#').Select(line => line.Split(' ', 2)).Select(parts => (parts[0], parts[1])),
    ];

    [Test]
    public void File_NamesWhatIsThere()
    {
        Assert.That(Lines.Select(line => line.Word).Distinct(), Is.SubsetOf(new[]
        {
            "FROM", "WORKDIR", "COPY", "RUN", "VOLUME", "USER", "ENV", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT", "CMD",
        }));
        Assert.That(Lines.Count(line => line.Word == "FROM"), Is.EqualTo(2), "the SDK stays behind");
        var project = Project().Match(One("RUN", "dotnet publish"));
        Assert.That(File.Exists(Path.Combine(Repository.Root, project.Value)), Is.True, project.Value);
        Assert.That(One("RUN", "dotnet publish"), Does.Contain($"-o {Program} "));
        Assert.That(Lines, Does.Contain(("COPY", $"--from=build {Program} {Program}")).And.Contain(("VOLUME", Data)));
        Assert.That(int.Parse(One("USER").Split(':')[0], System.Globalization.CultureInfo.InvariantCulture), Is.GreaterThan(0));
        Assert.That(One("RUN", "mkdir"), Does.Contain($"mkdir -m 700 {Data}").And.Contain($"chown {One("USER")} {Data}"));
        Assert.That(Words(One("ENTRYPOINT")), Is.EqualTo(new[] { $"{Program}/centerhost" }));
        var health = Words(One("HEALTHCHECK")[One("HEALTHCHECK").IndexOf('[', StringComparison.Ordinal)..]);
        Assert.That(health, Is.EqualTo(new[] { $"{Program}/centerhost", "health", "--data", Data }));
        Assert.That(CenterHostCommand.Public, Does.Contain("health"), "it is asked for by nobody");
        Assert.That(One("EXPOSE").Split(' ')[1], Is.EqualTo(Words(One("CMD"))[^1].Split(':')[1]));
    }

    [Test]
    public async Task Command_ByItsUser_OnARootThatIsReadOnly_ServesAndIsHealthy()
    {
        Part.RequireRoot("A root of one's own");
        using var folder = await HostFolder.MakeAsync();
        var person = CenterHostProcess.People[0];
        Assert.That((await folder.RunAsync(HostRun.Center, "line", "add", "1", "--listen", "tls:127.0.0.1:0")).Code, Is.Zero);
        // The account and the port are this test's; whatever else is the file's.
        var command = string.Join(' ', Words(One("CMD")).Select(word => word is "service" ? person : word is "0.0.0.0:9464" ? "127.0.0.1:0" : word));
        var user = One("USER").Split(':');
        var script = $"""
            set -e
            mount --make-rprivate /
            for place in /opt /var/lib /run; do mount -t tmpfs none $place; done
            mkdir {Program} {Data} {Secrets}
            mount --bind '{Path.GetDirectoryName(Repository.Program("CenterHost"))}' {Program}
            mount --bind '{folder["center"]}' {Data}
            cp '{folder["passphrase"]}' {Secrets}/passphrase; cp '{folder[$"{person}.password"]}' {Secrets}/password
            chown -R {One("USER")} {Data} {Secrets}; chmod 700 {Data}; chmod 400 {Secrets}/*
            for place in / /opt {Program} /var/lib /run; do mount -o remount,ro,bind $place; done
            as="setpriv --reuid {user[0]} --regid {user[1]} --clear-groups --no-new-privs --bounding-set=-all env -i PATH=$PATH {One("ENV")}"
            $as touch /tmp/written 2>/dev/null && echo "the root can be written"
            $as {Words(One("ENTRYPOINT"))[0]} {command} </dev/null >&2 &
            for try in $(seq 60); do $as {Program}/centerhost health --data {Data} && break || sleep 1; done
            kill -TERM $!; wait $! && echo "ended $?"
            """;
        var (code, output) = await Part.RunAsync(new Dictionary<string, string>(), "unshare", "-m", "bash", "-c", script);
        Assert.That((code, output), Is.EqualTo((0, output)), output);
        Assert.That(output, Does.Contain("ready line 1 ").And.Contain("monitoring http://127.0.0.1:").And.Contain("ended 0").And.Match("(?m)^ready$"));
        Assert.That(output, Does.Not.Contain("can be written"));
    }

    private static string One(string word, string with = "") =>
        Lines.Single(line => line.Word == word && line.Text.Contains(with, StringComparison.Ordinal)).Text;

    private static string[] Words(string list) => JsonSerializer.Deserialize<string[]>(list)!;

    [GeneratedRegex(@"[\w/]+\.csproj")]
    private static partial Regex Project();
}
