using CardIssue.Center.People;
using CardIssue.Center.Vault;
using CardIssue.CenterHost.Cli;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Test.Keys;
using CardIssue.Test.Products.Json;

namespace CardIssue.Test.Hosts;

/// <summary>Who may do what at <c>centerhost</c>, and that nobody gets past it.</summary>
[TestFixture, Parallelizable]
public sealed class CenterHostPeopleTest
{
    private const PersonRoles Desk = PersonRoles.Clerk | PersonRoles.Supervisor, Log = PersonRoles.Auditor | PersonRoles.Supervisor;

    /// <summary>Every command that is somebody's: with what it can be tried, and who may.</summary>
    private static readonly (string Command, PersonRoles May, string[] Args)[] Commands =
    [
        ("serve", Desk, ["--line", "1=tls:127.0.0.1:0"]),
        ("status", PersonRoles.Any, []),
        ("backup", Log, ["backup"]),
        ("migrate", PersonRoles.Supervisor, ["--to", "postgres:Host=h;Database=d"]),
        ("issuer add", PersonRoles.Supervisor, ["bank-a", "--key-set", "k", "--reason", "r"]),
        ("issuer list", PersonRoles.Any, []),
        ("line add", PersonRoles.Supervisor, ["1", "--listen", "tls:127.0.0.1:7001"]),
        ("line list", PersonRoles.Any, []),
        ("line remove", PersonRoles.Supervisor, ["1"]),
        ("terminal add", PersonRoles.Supervisor, ["--file", "terminal/terminal.json", "--line", "1"]),
        ("terminal list", PersonRoles.Any, []),
        ("terminal enable", PersonRoles.Supervisor, ["T-1", "--reason", "r"]),
        ("terminal branch", PersonRoles.Supervisor, ["T-1", "north"]),
        ("terminal disable", Desk, ["T-1"]),
        ("terminal release", Desk, ["T-1", "--reason", "mended"]),
        ("terminal remove", Desk, ["T-1"]),
        ("session list", PersonRoles.Any, []),
        ("session end", Desk, ["host-1-1"]),
        ("reader add", PersonRoles.Supervisor, ["--terminal", "T-1", "--kind", "virtual", "--serial", "S"]),
        ("reader list", PersonRoles.Any, ["--terminal", "T-1"]),
        ("reader remove", PersonRoles.Supervisor, ["--terminal", "T-1", "--serial", "S"]),
        ("reader pending", PersonRoles.Any, []),
        ("reader approve", PersonRoles.Supervisor, ["1"]),
        ("reader decline", PersonRoles.Supervisor, ["1"]),
        ("key begin", PersonRoles.KeyCustodian, ["--key-set", "k", "--kvn", "30", "--algorithm", "aes128"]),
        ("key enter", PersonRoles.KeyCustodian, ["--key-set", "k", "--kvn", "30", "--number", "1", "--kcv", "EDCC64", "--component-file", "component"]),
        ("key complete", PersonRoles.KeyCustodian, ["--key-set", "k", "--kvn", "30", "--kcv", "EDCC64"]),
        ("key cancel", PersonRoles.KeyCustodian, ["--key-set", "k", "--kvn", "30"]),
        ("key ceremony", PersonRoles.KeyCustodian, ["--file", "ceremony.json"]),
        ("key destroy", PersonRoles.KeyCustodian, ["--key-set", "k", "--kvn", "30", "--reason", "r"]),
        ("key list", PersonRoles.KeyCustodian | Log, []),
        ("certificate make", PersonRoles.KeyCustodian, []),
        ("certificate show", PersonRoles.Any, []),
        ("certificate change", PersonRoles.KeyCustodian, ["--even-so"]),
        ("center-keys make", PersonRoles.KeyCustodian, []),
        ("center-keys show", PersonRoles.Any, []),
        ("center-keys change", PersonRoles.KeyCustodian, ["--even-so"]),
        ("center-keys end", PersonRoles.KeyCustodian, ["--even-so"]),
        ("product list", PersonRoles.Any, []),
        ("product preview", Log, ["--order", "O"]),
        ("program add", PersonRoles.Supervisor, ["applet.cap"]),
        ("program list", PersonRoles.Any, []),
        ("program show", PersonRoles.Any, ["applet"]),
        ("program remove", PersonRoles.Supervisor, ["applet"]),
        ("order import", Desk, ["--orders", "orders.json"]),
        ("order key make", PersonRoles.KeyCustodian, []),
        ("order key list", PersonRoles.Any, []),
        ("order key export", PersonRoles.Any, ["--out", "key.pem"]),
        ("order key destroy", PersonRoles.KeyCustodian, ["1"]),
        ("order list", PersonRoles.Any, []),
        ("order show", PersonRoles.Any, ["O"]),
        ("order receipt", Desk | Log, ["O"]),
        ("order retry", Desk, ["O", "--reason", "r"]),
        ("order void", Desk, ["O", "--reason", "r"]),
        ("order cancel", Desk, ["O", "--reason", "r"]),
        ("order quarantine", PersonRoles.Supervisor, ["--reason", "r"]),
        ("order reconcile", Desk, ["O", "--goes-on", "--reason", "r"]),
        ("order settle", Desk, ["--reason", "r"]),
        ("order renew-code", Desk, ["O", "--codes", "codes"]),
        ("order clear-tries", Desk, ["C", "--reason", "r"]),
        ("order reissue", Desk, ["O", "--orders", "orders.json"]),
        ("card list", PersonRoles.Any, []),
        ("card show", PersonRoles.Any, ["0102"]),
        ("card unbar", Desk, ["0102", "--reason", "r"]),
        ("log show", Log, []),
        ("log export", Log, ["export"]),
        ("log checkpoint", Log, []),
        ("log archive", PersonRoles.Supervisor, ["--before", "2020-01-01", "--to", "archive"]),
        ("stock deliver", Desk, ["--to", "T-1", "--product", "P", "--count", "1"]),
        ("stock scrap", Desk, ["--at", "T-1", "--product", "P", "--count", "1", "--reason", "r"]),
        ("stock count", Desk, ["--at", "T-1", "--product", "P", "--count", "1"]),
        ("stock list", PersonRoles.Any, []),
        ("vault show", PersonRoles.KeyCustodian | Log, []),
        ("vault passphrase", PersonRoles.KeyCustodian | PersonRoles.Supervisor, ["--new-passphrase-file", "passphrase"]),
        ("vault rotate", PersonRoles.KeyCustodian, ["order-data"]),
        ("vault rewrap", PersonRoles.KeyCustodian | PersonRoles.Supervisor, []),
        ("person list", Log, []),
        ("person add", PersonRoles.Supervisor, ["dora", "--role", "clerk", "--half", "half", "--reason", "r"]),
        ("person roles", PersonRoles.Supervisor, ["eve", "--role", "clerk", "--reason", "r"]),
        ("person reset", PersonRoles.Supervisor, ["eve", "--half", "half", "--reason", "r"]),
        ("person lock", PersonRoles.Supervisor, ["eve"]),
        ("person unlock", PersonRoles.Supervisor, ["eve", "--reason", "r"]),
        ("approval list", PersonRoles.Any, []),
        ("approval show", PersonRoles.Any, ["1"]),
        ("approval approve", PersonRoles.Supervisor | PersonRoles.KeyCustodian, ["1"]),
        ("approval decline", PersonRoles.Any, ["1"]),
    ];

    private HostFolder _folder = null!;

    [OneTimeSetUp]
    public async Task Make()
    {
        _folder = await HostFolder.MakeAsync();
        await File.WriteAllTextAsync(_folder["eve.password"], "a long password of eve's\n");
    }

    [OneTimeTearDown]
    public void Delete() => _folder.Dispose();

    [Test]
    public void EveryLeafOfTheCommandLine_HasItsRolesOrIsPublic()
    {
        Assert.That(CenterHostCommand.Commands, Is.EquivalentTo(CenterHostCommand.Roles.Keys.Concat(CenterHostCommand.Public)));
        Assert.That(CenterHostCommand.Public, Is.EquivalentTo(new[] { "init", "person begin", "person password", "log verify", "product check",
            "product test", "restore", "health" }));
        // A host joins a center on PostgreSQL that another one serves: this one is in a file.
        Assert.That(CenterHostCommand.Roles,
            Is.EquivalentTo(new Dictionary<string, PersonRoles>(Commands.ToDictionary(it => it.Command, it => it.May)) { ["join"] = PersonRoles.Supervisor }));
    }

    /// <summary>An account is asked for, approved, and begins with a password of two halves; then an auditor reads, and is refused everything else.</summary>
    [Test]
    public async Task Auditor_EveryCommand_IsDoneOrRefusedByRole()
    {
        await AsEveAsync();
        foreach (var (command, may, args) in Commands)
        {
            if (may.HasFlag(PersonRoles.Auditor)) continue;
            var run = await _folder.RunAsync(HostRun.Center, [.. command.Split(' '), .. args.Select(PathOf), .. Eve]);
            run.IsAnEnd(command);
            Assert.That((run.Code, run.Error.Contains("eve may not do this")), Is.EqualTo((4, true)), $"{command}: {run}");
        }
        Assert.That(File.Exists(_folder["half"]) || File.Exists(_folder["codes"]), Is.False, "nothing was begun");
        var list = await RunAsync(["person", "list", .. Eve]);
        Assert.That(list.Output, Does.Contain("\"roles\":\"auditor\""));
        var log = await RunAsync(["log", "show", .. Eve]);
        Assert.That(log.Output, Does.Contain("""{"person":"eve","for":"person list"}""").And.Contain("""{"person":"ann","for":"person add"}"""), "each command is in the log, with its name");
        Assert.That(log.Output, Does.Not.Contain("a long password"));
    }

    /// <summary>Whatever somebody of one issuer gives of his commands: he sees and changes nothing of another's, and the center's own is refused.</summary>
    [Test]
    public async Task PersonOfAnIssuer_EveryCommand_ShowsNothingOfAnotherAndNothingOfTheCenters()
    {
        foreach (var bank in new[] { "a", "b" })
        {
            await AgreedAsync(["issuer", "add", $"bank-{bank}", "--key-set", $"keys-{bank}", "--reason", "new here"]);
            await File.WriteAllTextAsync(_folder[$"gold-{bank}.json"], Samples.Change(Samples.Change(Samples.EndToEnd, "visa-like-e2e", $"gold-{bank}"), "issuer-test", $"keys-{bank}"));
            var orders = Samples.Change(Samples.Change(Samples.Orders, "E2E-0001", $"ORDER-{bank}"), "C-1001", $"CUSTOMER-{bank}");
            var one = orders[..(orders.IndexOf("E2E-0002", StringComparison.Ordinal))];
            await File.WriteAllTextAsync(_folder[$"orders-{bank}.json"],
                Samples.Change(one[..one.LastIndexOf("},", StringComparison.Ordinal)], "visa-like-e2e", $"gold-{bank}").Replace("4761739001010119", bank == "a" ? "4761739001010028" : "4761739001010010", StringComparison.Ordinal) + "}]}");
            Assert.That(await RunAsync(["key", "begin", "--key-set", $"keys-{bank}", "--kvn", "30", "--algorithm", "aes128"]), Has.Property(nameof(HostRun.Code)).Zero);
        }
        string[] fileOfB = ["order", "import", "--orders", _folder["orders-b.json"], "--product", _folder["gold-b.json"]];
        Assert.That((await RunAsync([.. fileOfB, "--issuer", "bank-a"])).Code, Is.EqualTo(4), "all are to be the other's");
        var taken = await RunAsync(fileOfB);
        Assert.That(taken.Code, Is.Zero, taken.ToString());
        await AddPersonAsync("bea", "bank-b");
        await AddPersonAsync("alice", "bank-a");
        string[] alice = ["--as", "alice", "--password-file", _folder["alice.password"]];
        var asked = await RunAsync(["order", "void", "ORDER-b", "--reason", "why b"]);
        var number = NumberIn(asked);

        // What it names itself, it may say again: "There is no order ORDER-b".
        foreach (var (args, code) in new (string[] Args, int Code)[]
        {
            (["issuer", "list"], 0), (["product", "list"], 0), (["order", "list"], 0), (["card", "list"], 0), (["key", "list"], 0), (["person", "list"], 0), (["approval", "list", "--all"], 0),
            (["order", "list", "--issuer", "bank-b"], 4), (["card", "list", "--issuer", "bank-b"], 4), (["person", "list", "--issuer", "bank-b"], 4),
            (["order", "list", "--customer", "CUSTOMER-b"], 0), (["order", "show", "ORDER-b"], 2), (["order", "receipt", "ORDER-b"], 2),
            (["order", "retry", "ORDER-b", "--reason", "r"], 2), (["order", "void", "ORDER-b", "--reason", "r"], 2), (["order", "cancel", "ORDER-b", "--reason", "r"], 2),
            (["order", "renew-code", "ORDER-b", "--codes", _folder["codes-b"]], 2), (["order", "clear-tries", "CUSTOMER-b", "--reason", "r"], 2),
            (["order", "clear-tries", "CUSTOMER-b", "--issuer", "bank-b", "--reason", "r"], 4), (["order", "reissue", "ORDER-b", "--orders", _folder["orders-b.json"]], 2),
            (fileOfB, 4), (["order", "import", "--orders", _folder["orders-b.json"]], 2), (["card", "show", "--order", "ORDER-b"], 2), (["card", "show", "--customer", "CUSTOMER-b"], 2),
            (["key", "begin", "--key-set", "keys-b", "--kvn", "31", "--algorithm", "aes128"], 4), (["key", "cancel", "--key-set", "keys-b", "--kvn", "30"], 4),
            (["key", "enter", "--key-set", "keys-b", "--kvn", "30", "--number", "1", "--kcv", "EDCC64", "--component-file", _folder["component"]], 4),
            (["key", "complete", "--key-set", "keys-b", "--kvn", "30", "--kcv", "EDCC64"], 4), (["key", "destroy", "--key-set", "keys-b", "--kvn", "30", "--reason", "r"], 4),
            (["key", "ceremony", "--file", _folder["ceremony.json"]], 4), (["person", "lock", "bea"], 2), (["person", "roles", "bea", "--role", "clerk", "--reason", "r"], 2),
            (["person", "unlock", "bea", "--reason", "r"], 2), (["person", "reset", "bea", "--half", _folder["half-b"], "--reason", "r"], 2),
            (["person", "add", "bert", "--role", "clerk", "--issuer", "bank-b", "--half", _folder["half-b"], "--reason", "r"], 4),
            (["approval", "show", number], 2), (["approval", "approve", number], 2), (["approval", "decline", number], 2),
        })
        {
            var run = await RunAsync([.. args, .. alice]);
            run.IsAnEnd(string.Join(' ', args));
            Assert.That(run.Code, Is.EqualTo(code), $"{string.Join(' ', args)}: {run}");
            var given = string.Join(' ', args) + string.Concat(args.Where(arg => arg.EndsWith(".json", StringComparison.Ordinal)).Select(File.ReadAllText));
            foreach (var of in new[] { "ORDER-b", "CUSTOMER-b", "keys-b", "gold-b", "bank-b", "bea", "why b", "issuer-test" })
                if (!given.Contains(of, StringComparison.Ordinal)) Assert.That(run.Output + run.Error, Does.Not.Contain(of), $"{given}: {run}");
        }
        foreach (var (command, _, args) in Commands.Where(it => !CenterHostCommand.OfIssuer.Contains(it.Command) && it.Command is "status" or "serve" or "log show" or "backup" or "terminal list" or "order settle" or "issuer add"))
        {
            var run = await RunAsync([.. command.Split(' '), .. args.Select(PathOf), .. alice]);
            Assert.That((run.Code, run.Error.Contains("is for the center's own people")), Is.EqualTo((4, true)), $"{command}: {run}");
        }

        var own = await RunAsync(["order", "import", "--orders", _folder["orders-a.json"], "--product", _folder["gold-a.json"], .. alice]);
        Assert.That(own.Code, Is.Zero, own.ToString());
        Assert.That((await RunAsync(["order", "list", .. alice])).Output, Does.Contain("ORDER-a").And.Contain("\"issuer\":\"bank-a\""));
        Assert.That((await RunAsync(["order", "list", "--issuer", "bank-b"])).Output, Does.Contain("ORDER-b").And.Not.Contain("ORDER-a"), "the center's own people see all, or whose they name");
        var mine = await RunAsync(["order", "void", "ORDER-a", "--reason", "r", .. alice]);
        Assert.That((await RunAsync(["approval", "approve", NumberIn(mine), "--as", "bea", "--password-file", _folder["bea.password"]])).Code, Is.EqualTo(2), "another issuer's people approve nothing");
        Assert.That((await RunAsync(["status"])).Output, Does.Contain("""{"issuer":"bank-b","backlog":0}"""));
        Assert.That((await RunAsync(["log", "verify", "--vault"])).Code, Is.Zero);
    }

    /// <summary>What an issuer's people may give is looked at here first.</summary>
    [Test]
    public void CommandsOfAnIssuersPeople_AreThese() => Assert.That(CenterHostCommand.OfIssuer, Is.EquivalentTo((string[])[
        "issuer list", "product list", "product check", "order key list", "order key export", "order import", "order list", "order show", "order receipt", "order retry",
        "order void", "order cancel", "order renew-code", "order clear-tries", "order reissue", "card list", "card show", "key begin", "key enter", "key complete",
        "key cancel", "key ceremony", "key destroy", "key list", "person list", "person add", "person roles", "person reset", "person lock", "person unlock",
        "approval list", "approval show", "approval approve", "approval decline"]));

    private static string NumberIn(HostRun asked)
    {
        Assert.That(asked.Code, Is.Zero, asked.ToString());
        return System.Text.Json.JsonSerializer.Deserialize<System.Text.Json.JsonElement>(asked.Output).GetProperty("approval").ToString();
    }

    /// <summary>Ann asks for it and Bob approves.</summary>
    private async Task AgreedAsync(string[] args, params string[] more)
    {
        var approved = await RunAsync(["approval", "approve", NumberIn(await RunAsync(args)), "--as", "bob", "--password-file", _folder["bob.password"], .. more]);
        Assert.That(approved.Code, Is.Zero, approved.ToString());
    }

    private async Task AddPersonAsync(string name, string issuer)
    {
        await AgreedAsync(["person", "add", name, "--role", "supervisor", "--role", "custodian", "--role", "auditor", "--issuer", issuer, "--half", _folder[$"{name}-1"], "--reason", "new here"],
            "--half", _folder[$"{name}-2"]);
        await File.WriteAllTextAsync(_folder[$"{name}.once"], $"{(await File.ReadAllTextAsync(_folder[$"{name}-1"])).Trim()}-{(await File.ReadAllTextAsync(_folder[$"{name}-2"])).Trim()}\n");
        await File.WriteAllTextAsync(_folder[$"{name}.password"], "a long password of somebody's\n");
        Assert.That((await RunAsync(["person", "password", "--new-password-file", _folder[$"{name}.password"], "--as", name, "--password-file", _folder[$"{name}.once"]])).Code, Is.Zero);
    }

    /// <summary>An open order, quarantined and reconciled without its card by one person: so two cards could live.</summary>
    [Test]
    public async Task OnePersonAlone_QuarantineAndReconcile_GoesOnWithNothing()
    {
        string[] products = ["--product", _folder["product.json"], "--product", _folder["module.product.json"]];
        Assert.That((await RunAsync(["order", "import", "--orders", _folder["orders.json"], .. products])).Code, Is.Zero);
        Assert.That((await RunAsync(["order", "quarantine", "--reason", "restored"])).Code, Is.Zero);
        foreach (var command in new string[][] { ["order", "reconcile", "E2E-0001", "--goes-on", "--reason", "lost"], ["order", "void", "E2E-0001", "--reason", "lost"] })
        {
            var asked = await RunAsync(command);
            Assert.That(asked.Code, Is.Zero, asked.ToString());
            var number = System.Text.Json.JsonSerializer.Deserialize<System.Text.Json.JsonElement>(asked.Output).GetProperty("approval").ToString();
            foreach (var name in new[] { "ann", "ANN", "aNN" })
                Assert.That((await RunAsync(["approval", "approve", number, "--as", name, "--password-file", _folder["ann.password"]])).Code, Is.EqualTo(4), name);
        }
        Assert.That((await RunAsync(["order", "show", "E2E-0001"])).Output, Does.Contain("\"state\":\"quarantined\""));
        foreach (var gone in new[] { "--operator", "--second-operator" })
            Assert.That((await RunAsync(["order", "void", "E2E-0001", "--reason", "lost", gone, "bob"])).Code, Is.EqualTo(2));
        Assert.That((await RunAsync(["order", "reissue", "E2E-0001", "--orders", _folder["orders.json"]])).Code, Is.Not.Zero);
    }

    [TestCase("ann", "wrong", 4, "the password is not right")]
    [TestCase("nobody", "ann.password", 4, "Nobody has this name")]
    [TestCase("an n", "ann.password", 2, "name of a person's account")]
    [TestCase("Анна", "ann.password", 2, "name of a person's account")]
    [TestCase("", "ann.password", 2, "Say who you are")]
    [TestCase("ann", "missing", 3, "does not exist")]
    public async Task WrongNameOrPassword_Command_IsRefused(string name, string password, int code, string words)
    {
        await File.WriteAllTextAsync(_folder["wrong"], "not the right password\n");
        var run = await _folder.RunAsync(HostRun.Center, "line", "list", "--as", name, "--password-file", _folder[password]);
        run.IsAnEnd(name);
        Assert.That((run.Code, run.Error), Is.EqualTo((code, run.Error)));
        Assert.That(run.Error, Does.Contain(words).And.Not.Contain("not the right password"));
    }

    [Test]
    public async Task BothSecretsFromStandardInput_Command_IsWrongUsage()
    {
        var run = await _folder.RunAsync(HostRun.Center, "line", "list", "--as", "ann", "--password-file", "-", "--passphrase-file", "-");
        Assert.That(run.Code, Is.Not.Zero, run.ToString());
    }

    /// <summary>A center that an earlier version made: it has a vault and no people.</summary>
    [Test]
    public async Task CenterWithoutPeople_AnyCommand_SaysHowToBeginAndBeginningIsOnce()
    {
        var data = _folder["old"];
        Directory.CreateDirectory(data);
        using (var passphrase = SecretBytes.Copy("correct horse battery"u8))
        using (var vault = FileKeyVault.Create(Path.Combine(data, "vault.json"), passphrase, new CenterId("old"), PassphraseFileTest.Cheapest))
            await File.WriteAllBytesAsync(Path.Combine(data, "center.json"), vault.Identity.Write());
        await File.WriteAllTextAsync(Path.Combine(data, "centerhost.json"), """{"Argon2":{"MemoryKiB":19456,"Passes":2,"Lanes":1}}""");
        async Task<HostRun> OldAsync(params string[] args) => await HostRun.OfAsync(HostRun.Center, _folder.Folder,
            [.. args, "--data", data, "--passphrase-file", _folder["passphrase"], "--as", "ann", "--password-file", _folder["ann.password"], "--json"]);
        var before = await OldAsync("order", "list");
        Assert.That((before.Code, before.Error.Contains("person begin --person")), Is.EqualTo((4, true)), before.ToString());
        Assert.That((await OldAsync("person", "begin", "--person", "ann", "--person-password-file", _folder["ann.password"])).Code, Is.EqualTo(2), "one is too few");
        Assert.That((await OldAsync("person", "begin", "--person", "ann", "--person", "ANN")).Code, Is.EqualTo(2), "one twice");
        Assert.That((await OldAsync(["person", "begin", .. _folder.First()])).Code, Is.Zero);
        Assert.That((await OldAsync("order", "list")).Code, Is.Zero);
        Assert.That((await OldAsync(["person", "begin", .. _folder.First()])).Code, Is.EqualTo(4));
    }

    private string[] Eve => ["--as", "eve", "--password-file", _folder["eve.password"]];

    private Task<HostRun> RunAsync(string[] args) => _folder.RunAsync(HostRun.Center, args);

    private string PathOf(string arg) => File.Exists(_folder[arg]) || arg is "half" or "codes" or "export" ? _folder[arg] : arg;

    private async Task AsEveAsync()
    {
        string[] bob = ["--as", "bob", "--password-file", _folder["bob.password"]];
        var asked = await RunAsync(["person", "add", "eve", "--role", "auditor", "--half", _folder["half-1"], "--reason", "the auditor"]);
        Assert.That(asked.Code, Is.Zero, asked.ToString());
        var number = System.Text.Json.JsonSerializer.Deserialize<System.Text.Json.JsonElement>(asked.Output).GetProperty("approval").ToString();
        Assert.That((await RunAsync(["approval", "approve", number, .. bob])).Code, Is.EqualTo(2), "where to put the half");
        var approved = await RunAsync(["approval", "approve", number, "--half", _folder["half-2"], .. bob]);
        Assert.That(approved.Code, Is.Zero, approved.ToString());
        var (first, second) = ((await File.ReadAllTextAsync(_folder["half-1"])).Trim(), (await File.ReadAllTextAsync(_folder["half-2"])).Trim());
        Assert.That(asked.Output + approved.Output, Does.Not.Contain(first).And.Not.Contain(second));
        if (!OperatingSystem.IsWindows()) Assert.That(File.GetUnixFileMode(_folder["half-1"]), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
        await File.WriteAllTextAsync(_folder["once"], $"{first}-{second}\n");
        string[] once = ["--as", "eve", "--password-file", _folder["once"]];
        var must = await RunAsync(["line", "list", .. once]);
        Assert.That((must.Code, must.Error.Contains("person password")), Is.EqualTo((4, true)), must.ToString());
        Assert.That((await RunAsync(["person", "password", "--new-password-file", _folder["eve.password"], .. once])).Code, Is.Zero);
        Assert.That((await RunAsync(["line", "list", .. once])).Code, Is.EqualTo(4));
    }
}
