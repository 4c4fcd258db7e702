using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Terminal.Modules;
using CardIssue.Test.Keys;
using CardIssue.Test.Modules;
using CardIssue.Test.Products.Json;

namespace CardIssue.Test.Hosts;

/// <summary>A folder with a center, a terminal and a card, and every file that a program may be given, all in order.</summary>
internal sealed class HostFolder : IDisposable
{
    private const string Passphrase = "correct horse battery";

    private HostFolder(string path) => Folder = path;

    public string Folder { get; }

    public string this[string name] => Path.Combine(Folder, name);

    public static async Task<HostFolder> MakeAsync()
    {
        var made = new HostFolder(Directory.CreateTempSubdirectory("cardissue-hosts-").FullName);
        Directory.CreateDirectory(made["center"]);
        made.Write("center/centerhost.json", """{"Argon2":{"MemoryKiB":19456,"Passes":2,"Lanes":1}}""");
        made.Write("passphrase", Passphrase + "\n");
        foreach (var person in CenterHostProcess.People) made.Write($"{person}.password", CenterHostProcess.PasswordOf(person));
        made.Write("code", "KESTREL-4821\n");
        made.Write("key.hex", "404142434445464748494A4B4C4D4E4F\n");
        made.Write("component", "0102030405060708090A0B0C0D0E0F10\n");
        made.Write("product.json", Samples.EndToEnd);
        made.Write("module.product.json", Samples.Module);
        made.Write("orders.json", Samples.Orders);
        made.Write("ceremony.json", CenterHostCeremony.File(Counter.Master));
        made.Write("appsettings.json", """{"passphraseFile":"PASSPHRASE"}""".Replace("PASSPHRASE", made["passphrase"].Replace("\\", "/", StringComparison.Ordinal), StringComparison.Ordinal));
        await made.DoAsync(HostRun.Center, ["init", "--id", "main", .. made.First()]);
        await made.DoAsync(HostRun.Center, "key", "begin", "--key-set", "typed", "--kvn", "31", "--algorithm", "aes128");
        await made.DoAsync(HostRun.Center, "log", "checkpoint");
        File.Copy(Directory.GetFiles(made["center/checkpoints"]).Single(), made["checkpoint.json"]);
        await made.DoAsync(HostRun.Card, "new", "--out", made["card.json"], "--test-keys");
        made.MakeTerminal();
        return made;
    }

    /// <summary>A copy, to be spoilt.</summary>
    public HostFolder Copy()
    {
        var copy = new HostFolder(Directory.CreateTempSubdirectory("cardissue-hosts-").FullName);
        foreach (var folder in Directory.GetDirectories(Folder, "*", SearchOption.AllDirectories)) Directory.CreateDirectory(copy[Path.GetRelativePath(Folder, folder)]);
        foreach (var file in Directory.GetFiles(Folder, "*", SearchOption.AllDirectories)) File.Copy(file, copy[Path.GetRelativePath(Folder, file)]);
        return copy;
    }

    /// <summary>Runs a command line on this folder's files, with JSON answers.</summary>
    public Task<HostRun> RunAsync(HostProgram program, params string[] args)
    {
        // What goes without a center looks into one where it is named.
        string[] own = program == HostRun.Center && args is not ["product", "check" or "test", ..] ? ["--data", this["center"]] : program == HostRun.Terminal ? ["--data", this["terminal"]] : [];
        string[] passphrase = program == HostRun.Center && !args.Contains("--passphrase-file") ? ["--passphrase-file", this["passphrase"]] : [];
        string[] person = program == HostRun.Center && !args.Contains("--as") ? ["--as", CenterHostProcess.People[0], "--password-file", this[$"{CenterHostProcess.People[0]}.password"]] : [];
        return HostRun.OfAsync(program, Folder, [.. args, .. own, .. passphrase, .. person, "--json"]);
    }

    /// <summary>What <c>init</c> is told of the first people.</summary>
    public string[] First() => [.. CenterHostProcess.People.SelectMany(person => new[] { "--person", person, "--person-password-file", this[$"{person}.password"] })];

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private void Write(string name, string text) => File.WriteAllText(this[name], text);

    private async Task DoAsync(HostProgram program, params string[] args)
    {
        var run = await RunAsync(program, args);
        Assert.That(run.Code, Is.Zero, run.ToString());
    }

    private void MakeTerminal()
    {
        Directory.CreateDirectory(this["terminal"]);
        using var passphrase = SecretBytes.Copy(System.Text.Encoding.ASCII.GetBytes(Passphrase));
        using var module = SoftwareModuleFile.Create(this["terminal/module.json"], passphrase, new TerminalId("T-1"), 1, PassphraseFileTest.Cheapest);
        module.TrustCenter(CenterIdentity.Read(File.ReadAllBytes(this["center/center.json"])));
        File.WriteAllBytes(this["terminal/terminal.json"], module.Identity.Write());
    }
}
